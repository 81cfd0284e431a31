"""What the population balances of a case will cost: tried with a stand-in for the law that particles will give."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

import numpy as np

from coupling.case import Case
from coupling.reduced.build import FINE_CLASSES, FINE_RULE
from pbm.case import PbmCase
from pbm.granulation import FixedRule, Granulation
from pbm.stated import NO_LAW

CORNERS = 3
"""Batches on which the reduced model is compared with the full one."""
GRIDS = 4
"""Grids of the reduced model that are tried, as a rule."""
COEFFICIENTS = 16
"""Runs with a coefficient of the law moved, and one with none."""
PART = 0.01
"""Share of a batch that is run."""
INSTANT = 1e-9
"""Duration of the run that makes the compiler work [s]."""
BATCHES = 2
"""Batches of a coupled case: with the kernel of the feed, and with that of the design."""


def balance_seconds(case: Case, speed: float) -> float:
    """Return the wall time of balances and reduced model of a coupled case [s]; speed: of its impeller [rad/s]."""
    if case.pbm is None or case.coupling is None:
        return 0.0
    regions = case.pbm.compartments
    known = case.pbm.model_copy(update={"compartments": None}) if regions and regions.exchange == "dem" else case.pbm
    model = Granulation(known, NO_LAW, compiled=case.backend != "python")
    model.simulate(speed, np.array([0.0, INSTANT]))
    batches = BATCHES * _timed(lambda: model.simulate(speed))
    return batches if case.pbm.flows_through else batches + _reduced_seconds(case, case.pbm, speed)


def _reduced_seconds(case: Case, balance: PbmCase, speed: float) -> float:
    """Building the reduced model: the full one and the tried ones on every corner, then each coefficient moved."""
    fine = _seconds_of_rule(balance, max(balance.grid.classes, FINE_CLASSES), FINE_RULE, speed)
    coarse = _seconds_of_rule(balance, case.reduced.classes, FixedRule(longest=case.reduced.step_max), speed)
    return CORNERS * (fine + (GRIDS + COEFFICIENTS) * coarse)


def _seconds_of_rule(balance: PbmCase, classes: int, rule: FixedRule, speed: float) -> float:
    """Wall time of a batch by the fixed rule on a grid of so many classes, from its first hundredth [s]."""
    grid = balance.grid.model_copy(update={"classes": classes})
    model = Granulation(balance.model_copy(update={"grid": grid, "compartments": None}), NO_LAW)
    state, part = model.initial_state(), PART * balance.end
    model.step_fixed_rule(state, INSTANT, speed, 0.0)
    return _timed(lambda: model.step_fixed_rule(state, part, speed, balance.liquid.spray.rate, rule)) / PART


def _timed(work: Callable[[], Any]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began
