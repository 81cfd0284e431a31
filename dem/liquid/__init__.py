"""Liquid: pendular bridges between wet particles.

A law is one file with a `LAW` of type `LiquidLaw`, and one line in `LIQUID_LAWS`: a capillary force as a function of
the gap, with constants that follow from the bridge when it forms. Films, the forming and breaking of bridges, and
viscous forces are common to all.
"""

from __future__ import annotations

from dem.liquid import bagheri, none, willett
from dem.liquid.law import LiquidLaw

LIQUID_LAWS: dict[str, LiquidLaw] = {"none": none.LAW, "bagheri": bagheri.LAW, "willett": willett.LAW}
