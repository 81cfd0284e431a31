"""Aggregation: rate constants b_ij [m3/s] of meeting, and probabilities psi_ij of sticking.

Contract of a fitted law and of sticking: `law(first: Granule, second: Granule, conditions: Conditions, parameters:
Parameters) -> float`, symmetric in the two granules, never negative; of a kernel: the same with its own coefficients in
place of the parameters. Events per second are b psi N_i N_j / V_s, and b psi N_i max(N_i - 1, 0) / (2 V_s)
within a class, with V_s the solid volume of the compartment.
"""

FITTED_LAWS = {"dem": "pbm.aggregation.dem:rate_constant"}
"""Rate constants with coefficients fitted to a particle simulation."""
KERNELS = {
    "constant": "pbm.aggregation.constant",
    "sum": "pbm.aggregation.sum",
    "product": "pbm.aggregation.product",
    "gas": "pbm.aggregation.gas",
    "brownian": "pbm.aggregation.brownian",
    "shear": "pbm.aggregation.shear",
    "gravitational": "pbm.aggregation.gravitational",
    "equipartition": "pbm.aggregation.equipartition",
    "kapur": "pbm.aggregation.kapur",
    "adetayo-ennis": "pbm.aggregation.adetayo_ennis",
    "thompson": "pbm.aggregation.thompson",
    "peglow": "pbm.aggregation.peglow",
    "madec": "pbm.aggregation.madec",
}
"""Modules of the laws with coefficients of their own, `Coefficients` with their `UNITS` and `DOMAIN`."""
STICKING_LAWS = {
    "always": "pbm.aggregation.sticking:always",
    "stokes": "pbm.aggregation.sticking:stokes",
    "both-wet": "pbm.aggregation.sticking:both_wet",
    "stokes-deformable": "pbm.aggregation.deformable:stokes_deformable",
}
