"""The `pbm:` section and the kernel law: what is read, what is refused and how it is said."""

from __future__ import annotations

import subprocess
import sys
from math import pi
from typing import Any

import pytest
from pydantic import ValidationError

from compute.errors import CaseError
from pbm.case_tables import make_parameters
from pbm.granulation import Granulation, spray_of
from pbm.law import KernelLaw
from pbm.program import load_program
from tests.pbm.population import granulation_case, kernel_law


def test_quantities_arrive_in_si() -> None:
    """Units in the file, floats in SI in the model."""
    case = granulation_case()
    assert case.feed.charge == pytest.approx(0.1)
    assert case.liquid.spray.rate == pytest.approx(3.3e-4)
    assert case.liquid.drop_diameter == pytest.approx(2e-4)
    spray = spray_of(case.liquid.spray)
    assert [spray.at(time) for time in (0.0, 5.0, 64.9, 65.0)] == pytest.approx([0.0, 3.3e-4, 3.3e-4, 0.0])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"efficency": 0.5}, "efficency"),
        ({"efficiency": 0.0}, "efficiency"),
        ({"efficiency": 1.5}, "efficiency"),
        ({"grid": {"classes": 2}}, "classes"),
        ({"grid": {"smallest_diameter": "5 mm", "largest_diameter": "1 mm"}}, "size range is empty"),
        ({"liquid": {"spray": {"rate": "1 g/s", "start": "9 s", "end": "3 s"}}}, "ends before"),
        ({"liquid": {"spray": {"rate": "1 m/s", "end": "3 s"}}}, "mass flow"),
        ({"breakage": {"form": "with-tau"}}, "form"),
        ({"feed": {"distribution": "nowhere.csv", "charge": 1.0}}, "no such file"),
    ],
)
def test_a_wrong_case_is_refused(changes: dict[str, Any], message: str) -> None:
    """Each fault is found at its key when the case is read, before anything runs."""
    with pytest.raises(ValidationError, match=message):
        granulation_case(**changes)


def test_measured_exchange_is_asked_for() -> None:
    """`exchange: dem` without rates from a particle simulation names what is missing."""
    regions = {"names": ["low", "high"], "exchange": "dem"}
    with pytest.raises(CaseError, match=r"exchange: no measured exchange rates.*2 compartments"):
        Granulation(granulation_case(compartments=regions), kernel_law())


def test_a_drop_too_large_for_the_grid_is_refused() -> None:
    liquid = {"spray": {"rate": "1 g/s", "end": "3 s"}, "drop_diameter": "8 mm"}
    with pytest.raises(CaseError, match=r"drop_diameter: one drop makes a nucleus larger"):
        Granulation(granulation_case(liquid=liquid), kernel_law())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"pair_speed_shape": 0.0}, "pair_speed_shape"),
        ({"size_ratio_low": 2.0, "size_ratio_high": 0.5}, "size_ratio_low, size_ratio_high"),
        ({"d50_grown": 1e-6}, "d50_feed, d50_grown"),
        ({"encounters": (float("nan"), 0.0, 0.0, 0.0)}, "encounters"),
    ],
)
def test_an_impossible_law_is_refused(changes: dict[str, Any], message: str) -> None:
    """The coefficient is named."""
    with pytest.raises(CaseError, match=message):
        kernel_law(**changes)


def test_a_law_survives_its_dictionary() -> None:
    """`from_dict` reads `to_dict`, tuples as lists too; unknown and missing keys are named."""
    law = kernel_law(encounter_covariance=tuple((1.0, 0.0, 0.0, 0.0) for _ in range(4)))
    values = law.to_dict()
    listed = {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}
    assert KernelLaw.from_dict(listed) == law
    with pytest.raises(CaseError, match="unknown key"):
        KernelLaw.from_dict(values | {"encounter": 1})
    values.pop("tip_radius")
    with pytest.raises(CaseError, match=r"incomplete kernel law.*tip_radius"):
        KernelLaw.from_dict(values)


def test_named_options_change_what_they_name() -> None:
    """The form with pi is pi times stronger; breakage off hits nothing; scales multiply their rate."""
    plain = make_parameters(granulation_case(breakage={"form": "without-pi"}), kernel_law())
    strong = make_parameters(granulation_case(kernel_scale=2.0, breakage_scale=3.0), kernel_law())
    still = make_parameters(granulation_case(breakage={"on": False}), kernel_law())
    assert strong.strength_factor / plain.strength_factor == pytest.approx(pi)
    assert strong.encounter_scale / plain.encounter_scale == pytest.approx(2.0)
    assert strong.hit_scale / plain.hit_scale == pytest.approx(3.0)
    assert still.hit_scale == 0.0


def test_one_measured_state_is_no_state_axis() -> None:
    """d50_feed = d50_grown, as from a design without a grown window, gives finite parameters."""
    parameters = make_parameters(granulation_case(), kernel_law(d50_grown=78e-6))
    assert parameters.log_growth_span == 1.0


def test_an_unknown_law_is_named_with_the_nearest() -> None:
    with pytest.raises(CaseError, match=r"aggregation: no such law .*did you mean 'constant'"):
        load_program("constnt", "always", "power")


def test_the_package_is_light_to_import() -> None:
    """`import pbm` and the case models load no compiler, no scipy and no HDF5."""
    code = "import sys, pbm, pbm.case, pbm.law; print([m for m in ('numba', 'scipy', 'h5py') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
