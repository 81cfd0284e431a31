"""Probing a case: the phases it measures are the steps it ran, and its prediction is their sum."""

from __future__ import annotations

import pytest

from coupling.case_file import read_case
from coupling.checks import windows
from coupling.probe import probe_case
from coupling.shipped import find_case

SMALL = [
    "backend=python",
    "dem.time.settle=0 s",
    "dem.time.end=0.2 ms",
    "dem.time.step=1 us",
    "dem.time.output_interval=0.1 ms",
]


def test_prediction_adds_up() -> None:
    """Two spheres for 200 steps: start-up, all steps at the measured speed, and two outputs."""
    case = read_case(find_case("two-spheres"), SMALL)
    found = probe_case(case, steps=5)
    steps = round(windows(case)[0].duration / 1e-6)
    assert found.moving.particles == 2 and found.moving.rate == pytest.approx(2 / found.moving.seconds)
    expected = found.first_step + steps * found.moving.seconds + 2 * found.output
    assert found.wall_time == pytest.approx(expected, rel=1e-12)
    assert found.settling.rebuild_interval >= 1.0 and 0.0 <= found.settling.rebuild_share <= 1.0
