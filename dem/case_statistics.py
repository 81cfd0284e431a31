"""What is counted during a window, in which blocks of time and compartments of space."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from compute.case_model import CaseModel, invalid
from compute.quantities import Direction, Fraction, Length, Number, Position, Positive, Speed, Time
from dem.case_motion import ORIGIN, UPWARDS
from dem.case_time import Duration

Edges = Annotated[tuple[Length, ...], Field(min_length=2)]
SpeedRange = Annotated[tuple[Annotated[Speed, Positive], ...], Field(min_length=2, max_length=2)]


def _rising(edges: tuple[float, ...]) -> tuple[float, ...]:
    if any(right <= left for left, right in pairwise(edges)):
        raise invalid("the edges do not rise", expected="edges in rising order, such as [0, 10 mm, 20 mm]")
    return edges


class BoxGrid(CaseModel):
    """Compartments between planes along the axes; an axis without edges is not divided."""

    kind: Literal["box"]
    x: Edges | None = None
    y: Edges | None = None
    z: Edges | None = None

    @field_validator("x", "y", "z")
    @classmethod
    def _edges_rise(cls, edges: tuple[float, ...] | None) -> tuple[float, ...] | None:
        return None if edges is None else _rising(edges)

    @property
    def count(self) -> int:
        """Number of compartments."""
        counts = [len(edges) - 1 for edges in (self.x, self.y, self.z) if edges is not None]
        product = 1
        for each in counts:
            product *= each
        return product


class CylinderGrid(CaseModel):
    """Compartments between cylinders, half planes through the axis and planes across it.

    Attributes:
        point, axis: where axial positions are counted from, and along what.
        radial, axial: edges [m]; without them that direction is not divided.
        angular: number of equal sectors.
    """

    kind: Literal["cylinder"]
    point: Position = ORIGIN
    axis: Direction = UPWARDS
    radial: Edges | None = None
    angular: int = Field(default=1, ge=1)
    axial: Edges | None = None

    @field_validator("radial", "axial")
    @classmethod
    def _edges_rise(cls, edges: tuple[float, ...] | None) -> tuple[float, ...] | None:
        return None if edges is None else _rising(edges)

    @property
    def count(self) -> int:
        """Number of compartments."""
        radial = len(self.radial) - 1 if self.radial else 1
        axial = len(self.axial) - 1 if self.axial else 1
        return radial * self.angular * axial


Partition = Annotated[BoxGrid | CylinderGrid, Field(discriminator="kind")]


class StatisticsSettings(CaseModel):
    """Encounter statistics of a window of `blocks` blocks.

    Attributes:
        enabled: whether anything is counted.
        block: length of a block; the time over which bursts repeat, such as one blade passage.
        blocks: number of blocks; the error of a rate needs at least 20.
        rearm_gap: gap that ends an encounter, as a share of the pair's mean diameter.
        speed_range: lowest and highest edge of the logarithmic speed bins [m/s].
        bins: number of speed bins.
        partition: compartments; none: the whole domain is one.
        sample_interval: time between two samples of hold-up and position [s]; none: 1/20 of a block.
        lag: lag of the transition matrices [s]; none: a quarter of a block.
        exposure_volume: volume that exposures are divided by, of the solids or of the box.
    """

    enabled: bool = True
    block: Duration
    blocks: int = Field(default=24, ge=1)
    rearm_gap: Annotated[Fraction, Field(gt=0, le=0.5)] = 0.01
    speed_range: SpeedRange = (1e-4, 10.0)
    bins: int = Field(default=64, ge=4, le=256)
    partition: Partition | None = None
    sample_interval: Annotated[Time, Positive] | None = None
    lag: Annotated[Time, Positive] | None = None
    exposure_volume: Literal["solids", "box"] = "solids"

    @model_validator(mode="after")
    def _ranges(self) -> StatisticsSettings:
        if self.speed_range[0] >= self.speed_range[1]:
            raise invalid("the speed range is empty", key="speed_range", expected="[lowest, highest]")
        if self.block == 0:
            raise invalid("a block has no length", key="block", value=self.block, expected="a time above 0")
        return self


class NeighbourSettings(CaseModel):
    """Verlet list: pairs closer than the skin are listed before they touch.

    Attributes:
        skin: over the mean diameter of the particles by number (of bodies, that of the sphere of their volume); it is
            longer where bridges, adhesion beyond contact or the re-arm gap ask for it.
    """

    skin: Annotated[Number, Field(gt=0, le=2)] = 0.1
