"""Long runs of the beds of Dosta et al. (2024, doi 10.1016/j.cpc.2023.109066): a ball falls in, a drum mixes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.dosta import STEPS, bed_document, spheres
from compute import get_backend
from coupling.case_document import CaseDocument
from coupling.case_file import check_document
from dem.simulation import Simulation
from dem.snapshots import read_snapshot, snapshot_times
from tests.dem.variants import PLAIN, REPEATS, Variant

Vectors = NDArray[np.float64]
VARIANTS = {"as published": PLAIN, "meshes": Variant(walls="mesh")} | REPEATS


def run_bed(bed: str, end: float, variant: str, runs: Path, **time: Any) -> Path:
    """Run a bed for a time [s]; returns the file of its snapshots. A run that was stopped goes on where it stands."""
    how = VARIANTS[variant]
    folder, step = runs / bed / variant.replace(" ", "-"), STEPS[bed] / how.parts
    folder.mkdir(parents=True, exist_ok=True)
    document = bed_document(bed, folder, ball=bed == "penetration", walls=how.walls, step=step, end=end, **time)
    document["dem"]["numerics"] = how.numerics
    case = check_document(CaseDocument("bed.yaml", document), folder).dem
    assert case is not None
    Simulation(case, get_backend("cpu", threads=how.threads), 1, folder).run()
    return folder / "particles.vtkhdf"


def fall(variant: str, runs: Path) -> Vectors:
    """Height of the ball's centre [m] every 2.5 ms until it rises again."""
    path = run_bed("penetration", 0.1, variant, runs, output_interval=2.5e-3)
    heights = []
    for index in range(len(snapshot_times(path))):
        snapshot = read_snapshot(path, index)
        heights.append(snapshot["position"][np.argmax(snapshot["radius"]), 2])
    return np.array(heights[: int(np.argmin(heights)) + 1])


@pytest.mark.validate
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("variant", list(VARIANTS)[1:])
def test_ball_falls_alike(variant: str, long_runs: Path) -> None:
    """Case 3 of Dosta et al. to its end at 0.1 s: step, threads and kind of walls change the fall by 2 % of its depth.

    The depth counts from the top of the bed, which is as deep as the ball is wide and a half: it meets the floor with
    a few grains between, and how it bounces off them is printed, not compared. A run takes 5e9 particle-steps.
    """
    top = spheres("penetration")[:, 3].max() + 1e-3
    expected, found = fall("as published", long_runs), fall(variant, long_runs)
    depth, common = top - (expected.min() - 10e-3), min(len(expected), len(found))
    apart = np.abs(found[:common] - expected[:common]).max()
    print(
        f"{1e3 * depth:.2f} mm deep, {variant} {1e3 * (expected.min() - found.min()):.3f} mm more; {apart:.2e} m apart"
    )
    assert depth > 10e-3
    assert abs(len(found) - len(expected)) <= 1
    assert apart < 0.02 * depth


@pytest.mark.validate
@pytest.mark.timeout(36000)
@pytest.mark.parametrize("variant", list(VARIANTS)[1:])
def test_drum_mixes_alike(variant: str, long_runs: Path) -> None:
    """Case 2 of Dosta et al. for 0.5 s: counts by kind and quadrant differ by 2 % of the kind at most.

    A run takes 2.4e10 particle-steps: hours.
    """

    def counts(which: str) -> Vectors:
        end = read_snapshot(run_bed("drum", 0.5, which, long_runs), -1)
        radius, place = end["radius"], end["position"]
        quadrant = 2 * (place[:, 0] > 0.0) + (place[:, 2] > 0.0)
        return np.array([np.bincount(quadrant[kind], minlength=4) for kind in (radius < 1.5e-3, radius > 1.5e-3)])

    expected, found = counts("as published"), counts(variant)
    print(f"M1 and M2 by quadrant: {expected.tolist()}, {variant} {found.tolist()}")
    assert (np.abs(found - expected) <= 0.02 * expected.sum(axis=1, keepdims=True)).all()
