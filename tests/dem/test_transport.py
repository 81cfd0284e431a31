"""Where particles are: compartments, hold-up, exposure, mean velocity and transitions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from compute import get_backend
from dem.case_statistics import BoxGrid, CylinderGrid, Partition
from dem.particles import CLASS, KIND_SIZE, MASS, RADIUS, ROW_SIZE, VX, Particles, X
from dem.transport import Transport


def particles(position: Any, ids: Any = None, kind: Any = 0, velocity: Any = 0.0) -> Particles:
    """Spheres of radius 1 mm and mass 1 (class 0) or 2 mm and mass 3 (class 1), in this order of slots."""
    position = np.asarray(position, float).reshape(-1, 3)
    n = len(position)
    row, kinds = np.zeros((n, ROW_SIZE)), np.zeros((n, KIND_SIZE), np.int32)
    kinds[:, CLASS] = kind
    row[:, X : X + 3], row[:, VX : VX + 3] = position, velocity
    row[:, RADIUS] = np.where(kinds[:, CLASS] == 1, 2e-3, 1e-3)
    row[:, MASS] = np.where(kinds[:, CLASS] == 1, 3.0, 1.0)
    return Particles(row, kinds, np.arange(n) if ids is None else np.asarray(ids, np.int64))


def locate(grid: Partition, points: Any) -> Any:
    """The compartments of points."""
    return Transport(get_backend("python"), grid, 1, 1, None).locate(np.asarray(points), 0)


def test_box_compartments() -> None:
    """Number = (z ny + y) nx + x; an edge belongs to the compartment above it, what lies outside to the outermost."""
    grid = BoxGrid(kind="box", x=(0.0, 1.0, 2.0), z=(0.0, 1.0, 2.0, 3.0))
    assert grid.count == 6
    points = [[0.5, 9.0, 0.5], [1.0, -9.0, 0.5], [1.5, 0.0, 1.0], [-4.0, 0.0, 2.5], [7.0, 0.0, 30.0]]
    assert locate(grid, points).tolist() == [0, 1, 3, 4, 5]
    assert locate(BoxGrid(kind="box", y=(0.0, 1.0, 2.0)), points).tolist() == [1, 0, 0, 0, 0]


def test_cylinder_compartments_tile_the_space() -> None:
    """Random points about a tilted axis: radius, angle and height give the compartment, and all of them occur."""
    axis = np.array([1.0, 2.0, 2.0]) / 3.0
    grid = CylinderGrid(
        kind="cylinder", point=(1.0, 1.0, 0.0), axis=(1.0, 2.0, 2.0), radial=(0.0, 0.5, 1.0), angular=5,
        axial=(-1.0, 0.0, 1.0),
    )  # fmt: skip
    points = np.random.Generator(np.random.Philox(4)).uniform(-2.0, 3.0, (4000, 3))
    place = locate(grid, points)
    assert grid.count == 20 and set(place.tolist()) == set(range(20))
    offset = points - [1.0, 1.0, 0.0]
    along = offset @ axis
    radius = np.linalg.norm(offset - along[:, None] * axis, axis=1)
    np.testing.assert_array_equal(place % 2, radius >= 0.5)
    np.testing.assert_array_equal(place // 10, along >= 0.0)
    cosine, sine = np.cos(2 * np.pi / 5), np.sin(2 * np.pi / 5)
    turned = cosine * offset + sine * np.cross(axis, offset) + (1.0 - cosine) * along[:, None] * axis
    np.testing.assert_array_equal(locate(grid, turned + [1.0, 1.0, 0.0]) // 2 % 5, (place // 2 + 1) % 5)


def halves(lag_samples: int = 2, volume: float | None = None) -> Transport:
    """Two compartments, x below and above 0; two classes."""
    return Transport(get_backend("python"), BoxGrid(kind="box", x=(-1.0, 0.0, 1.0)), 2, lag_samples, volume)


def sample(transport: Transport, given: Particles, weight: float) -> None:
    """Take a sample of these particles and no others."""
    transport.sample(given, weight, int(given.id.max()) + 1)


def test_exposure_is_the_integral_of_its_definition() -> None:
    """E_ij = N_i N_j/V_s dt, E_ii = N_i (N_i - 1)/(2 V_s) dt with the solids' volume of the compartment."""
    transport = halves()
    left = [[-0.5, 0, 0]] * 3 + [[-0.4, 0, 0]] * 2
    sample(transport, particles([*left, [0.5, 0, 0]], kind=[0, 0, 0, 1, 1, 0]), 0.25)
    solids = 4.0 / 3.0 * np.pi * (3 * 1e-9 + 2 * 8e-9)
    np.testing.assert_allclose(transport.sums().exposure[0], np.array([[3.0, 6.0], [0.0, 1.0]]) * 0.25 / solids)
    np.testing.assert_array_equal(transport.sums().exposure[1], 0.0)
    np.testing.assert_allclose(transport.sums().particle_time, [[0.75, 0.5], [0.25, 0.0]])
    np.testing.assert_allclose(transport.sums().solid_volume_time, [0.25 * solids, 0.25 * 4.0 / 3.0 * np.pi * 1e-9])
    fixed = halves(volume=2.0)
    sample(fixed, particles(left, kind=[0, 0, 0, 1, 1]), 0.5)
    np.testing.assert_allclose(fixed.sums().exposure[0], np.array([[3.0, 6.0], [0.0, 1.0]]) * 0.5 / 2.0)


