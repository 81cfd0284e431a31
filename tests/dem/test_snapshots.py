"""Snapshots as VTK's own reader sees them: steps, times, points and values, also after a kill or a cut."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compute.errors import SimulationError
from dem.snapshots import SnapshotWriter, read_snapshot, snapshot_times

ROOT = Path(__file__).resolve().parents[2]
COUNTS = (5, 9, 0, 7)


def snapshot(index: int, count: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Positions and fields that differ in every step, particle and column."""
    base = 1000.0 * index + np.arange(3.0 * count).reshape(count, 3)
    fields: dict[str, np.ndarray] = {
        "id": 2**40 + np.arange(count) + index,
        "class": (np.arange(count) % 3).astype(np.int32),
        "radius": 1e-3 * (1 + base[:, 0]),
        "velocity": -base,
        "angular_velocity": 0.5 * base,
    }
    return base, fields


def write(path: Path, counts: tuple[int, ...] = COUNTS, first: int = 0) -> SnapshotWriter:
    writer = SnapshotWriter(path)
    for index, count in enumerate(counts, first):
        writer.append(0.1 * index, *snapshot(index, count))
    return writer


def open_reader(path: Path) -> Any:
    vtk = pytest.importorskip("vtkmodules.vtkIOHDF", reason="VTK is not installed")
    reader = vtk.vtkHDFReader()
    reader.SetFileName(str(path))
    reader.UpdateInformation()
    return reader


def reader_times(reader: Any) -> tuple[float, ...]:
    from vtkmodules.vtkCommonExecutionModel import vtkStreamingDemandDrivenPipeline as Pipeline

    return tuple(reader.GetOutputInformation(0).Get(Pipeline.TIME_STEPS()) or ())


def read_polydata(reader: Any, at: float | None = None) -> Any:
    vtk_to_numpy = pytest.importorskip("vtkmodules.util.numpy_support").vtk_to_numpy
    assert (reader.UpdateTimeStep(at) if at is not None else reader.Update()) in (1, None)
    data = reader.GetOutputDataObject(0)
    points = vtk_to_numpy(data.GetPoints().GetData()) if data.GetNumberOfPoints() else np.empty((0, 3))
    fields = data.GetPointData()
    values = {fields.GetArrayName(i): vtk_to_numpy(fields.GetArray(i)) for i in range(fields.GetNumberOfArrays())}
    return data, points, values


def assert_vtk_reads(path: Path, counts: tuple[int, ...]) -> None:
    """Values are float32 of what was written, exactly; every particle is a vertex of its own."""
    reader = open_reader(path)
    assert reader.GetNumberOfSteps() == len(counts)
    assert reader_times(reader) == tuple(0.1 * index for index in range(len(counts)))
    for index, count in enumerate(counts):
        data, points, values = read_polydata(reader, 0.1 * index)
        position, fields = snapshot(index, count)
        assert (data.GetNumberOfPoints(), data.GetNumberOfVerts(), data.GetNumberOfCells()) == (count,) * 3
        assert np.array_equal(points, position.astype("f4"))
        for name, expected in fields.items():
            assert np.array_equal(values[name], expected.astype("f4") if expected.dtype.kind == "f" else expected), name


def test_vtk_reads_every_step_with_changing_counts(tmp_path: Path) -> None:
    """Four steps of 5, 9, 0 and 7 particles come back step by step, with 64-bit ids whole."""
    write(tmp_path / "particles.vtkhdf")
    assert_vtk_reads(tmp_path / "particles.vtkhdf", COUNTS)


def test_vtk_reads_more_particles_than_a_chunk_holds(tmp_path: Path) -> None:
    """Steps that end within a chunk and span several are addressed by their offsets."""
    counts = (8191, 20000, 3)
    write(tmp_path / "particles.vtkhdf", counts)
    assert_vtk_reads(tmp_path / "particles.vtkhdf", counts)


def test_own_reading_and_continued_writing(tmp_path: Path) -> None:
    """A second writer continues the file; reading gives what was written, in float32."""
    path = tmp_path / "particles.vtkhdf"
    write(path, COUNTS[:2])
    write(path, COUNTS[2:], first=2)
    assert_vtk_reads(path, COUNTS)
    found, (position, fields) = read_snapshot(path, -1), snapshot(3, 7)
    assert found.pop("time") == 0.1 * 3
    assert np.array_equal(found.pop("position"), position.astype("f4"))
    assert found.keys() == fields.keys()
    assert found["id"].dtype == np.int64
    with pytest.raises(IndexError, match="snapshot 4 of 4"):
        read_snapshot(path, 4)


def test_cut_and_resume_gives_the_uninterrupted_file(tmp_path: Path) -> None:
    """Cut at t, then written on: equal to a file that was never interrupted; a cut beyond the end changes nothing."""
    path = tmp_path / "particles.vtkhdf"
    writer = write(path)
    writer.truncate(0.1 * 9)
    assert_vtk_reads(path, COUNTS)
    writer.truncate(0.1 * 2)
    assert_vtk_reads(path, COUNTS[:2])
    write(path, COUNTS[2:], first=2)
    assert_vtk_reads(path, COUNTS)
    writer.truncate(0.0)
    assert list(snapshot_times(path)) == []
    write(path)
    assert_vtk_reads(path, COUNTS)


