"""The composition of contact, adhesion, rolling, twisting and liquid into the one law that the loops evaluate."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compute.physics import physics
from compute.single import Function, double, in_single, single
from dem.adhesion import ADHESION_LAWS
from dem.adhesion.law import AdhesionLaw
from dem.choice import choice_of
from dem.composition import conflict
from dem.contact import CONTACT_LAWS
from dem.contact.law import ContactLaw, Elasticity, PairProperties, no_shear
from dem.liquid import LIQUID_LAWS, bridge
from dem.liquid.law import LiquidLaw
from dem.rolling import ROLLING_LAWS
from dem.rolling.law import RollingLaw
from dem.touch import Touch, Wrench, with_overlap
from dem.twisting import TWISTING_LAWS
from dem.twisting.law import TwistingLaw


@dataclass(frozen=True)
class Interaction:
    """One law of each kind as one.

    law(touch, parameters, history) -> (Wrench, history); parameters and history are tuples with one tuple for each of
    contact, adhesion, rolling, twisting and liquid, and follow one another in every table in this order. Adhesion has
    a history beside liquid alone, where it acts beyond contact: whether the solids hold each other, 1 or 0. That of the
    liquid begins at `solid_history` and is not returned, since it does not change. mixed:
    whether contacts are computed in 32 bits; `law` itself is the text, in 64.
    """

    contact: ContactLaw
    adhesion: AdhesionLaw
    rolling: RollingLaw
    twisting: TwistingLaw
    liquid: LiquidLaw
    law: Callable[..., Any]
    mixed: bool = False

    def real(self, function: Function) -> Function:
        """Return a marked function in the precision of contacts."""
        return in_single(function) if self.mixed else function

    @property
    def cast(self) -> Callable[[float], float]:
        """The function that brings a number into the precision of contacts."""
        return single if self.mixed else double

    @property
    def real_type(self) -> Any:
        """Type of the arrays that hold what contacts compute with and remember."""
        return np.float32 if self.mixed else np.float64

    def allowing(self, overlap: float) -> Interaction:
        """Return this law for contacts up to an overlap over the smaller radius [-]; without a force any is allowed."""
        if math.isinf(self.contact.overlap_limit) or overlap == self.contact.overlap_limit:
            return self
        return replace(self, contact=replace(self.contact, overlap_limit=overlap))

    @property
    def parameter_counts(self) -> tuple[int, int, int, int, int]:
        """Number of parameters of contact, adhesion, rolling, twisting and liquid."""
        return (
            self.contact.parameter_count,
            self.adhesion.parameter_count,
            self.rolling.parameter_count,
            self.twisting.parameter_count,
            self.liquid.parameter_count,
        )

    @property
    def history_sizes(self) -> tuple[int, int, int, int, int]:
        """Number of history values of contact, adhesion, rolling, twisting and liquid."""
        return (
            self.contact.history_size,
            int(self.wet and self.adhesion.separation is not None),
            self.rolling.history_size,
            self.twisting.history_size,
            self.liquid.history_size,
        )

    @property
    def changing_sizes(self) -> tuple[int, int, int, int]:
        """Number of history values that the law changes; those of a bridge stay as it formed."""
        return self.history_sizes[:4]

    @property
    def solid_history(self) -> int:
        """Number of history values that end with the contact of the solids."""
        return self.history_size - self.liquid.history_size

    @property
    def wet(self) -> bool:
        """Whether there are bridges."""
        return self.liquid.parameter_count > 0

    @property
    def parameter_count(self) -> int:
        """Number of values a material pair has."""
        return sum(self.parameter_counts)

    @property
    def history_size(self) -> int:
        """Number of values a contact carries from step to step."""
        return sum(self.history_sizes)

    def parameters_of(self, first: Elasticity, second: Elasticity, pair: PairProperties) -> tuple[float, ...]:
        """Return the parameters of a pair of materials, those of one law after those of the other."""
        parts = (self.contact, self.adhesion, self.rolling, self.twisting)
        values = sum((part.parameters_of(first, second, pair) for part in parts), ())
        return values + (bridge.parameters_of(pair) if self.wet else ())

    def table(self, materials: list[Elasticity], pairs: dict[tuple[int, int], PairProperties]) -> NDArray[np.float64]:
        """Return the parameters of every ordered pair, shape (material_count^2, parameter_count); absent pairs 0."""
        count = len(materials)
        table = np.zeros((count * count, max(1, self.parameter_count)))
        for (i, j), pair in pairs.items():
            row = self.parameters_of(materials[i], materials[j], pair)
            table[i * count + j, : len(row)] = row
            table[j * count + i, : len(row)] = row
        return table


Names = str | tuple[str, ...]
"""Name of the law of all pairs of materials, or the names of those among which pairs differ."""


@cache
def make_interaction(
    contact: Names,
    rolling: Names = "none",
    adhesion: Names = "none",
    twisting: Names = "none",
    liquid: str = "none",
    mixed: bool = False,
) -> Interaction:
    """Compose the laws of these names; mixed: contacts in 32 bits.

    Raises:
        ValueError: the contact law lacks what another law builds on, or contact laws take velocities at other arms.
    """
    parts = (
        _named(CONTACT_LAWS, contact), _named(ADHESION_LAWS, adhesion), _named(ROLLING_LAWS, rolling),
        _named(TWISTING_LAWS, twisting), LIQUID_LAWS[liquid],
    )  # fmt: skip
    problem = conflict(*parts)
    if problem:
        raise ValueError(problem)
    dry = _composed(*parts[:4])
    wetted = _wetted if parts[1].separation is None else _wetted_with_necks
    return Interaction(*parts, wetted(dry, *parts[1:]) if parts[4].parameter_count else dry, mixed)


def _named(table: dict[str, Any], names: Names) -> Any:
    return choice_of([table[name] for name in ((names,) if isinstance(names, str) else names)])


def _composed(contact: ContactLaw, adhesion: AdhesionLaw, rolling: RollingLaw, twisting: TwistingLaw) -> Any:
    force, pull, roll, twist = contact.force, adhesion.pull, rolling.moment, twisting.moment
    shear = contact.shear or no_shear

    @physics
    def law(touch: Touch, parameters: Any, history: Any) -> Any:
        contact_values, adhesion_values, rolling_values, twisting_values, _ = parameters
        spring, bond, rolled, twisted, _ = history
        overlap, attraction = pull(touch, adhesion_values)
        seen = with_overlap(touch, overlap)
        normal, fx, fy, fz, loss, spring = force(seen, contact_values, spring)
        stiffness, damping = shear(seen, contact_values)
        mx, my, mz, rolling_heat, rolled = roll(seen, normal, stiffness, rolling_values, rolled)
        tx, ty, tz, twisting_heat, twisted = twist(seen, normal, stiffness, damping, twisting_values, twisted)
        mx, my, mz = mx + tx, my + ty, mz + tz
        heat = loss + rolling_heat + twisting_heat
        return Wrench(normal - attraction, fx, fy, fz, mx, my, mz, heat), (spring, bond, rolled, twisted)

    return law


def _wetted(dry: Any, adhesion: AdhesionLaw, rolling: RollingLaw, twisting: TwistingLaw, liquid: LiquidLaw) -> Any:
    """Return the law with the force of a bridge; apart, where only the bridge acts, the solids do nothing."""
    bridge_force = bridge.make_bridge_force(liquid)

    @physics
    def law(touch: Touch, parameters: Any, history: Any) -> Any:
        solid, memory = dry(with_overlap(touch, abs(touch.overlap)), parameters, history)  # apart: any that is valid
        attraction, fx, fy, fz, heat = bridge_force(touch, parameters[4], history[4])
        share = 1.0 if touch.overlap > 0.0 else 0.0
        return Wrench(
            share * solid.normal - attraction, share * solid.fx + fx, share * solid.fy + fy, share * solid.fz + fz,
            share * solid.mx, share * solid.my, share * solid.mz, share * solid.loss + heat,
        ), memory  # fmt: skip

    return law


def _wetted_with_necks(
    dry: Any, adhesion: AdhesionLaw, rolling: RollingLaw, twisting: TwistingLaw, liquid: LiquidLaw
) -> Any:
    """Return the law with the force of a bridge, where solids that have touched hold each other across a gap too.

    They do from their touch until the neck tears off; its energy is lost in that step, while the bridge goes on.
    """
    bridge_force, pull, cycle = bridge.make_bridge_force(liquid), adhesion.pull, adhesion.cycle
    assert cycle is not None

    @physics
    def law(touch: Touch, parameters: Any, history: Any) -> Any:
        (neck,) = history[1]
        seen, _ = pull(touch, parameters[1])
        met = touch.overlap > 0.0 or neck > 0.0
        holds = met and seen > 0.0
        overlap = touch.overlap if holds else abs(touch.overlap)  # apart: any that is valid
        solid, memory = dry(with_overlap(touch, overlap), parameters, history)
        attraction, fx, fy, fz, heat = bridge_force(touch, parameters[4], history[4])
        share = 1.0 if holds else 0.0
        torn = cycle(touch.radius, parameters[1]) / touch.step if met and not holds else 0.0
        return Wrench(
            share * solid.normal - attraction, share * solid.fx + fx, share * solid.fy + fy, share * solid.fz + fz,
            share * solid.mx, share * solid.my, share * solid.mz, share * solid.loss + heat + torn,
        ), (memory[0], (share,), memory[2], memory[3])  # fmt: skip

    return law
