"""Where two meshes cut while one moves into the other: pairs of boxes, points of a known cut, what is left out."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from dem.equipment import Mesh, make_box, make_frustum
from dem.walls.crossing import Posed, along_curve, box_tree, cuts, overlapping_boxes

Vectors = NDArray[np.float64]


def posed(mesh: Mesh, move: tuple[float, float, float] = (0.0, 0.0, 0.0), turn: float = 0.0) -> Posed:
    """A mesh that goes on by `move` [m] and a turn about z [rad] in the next moment."""
    corners = mesh.vertices[mesh.triangles]
    across = np.stack([-corners[..., 1], corners[..., 0], 0.0 * corners[..., 2]], axis=-1)
    later = corners + np.asarray(move) + turn * across
    return Posed(corners, box_tree(corners), lambda chosen: later[chosen])


@pytest.mark.parametrize("sizes", [(1, 1), (7, 64), (150, 33)])
def test_boxes_that_overlap_are_all_found(sizes: tuple[int, int]) -> None:
    """Triangles of 0.1 to 0.001 in a unit box, beside all pairs one by one; the order along the curve loses none."""
    random = np.random.default_rng(5)
    one, other = (random.random((n, 1, 3)) + 10 ** random.uniform(-3, -1, (n, 1, 1)) * random.random((n, 3, 3))
                  for n in sizes)  # fmt: skip
    ordered = along_curve(one)
    assert sorted(map(tuple, ordered.reshape(-1, 9))) == sorted(map(tuple, one.reshape(-1, 9)))
    found = set(zip(*(each.tolist() for each in overlapping_boxes(box_tree(ordered), box_tree(other)))))
    low, high = (getattr(ordered, side)(axis=1)[:, None] for side in ("min", "max"))
    meet = ((low <= other.max(axis=1)) & (other.min(axis=1) <= high)).all(axis=2)
    assert found == set(zip(*(each.tolist() for each in np.nonzero(meet))))


CUBE, SHIFTED = make_box((0, 0, 0), (1, 1, 1)), make_box((0.5, 0.4, 0.3), (1.5, 1.4, 1.3))


def test_cut_of_two_cubes() -> None:
    """Its points lie on a face of either, inside or on the other; edges and diagonals reach all its six sides."""
    points = cuts(posed(CUBE), posed(SHIFTED, (-1e-6, 0, 0)))
    for low in (np.zeros(3), np.array([0.5, 0.4, 0.3])):
        within = np.abs(points - low - 0.5).max(axis=1)
        np.testing.assert_allclose(within, 0.5, rtol=1e-12)
    np.testing.assert_allclose(points.min(axis=0), [0.5, 0.4, 0.3])
    np.testing.assert_allclose(points.max(axis=0), [1, 1, 1])


def test_what_goes_along_together_cuts_nothing() -> None:
    """Both with the same velocity: parts of one machine, joined by being put into each other."""
    assert len(cuts(posed(CUBE, (1e-6, 2e-6, 0)), posed(SHIFTED, (1e-6, 2e-6, 0)))) == 0


def test_what_touches_or_lies_inside_cuts_nothing() -> None:
    """A cube on a cube, and a small one in the middle; the same a ten-thousandth deeper does."""
    move = (1e-6, 0.0, -1e-6)
    assert len(cuts(posed(CUBE), posed(make_box((0.2, 0.3, 1.0), (0.7, 1.4, 2.0)), move))) == 0
    assert len(cuts(posed(CUBE), posed(make_box((0.2, 0.3, 0.2), (0.7, 0.4, 0.7)), move))) == 0
    assert len(cuts(posed(CUBE), posed(make_box((0.2, 0.3, 0.9999), (0.7, 1.4, 2.0)), move))) > 0


@pytest.mark.parametrize(("facets", "cut"), [(24, False), (12, False), (6, True)])
def test_a_shaft_turns_in_a_plate(facets: int, cut: bool) -> None:
    """Facets of a shaft of n sides move into the plate by sin(pi/n) of their way at most: 0.13, 0.26 and 0.5."""
    plate = make_box((-1, -1, 0), (1, 1, 0.1))
    shaft = make_frustum(0.3, 0.3, -1, 1, facets)
    assert math.sin(math.pi / facets) > 0.3 or not cut
    assert bool(len(cuts(posed(plate), posed(shaft, turn=1e-6)))) == cut
    assert len(cuts(posed(plate), posed(shaft, move=(1e-6, 0, 0)))) > 0
