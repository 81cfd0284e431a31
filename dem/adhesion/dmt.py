"""DMT adhesion: a constant attraction 2 pi w R* while the surfaces touch, w the work of adhesion.

Source: Derjaguin, Muller, Toporov, J. Colloid Interface Sci. 53 (1975) 314-326, doi 10.1016/0021-9797(75)90018-1.
"""

from __future__ import annotations

import math
from typing import Any

from compute.physics import physics
from dem.adhesion.law import AdhesionLaw
from dem.contact.law import Elasticity, PairProperties
from dem.touch import Touch


def parameters_of(first: Elasticity, second: Elasticity, pair: PairProperties) -> tuple[float, ...]:
    """Return (2 pi w [N/m],) of a pair of materials."""
    return (2.0 * math.pi * pair.work_of_adhesion,)


@physics
def pull(touch: Touch, parameters: Any) -> tuple[float, float]:
    """2 pi w R* in touch, nothing apart."""
    (tension,) = parameters
    return touch.overlap, tension * touch.radius if touch.overlap > 0.0 else 0.0


LAW = AdhesionLaw("dmt", pull, parameters_of, 1, needs="work_of_adhesion")
