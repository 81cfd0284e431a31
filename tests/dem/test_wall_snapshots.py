"""The walls of a run as VTK's own reader sees them beside its particles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from numpy.typing import NDArray

from compute import get_backend
from dem.case import DemCase
from dem.case_walls import MeshWall
from dem.output import SNAPSHOT_NAME, WALLS_NAME
from dem.setup import make_setup
from dem.simulation import Simulation
from dem.wall_snapshots import WallWriter
from dem.walls import build_walls
from dem.walls.arrays import SHIFT
from dem.walls.build import moved
from dem.walls.placement import place_mesh
from tests.dem.test_snapshots import open_reader, read_polydata, reader_times

MESHES: dict[str, Any] = {
    "bowl": {"generate": {"kind": "bowl", "radius": "20 mm", "height": "30 mm"}},
    "impeller": {
        "generate": {
            "kind": "impeller", "blades": 3, "radius": "18 mm", "hub_radius": "5 mm", "hub_height": "8 mm",
            "blade_height": "6 mm", "blade_thickness": "2 mm", "pitch": "30 deg",
        },
        "motion": {"speed": 1000.0, "ramp": 1e-4},
    },
}  # fmt: skip


def case(*meshes: str) -> DemCase:
    """One sphere above these meshes, with a plane, for 80 steps after a settling time of 40."""
    floor = {"name": "floor", "material": "steel", "shape": "plane", "point": [0, 0, -1e-3], "normal": [0, 0, 1]}
    walls = [{"name": name, "material": "steel", "shape": "mesh"} | MESHES[name] for name in meshes]
    grain = {"class": "grain", "position": [0, 0, 24e-3]}
    return DemCase.model_validate(
        {
            "domain": {"low": [-25e-3, -25e-3, -2e-3], "high": [25e-3, 25e-3, 32e-3]},
            "materials": {"steel": {"density": 7800, "youngs_modulus": 1e7}},
            "pairs": [{"between": ["steel", "steel"], "restitution": 0.5, "friction": 0.3}],
            "classes": [{"name": "grain", "diameter": 2e-3, "material": "steel"}],
            "particles": [{"kind": "given", "items": [grain]}],
            "walls": [floor, *walls],
            "time": {"settle": 4e-4, "end": 8e-4, "step": 1e-5, "output_interval": 2e-4},
        }
    )


def run(of: DemCase, folder: Path) -> Simulation:
    simulation = Simulation(of, get_backend("python"), 1, folder)
    simulation.run()
    return simulation


def corners_read(data: Any, points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Corners of the triangles of a polydata, shape (n, 3, 3)."""
    return points[[[data.GetCell(at).GetPointId(k) for k in range(3)] for at in range(data.GetNumberOfCells())]]


def ordered(corners: NDArray[Any]) -> NDArray[Any]:
    """Sorted, so that meshes whose triangles come in another order can be compared."""
    return corners[np.lexsort(np.round(corners, 6).mean(axis=1).T)]


def test_meshes_are_where_they_are_with_each_snapshot(tmp_path: Path) -> None:
    """The times of the particles; the impeller waits for settling, then turns as the case says, to 32 bits."""
    setup = make_setup(case("bowl", "impeller"))
    run(setup.case, tmp_path)
    vtk_to_numpy = pytest.importorskip("vtkmodules.util.numpy_support").vtk_to_numpy
    reader = open_reader(tmp_path / WALLS_NAME)
    assert reader_times(reader) == reader_times(open_reader(tmp_path / SNAPSHOT_NAME)) and reader.GetNumberOfSteps() > 3
    turned = []
    for time in reader_times(reader):
        data, points, _ = read_polydata(reader, time)
        found = corners_read(data, points)
        wall = vtk_to_numpy(data.GetCellData().GetArray("wall"))
        assert set(wall.tolist()) == {1, 2}
        for number in (1, 2):
            model = setup.case.walls[number]
            assert isinstance(model, MeshWall)
            expected = moved(place_mesh(model, "walls"), model.motion, max(0.0, time - 4e-4))
            np.testing.assert_allclose(ordered(found[wall == number]), ordered(expected), rtol=0.0, atol=1e-8)
        turned.append(found[wall == 2])
    assert np.array_equal(turned[0], turned[1]) and np.abs(turned[-1] - turned[0]).max() > 1e-3
    with h5py.File(tmp_path / WALLS_NAME) as file:
        assert list(file["wall_names"].asstr()) == ["floor", "bowl", "impeller"]


def test_what_stands_is_written_once(tmp_path: Path) -> None:
    """The vertices of one snapshot serve all; without meshes there is no file."""
    run(case("bowl"), tmp_path)
    reader = open_reader(tmp_path / WALLS_NAME)
    _, last, _ = read_polydata(reader, reader_times(reader)[-1])
    with h5py.File(tmp_path / WALLS_NAME) as file:
        np.testing.assert_array_equal(file["VTKHDF/Points"], last)
    (tmp_path / "none").mkdir()
    run(case(), tmp_path / "none")
    assert not (tmp_path / "none" / WALLS_NAME).exists()


def test_a_run_that_goes_back_writes_what_it_would_have(tmp_path: Path) -> None:
    """Cut behind the first snapshot, or continued from an earlier step: each step as in one go."""
    walls, files = build_walls(case("bowl", "impeller").walls, ["steel"], 1e-3, 0.01), []
    for name, steps in (("whole", (0, 200, 400)), ("back", (0, 200, 600, 200, 400)), ("cut", (0, 300, -1, 200, 400))):
        writer = WallWriter(tmp_path / f"{name}.vtkhdf", walls, ("floor", "bowl", "impeller"))
        for step in steps:
            if step < 0:
                writer.truncate(1e-3)
            else:
                writer.append(step, 1e-5, walls.pose)
        files.append(open_reader(writer.path))
    for reader in files[1:]:
        assert reader_times(reader) == reader_times(files[0]) == (0.0, 2e-3, 4e-3)
        for time in reader_times(reader):
            for one, other in zip(read_polydata(reader, time)[1], read_polydata(files[0], time)[1]):
                np.testing.assert_array_equal(one, other)


def test_a_wall_under_a_load_is_where_it_has_gone(tmp_path: Path) -> None:
    """Its place is no function of time: the shift of its pose is read."""
    lid = MESHES["impeller"] | {
        "motion": {"kind": "load", "force": 1.0, "mass": 1.0, "damping": 1.0, "axis": [0, 0, -1]}
    }
    model = {"name": "lid", "material": "steel", "shape": "mesh"} | lid
    walls = build_walls([MeshWall.model_validate(model)], ["steel"], 1e-3, 0.01)
    writer, pose = WallWriter(tmp_path / "walls.vtkhdf", walls, ["lid"]), walls.pose.copy()
    writer.append(0, 1e-5, pose)
    pose[0, SHIFT] = 3e-3
    writer.append(100, 1e-5, pose)
    before, after = (read_polydata(open_reader(writer.path), time)[1] for time in (0.0, 1e-3))
    np.testing.assert_allclose(after - before, np.tile([0.0, 0.0, -3e-3], (len(before), 1)), atol=1e-8)
