"""Daughters of a breakage: number and volume of fragments by size.

Contract of a module: `Coefficients`, `daughters(coefficients)` the number of fragments or infinity, and
`shares(low, high, parent, coefficients) -> (number, volume)` of the fragments of one granule of solid volume `parent`
whose share of its volume lies between `low` and `high`: arrays, the volume as a share of the parent's, so that over
0..1 the volumes add up to one.
"""

DAUGHTERS = {
    "uniform": "pbm.daughters.uniform",
    "symmetric": "pbm.daughters.symmetric",
    "austin": "pbm.daughters.austin",
    "diemer-olson": "pbm.daughters.diemer_olson",
    "vogel": "pbm.daughters.vogel",
    "erosion": "pbm.daughters.erosion",
    "mass-ratio": "pbm.daughters.mass_ratio",
}
