"""Integrators of other libraries on the same right-hand side: they agree with the extrapolation, and where they pay."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from compute.errors import CaseError, MissingComponent
from pbm.granulation import Granulation
from pbm.result import GranulationResult
from pbm.solve import Accuracy
from pbm.stiff import Stiff
from tests.pbm.population import granulation_case, kernel_law
from tests.pbm.test_graph import continuous

SPEED, TIMES = 100.0, np.array([0.0, 7.0, 30.0])


@pytest.fixture(scope="module")
def model() -> Granulation:
    return Granulation(granulation_case(grid={"classes": 20}), kernel_law())


@pytest.fixture(scope="module")
def reference(model: Granulation) -> GranulationResult:
    return model.simulate(SPEED, TIMES, accuracy=Accuracy(1e-6, 1e-3))


@pytest.mark.parametrize("method", ["BDF", "Radau", "CVODE"])
def test_methods_agree(model: Granulation, reference: GranulationResult, method: str) -> None:
    """Every mechanism on, a spray that starts within the run: d50, moisture, porosity within 10 tolerances of 1e-6.

    Balances hold to the tolerance and not to round-off; CVODE keeps every content at nil or above.
    """
    result = model.simulate(SPEED, TIMES, accuracy=Stiff(method))  # type: ignore[arg-type]
    for name in ("d50", "moisture", "porosity"):
        assert getattr(result, name) == pytest.approx(getattr(reference, name), rel=1e-5)
    assert max(result.worst_imbalance) < 1e-5
    assert result.booked[-1, :4] == pytest.approx(reference.booked[-1, :4], rel=1e-3)
    solids = float(reference.states[0, 0, 0] @ model.grid.pivots)
    lowest = (result.states[:, 0, 0] * model.grid.pivots).min() / solids
    assert lowest >= (0.0 if method == "CVODE" else -1e-6)


def test_fast_losses_are_stepped_over() -> None:
    """Kernel a hundred times, breakage 1e4 times that of the batch: steps of the extrapolation are bound, BDF's not.

    The two differ by 1e-3 at its tolerance of 1e-4.
    """
    case = granulation_case(grid={"classes": 20}, kernel_scale=1e2, breakage_scale=1e4)
    wild, times = Granulation(case, kernel_law()), np.array([0.0, 0.5])
    explicit, implicit = wild.simulate(SPEED, times), wild.simulate(SPEED, times, accuracy=Stiff(tolerance=1e-4))
    assert len(explicit.steps) > 20 * len(implicit.steps)
    assert implicit.d50[-1] == pytest.approx(explicit.d50[-1], rel=1e-3)


def test_a_continuous_line_from_empty() -> None:
    """Feeds, outlets and exchange through CVODE: hold-up and d50 of the reference."""
    line, times = Granulation(granulation_case(**continuous()), kernel_law()), np.array([0.0, 1.0, 20.0])
    reference = line.simulate(50.0, times, accuracy=Accuracy(1e-6, 1e-3))
    result = line.simulate(50.0, times, accuracy=Stiff("CVODE"))
    assert result.d50[1:] == pytest.approx(reference.d50[1:], rel=1e-4)
    assert result.states[-1, :, 0].sum(axis=1) == pytest.approx(reference.states[-1, :, 0].sum(axis=1), rel=1e-4)


def test_what_is_missing_or_unknown_is_named(model: Granulation, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unknown method with the nearest; CVODE without SUNDIALS says what to install."""
    with pytest.raises(CaseError, match=r"no such method.*did you mean 'CVODE'"):
        Stiff("CVODES")  # type: ignore[arg-type]
    monkeypatch.setitem(sys.modules, "sksundae.cvode", None)
    with pytest.raises(MissingComponent, match=r"dempbm\[sundials\]"):
        model.simulate(SPEED, TIMES, accuracy=Stiff("CVODE"))
