"""Contact laws: normal and tangential force of two touching surfaces.

A law is one file with a `LAW` of type `ContactLaw`, and one name in `OTHERS`. Its `force(touch, parameters,
history)` takes a `Touch`, the parameters of the material pair and the history of the contact, all floats, and returns
`(normal, fx, fy, fz, loss, history)`: the repulsive normal force [N], the tangential force on the particle that sees
the contact [N], the power lost [W], and the new history.
"""

from __future__ import annotations

from dem.contact import eepa, ghost, hertz_mindlin, linear, walton_braun
from dem.contact.law import ContactLaw

HERTZ_MINDLIN = ("hertz-mindlin-liggghts", "hertz-mindlin-lammps", "hertz-mindlin-lammps-rescaled-clipped-thornton")
"""The two published forms, and one that has every part that they do not have."""


class ContactLaws(dict[str, ContactLaw]):
    """Contact laws by name; every other combination of the parts of Hertz-Mindlin is made when it is asked for."""

    def __missing__(self, name: str) -> ContactLaw:
        return hertz_mindlin.make_law(name)


OTHERS = {law.name: law for law in (linear.LAW, walton_braun.LAW, eepa.LAW, ghost.LAW)}
CONTACT_LAWS = ContactLaws({law.name: law for law in map(hertz_mindlin.make_law, HERTZ_MINDLIN)} | OTHERS)
CONTACT_NAMES = (hertz_mindlin.FAMILY, *OTHERS)
"""What a case names: it gives the parts of Hertz-Mindlin apart."""
