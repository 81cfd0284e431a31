"""Equipment by parameters: vessels, impellers, shafts and screws; the meshes are made in `dem.equipment`."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field, model_validator

from compute.case_model import CaseModel, invalid
from compute.quantities import Angle, Length, NotNegative
from dem.case_screws import Barrel, Screw, Size, require_narrower
from dem.case_shear import VanedDisc


class Impeller(CaseModel):
    """Generated mesh: a hub with straight blades; its axis is z, its lowest face lies in z = 0.

    Attributes:
        blades: number of blades, evenly spaced.
        radius: distance of the blade tips from the axis [m].
        hub_radius, hub_height: the cylinder the blades grow out of [m].
        blade_height: vertical extent of the blades [m].
        blade_thickness: thickness of a blade across its face [m].
        pitch: tilt of the blade's front from the vertical, leading edge down for a positive speed [rad]; the underside
            is level.
        facets: number of faces of the hub.
    """

    kind: Literal["impeller"]
    blades: int = Field(ge=1)
    radius: Size
    hub_radius: Size
    hub_height: Size
    blade_height: Size
    blade_thickness: Size
    pitch: Annotated[Angle, Field(ge=0, lt=1.5)] = 0.0
    facets: int = Field(default=24, ge=3)

    @model_validator(mode="after")
    def _blades_reach_beyond_hub(self) -> Impeller:
        if self.radius <= self.hub_radius:
            raise invalid(
                "the blades end inside the hub", key="radius", value=self.radius, expected="radius > hub_radius"
            )
        return self


class Drum(CaseModel):
    """Generated mesh: a drum seen from inside; its axis is z, it reaches from -length/2 to length/2.

    Attributes:
        radius, length: inner measures [m].
        facets: number of faces around.
        ends: whether the two end plates belong to it.
        lifters: number of radial ribs, evenly spaced.
        lifter_height, lifter_thickness: measures of a rib [m].
    """

    kind: Literal["drum"]
    radius: Size
    length: Size
    facets: int = Field(default=48, ge=6)
    ends: bool = True
    lifters: int = Field(default=0, ge=0)
    lifter_height: Annotated[Length, NotNegative] = 0.0
    lifter_thickness: Annotated[Length, NotNegative] = 0.0

    @model_validator(mode="after")
    def _lifters_have_size(self) -> Drum:
        fits = 0 < self.lifter_height < self.radius and self.lifter_thickness > 0
        if self.lifters and not fits:
            raise invalid(
                "the lifters have no size, or reach beyond the axis",
                key="lifter_height",
                value=self.lifter_height,
                expected="0 < lifter_height < radius and lifter_thickness > 0",
            )
        apart = 2.0 * (self.radius - self.lifter_height) * math.sin(math.pi / max(self.lifters, 2))
        if self.lifters and self.lifter_thickness >= apart:
            raise invalid(
                "the lifters run into each other", key="lifter_thickness", value=self.lifter_thickness,
                expected=f"less than 2 (radius - lifter_height) sin(pi/lifters) = {apart:.4g} m",
            )  # fmt: skip
        return self


class VBlender(CaseModel):
    """Generated mesh: two cylinders that meet in a V, seen from inside.

    It opens towards z, its legs lie in the xz plane.

    Attributes:
        radius: of the legs [m].
        leg_length: from the point where the axes of the legs meet, the origin, to the end of a leg [m].
        angle: between the two legs [rad].
        facets: number of faces around a leg.
    """

    kind: Literal["v-blender"]
    radius: Size
    leg_length: Size
    angle: Annotated[Angle, Field(gt=0, lt=math.pi)] = math.radians(80.0)
    facets: int = Field(default=48, ge=6)

    @model_validator(mode="after")
    def _legs_part(self) -> VBlender:
        shortest = self.radius / math.tan(0.5 * self.angle)
        if self.leg_length <= shortest:
            raise invalid(
                "the legs end before they have parted",
                key="leg_length",
                value=self.leg_length,
                expected=f"more than radius/tan(angle/2) = {shortest:.4g} m",
            )
        return self


class DoubleCone(CaseModel):
    """Generated mesh: a cylinder between two cones, seen from inside; its axis is z, its middle the origin.

    Attributes:
        radius, length: of the cylinder between the cones [m].
        cone_height: of each cone [m].
        opening_radius: of the flat ends of the cones [m].
        facets: number of faces around.
    """

    kind: Literal["double-cone"]
    radius: Size
    length: Size
    cone_height: Size
    opening_radius: Size
    facets: int = Field(default=48, ge=6)

    @model_validator(mode="after")
    def _narrows(self) -> DoubleCone:
        require_narrower("opening_radius", self.opening_radius, "radius", self.radius)
        return self


class Bin(CaseModel):
    """Generated mesh: a box over a hopper, seen from inside; the outlet lies in z = 0, centred on the z axis.

    Attributes:
        width, depth: inner measures along x and y [m].
        height: of the upright part [m].
        hopper_height: of the sloping part below it [m].
        outlet_width, outlet_depth: of the closed outlet [m].
    """

    kind: Literal["bin"]
    width: Size
    depth: Size
    height: Size
    hopper_height: Size
    outlet_width: Size
    outlet_depth: Size

    @model_validator(mode="after")
    def _narrows(self) -> Bin:
        require_narrower("outlet_width", self.outlet_width, "width", self.width)
        require_narrower("outlet_depth", self.outlet_depth, "depth", self.depth)
        return self


class Trough(CaseModel):
    """Generated mesh: a lying tube with a weir before its outlet, seen from inside; z is up.

    Its axis is x, it reaches from x = 0, the inlet, to x = length.

    Attributes:
        radius, length: inner measures [m].
        weir_height: of the weir's edge above the lowest line of the tube [m]; 0 for none.
        weir_thickness: along the tube [m].
        outlet: room between the weir and the end of the tube [m].
        facets: number of faces around.
    """

    kind: Literal["trough"]
    radius: Size
    length: Size
    weir_height: Annotated[Length, NotNegative] = 0.0
    weir_thickness: Annotated[Length, NotNegative] = 0.0
    outlet: Annotated[Length, NotNegative] = 0.0
    facets: int = Field(default=48, ge=8, multiple_of=4)

    @model_validator(mode="after")
    def _weir_fits(self) -> Trough:
        if not self.weir_height:
            return self
        if self.weir_height >= 2.0 * self.radius:
            raise invalid(
                "the weir closes the tube", key="weir_height", value=self.weir_height, expected="below 2 radius"
            )
        if not 0.0 < self.weir_thickness < self.length - self.outlet:
            raise invalid(
                "the weir has no thickness, or no room",
                key="weir_thickness",
                value=self.weir_thickness,
                expected="above 0, below length - outlet",
            )
        return self


class PaddleShaft(CaseModel):
    """Generated mesh: a shaft along z from z = 0 with paddles, pins or knives at evenly spaced stations.

    With `angle` 0 a paddle meets the powder with its whole width; with 90 deg edge on, as the knives of a chopper do.

    Attributes:
        radius: distance of the outermost corners from the axis [m].
        shaft_radius, length: of the shaft [m].
        stations: places along the shaft that carry paddles.
        paddles: at one station, evenly spaced.
        paddle_width, paddle_thickness: of a paddle across its length [m].
        angle: of the face to the shaft [rad]; positive pushes along the axis for a positive speed.
        twist: turn from one station to the next [rad].
        reversed_stations: stations, counted from 1, whose paddles push back.
        facets: number of faces of the shaft.
    """

    kind: Literal["paddle-shaft"]
    radius: Size
    shaft_radius: Size
    length: Size
    stations: int = Field(ge=1)
    paddles: int = Field(ge=1)
    paddle_width: Size
    paddle_thickness: Size
    angle: Annotated[Angle, Field(ge=-0.5 * math.pi, le=0.5 * math.pi)] = 0.0
    twist: Angle = 0.0
    reversed_stations: tuple[int, ...] = ()
    facets: int = Field(default=24, ge=3)

    @model_validator(mode="after")
    def _consistent(self) -> PaddleShaft:
        require_narrower("shaft_radius", self.shaft_radius, "radius", self.radius)
        for station in self.reversed_stations:
            if not 1 <= station <= self.stations:
                raise invalid(
                    "no such station", key="reversed_stations", value=station, expected=f"1 to {self.stations}"
                )
        return self


class Bowl(CaseModel):
    """Generated mesh: a bowl with a flat bottom in z = 0 and a flat lid, seen from inside; its axis is z.

    Attributes:
        radius: of the upright part [m].
        height: from the bottom to the lid [m].
        corner_radius: of the rounding between bottom and wall [m].
        cone_height, lid_radius: of the cone that narrows to the lid [m]; no cone without them.
        facets: number of faces around.
    """

    kind: Literal["bowl"]
    radius: Size
    height: Size
    corner_radius: Annotated[Length, NotNegative] = 0.0
    cone_height: Annotated[Length, NotNegative] = 0.0
    lid_radius: Size | None = None
    facets: int = Field(default=48, ge=6)

    @model_validator(mode="after")
    def _fits(self) -> Bowl:
        if self.corner_radius >= self.radius or self.corner_radius + self.cone_height >= self.height:
            raise invalid(
                "rounding and cone leave no upright wall",
                key="corner_radius",
                value=self.corner_radius,
                expected="below radius, and below height - cone_height",
            )
        if (self.lid_radius is None) != (self.cone_height == 0.0):
            raise invalid("a cone has both measures", key="lid_radius", expected="cone_height and lid_radius, or none")
        if self.lid_radius is not None:
            require_narrower("lid_radius", self.lid_radius, "radius", self.radius)
        return self


GeneratedModel = (
    Impeller | Drum | VBlender | DoubleCone | Bin | Trough | PaddleShaft | Bowl | Barrel | Screw | VanedDisc
)
GeneratedMesh = Annotated[GeneratedModel, Field(discriminator="kind")]
