"""Closed solutions of population balances against what the product computes, as rows of checks."""

from __future__ import annotations

from importlib import import_module

from compute.case_model import closest
from compute.errors import CaseError
from compute.verification import Check

CASES = {
    "constant": "pbm.verification.aggregation:constant_kernel",
    "granulation": "pbm.verification.granulation:constant_kernel",
    "sum": "pbm.verification.aggregation:sum_kernel",
    "product": "pbm.verification.aggregation:product_kernel",
    "discrete": "pbm.verification.aggregation:discrete_start",
    "gas": "pbm.verification.aggregation:gas_of_one_variance",
    "schemes": "pbm.verification.aggregation:published_schemes",
    "order": "pbm.verification.aggregation:observed_orders",
    "order-by-grid": "pbm.verification.aggregation:orders_by_grid",
    "breakage": "pbm.verification.breakage:linear_rate",
    "fragments": "pbm.verification.breakage:constant_rate",
    "balance": "pbm.verification.breakage:against_aggregation",
    "growth": "pbm.verification.growth:exponential_growth",
    "growth-order": "pbm.verification.growth:observed_orders",
    "two-components": "pbm.verification.components:constant_kernel",
    "several-components": "pbm.verification.components:any_number",
    "several-components-breakage": "pbm.verification.components:independent_fragments",
    "several-components-growth": "pbm.verification.components:growth_along_two_axes",
    "fixed-pivot-2d": "pbm.verification.components:published_fixed_pivot",
    "moments": "pbm.verification.moments:closed_kernels",
    "moments-extended": "pbm.verification.moments:extended",
    "moments-breakage": "pbm.verification.moments:breakage",
}
"""Cases by name: a function without arguments that returns their rows."""


def population_checks(names: list[str] | None = None) -> list[Check]:
    """Rows of the cases with these names, all by default; CaseError for an unknown name."""
    rows: list[Check] = []
    for name in names or list(CASES):
        if name not in CASES:
            known = ", ".join(CASES)
            near = closest(name, CASES)
            raise CaseError("no such case", key="verify pbm", value=name, expected=f"one of: {known}", nearest=near)
        module, function = CASES[name].split(":")
        rows += getattr(import_module(module), function)()
    return rows
