"""Contact without force: encounters are counted while particles pass through each other.

Used to compare encounter rates with closed forms for straight or affine motion.
"""

from __future__ import annotations

import math
from typing import Any

from compute.physics import physics
from dem.contact.law import ContactLaw, Elasticity, PairProperties
from dem.touch import Touch


def parameters_of(first: Elasticity, second: Elasticity, pair: PairProperties) -> tuple[float, ...]:
    """Return no parameters."""
    return ()


@physics
def force(touch: Touch, parameters: Any, history: Any) -> Any:
    """Return no force."""
    return 0.0, 0.0, 0.0, 0.0, 0.0, history


LAW = ContactLaw("ghost", force, parameters_of, 0, 0, overlap_limit=math.inf)
