"""A blender stated in a case: its feeders, its samples, and what a user may get wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from compute.errors import CaseError
from pbm.blending_run import grain_mass, make_blending, make_feeder, run_blending, uniformity_at
from pbm.case_blending import BlendingCase
from pbm.sampling import mean_grain_mass, random_variance
from tests.pbm.population import LACTOSE


def blender(**changes: Any) -> BlendingCase:
    """A stirred tank of 50 s with two powders, 20 % of the first."""
    values: dict[str, Any] = {
        "names": ["tank"],
        "outlets": [{"from": "tank", "rate": "0.02 1/s"}],
        "components": [
            {"name": "drug", "density": 1300, "diameter": "60 um"},
            {"name": "filler", "density": 1500, "diameter": "100 um", "charge": {"tank": "0.1 kg"}},
        ],
        "feeders": [
            {"component": "drug", "to": "tank", "rate": "1 g/s"},
            {"component": "filler", "to": "tank", "rate": "4 g/s"},
        ],
        "samples": {"component": "drug", "mass": "1 g", "after": "300 s"},
        "end": "600 s",
    }
    return BlendingCase.model_validate(values | changes)


def test_a_tank_fills_with_what_is_fed() -> None:
    """Share of the drug 1 g/s (1 - exp(-t/50 s)) over the flow, to round-off; the flow has a closed form too."""
    course = run_blending(blender())
    grown = 1.0 - np.exp(-0.02 * course.times)
    drug, filler = 1e-3 * grown, 4e-3 * grown + 0.002 * np.exp(-0.02 * course.times)
    np.testing.assert_allclose(course.share("drug"), drug / (drug + filler), rtol=1e-9)
    assert course.imbalance <= 1e-12


def test_a_ripple_keeps_its_mean_and_is_damped_as_by_the_response() -> None:
    """Mean flow over whole periods to 1e-12; amplitude in the share by a (1 - p) |H|, 2 %: steps and first order."""
    given = blender(feeders=[
        {"component": "drug", "to": "tank", "rate": "1 g/s", "ripple": {"amplitude": "10 %", "period": "60 s"}},
        {"component": "filler", "to": "tank", "rate": "4 g/s"},
    ])  # fmt: skip
    feeder = make_feeder(given.feeders[0], given.end)
    assert feeder.rate.integral(0.0, 600.0) == pytest.approx(0.6, rel=1e-12)
    assert max(feeder.rate.values) == pytest.approx(1.1e-3, rel=0.01)
    course = run_blending(given)
    late = course.share("drug")[course.times >= 480.0]
    response = make_blending(given).residence("drug").response([1.0 / 60.0])[0]
    assert 0.5 * (late.max() - late.min()) == pytest.approx(0.1 * 0.2 * 0.8 * abs(response), rel=0.02)


def test_samples_have_the_random_part_of_their_grains() -> None:
    """A steady feed leaves p q (q w_A + p w_B)/M alone, and ten times the sample a tenth of it."""
    given = blender()
    course = run_blending(given)
    found, shares = uniformity_at(given, course, 1e-3)
    drug, filler = (grain_mass(each) for each in given.components)
    assert found.random == pytest.approx(random_variance(float(shares.mean()), drug, filler, 1e-3), rel=1e-12)
    assert found.structure < 0.1 * found.random or found.structure < 1e-6
    larger, _ = uniformity_at(given, course, 1e-2)
    assert larger.random == pytest.approx(0.1 * found.random, rel=0.01)
    with pytest.raises(CaseError, match="no samples of this mass"):
        uniformity_at(given, course, 1e3)


def test_grains_may_come_from_a_table() -> None:
    """The mean grain, weighted by mass, of the measured distribution."""
    table = {"name": "filler", "density": 1500, "distribution": str(LACTOSE)}
    given = blender(components=[{"name": "drug", "density": 1300, "diameter": "60 um"}, table])
    from pbm.distribution import read_distribution

    assert grain_mass(given.components[1]) == pytest.approx(mean_grain_mass(read_distribution(LACTOSE), 1500.0))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"components": [{"name": "a", "density": 1, "diameter": 1}] * 2}, "two components have one name"),
        ({"components": [{"name": "a", "density": 1}, {"name": "b", "density": 1, "diameter": 1}]}, "not one size"),
        ({"outlets": []}, "what enters here never leaves"),
        ({"exchange": "dem"}, "no particle simulation"),
        ({"samples": {"component": "sugar", "mass": "1 g"}}, "no such component"),
        ({"samples": {"component": "drug", "mass": "1 g", "after": "1 h"}}, "no time for samples"),
        ({"feeders": [{"component": "drug", "to": "tonk", "rate": 1}]}, "no such compartment"),
    ],
)
def test_what_a_user_may_get_wrong_is_named(changes: dict[str, Any], message: str) -> None:
    """One message for each mistake, by its key."""
    with pytest.raises(ValidationError, match=message):
        blender(**changes)
