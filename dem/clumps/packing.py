"""Places for bodies, found sphere by sphere: each is turned at random and lies clear of walls and of all other spheres.

Random sequential addition in place and turn. It ends where a body is all but sure to meet another one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dem.clumps.orientation import Array, product, random_turns, turned
from dem.clumps.shape import Shape
from dem.regions import CANDIDATES, Flags, Room

GAP = 1e-6
"""Gap left between spheres and to walls, as a share of the radius, so that round-off makes no contact."""

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Placed:
    """Bodies: centres of mass [m], shape (n, 3), and turns from the shapes as described, shape (n, 4)."""

    shapes: Sequence[Shape]
    kinds: Integers
    position: Array
    turn: Array

    def chosen(self, which: Integers | Flags) -> Placed:
        """Return some of the bodies."""
        return Placed(self.shapes, self.kinds[which], self.position[which], self.turn[which])

    def put(self, which: Integers | Flags, others: Placed) -> None:
        """Put bodies where others are."""
        self.position[which], self.turn[which] = others.position, others.turn

    def spheres(self) -> tuple[Array, Array, Integers]:
        """Return arms from the centres of mass [m], radii with a gap [m], and the body of all spheres."""
        count = np.array([len(shape.radius) for shape in self.shapes])[self.kinds]
        body = np.repeat(np.arange(len(self.kinds)), count)
        number = np.arange(len(body)) - np.repeat(np.cumsum(count) - count, count)
        arm, radius = np.zeros((len(body), 3)), np.zeros(len(body))
        for kind, shape in enumerate(self.shapes):
            own = self.kinds[body] == kind
            arm[own] = turned(product(self.turn[body[own]], shape.turn), shape.place[number[own]])
            radius[own] = shape.radius[number[own]] * (1.0 + GAP)
        return arm, radius, body

    def fit(self, room: Room) -> Flags:
        """Return which bodies lie in the region with all their spheres, clear of walls and of what is there."""
        arm, radius, body = self.spheres()
        return _all_of(room.takes(self.position[body] + arm, radius), body, len(self.kinds))


def _all_of(good: Flags, body: Integers, count: int) -> Flags:
    """Return which bodies have good spheres only."""
    return np.bincount(body[~good], minlength=count) == 0


def draw_bodies(
    room: Room, shapes: Sequence[Shape], kinds: Integers, random: np.random.Generator, rounds: int
) -> tuple[Placed, Flags]:
    """Return bodies drawn uniformly in place and turn, and which of them found room; the largest are drawn first."""
    found = Placed(shapes, kinds, np.zeros((len(kinds), 3)), random_turns(len(kinds), random))
    placed, reach = np.zeros(len(kinds), bool), np.array([shape.reach for shape in shapes])[kinds]
    for size in np.unique(reach)[::-1]:
        waiting = np.flatnonzero(reach == size)
        for _ in range(rounds):
            owner = np.tile(waiting, max(1, CANDIDATES // max(1, len(waiting))))
            trial = _sample(room, shapes, kinds[owner], random)
            free = np.flatnonzero(_acceptable(room, trial, found.chosen(placed)))
            who, first = np.unique(owner[free], return_index=True)
            found.put(who, trial.chosen(free[first]))
            placed[who] = True
            waiting = waiting[~placed[waiting]]
            if not len(waiting):
                break
    return found, placed


def _sample(room: Room, shapes: Sequence[Shape], kinds: Integers, random: np.random.Generator) -> Placed:
    inset = np.array([shape.radius.min() for shape in shapes])[kinds]
    return Placed(shapes, kinds, room.place.sample(random, inset), random_turns(len(kinds), random))


def _acceptable(room: Room, trial: Placed, others: Placed) -> Flags:
    """Return which candidates can be taken together, beside the others."""
    count = len(trial.kinds)
    free = trial.fit(room)
    arm, radius, body = trial.spheres()
    centre = trial.position[body] + arm
    other_arm, other_radius, other_body = others.spheres()
    there = others.position[other_body] + other_arm
    asked = free[body]
    met = np.zeros(len(body), bool)
    met[asked] = room.place.meeting(centre[asked], radius[asked], there, other_radius)
    free &= _all_of(~met, body, count)
    left = np.flatnonzero(free[body])
    if len(left):
        pairs, _ = room.place.overlapping(centre[left], radius[left])
        bodies = body[left][pairs]
        free[bodies.max(axis=1)[bodies[:, 0] != bodies[:, 1]]] = False
    return free
