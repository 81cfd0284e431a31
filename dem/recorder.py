"""The statistics of a window: tallies and samples, block by block, into an `EncounterStatistics`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from compute.base import Backend, bring, gathered
from compute.errors import SimulationError
from compute.running_sums import clear_word
from dem.case_statistics import StatisticsSettings
from dem.schedule import Schedule, lag_in_samples
from dem.statistics_result import EncounterStatistics
from dem.tally import (
    BIRTHS,
    CONTACT_STEPS,
    ENCOUNTERS,
    FIELD_COUNT,
    FORCE,
    LANES,
    LOAD_COUNT,
    LOSS,
    NORMAL,
    SPEED,
    SPEED_SQUARE,
    TANGENTIAL,
    TORQUE,
    WORK,
    Tally,
    fold_classes,
)
from dem.transport import Transport
from dem.transport_sums import LAGS
from dem.wall_loads import WallLoads

if TYPE_CHECKING:
    from dem.engine import Engine

QUANTA_PER_REFERENCE = 2.0**40
"""Quanta in the highest speed of the histogram, in its square, and in the energy of a mean particle at that speed."""

QUANTA_PER_IMPULSE = 2.0**36
"""Quanta in the momentum of a mean particle at the highest speed, and in its angular momentum at 1 m."""

LARGEST_SUM = 2**62


def make_tally(
    backend: Backend, settings: StatisticsSettings, compartments: int, classes: int, walls: int, mean_mass: float
) -> Tally:
    """Return empty accumulators with quanta fit for the highest speed of the histogram and the mean mass [kg]."""
    low, high = settings.speed_range
    quanta = np.array(
        [
            QUANTA_PER_REFERENCE / (mean_mass * high**2),
            QUANTA_PER_REFERENCE / high,
            QUANTA_PER_REFERENCE / high**2,
            np.log(low),
            settings.bins / np.log(high / low),
            QUANTA_PER_IMPULSE / (mean_mass * high),
            QUANTA_PER_IMPULSE / (mean_mass * high),
        ]
    )
    chunks, zeros = backend.threads, backend.zeros
    pair_cells, wall_cells = compartments * classes**2, max(1, compartments * classes * walls)
    return Tally(
        zeros((chunks, pair_cells, FIELD_COUNT), np.int64),
        zeros((chunks, pair_cells, 2, settings.bins), np.int64),
        zeros((chunks, wall_cells, FIELD_COUNT), np.int64),
        zeros((chunks, wall_cells, 2, settings.bins), np.int64),
        zeros((chunks, max(1, walls) * LANES, LOAD_COUNT), np.int64),
        backend.array(quanta),
        backend.array(np.array([classes, walls], np.int64)),
    )


class Recorder:
    """Takes samples and closes blocks of one window.

    Attributes:
        schedule: its steps.
        tally: accumulators that the loops write to.
    """

    def __init__(
        self,
        backend: Backend,
        settings: StatisticsSettings,
        schedule: Schedule,
        tally: Tally,
        class_diameter: NDArray[np.float64],
        wall_names: list[str],
        box_volume: float,
        step_size: float,
    ) -> None:
        self.backend, self.settings, self.schedule = backend, settings, schedule
        self.tally, self.step_size = tally, step_size
        self.inverse_quanta = backend.numpy(tally.quanta)
        self.class_diameter, self.wall_names = class_diameter, wall_names
        self.lag_samples = lag_in_samples(settings, schedule, step_size)
        volume = box_volume if settings.exposure_volume == "box" else None
        self.transport = Transport(backend, settings.partition, len(class_diameter), self.lag_samples, volume)
        self.blocks: list[dict[str, NDArray[Any]]] = []

    def visit(self, step: int, engine: Engine) -> None:
        """Do what is due at this step: end a block, begin one, take a sample."""
        if step < self.schedule.first or len(self.blocks) == self.schedule.blocks:
            return
        within = (step - self.schedule.first) % self.schedule.block_steps
        with gathered(self.backend):
            if within == 0:
                if step > self.schedule.first:
                    self._close_block()
                self._clear_tally()
                self.transport.reset()
            offsets = self.schedule.sample_offsets()
            at = int(np.searchsorted(offsets, within))
            if offsets[at] == within and step < self.schedule.last:
                self.sample(engine, float(offsets[at + 1] - within) * self.step_size)

    def sample(self, engine: Engine, weight: float) -> None:
        """Take a sample that stands for `weight` seconds, and tell the engine the compartments."""
        with gathered(self.backend):
            engine.set_compartments(self.transport.sample(engine.bodies(), weight, engine.id_end))

    def _clear_tally(self) -> None:
        for array in self.tally[:5]:
            self.backend.foreach(clear_word, array.size, array.reshape(-1))

    def _close_block(self) -> None:
        *tallies, totals, moves = bring(self.backend, (*self.tally[:5], *self.transport.accumulators))
        pair_counts, pair_speeds, wall_counts, wall_speeds, lanes = (array.sum(axis=0) for array in tallies)
        pair_counts, pair_speeds = (fold_classes(sums, len(self.class_diameter)) for sums in (pair_counts, pair_speeds))
        largest = max(np.abs(pair_counts).max(), np.abs(wall_counts).max(), LANES * float(np.abs(lanes).max()))
        if largest > LARGEST_SUM:
            raise SimulationError(
                "a sum of the encounter statistics came near its largest value; raise dem.statistics.speed_range, "
                "or shorten dem.statistics.block"
            )
        sums = self.transport.sums_of(totals, moves)
        self.blocks.append(
            {
                "pair_counts": pair_counts,
                "pair_speeds": pair_speeds,
                "wall_counts": wall_counts,
                "wall_speeds": wall_speeds,
                "wall_loads": lanes.reshape(-1, LANES, LOAD_COUNT).sum(axis=1),
                "exposure": sums.exposure,
                "particle_time": sums.particle_time,
                "solid_volume_time": sums.solid_volume_time,
                "mean_velocity": sums.mean_velocity,
                "transitions": sums.transitions,
            }
        )

    def state(self) -> dict[str, NDArray[Any]]:
        """Return the arrays a checkpoint must hold."""
        state: dict[str, NDArray[Any]] = {
            f"tally.{at}": self.backend.numpy(array) for at, array in enumerate(self.tally[:5])
        }
        state |= {f"transport.{name}": array for name, array in self.transport.state().items()}
        if self.blocks:
            state |= {f"blocks.{name}": np.stack([block[name] for block in self.blocks]) for name in self.blocks[0]}
        return state

    def restore(self, state: dict[str, NDArray[Any]]) -> None:
        """Take over the arrays of a checkpoint; tallies of another number of threads go to the first chunk."""
        for at, array in enumerate(self.tally[:5]):
            array[:] = 0
            array[0] = self.backend.array(state[f"tally.{at}"].sum(axis=0))
        parts = {
            group: {name.removeprefix(group): array for name, array in state.items() if name.startswith(group)}
            for group in ("transport.", "blocks.")
        }
        self.transport.restore(parts["transport."])
        stacks = parts["blocks."]
        count = len(next(iter(stacks.values()))) if stacks else 0
        self.blocks = [{name: stack[at] for name, stack in stacks.items()} for at in range(count)]

    def loads(self) -> WallLoads:
        """Return the mean loads on the walls in the blocks closed so far."""
        count, walls = len(self.blocks), len(self.wall_names)
        duration = self.schedule.block_steps * self.step_size
        stack = [block["wall_loads"][:walls] for block in self.blocks]
        sums = np.array(stack, dtype=float).reshape(count, walls, LOAD_COUNT) / duration
        return WallLoads(
            start=self.step_size * (self.schedule.first + self.schedule.block_steps * np.arange(count, dtype=float)),
            duration=duration,
            names=tuple(self.wall_names),
            force=sums[..., FORCE : FORCE + 3] / self.inverse_quanta[5],
            torque=sums[..., TORQUE : TORQUE + 3] / self.inverse_quanta[6],
            power=sums[..., WORK] / self.inverse_quanta[0],
        )

    def result(self) -> EncounterStatistics:
        """Return the statistics of the blocks closed so far."""
        lowest, highest = self.settings.speed_range
        edges = np.geomspace(lowest, highest, self.settings.bins + 1)
        stack = {name: np.stack([block[name] for block in self.blocks]) for name in self.blocks[0]}
        compartments, classes, walls = self.transport.compartments, len(self.class_diameter), len(self.wall_names)
        pair_shape, wall_shape = (compartments, classes, classes), (compartments, classes, walls)
        wall_rows = compartments * classes * walls
        pair = stack["pair_counts"].reshape(len(self.blocks), *pair_shape, FIELD_COUNT)
        wall = stack["wall_counts"][:, :wall_rows].reshape(len(self.blocks), *wall_shape, FIELD_COUNT)
        pair_speeds = stack["pair_speeds"].sum(axis=0).reshape(*pair_shape, 2, self.settings.bins)
        wall_speeds = stack["wall_speeds"][:, :wall_rows].sum(axis=0).reshape(*wall_shape, 2, self.settings.bins)
        energy, speed, square = (1.0 / self.inverse_quanta[at] for at in range(3))
        samples = self.schedule.samples
        return EncounterStatistics(
            block_time=np.full(len(self.blocks), self.schedule.block_steps * self.step_size),
            class_diameter=self.class_diameter,
            wall_names=np.array(self.wall_names, dtype=np.str_),
            speed_edges=edges,
            encounters=pair[..., ENCOUNTERS],
            births=pair[..., BIRTHS],
            normal_speed_counts=pair_speeds[..., NORMAL, :],
            tangential_speed_counts=pair_speeds[..., TANGENTIAL, :],
            normal_speed_sum=pair[..., SPEED] * speed,
            normal_speed_square_sum=pair[..., SPEED_SQUARE] * square,
            dissipated_energy=pair[..., LOSS] * energy,
            contact_time=pair[..., CONTACT_STEPS] * self.step_size,
            exposure=stack["exposure"],
            wall_encounters=wall[..., ENCOUNTERS],
            wall_births=wall[..., BIRTHS],
            wall_normal_speed_counts=wall_speeds[..., NORMAL, :],
            wall_tangential_speed_counts=wall_speeds[..., TANGENTIAL, :],
            wall_normal_speed_sum=wall[..., SPEED] * speed,
            wall_normal_speed_square_sum=wall[..., SPEED_SQUARE] * square,
            wall_dissipated_energy=wall[..., LOSS] * energy,
            wall_contact_time=wall[..., CONTACT_STEPS] * self.step_size,
            particle_time=stack["particle_time"],
            solid_volume_time=stack["solid_volume_time"],
            mean_velocity=stack["mean_velocity"],
            transitions=stack["transitions"],
            lag=self.lag_samples * self.schedule.block_steps * self.step_size / samples,
        )


__all__ = ["LAGS", "Recorder", "Schedule", "make_tally"]
