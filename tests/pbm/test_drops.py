"""Nuclei of drops of many sizes: as many as drops, as large as theirs, liquid and solids kept."""

from __future__ import annotations

import re
from math import erf, exp, log, pi
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from compute.errors import CaseError
from pbm.distribution import SizeDistribution
from pbm.drops import DropSizes
from pbm.granulation import Granulation
from pbm.model import BOOKED, EXTERNAL, GAS, INTERNAL, NUCLEATED, NUCLEI, NUMBER, SPRAYED, make_workspace
from pbm.solve import Accuracy
from pbm.spray import spray_regime
from tests.pbm.population import granulation_case
from tests.pbm.test_stated_laws import stated_case
from tests.pbm.test_two_solids import two_solid_case

MEDIAN, SPREAD = 120e-6, 0.3
SPRAY = {"rate": "0.33 g/s", "end": "65 s"}
FINE = {"grains": [{"solids": [2e-17], "number": 1.0}], "charge": "100 g", "porosity": 0.45}


def sprayed(drops: dict[str, Any]) -> Granulation:
    """A batch of grains of 4 um, whose spray has drops of these sizes."""
    liquid = {"spray": SPRAY, "drops": drops}
    grid = {"classes": 60, "smallest_diameter": "3 um", "largest_diameter": "2 mm"}
    meeting = {"kernel": {"name": "shear", "shear_rate": 1e-9}, "sticking": "always"}
    case = stated_case(liquid=liquid, feed=FINE, grid=grid, aggregation=meeting)
    return Granulation(case, compiled=False)


def test_there_are_as_many_nuclei_as_drops_and_as_large() -> None:
    """Nuclei per second: the liquid over the mean volume of the drops, m^3 pi/6 exp(-9/2 s^2), to 1e-12. Their sizes
    are those of the drops times (1/(eps0 S))^(1/3): volume median and spread of ln d to a class of 12 %.
    """
    model = sprayed({"median": MEDIAN, "spread": SPREAD})
    start, work = model.initial_state(), make_workspace(1, model.cells.count)
    change, booked = np.zeros(start.shape), np.zeros(BOOKED)
    model.program.right_hand_side(start, 0.0, 0.33e-3, model.parameters, model.tables, work, change, booked)
    drops = 0.33e-6 / (pi / 6.0 * MEDIAN**3 * exp(-4.5 * SPREAD**2))
    assert booked[NUCLEI] == pytest.approx(drops, rel=1e-12)
    made = model.grid.pivots > 1e-15
    solids = change[0, NUMBER, made] * model.grid.pivots[made]
    sizes = np.log(model.grid.diameters(0.45)[made])
    middle = float(solids @ sizes / solids.sum())
    assert middle == pytest.approx(log(MEDIAN * (1.0 / (0.45 * 0.75)) ** (1.0 / 3.0)), abs=0.02)
    assert np.sqrt(solids @ (sizes - middle) ** 2 / solids.sum()) == pytest.approx(SPREAD, rel=0.02)


def test_solids_and_liquid_of_nuclei_are_those_of_their_drops() -> None:
    """Every nucleus has liquid over solids of eps0 S/(1 - eps0), whatever its size, and the pores of the powder."""
    model = sprayed({"median": MEDIAN, "spread": SPREAD})
    start, work = model.initial_state(), make_workspace(1, model.cells.count)
    change, booked = np.zeros(start.shape), np.zeros(BOOKED)
    model.program.right_hand_side(start, 0.0, 0.33e-3, model.parameters, model.tables, work, change, booked)
    made = (model.grid.pivots > 1e-15) & (change[0, NUMBER] > 0.0)
    solids = change[0, NUMBER, made] * model.grid.pivots[made]
    ratio = 0.45 / 0.55
    np.testing.assert_allclose(change[0, INTERNAL, made] + change[0, EXTERNAL, made], 0.75 * ratio * solids, rtol=1e-10)
    np.testing.assert_allclose(change[0, INTERNAL, made] + change[0, GAS, made], ratio * solids, rtol=1e-10)
    assert change[0, [INTERNAL, EXTERNAL]].sum() == pytest.approx(booked[SPRAYED], rel=1e-12)
    assert abs(change[0, NUMBER] @ model.grid.pivots) <= 1e-12 * solids.sum()
    assert solids.sum() == pytest.approx(
        booked[NUCLEATED] * start[0, NUMBER] @ model.grid.pivots / start[0, NUMBER].sum()
    )


def test_small_drops_coat_what_large_ones_take_up() -> None:
    """Grains amid the nuclei: the share of the liquid that makes nuclei of a class is that of the larger drops, between
    those that make nuclei of the class above and of the class below.
    """
    model = sprayed({"median": MEDIAN, "spread": SPREAD})
    sizes = model.grid.diameters(0.45) * (0.45 * 0.75) ** (1.0 / 3.0)
    larger = np.array([0.5 - 0.5 * erf(log(size / MEDIAN) / SPREAD / 2.0**0.5) for size in sizes])
    assert np.all(model.tables.powder[1:-1] >= larger[2:] - 1e-9)
    assert np.all(model.tables.powder[1:-1] <= larger[1:-1] + 1e-9)
    assert np.all(np.diff(model.tables.powder) <= 0.0) and model.tables.powder[0] == pytest.approx(1.0, rel=1e-12)


