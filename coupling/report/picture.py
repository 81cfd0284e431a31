"""Section: what the particles look like, walls and parcels at the end of a window."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coupling.report.charts import COLOURS, FAINT, WIDTH, chart, png
from coupling.report.contents import Quantity, Section
from coupling.report.raster import Camera, Canvas, Spheres, Triangles, look
from coupling.report.record import FEED_WINDOW, RunRecord, WindowRecord
from coupling.report.scene import speeds_of, wall_triangles
from dem.case import DemCase
from dem.case_motion import Motion
from dem.observation import DISPLACEMENT, OBSERVABLES_NAME

Array = NDArray[np.float64]

AZIMUTH = math.radians(-90.0)
SLANT, STEEP = math.radians(24.0), math.radians(90.0)
PIXELS = 620
MARGIN = 1.03
KEYS, TALLEST = 1.3, 7.0
"""Height of titles and keys, and of a figure at most, in inches."""
FASTEST_SHARE = 0.98
"""Quantile of the speeds at which the colour scale ends."""
MOST_SPHERES = 60_000
"""Beyond so many particles a picture shows no more and takes too long."""


def picture_section(run: RunRecord) -> Section:
    """Walls and particles of the last snapshot: whole by size, cut open and from above by speed."""
    section = Section("picture", "The particles")
    window = next((each for each in reversed(_preferred(run)) if each.snapshots is not None), None)
    snapshot = last_snapshot(window)
    case = run.dem_case(window) if window is not None else None
    if window is None or snapshot is None or case is None or not len(snapshot["position"]):
        section.lack("No snapshot of the particles was written: there is no picture.")
        return section
    if len(snapshot["position"]) > MOST_SPHERES:
        section.lack(f"{len(snapshot['position'])} particles are too many for a picture here; see {window.snapshots}.")
        return section
    section.show(
        _draw(case, snapshot), "Vessel and particles in three views", _caption(window, snapshot, bool(case.walls))
    )
    return section


def _preferred(run: RunRecord) -> list[WindowRecord]:
    """Windows with the one to be shown last: the middle of the design, where particles look like the feed."""
    coupling = run.case.coupling
    if coupling is None:
        return run.windows
    return sorted(
        run.windows, key=lambda each: each.speed == coupling.design.middle and each.name.startswith(FEED_WINDOW)
    )


def last_snapshot(window: WindowRecord | None) -> dict[str, Any] | None:
    """The newest snapshot of a window, None where there is none that can be read."""
    from dem.snapshots import read_snapshot

    if window is None or window.snapshots is None:
        return None
    try:
        snapshot = read_snapshot(window.snapshots, -1)
    except (IndexError, OSError, KeyError):
        return None
    return snapshot | {"displacements": displacements(window.snapshots.with_name(OBSERVABLES_NAME))}


def displacements(path: Path) -> dict[str, float]:
    """How far walls under a load have gone [m], by name, as last recorded in a file of observables."""
    from dem.table import read_table

    if not path.is_file():
        return {}
    table = read_table(path)
    chosen = table["quantity"] == DISPLACEMENT
    return dict(zip(table["name"][chosen].tolist(), table["value"][chosen].astype(float).tolist()))


def _caption(window: WindowRecord, snapshot: dict[str, Any], cut: bool) -> str:
    speed = "" if window.speed is None else f" at {Quantity(window.speed, 'rad/s', digits=4)}"
    spheres = len(snapshot["position"])
    bodies = len(np.unique(snapshot["body"])) if "body" in snapshot else spheres
    number = f"{bodies} particles of {spheres} spheres" if bodies < spheres else f"{spheres} particles"
    what = f"{number} of the window {window.name}{speed}"
    middle = "the half before the axis taken away, by speed" if cut else "by speed"
    views = f"left: whole, by size class; middle: {middle}; right: from above"
    return f"{what}, t = {Quantity(snapshot['time'], 's', digits=4)} of the simulation; {views}."


def _draw(case: DemCase, snapshot: dict[str, Any]) -> str:
    from matplotlib import colormaps

    position = np.asarray(snapshot["position"], dtype=float)
    walls = wall_triangles(case, snapshot["time"], position, snapshot["displacements"])
    speed = speeds_of(snapshot)
    top = max(float(np.quantile(speed, FASTEST_SHARE)), 1e-12)
    by_speed = colormaps["viridis"](np.clip(speed / top, 0.0, 1.0))[:, :3]
    by_class, legend = class_colours(case, snapshot)
    middle = _middle(case, walls, position)
    behind = position[:, 1] > middle[1] if case.walls else np.ones(len(position), dtype=bool)
    front, above = look(AZIMUTH, SLANT), look(AZIMUTH, STEEP)
    radius = np.asarray(snapshot["radius"], dtype=float)
    every = np.ones(len(position), dtype=bool)
    views = [
        (front, Spheres(position, radius, by_class), every, "Size classes"),
        (front, Spheres(position, radius, by_speed), behind, "Speed, cut through the axis" if case.walls else "Speed"),
        (above, Spheres(position, radius, by_speed), every, "Speed, from above"),
    ]
    shapes = [_extent(camera, walls, position, radius) for camera, *_ in views]
    widths = [extent[1] - extent[0] for extent in shapes]
    with chart(_height(shapes), 3, width_ratios=widths) as (figure, axes):
        for axis, extent, (camera, spheres, shown, title) in zip(axes, shapes, views):
            part = Spheres(*(values[shown] for values in spheres))
            _show(axis, camera, part, walls, extent, title)
        _add_keys(figure, axes, legend, top)
        return png(figure)


def _height(extents: list[tuple[float, float, float, float]]) -> float:
    """Height of the figure in inches at which the views fill its width, keys included."""
    share = max(top - bottom for _, _, bottom, top in extents) / sum(right - left for left, right, _, _ in extents)
    return min(WIDTH * share + KEYS, TALLEST)


def class_colours(case: DemCase, snapshot: dict[str, Any]) -> tuple[Array, list[tuple[str, str]]]:
    """Colour of each particle, shape (n, 3), and colour and diameter [mm] of each class, or its name beside it.

    Classes of the same diameter are told apart by their names.
    """
    from matplotlib.colors import to_rgb

    kinds, radii = np.asarray(snapshot["class"], dtype=int), np.asarray(snapshot["radius"], dtype=float)
    present = [int(kind) for kind in np.unique(kinds)]
    table = {kind: COLOURS[at % len(COLOURS)] for at, kind in enumerate(present)}
    labels = [f"{2e3 * radii[kinds == kind][0]:.3g}" for kind in present]
    if len(set(labels)) < len(labels):
        names = [each.name for each in case.classes]
        labels = [f"{names[kind]}\n{text}" if kind < len(names) else text for kind, text in zip(present, labels)]
    key = [(table[kind], label) for kind, label in zip(present, labels)]
    return np.array([to_rgb(table[int(kind)]) for kind in kinds]), key


def _middle(case: DemCase, walls: Triangles, position: Array) -> Array:
    """The axis of what turns, or the middle of the particles [m]."""
    moving = [wall.motion for wall in case.walls if isinstance(wall.motion, Motion)]
    return np.asarray(moving[0].point, dtype=float) if moving else position.mean(axis=0)


def _extent(camera: Camera, walls: Triangles, position: Array, radius: Array) -> tuple[float, float, float, float]:
    """Left, right, bottom, top of everything in the camera's frame [m]."""
    largest = float(radius.max())
    spheres = position @ camera.rows.T
    corners = walls.corners.reshape(-1, 3) @ camera.rows.T
    low = np.concatenate([spheres - largest, corners]).min(axis=0)
    high = np.concatenate([spheres + largest, corners]).max(axis=0)
    middle, half = 0.5 * (low + high), 0.5 * MARGIN * (high - low)
    return middle[0] - half[0], middle[0] + half[0], middle[1] - half[1], middle[1] + half[1]


