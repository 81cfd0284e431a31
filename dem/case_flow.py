"""Where particles leave a simulation."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from compute.case_model import CaseModel
from compute.quantities import Direction, Position
from dem.case_particles import Box, Cylinder

EVENT_STEPS = 250
"""Steps between two looks at feeders and outlets."""


class HalfSpace(CaseModel):
    """All that lies behind a plane; its normal points to the side that the particles stay on."""

    shape: Literal["plane"]
    point: Position
    normal: Direction


class Outlet(CaseModel):
    """Takes away the particles whose centres are in its region: a box, a cylinder or all that lies behind a plane."""

    name: str = Field(min_length=1)
    region: Annotated[HalfSpace | Box | Cylinder, Field(discriminator="shape")]
