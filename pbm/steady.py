"""The steady state of a continuous granulator, without following it there: pseudo-transient continuation.

(1/h - J) dy = F(y), with an h that grows as the residual falls, h_n+1 = h_n |F_n-1|/|F_n|: a stiff implicit Euler at
first, Newton's method at the end. Kelley and Keyes, SIAM J. Numer. Anal. 35 (1998) 508, doi 10.1137/S0036142996304796.
No content falls by more than nine tenths in a step, so that none turns negative. The search starts where the transient
is after a few mean residence times, so that it finds the state that the equipment reaches when started like that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from compute.errors import CaseError, SimulationError
from pbm.feeding import Inflow, feed_rates
from pbm.grid import Floats
from pbm.inputs import constant
from pbm.model import NUMBER
from pbm.outputs import Outputs
from pbm.rates import Rates
from pbm.residence import ResidenceTime
from pbm.solve import Accuracy, Setup, solve

if TYPE_CHECKING:
    from pbm.granulation import Granulation

ITERATIONS = 200
KEPT = 0.1
"""Smallest share of a content that a step leaves."""
FASTEST = 10.0
"""Largest factor by which the length of a step changes."""
ROUGH = Accuracy(1e-3, 1e-1)
"""Of the transient that the search starts from."""


@dataclass(frozen=True, eq=False)
class SteadyState:
    """Where a continuous granulator comes to rest.

    state: (compartments, 4, classes); outputs: of the whole; flow: what leaves, number [1/s] and [m3/s], (4, classes)
    residual: largest change of any content per mean residence time, as a share of the solids held
    iterations: of the search
    """

    state: Floats
    outputs: Outputs
    flow: Floats
    residual: float
    iterations: int


def find_steady_state(
    model: Granulation,
    speed: float,
    spray: float | None = None,
    initial: Floats | None = None,
    residual: float = 1e-9,
    residence_times: float = 3.0,
) -> SteadyState:
    """Steady state at a speed [rad/s] and spray [kg/s], with the feeds as they are last.

    spray: that of the case while it sprays by default; initial: start of the transient, the charge by default
    residual: largest change of a content per mean residence time, as a share of the solids, at which it is found
    residence_times: how many of them the transient runs first
    Raises CaseError where powder is not both fed and let out, SimulationError where no steady state is found.
    """
    spray = model.case.liquid.spray.rate if spray is None else spray
    start = model.initial_state() if initial is None else initial
    feed = feed_rates(model.inflows, np.inf, start.shape)
    stay = mean_stay(model).mean
    inflows = [Inflow(inflow.place, inflow.contents, constant(inflow.rate.values[-1])) for inflow in model.inflows]
    law = (model.parameters, model.tables)
    times = np.array([0.0, residence_times * stay])
    setup = Setup(model.program, start, *law, constant(speed), constant(spray), inflows)
    transient = solve(setup, times, ROUGH)
    rates = Rates(model.program, *law, speed, spray, feed)
    state, error, iterations = _search(rates, transient.states[-1], stay, residual)
    flow = np.einsum("a,aqk->qk", model.tables.outlet, state)
    return SteadyState(state, model.outputs(state), flow, error, iterations)


def mean_stay(model: Granulation) -> ResidenceTime:
    """Residence time of what is fed, by the last rate of every feed; CaseError without a lasting feed and an outlet."""
    flows = {inflow.place: 0.0 for inflow in model.inflows}
    for inflow in model.inflows:
        flows[inflow.place] += inflow.rate.values[-1]
    total = sum(flows.values())
    if not total > 0.0 or not np.any(model.graph.outlet > 0.0):
        raise CaseError(
            "there is no steady flow", key="pbm.compartments", expected="a feed that does not end, and an outlet"
        )
    return ResidenceTime(model.graph, {model.graph.names[at]: flow / total for at, flow in flows.items()})


def _search(rates: Rates, state: Floats, stay: float, wanted: float) -> tuple[Floats, float, int]:
    """State, its residual and iterations from a first state."""
    from scipy.sparse import diags, eye
    from scipy.sparse.linalg import splu

    weights = rates.weights()
    scale = diags(weights.ravel())
    back, unit = diags(1.0 / weights.ravel()), eye(rates.size)
    change, error, step = rates.change(state)[0], np.inf, stay
    for iteration in range(ITERATIONS):
        before, error = error, _residual(change, state, weights, stay)
        if error <= wanted:
            return state, error, iteration
        if iteration:
            step *= min(max(before / error, 1.0 / FASTEST), FASTEST)
        matrix = (unit / step - scale @ rates.jacobian(state) @ back).tocsc()
        moved = splu(matrix).solve((weights * change).ravel()).reshape(state.shape) / weights
        state = np.maximum(state + moved, KEPT * state)
        change = rates.change(state)[0]
        if not np.all(np.isfinite(change)):
            break
    raise SimulationError(
        f"no steady state was found: the residual is {error:.2e} after {iteration + 1} steps, expected {wanted:.1e}; "
        "start from a longer transient (residence_times), or accept a larger residual"
    )


def _residual(change: Floats, state: Floats, weights: Floats, stay: float) -> float:
    solids = float((state * weights)[:, NUMBER].sum())
    return float(np.max(np.abs(change * weights))) * stay / solids
