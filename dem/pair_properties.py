"""From the case to the numbers the laws are given: mixing rules, overrides, and what is missing for which pair."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import ValidationError

from compute.case_model import invalid
from dem.adhesion import ADHESION_LAWS
from dem.case_liquid import Liquid
from dem.case_materials import Contact, Material, MaterialPair
from dem.choice import arms
from dem.composition import conflict
from dem.contact import CONTACT_LAWS
from dem.contact.hertz_mindlin import law_name
from dem.contact.law import PairLaws, PairProperties
from dem.contact.moduli import effective_youngs_modulus
from dem.interaction import Interaction, make_interaction
from dem.liquid import LIQUID_LAWS
from dem.rolling import ROLLING_LAWS
from dem.twisting import TWISTING_LAWS

if TYPE_CHECKING:
    from dem.case import DemCase


def contact_law_name(contact: Contact) -> str:
    """Return the contact law's name in `CONTACT_LAWS`."""
    if contact.law != "hertz-mindlin":
        return contact.law
    return law_name(contact.tangential, contact.tangential_spring, contact.normal_tail, contact.damping)


def pair_laws(contact: Contact) -> PairLaws:
    """Return the names of the laws of a pair with these."""
    return PairLaws(contact_law_name(contact), contact.adhesion, contact.rolling, contact.twisting)


def contacts_of(case: DemCase) -> list[Contact]:
    """Return the laws of the pairs of materials, each once; without pairs those of the case."""
    return list(dict.fromkeys(case.contact.of(pair) for pair in case.pairs)) or [case.contact]


def work_of_adhesion(first: Material, second: Material, pair: MaterialPair) -> float | None:
    """Return w [J/m2] of a pair: its own, or 2 sqrt(g1 g2) of the surface energies; None where neither is given.

    The geometric mean: Girifalco, Good, J. Phys. Chem. 61 (1957) 904-909, doi 10.1021/j150553a013.
    """
    if pair.work_of_adhesion is not None:
        return pair.work_of_adhesion
    if first.surface_energy is None or second.surface_energy is None:
        return None
    return 2.0 * math.sqrt(first.surface_energy * second.surface_energy)


def cohesion_energy_density(first: Material, second: Material, pair: MaterialPair) -> float | None:
    """Return k [J/m3] of a pair: its own, or the geometric mean of the materials'; None where neither is given."""
    if pair.cohesion_energy_density is not None:
        return pair.cohesion_energy_density
    if first.cohesion_energy_density is None or second.cohesion_energy_density is None:
        return None
    return math.sqrt(first.cohesion_energy_density * second.cohesion_energy_density)


def softening(first: Material, second: Material) -> float:
    """Return the effective modulus over that of the real solids [-]; 1 where no real modulus is declared."""
    soft = [each.elasticity for each in (first, second)]
    moduli = [each.real_youngs_modulus or each.youngs_modulus for each in (first, second)]
    real = [each._replace(youngs_modulus=modulus) for each, modulus in zip(soft, moduli)]
    return effective_youngs_modulus(*soft) / effective_youngs_modulus(*real)


def pair_properties(
    contact: Contact, first: Material, second: Material, pair: MaterialPair, liquid: Liquid | None = None
) -> PairProperties:
    """Return what the laws may need to know of a pair of materials; what is not given and not needed is 0.

    contact: its laws.
    """
    dry = PairProperties(
        pair.restitution,
        pair.friction,
        pair.rolling_friction,
        contact.normal_stiffness or 0.0,
        contact.tangential_stiffness_ratio,
        work_of_adhesion(first, second, pair) or 0.0,
        cohesion_energy_density(first, second, pair) or 0.0,
        softening(first, second),
        pair.plasticity_ratio or 0.0,
        pair.adhesive_stiffness_ratio,
        pair.pull_off_force,
        laws=pair_laws(contact),
    )
    if liquid is None:
        return dry
    return dry._replace(
        surface_tension=liquid.surface_tension,
        contact_angle=liquid.contact_angle if pair.contact_angle is None else pair.contact_angle,
        viscosity=liquid.viscosity,
        smallest_gap=liquid.smallest_gap,
        largest_bridge=liquid.largest_bridge if pair.bridges else 0.0,
    )


