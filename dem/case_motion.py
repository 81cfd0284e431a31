"""How walls move: they turn, slide or are tapped as functions of the time, or follow a load."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from compute.case_model import CaseModel, invalid
from compute.quantities import (
    AngularSpeed,
    Direction,
    Force,
    Length,
    Mass,
    NotNegative,
    Number,
    Position,
    Positive,
    Rate,
    Speed,
    Time,
)

ORIGIN = (0.0, 0.0, 0.0)
UPWARDS = (0.0, 0.0, 1.0)
FREE_FALL = 9.81
"""Acceleration of a tapped wall on its way down [m/s2]."""
Profile = Annotated[tuple[tuple[Annotated[Time, NotNegative], Number], ...], Field(min_length=1)]


class _Motion(CaseModel):
    axis: Direction = UPWARDS
    start: Annotated[Time, NotNegative] = 0.0

    @property
    def peak_speed(self) -> float:
        """Largest angular speed about its own axis [rad/s]."""
        return 0.0

    @property
    def peak_glide(self) -> float:
        """Largest speed along its own axis [m/s]."""
        return 0.0

    def delayed(self, time: float) -> Any:
        """Return the same motion begun later by a time [s]."""
        return self.model_copy(update={"start": self.start + time})


class _Course(_Motion):
    ramp: Annotated[Time, NotNegative] = 0.0
    period: Annotated[Time, Positive] | None = None
    profile: Profile | None = None
    carrier: AnyMotion | None = None

    @model_validator(mode="after")
    def _one_course(self) -> Any:
        times = [time for time, _ in self.profile or ()]
        if any(later <= earlier for earlier, later in pairwise(times)):
            raise invalid("the times do not rise", key="profile", value=times, expected="rising times")
        if self.profile and (self.period is not None or self.ramp):
            raise invalid("a profile has its own ramps", key="profile", expected="profile, or ramp and period")
        if getattr(self.carrier, "carrier", None) is not None:
            raise invalid("the carrier is carried itself", key="carrier", expected="one that stands on the ground")
        return self

    def delayed(self, time: float) -> Any:
        """Return the same motion, carrier included, begun later by a time [s]."""
        carrier = None if self.carrier is None else self.carrier.delayed(time)
        return self.model_copy(update={"start": self.start + time, "carrier": carrier})

    @property
    def _peak_share(self) -> float:
        """Largest share of the speed; a swing that widens passes it by T/(2 pi ramp)."""
        if self.profile:
            return max(abs(share) for _, share in self.profile)
        if self.period is not None and self.ramp:
            return math.hypot(1.0, self.period / (2.0 * math.pi * self.ramp))
        return 1.0


class Motion(_Course):
    """Rotation about an axis, by the right-hand rule.

    The speed grows linearly from 0 at `start` to `speed` at `start + ramp` and then stays; or it swings, or follows a
    profile. All three are functions of the time alone.

    Attributes:
        point, axis: of the rotation; of a carried wall where they are before anything moves.
        period: the wall swings to and fro about its first place, fastest, at `speed`, as it passes there; the ramp
            widens the swing [s].
        profile: times after `start`, rising, and the share of `speed` then; linear between them, constant outside.
        carrier: motion of what this rotation is mounted on, such as a tumbling bin, or a lid under a load.
    """

    kind: Literal["turn"] = "turn"
    point: Position = ORIGIN
    speed: AngularSpeed

    @property
    def peak_speed(self) -> float:
        """Largest angular speed about its own axis [rad/s]."""
        return abs(self.speed) * self._peak_share


class Slide(_Course):
    """Translation along an axis, with the same three courses as a rotation.

    Attributes:
        speed: along the axis [m/s]; with a period the wall vibrates with the amplitude `speed period/(2 pi)`.
        carrier: motion of what it slides on; one that does not turn.
    """

    kind: Literal["slide"]
    speed: Speed

    @model_validator(mode="after")
    def _slides_on_what_does_not_turn(self) -> Slide:
        if isinstance(self.carrier, Motion):
            raise invalid("it slides on what turns", key="carrier", expected="a carrier that slides or bears a load")
        return self

    @property
    def peak_glide(self) -> float:
        """Largest speed along its own axis [m/s]."""
        return abs(self.speed) * self._peak_share


class Tap(_Motion):
    """A wall that is lifted along the axis, falls freely and stops dead, again and again.

    Each period begins with the lift, which takes half of it, smooth at both ends but for the acceleration; after the
    fall of sqrt(2 height/g), g = 9.81 m/s2, it rests.

    Attributes:
        height: of the fall [m].
        period: from tap to tap [s].
        count: number of taps; after them the wall is at rest.
    """

    kind: Literal["tap"]
    height: Annotated[Length, Positive]
    period: Annotated[Time, Positive]
    count: int = Field(ge=1)

    @model_validator(mode="after")
    def _falls_in_time(self) -> Tap:
        if self.fall_time >= 0.5 * self.period:
            raise invalid(
                "the fall takes longer than half the period, which is the lift's", key="period", value=self.period,
                expected=f"more than 2 sqrt(2 height/g) = {2.0 * self.fall_time:.4g} s",
            )  # fmt: skip
        return self

    @property
    def fall_time(self) -> float:
        """Time of the fall [s]."""
        return math.sqrt(2.0 * self.height / FREE_FALL)

    @property
    def peak_glide(self) -> float:
        """Speed at which it lands, sqrt(2 g h), or that of the lift [m/s]."""
        return max(math.sqrt(2.0 * FREE_FALL * self.height), 4.0 * self.height / self.period)


class Load(_Motion):
    """A wall free along its axis: a load pushes it, the particles push back, and Newton's law moves it.

    m dv/dt = load + F - m damping v, F the force of the particles on it along the axis. At rest, and in the mean of a
    steady state, the particles bear the load.

    Attributes:
        force: the load, along the axis, gravity of the wall included [N].
        mass: of the wall [kg]; heavier is smoother and slower.
        damping: rate at which its speed decays without forces [1/s]; it comes down at force/(mass damping) at most.
        start: until then it is held.
    """

    kind: Literal["load"]
    force: Annotated[Force, Positive]
    mass: Annotated[Mass, Positive]
    damping: Annotated[Rate, Positive]

    @property
    def peak_glide(self) -> float:
        """Speed at which the damping alone bears the load [m/s]."""
        return self.force / (self.mass * self.damping)


def _kind_of(value: Any) -> Any:
    return value.get("kind", "turn") if isinstance(value, dict) else getattr(value, "kind", None)


AnyMotion = Annotated[
    Annotated[Motion, Tag("turn")]
    | Annotated[Slide, Tag("slide")]
    | Annotated[Tap, Tag("tap")]
    | Annotated[Load, Tag("load")],
    Discriminator(_kind_of),
]


for _model in (Motion, Slide):  # so that errors inside a carrier know its keys
    _model.model_rebuild(force=True)


def load_of(motion: AnyMotion | None) -> Load | None:
    """Return the load that moves a wall, its own or its carrier's; None where there is none."""
    carrier = getattr(motion, "carrier", None)
    return next((each for each in (motion, carrier) if isinstance(each, Load)), None)
