"""What `check` says of walls that are fast for the step, or for the stiffness of the particles they strike."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import trimesh

from coupling.checks import check_case
from coupling.checks.finding import Finding
from dem.equipment import make_box
from tests.coupling.case_text import read_small


def travel(tmp_path: Path, *changes: str) -> Finding:
    findings = check_case(read_small(tmp_path, assignments=changes))
    return next(each for each in findings if each.name == "travel-per-step")


def test_a_wall_too_fast_for_the_step_is_refused_with_the_step_that_would_do(tmp_path: Path) -> None:
    """At 0.1 of the smallest radius a step, the step is as told; the tips are at 10 mm, and R = 0.5 mm."""
    speed = "dem.walls.paddle.motion.speed=600000 rpm"
    refused = travel(tmp_path, speed)
    assert refused.level == "refused"
    assert refused.text.startswith("dem.walls.1.motion: ")
    told = re.search(r"dem\.time\.step to at most (\S+) s", refused.text)
    assert told is not None
    tip = 0.01 * 2.0 * 3.141592653589793 * 1e4
    assert float(told[1]) == pytest.approx(0.1 * 0.5e-3 / tip, rel=0.05)  # told with two digits
    assert travel(tmp_path, speed, f"dem.time.step={0.95 * float(told[1])} s").level == "note"


def test_walls_of_every_file_are_compared_with_the_step(tmp_path: Path) -> None:
    """A box of 4 mm from the axis to its corners, sqrt(32), at 1e5 rad/s: 566 m/s, whatever the file."""
    box = make_box((-4.0, -4.0, 0.0), (4.0, 4.0, 2.0))
    for name in ("paddle.stl", "paddle.obj"):
        trimesh.Trimesh(box.vertices, box.triangles).export(tmp_path / name)
        file = f"dem.walls.1.file={name}"
        changes = "dem.walls.1.generate=null", file, "dem.walls.1.scale=1 mm", "dem.walls.1.motion.speed=1e5"
        finding = travel(tmp_path, *changes)
        assert finding.level == "refused"
        assert "At 566 m/s paddle travels" in finding.text


def test_a_strike_on_a_linear_spring(tmp_path: Path) -> None:
    """Energy: k d^2/2 = m v^2/2; glass of 2 mm weighs 10.47 mg, and 0.628 m/s into 1 kN/m press it in by 0.0643 mm."""
    changes = ["dem.contact={law: linear, normal_stiffness: 1 kN/m}"]
    findings = check_case(read_small(tmp_path, assignments=changes))
    (strike,) = [each for each in findings if each.name == "blade-strike-overlap"]
    assert (strike.level, strike.value) == ("warning", "6.43 % of R")