MIXED = {"work_of_adhesion": work_of_adhesion, "cohesion_energy_density": cohesion_energy_density}
"""Properties of a pair that those of its materials give where it has none of its own."""
HOW_TO_GIVE = {
    "work_of_adhesion": "work_of_adhesion in the pair, or surface_energy in both materials",
    "cohesion_energy_density": "cohesion_energy_density in the pair or in both materials",
    "plasticity_ratio": "plasticity_ratio in the pair, 0 for an elastic one",
}
"""What a property that a law needs can be given by, where that is not the same key in the pair alone."""


def given(need: str, contact: Contact, first: Material, second: Material, pair: MaterialPair) -> object:
    """Return a property that a law needs, by its name, as a pair of materials has it; None where it is not given.

    contact: the laws of the pair.
    """
    if need in MIXED:
        return MIXED[need](first, second, pair)
    if need in Contact.model_fields:
        return getattr(contact, need)
    return getattr(pair, need) if need in pair.model_fields_set else None


def laws_of(contact: Contact, pair: MaterialPair, key: str) -> Contact:
    """Return the laws of a pair.

    Args:
        contact: those of the case.
        key: dotted key of the pair, for the message.

    Raises:
        PydanticCustomError: its laws lack or refuse a key, or the case has no forces.
    """
    if contact.law == "ghost" and pair.law is not None:
        expected = "no such key, or another dem.contact.law"
        raise invalid("all pairs are ghosts, or none is", key=f"{key}.law", value=pair.law, expected=expected)
    try:
        return contact.of(pair)
    except ValidationError as error:
        context = error.errors()[0]["ctx"]
        own = f"{key}.{context['key']}"
        raise invalid(context["problem"], key=own, value=context["value"], expected=context["expected"]) from None


def require_parameters(contact: Contact, first: Material, second: Material, pair: MaterialPair, key: str) -> None:
    """Refuse a pair that lacks what a law of the case needs.

    Args:
        key: dotted key of the pair, for the message.

    Raises:
        PydanticCustomError: naming the two materials, the law and what to give.
    """
    contact_law = CONTACT_LAWS[contact_law_name(contact)]
    for law in (contact_law, ADHESION_LAWS[contact.adhesion], ROLLING_LAWS[contact.rolling]):
        if law.needs and given(law.needs, contact, first, second, pair) is None:
            problem = f"{law.name} lacks {law.needs} of {' and '.join(pair.between)}"
            expected = HOW_TO_GIVE.get(law.needs, f"{law.needs} in the pair")
            raise invalid(problem, key=key, value=None, expected=expected)


def require_composable(contact: Contact, liquid: Liquid | None, key: str) -> None:
    """Refuse laws that cannot act together.

    Args:
        key: dotted key of what names them.

    Raises:
        PydanticCustomError: saying which law lacks what.
    """
    problem = conflict(
        CONTACT_LAWS[contact_law_name(contact)], ADHESION_LAWS[contact.adhesion], ROLLING_LAWS[contact.rolling],
        TWISTING_LAWS[contact.twisting], LIQUID_LAWS[liquid.law if liquid else "none"],
    )  # fmt: skip
    if problem:
        raise invalid(problem, key=key, value=contact.law)


def require_alike(contacts: Sequence[Contact]) -> None:
    """Refuse contact laws that take the velocity of the surfaces at different places: it is taken once for all pairs.

    Raises:
        PydanticCustomError: naming two of them.
    """
    laws = [CONTACT_LAWS[contact_law_name(each)] for each in contacts]
    for law in laws[1:]:
        if arms(law) != arms(laws[0]):
            problem = f"{laws[0].name} and {law.name} take the velocity of the surfaces at different places"
            raise invalid(problem, key="contact.tangential", value="lammps", expected="tangential: liggghts")


def composed_law(case: DemCase) -> Interaction:
    """Return the laws that the case names, as one."""
    kinds = zip(*map(pair_laws, contacts_of(case)))
    names = [tuple(dict.fromkeys(of_pairs)) for of_pairs in kinds]
    contact, adhesion, rolling, twisting = (several if len(several) > 1 else several[0] for several in names)
    liquid = case.liquid.law if case.liquid else "none"
    interaction = make_interaction(contact, rolling, adhesion, twisting, liquid, case.numerics.mixed)
    return interaction.allowing(case.contact.largest_overlap)
