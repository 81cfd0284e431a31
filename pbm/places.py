"""Where the state has quantities that only some cases follow."""

from __future__ import annotations

from typing import NamedTuple

QUANTITIES = 4
"""Those of every case, which come first: `pbm.model`."""
LUMPED = 3
"""Most quantities beside them."""
ABSENT = -1
"""Place of a quantity that a case does not follow."""


class Places(NamedTuple):
    """Where the state has quantities that only some cases follow, or ABSENT: contents first, then sums of squares.

    Sums of squares over the solid volume x of each granule say how contents scatter within a class.
    """

    content: int = ABSENT  # volume c of a second solid lumped on the grid of all solids [m3]
    square: int = ABSENT  # sum of c^2/x [m3]
    wetness: int = ABSENT  # sum of l^2/x [m3], l the internal and external liquid of a granule

    @property
    def quantities(self) -> int:
        """Quantities of the state."""
        return QUANTITIES + sum(place != ABSENT for place in self)


def make_places(content: bool = False, square: bool = False, wetness: bool = False) -> Places:
    """Places of the quantities asked for, one behind the other."""
    rest, found = QUANTITIES, []
    for wanted in (content, square, wetness):
        found.append(rest if wanted else ABSENT)
        rest += wanted
    return Places(*found)
