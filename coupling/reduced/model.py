"""The reduced model in steps: inputs in, state on, values with errors and a flag out.

The exported C repeats this file and the routines of `pbm` that it calls, in the same order of arithmetic.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compute.errors import CaseError
from coupling.reduced.description import Description
from coupling.reduced.flags import TOP_SHARE, Flag
from coupling.reduced.law import tuned
from coupling.reduced.reading import Reading, read_state, standard_errors
from pbm.model import BOOKED, EXTERNAL, GAS, INTERNAL, NUMBER, make_workspace
from pbm.outputs import design_flags, outputs_of
from pbm.program import compile_program, load_program
from pbm.stages import make_scratch

Floats = NDArray[np.float64]

LONGEST_STEP = 86400.0
"""Longest time step that is accepted [s]."""
INTERVAL_ROUNDING = 1e-9
"""Part of an interval by which a step may be longer before it is cut once more."""


@dataclass(frozen=True)
class Settings:
    """Parameters of a batch, defaults from the description; see `coupling.reduced.description.Description`."""

    charge: float
    feed_moisture: float
    kernel_scale: float
    efficiency: float
    breakage_scale: float
    feed_fractions: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Everything that a later step depends on."""

    time: float
    settings: Settings
    settings_clamped: bool
    held: tuple[float, float]
    states: Floats
    flag: int


def clean(value: float, limits: tuple[float, float], held: float) -> tuple[float, bool]:
    """Return `value` within `limits`, `held` for what is no number, and whether that changed it."""
    if value != value:
        return held, True
    if value < limits[0]:
        return limits[0], True
    if value > limits[1]:
        return limits[1], True
    return value, False


