"""Pairs of materials with laws of their own: each acts as if it were the law of the whole case."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from compute import get_backend
from dem.block import BLOCK, FORCE, PARAMETERS, make_block
from dem.case import DemCase
from dem.case_limits import reference_time
from dem.contact.law import PairLaws, PairProperties
from dem.interaction import Interaction, history_sizes, make_interaction
from dem.pair_properties import composed_law
from dem.particles import VX, VZ
from dem.skin import largest_separation, parameter_table
from tests.dem.engines import SOFT, make_engine, plane, rows, spheres
from tests.device.pairs_example import GLASS, PAIRWISE, PROPERTIES, STEEL, STEP, Laws, composed, random_block

CONTACTS = ("hertz-mindlin-liggghts", "linear", "walton-braun", "eepa")
ADHESIONS, ROLLINGS, TWISTINGS = (
    ("none", "jkr", "sjkr", "dmt"),
    ("epsd2", "none", "constant-torque"),
    ("none", "marshall"),
)
ALONE = [laws for laws in PAIRWISE if laws[0] in CONTACTS]
RANDOM = 24
"""Pairs that plain Python looks at."""


def choice(liquid: str = "none") -> Interaction:
    """All laws of a case whose pairs have each law there is."""
    return make_interaction(CONTACTS, ROLLINGS, ADHESIONS, TWISTINGS, liquid)


def as_pair(alone: Interaction, chosen: Interaction, laws: Laws, buffer: Any) -> Any:
    """The same pairs as `chosen` reads them; the room that a law does not use has numbers that it must not read."""
    pair = PROPERTIES._replace(laws=PairLaws(*laws[:4]))
    parameters = chosen.parameters_of(GLASS, STEEL, pair)
    other = np.full((PARAMETERS + chosen.parameter_count + chosen.history_size, BLOCK), 0.125)
    other[:PARAMETERS] = buffer[:PARAMETERS]
    other[PARAMETERS : PARAMETERS + chosen.parameter_count] = np.array(parameters).reshape(-1, 1)
    for own, theirs in places(alone, chosen):
        other[PARAMETERS + chosen.parameter_count + theirs] = buffer[PARAMETERS + alone.parameter_count + own]
    return other


def places(alone: Interaction, chosen: Interaction) -> list[tuple[int, int]]:
    """Where each history value of a law alone is, and where among those of all laws."""
    found, own, theirs = [], 0, 0
    for used, room in zip(history_sizes(alone.parts), history_sizes(chosen.parts), strict=True):
        found += [(own + at, theirs + at) for at in range(used)]
        own, theirs = own + used, theirs + room
    return found


def both(laws: Laws, block: Any, chosen: Interaction, size: int) -> tuple[Any, Any]:
    """Forces, heat and histories of a law alone in plain Python, and of the same law as that of one pair among others.

    What the other laws have room for in a history follows, as it was before and as it is after.
    """
    alone = composed(laws)
    buffer = random_block(alone)
    other = as_pair(alone, chosen, laws, buffer)
    before = other.copy()
    make_block(alone)(buffer.ravel(), size, STEP)
    block(other.ravel(), size, STEP)
    first, second = PARAMETERS + alone.parameter_count, PARAMETERS + chosen.parameter_count
    remembered = places(alone, chosen)
    own, theirs = [first + at for at, _ in remembered], [second + at for _, at in remembered]
    unused = [] if chosen.wet else sorted(set(range(second, second + chosen.history_size)) - set(theirs))
    expected = np.concatenate([buffer[FORCE:PARAMETERS], buffer[own], before[unused]])
    return expected[:, :size], np.concatenate([other[FORCE:PARAMETERS], other[theirs], other[unused]])[:, :size]


@pytest.mark.parametrize("laws", ALONE, ids=", ".join)
def test_each_law_is_the_same_beside_others(laws: Laws) -> None:
    """To the bit: which law acts is all that the number of the pair says."""
    chosen = choice(laws[4])
    expected, found = both(laws, make_block(chosen), chosen, RANDOM)
    assert np.any(expected[:3] != 0.0)
    np.testing.assert_array_equal(found, expected)


def test_the_compiled_choice_is_that_of_plain_python() -> None:
    """A dry pair of each kind through one compiled block; to the bit, as each law alone is."""
    chosen = make_interaction(("hertz-mindlin-liggghts", "eepa"), ("none", "epsd2"), ("none", "dmt"))
    block = get_backend("cpu", 1).compile(make_block(chosen))
    for laws in (
        ("hertz-mindlin-liggghts", "none", "epsd2", "none", "none"), ("eepa", "none", "none", "none", "none"),
        ("eepa", "dmt", "epsd2", "none", "none"),
    ):  # fmt: skip
        expected, found = both(laws, block, chosen, BLOCK)
        np.testing.assert_array_equal(found, expected)
        assert np.any(found[:3] != 0.0)


def test_the_gap_of_adhesion_is_that_of_the_pair() -> None:
    """JKR acts across a gap, the other laws do not; what is lost as a contact tears off is JKR's too."""
    chosen, alone = choice(), make_interaction("hertz-mindlin-liggghts", adhesion="jkr")
    own = alone.adhesion.parameters_of(GLASS, STEEL, PROPERTIES)
    for law in ADHESIONS:
        pair = PROPERTIES._replace(laws=PairLaws("linear", law, "none", "none"))
        row = chosen.parameters_of(GLASS, STEEL, pair)
        adhesion = chosen.adhesion.parameters_of(GLASS, STEEL, pair)
        assert chosen.adhesion.separation is not None and chosen.adhesion.cycle is not None
        assert alone.adhesion.separation is not None and alone.adhesion.cycle is not None
        expected = alone.adhesion.separation(1e-3, own) if law == "jkr" else 0.0
        lost = alone.adhesion.cycle(1e-3, own) if law == "jkr" else 0.0
        assert largest_separation(chosen, [row], 1e-3) == expected
        assert chosen.adhesion.cycle(1e-3, adhesion) == lost


