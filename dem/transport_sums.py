"""The bodies of a sample: who is in which compartment and was in which before, and sums over compartments.

Numbers are counted where they fall, as their order does not matter. What is rounded is added up in a fixed number of
shares of the particles, each in the order of the slots; the shares are then added up in their order. So two runs agree
to the bit, which sums by atomic additions of floats would not.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import pi
from typing import Any, NamedTuple

import numpy as np

from compute.physics import physics, routine
from dem.compartments import Grid, compartment_of
from dem.particles import CLASS, MASS, RADIUS, VX, Particles

VOLUME, HELD_MASS, MOMENTUM = 0, 1, 2
SUMS = 5
"""Of a compartment: solids [m3], mass [kg], momentum [kg m/s]."""
LAGS = (1, 2)
"""Lags of the matrices of transitions, over the lag that is asked for."""
SHARE_LENGTH, MOST_SHARES, SHARED_VALUES = 32, 4096, 2**20
"""Particles of a share in a small system; most shares of a large one, and most values that all of them hold."""
COMPARTMENTS, CLASSES, THREADS = range(3)


class Sample(NamedTuple):
    """What a sample is counted and added up in, and the sums of the block; threads: of those that count apart.

    sizes: compartments, classes and threads, int64; place: compartment of each particle, int32; seen: compartment of
    each id at the last samples, counted from 1, 0 where there was none, shape (samples * ids,) int32; counts: particles
    in a sample, shape (threads * compartments * classes,) int64; shares: sums of shares, shape (shares * compartments *
    SUMS,); moves: transitions in the block, shape (threads * lags * compartments^2,) int64; totals: integrals over the
    block: exposure, shape (compartments, classes, classes), number of particles, (compartments, classes), and SUMS of
    each compartment, one after the other.
    """

    sizes: Any
    place: Any
    seen: Any
    counts: Any
    shares: Any
    moves: Any
    totals: Any


@cache
def make_follow(add: Callable[..., object]) -> Callable[..., None]:
    """Return the body that notes and counts compartments and transitions of every `items`-th particle from `item` on.

    add: the target's way to add. number: particles; now, before, long_before: where the ids of this sample and of those
    one and two lags ago begin in `seen`.
    """

    @routine
    def follow(
        item: int, items: int, number: int, particles: Particles, grid: Grid, sample: Sample, now: int, before: int,
        long_before: int,
    ) -> None:  # fmt: skip
        sizes, seen, moves = sample.sizes, sample.seen, sample.moves
        compartments, classes = sizes[COMPARTMENTS], sizes[CLASSES]
        thread, matrix = min(item, sizes[THREADS] - 1), compartments * compartments
        for i in range(item, number, items):
            here, own = compartment_of(i, particles.row, grid), particles.id[i]
            sample.place[i] = here
            add(sample.counts, (thread * compartments + here) * classes + particles.kind[i, CLASS], 1)
            seen[now + own] = here + 1
            first, second = np.int64(seen[before + own]), np.int64(seen[long_before + own])
            if first > 0:
                add(moves, 2 * thread * matrix + (first - 1) * compartments + here, 1)
            if second > 0:
                add(moves, (2 * thread + 1) * matrix + (second - 1) * compartments + here, 1)

    return follow


@routine
def add_up_share(share: int, shares: int, number: int, particles: Particles, sample: Sample) -> None:
    """Add up one share of the particles."""
    row, sums, width = particles.row, sample.shares, sample.sizes[COMPARTMENTS] * SUMS
    for value in range(share * width, (share + 1) * width):
        sums[value] = 0.0
    for i in range(share, number, shares):
        at, mass, radius = share * width + np.int64(sample.place[i]) * SUMS, row[i, MASS], row[i, RADIUS]
        sums[at + VOLUME] += 4.0 / 3.0 * pi * radius * radius * radius
        sums[at + HELD_MASS] += mass
        for axis in range(3):
            sums[at + MOMENTUM + axis] += mass * row[i, VX + axis]


@routine
def add_up_shares(value: int, shares: int, sample: Sample) -> None:
    """Put one of the sums of all shares where that of the first share was."""
    sums, width, total = sample.shares, sample.sizes[COMPARTMENTS] * SUMS, 0.0
    for share in range(shares):
        total += sums[share * width + value]
    sums[value] = total


@physics
def count_of_all(c: int, sample: Sample) -> None:
    """Bring the counts of compartment c by all threads to those of the first one."""
    counts, classes = sample.counts, sample.sizes[CLASSES]
    width = sample.sizes[COMPARTMENTS] * classes
    for thread in range(1, sample.sizes[THREADS]):
        for at in range(c * classes, (c + 1) * classes):
            counts[at] += counts[thread * width + at]
            counts[thread * width + at] = 0


@routine
def integrate(c: int, sample: Sample, weight: float, volume: float) -> None:
    """Add what a sample of `weight` seconds found in compartment c to the integrals over the block, and clear counts.

    E_ij = N_i N_j/V dt, E_ii = N_i (N_i - 1)/(2 V) dt. volume: V [m3], or 0 for that of the solids in the compartment.
    """
    count_of_all(c, sample)
    counts, totals, sums, sizes = sample.counts, sample.totals, sample.shares, sample.sizes
    classes, first = sizes[CLASSES], c * sizes[CLASSES]
    solids, inverse = sums[c * SUMS + VOLUME], 0.0
    if solids > 0.0:
        inverse = weight / (volume if volume > 0.0 else solids)
    times = sizes[COMPARTMENTS] * classes * classes
    for i in range(classes):
        number = float(counts[first + i])
        for j in range(i, classes):
            pairs = number * float(counts[first + j]) if j > i else 0.5 * number * (number - 1.0)
            totals[(first + i) * classes + j] += pairs * inverse
        totals[times + first + i] += weight * number
    held = times + sizes[COMPARTMENTS] * classes
    for value in range(c * SUMS, (c + 1) * SUMS):
        totals[held + value] += weight * sums[value]
    for at in range(first, first + classes):
        counts[at] = 0


def sample_bytes(bodies: float, compartments: int, classes: int, lag_samples: int) -> float:
    """Return the bytes of a sample on a device; bodies: all there ever are, which have an id each."""
    seen = 4.0 * bodies * (LAGS[-1] * lag_samples + 2)
    integrals = compartments * (classes * (classes + 2) + SUMS) + len(LAGS) * compartments**2
    return seen + 8.0 * (shares_for(int(bodies), compartments) * compartments * SUMS + integrals)


def shares_for(number: int, compartments: int) -> int:
    """Return in how many shares so many particles are added up."""
    most = max(1, min(MOST_SHARES, SHARED_VALUES // (compartments * SUMS)))
    return max(1, min(most, -(-number // SHARE_LENGTH)))
