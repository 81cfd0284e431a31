"""Probing a case: the phases it measures are the steps it ran, and its prediction is their sum."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from coupling.case_file import read_case
from coupling.checks import windows
from coupling.checks.windows import Window
from coupling.prediction import Costs, predict
from coupling.probe import probe_case
from coupling.shipped import find_case
from dem.simulation import CHECKPOINT_SECONDS
from dem.speed import Speed

SMALL = [
    "backend=python",
    "dem.time.settle=0 s",
    "dem.time.end=0.2 ms",
    "dem.time.step=1 us",
    "dem.time.output_interval=0.1 ms",
]


def test_prediction_adds_up() -> None:
    """Two spheres for 200 steps: all of them at the measured speed, two outputs, no statistics, no balance.

    The start takes what this process took so far, so that checkpoints, one in each minute of the whole, may fall due.
    """
    case = read_case(find_case("two-spheres"), SMALL)
    found = probe_case(case, steps=5)
    steps = round(windows(case)[0].duration / 1e-6)
    assert found.moving.particles == 2 and found.moving.rate == pytest.approx(2 / found.moving.seconds)
    assert found.parts["moving"] == pytest.approx(steps * found.moving.seconds, rel=1e-12)
    rest = found.wall_time - found.parts["writing"] + 2 * found.output
    checkpoints = rest // CHECKPOINT_SECONDS
    assert found.parts["writing"] == pytest.approx(2 * found.output + checkpoints * found.checkpoint, rel=1e-12)
    assert found.parts["statistics"] == found.parts["balance"] == found.parts["settling"] == found.compiled == 0.0
    assert min(found.parts["start"], found.parts["packing"], found.parts["report"]) > 0.0
    assert found.wall_time == pytest.approx(sum(found.parts.values()), rel=1e-12)
    assert found.settling.rebuild_interval >= 1.0 and 0.0 <= found.settling.rebuild_share <= 1.0


def test_every_part_counts_as_often_as_it_is_done() -> None:
    """Two windows of 1000 and 2000 steps worked out by hand; the second turns, and makes lists, twice as fast.

    Settling 100 steps of 1 ms each; moving 900 of 2 ms, a tenth of them lists, and 1900 of 2.2 ms; 2 x 12 samples of
    0.5 s; outputs every 300 steps, 3 and 6, of 1 s; lines every 500, 2 and 4, of 0.1 s; checkpoints every 1000, 1 and
    2, of 3 s, and one each minute of the 46.58 s that it all takes: none.
    """
    setup: Any = SimpleNamespace(
        step_size=1e-3, settle_steps=100, output_steps=300, record_steps=500, checkpoint_steps=1000,
        schedule=SimpleNamespace(blocks=3, samples=4),
    )  # fmt: skip
    settling, moving = Speed(10, 1e-3, 0.5, 9.0), Speed(10, 2e-3, 0.1, 9.0)
    costs = Costs(2.0, 0.25, settling, moving, 5.0, 0.5, 0.1, 1.0, 3.0, 1.5, 0.3)
    parts = predict([Window("a", 5.0, 1.0), Window("b", 10.0, 2.0)], setup, True, costs)
    expected = {
        "start": 2.0, "packing": 0.5, "settling": 0.2, "moving": 1.8 + 1900 * 2.2e-3, "statistics": 12.0,
        "writing": 9.0 + 0.6 + 9.0, "balance": 1.5, "report": 0.3,
    }  # fmt: skip
    assert parts == pytest.approx(expected, rel=1e-12)
    longer = predict([Window("a", 5.0, 100.0)], setup, False, costs)
    assert longer["writing"] == pytest.approx(333 * 1.0 + 100 * 3.0 + 14 * 3.0, rel=1e-12)


RUN = "from coupling.cli import main; main()"
SHORT = {
    "gas": ["dem.statistics.blocks=8"],
    "rotating-drum": ["dem.statistics.blocks=4"],
    "high-shear-granulator": ["dem.statistics.blocks=4", "dem.time.spin_up.count=1", "pbm.end=100 s"],
}
WITHIN = 0.25


@pytest.mark.validate
@pytest.mark.parametrize("name", SHORT)
def test_prediction_is_near_what_a_run_takes(name: str, tmp_path: Path) -> None:
    """Within a quarter of the wall time of the command that follows, on a machine that does nothing else meanwhile."""
    words = [sys.executable, "-c", RUN]
    changes = [word for change in SHORT[name] for word in ("--set", change)]
    subprocess.run([*words, "bench", name, *changes, "--json", str(tmp_path / "bench.json")], check=True)
    found = json.loads((tmp_path / "bench.json").read_text())
    began = time.monotonic()
    subprocess.run([*words, "run", name, *changes, "--out", str(tmp_path / "run")], check=True, capture_output=True)
    taken = time.monotonic() - began
    print(f"{name}: predicted {found['wall_time']:.1f} s, taken {taken:.1f} s: {found['parts']}")
    assert abs(found["wall_time"] / taken - 1.0) <= WITHIN
