"""The programs of the population balance, compiled by another process while the particles run.

Compiling holds a lock of its process, so that a second core can compile only in a second process; both find the code in
the cache on disk. A failure there is no failure of the run: it compiles what it does not find.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from coupling.case import Case
from coupling.session import Session

INSTANT = 1e-9
"""Duration of the run that makes the compiler work [s]."""


def mark_of(case: Case) -> Path:
    """Return the file that says that the programs of this case are in the cache."""
    from compute.cache import cache_folder

    assert case.pbm is not None
    meeting, breaking = case.pbm.aggregation, case.pbm.breakage
    return cache_folder() / f"balance-{meeting.kernel['name']}-{meeting.sticking}-{breaking.rate['name']}.ready"


def compile_balance(case: Case) -> None:
    """Compile what integrates the population balance and its reduced model, for whatever law will be fitted."""
    from pbm.granulation import Granulation
    from pbm.stated import NO_LAW

    assert case.pbm is not None
    model = Granulation(case.pbm.model_copy(update={"compartments": None}), NO_LAW)
    model.simulate(NO_LAW.reference_speed, np.array([0.0, INSTANT]))
    model.step_fixed_rule(model.initial_state(), INSTANT, NO_LAW.reference_speed, 0.0)
    mark_of(case).touch()


def _work(folder: Path) -> None:
    from coupling.run_folder import open_run_folder

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        compile_balance(open_run_folder(folder))
    except Exception:
        raise SystemExit(1) from None


class Ahead:
    """A process that compiles, or none."""

    def __init__(self, process: Any = None) -> None:
        self._process = process

    def wait(self, session: Session) -> None:
        """Wait until the programs are there, and say so."""
        if self._process is not None and self._process.is_alive():
            session.timed("waiting for the population balance to be compiled", self._process.join)


@contextmanager
def compiled_ahead(session: Session) -> Iterator[Ahead]:
    """While entered, compile the population balance of the run beside it, if it is not in the cache and cores allow."""
    backend = session.backend
    if backend.name != "cpu" or backend.threads < 2 or mark_of(session.case).exists():
        yield Ahead()
        return
    process = multiprocessing.get_context("spawn").Process(target=_work, args=(session.folder,), daemon=True)
    process.start()
    try:
        yield Ahead(process)
    finally:
        process.terminate()
