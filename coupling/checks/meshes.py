"""Triangle meshes before a run: whether they can be made, and how far a turning one reaches."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path

from compute.errors import CaseError
from coupling.case import Case
from coupling.checks.finding import Finding
from dem.case_motion import Motion
from dem.case_walls import MeshWall, Wall
from dem.wall_speed import distance_from_axis, wall_reach

HEADER, TRIANGLE = 84, 50


def check_meshes(case: Case) -> Iterator[Finding]:
    """Refuse meshes that cannot be made, read or be in that unit; warn of triangles without area and open edges."""
    dem = case.dem
    if dem is None:
        return
    finest = min(dem.diameters(), default=0.0)
    for index, wall in enumerate(dem.walls):
        if isinstance(wall, MeshWall):
            try:
                yield from _soundness(wall, f"dem.walls.{index}", math.hypot(*dem.domain.size), finest)
            except CaseError as error:
                text = CaseError(error.problem, value=error.value, expected=error.expected, nearest=error.nearest)
                yield Finding("refused", "geometry", f"{text}.", place=error.key or "")


def _soundness(wall: MeshWall, key: str, diagonal: float, finest: float) -> Iterator[Finding]:
    import numpy as np

    from dem.walls.placement import open_edges

    said: list[str] = []
    corners = placed_corners(wall, key, diagonal, said.append)
    yield from (Finding("warning", "mesh", f"{text[0].upper()}{text[1:]}.") for text in said)
    unshared = open_edges(corners)
    if unshared and wall.file is not None:
        text = f"The mesh of {wall.name} is open, or turned both ways: right for a plate, but a body must be closed,"
        text += " or particles can be put inside it."
        yield Finding("warning", "mesh", text, f"{unshared} edges", "0")
    size = float(np.linalg.norm(np.ptp(corners.reshape(-1, 3), axis=0)))
    if size < finest:
        text = f"The mesh of {wall.name} measures {size:.3g} m, less than any particle: is its unit right?"
        yield Finding("warning", "mesh", text, f"{size:.3g} m", f"{finest:.3g} m")


def placed_corners(wall: MeshWall, key: str, diagonal: float, say: Callable[[str], None]):  # type: ignore[no-untyped-def]
    """Return the corners of a mesh as it stands at the start [m], shape (triangles, 3, 3).

    key: where the wall stands in the case; diagonal: of the domain [m]; say: told what is left out.

    Raises:
        CaseError: it cannot be made or read, or is far bigger than the domain.
    """
    from dem.walls.placement import place_corners, place_mesh

    read = stl_corners(wall.file) if wall.file is not None else None
    if read is None:
        return place_mesh(wall, key, diagonal, say)
    return place_corners(wall, read.reshape(-1, 3, 3), key, diagonal, say)


def require_meshes(case: Case) -> None:
    """Read and place every mesh once, as the run will.

    Raises:
        CaseError: a file is no mesh, or a mesh is far larger than the domain.
    """
    if case.dem is None:
        return
    from dem.walls.placement import place_mesh

    diagonal = math.hypot(*case.dem.domain.size)
    for index, wall in enumerate(case.dem.walls):
        if isinstance(wall, MeshWall):
            place_mesh(wall, f"dem.walls.{index}", diagonal, say=lambda text: None)


def reach(wall: Wall) -> float | None:
    """Return the largest distance of a turning wall's surface from its axis [m]; None where it cannot be told."""
    if not isinstance(wall, MeshWall) or wall.file is None or not isinstance(wall.motion, Motion):
        return wall_reach(wall)
    from dem.walls.placement import place_mesh, rotation_to

    corners = stl_corners(wall.file)
    if corners is not None:
        placed = wall.scale * corners @ rotation_to(wall.axis).T + wall.point
    else:
        try:
            placed = place_mesh(wall, wall.name, say=lambda text: None).reshape(-1, 3)
        except CaseError:  # told by the mesh's own check
            return None
    return max(distance_from_axis(corner, wall.motion.point, wall.motion.axis) for corner in placed.tolist())


def stl_corners(file: Path):  # type: ignore[no-untyped-def]
    """Return the corners of the triangles of an STL file in its own unit, shape (3 triangles, 3); None for others.

    Written out here because the library that reads meshes for a run loads scipy, which `check` does without.
    """
    import numpy as np

    content = file.read_bytes()
    count = int.from_bytes(content[80:HEADER], "little")
    if len(content) == HEADER + TRIANGLE * count and count:
        record = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
        return np.frombuffer(content, record, count, HEADER)["corners"].reshape(-1, 3).astype(float)
    words = [line.split() for line in content.decode("ascii", "replace").splitlines()]
    try:
        corners = [[float(word) for word in line[1:4]] for line in words if line[:1] == ["vertex"]]
    except ValueError:
        return None
    return np.array(corners) if corners else None
