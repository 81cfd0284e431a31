"""Lids and bottoms of shear cells, by parameters."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from compute.case_model import CaseModel, invalid
from dem.case_screws import Size, require_narrower


class VanedDisc(CaseModel):
    """Generated mesh: a disc with radial vanes below it, as the lid of a ring shear cell; its lower face lies in z = 0.

    With axis [0, 0, -1] it is the bottom of the cell.

    Attributes:
        radius, thickness: of the disc [m].
        vanes: number of vanes, evenly spaced.
        inner_radius: distance of the inner ends of the vanes from the axis [m]; they reach to `radius`.
        vane_height: from the disc to the vanes' lower edges [m].
        vane_thickness: thickness of a vane [m].
        facets: number of faces around the disc.
    """

    kind: Literal["vaned-disc"]
    radius: Size
    thickness: Size
    vanes: int = Field(ge=1)
    inner_radius: Size
    vane_height: Size
    vane_thickness: Size
    facets: int = Field(default=48, ge=6)

    @model_validator(mode="after")
    def _vanes_fit(self) -> VanedDisc:
        require_narrower("inner_radius", self.inner_radius, "radius", self.radius)
        if self.vane_thickness >= self.inner_radius:
            raise invalid(
                "the vanes are too thick",
                key="vane_thickness",
                value=self.vane_thickness,
                expected="below inner_radius",
            )
        return self
