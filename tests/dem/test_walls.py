"""Contacts of one sphere with planes, cylinders and meshes, against each other and against kinematics."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from compute.adding import plain_add
from dem.case_motion import Motion
from dem.case_walls import CylinderWall, MeshWall, PlaneWall
from dem.contact.law import Elasticity, PairProperties
from dem.faults import CODE, DEEP_OVERLAP, FAULT_SIZE, WALL_SLOTS, read_fault
from dem.interaction import make_interaction
from dem.particles import MASS, RADIUS, ROW_SIZE, VX, WX, Particles, X
from dem.tally import BIRTHS, CONTACT_STEPS, ENCOUNTERS, LANES, Tally
from dem.walls import SLOTS, Walls, WallTouches, build_walls, make_touches, set_pose
from dem.walls.build import _set_mesh, triangle_rows
from dem.walls.grid import make_grid
from dem.walls.wrench import make_wall_wrench

R = 1e-3
DEPTH = 1e-3 * R
STEP = 1e-6
GAP = 0.01
LAW = make_interaction("hertz-mindlin-liggghts", "constant-torque")
TABLE = LAW.table([Elasticity(1e7, 0.25, 2500.0)], {(0, 0): PairProperties(0.5, 0.5, 0.1)})
WRENCH = make_wall_wrench(LAW, plain_add, True)
FLOOR = PlaneWall(name="floor", material="m", shape="plane", point=(0, 0, 0), normal=(0, 0, 1))


def with_corners(walls: Walls, corners: Any) -> Walls:
    """The walls with the triangles of mesh 0 replaced, shape (n, 3, 3)."""
    _set_mesh(walls, 0, np.asarray(corners, float))
    grid = make_grid(np.asarray(corners, float), R * (1 + 2 * GAP))
    walls.grid[0], walls.cells[0] = [*grid.low, 1 / grid.edge], [*grid.shape, 0]
    return walls._replace(
        triangles=triangle_rows(np.asarray(corners, float), 0), cell_start=grid.start, cell_triangle=grid.triangle
    )


def mesh(corners: Any, motion: Motion | None = None) -> Walls:
    """One mesh wall with these triangles."""
    drum = {"kind": "drum", "radius": 0.01, "length": 0.02}
    wall = MeshWall(name="mesh", material="m", shape="mesh", generate=drum, motion=motion)
    return with_corners(build_walls([wall], ["m"], R, GAP), corners)


class Ball:
    """One sphere among walls: keeps its contacts and sums from step to step."""

    def __init__(self, walls: Walls) -> None:
        self.walls, self.touches = walls, make_touches(1, LAW.history_size)
        self.touches.seat[0], self.touches.close[0] = 0, -1
        row = np.zeros((1, ROW_SIZE))
        row[0, RADIUS], row[0, MASS] = R, 1e-5
        self.particles = Particles(row, np.zeros((1, 4), np.int32), np.array([7]))
        count, bins = len(walls.shape), 4
        self.tally = Tally(
            np.zeros((1, 1, 6), np.int64), np.zeros((1, 1, 2, bins), np.int64), np.zeros((1, count, 6), np.int64),
            np.zeros((1, count, 2, bins), np.int64), np.zeros((1, count * LANES, 7), np.int64),
            np.array([1e15, 1e9, 1e9, -5.0, 1.0, 1e18, 1e18]), np.array([1, count]),
        )  # fmt: skip
        self.fault = np.zeros((1, FAULT_SIZE), np.int64)

    def at(self, position: Any, velocity: Any = (0, 0, 0), spin: Any = (0, 0, 0), wrench: Any = WRENCH) -> Any:
        """Force and moment at a place."""
        self.particles.row[0, :3] = position
        self.particles.row[0, VX : VX + 3], self.particles.row[0, WX : WX + 3] = velocity, spin
        found = wrench(
            0, 0, self.particles, self.walls, self.touches, TABLE, self.tally, GAP, STEP, self.fault, 0.0
        )  # fmt: skip
        return np.array(found[:6])

    @property
    def contacts(self) -> int:
        """Number of slots in use."""
        return int((self.touches.wall[0] >= 0).sum())


def square(a: Any, b: Any, c: Any, d: Any) -> list[list[Any]]:
    """Two triangles that share the diagonal a-c."""
    return [[a, b, c], [a, c, d]]


FLAT = square((-0.1, -0.1, 0.0), (0.1, -0.1, 0.0), (0.1, 0.1, 0.0), (-0.1, 0.1, 0.0))


@pytest.mark.parametrize("place", [(0.03, -0.02), (0.02, 0.02), (0.0999, 0.05), (1e-6, 0.0)])
def test_a_flat_mesh_is_a_plane(place: tuple[float, float]) -> None:
    """Inside a face, on the seam, near the rim: the mesh gives the plane's wrench, up to the rounding of products."""
    states = [((*place, R - DEPTH), (0.1, -0.2, -0.05), (3.0, -40.0, 5.0))] * 3
    plane, flat = Ball(build_walls([FLOOR], ["m"], R, GAP)), Ball(mesh(FLAT))
    for state in states:
        expected, found = plane.at(*state), flat.at(*state)
        assert flat.contacts == 1
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12 * np.abs(expected).max())


