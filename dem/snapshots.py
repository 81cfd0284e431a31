"""Particles over time in one transient VTKHDF file (PolyData of vertices, format version 2.3) that ParaView opens.

Positions and real-valued fields are stored as float32, which is what pictures need (a checkpoint holds the exact
state); integers keep their type. Nothing is compressed: random mantissas shrink by a sixth at most and cost six times
the writing time. Between two snapshots the file is closed, so that it can be viewed while the run goes on and is whole
if the run is killed; `Values` and `NSteps`, which tell readers how far the file is valid, are written last, together
(VTK 9.7 overruns its memory where they differ in length).

Format: https://docs.vtk.org/en/latest/vtk_file_formats/vtkhdf_file_format/
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compute.errors import SimulationError
from dem.checkpoint import DATASET_OVERHEAD, FILE_OVERHEAD, atomic_replacement, reserve_space

VERSION = (2, 3)
TOPOLOGIES = ("Vertices", "Lines", "Polygons", "Strips")
"""Readers ask for all four, in this order, also where three are empty."""
CHUNK_ROWS = 8192
STEP_CHUNK_ROWS = 256
STEP_COLUMNS: dict[str, tuple[str, int]] = {
    "PartOffsets": ("i8", 0),
    "NumberOfParts": ("i8", 0),
    "PointOffsets": ("i8", 0),
    "CellOffsets": ("i8", 4),
    "ConnectivityIdOffsets": ("i8", 4),
    "Values": ("f8", 0),
}
"""Type and number of columns (0: a vector) of the datasets with one row per step."""


class SnapshotWriter:
    """Writes one snapshot after another into a file; an existing file is continued.

    Args:
        path: the file, made at the first snapshot.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)

    def append(self, time: float, position: NDArray[np.float64], fields: Mapping[str, NDArray[Any]]) -> None:
        """Write a snapshot; earlier ones of this time or later are dropped, since the run has gone back behind them.

        Args:
            time: [s].
            position: sphere centres [m], shape (n, 3); n may differ from one snapshot to the next.
            fields: values per particle by name, shapes (n,), (n, 3) and (n, 4); the same names every time.

        Raises:
            SimulationError: the file could not be written (full disk, quota) or is damaged.
            ValueError: the fields differ from those of the file, or a length from n.
        """
        _check_fields(len(position), fields)
        try:
            if not self.path.exists():
                self._create(fields)
            elif len(times := snapshot_times(self.path)) and times[-1] >= time:
                self.truncate(time)
            _reserve(self.path, position, fields)
            self._extend(time, position, fields)
        except (OSError, RuntimeError, KeyError) as error:
            number = getattr(error, "errno", None)
            reason = os.strerror(number) if number else str(error)
            raise SimulationError(
                f"{self.path}: snapshot of t = {time:.6g} s could not be written: {reason}"
            ) from error

    def truncate(self, time: float) -> None:
        """Drop the snapshots of `time` [s] and later.

        The steps kept are copied into a new file that replaces the old one: HDF5 does not give space back, and what a
        killed writer left beyond `NSteps` is not trusted.

        Raises:
            SimulationError: the file is damaged, or the new one could not be written.
        """
        if not self.path.exists():
            return
        try:
            count = int(np.searchsorted(snapshot_times(self.path), time, side="left"))
            with atomic_replacement(self.path) as temporary:
                kept = SnapshotWriter(temporary)
                for index in range(count):
                    step = read_snapshot(self.path, index)
                    kept.append(step.pop("time"), step.pop("position"), step)
                if count == 0:
                    kept._create(_fields_of(self.path))
        except (OSError, RuntimeError, KeyError) as error:
            raise SimulationError(f"{self.path}: snapshots from t = {time:.6g} s on not cut off: {error}") from error

    def _create(self, fields: Mapping[str, NDArray[Any]]) -> None:
        import h5py

        with atomic_replacement(self.path) as temporary:
            reserve_space(temporary, FILE_OVERHEAD + DATASET_OVERHEAD * (30 + 2 * len(fields)))
            with h5py.File(temporary, "w") as file:
                _make_layout(file, fields)

    def _extend(self, time: float, position: NDArray[np.float64], fields: Mapping[str, NDArray[Any]]) -> None:
        import h5py

        with h5py.File(self.path, "r+") as file:
            root = file["VTKHDF"]
            steps, done = root["Steps"], int(root["Steps"].attrs["NSteps"])
            if set(root["PointData"]) != set(fields):
                raise ValueError(f"fields {sorted(fields)}, expected those of the file, {sorted(root['PointData'])}")
            first = int(root["NumberOfPoints"][:done].sum())
            write_rows(root["Points"], first, position)
            for name, values in fields.items():
                write_rows(root["PointData"][name], first, values)
                write_rows(steps["PointDataOffsets"][name], done, [first])
            write_rows(root["NumberOfPoints"], done, [len(position)])
            _write_topology(root, done, first, len(position))
            _write_step(steps, done, first)
            file.flush()
            write_rows(steps["Values"], done, [time])
            steps.attrs.modify("NSteps", np.int64(done + 1))


def snapshot_times(path: Path | str) -> NDArray[np.float64]:
    """Return the times of the snapshots in the file [s], shape (steps,)."""
    import h5py

    with h5py.File(path, "r") as file:
        steps = file["VTKHDF/Steps"]
        times: NDArray[np.float64] = steps["Values"][: int(steps.attrs["NSteps"])]
        return times


