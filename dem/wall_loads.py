"""Force, torque and power of walls over the blocks of a window, as a table of text."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dem.checkpoint import atomic_replacement

Array = NDArray[np.float64]

COLUMNS = (
    "start [s]", "end [s]", "wall", "force_x [N]", "force_y [N]", "force_z [N]", "torque_x [N m]", "torque_y [N m]",
    "torque_z [N m]", "power [W]",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class WallLoads:
    """Mean loads on walls in blocks.

    Attributes:
        start: of each block [s], shape (n,); duration: of a block [s].
        names: of the walls.
        force: of the particles on a wall [N], shape (n, W, 3).
        torque: of the particles on a wall about the point of its motion, as it stands then [N m], shape (n, W, 3).
        power: of a wall on the particles, positive where it drives them [W], shape (n, W).
    """

    start: Array
    duration: float
    names: tuple[str, ...]
    force: Array
    torque: Array
    power: Array

    def save(self, path: Path) -> None:
        """Write one line for each block and wall, comma-separated, with a line of names and units first."""
        lines = [",".join(COLUMNS)]
        for block, start in enumerate(self.start):
            for w, name in enumerate(self.names):
                numbers = [*self.force[block, w], *self.torque[block, w], self.power[block, w]]
                quoted = '"' + name.replace('"', '""') + '"'
                times = f"{start:.9g},{start + self.duration:.9g}"
                lines.append(f"{times},{quoted}," + ",".join(f"{number:.9g}" for number in numbers))
        with atomic_replacement(path) as temporary:
            temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")
