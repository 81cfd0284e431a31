"""Adhesion laws against their closed forms, and how a case gives their parameters."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from dem.adhesion import dmt, sjkr
from dem.case import DemCase
from dem.contact.hertz_mindlin import effective_youngs_modulus
from dem.contact.law import Elasticity, PairProperties
from dem.setup import composed_law, parameter_table
from dem.touch import Touch, pair_touch, wall_touch
from tests.dem.engines import VX, X, make_engine, plane, rows, spheres

RADIUS, STEP = 1e-3, 2e-6
SOFT = Elasticity(5e6, 0.25, 2500.0)
MODULUS = effective_youngs_modulus(SOFT, SOFT)


def sphere_contact(first: float, second: float, overlap: float) -> Touch:
    """Two spheres of these radii at rest with this overlap."""
    still = (0.0, 0.0, 0.0)
    distance = first + second - overlap
    return pair_touch(distance, 0.0, 0.0, *still, still, still, (first, 1e-5), (second, 1e-5), STEP, 0.5)


def wall_contact(radius: float, overlap: float) -> Touch:
    """A sphere at rest pressed into a wall."""
    still = (0.0, 0.0, 0.0)
    return wall_touch(overlap, (1.0, 0.0, 0.0), still, still, still, still, radius, 1e-5, STEP, 0.5)


@pytest.mark.parametrize(("first", "second"), [(1e-3, 1e-3), (1e-3, 3e-3)])
@pytest.mark.parametrize("share", [1e-4, 0.1, 0.5])
def test_sjkr_pulls_by_the_disc_in_which_the_spheres_intersect(first: float, second: float, share: float) -> None:
    """The disc's radius by the law of cosines: a^2 = r1^2 - ((d^2 + r1^2 - r2^2)/(2 d))^2, which loses 4 digits."""
    overlap = share * first
    distance = first + second - overlap
    square = first**2 - ((distance**2 + first**2 - second**2) / (2.0 * distance)) ** 2
    seen, attraction = sjkr.pull(sphere_contact(first, second, overlap), (3e4,))
    assert seen == pytest.approx(overlap, rel=1e-9)
    assert attraction == pytest.approx(3e4 * math.pi * square, rel=1e-9)


def test_sjkr_at_a_wall_is_the_limit_of_a_large_partner() -> None:
    """A = pi overlap (2 r - overlap); a partner 1e6 times larger differs by some 1e-6."""
    overlap = 2e-4
    _, wall = sjkr.pull(wall_contact(RADIUS, overlap), (3e4,))
    _, large = sjkr.pull(sphere_contact(RADIUS, 1e6 * RADIUS, overlap), (3e4,))
    assert wall == pytest.approx(3e4 * math.pi * overlap * (2.0 * RADIUS - overlap), rel=1e-12)
    assert large == pytest.approx(wall, rel=1e-5)


def relaxed_overlap(adhesion: str, pair: PairProperties, partner: str) -> float:
    """Overlap in which two spheres, or a sphere and a plane, come to rest after a slow touch [m]."""
    at_wall = partner == "plane"
    position = [[0.0, 0.0, RADIUS - 1e-7]] + ([] if at_wall else [[0.0, 0.0, 3.0 * RADIUS - 2e-7]])
    engine = make_engine(
        spheres(position, 0.0, RADIUS, density=2500.0), step=STEP, skin=1e-4, adhesion=adhesion, materials=[SOFT],
        pairs=pair, low=(-0.01, -0.01, -0.01), high=(0.01, 0.01, 0.01),
        walls=[plane("floor", (0.0, 0.0, 0.0), (0.0, 0.0, 1.0), "m0")] if at_wall else [],
    )  # fmt: skip
    engine.run(4000)
    row = rows(engine)
    assert np.abs(row[:, VX : VX + 3]).max() < 1e-8, "not at rest"
    return float(RADIUS - row[0, X + 2] if at_wall else 2.0 * RADIUS - (row[1, X + 2] - row[0, X + 2]))


@pytest.mark.parametrize(("partner", "radius"), [("sphere", RADIUS / 2), ("plane", RADIUS)])
def test_dmt_rests_where_hertz_balances_it(partner: str, radius: float) -> None:
    """4/3 E* sqrt(R*) d^(3/2) = 2 pi w R*: d = (3 pi w sqrt(R*)/(2 E*))^(2/3), reached to 1e-6 by damped motion."""
    pair = PairProperties(0.05, 0.3, work_of_adhesion=0.1)
    expected = (1.5 * math.pi * 0.1 * math.sqrt(radius) / MODULUS) ** (2.0 / 3.0)
    assert relaxed_overlap("dmt", pair, partner) == pytest.approx(expected, rel=1e-6)


