"""Published forms that do not balance: what each loses is what its formula says, and it is booked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pbm.granulation import Granulation
from pbm.model import EXTERNAL, GAS, GAS_OWED, INTERNAL, LEFT_SOLIDS, LIQUID_LOST, NUMBER, SPRAYED
from tests.pbm.test_stated_laws import stated_case

QUIET: dict[str, Any] = {
    "aggregation": {"kernel": {"name": "constant", "rate_coefficient": 0}, "sticking": "always"},
    "breakage": {"on": False},
    "grid": {"classes": 8},
}
DRY = {"spray": {"rate": 0, "end": "1 s"}, "penetration_time": "1e9 s"}


def quiet(**changes: Any) -> Granulation:
    """A granulation in which nothing merges or breaks."""
    return Granulation(stated_case(**(QUIET | changes)), compiled=False)


def moist(moisture: float) -> dict[str, Any]:
    """The feed of the case with another moisture."""
    return stated_case().feed.model_dump(exclude={"grains"}) | {"moisture": moisture}


@pytest.mark.parametrize("density", [1540.0, 476.0])
def test_published_addition_misses_the_spray(density: float) -> None:
    """It adds m/rho_s in place of m/rho_l: the share 1 - rho_l/rho_s of the spray is lost, or made, to 1e-12."""
    liquid = {"spray": {"rate": "0.3 g/s", "end": "20 s"}, "addition": "published", "drop_diameter": "1 um"}
    result = quiet(liquid=liquid, solid_density=density).simulate(times=np.array([0.0, 10.0]))
    sprayed, held = 0.3e-3 / 1000.0 * 10.0, result.states[:, 0, [INTERNAL, EXTERNAL]].sum(axis=(1, 2))
    assert result.booked[-1, SPRAYED] == pytest.approx(sprayed, rel=1e-12)
    assert result.booked[-1, LIQUID_LOST] == pytest.approx((1.0 - 1000.0 / density) * sprayed, rel=1e-12)
    assert held[1] - held[0] == pytest.approx(0.3e-3 / density * 10.0, rel=1e-9)
    assert max(result.worst_imbalance) <= 1e-12
    assert any("liquid addition" in text for text in result.warnings)


def test_published_consolidation_owes_gas() -> None:
    """From saturated granules, g = 0: c (s + l)(1 - eps)/s (l - s eps/(1 - eps)) t is owed, and no liquid moves."""
    form = {"rate": "0.01 1/s", "minimum_porosity": 0.2, "form": "published"}
    model = quiet(liquid=DRY, feed=moist(0.8), consolidation=form)
    result = model.simulate(times=np.array([0.0, 5.0]))
    solids, liquid = float(result.states[0, 0, NUMBER] @ model.grid.pivots), result.states[0, 0, 1:3].sum()
    asked = 0.01 * (solids + liquid) * 0.8 / solids * (liquid - 0.25 * solids) * 5.0
    assert result.states[0, 0, GAS].sum() == 0.0
    assert result.booked[-1, GAS_OWED] == pytest.approx(asked, rel=1e-9)
    np.testing.assert_allclose(result.states[1], result.states[0], rtol=1e-12)
    assert max(result.worst_imbalance) <= 1e-12
    assert any("gas that was not there" in text for text in result.warnings)


def test_published_consolidation_takes_gas_while_there_is_some() -> None:
    """g(t) against the form's own equation, 1 %: a thousandth of the solids in gas is where it finds none left."""
    from scipy.integrate import solve_ivp

    form = {"rate": "0.02 1/s", "minimum_porosity": 0.2, "form": "published"}
    model = quiet(liquid=DRY, feed=moist(0.2), consolidation=form)
    result = model.simulate(times=np.array([0.0, 10.0]))
    solids, liquid = float(result.states[0, 0, NUMBER] @ model.grid.pivots), result.states[0, 0, 1:3].sum()

    def slope(_: float, gas: np.ndarray) -> np.ndarray:
        return -0.02 * (solids + liquid + gas) * 0.8 / solids * (liquid + gas - 0.25 * solids)

    first, last = result.states[:, 0, GAS].sum(axis=1)
    expected = solve_ivp(slope, (0.0, 10.0), [first], rtol=1e-9, atol=1e-18).y[0, -1]
    assert last == pytest.approx(expected, rel=0.01) and last < 0.9 * first
    assert 0.0 < result.booked[-1, GAS_OWED] < 0.01 * first
    np.testing.assert_allclose(result.states[1, 0, 1:3], result.states[0, 0, 1:3], rtol=1e-6)


def test_published_outflow_keeps_powder_back() -> None:
    """A stirred tank at k with F v dt/d: (1 - exp(-k dt t)) of the charge leaves, (1/dt - 1) of that is kept back.

    1e-3: the tolerance of a step. The rate of the graph is k dt over one second.
    """
    regions = {"names": ["bowl"], "outlets": [{"from": "bowl", "rate": "0.1 1/s"}], "outflow_step": "0.5 s"}
    model = quiet(liquid=DRY, compartments=regions)
    result = model.simulate(times=np.array([0.0, 20.0]))
    charge = float(result.states[0, 0, NUMBER] @ model.grid.pivots)
    left = charge * (1.0 - np.exp(-0.1 * 0.5 * 20.0))
    assert model.graph.outlet[0] == pytest.approx(0.05, rel=1e-15)
    assert result.booked[-1, LEFT_SOLIDS] == pytest.approx(left, rel=1e-3)
    assert result.kept_back[-1] == pytest.approx(result.booked[-1, LEFT_SOLIDS], rel=1e-12)
    assert result.published_losses["solids"] == result.kept_back[-1]
    assert any("outflow kept back" in text for text in result.warnings)
    assert max(result.worst_imbalance) <= 1e-12


def test_balanced_forms_lose_nothing() -> None:
    """The default: nothing booked, nothing said, and `balanced` tells both apart."""
    model = quiet(liquid={"spray": {"rate": "0.3 g/s", "end": "20 s"}, "drop_diameter": "1 um"})
    result = model.simulate(times=np.array([0.0, 5.0]))
    assert model.case.balanced and set(result.published_losses.values()) == {0.0}
    assert not any("published" in text for text in result.warnings)
    assert not stated_case(consolidation={"form": "published"}).balanced
