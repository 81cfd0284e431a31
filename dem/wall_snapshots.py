"""Mesh walls over time in one transient VTKHDF file (PolyData of triangles), beside that of the particles.

Triangles are written once. Vertices, as float32, are written again with each snapshot if a mesh moves, else once too:
each step says where its vertices begin. Like the particles, a snapshot is there once `NSteps` says so.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compute.errors import SimulationError
from dem.checkpoint import DATASET_OVERHEAD, FILE_OVERHEAD, atomic_replacement, reserve_space
from dem.snapshots import (
    CHUNK_ROWS,
    STEP_CHUNK_ROWS,
    STEP_COLUMNS,
    TOPOLOGIES,
    make_root,
    make_rows,
    snapshot_times,
    write_rows,
)
from dem.walls.arrays import MESH, Walls
from dem.walls.clearance import mesh_corners
from dem.walls.motion import point_to_space, set_pose

DATASETS = 30
"""No file has more."""


class WallWriter:
    """Writes the meshes among the walls as they lie, time after time; an existing file is continued.

    The cell field `wall` is the number of the wall, which the dataset /wall_names names; without a mesh there is no
    file.

    Args:
        path: the file, made at the first snapshot.
        walls: as built, on the host.
        names: of all walls.
    """

    def __init__(self, path: Path, walls: Walls, names: Sequence[str]) -> None:
        self.path, self._walls, self._names = path, walls, list(names)
        self._meshes = [int(w) for w in np.flatnonzero(walls.shape == MESH)]

    @cached_property
    def _parts(self) -> list[tuple[NDArray[np.float64], NDArray[np.int64]]]:
        """Of each mesh the vertices [m] in its body frame, shape (v, 3), and the triangles as numbers of them."""
        parts = []
        for w in self._meshes:
            corners = mesh_corners(self._walls, w).reshape(-1, 3)
            vertices, vertex = np.unique(corners, axis=0, return_inverse=True)
            parts.append((vertices, vertex.reshape(-1, 3)))
        return parts

    def append(self, step_number: int, step_size: float, pose: NDArray[np.float64]) -> None:
        """Write where the meshes are at time step_number step_size [s]; later snapshots are dropped.

        pose: of the walls after the last step, which says how far one that bears a load has gone.

        Raises:
            SimulationError: the file could not be written (full disk, quota) or is damaged.
        """
        if not self._meshes:
            return
        time, points = step_number * step_size, self._points(step_number, step_size, pose)
        try:
            if not self.path.exists():
                self._create(len(points))
            elif len(times := snapshot_times(self.path)) and times[-1] >= time:
                self.truncate(time)
            new = points.nbytes + 12 * CHUNK_ROWS + 8 * STEP_CHUNK_ROWS * DATASETS
            reserve_space(self.path, self.path.stat().st_size + new + FILE_OVERHEAD)
            self._extend(time, points)
        except (OSError, RuntimeError, KeyError) as error:
            number = getattr(error, "errno", None)
            reason = os.strerror(number) if number else str(error)
            raise SimulationError(f"{self.path}: walls at t = {time:.6g} s could not be written: {reason}") from error

    def truncate(self, time: float) -> None:
        """Drop the snapshots of `time` [s] and later.

        Raises:
            SimulationError: the file is damaged, or the new one could not be written.
        """
        import h5py

        if not self.path.exists():
            return
        try:
            count = int(np.searchsorted(snapshot_times(self.path), time, side="left"))
            with atomic_replacement(self.path) as temporary:
                shutil.copyfile(self.path, temporary)
                with h5py.File(temporary, "r+") as file:
                    steps = file["VTKHDF/Steps"]
                    steps.attrs.modify("NSteps", np.int64(count))
                    steps["Values"].resize(count, axis=0)
        except (OSError, RuntimeError, KeyError) as error:
            raise SimulationError(f"{self.path}: walls from t = {time:.6g} s on not cut off: {error}") from error

    def _points(self, step_number: int, step_size: float, pose: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return the vertices of all meshes in space [m], shape (v, 3)."""
        walls, places = self._walls._replace(pose=pose.copy()), []
        for w, (vertices, _) in zip(self._meshes, self._parts):
            set_pose(w, walls, step_number, step_size)
            place = np.stack(point_to_space(walls, w, *vertices.T), axis=1) if walls.turns[w] else vertices
            places.append(place.astype(np.float32))
        return np.concatenate(places)

    def _create(self, vertices: int) -> None:
        import h5py

        starts = np.cumsum([0, *(len(own) for own, _ in self._parts)])
        triangles = np.concatenate([own + start for (_, own), start in zip(self._parts, starts)])
        wall = np.repeat(np.array(self._meshes, np.int32), [len(own) for _, own in self._parts])
        with atomic_replacement(self.path) as temporary:
            size = 2 * FILE_OVERHEAD + DATASETS * DATASET_OVERHEAD + 2 * triangles.nbytes + wall.nbytes
            reserve_space(temporary, size)
            with h5py.File(temporary, "w") as file:
                root = make_root(file)
                root["NumberOfPoints"] = np.array([vertices])
                make_rows(root, "Points", "f4", 3)
                _write_cells(root, triangles)
                root["CellData/wall"] = wall
                _make_steps(root)
                # Outside /VTKHDF, because VTK 9.7 crashes on strings in the field data of PolyData.
                file["wall_names"] = np.array(self._names, dtype=h5py.string_dtype())

    def _extend(self, time: float, points: NDArray[np.float32]) -> None:
        import h5py

        moves = any(self._walls.turns[w] for w in self._meshes)
        with h5py.File(self.path, "r+") as file:
            root, steps = file["VTKHDF"], file["VTKHDF/Steps"]
            done = int(steps.attrs["NSteps"])
            first = done * len(points) if moves else 0
            write_rows(root["Points"], first, points)
            write_rows(steps["PointOffsets"], done, [first])
            write_rows(steps["NumberOfParts"], done, [1])
            for name in ("PartOffsets", "CellDataOffsets/wall"):
                write_rows(steps[name], done, [0])
            for name in ("CellOffsets", "ConnectivityIdOffsets"):
                write_rows(steps[name], done, [[0, 0, 0, 0]])
            file.flush()
            write_rows(steps["Values"], done, [time])
            steps.attrs.modify("NSteps", np.int64(done + 1))


def _write_cells(root: Any, triangles: NDArray[np.int64]) -> None:
    for topology in TOPOLOGIES:
        cells = triangles if topology == "Polygons" else np.empty((0, 3), np.int64)
        group = root.create_group(topology)
        group["NumberOfCells"], group["NumberOfConnectivityIds"] = np.array([len(cells)]), np.array([cells.size])
        group["Offsets"], group["Connectivity"] = 3 * np.arange(len(cells) + 1), cells.ravel()


def _make_steps(root: Any) -> None:
    steps = root.create_group("Steps")
    steps.attrs["NSteps"] = np.int64(0)
    for name, (kind, columns) in STEP_COLUMNS.items():
        make_rows(steps, name, kind, columns, STEP_CHUNK_ROWS)
    make_rows(steps.create_group("CellDataOffsets"), "wall", "i8", 0, STEP_CHUNK_ROWS)