def test_dmt_pulls_off_at_its_closed_form() -> None:
    """2 pi w R*, wherever the surfaces touch, and nothing apart."""
    parameters = dmt.parameters_of(SOFT, SOFT, PairProperties(0.5, 0.3, work_of_adhesion=0.1))
    assert dmt.pull(sphere_contact(1e-3, 3e-3, 1e-9), parameters)[1] == pytest.approx(
        2.0 * math.pi * 0.1 * 0.75e-3, rel=1e-12
    )
    assert dmt.pull(sphere_contact(1e-3, 3e-3, -1e-9), parameters)[1] == 0.0


def adhesive_case(
    contact: dict[str, Any], grain: dict[str, Any], steel: dict[str, Any], grain_steel: dict[str, Any]
) -> DemCase:
    """Grains in a box with a steel floor."""
    return DemCase.model_validate(
        {
            "domain": {"low": [0, 0, 0], "high": [0.01, 0.01, 0.01]},
            "materials": {
                "grain": {"density": 1500, "youngs_modulus": 5e6} | grain,
                "steel": {"density": 7800, "youngs_modulus": 5e7} | steel,
            },
            "pairs": [
                {"between": ["grain", "grain"], "restitution": 0.5, "friction": 0.5},
                {"between": ["grain", "steel"], "restitution": 0.5, "friction": 0.5} | grain_steel,
            ],
            "contact": {"law": "hertz-mindlin"} | contact,
            "classes": [{"name": "fine", "diameter": 1e-3, "material": "grain"}],
            "walls": [
                {"name": "floor", "shape": "plane", "material": "steel", "point": [0, 0, 0], "normal": [0, 0, 1]}
            ],
            "particles": [{"kind": "given", "items": [{"class": "fine", "position": [5e-3, 5e-3, 5e-3]}]}],
            "time": {"end": 1.0},
        }
    )


def adhesion_of(case: DemCase, first: int, second: int) -> float:
    """The first adhesion parameter of a pair of materials."""
    interaction = composed_law(case)
    row = parameter_table(case, interaction)[first * 2 + second]
    return float(row[interaction.contact.parameter_count])


def test_surface_energies_mix_unless_the_pair_says_otherwise() -> None:
    """w = 2 sqrt(g1 g2), Girifalco and Good; an entry of the pair goes before the rule. Round-off."""
    grain, steel = {"surface_energy": "20 mJ/m^2"}, {"surface_energy": 0.08}
    mixed = adhesive_case({"adhesion": "dmt"}, grain, steel, {})
    assert adhesion_of(mixed, 0, 0) == pytest.approx(2.0 * math.pi * 0.04, rel=1e-14)
    assert adhesion_of(mixed, 0, 1) == pytest.approx(2.0 * math.pi * 0.08, rel=1e-14)
    given = adhesive_case({"adhesion": "dmt"}, grain, steel, {"work_of_adhesion": 0.01})
    assert adhesion_of(given, 0, 1) == pytest.approx(2.0 * math.pi * 0.01, rel=1e-14)
    assert adhesion_of(given, 0, 1) == adhesion_of(given, 1, 0)


def test_energy_densities_mix_unless_the_pair_says_otherwise() -> None:
    """Geometric mean; round-off."""
    grain, steel = {"cohesion_energy_density": 1e4}, {"cohesion_energy_density": "90 kJ/m^3"}
    assert adhesion_of(adhesive_case({"adhesion": "sjkr"}, grain, steel, {}), 0, 1) == pytest.approx(3e4, rel=1e-14)
    given = adhesive_case({"adhesion": "sjkr"}, grain, steel, {"cohesion_energy_density": 7.0})
    assert adhesion_of(given, 0, 1) == 7.0


@pytest.mark.parametrize(
    ("contact", "grain", "named"),
    [
        ({"adhesion": "dmt"}, {"surface_energy": 0.02}, ("dmt", "work_of_adhesion", "grain and steel")),
        ({"adhesion": "sjkr"}, {}, ("sjkr", "cohesion_energy_density", "grain and grain")),
        ({"rolling": "epsd2"}, {}, ("epsd2", "rolling_friction", "grain and grain")),
        ({"law": "ghost", "adhesion": "dmt"}, {"surface_energy": 0.02}, ("dmt", "ghost", "force")),
        ({"law": "ghost", "twisting": "marshall"}, {}, ("marshall", "ghost", "stiffness")),
    ],
)
def test_what_is_missing_is_named(contact: dict[str, Any], grain: dict[str, Any], named: tuple[str, ...]) -> None:
    """The message names the law, the property and the two materials."""
    with pytest.raises(ValidationError) as caught:
        adhesive_case(contact, grain, {}, {})
    text = str(caught.value)
    assert all(word in text for word in named), text
