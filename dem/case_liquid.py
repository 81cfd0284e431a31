"""The liquid on the particles, and the bridges it forms."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from compute.case_model import CaseModel
from compute.quantities import Length, NotNegative, Number, Positive, SurfaceTension, Viscosity
from dem.case_materials import ContactAngle

VALID = 0.1
"""Volume over radius^3 that the capillary forces are fitted up to."""


class Liquid(CaseModel):
    """Films on the particles and pendular bridges between them; walls stay dry.

    Attributes:
        law: capillary force.
        content: volume of the film that a particle enters with over the particle's own.
        contact_angle: on every pair of materials that has none of its own.
        smallest_gap: below which asperities keep the viscous forces from growing.
        largest_bridge: volume over the cube of the pair's harmonic mean radius that no bridge exceeds.
    """

    law: Literal["bagheri", "willett"] = "bagheri"
    surface_tension: Annotated[SurfaceTension, Positive]
    viscosity: Annotated[Viscosity, NotNegative]
    content: Annotated[Number, Field(ge=0, le=1)]
    smallest_gap: Annotated[Length, Positive]
    contact_angle: ContactAngle = 0.0
    largest_bridge: Annotated[Number, Field(gt=0, le=VALID)] = 0.02