def read_snapshot(path: Path | str, index: int) -> dict[str, Any]:
    """Read one snapshot.

    Args:
        path: file written by `SnapshotWriter`.
        index: number of the snapshot, from 0; negative ones count from the end.

    Returns:
        "time" [s], "position" [m], shape (n, 3), and every field by its name.

    Raises:
        IndexError: there is no such snapshot.
    """
    import h5py

    with h5py.File(path, "r") as file:
        root = file["VTKHDF"]
        count = int(root["Steps"].attrs["NSteps"])
        if not -count <= index < count:
            raise IndexError(f"{path}: snapshot {index} of {count}")
        index %= count
        first = int(root["Steps/PointOffsets"][index])
        rows = slice(first, first + int(root["NumberOfPoints"][index]))
        fields = {name: dataset[rows] for name, dataset in root["PointData"].items()}
        return {"time": float(root["Steps/Values"][index]), "position": root["Points"][rows], **fields}


def make_root(file: Any) -> Any:
    """Return the group that all of the format stands in, of a new file."""
    root = file.create_group("VTKHDF")
    root.attrs["Version"] = np.array(VERSION, dtype="i8")
    root.attrs.create("Type", np.bytes_("PolyData"))
    return root


def _make_layout(file: Any, fields: Mapping[str, NDArray[Any]]) -> None:
    root = make_root(file)
    make_rows(root, "NumberOfPoints", "i8", 0, STEP_CHUNK_ROWS)
    make_rows(root, "Points", "f4", 3)
    for topology in TOPOLOGIES:
        group = root.create_group(topology)
        for name in ("NumberOfCells", "NumberOfConnectivityIds"):
            make_rows(group, name, "i8", 0, STEP_CHUNK_ROWS)
        for name in ("Offsets", "Connectivity"):
            make_rows(group, name, "i8", 0, CHUNK_ROWS if topology == "Vertices" else STEP_CHUNK_ROWS)
    steps = root.create_group("Steps")
    steps.attrs["NSteps"] = np.int64(0)
    for name, (kind, columns) in STEP_COLUMNS.items():
        make_rows(steps, name, kind, columns, STEP_CHUNK_ROWS)
    data, offsets = root.create_group("PointData"), steps.create_group("PointDataOffsets")
    for name, values in fields.items():
        make_rows(data, name, _stored_type(values), values.shape[1] if values.ndim == 2 else 0)
        make_rows(offsets, name, "i8", 0, STEP_CHUNK_ROWS)


def make_rows(group: Any, name: str, kind: Any, columns: int, chunk_rows: int = CHUNK_ROWS) -> None:
    """Make a dataset without rows that can grow; columns: 0 for a vector."""
    tail = (columns,) if columns else ()
    group.create_dataset(name, (0, *tail), kind, maxshape=(None, *tail), chunks=(chunk_rows, *tail))


def write_rows(dataset: Any, first: int, rows: Any) -> None:
    """Make `rows` the last of the dataset, from row `first` on."""
    dataset.resize(first + len(rows), axis=0)
    dataset[first:] = np.asarray(rows)


def _write_topology(root: Any, done: int, first: int, count: int) -> None:
    for topology in TOPOLOGIES:
        group, cells = root[topology], count if topology == "Vertices" else 0
        start = first if topology == "Vertices" else 0
        write_rows(group["NumberOfCells"], done, [cells])
        write_rows(group["NumberOfConnectivityIds"], done, [cells])
        # Each step has one offset more than it has cells.
        write_rows(group["Offsets"], start + done, np.arange(cells + 1))
        write_rows(group["Connectivity"], start, np.arange(cells))


def _write_step(steps: Any, done: int, first: int) -> None:
    vertices_first = [[first, 0, 0, 0]]
    write_rows(steps["PartOffsets"], done, [done])
    write_rows(steps["NumberOfParts"], done, [1])
    write_rows(steps["PointOffsets"], done, [first])
    write_rows(steps["CellOffsets"], done, vertices_first)
    write_rows(steps["ConnectivityIdOffsets"], done, vertices_first)


def _reserve(path: Path, position: NDArray[np.float64], fields: Mapping[str, NDArray[Any]]) -> None:
    """Reserve what a snapshot can add at most: its rows, and a new chunk of every dataset."""
    row_size = 3 * 4 + 2 * 8 + sum((values.shape[1] if values.ndim == 2 else 1) * 8 for values in fields.values())
    rows = (len(position) + CHUNK_ROWS) * row_size
    small = STEP_CHUNK_ROWS * 8 * (24 + len(fields))
    reserve_space(path, path.stat().st_size + rows + small + FILE_OVERHEAD)


def _stored_type(values: NDArray[Any]) -> Any:
    return np.dtype("f4") if values.dtype.kind == "f" else values.dtype


def _fields_of(path: Path) -> dict[str, NDArray[Any]]:
    import h5py

    with h5py.File(path, "r") as file:
        return {name: dataset[:0] for name, dataset in file["VTKHDF/PointData"].items()}


def _check_fields(count: int, fields: Mapping[str, NDArray[Any]]) -> None:
    for name, values in fields.items():
        if values.shape not in ((count,), (count, 3), (count, 4)) or values.dtype.kind not in "fiu":
            raise ValueError(
                f"field {name}: {values.dtype}, shape {values.shape}; expected numbers of {count} particles"
            )
