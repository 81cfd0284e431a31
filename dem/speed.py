"""How fast a simulation runs here: measured on the case itself, after it has settled."""

from __future__ import annotations

from time import perf_counter
from typing import NamedTuple

from dem.simulation import Simulation

REPEATS = 5
"""Measurements of which the median counts."""


class Speed(NamedTuple):
    """Speed of one phase of a simulation.

    particles: their number; seconds: wall time of one step [s]; rebuild_share: of the wall time that went into
    making the pair list anew; rebuild_interval: steps between two rebuilds.
    """

    particles: int
    seconds: float
    rebuild_share: float
    rebuild_interval: float

    @property
    def rate(self) -> float:
        """Particle-steps per second."""
        return self.particles / self.seconds


class Phases(NamedTuple):
    """Speed while the particles settle, and once the walls move: the median of REPEATS measurements.

    first: wall time until the first step was done [s].
    """

    first: float
    settling: Speed
    moving: Speed


def measure_phases(simulation: Simulation, steps: int) -> Phases:
    """Run the first step, the whole settling phase and `steps` steps REPEATS times beyond the spin-up's first half."""
    began, settled = perf_counter(), simulation.setup.settle_steps
    simulation.advance(1)
    first = perf_counter() - began
    schedule = simulation.setup.schedule
    settling = _over(simulation, max(settled, 1 + steps))
    begin = max(simulation.engine.step_number, (settled + schedule.first) // 2 if schedule else settled)
    simulation.advance(begin)
    spans = [_over(simulation, begin + (number + 1) * steps) for number in range(REPEATS)]
    return Phases(first, settling, spans[[span.seconds for span in spans].index(_middle(spans))])


def _middle(spans: list[Speed]) -> float:
    return sorted(span.seconds for span in spans)[len(spans) // 2]


def _over(simulation: Simulation, last: int) -> Speed:
    engine = simulation.engine
    steps, rebuilds, spent = last - engine.step_number, engine.rebuilds, engine.rebuild_seconds
    began = perf_counter()
    simulation.advance(last)
    seconds = perf_counter() - began
    share, times = (engine.rebuild_seconds - spent) / seconds, engine.rebuilds - rebuilds
    return Speed(engine.size, seconds / steps, share, steps / max(times, 1))