def test_going_back_in_time_drops_what_lay_beyond(tmp_path: Path) -> None:
    """A run that starts over in its folder writes its first snapshot again and leaves none of the later ones."""
    path = tmp_path / "particles.vtkhdf"
    write(path)
    SnapshotWriter(path).append(0.1, *snapshot(1, 9))
    assert_vtk_reads(path, COUNTS[:2])


def test_what_lies_beyond_the_step_count_is_ignored(tmp_path: Path) -> None:
    """A writer that ends before times and NSteps are written leaves longer datasets: readers see the steps before."""
    import h5py

    path = tmp_path / "particles.vtkhdf"
    write(path)
    with h5py.File(path, "r+") as file:
        file["VTKHDF/Steps"].attrs.modify("NSteps", np.int64(2))
        file["VTKHDF/Steps/Values"].resize(2, axis=0)
    assert_vtk_reads(path, COUNTS[:2])
    write(path, COUNTS[2:], first=2)
    assert_vtk_reads(path, COUNTS)


KILLED = """
import sys
import numpy as np
from dem.snapshots import SnapshotWriter
writer = SnapshotWriter(sys.argv[1])
for step in range(10000):
    position = np.full((500 + step, 3), float(step))
    writer.append(float(step), position, {"radius": position[:, 0], "id": np.arange(500 + step)})
    print(step, flush=True)
"""


def test_copy_and_kill_in_mid_run_leave_readable_files(tmp_path: Path) -> None:
    """A file killed while a step is written holds every step announced before, to VTK and to us."""
    path = tmp_path / "particles.vtkhdf"
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(path)], cwd=ROOT, text=True, stdout=subprocess.PIPE)
    assert process.stdout is not None
    for _ in range(20):
        process.stdout.readline()
    time.sleep(0.011)
    process.send_signal(signal.SIGKILL)
    announced = 20 + len(process.stdout.read().split())
    process.wait()
    copy = Path(shutil.copy(path, tmp_path / "copy.vtkhdf"))
    steps = open_reader(copy).GetNumberOfSteps()
    assert steps in (announced, announced + 1)
    for index in range(0, steps, 5):
        _, points, _ = read_polydata(open_reader(copy), float(index))
        assert np.array_equal(points, np.full((500 + index, 3), float(index)))
    SnapshotWriter(path).truncate(announced - 1.0)
    assert open_reader(path).GetNumberOfSteps() == announced - 1


FULL_DISK = """
import resource, sys
import numpy as np
from compute.errors import SimulationError
from dem.snapshots import SnapshotWriter
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000_000, 10_000_000))
writer = SnapshotWriter(sys.argv[1])
try:
    for step in range(1000):
        writer.append(float(step), np.full((20000, 3), float(step)), {"radius": np.zeros(20000)})
except SimulationError as error:
    print(step, error)
"""


def test_full_disk_is_an_error_and_the_file_stays_readable(tmp_path: Path) -> None:
    """A limit on file size stands for the full disk: the error names file and time, the steps before are whole."""
    path = tmp_path / "particles.vtkhdf"
    command = [sys.executable, "-c", FULL_DISK, str(path)]
    output = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, timeout=60, check=True).stdout
    steps = int(output.split()[0])
    assert steps > 3
    assert f"{path}: snapshot of t = {steps} s could not be written: File too large" in output
    assert open_reader(path).GetNumberOfSteps() == steps
    _, points, _ = read_polydata(open_reader(path), steps - 1.0)
    assert np.array_equal(points, np.full((20000, 3), steps - 1.0))


def test_file_does_not_keep_the_reserved_space(tmp_path: Path) -> None:
    """50 steps of 100 particles, 60 bytes each, fit into the first chunk of each dataset: 1.2 MB at most."""
    path = tmp_path / "particles.vtkhdf"
    write(path, (100,) * 50)
    assert path.stat().st_size < 1.2e6


def test_damaged_file_and_wrong_fields_are_named(tmp_path: Path) -> None:
    """A file that is no HDF5, other field names than before, and a wrong length are refused by name."""
    path = tmp_path / "particles.vtkhdf"
    path.write_text("no HDF5")
    with pytest.raises(SimulationError, match=r"particles\.vtkhdf: snapshot of t = 0\.5 s could not be written"):
        SnapshotWriter(path).append(0.5, *snapshot(0, 2))
    path.unlink()
    writer = write(path)
    with pytest.raises(ValueError, match="expected those of the file"):
        writer.append(0.9, np.zeros((2, 3)), {"radius": np.zeros(2)})
    with pytest.raises(ValueError, match="field radius"):
        writer.append(0.9, np.zeros((2, 3)), {"radius": np.zeros(3)})