def test_a_turning_flat_mesh_is_a_turning_plane() -> None:
    """A disc that turns about its normal: only the surface velocity shows; 1e-9 for the rounding of the rotation.

    The overlap is 1e-6 m at coordinates of 0.05 m, so rounding of the rotated height (1e-18 m) is 1e-12 of it, and
    that of the rotated slip is 1e-15; the damped force multiplies both by less than 1000.
    """
    motion = Motion(axis=(0, 0, 1), speed=20.0)
    plane = Ball(build_walls([FLOOR.model_copy(update={"motion": motion})], ["m"], R, GAP))
    flat = Ball(mesh(FLAT, motion))
    for number in (0, 12345, 12346):
        for ball in (plane, flat):
            set_pose(0, ball.walls, number, STEP)
        state = ((0.05, 0.0, R - DEPTH), (0.0, 0.1, -0.05), (3.0, -40.0, 5.0))
        expected, found = plane.at(*state), flat.at(*state)
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max())


def test_rolling_over_a_seam_gives_no_kick() -> None:
    """Across the seam of two coplanar triangles the force and the spring are those of a plane at every step."""
    plane, flat = Ball(build_walls([FLOOR], ["m"], R, GAP)), Ball(mesh(FLAT))
    for x in np.linspace(0.02 - 5e-6, 0.02 + 5e-6, 41):
        state = ((x, 0.02, R - DEPTH), (0.1, 0.0, 0.0), (0.0, 60.0, 0.0))
        expected, found = plane.at(*state), flat.at(*state)
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12 * np.abs(expected).max())
        assert flat.contacts == 1
        np.testing.assert_allclose(
            flat.touches.spring[0, 0, 3:], plane.touches.spring[0, 0, 3:], rtol=1e-12, atol=1e-12 * DEPTH
        )


def test_rolling_over_a_vertex_gives_no_kick() -> None:
    """Through the vertex of seven coplanar triangles, and past it by a tenth of the overlap: the force of a plane."""
    angle = 2 * np.pi * np.arange(7) / 7
    ring = np.column_stack([0.05 * np.cos(angle), 0.05 * np.sin(angle), np.zeros(7)])
    fan = np.stack([np.zeros((7, 3)), ring, np.roll(ring, -1, axis=0)], axis=1)
    for beside in (0.0, 0.1 * DEPTH):
        plane, flat = Ball(build_walls([FLOOR], ["m"], R, GAP)), Ball(mesh(fan))
        for x in np.linspace(-5e-6, 5e-6, 41):
            state = ((x, beside, R - DEPTH), (0.1, 0.0, 0.0), (0.0, 60.0, 0.0))
            expected, found = plane.at(*state), flat.at(*state)
            np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12 * np.abs(expected).max())
            assert flat.contacts == 1


CORNER = 0.02
BOX_FACES = [
    *square((-CORNER, -CORNER, 0), (0, -CORNER, 0), (0, 0, 0), (-CORNER, 0, 0)),
    *square((0, -CORNER, 0), (0, -CORNER, -CORNER), (0, 0, -CORNER), (0, 0, 0)),
    *square((-CORNER, 0, 0), (0, 0, 0), (0, 0, -CORNER), (-CORNER, 0, -CORNER)),
]


@pytest.mark.parametrize(
    "direction", [(1, 0, 1), (1, 1, 1), (0.3, 0.2, 1.0)], ids=["edge", "corner", "skew at the corner"]
)
def test_convex_edges_and_corners_count_once(direction: tuple[float, float, float]) -> None:
    """Five or six triangles meet there, one contact pushes along the line to the nearest point, with Hertz's force."""
    unit = np.array(direction) / np.linalg.norm(direction)
    ball = Ball(mesh(BOX_FACES))
    found = ball.at((R - DEPTH) * unit + (0 if direction[1] else np.array([0, -0.01, 0])))
    flat = Ball(build_walls([FLOOR], ["m"], R, GAP)).at((0, 0, R - DEPTH))
    assert ball.contacts == 1
    np.testing.assert_allclose(found[:3], flat[2] * unit, rtol=1e-9, atol=1e-9 * flat[2])


