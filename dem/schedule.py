"""Steps of the window in which statistics are counted: its blocks and the samples of a block."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dem.case import DemCase
from dem.case_statistics import StatisticsSettings
from dem.case_time import Duration, Passages

DEFAULT_SAMPLES_PER_BLOCK = 20
DEFAULT_LAG_SHARE = 0.25


@dataclass(frozen=True)
class Schedule:
    """Steps of a window: first step, steps in a block, number of blocks, samples in a block."""

    first: int
    block_steps: int
    blocks: int
    samples: int

    @property
    def last(self) -> int:
        """Number of the step at which the window ends."""
        return self.first + self.blocks * self.block_steps

    def sample_offsets(self) -> NDArray[np.int64]:
        """Return the steps within a block at which samples are taken, and the block's length, shape (samples + 1,)."""
        return np.arange(self.samples + 1, dtype=np.int64) * self.block_steps // self.samples

    def next_event(self, step: int) -> int:
        """Return the first step after `step` at which a sample is due or a block ends."""
        if step < self.first:
            return self.first
        within = (step - self.first) % self.block_steps
        offsets = self.sample_offsets()
        return step - within + int(offsets[np.searchsorted(offsets, within, side="right")])


def duration_steps(case: DemCase, duration: Duration, step: float) -> int:
    """Return how many steps a duration takes, given in seconds or as passages of a turning wall."""
    seconds = duration.duration(case.wall_speed(duration.of)) if isinstance(duration, Passages) else duration
    return round(seconds / step)


def schedule_of(case: DemCase, step: float) -> Schedule | None:
    """Return the steps of the window of a case, none where nothing is counted; step: time step [s]."""
    settings = case.statistics
    if settings is None or not settings.enabled:
        return None
    block = max(1, duration_steps(case, settings.block, step))
    seconds = settings.sample_interval or block * step / DEFAULT_SAMPLES_PER_BLOCK
    samples = int(np.clip(round(block * step / seconds), 1, block))
    settle = round(case.time.settle / step)
    return Schedule(settle + duration_steps(case, case.time.spin_up, step), block, settings.blocks, samples)


def lag_in_samples(settings: StatisticsSettings, schedule: Schedule, step_size: float) -> int:
    """Return the lag of the transition matrices in samples."""
    share = settings.lag / (schedule.block_steps * step_size) if settings.lag else DEFAULT_LAG_SHARE
    return max(1, round(share * schedule.samples))
