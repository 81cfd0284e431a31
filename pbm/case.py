"""The `pbm:` section of a case: feed, grid, liquid and mechanisms of the population balance, in SI."""

from __future__ import annotations

from math import pi
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from compute.case_model import CaseModel, invalid
from compute.quantities import (
    Density,
    Fraction,
    Length,
    Mass,
    NotNegative,
    Number,
    Positive,
    Rate,
    Time,
)
from pbm.aggregation import KERNELS
from pbm.case_compartments import Compartments, OpenFraction
from pbm.case_laws import Aggregation, Breakage, Layering
from pbm.case_liquid import Liquid
from pbm.case_solids import Grains, SecondSolid, Solid, check_powder, table_of
from pbm.selection import SELECTIONS

if TYPE_CHECKING:
    from pbm.grid import Grid

NO_PARTICLES = "there is no kernel law from a particle simulation"
"""The problem where a law is left to particles and there are none."""


class Feed(CaseModel):
    """The powder at the start.

    Attributes:
        distribution: table of diameter [um] and cumulative volume [%]; relative to the case file.
        grains: in place of a table, grains of stated volumes.
        second_share: share of the second solid in the solids of every grain of the table, where there are two.
        charge: mass of dry solids [kg]; nil for equipment that starts empty.
        moisture: liquid over dry solids, by mass.
        porosity: pores over volume of a grain, of a nucleus and of an empty class.
    """

    distribution: Path | None = None
    grains: tuple[Grains, ...] = ()
    second_share: Fraction = 0.5
    charge: Annotated[Mass, NotNegative]
    moisture: Annotated[Number, NotNegative] = 0.0
    porosity: OpenFraction = 0.5

    @field_validator("distribution")
    @classmethod
    def _exists(cls, file: Path | None, info: ValidationInfo) -> Path | None:
        return table_of(file, info)

    @model_validator(mode="after")
    def _described(self) -> Feed:
        check_powder(self.distribution, self.grains, True)
        return self


class GridSettings(CaseModel):
    """Size classes, geometric, between two granule diameters [m] at the porosity of the feed.

    Where granules break, the edge nearest to twice the primary diameter is put there.
    """

    classes: int = Field(default=40, ge=8, le=400)
    smallest_diameter: Annotated[Length, Positive] = 4e-6
    largest_diameter: Annotated[Length, Positive] = 5e-3

    @model_validator(mode="after")
    def _ordered(self) -> GridSettings:
        if self.smallest_diameter >= self.largest_diameter:
            raise invalid(
                "the size range is empty",
                key="smallest_diameter",
                value=self.smallest_diameter,
                expected=f"less than largest_diameter, {self.largest_diameter} m",
            )
        return self


class Consolidation(CaseModel):
    """Pores shrink at a rate [1/s] towards a least porosity.

    Attributes:
        form: `published` drives gas out of pores by all liquid of a granule, also where there is no gas left.
    """

    rate: Annotated[Rate, NotNegative] = 0.01
    minimum_porosity: OpenFraction = 0.2
    form: Literal["balanced", "published"] = "balanced"


