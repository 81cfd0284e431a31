"""What `check` says of walls that cut each other as they move, and that it is silent on the documented machines."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from coupling.case import Case
from coupling.checks.crossing import POSES, check_crossings, sampled_times
from coupling.checks.finding import Finding
from dem.case_time import TimeSettings
from dem.case_walls import Wall
from tests.coupling.case_text import read_small
from tests.coupling.test_render import documented_walls
from tests.dem.test_equipment_runs import WALLS as TUMBLING

WALLS: TypeAdapter[tuple[Wall, ...]] = TypeAdapter(tuple[Wall, ...])


def found(folder: Path, walls: Any, end: float = 1.0, settle: float = 0.0) -> list[Finding]:
    """The findings of a case with these walls."""
    case = read_small(folder)
    assert case.dem is not None
    changes = {"walls": WALLS.validate_python(walls), "time": TimeSettings(end=end, settle=settle), "statistics": None}
    changed: Case = case.model_copy(update={"dem": case.dem.model_copy(update=changes)})
    return list(check_crossings(changed))


def machine(name: str) -> list[dict[str, Any]]:
    """The documented machine that has a wall of this name."""
    (walls,) = [each for each in documented_walls() if name in {wall.name for wall in each}]
    return [wall.model_dump(exclude_none=True) for wall in walls]


@pytest.mark.parametrize("name", ["agitator", "chopper", "right screw"])
def test_documented_machines_turn_freely(name: str, tmp_path: Path) -> None:
    """Paddles past the weir, blades in a rounded bowl and under a chopper, two screws in their barrel."""
    assert found(tmp_path, machine(name)) == []


def changed(name: str, wall: str, **keys: Any) -> list[dict[str, Any]]:
    """A documented machine with some keys of a wall, or of its mesh, changed."""
    walls = machine(name)
    (chosen,) = [each for each in walls if each["name"] == wall]
    for key, value in keys.items():
        (chosen["generate"] if key in chosen["generate"] else chosen)[key] = value
    return walls


@pytest.mark.parametrize(
    ("walls", "names"),
    [
        (changed("agitator", "trough", outlet=0.02), ("trough", "agitator")),
        (changed("chopper", "impeller", radius=0.0945), ("bowl", "impeller")),
        (changed("chopper", "chopper", radius=0.036), ("impeller", "chopper")),
        (changed("right screw", "right screw", second=False), ("left screw", "right screw")),
    ],
    ids=["paddles in the weir", "blades in the rounding", "chopper in the blades", "screws"],
)
def test_what_cuts_is_named(walls: list[dict[str, Any]], names: tuple[str, str], tmp_path: Path) -> None:
    """Both walls, in the order of the case."""
    (finding,) = found(tmp_path, walls)
    assert finding.level == "warning"
    assert finding.text.startswith(f"{names[0]} and {names[1]} cut into each other")


def test_a_bar_is_carried_by_its_bin(tmp_path: Path) -> None:
    """A bar beside the tumbling axis spins freely in the bin that carries it; left behind it is run into."""
    vessel, bar = TUMBLING
    place = {"point": (0.008, -0.015, 0.043)}
    carried = bar | place | {"motion": bar["motion"] | {"point": (0.008, 0, 0.043)}}
    assert found(tmp_path, [vessel, carried]) == []
    alone = {key: value for key, value in carried["motion"].items() if key != "carrier"}
    (finding,) = found(tmp_path, [vessel, carried | {"motion": alone}])
    assert finding.text.startswith("bin and bar cut into each other")


PLATE: dict[str, Any] = {
    "material": "steel", "shape": "mesh",
    "generate": {"kind": "vaned-disc", "radius": 0.01, "thickness": 0.004, "vanes": 1, "inner_radius": 0.002,
                 "vane_height": 0.001, "vane_thickness": 0.001},
}  # fmt: skip


def test_the_time_is_that_of_the_meeting(tmp_path: Path) -> None:
    """A disc of 4 mm slides at 0.1 m/s to another, 10 mm above it, in 0.1 s; times looked at lie 34 ms apart at most.

    Sixty points of the golden section leave no gap above 1/34 of the whole second. The settling does not count.
    """
    slide = {"kind": "slide", "axis": (0, 0, 1), "speed": 0.1}
    walls = [PLATE | {"name": "low", "motion": slide}, PLATE | {"name": "high", "point": (0.001, 0, 0.015)}]
    (finding,) = found(tmp_path, walls, end=1.5, settle=0.5)
    time = float(finding.value.split()[1])
    assert 0.1 <= time <= 0.1 + 1 / 34
    assert f"--time '{1e3 * time:.4g} ms'" in finding.text
    together = [PLATE | {"name": name, "motion": slide, "point": (0, 0, z)} for name, z in (("a", 0), ("b", 0.002))]
    assert found(tmp_path, together) == []


def test_sampled_times_leave_no_gap() -> None:
    """Of sixty points of the golden section none is farther than 1/34 from the next; 1/60 were ideal."""
    points = [*sampled_times(1.0, POSES), 1.0]
    assert (len(points), points[0]) == (61, 0.0)
    assert max(later - earlier for earlier, later in pairwise(points)) < 1 / 34
