"""The parcel law in sheared boxes: exact where the box grows with its parcels, within 5 % where it does not."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.shear_boxes import EXPONENTS, Sheared, Value, measure, scaled, shear_case
from compute import get_backend
from dem.statistics_result import EncounterStatistics


def sheared(scale: float) -> EncounterStatistics:
    """The end of a short shear of some 200 parcels in a box of six diameters."""
    case = shear_case(scale, edge=6e-3 * scale, blocks=2)
    times = case.time.model_copy(update={"spin_up": 0.01})
    assert case.statistics is not None
    window = case.statistics.model_copy(update={"block": 0.02})
    box = Sheared(case.model_copy(update={"time": times, "statistics": window}), get_backend("cpu", 1), 1)
    statistics = box.simulation.run()
    assert statistics is not None
    return statistics


@pytest.mark.validate
def test_a_box_that_grows_with_its_parcels_is_the_same_flow() -> None:
    """Lengths times s, moduli times s^2, equal density, shear rate and friction: equal encounters, b s^3, speeds s.

    s = 2 scales without rounding but where powers are taken, so that the encounters are the same ones; speeds are
    summed in quanta of 1e-12 of the fastest.
    """
    one, two = sheared(1.0), sheared(2.0)
    assert one.encounters.sum() > 300
    np.testing.assert_array_equal(two.encounters, one.encounters)
    grains = scaled({"encounter rate constant": Value(float(two.rate_constant()[0, 0, 0]), 0.0),
                     "pair speed": Value(float(two.speed_moments()[0].value[0, 0, 0]), 0.0)}, 2.0)  # fmt: skip
    assert grains["encounter rate constant"].value == pytest.approx(float(one.rate_constant()[0, 0, 0]), rel=1e-9)
    assert grains["pair speed"].value == pytest.approx(float(one.speed_moments()[0].value[0, 0, 0]), rel=1e-6)


@pytest.mark.validate
@pytest.mark.timeout(2400)
def test_parcels_in_one_box() -> None:
    """s = 1, 2, 4 in a box of 18 real diameters (docs/coarse-graining.md).

    Kept within 5 % and three standard errors: b/s^3, v/s, and the friction of the flow. Within 10 %: stresses over s^2
    and granular temperature over s^2. The images of a box of few parcels hold back their diffusion, and a bed of few
    layers is looser: these two are asserted for s = 2 alone.
    """
    found = {scale: scaled(measure(scale, False, get_backend("cpu", 1)), scale) for scale in (1.0, 2.0, 4.0)}
    share = dict.fromkeys(EXPONENTS, 0.1) | dict.fromkeys(("encounter rate constant", "pair speed", "friction"), 0.05)
    for scale in (2.0, 4.0):
        for name, value in found[scale].items():
            if scale == 4.0 and name in ("self-diffusion", "bed solids fraction"):
                continue
            fine = found[1.0][name]
            allowed = share[name] * fine.value + 3.0 * np.hypot(value.error, fine.error)
            assert abs(value.value - fine.value) < allowed, f"{name} at s = {scale}: {value}, at s = 1: {fine}"