class ReducedModel:
    """A reduced model at one time of one batch.

    Args:
        description: the model as numbers. compiled: run through numba (False: plain Python, the same numbers).
    """

    def __init__(self, description: Description, compiled: bool = True) -> None:
        self.description = description
        self._program = compile_program() if compiled else load_program()
        self._tables = description.tables()
        self._work, self._scratch = make_workspace(1, description.classes), make_scratch(1, description.classes)
        self._booked = np.zeros(BOOKED)
        self.reset()

    def reset(self) -> Reading:
        """Start a batch with the default parameters."""
        return self.start()

    def start(self, **settings: Any) -> Reading:
        """Start a batch; `settings` are those of `Settings`, defaults otherwise. Clamped values are flagged.

        Raises:
            CaseError: an unknown setting, or as many feed fractions as there are no classes.
        """
        self.settings, self._clamped = self._clean_settings(settings)
        self.time, self._flag = 0.0, int(Flag.VALUE_CLAMPED) if self._clamped else 0
        self._held = (self.description.speed_start, self.description.spray_start)
        self._tune()
        first = self._feed_state()
        self.states = np.repeat(first[None], len(self._laws), axis=0)
        self._flag |= self._state_flags(self._held[0])
        return self.read()

    def tune(self, **corrections: float) -> None:
        """Change `kernel_scale`, `efficiency` or `breakage_scale` during a batch."""
        self.settings, clamped = self._clean_settings(vars(self.settings) | corrections)
        self._clamped = self._clamped or clamped
        self._tune()

    def step(self, duration: float, impeller_speed: float, spray_rate: float) -> Reading:
        """Move on by `duration` [s] at constant impeller speed [rad/s] and spray rate [kg/s], and read.

        Raises:
            CaseError: the duration is no number, negative, or longer than a day.
        """
        self.advance(duration, impeller_speed, spray_rate)
        return self.read()

    def advance(self, duration: float, impeller_speed: float, spray_rate: float) -> None:
        """Do as `step` without reading the outputs."""
        if not 0.0 <= duration <= LONGEST_STEP:
            raise CaseError("not a time step", key="duration", value=duration, expected=f"0 to {LONGEST_STEP:g} s")
        limits = self.description.limits()
        speed, speed_changed = clean(float(impeller_speed), limits["impeller_speed"], self._held[0])
        spray, spray_changed = clean(float(spray_rate), limits["spray_rate"], self._held[1])
        self._held = (speed, spray)
        flag = int(Flag.VALUE_CLAMPED) if speed_changed or spray_changed or self._clamped else 0
        flag |= self._input_flags(speed, spray)
        flag |= self._advance(float(duration), speed, spray)
        self.time += duration
        self._flag = flag | self._state_flags(speed)

    def read(self) -> Reading:
        """Values of the present state, their standard errors, and the flag of the latest step."""
        values = [read_state(state, law, self._tables) for state, law in zip(self.states, self._laws)]
        description = self.description
        errors = standard_errors(values[0], values[1:], description.errors, description.log_class_width)
        classes = description.classes
        d10, d50, d90, moisture, porosity = (float(value) for value in values[0][classes:])
        return Reading(self.time, values[0][:classes], d10, d50, d90, moisture, porosity, errors, self._flag)

    def clamped_share(self) -> float:
        """Share of the granule volume whose d/d32 lies outside the design, where the law is held at its edge."""
        law = self.description.law
        return design_flags(self.states[0], self._held[0], law, self._laws[0], self._tables).clamped_share

    def snapshot(self) -> Snapshot:
        """The present state, to be put back by `restore`."""
        return Snapshot(self.time, self.settings, self._clamped, self._held, self.states.copy(), self._flag)

    def restore(self, snapshot: Snapshot) -> None:
        """Put a state back; what follows then repeats to the bit."""
        self.time, self.settings, self._clamped = snapshot.time, snapshot.settings, snapshot.settings_clamped
        self._held, self._flag, self.states = snapshot.held, snapshot.flag, snapshot.states.copy()
        self._tune()

    def _advance(self, duration: float, speed: float, spray: float) -> int:
        """Step the best law and the error members through whole intervals; returns the flags of the integration."""
        rule = self.description.rule
        intervals = max(math.ceil(duration / rule.interval - INTERVAL_ROUNDING), 1)
        settings = (duration / intervals, speed, spray, rule.substep, rule.share, rule.most)
        flag = 0
        for state, law in zip(self.states, self._laws):
            before = state.copy()
            for _ in range(intervals):
                parts = (law, self._tables, self._work, self._scratch, self._booked)
                _, forced = self._program.fixed_rule(state, *settings, *parts)
                flag |= int(Flag.STEP_BOUND) if forced else 0
            if not np.all(np.isfinite(state)):
                state[:] = before
                flag |= int(Flag.STATE_HELD)
        return flag

    def _tune(self) -> None:
        values = self.settings
        corrections = (values.kernel_scale, values.efficiency, values.breakage_scale)
        self._laws = tuple(tuned(law, *corrections) for law in self.description.laws)

    def _clean_settings(self, given: dict[str, Any]) -> tuple[Settings, bool]:
        description, limits, changed = self.description, self.description.limits(), False
        names = [name for name in Settings.__dataclass_fields__ if name != "feed_fractions"]
        unknown = set(given) - {*names, "feed_fractions"}
        if unknown:
            raise CaseError("no such parameter", value=min(unknown), expected=", ".join([*names, "feed_fractions"]))
        values = {}
        for name in names:
            default = getattr(description, name)
            values[name], clamped = clean(float(given.get(name, default)), limits[name], default)
            changed = changed or clamped
        fractions, clamped = self._clean_fractions(given.get("feed_fractions", description.feed_fractions))
        return Settings(**values, feed_fractions=fractions), changed or clamped

    def _clean_fractions(self, given: Any) -> tuple[tuple[float, ...], bool]:
        if len(given) != self.description.classes:
            raise CaseError(
                "one feed fraction a class",
                key="feed_fractions",
                value=len(given),
                expected=str(self.description.classes),
            )
        limits = self.description.limits()["feed_fraction"]
        pairs = [clean(float(value), limits, 0.0) for value in given]
        if sum(value for value, _ in pairs) > 0.0:
            return tuple(value for value, _ in pairs), any(changed for _, changed in pairs)
        return tuple(float(value) for value in self.description.feed_fractions), True

    def _feed_state(self) -> Floats:
        """Dry-mixed feed: each class has the feed's porosity and moisture, liquid inside as far as pores allow."""
        law, settings = self._laws[0], self.settings
        state = np.zeros((1, 4, self.description.classes))
        total = sum(settings.feed_fractions)
        volume = settings.charge / law.solid_density
        pore_ratio = law.feed_porosity / (1.0 - law.feed_porosity)
        liquid_ratio = settings.feed_moisture * law.solid_density / law.liquid_density
        for k, solid in enumerate(self._tables.solid_volume):
            solids = volume * (settings.feed_fractions[k] / total)
            pores, liquid = pore_ratio * solids, liquid_ratio * solids
            inside = min(liquid, pores)
            state[0, NUMBER, k] = solids / solid
            state[0, INTERNAL, k] = inside
            state[0, EXTERNAL, k] = liquid - inside
            state[0, GAS, k] = pores - inside
        return state

    def _input_flags(self, speed: float, spray: float) -> int:
        low, high = self.description.law.speed_low, self.description.law.speed_high
        flag = int(Flag.SPEED_OUTSIDE) if speed > 0.0 and not low <= speed <= high else 0
        return flag | (int(Flag.SPRAY_OUTSIDE) if spray > self.description.spray_limit else 0)

    def _state_flags(self, speed: float) -> int:
        limit = self.description.clamped_limit
        found = design_flags(self.states[0], speed, self.description.law, self._laws[0], self._tables, limit)
        flag = int(Flag.STATE_OUTSIDE) if found.state_outside else 0
        flag |= int(Flag.SIZES_OUTSIDE) if found.sizes_outside else 0
        top = outputs_of(self.states[0], self._laws[0], self._tables).top_fraction
        return (flag if speed > 0.0 else 0) | (int(Flag.TOP_CLASS) if top > TOP_SHARE else 0)
