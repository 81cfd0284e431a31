"""The wall time of a case, predicted from what its parts cost here and how often each is done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from coupling.checks.windows import Window
from dem.setup import Setup
from dem.simulation import CHECKPOINT_SECONDS
from dem.speed import Speed


@dataclass(frozen=True)
class Costs:
    """Wall time of one of each [s].

    Attributes:
        start: program begun and case read; packing: particles of a window placed.
        settling, moving: speed of the two phases of the first window; speed: of its impeller [rad/s].
        sample: of the statistics; record: line of what is measured on the way; output, checkpoint: written.
        balance: every population balance of the case and the reduced model; report: the page.
    """

    start: float
    packing: float
    settling: Speed
    moving: Speed
    speed: float
    sample: float
    record: float
    output: float
    checkpoint: float
    balance: float
    report: float


def predict(windows: Iterable[Window], setup: Setup, records: bool, costs: Costs) -> dict[str, float]:
    """Return the wall time of the parts of a run whose code is compiled already [s].

    Lists are made anew in proportion to the speed of the walls. records: whether something is measured on the way.
    """
    parts = dict.fromkeys(("start", "packing", "settling", "moving", "statistics", "writing", "balance", "report"), 0.0)
    parts |= {"start": costs.start, "balance": costs.balance, "report": costs.report}
    for window in windows:
        steps = round(window.duration / setup.step_size)
        settling = min(setup.settle_steps, steps)
        faster = window.speed / costs.speed if costs.speed else 1.0
        rebuilds = 1.0 + costs.moving.rebuild_share * (faster - 1.0)
        parts["packing"] += costs.packing
        parts["settling"] += settling * costs.settling.seconds
        parts["moving"] += (steps - settling) * costs.moving.seconds * rebuilds
        if setup.schedule is not None:
            parts["statistics"] += setup.schedule.blocks * setup.schedule.samples * costs.sample
        parts["writing"] += (steps // setup.output_steps if setup.output_steps else 1) * costs.output
        parts["writing"] += (steps // setup.record_steps if records else 0) * costs.record
        parts["writing"] += (steps // setup.checkpoint_steps if setup.checkpoint_steps else 0) * costs.checkpoint
    parts["writing"] += sum(parts.values()) // CHECKPOINT_SECONDS * costs.checkpoint
    return parts