def collision(at: int, first: int, second: int) -> Any:
    """Two spheres of these materials about to meet, off centre and spinning; at: place and ids."""
    x = 0.02 + 0.01 * at
    return spheres(
        [[x, 0.05, 0.05], [x + 2.02e-3, 0.0505, 0.05]], [[0.3, 0.0, 0.1], [-0.3, 0.0, 0.0]], 1e-3, spin=50.0,
        kind=[first, second], ids=[2 * at, 2 * at + 1],
    )  # fmt: skip


def test_a_run_with_three_laws_is_three_runs() -> None:
    """Collisions far from each other, each under the law of its pair, and runs in which it is that of all; exact."""
    hertz, common = "hertz-mindlin-liggghts", {"step": 2e-6, "skin": 1e-3, "materials": [SOFT, SOFT]}
    sticky = PairProperties(0.6, 0.5, 0.05, work_of_adhesion=0.2, plasticity_ratio=0.5)
    laws = {
        (0, 0): {"law": hertz, "adhesion": "jkr", "rolling": "none"},
        (0, 1): {"law": "eepa", "adhesion": "none", "rolling": "none"},
        (1, 1): {"law": hertz, "adhesion": "none", "rolling": "epsd2"},
    }
    pairs = {kind: sticky._replace(laws=PairLaws(*names.values(), "none")) for kind, names in laws.items()}
    sets = [collision(at, *kind) for at, kind in enumerate(laws)]
    several: Any = {"law": (hertz, "eepa"), "adhesion": ("jkr", "none"), "rolling": ("none", "epsd2")}
    together = make_engine(sets[0], pairs=pairs, **several, **common)
    for other in sets[1:]:
        together.add(other)
    together.run(200)
    moved = rows(together)
    for at, (alone, names) in enumerate(zip(sets, laws.values())):
        engine = make_engine(alone, pairs=sticky, **names, **common)
        engine.run(200)
        assert (rows(engine)[:, VX] != alone.velocity[:, 0]).all(), "they have not met"
        np.testing.assert_array_equal(moved[2 * at : 2 * at + 2], rows(engine))


def test_a_wall_has_the_law_of_its_pair() -> None:
    """A plastic sphere falls on a plane that is elastic to it: it comes back as under Hertz's law alone; exact."""
    pairs = {
        (0, 0): PairProperties(0.6, 0.5, plasticity_ratio=0.5, laws=PairLaws("eepa", "none", "none", "none")),
        (0, 1): PairProperties(1.0, 0.5, laws=PairLaws("hertz-mindlin-liggghts", "none", "none", "none")),
    }
    found = []
    for law in (("eepa", "hertz-mindlin-liggghts"), "hertz-mindlin-liggghts"):
        engine = make_engine(
            spheres([[0.05, 0.05, 1.01e-3]], [[0.1, 0.0, -0.5]], 1e-3), step=2e-6, skin=1e-3, law=law, pairs=pairs,
            materials=[SOFT, SOFT], walls=[plane("floor", (0.0, 0.0, 0.0), (0.0, 0.0, 1.0), "m1")],
        )  # fmt: skip
        engine.run(200)
        found.append(rows(engine))
    assert found[0][0, VZ] > 0.49
    np.testing.assert_array_equal(*found)


def case(contact: dict[str, Any], *pairs: dict[str, Any]) -> DemCase:
    solid = {"density": 2000, "youngs_modulus": 5e7, "surface_energy": 0.01}
    given = [{"restitution": 0.5, "friction": 0.3, "rolling_friction": 0.1, **pair} for pair in pairs]
    return DemCase.model_validate(
        {
            "domain": {"low": [0, 0, 0], "high": [1, 1, 1]},
            "materials": {"clay": solid, "sand": solid},
            "pairs": given,
            "contact": contact,
            "classes": [{"name": each, "diameter": 2e-3, "material": each} for each in ("clay", "sand")],
            "particles": [{"kind": "given", "items": [{"class": "clay", "position": [0.5, 0.5, 0.5]}]}],
            "time": {"end": 1.0},
        }
    )


