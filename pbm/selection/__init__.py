"""Breakage rates S [1/s] with coefficients of their own, for use alone.

Contract: `rate(solid volume, granule volume, ln diameter, mass, conditions, coefficients) -> S`, never negative; the
module holds `Coefficients` with their `UNITS`. The law of the granulation model is in `pbm.breakage`.
"""

SELECTIONS = {
    "power": "pbm.selection.power",
    "pandya-spielman": "pbm.selection.pandya_spielman",
    "soos": "pbm.selection.soos",
    "vogel": "pbm.selection.vogel",
}
