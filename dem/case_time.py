"""Time step, phases of a run and output intervals; durations as seconds or as blade passages."""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from compute.case_model import CaseModel
from compute.quantities import NotNegative, Number, Positive, Time


class Passages(CaseModel):
    """A duration measured by a turning wall: `count` passages of its `blades` evenly spaced blades."""

    of: str
    blades: int = Field(ge=1)
    count: Annotated[Number, Positive] = 1.0

    def duration(self, speed: float) -> float:
        """Return 2 pi count / (blades |speed|) [s] for the wall's angular speed [rad/s]."""
        return 2 * math.pi * self.count / (self.blades * abs(speed))


def _which_duration(value: Any) -> str:
    return "passages" if isinstance(value, (dict, Passages)) else "seconds"


Duration = Annotated[
    Annotated[Time, NotNegative, Tag("seconds")] | Annotated[Passages, Tag("passages")],
    Discriminator(_which_duration),
]


class TimeSettings(CaseModel):
    """Phases of a run: settling with all walls at rest, spin-up that no statistics see, then the window itself.

    Attributes:
        step: time step [s]; without it `rayleigh_share` of the shortest Rayleigh time (of the contact time for the
            linear law) is taken.
        end: end of a run without statistics blocks [s].
        settle: phase before any wall moves; the starts of motions are counted from its end.
        spin_up: phase in which the walls move and nothing is counted.
        output_interval: simulated time between outputs [s]; without it only the end is written.
        checkpoint_interval: simulated time between checkpoints [s], beside those that wall time asks for.
    """

    step: Annotated[Time, Positive] | None = None
    rayleigh_share: Annotated[Number, Field(gt=0, le=1)] = 0.18
    end: Annotated[Time, Positive] | None = None
    settle: Annotated[Time, NotNegative] = 0.0
    spin_up: Duration = 0.0
    output_interval: Annotated[Time, Positive] | None = None
    checkpoint_interval: Annotated[Time, Positive] | None = None
