"""From a case to what a simulation starts from: classes, laws, walls, step size and the schedule."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from compute.base import Backend
from dem.case import DemCase
from dem.case_limits import time_step
from dem.case_statistics import StatisticsSettings
from dem.compartments import compartment_count
from dem.domain import make_domain
from dem.engine_settings import EngineSettings
from dem.pair_properties import composed_law
from dem.pairs import PairSettings
from dem.particle_set import ClassTable, class_table
from dem.recorder import Recorder, make_tally
from dem.schedule import Schedule, schedule_of
from dem.skin import largest_gap_of_walls, parameter_table, rearm_gap_of, skin_lengths
from dem.tally import Tally
from dem.walls import build_walls

RECORDS = 100
"""Lines of what is recorded on the way, in a case that does not say how often."""


@dataclass(frozen=True)
class Setup:
    """What a simulation is made of.

    Attributes:
        step_size: time step [s].
        settle_steps: steps before walls move.
        schedule: blocks of the statistics; none: nothing is counted.
        last_step: number of steps of the whole run.
        output_steps, checkpoint_steps: steps between outputs, 0 for none before the end.
        record_steps: steps between two lines of what is recorded on the way.
    """

    case: DemCase
    classes: ClassTable
    engine: EngineSettings
    step_size: float
    settle_steps: int
    schedule: Schedule | None
    last_step: int
    output_steps: int
    checkpoint_steps: int
    record_steps: int


def make_setup(case: DemCase) -> Setup:
    """Return the set-up of a case."""
    step = time_step(case)
    classes = class_table(case)
    settle = round(case.time.settle / step)
    schedule = schedule_of(case, step)
    last = schedule.last if schedule else round((case.time.end or 0.0) / step)
    return Setup(
        case, classes, _engine_settings(case, classes, step, settle), step, settle, schedule, last,
        _interval(case.time.output_interval, step), _interval(case.time.checkpoint_interval, step),
        _interval(case.observables.interval if case.observables else case.time.output_interval, step)
        or max(1, last // RECORDS),
    )  # fmt: skip


def _interval(duration: float | None, step: float) -> int:
    return 0 if duration is None else max(1, round(duration / step))


def _engine_settings(case: DemCase, classes: ClassTable, step: float, settle: int) -> EngineSettings:
    names = list(case.materials)
    interaction = composed_law(case)
    parameters = parameter_table(case, interaction)
    radius = classes.radii
    rearm_gap = rearm_gap_of(case)
    largest = float(radius.max())
    gap = largest_gap_of_walls(interaction, parameters, largest)
    skin = max(skin_lengths(case, classes, interaction, parameters).values())
    domain = case.domain
    periodic = ("x" in domain.periodic, "y" in domain.periodic, "z" in domain.periodic)
    delay = settle * step
    walls = [wall.model_copy(update={"motion": wall.motion and wall.motion.delayed(delay)}) for wall in case.walls]
    return EngineSettings(
        interaction=interaction,
        domain=make_domain(np.array(domain.low), np.array(domain.high), periodic, domain.shear_rate),
        pairs=PairSettings(parameters, len(names), rearm_gap),
        walls=build_walls(
            walls, names, largest, rearm_gap + 0.5 * gap / largest, float(np.linalg.norm(domain.size)), skin
        ),
        gravity=np.array(case.gravity),
        step_size=step,
        skin=skin,
        radii=radius,
        statistics=case.statistics is not None and case.statistics.enabled,
        shapes=classes.shapes,
        class_mass=classes.mass,
        film_share=np.array([case.liquid.content_of(name) if case.liquid else 0.0 for name in classes.names]),
    )


def make_recorder(setup: Setup, backend: Backend, mean_mass: float) -> tuple[Tally, Recorder | None]:
    """Return the accumulators, and the recorder of the case's window if it has one."""
    case, walls = setup.case, [wall.name for wall in setup.case.walls]
    settings = case.statistics or StatisticsSettings(block=1.0, bins=4)
    compartments = compartment_count(settings.partition)
    tally = make_tally(backend, settings, compartments, len(setup.classes.diameter), len(walls), mean_mass)
    if setup.schedule is None:
        return tally, None
    volume = float(np.prod(case.domain.size))
    diameter = np.asarray(setup.classes.diameter)
    return tally, Recorder(backend, settings, setup.schedule, tally, diameter, walls, volume, setup.step_size)
