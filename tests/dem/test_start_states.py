"""Beds of an open-source comparison, read as a user would read them: contacts, overlaps and counts at the start.

Dosta et al. (2024), doi 10.1016/j.cpc.2023.109066; the expected numbers were counted from the same files by another
program.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.dosta import bed_document
from compute import get_backend
from compute.base import Backend
from coupling.case import Case
from coupling.case_document import CaseDocument
from coupling.case_file import check_document
from dem.case_statistics import BoxGrid
from dem.particles import MASS, RADIUS, X
from dem.simulation import Simulation
from dem.transport import Transport

QUADRANTS = {"kind": "box", "x": [-0.1, 0, 0.1], "z": [-0.1, 0, 0.1]}


def read_bed(bed: str, folder: Path) -> Case:
    """The case of the bed alone, without walls or ball."""
    return check_document(CaseDocument("bed.yaml", bed_document(bed, folder, step=None, end=1e-3)), folder)


def started(bed: str, folder: Path, backend: Backend) -> Simulation:
    case = read_bed(bed, folder)
    assert case.dem is not None
    simulation = Simulation(case.dem, backend, 1)
    simulation.engine.rebuild()
    return simulation


def overlaps(simulation: Simulation) -> NDArray[np.float64]:
    """Overlaps of the touching pairs of the neighbour list [m]."""
    engine = simulation.engine
    start, other = engine.backend.numpy(engine.pairs.start), engine.backend.numpy(engine.pairs.other)
    row = engine.host_particles().row
    first = np.repeat(np.arange(engine.size), np.diff(start[: engine.size + 1]))
    second = other[: len(first)]
    apart = np.linalg.norm(row[first, X : X + 3] - row[second, X : X + 3], axis=1)
    overlap = row[first, RADIUS] + row[second, RADIUS] - apart
    return np.asarray(overlap[overlap > 0.0])


def centre(row: NDArray[np.float64]) -> NDArray[np.float64]:
    """Centre of mass [m]."""
    return np.asarray((row[:, MASS, None] * row[:, X : X + 3]).sum(axis=0) / row[:, MASS].sum())


def test_drum(tmp_path: Path) -> None:
    """38 000 spheres: 80 316 touching pairs, overlaps 3.94 um at most and 0.234 um on average; quadrants exactly.

    Quadrants (x, z): below the axis only, M2 3963 + 4037 and M1 15 047 + 14 953. Limits are the printed digits.
    """
    simulation = started("drum", tmp_path, get_backend("cpu", threads=1))
    overlap = overlaps(simulation)
    assert len(overlap) == 80316
    assert overlap.max() == pytest.approx(3.94e-6, abs=5e-9)
    assert overlap.mean() == pytest.approx(0.234e-6, abs=5e-10)
    row = simulation.engine.host_particles().row
    large = row[:, RADIUS] > 1.5e-3
    quadrants = BoxGrid.model_validate(QUADRANTS)
    places = Transport(simulation.backend, quadrants, 1, 1, None).locate(row, 0)
    m2, m1 = (np.bincount(places[which], minlength=quadrants.count) for which in (large, ~large))
    assert sorted(m2) == [0, 0, 3963, 4037]
    assert sorted(m1) == [0, 0, 14953, 15047]
    left = row[:, X] < 0.0
    assert (m2.sum(), (large & left).sum(), (~large & left).sum()) == (8000, 3963, 15047)
    np.testing.assert_allclose(centre(row[large]), [0.387e-3, 0.175e-3, -63.72e-3], atol=5e-6)
    np.testing.assert_allclose(centre(row[~large]), [-0.113e-3, -0.020e-3, -28.86e-3], atol=5e-6)
    solids = (4.0 / 3.0 * np.pi * row[:, RADIUS] ** 3).sum() / (np.pi * 0.1**2 * 0.06)
    assert solids == pytest.approx(0.209, abs=5e-4)


def test_penetration(tmp_path: Path) -> None:
    """25 000 spheres: 53 876 touching pairs, z from -89.24 to -56.55 mm, centre of mass at -74.389 mm."""
    simulation = started("penetration", tmp_path, get_backend("cpu", threads=1))
    assert len(overlaps(simulation)) == 53876
    row = simulation.engine.host_particles().row
    assert len(row) == 25000
    assert [row[:, X + 2].min(), row[:, X + 2].max()] == pytest.approx([-89.24e-3, -56.55e-3], abs=5e-6)
    assert centre(row)[2] == pytest.approx(-74.389e-3, abs=5e-7)