def test_both_faces_of_a_concave_corner_push() -> None:
    """In the corner of a floor and an upright wall the forces of two planes add."""
    upright = square((0, -0.1, -0.1), (0, 0.1, -0.1), (0, 0.1, 0.1), (0, -0.1, 0.1))
    ball = Ball(mesh([*FLAT, *upright]))
    single = Ball(build_walls([FLOOR], ["m"], R, GAP)).at((0, 0, R - DEPTH))[2]
    found = ball.at((R - DEPTH, 0.01, R - DEPTH))
    assert ball.contacts == 2
    np.testing.assert_allclose(found[:3], [single, 0, single], rtol=1e-9, atol=1e-9 * single)


def test_a_finely_faceted_drum_is_a_cylinder() -> None:
    """A facet of a drum with n edges lies at most R (1 - cos(pi/n)) inside the cylinder.

    With n = 4000 and R = 10 mm that is 3e-9 m, 0.3 % of the overlap of 1e-6 m, hence less than 0.5 % of Hertz's force;
    facets that meet at such an angle push once.
    """
    drum = {"kind": "drum", "radius": 0.01, "length": 0.02, "facets": 4000, "ends": False}
    faceted = build_walls([MeshWall(name="d", material="m", shape="mesh", generate=drum)], ["m"], R, GAP)
    smooth = build_walls([CylinderWall(name="c", material="m", shape="cylinder", radius=0.01)], ["m"], R, GAP)
    for angle in (0.1, 0.1003, 1.0, 2.5):
        place = (0.01 - R + DEPTH) * np.array([math.cos(angle), math.sin(angle), 0.0])
        round_ball, ball = Ball(smooth), Ball(faceted)
        expected, found = round_ball.at(place), ball.at(place)
        assert ball.contacts == 1
        np.testing.assert_allclose(found[:3], expected[:3], rtol=5e-3, atol=5e-3 * np.abs(expected).max())


def test_a_finite_cylinder_ends_at_its_rim() -> None:
    """Beyond the end the nearest point is on the rim; outside a finite shell by more than a radius nothing acts."""
    tube = CylinderWall(name="c", material="m", shape="cylinder", radius=0.01, low=0.0, high=0.02)
    walls = build_walls([tube], ["m"], R, GAP)
    beside = Ball(walls).at((0.01 - R + DEPTH, 0, 0.01))
    above = Ball(walls).at((0.01, 0, 0.02 + R - DEPTH))
    np.testing.assert_allclose(above[:3], [0, 0, -beside[0]], rtol=1e-9, atol=1e-12)
    assert not Ball(walls).at((0.01 + 1.5 * R, 0, 0.01)).any()


def test_a_sphere_at_rest_on_a_moving_surface_is_dragged_along() -> None:
    """A sphere that moves as the surface beneath it does feels no friction; one at rest is pulled along the surface."""
    speed, x = 20.0, 0.05
    walls = build_walls([FLOOR.model_copy(update={"motion": Motion(speed=speed)})], ["m"], R, GAP)
    set_pose(0, walls, 1, STEP)
    along = Ball(walls).at((x, 0, R - DEPTH), (0, speed * x, 0), (0, 0, speed))
    rest = Ball(walls).at((x, 0, R - DEPTH))
    assert abs(along[:2]).max() < 1e-12 * along[2]
    assert rest[1] > 0.1 * rest[2]
    assert abs(rest[0]) < 1e-12 * rest[2]


def test_encounters_need_the_gap_births_do_not() -> None:
    """Touch, part by half the re-arm gap, touch, part by twice the gap, touch: three births, two encounters."""
    ball = Ball(mesh(FLAT))
    gap = 2 * R * GAP
    for height in (R - DEPTH, R - DEPTH, R + 0.5 * gap, R - DEPTH, R + 2 * gap, R - DEPTH):
        ball.at((0.01, 0.02, height), (0.0, 0.0, -0.1))
    counts = ball.tally.wall_counts[0, 0]
    assert (counts[BIRTHS], counts[ENCOUNTERS], counts[CONTACT_STEPS]) == (3, 2, 4)