def test_a_narrow_distribution_is_one_size() -> None:
    """A spread of 1e-5 on drops whose nuclei lie on a pivot: the batch of one drop diameter, to 1e-6."""
    grid = Granulation(stated_case(grid={"classes": 12}), compiled=False).grid
    drop = float(grid.diameters(0.45)[6]) * (0.45 * 0.75) ** (1.0 / 3.0)
    results = []
    for liquid in ({"drop_diameter": drop}, {"drops": {"median": drop, "spread": 1e-5}}):
        model = Granulation(stated_case(grid={"classes": 12}, liquid={"spray": SPRAY} | liquid), compiled=False)
        results.append(model.simulate(times=np.array([0.0, 1.0])))
    assert results[1].booked[-1, NUCLEI] == pytest.approx(results[0].booked[-1, NUCLEI], rel=1e-6)
    np.testing.assert_allclose(results[1].fractions[-1], results[0].fractions[-1], atol=1e-6)


@pytest.mark.parametrize("solids", [1, 2])
def test_every_mechanism_keeps_the_balances(solids: int) -> None:
    """Both solids, liquid, gas and number against events to 1e-12 at every step."""
    if solids == 1:
        liquid = {"spray": SPRAY, "drops": {"median": "150 um", "spread": 0.4}, "evaporation": "1 g/m^2/s"}
        layering = {"rate": "10 um/s", "powder_below": "60 um"}
        case = stated_case(grid={"classes": 16}, liquid=liquid, layering=layering)
    else:
        liquid = {"spray": {"rate": "0.1 g/s", "end": "3 s"}, "drops": {"median": "22 um", "spread": 0.2}}
        case = two_solid_case(liquid=liquid | {"film_thickness": "6 um"})
    model = Granulation(case, compiled=False)
    result = model.simulate(times=np.array([0.0, 0.2]), accuracy=Accuracy(1e-2))
    assert max(result.worst_imbalance) <= 1e-12 and result.states.min() >= 0.0
    assert result.booked[-1, NUCLEI] > 0.0 and model.tables.drops.share.size > 2


def test_a_table_and_its_lognormal_agree(tmp_path: Path) -> None:
    """A measured table of a lognormal: means over the liquid to 1e-3 of its 60 points, and the nuclei to as much."""
    sizes = MEDIAN * np.exp(np.linspace(-4.0, 4.0, 161) * SPREAD)
    held = np.array([0.5 + 0.5 * erf(log(size / MEDIAN) / SPREAD / 2.0**0.5) for size in sizes])
    held = (held - held[0]) / (held[-1] - held[0])
    law, table = DropSizes(MEDIAN, SPREAD), DropSizes(MEDIAN, table=SizeDistribution(sizes, held))
    for power in (-3.0, -1.0, 2.0):
        assert table.mean_power(power) == pytest.approx(law.mean_power(power), rel=3e-3)
    file = tmp_path / "drops.csv"
    file.write_text("".join(f"{1e6 * size},{100.0 * share}\n" for size, share in zip(sizes, held)))
    read, stated = sprayed({"distribution": str(file)}), sprayed({"median": MEDIAN, "spread": SPREAD})
    assert read.parameters.drop_volume == pytest.approx(stated.parameters.drop_volume, rel=3e-3)
    np.testing.assert_allclose(read.tables.powder, stated.tables.powder, atol=3e-3)


def test_flux_and_penetration_of_a_distribution() -> None:
    """Psi of the Sauter mean m exp(-s^2/2), which has all footprints; time of <d^2> = m^2 exp(2 s^2) of the liquid."""
    wetting = {"surface_tension": "70 mN/m", "contact_angle": "0 deg", "grain_diameter": "65 um"}
    spray = SPRAY | {"area_rate": 0.01}
    one, many = (
        spray_regime(stated_case(liquid={"spray": spray, "wetting": wetting} | drops))
        for drops in ({"drop_diameter": MEDIAN}, {"drops": {"median": MEDIAN, "spread": SPREAD}})
    )
    assert many.flux == pytest.approx(one.flux * exp(0.5 * SPREAD**2), rel=1e-12)
    assert many.penetration_time == pytest.approx(one.penetration_time * exp(2.0 * SPREAD**2), rel=1e-12)


@pytest.mark.parametrize(
    ("liquid", "message"),
    [
        ({"drops": {"median": "1 mm"}}, "spread.*not described"),
        ({"drops": {"spread": 0.3}}, "median.*not described"),
        ({"drops": {"median": "1 mm", "spread": -0.3}}, "greater than 0"),
        ({"drops": {"median": "1 mm", "spread": 0.3}, "drop_diameter": "200 um"}, "described twice"),
        ({"drops": {"distribution": "nowhere.csv"}}, "no such file"),
    ],
)
def test_drops_stated_wrongly_are_refused(liquid: dict[str, Any], message: str) -> None:
    """Each fault is found when the case is read, at its key."""
    with pytest.raises(ValidationError) as error:
        granulation_case(liquid={"spray": SPRAY} | liquid)
    first = error.value.errors()[0]
    assert re.search(message, f"{first['loc']} {first.get('ctx')} {first['msg']}")


def test_nuclei_beyond_the_classes_are_named() -> None:
    """Drops of centimetres: the key, the median and the range that the grid holds."""
    with pytest.raises(CaseError, match=r"pbm\.liquid\.drops: the classes cannot hold.*0\.01 m.*drops of .* to"):
        sprayed({"median": "1 cm", "spread": 0.3})
