"""Replicas on a device: all in this process, by turns, and what several of them launch is one launch.

Each has its own run folder, statistics, checkpoints and end, and is stopped and resumed as a run of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from traceback import format_exc
from typing import Any

from compute.base import Backend
from compute.compiling import tell_compiling
from compute.copies import Copies
from compute.errors import DempbmError, StateSaved
from coupling.case import Case
from coupling.checks.windows import windows
from coupling.driver import backend_of, carry_out
from coupling.interrupt import StopRequest
from coupling.progress import LOG_NAME, Progress
from coupling.recorded import run_recorded
from coupling.relay import Relay
from coupling.replicas import Replica
from coupling.session import Session


class Channel:
    """Takes what replicas report, and tells of it.

    Attributes:
        shares: how much of its particle windows each replica has done, by number.
    """

    def __init__(self, progress: Progress) -> None:
        self.shares: dict[int, float] = {}
        self._progress = progress

    def put(self, report: tuple[int, float, str]) -> None:
        """Take the number of a replica and the share of its work that it has done since its last report."""
        number, share, _ = report
        self.shares[number] = self.shares.get(number, 0.0) + share
        self._progress.advance(share)


def run_together(
    case: Case, replicas: Sequence[Replica], count: int, progress: Progress, stop: StopRequest
) -> tuple[dict[int, str], dict[str, Any]]:
    """Run these replicas of a case, of `count` in all, or go on with them.

    Returns why those that failed did, by number, and which replicas shared launches.
    """
    channel = Channel(progress)
    works = [partial(_run_one, replica, channel, progress, stop) for replica in replicas]
    copies = Copies(backend_of(case, progress), works, count)
    with tell_compiling(progress.compiling):
        ends = copies.run()
    failed = {}
    for replica, error in zip(replicas, ends):
        if error is not None and not isinstance(error, StateSaved):
            known = isinstance(error, DempbmError)
            failed[replica.number] = str(error) if known else f"{type(error).__name__}: {error}"
    numbers = [[replicas[at].number for at in group] for group in copies.together]
    for group in numbers:
        progress.message(f"one launch held the particles of replicas {', '.join(map(str, group))}")
    return failed, {"launches": numbers}


def _run_one(replica: Replica, channel: Channel, progress: Progress, stop: StopRequest, backend: Backend) -> None:
    """Run a replica, or go on with it, on what it sees of the backend."""
    case, folder, number = replica.case, replica.folder, replica.number
    try:
        with Relay(folder / LOG_NAME, number, len(windows(case)), channel) as own:
            session = Session(case, folder, backend, own, stop)
            run_recorded(partial(_all_stages, session), folder, own)
    except Exception as error:
        told = str(error) if isinstance(error, DempbmError) else format_exc()
        progress.message(f"{replica.name}: {told}")
        raise
    else:
        progress.message(f"{replica.name}: {replica.outcome}")
    finally:
        progress.advance(max(1.0 - channel.shares.get(number, 0.0), 0.0))


def _all_stages(session: Session) -> dict[str, Any]:
    carry_out(session)
    return session.facts()