def test_too_deep_and_too_many_contacts_are_faults() -> None:
    """A sphere half inside a wall, and one with more walls around than it has slots, name the particle."""
    deep = Ball(build_walls([FLOOR], ["m"], R, GAP))
    deep.at((0, 0, 0.4 * R))
    assert read_fault(deep.fault[0, CODE]) == (DEEP_OVERLAP, 7)
    many = [FLOOR.model_copy(update={"name": str(k)}) for k in range(SLOTS + 1)]
    full = Ball(build_walls(many, ["m"], R, GAP))
    full.at((0, 0, R - DEPTH))
    assert read_fault(full.fault[0, CODE])[0] == WALL_SLOTS


def test_the_pose_returns_after_a_turn() -> None:
    """The pose is a function of the step number: a billion steps and 10 000 turns on, only the product t speed rounds.

    The relative rounding of 2 eps of 10 000 turns is 3e-11 of a turn.
    """
    step, per_turn = 1e-5, 100_000
    speed = 2.0 * math.pi / (per_turn * step)
    walls = build_walls([FLOOR.model_copy(update={"motion": Motion(axis=(1, 0, 0), speed=speed)})], ["m"], R, GAP)
    poses = []
    for number in (12_345, 12_345 + 10**9):
        set_pose(0, walls, number, step)
        poses.append(walls.pose[0].copy())
    np.testing.assert_allclose(poses[1], poses[0], rtol=0, atol=1e-10)


def test_the_ramp_is_the_integral_of_its_speed() -> None:
    """With speed w t/T up to T the angle at 2 T is w (2 T - T/2); before the start nothing moves."""
    motion = Motion(axis=(1, 0, 0), speed=0.3, start=1.0, ramp=2.0)
    walls = build_walls([FLOOR.model_copy(update={"motion": motion})], ["m"], R, GAP)
    for time, angle, rate in ((0.5, 0.0, 0.0), (2.0, 0.3 * 0.25, 0.15), (5.0, 0.3 * 3.0, 0.3)):
        set_pose(0, walls, round(time / 0.5), 0.5)
        np.testing.assert_allclose(walls.pose[0, :3], [math.cos(angle), math.sin(angle), rate], atol=1e-15)


CARRIED = Motion(speed=-50.0, axis=(1, 0, 1), carrier=Motion(speed=400.0, axis=(0, 1, 0.2), point=(0, 0, 2e-3)))


def test_compiled_walls_equal_plain_python() -> None:
    """The same text runs through numba; without fused operations every bit of force, slot and count is the same."""
    numba = pytest.importorskip("numba")
    from compute.physics import register_laws

    register_laws()

    def loop(places: Any, ball: Any, walls: Walls, touches: WallTouches, tally: Tally, fault: Any, out: Any) -> None:
        for i in range(places.shape[0]):
            for k in range(3):
                ball.row[0, X + k], ball.row[0, VX + k] = places[i, k], places[i, 3 + k]
                ball.row[0, WX + k] = places[i, 6 + k]
            out[i, 0], out[i, 1], out[i, 2], out[i, 3], out[i, 4], out[i, 5], _ = WRENCH(
                0, 0, ball, walls, touches, TABLE, tally, GAP, STEP, fault, 0.0
            )

    impeller = {
        "kind": "impeller", "blades": 3, "radius": 0.01, "hub_radius": 0.004, "hub_height": 0.004,
        "blade_height": 0.003, "blade_thickness": 1e-3, "pitch": 0.6,
    }  # fmt: skip
    models = [
        FLOOR,
        CylinderWall(name="bowl", material="m", shape="cylinder", radius=0.012),
        MeshWall(
            name="i", material="m", shape="mesh", generate=impeller, motion=Motion(speed=30.0), point=(0, 0, 1e-3)
        ),
        MeshWall(name="carried", material="m", shape="mesh", generate=impeller, motion=CARRIED, point=(0, 0, 2e-3)),
    ]
    random = np.random.default_rng(5)
    places = random.normal(size=(4000, 9)) * ([0.008, 0.008, 0.003] + [0.1] * 6) + ([0, 0, 0.003] + [0] * 6)
    results = []
    for run in (loop, numba.njit(error_model="numpy", _nrt=False)(loop)):
        ball = Ball(build_walls(models, ["m"], R, GAP))
        for wall in (2, 3):
            set_pose(wall, ball.walls, 1234, STEP)
        out = np.zeros((len(places), 6))
        run(places, ball.particles, ball.walls, ball.touches, ball.tally, ball.fault, out)
        results.append((out, ball.touches.spring, ball.tally.wall_counts))
    assert (results[0][2][0, :, BIRTHS] > 20).all()
    for plain, compiled in zip(*results):
        np.testing.assert_array_equal(plain, compiled)
