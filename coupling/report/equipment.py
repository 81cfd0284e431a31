"""The equipment of a case as a picture: every wall in its colour, from three sides."""

from __future__ import annotations

import io
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from compute.errors import CaseError
from compute.quantities import Time
from coupling.report.charts import COLOURS, chart
from coupling.report.raster import Camera, Canvas, Triangles, look
from coupling.report.scene import coloured, is_vessel, wall_corners
from dem.case import DemCase
from dem.case_walls import CylinderWall, Wall

Array = NDArray[np.float64]

VIEWS = (("From the front", -90.0, 0.0), ("Aslant", -62.0, 26.0), ("From above", -90.0, 90.0))
"""Title, azimuth and elevation [deg]."""
STEEL = np.array([0.78, 0.81, 0.84])
"""Colour of vessels: no side so bright that it vanishes on white."""
PIXELS, RESOLUTION = 900, 150
MARGIN = 1.04
CREVICE = 0.02
"""Width of the crevices that are darkened, as a share of the picture's width."""
TITLES, TALLEST = 0.9, 8.0
"""Height of titles and key, and of a picture at most, in inches."""


def parse_time(text: str) -> float:
    """Return a time given with its unit [s].

    Raises:
        CaseError: it is no time.
    """
    try:
        return float(TypeAdapter(Time).validate_python(text))
    except ValidationError:
        raise CaseError("not a time", key="--time", value=text, expected="text such as '20 ms'") from None


def draw_equipment(case: DemCase, time: float, pixels: int = PIXELS) -> bytes:
    """Return a PNG picture of all walls at a time [s] from the front, aslant and from above.

    pixels: across a view. Sides of a vessel that face the viewer are left out, and so are lids; a plane or cylinder
    without end is shown as far as the domain reaches.

    Raises:
        CaseError: a mesh cannot be made or read.
    """
    from matplotlib.colors import to_rgb

    domain = np.array([case.domain.low, case.domain.high], dtype=float)
    parts: list[tuple[Array, Array]] = []
    key: list[tuple[Array, str]] = []
    for wall in case.walls:
        corners = wall_corners(within(wall, domain), case, time + case.time.settle, domain)
        if corners is None:
            continue
        vessel = is_vessel(wall)
        name = COLOURS[(len(key) + 1) % len(COLOURS)]
        parts.append((corners, STEEL if vessel else 0.5 * (np.array(to_rgb(name)) + np.array(to_rgb("white")))))
        if not vessel:
            key.append((parts[-1][1], wall.name))
    walls = coloured(parts)
    cameras = [look(math.radians(azimuth), math.radians(elevation)) for _, azimuth, elevation in VIEWS]
    extents = [_extent(camera, walls) for camera in cameras]
    widths = [extent[1] - extent[0] for extent in extents]
    share = max(extent[3] - extent[2] for extent in extents) / sum(widths)
    with chart(min(10.0 * share + TITLES, TALLEST), 3, width_ratios=widths) as (figure, axes):
        for axis, camera, extent, (title, *_) in zip(axes, cameras, extents, VIEWS):
            _show(axis, Canvas(camera, extent, pixels), walls, title)
        _add_key(figure, key)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=RESOLUTION, metadata={"Software": None})
    return buffer.getvalue()


def within(wall: Wall, domain: Array) -> Wall:
    """A wall cut off where it leaves the domain, given by its two corners [m], shape (2, 3)."""
    if not isinstance(wall, CylinderWall):
        return wall
    axis = np.asarray(wall.axis) / np.linalg.norm(wall.axis)
    corners = np.array(np.meshgrid(*domain.T)).reshape(3, -1).T
    along = (corners - np.asarray(wall.point)) @ axis
    low = float(along.min()) if wall.low is None else wall.low
    high = float(along.max()) if wall.high is None else wall.high
    return wall.model_copy(update={"low": low, "high": high})


def _extent(camera: Camera, walls: Triangles) -> tuple[float, float, float, float]:
    """Left, right, bottom, top of all walls in the camera's frame [m]."""
    corners = walls.corners.reshape(-1, 3) @ camera.rows.T
    low, high = corners.min(axis=0), corners.max(axis=0)
    middle, half = 0.5 * (low + high), 0.5 * MARGIN * np.maximum(high - low, 1e-3 * (high - low).max())
    return middle[0] - half[0], middle[0] + half[0], middle[1] - half[1], middle[1] + half[1]


def _show(axis: Any, canvas: Canvas, walls: Triangles, title: str) -> None:
    extent = canvas.extent
    canvas.add_triangles(walls)
    image = canvas.image(CREVICE * (extent[1] - extent[0]), edges=True)
    axis.imshow(image, extent=[1e3 * edge for edge in extent], interpolation="antialiased")
    axis.set_title(title)
    axis.set_anchor("N")
    axis.grid(False)
    axis.spines[:].set_visible(False)
    axis.set_yticks([])
    axis.set_xlabel("mm")


def _add_key(figure: Any, key: list[tuple[Array, str]]) -> None:
    from matplotlib.patches import Patch

    if key:
        figure.legend(
            handles=[Patch(color=tuple(colour), label=name) for colour, name in key], loc="outside lower center",
            ncols=len(key),
        )  # fmt: skip
