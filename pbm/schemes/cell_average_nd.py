"""Cell average in one to four coordinates: births of a cell are pooled, then shared by the pivots around it.

Pooled births of a cell have a number, a mean along each axis and a mixed moment of each pair of axes, all relative to
its pivot. A mixed moment goes to the neighbours along a diagonal of its plane, as far as it can together with the
means, the rest of the means to the neighbours along the axes, what is left to the pivot: number, every component and
every mixed moment of two are kept, and the square of a component grows least. As far as the pivot would go below nil,
and at the rim of the lattice, births are shared one by one by the corners around them, which keeps the same.
After Kumar, Peglow, Warnecke and Heinrich, Powder Technol. 182 (2008) 81, doi 10.1016/j.powtec.2007.05.029.
"""

from __future__ import annotations

from compute.physics import physics, routine
from pbm.lattice import MOST_COORDINATES
from pbm.schemes.cell_average_2d import clear
from pbm.schemes.lattice_pairs import MEAN, MIXED, NUMBER, STAYING, Axes, Pools, plane_of
from pbm.schemes.merging import ROUND_OFF

QUADRANTS = 4
"""Up or down one axis and up or down the other: opposite ones follow each other when they are filled."""
ALONG = QUADRANTS * MOST_COORDINATES * (MOST_COORDINATES - 1) // 2
"""Shares of one cell: the quadrants of each plane, then both ways along each axis."""
SHARES = ALONG + 2 * MOST_COORDINATES


@routine
def place_births(axes: Axes, pools: Pools) -> bool:
    """Fill what is born from what is pooled by cells; returns whether anything is left for the corners."""
    left_over = False
    clear(pools.born)
    for cell in range(pools.born.size):
        pools.rest[cell] = 0.0
        if pools.whole[NUMBER, cell] > 0.0:
            pools.rest[cell] = 1.0 - place_pool(cell, axes, pools)
            left_over = left_over or pools.rest[cell] > 0.0
        pools.whole[STAYING, cell] = pools.whole[NUMBER, cell]
    return left_over


@routine
def add_rest(pools: Pools) -> None:
    """Add what corners got to what is born."""
    for cell in range(pools.born.size):
        born = pools.born[cell] + pools.whole[NUMBER, cell]
        pools.born[cell] = without_round_off(born, pools.whole[STAYING, cell])


@physics
def without_round_off(born: float, pooled: float) -> float:
    """What is born; nil where it is round-off of what was pooled."""
    return 0.0 if abs(born) < ROUND_OFF * pooled else born


@routine
def place_pool(cell: int, axes: Axes, pools: Pools) -> float:
    """Share as much of the births of a cell by its neighbours as leaves its pivot above nil; returns that part."""
    if at_rim(cell, axes):
        return 0.0
    pivot = share_pool(cell, axes, pools)
    part = part_placed(pivot, pools.whole[STAYING, cell])
    pools.born[cell] += part * pivot
    for one in range(MOST_COORDINATES):
        for side in range(2):
            step = axes.stride[one] if side == 0 else -axes.stride[one]
            amount = part * pools.share[ALONG + 2 * one + side]
            if amount > 0.0:
                pools.born[cell + step] += amount
            for other in range(one + 1, MOST_COORDINATES):
                for aside in range(2):
                    amount = part * pools.share[QUADRANTS * plane_of(one, other) + 2 * side + aside]
                    if amount > 0.0:
                        pools.born[cell + step + (axes.stride[other] if aside == 0 else -axes.stride[other])] += amount
    return part


@physics
def at_rim(cell: int, axes: Axes) -> bool:
    """Whether a cell is the first or last one along any axis."""
    rim = False
    for axis in range(MOST_COORDINATES):
        place = cell // axes.stride[axis] % axes.size[axis]
        rim = rim or (axes.size[axis] > 1 and (place == 0 or place == axes.size[axis] - 1))
    return rim


@physics
def part_placed(pivot: float, staying: float) -> float:
    """Part of the births of a cell that leaves its pivot, which would hold `pivot` after all of them, above nil."""
    return staying / (staying - pivot) if pivot < 0.0 else 1.0


@routine
def share_pool(cell: int, axes: Axes, pools: Pools) -> float:
    """Fill what goes to each neighbour of a cell; returns what stays at its pivot, perhaps below nil."""
    share, left = pools.share, pools.whole[NUMBER, cell]
    for k in range(SHARES):
        share[k] = 0.0
    for one in range(MOST_COORDINATES):
        for other in range(one + 1, MOST_COORDINATES):
            share_plane(cell, one, other, axes, pools)
    for axis in range(MOST_COORDINATES):
        rest = pools.whole[MEAN + axis, cell]
        if rest != 0.0:
            place = cell // axes.stride[axis] % axes.size[axis]
            share[ALONG + 2 * axis] = max(rest, 0.0) / axes.up[axis, place]
            share[ALONG + 2 * axis + 1] = max(-rest, 0.0) / axes.down[axis, place]
    for k in range(SHARES):
        left -= share[k]
    return left


@routine
def share_plane(cell: int, one: int, other: int, axes: Axes, pools: Pools) -> None:
    """Fill the shares of the diagonals of one plane: at first with the means, then against them."""
    left, whole = pools.whole[MIXED + plane_of(one, other), cell], pools.whole
    if left == 0.0:
        return
    here, beside = cell // axes.stride[one] % axes.size[one], cell // axes.stride[other] % axes.size[other]
    for turn in range(2 * QUADRANTS):
        quadrant = 3 * turn % QUADRANTS
        along, across = 1.0 - 2.0 * (quadrant // 2), 1.0 - 2.0 * (quadrant % 2)
        length = axes.up[one, here] if along > 0.0 else axes.down[one, here]
        width = axes.up[other, beside] if across > 0.0 else axes.down[other, beside]
        taken = max(along * across * left, 0.0) / (length * width)
        if turn < QUADRANTS:
            forward, sideways = max(along * whole[MEAN + one, cell], 0.0), max(across * whole[MEAN + other, cell], 0.0)
            taken = min(min(forward / length, sideways / width), taken)
            left -= along * across * taken * length * width
        else:
            taken *= 0.5
        pools.share[QUADRANTS * plane_of(one, other) + quadrant] += taken
        whole[MEAN + one, cell] -= along * taken * length
        whole[MEAN + other, cell] -= across * taken * width
