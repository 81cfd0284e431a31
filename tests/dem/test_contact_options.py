"""Options of Hertz-Mindlin: what a case may name, and that each combination is made from the named parts."""

from __future__ import annotations

import itertools

import pytest
from pydantic import ValidationError

from dem.case_materials import Contact
from dem.contact import CONTACT_LAWS
from dem.contact.damping import DAMPINGS, tsuji_coefficient
from dem.contact.hertz_mindlin import TAILS, law_name, make_force
from dem.contact.tangential import LIMITS, SPRINGS
from dem.pair_properties import contact_law_name


def test_every_combination_is_a_law_of_its_own_name() -> None:
    """Two forms by their old names, all others on demand; the damping coefficient shares the compiled force."""
    parts = list(itertools.product(LIMITS, SPRINGS, TAILS, DAMPINGS))
    names = [law_name(*part) for part in parts]
    assert len(set(names)) == len(names) == 24
    assert law_name("lammps", "total", "attractive", "tsuji") == "hertz-mindlin-lammps"
    for name, (limit, spring, tail, _) in zip(names, parts):
        law = CONTACT_LAWS[name]
        assert law.name == name
        assert law.force is make_force(limit, spring, tail == "clipped")
        assert law.history_size == SPRINGS[spring].history_size
    with pytest.raises(KeyError):
        CONTACT_LAWS["hertz-mindlin-liggghts-clipped-rescaled"]


def test_a_case_names_the_parts() -> None:
    contact = Contact(tangential="lammps", tangential_spring="rescaled", normal_tail="clipped", damping="thornton")
    assert contact_law_name(contact) == "hertz-mindlin-lammps-rescaled-clipped-thornton"
    assert contact_law_name(Contact()) == "hertz-mindlin-liggghts"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"damping": "thornton"}, "normal force never attracts"),
        ({"law": "linear", "normal_stiffness": 1e3, "normal_tail": "clipped"}, "linear law has no such choice"),
        ({"law": "ghost", "tangential_spring": "rescaled"}, "ghost law has no such choice"),
    ],
)
def test_parts_that_do_not_fit_are_refused(given: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        Contact.model_validate(given)


@pytest.mark.parametrize("restitution", [0.05, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("name", DAMPINGS)
def test_damping_falls_with_the_restitution(name: str, restitution: float) -> None:
    """0 at e = 1, rising as e falls; where nothing attracts a contact takes more damping for the same e."""
    coefficient = DAMPINGS[name]
    assert coefficient(1.0) == 0.0
    assert restitution == 1.0 or coefficient(restitution) > coefficient(min(1.0, restitution + 0.05))
    assert coefficient(restitution) >= tsuji_coefficient(restitution)