class PbmCase(CaseModel):
    """Everything the population balance needs beside a kernel law and the impeller's speed.

    A case that states kernel, pair speeds and breakage rate needs neither.

    Attributes:
        solids: one or two solid components with a grid for each, in place of `grid`.
        second_solid: a second solid without a grid of its own, as mean content of every class.
        solid_density: of the grains without pores [kg/m3].
        restitution: of wet granules, in the Stokes criterion.
        nucleus_saturation: share of a nucleus' pores that its drop fills.
        efficiency: share of wet touches that bind; the one calibrated number, one by default.
        kernel_scale, breakage_scale: corrections of the encounter and of the blade-hit rate.
        layering: powder that deposits on wet granules; none: it does not.
        end: end of the run [s].
        tolerance: error of a class per time step, relative to its content.
        compartments: regions with exchange, feeds and outlets; none: one closed region.
    """

    feed: Feed
    grid: GridSettings = GridSettings()
    solids: tuple[Solid, ...] | None = Field(default=None, min_length=1, max_length=2)
    second_solid: SecondSolid | None = None
    solid_density: Annotated[Density, Positive] = 1540.0
    liquid: Liquid
    restitution: Annotated[Number, Field(gt=0, le=1)] = 0.4
    nucleus_saturation: Annotated[Fraction, Field(gt=0)] = 0.75
    consolidation: Consolidation = Consolidation()
    aggregation: Aggregation = Aggregation()
    breakage: Breakage = Breakage()
    layering: Layering | None = None
    efficiency: Annotated[Number, Field(gt=0, le=1)] = 1.0
    kernel_scale: Annotated[Number, Positive] = 1.0
    breakage_scale: Annotated[Number, NotNegative] = 1.0
    end: Annotated[Time, Positive]
    tolerance: Annotated[Number, Field(gt=0, le=0.01)] = 1e-4
    compartments: Compartments | None = None

    def need_of_particles(self) -> tuple[str, Any, str] | None:
        """First key that only a kernel law from a particle simulation fills, its value and what to state instead."""
        meeting = self.aggregation
        slow = meeting.sticking.startswith("stokes") and meeting.pair_speed is None
        needs: list[tuple[bool, str, Any, str]] = [
            (meeting.kernel["name"] == "dem", "aggregation.kernel", "dem", "one of: " + ", ".join(KERNELS)),
            (slow, "aggregation.pair_speed", None, "a speed [m/s]"),
            (self.breakage.fitted, "breakage.rate", "impact", "one of: " + ", ".join(SELECTIONS) + "; or `on: false`"),
        ]
        return next(((key, value, expected) for missing, key, value, expected in needs if missing), None)

    @model_validator(mode="after")
    def _holds_powder(self) -> PbmCase:
        if self.feed.charge == 0.0 and not (self.compartments and self.compartments.feeds):
            expected = "a mass, or feeds in pbm.compartments"
            raise invalid("there is no powder", key="feed.charge", value=0.0, expected=expected)
        return self

    @model_validator(mode="after")
    def _knows_its_solids(self) -> PbmCase:
        count = 1 if self.solids is None else len(self.solids)
        if self.solids is not None and count == 1 and self.solids[0].may_be_absent:
            expected = "false: granules hold some of the only solid"
            raise invalid("granules without solids", key="solids.0.may_be_absent", value=True, expected=expected)
        if self.second_solid is not None:
            if count > 1:
                expected = "two solids with grids, or one grid and a second solid without"
                raise invalid("the second solid has a grid of its own", key="second_solid", expected=expected)
            count = 2
        feeds = self.compartments.feeds if self.compartments else ()
        for key, grains in (
            ("feed", self.feed.grains),
            *((f"compartments.feeds.{k}", each.grains) for k, each in enumerate(feeds)),
        ):
            if grains and len(grains[0].solids) != count:
                raise invalid(
                    "grains of other solids than the case's",
                    key=f"{key}.grains",
                    value=len(grains[0].solids),
                    expected=f"{count} volumes each, one for each solid",
                )
        return self

    @model_validator(mode="after")
    def _tells_powder(self) -> PbmCase:
        if self.layering is None:
            return self
        low, high = self._diameters()
        if not low < self.layering.powder_below <= high:
            raise invalid(
                "powder and granules are not told apart",
                key="layering.powder_below",
                value=self.layering.powder_below,
                expected=f"more than the smallest class, {low:.3g} m, at most the largest, {high:.3g} m",
            )
        return self

    def size_grid(self) -> Grid:
        """Size classes of a case of one grid, with an edge at the smallest granules that break."""
        from pbm.grid import diameter_grid

        size, smallest = self.grid, 2.0 * self.breakage.primary_diameter if self.breakage.on else 0.0
        return diameter_grid(size.smallest_diameter, size.largest_diameter, size.classes, self.feed.porosity, smallest)

    def _diameters(self) -> tuple[float, float]:
        """Diameter [m] of the smallest and the largest class, at the porosity of the feed."""
        if self.solids is None:
            classes = self.size_grid().diameters(self.feed.porosity)
            return float(classes[0]), float(classes[-1])
        always = sum(each.first_volume for each in self.solids if not each.may_be_absent)
        first = always or min(each.first_volume for each in self.solids)
        last = sum(each.first_volume * each.ratio ** (each.classes - 1) for each in self.solids)
        low, high = ((6.0 * x / (pi * (1.0 - self.feed.porosity))) ** (1.0 / 3.0) for x in (first, last))
        return low, high

    @model_validator(mode="after")
    def _catches_spray(self) -> PbmCase:
        spray = self.liquid.spray
        if self.compartments is None or spray.cover > 0.0 or spray.start > 0.0 or spray.rate == 0.0:
            return self
        filled = self.compartments.charge or dict.fromkeys(self.compartments.places, 1.0)
        wetted = self.compartments.spray or {self.compartments.places[0]: 1.0}
        bare = [name for name in wetted if self.feed.charge == 0.0 or not filled.get(name)]
        if bare:
            raise invalid(
                "the spray starts on an empty compartment",
                key="liquid.spray.cover",
                value=bare[0],
                expected="the mass of solids that catches all of the spray, or a later liquid.spray.start",
            )
        return self

    @property
    def balanced(self) -> bool:
        """Whether no published form is chosen that loses liquid, gas or time."""
        timed = self.compartments is not None and self.compartments.outflow_step is not None
        return self.liquid.addition == self.consolidation.form == "balanced" and not timed

    @property
    def flows_through(self) -> bool:
        """Whether powder comes in or leaves during the run."""
        return self.compartments is not None and self.compartments.flows_through
