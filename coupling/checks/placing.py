"""Generated equipment where it stands: vessels inside the domain, round bodies turning about their own axes."""

from __future__ import annotations

import math
from collections.abc import Iterator

from compute.errors import CaseError
from coupling.case import Case
from coupling.checks.finding import Finding
from coupling.checks.meshes import placed_corners
from dem.case import DemCase
from dem.case_equipment import Bin, Bowl, DoubleCone, Drum, Impeller, PaddleShaft, Trough, VBlender
from dem.case_motion import Motion
from dem.case_screws import Barrel, Screw
from dem.case_shear import VanedDisc
from dem.case_walls import MeshWall

NAME = "placing"
ROUND = Drum, Impeller, PaddleShaft, Screw, VanedDisc
"""Kinds that are round about an axis of their own and turn about it."""
VESSELS = Drum, VBlender, DoubleCone, Bin, Trough, Bowl, Barrel
ALONG = 0.999
"""Cosine of an angle below which two axes are not the same."""


def check_placing(case: Case) -> Iterator[Finding]:
    """Warn of vessels that reach out of the domain, and of round bodies that turn about another axis than their own."""
    if case.dem is None:
        return
    for index, wall in enumerate(case.dem.walls):
        if isinstance(wall, MeshWall) and wall.generate is not None:
            yield from _across(wall, f"dem.walls.{index}")
            if isinstance(wall.generate, VESSELS):
                yield from _beyond(case.dem, wall, f"dem.walls.{index}")


def _across(wall: MeshWall, place: str) -> Iterator[Finding]:
    if not (isinstance(wall.generate, ROUND) and isinstance(wall.motion, Motion)):
        return
    own, turned = wall.axis, wall.motion.axis
    cosine = abs(sum(a * b for a, b in zip(own, turned))) / (math.hypot(*own) * math.hypot(*turned))
    if cosine < ALONG:
        text = f"{wall.name} turns end over end: the axis of its motion is not that of its mesh. Set both alike."
        yield Finding("warning", NAME, text, str(turned), str(own), f"{place}.motion.axis")


def _beyond(dem: DemCase, wall: MeshWall, place: str) -> Iterator[Finding]:
    try:
        corners = placed_corners(wall, place, math.inf, lambda text: None).reshape(-1, 3)
    except CaseError:  # told by the mesh's own check
        return
    room, sides = 0.5 * min(dem.diameters(), default=0.0), zip(corners.min(0).tolist(), corners.max(0).tolist())
    for axis, (low, high), least, most in zip("xyz", sides, dem.domain.low, dem.domain.high):
        if axis not in dem.domain.periodic and (low < least - room or high > most + room):
            text = f"The vessel {wall.name} reaches out of the domain in {axis}; a particle that gets there ends the"
            text += " run: widen dem.domain."
            yield Finding("warning", NAME, text, f"{low:.4g} to {high:.4g} m", f"{least:.4g} to {most:.4g} m", place)
            return