CLAY, BOTH, SAND = ({"between": pair} for pair in (["clay", "clay"], ["clay", "sand"], ["sand", "sand"]))


def test_a_case_names_laws_by_pair() -> None:
    """Pairs without a law have those of the case; the table says which of them acts where."""
    given = case(
        {"rolling": "epsd2"}, CLAY | {"law": "eepa", "plasticity_ratio": 0.5}, BOTH | {"adhesion": "jkr"},
        SAND | {"rolling": "none"},
    )  # fmt: skip
    law = composed_law(given)
    assert law.contact.name == "eepa or hertz-mindlin-liggghts"
    assert (law.adhesion.name, law.rolling.name, law.twisting.name) == ("none or jkr", "epsd2 or none", "none")
    table, adhesion = parameter_table(given, law), law.contact.parameter_count
    rolling = adhesion + law.adhesion.parameter_count
    assert table[:, [0, adhesion, rolling]].tolist() == [[0, 0, 0], [1, 1, 0], [1, 1, 0], [1, 0, 1]]


def test_pairs_alike_make_no_choice() -> None:
    """Laws that all pairs share are compiled as before."""
    assert composed_law(case({}, *(pair | {"adhesion": "dmt"} for pair in (CLAY, BOTH, SAND)))) is composed_law(
        case({"adhesion": "dmt"}, CLAY, BOTH, SAND)
    )


def test_the_step_is_that_of_the_stiffest_pair() -> None:
    """A linear pair among Hertz's: the shorter of both times, named."""
    soft, stiff = (
        reference_time(case({}, CLAY, BOTH, SAND | {"law": "linear", "normal_stiffness": k})) for k in (1e2, 1e7)
    )
    assert soft == reference_time(case({}, CLAY, BOTH, SAND))
    assert soft.name == "Rayleigh time" and stiff.name == "contact time scale sqrt(m*/k)"
    assert stiff.value == pytest.approx(np.sqrt(0.5 * 2000 * np.pi / 6 * 8e-9 / 1e7), rel=1e-12)


@pytest.mark.parametrize(
    ("contact", "sand", "told"),
    [
        ({}, {"law": "linear"}, "linear law needs a stiffness"),
        ({}, {"normal_stiffness": 1e3}, "hertz-mindlin law has no normal stiffness"),
        ({}, {"law": "eepa"}, "eepa lacks plasticity_ratio of sand and sand"),
        ({}, {"law": "linear", "normal_stiffness": 1e3, "adhesion": "jkr"}, "contact radius of Hertz"),
        ({"tangential": "lammps"}, {"law": "eepa", "plasticity_ratio": 0.5}, "at different places"),
        ({"law": "ghost"}, {"law": "eepa", "plasticity_ratio": 0.5}, "all pairs are ghosts, or none is"),
    ],
)
def test_laws_that_a_pair_cannot_have_are_refused(contact: dict[str, Any], sand: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told) as error:
        case(contact, CLAY, BOTH, SAND | sand)
    key = error.value.errors()[0]["ctx"]["key"]
    assert key.startswith("contact.tangential" if "places" in told else "pairs.2")


NEW_LAW = """
from dataclasses import replace
from pydantic import ValidationError
from dem.rolling import ROLLING_LAWS
ROLLING_LAWS["new"] = replace(ROLLING_LAWS["none"], name="new", needs="pull_off_force")
from dem.case import DemCase
case = {case}
for pull in ({{}}, {{"pull_off_force": 1e-3}}):
    case["pairs"][0] |= pull
    try:
        print(DemCase.model_validate(case).contact.rolling)
    except ValidationError as error:
        print(error.errors()[0]["ctx"]["problem"], "-", error.errors()[0]["ctx"]["expected"])
"""


def test_a_line_in_the_table_of_its_kind_lets_a_case_name_a_law() -> None:
    """With what it needs, told where a pair has none; a process of its own, as models are made of the tables."""
    of_case = {
        "domain": {"low": [0, 0, 0], "high": [1, 1, 1]},
        "materials": {"sand": {"density": 2500, "youngs_modulus": 1e7}},
        "pairs": [{"between": ["sand", "sand"], "restitution": 0.5, "friction": 0.3}],
        "contact": {"rolling": "new"},
        "classes": [{"name": "grain", "diameter": 2e-3, "material": "sand"}],
        "particles": [{"kind": "given", "items": [{"class": "grain", "position": [0.5, 0.5, 0.5]}]}],
        "time": {"end": 1.0},
    }
    done = subprocess.run([sys.executable, "-c", NEW_LAW.format(case=of_case)], capture_output=True, text=True)
    told = done.stdout.splitlines()
    assert told == ["new lacks pull_off_force of sand and sand - pull_off_force in the pair", "new"], done.stderr
