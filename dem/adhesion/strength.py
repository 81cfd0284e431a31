"""How strong an adhesion is: the largest pull of a sphere on its like or a wall, and the overlap that they rest in."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from compute.tuples import Strip
from dem.interaction import Interaction, history_sizes
from dem.skin import largest_separation
from dem.touch import Touch

POINTS, HALVINGS, THIRDS = 400, 60, 80
HOLDS = 1
"""Which part of the history tells that the solids have touched."""
DEEPEST = 0.5
"""Overlap over the radius beyond which no rest is looked for."""


class Strength(NamedTuple):
    """pull_off: largest attraction [N]; rest: overlap at which attraction and repulsion balance [m]."""

    pull_off: float
    rest: float


def strength(
    interaction: Interaction,
    parameters: tuple[float, ...],
    radius: float,
    mass: float,
    wall: bool = False,
    load: float = 0.0,
) -> Strength:
    """Return pull-off force and rest overlap from the force that the law gives at rest.

    The rest is that of a contact which was never loaded; the pull-off is that of one which has borne a load, on which
    it depends where the contact yields (EEPA).

    Args:
        parameters: of the pair of materials, as `Interaction.parameters_of` gives them.
        radius: of both spheres, or of the sphere at a wall [m].
        mass: of a sphere [kg].
        wall: whether the partner is a wall, in place of an equal sphere.
        load: normal force that the contact has borne [N].
    """
    sizes, strip = history_sizes(interaction.parts), Strip(parameters, 0, 1)
    fresh = [float(part == HOLDS) for part, size in enumerate(sizes) for _ in range(size)]
    share, span = (1.0, 0.0) if wall else (0.5, 0.5 / radius)

    def push(overlap: float, memory: list[float]) -> float:
        touch = Touch(
            overlap, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, share * radius, share * mass, 1.0, span
        )  # fmt: skip
        return float(interaction.law(touch, strip, Strip(memory, 0, 1)).normal)

    rest = _where(lambda overlap: push(overlap, fresh.copy()), 0.0, DEEPEST * radius)
    pressed = _where(lambda overlap: push(overlap, fresh.copy()) - load, rest, DEEPEST * radius)
    loaded = fresh.copy()
    push(pressed, loaded)
    begin = -largest_separation(interaction, [parameters], share * radius)
    return Strength(max(0.0, -_least(lambda overlap: push(overlap, loaded.copy()), begin, pressed)), rest)


def _where(value: Callable[[float], float], low: float, high: float) -> float:
    """Return where a rising value changes its sign, by bisection."""
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if value(middle) < 0.0 else (low, middle)
    return high


def _least(value: Callable[[float], float], begin: float, end: float) -> float:
    """Return the least value beyond `begin`: of points, then by thirds about the least of them."""
    places = [begin + (end - begin) * at / POINTS for at in range(POINTS + 1)]
    curve = [value(place) for place in places[1:]]
    at = 1 + curve.index(min(curve))
    low, high = places[at - 1], places[min(at + 1, POINTS)]
    for _ in range(THIRDS):
        left, right = low + (high - low) / 3.0, high - (high - low) / 3.0
        low, high = (low, right) if value(left) < value(right) else (left, high)
    return min(*curve, value(0.5 * (low + high)))
