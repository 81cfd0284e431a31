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
from compute.tuples import Strip, make_keeper, make_taker, one_by_one
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

Parts = tuple[ContactLaw, AdhesionLaw, RollingLaw, TwistingLaw, LiquidLaw]


def parameter_counts(parts: Parts) -> tuple[int, ...]:
    """Return the number of parameters of contact, adhesion, rolling, twisting and liquid."""
    return tuple(part.parameter_count for part in parts)


def history_sizes(parts: Parts) -> tuple[int, ...]:
    """Return the number of history values of contact, adhesion, rolling, twisting and liquid."""
    contact, adhesion, rolling, twisting, liquid = parts
    necks = int(liquid.parameter_count > 0 and adhesion.separation is not None)
    return contact.history_size, necks, rolling.history_size, twisting.history_size, liquid.history_size


@dataclass(frozen=True)
class Interaction:
    """One law of each kind as one.

    law(touch, parameters, history) -> Wrench, with parameters and history as a `Strip` each, in which the values of
    contact, adhesion, rolling, twisting and liquid follow one another. Each law reads its own where it acts and writes
    its history back before the next one does, so that a device holds those of one law at a time. Adhesion has a history
    beside liquid alone, where it acts beyond contact: whether the solids hold each other, 1 or 0. That of the liquid
    begins at `solid_history` and does not change. mixed: whether contacts are computed in 32 bits; `law` itself is the
    text, in 64.
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
    def parts(self) -> Parts:
        """The five laws."""
        return self.contact, self.adhesion, self.rolling, self.twisting, self.liquid

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
        return sum(parameter_counts(self.parts))

    @property
    def history_size(self) -> int:
        """Number of values a contact carries from step to step."""
        return sum(history_sizes(self.parts))

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
    if not parts[4].parameter_count:
        law = _composed(parts)
    elif parts[1].separation is None:
        law = _wetted(parts)
    else:
        law = _wetted_with_necks(parts)
    return Interaction(*parts, law, mixed)


def _named(table: dict[str, Any], names: Names) -> Any:
    return choice_of([table[name] for name in ((names,) if isinstance(names, str) else names)])


def _composed(parts: Parts) -> Any:
    contact, adhesion, rolling, twisting, _ = parts
    force, pull, roll, twist = contact.force, adhesion.pull, rolling.moment, twisting.moment
    shear = contact.shear or no_shear
    of_contact, of_adhesion, of_rolling, of_twisting, _ = one_by_one(make_taker, parameter_counts(parts))
    spring_of, _, rolled_of, twisted_of, _ = one_by_one(make_taker, history_sizes(parts))
    keep_spring, _, keep_rolled, keep_twisted, _ = one_by_one(make_keeper, history_sizes(parts))

    @physics
    def law(touch: Touch, parameters: Strip, history: Strip) -> Wrench:
        overlap, attraction = pull(touch, of_adhesion(parameters))
        seen = with_overlap(touch, overlap)
        normal, fx, fy, fz, loss, spring = force(seen, of_contact(parameters), spring_of(history))
        keep_spring(history, spring)
        stiffness, damping = shear(seen, of_contact(parameters))
        mx, my, mz, rolling_heat, rolled = roll(seen, normal, stiffness, of_rolling(parameters), rolled_of(history))
        keep_rolled(history, rolled)
        tx, ty, tz, twisting_heat, twisted = twist(
            seen, normal, stiffness, damping, of_twisting(parameters), twisted_of(history)
        )
        keep_twisted(history, twisted)
        mx, my, mz = mx + tx, my + ty, mz + tz
        return Wrench(normal - attraction, fx, fy, fz, mx, my, mz, loss + rolling_heat + twisting_heat)

    return law


@cache
def _make_bridge(parts: Parts) -> Any:
    """Return `act(touch, parameters, history)`: what a bridge does, as `dem.liquid.bridge` has it."""
    bridge_force = bridge.make_bridge_force(parts[4])
    of_liquid = one_by_one(make_taker, parameter_counts(parts))[4]
    bridge_of = one_by_one(make_taker, history_sizes(parts))[4]

    @physics
    def act(touch: Touch, parameters: Strip, history: Strip) -> Any:
        return bridge_force(touch, of_liquid(parameters), bridge_of(history))

    return act


def _wetted(parts: Parts) -> Any:
    """Return the law with the force of a bridge; apart, where only the bridge acts, the solids do nothing."""
    dry, act = _composed(parts), _make_bridge(parts)

    @physics
    def law(touch: Touch, parameters: Strip, history: Strip) -> Wrench:
        attraction, fx, fy, fz, heat = act(touch, parameters, history)
        solid = dry(with_overlap(touch, abs(touch.overlap)), parameters, history)  # apart: any that is valid
        share = 1.0 if touch.overlap > 0.0 else 0.0
        return Wrench(
            share * solid.normal - attraction, share * solid.fx + fx, share * solid.fy + fy, share * solid.fz + fz,
            share * solid.mx, share * solid.my, share * solid.mz, share * solid.loss + heat,
        )  # fmt: skip

    return law


def _wetted_with_necks(parts: Parts) -> Any:
    """Return the law with the force of a bridge, where solids that have touched hold each other across a gap too.

    They do from their touch until the neck tears off; its energy is lost in that step, while the bridge goes on.
    """
    dry, act, pull, cycle = _composed(parts), _make_bridge(parts), parts[1].pull, parts[1].cycle
    assert cycle is not None
    of_adhesion = one_by_one(make_taker, parameter_counts(parts))[1]
    neck_of, keep_neck = (one_by_one(make, history_sizes(parts))[1] for make in (make_taker, make_keeper))

    @physics
    def law(touch: Touch, parameters: Strip, history: Strip) -> Wrench:
        attraction, fx, fy, fz, heat = act(touch, parameters, history)
        (neck,) = neck_of(history)
        seen, _ = pull(touch, of_adhesion(parameters))
        met = touch.overlap > 0.0 or neck > 0.0
        holds = met and seen > 0.0
        share = 1.0 if holds else 0.0
        keep_neck(history, (share,))
        overlap = touch.overlap if holds else abs(touch.overlap)  # apart: any that is valid
        solid = dry(with_overlap(touch, overlap), parameters, history)
        torn = cycle(touch.radius, of_adhesion(parameters)) / touch.step if met and not holds else 0.0
        return Wrench(
            share * solid.normal - attraction, share * solid.fx + fx, share * solid.fy + fy, share * solid.fz + fz,
            share * solid.mx, share * solid.my, share * solid.mz, share * solid.loss + heat + torn,
        )  # fmt: skip

    return law