def test_mean_velocity_is_weighted_by_mass_and_time() -> None:
    """1 kg at 1 m/s for 1 s and 3 kg at 3 m/s for 2 s: (1 + 18)/(1 + 6) m/s; an empty compartment has none."""
    transport = halves()
    sample(transport, particles([[-0.5, 0, 0]], velocity=[1.0, 0, 0]), 1.0)
    sample(transport, particles([[-0.5, 0, 0]], kind=1, velocity=[3.0, 0, 0]), 2.0)
    np.testing.assert_allclose(transport.sums().mean_velocity, [[19.0 / 7.0, 0, 0], [0, 0, 0]])


def test_transitions_follow_each_particle_over_both_lags() -> None:
    """A particle that changes sides at every third sample and one that stays, whatever the order of their slots."""
    transport, random = halves(lag_samples=2), np.random.Generator(np.random.Philox(5))
    sides = [[-1 if number // 3 % 2 == 0 else 1, 1] for number in range(12)]
    for both in sides:
        order = random.permutation(2)
        sample(transport, particles([[0.5 * both[id_], 0, 0] for id_ in order], ids=order), 1.0)
    expected = np.zeros((2, 2, 2), int)
    for at, lag in enumerate((2, 4)):
        for number in range(lag, 12):
            for who in range(2):
                expected[at, int(sides[number - lag][who] > 0), int(sides[number][who] > 0)] += 1
    np.testing.assert_array_equal(transport.sums().transitions, expected)


def test_transitions_reach_across_blocks_and_not_before_a_birth() -> None:
    """A new block begins its sums anew but remembers the places; who was not there a lag ago is not counted."""
    transport = halves(lag_samples=1)
    sample(transport, particles([[-0.5, 0, 0]]), 1.0)
    transport.reset()
    sample(transport, particles([[0.5, 0, 0], [-0.5, 0, 0]], ids=[0, 7]), 1.0)
    np.testing.assert_array_equal(transport.sums().transitions[0], [[0, 1], [0, 0]])
    sample(transport, particles([[-0.5, 0, 0], [-0.5, 0, 0]], ids=[7, 0]), 1.0)
    np.testing.assert_array_equal(transport.sums().transitions[0], [[1, 1], [1, 0]])
    np.testing.assert_array_equal(transport.sums().transitions[1], [[1, 0], [0, 0]])


@pytest.mark.parametrize("seen", range(7))
def test_restored_in_the_middle_it_goes_on_as_before(seen: int) -> None:
    """Saved and restored after any sample, with particles entering: every sum ends the same to the bit."""
    random = np.random.Generator(np.random.Philox(6))
    samples = [(random.uniform(-1, 1, (4 + at, 3)), random.permutation(4 + at)) for at in range(8)]
    whole, parts = halves(), halves()
    for at, (position, ids) in enumerate(samples):
        sample(whole, particles(position, ids=ids), 0.5)
        sample(parts, particles(position, ids=ids), 0.5)
        if at == seen:
            state = {name: array.copy() for name, array in parts.state().items()}
            parts = halves()
            parts.restore(state)
    for name, values in whole.state().items():
        assert values.tobytes() == parts.state()[name].tobytes(), name
