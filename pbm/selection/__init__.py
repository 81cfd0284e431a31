"""Breakage rates S [1/s] with coefficients of their own.

Contract: `rate(parent: Parent, conditions: Conditions, coefficients) -> S`, never negative; the module holds
`Coefficients` with their `UNITS` and `DOMAIN`. The law fitted to a particle simulation is in `pbm.breakage`.
"""

SELECTIONS = {
    "power": "pbm.selection.power",
    "pandya-spielman": "pbm.selection.pandya_spielman",
    "soos": "pbm.selection.soos",
    "vogel": "pbm.selection.vogel",
    "impact-speed": "pbm.selection.impact_speed",
}
