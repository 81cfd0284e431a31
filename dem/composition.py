"""Which laws can act together."""

from __future__ import annotations

from dem.adhesion.law import AdhesionLaw
from dem.contact.law import ContactLaw
from dem.liquid.law import LiquidLaw
from dem.rolling.law import RollingLaw
from dem.twisting.law import TwistingLaw


def conflict(
    contact: ContactLaw, adhesion: AdhesionLaw, rolling: RollingLaw, twisting: TwistingLaw, liquid: LiquidLaw
) -> str | None:
    """Return why these laws cannot be composed, None if they can."""
    if adhesion.parameter_count and not contact.parameter_count:
        return f"{adhesion.name} needs a contact law that exerts a force, and {contact.name} exerts none"
    if adhesion.hertzian and not contact.hertzian:
        lacks = f"{adhesion.name} builds on the contact radius of Hertz, which {contact.name} does not have"
        return f"{lacks}: take law: hertz-mindlin, or adhesion: dmt or sjkr"
    if liquid.parameter_count and not contact.parameter_count:
        return f"{liquid.name} needs a contact law that exerts a force, and {contact.name} exerts none"
    for law in (rolling, twisting):
        if law.elastic and contact.shear is None:
            lacks = f"{law.name} needs a tangential stiffness, and {contact.name} has none"
            return f"{lacks}: take law: hertz-mindlin or linear"
    return None
