"""The population balance is compiled beside the particles, before its law is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from compute import get_backend
from compute.compiling import Compiling, tell_compiling
from coupling.ahead import compile_balance, compiled_ahead, mark_of
from coupling.case import Case
from coupling.case_file import read_case
from coupling.interrupt import StopRequest
from coupling.measure import sections_of
from coupling.progress import Progress
from coupling.session import Session
from coupling.shipped import find_case
from pbm.granulation import Granulation
from tests.coupling.reduced_example import make_law


def demo() -> Case:
    return read_case(find_case("high-shear-granulator"))


def test_a_fitted_law_needs_nothing_compiled_any_more() -> None:
    """Batch, compartments and the rule of the reduced model: the same types whatever the law, hence no event."""
    compile_balance(demo())
    assert mark_of(demo()).exists()
    told: list[Compiling] = []
    regions = {"names": ["a", "b"], "exchange": [{"from": "a", "to": "b", "rate": "1 1/s"}]}
    for changes in ({}, {"compartments": regions}):
        case = type(sections_of(demo()).pbm).model_validate(demo().model_dump()["pbm"] | changes)
        with tell_compiling(told.append):
            model = Granulation(case, make_law())
            model.simulate(30.0, np.array([0.0, 1e-3]))
            model.step_fixed_rule(model.initial_state(), 1e-3, 30.0, 0.0)
    assert [state.kernel for state in told] == []


def test_nothing_runs_beside_one_thread_or_plain_python(tmp_path: Path) -> None:
    """A second process would take the only core from the first, and plain Python compiles nothing."""
    for backend in (get_backend("cpu", 1), get_backend("python")):
        session = Session(demo(), tmp_path, backend, Progress(None), StopRequest())
        with compiled_ahead(session) as ahead:
            assert ahead._process is None
            ahead.wait(session)
        assert session.seconds == {}
