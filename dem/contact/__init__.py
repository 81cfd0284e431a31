"""Contact laws: normal and tangential force of two touching surfaces.

A law is one file with a `LAW` of type `ContactLaw`, and one line in `CONTACT_LAWS`. Its `force(touch, parameters,
history)` takes a `Touch`, the parameters of the material pair and the history of the contact, all floats, and returns
`(normal, fx, fy, fz, loss, history)`: the repulsive normal force [N], the tangential force on the particle that sees
the contact [N], the power lost [W], and the new history.
"""

from __future__ import annotations

from dem.contact import ghost, hertz_mindlin, linear
from dem.contact.law import ContactLaw

CONTACT_LAWS: dict[str, ContactLaw] = {
    "hertz-mindlin-liggghts": hertz_mindlin.LIGGGHTS,
    "hertz-mindlin-lammps": hertz_mindlin.LAMMPS,
    "linear": linear.LAW,
    "ghost": ghost.LAW,
}