def _show(
    axis: Any,
    camera: Camera,
    spheres: Spheres,
    walls: Triangles,
    extent: tuple[float, float, float, float],
    title: str,
) -> None:
    canvas = Canvas(camera, extent, PIXELS)
    canvas.add_triangles(walls)
    canvas.add_spheres(spheres)
    length = float(np.mean(spheres.radius)) if len(spheres.radius) else extent[1] - extent[0]
    axis.imshow(canvas.image(length), extent=[1e3 * edge for edge in extent], interpolation="antialiased")
    axis.set_title(title)
    axis.grid(False)
    axis.spines[:].set_visible(False)
    axis.set_yticks([])
    axis.tick_params(length=2.5, color=FAINT)
    axis.set_xlabel("mm")


def _add_keys(figure: Any, axes: Any, classes: list[tuple[str, str]], top: float) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import BoundaryNorm, ListedColormap, Normalize

    sizes = np.arange(len(classes) + 1)
    steps = ScalarMappable(BoundaryNorm(sizes, len(classes)), ListedColormap([colour for colour, _ in classes]))
    shape = {"location": "bottom", "shrink": 0.9, "pad": 0.02}
    key = figure.colorbar(steps, ax=axes[0], label="diameter [mm]", aspect=16, ticks=sizes[:-1] + 0.5, **shape)
    key.ax.set_xticklabels([label for _, label in classes])
    key.ax.tick_params(length=0)
    speed = ScalarMappable(Normalize(0.0, top), "viridis")
    figure.colorbar(speed, ax=list(axes[1:]), label="speed [m/s]", aspect=36, extend="max", **shape)
