"""Adhesion laws: a normal force that pulls two touching surfaces together.

A law is one file with a `LAW` of type `AdhesionLaw`, and one line in `ADHESION_LAWS`. Its `pull(touch, parameters)`
returns the overlap [m] that the contact law is given and the attraction [N], which is taken off the contact law's
normal force. Friction, rolling and twisting are limited by the contact law's own, repulsive normal force, so that
adhesion raises the Coulomb limit: mu (F_n + attraction). That is the choice of Baran, DeGennaro, Rame, Wilkinson, AIP
Conf. Proc. 1145 (2009) 409-412, doi 10.1063/1.3179948, and of Gilabert, Roux, Castellanos, Phys. Rev. E 75 (2007)
011303, doi 10.1103/PhysRevE.75.011303.
"""

from __future__ import annotations

from dem.adhesion import dmt, jkr, none, sjkr
from dem.adhesion.law import AdhesionLaw

ADHESION_LAWS: dict[str, AdhesionLaw] = {
    "none": none.LAW,
    "sjkr": sjkr.LAW,
    "dmt": dmt.LAW,
    "jkr": jkr.LAW,
}
