"""The whole case: particles, population balance, how the two are joined, and what comes out."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from compute.case_model import CaseModel, invalid, require_name
from compute.quantities import AngularSpeed, Number, Positive, Time
from dem.case import DemCase
from pbm.case import NO_PARTICLES, PbmCase
from pbm.case_blending import BlendingCase

LIMITS = ("blade-strike-overlap", "time-step", "parcel-geometry", "start-positions", "feed-room")
Limit = Literal["blade-strike-overlap", "time-step", "parcel-geometry", "start-positions", "feed-room"]


class GrownWindow(CaseModel):
    """The window at the grown size distribution, from which the kernel's dependence on the state is learnt.

    Attributes:
        growth: d50 of that state over d50 of the feed.
        speed: impeller speed [rad/s]; none: the middle one of the design.
    """

    growth: Annotated[Number, Field(gt=1)] = 4.0
    speed: Annotated[AngularSpeed, Positive] | None = None


class Design(CaseModel):
    """The DEM windows the kernel is fitted to: each speed on the feed, and one window at the grown state."""

    speeds: Annotated[tuple[Annotated[AngularSpeed, Positive], ...], Field(min_length=2)]
    grown: GrownWindow = GrownWindow()

    @field_validator("speeds")
    @classmethod
    def _rise(cls, speeds: tuple[float, ...]) -> tuple[float, ...]:
        if any(right <= left for left, right in pairwise(speeds)):
            raise invalid("the speeds do not rise", expected="speeds in rising order, such as [600 rpm, 900 rpm]")
        return speeds

    @property
    def middle(self) -> float:
        """The middle speed, at which the grown window and the batch run unless they say otherwise [rad/s]."""
        return self.speeds[len(self.speeds) // 2]


class CouplingSettings(CaseModel):
    """How the kernel is learnt from parcels; dem.parcels says which grains they stand for.

    Attributes:
        parcel_shares: `projected`: the parcel classes take the shares of the size distribution they stand for, in place
            of the shares in dem.particles; `given`: those in dem.particles.
        impeller: name of the wall whose speed is the input of the model.
        design: the windows to run.
        remeasure_growth: growth of d50 after which the kernel is measured again during the batch; none: never.
    """

    parcel_shares: Literal["projected", "given"] = "projected"
    impeller: str
    design: Design
    remeasure_growth: Annotated[Number, Field(gt=1)] | None = None


class ReducedSettings(CaseModel):
    """The reduced model.

    Attributes:
        classes: number of size classes.
        step_max: longest internal time step [s].
        spray_factor: largest spray rate that the model is checked for, over that of the case.
    """

    classes: int = Field(default=24, ge=8, le=200)
    step_max: Annotated[Time, Positive] = 0.5
    spray_factor: Annotated[Number, Field(ge=1)] = 1.25


class ExportSettings(CaseModel):
    """What is exported: an FMU for co-simulation of FMI 2.0 or 3.0."""

    fmi: Literal[2, 3] = 2


class ReplicaSettings(CaseModel):
    """Copies of the case, one for every combination of values, each a run of its own on one thread.

    Attributes:
        vary: values by key, such as `dem.pairs.0.friction: [0.3, 0.5]` or `seed: [1, 2, 3]`.
    """

    vary: Annotated[dict[str, Annotated[tuple[Any, ...], Field(min_length=1)]], Field(min_length=1)]


class Case(CaseModel):
    """One case.

    Attributes:
        name: also the folder its runs go to.
        seed: seed of everything random.
        threads: number of CPU threads; none: all cores.
        backend: where loops run, of particles and of the population balance; never replaced by another silently. The
            reduced model is fitted on the CPU, as what is exported runs there.
        dem, pbm: the two models; one of them alone is a case too.
        blending: powders mixed on their way through equipment, without change of size; a case of its own.
        coupling: needed where both are given.
        replicas: copies to run side by side in place of the case itself.
        accept: limits that `check` would refuse and the modeller accepts, by name.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    title: str = ""
    seed: int = Field(default=1, ge=0, lt=2**63)
    threads: int | None = Field(default=None, ge=1, le=1024)
    backend: Literal["python", "cpu", "cuda"] = "cpu"
    dem: DemCase | None = None
    pbm: PbmCase | None = None
    blending: BlendingCase | None = None
    coupling: CouplingSettings | None = None
    replicas: ReplicaSettings | None = None
    reduced: ReducedSettings = ReducedSettings()
    export: ExportSettings = ExportSettings()
    accept: tuple[Limit, ...] = ()

    @model_validator(mode="after")
    def _sections_fit(self) -> Case:
        if self.dem is None and self.pbm is None and self.blending is None:
            expected = "a section dem, a section pbm, or both with coupling; or a section blending"
            raise invalid("the case is empty", expected=expected)
        if self.blending is not None and not self.dem is self.pbm is self.coupling is None:
            raise invalid("blending stands alone", key="blending", expected="no section dem, pbm or coupling beside it")
        both = self.dem is not None and self.pbm is not None
        if both and self.coupling is None:
            raise invalid("dem and pbm are not joined", key="coupling", expected="a section coupling")
        if self.coupling is not None:
            self._check_coupling()
        need = self.pbm.need_of_particles() if self.pbm is not None and self.dem is None else None
        if need is not None:
            key, value, expected = need
            raise invalid(NO_PARTICLES, key=f"pbm.{key}", value=value, expected=expected)
        return self

    def _check_coupling(self) -> None:
        assert self.coupling is not None
        if self.dem is None or self.pbm is None:
            missing = "dem" if self.dem is None else "pbm"
            raise invalid("there are not two models to join", key="coupling", expected=f"a section {missing} beside it")
        if self.dem.parcels is None:
            expected = "dem.parcels with the scale_factor, diameter of a parcel over that of the feed's grains"
            raise invalid("nothing says which grains the particles stand for", key="dem.parcels", expected=expected)
        name = self.coupling.impeller
        require_name(name, [wall.name for wall in self.dem.walls], "wall", "coupling.impeller")
        if not self.dem.wall_speed(name):
            raise invalid("the impeller does not turn", key="coupling.impeller", expected="a wall with a motion")
        if self.dem.statistics is None or not self.dem.statistics.enabled:
            raise invalid("no encounters are counted", key="dem", expected="dem.statistics with blocks")
        if self.pbm.feed.charge == 0.0:
            expected = "a charge: what the windows of the particle simulation are filled with"
            raise invalid("the equipment starts empty", key="pbm.feed.charge", value=0.0, expected=expected)
        solids = {"solids": self.pbm.solids, "second_solid": self.pbm.second_solid, "feed.grains": self.pbm.feed.grains}
        for key in (key for key, given in solids.items() if given):
            expected = "pbm.grid and a table of sizes beside a particle simulation"
            problem = "the reduced model knows one solid with a measured distribution"
            raise invalid(problem, key=f"pbm.{key}", expected=expected)
        plain = self.pbm.liquid.drops is None and self.pbm.layering is None and self.pbm.balanced
        if not (self.pbm.aggregation.measured and self.pbm.breakage.measured and plain):
            raise invalid(
                "the reduced model knows the measured laws only",
                key="pbm",
                expected="aggregation, breakage and forms by default, one size of drops, no layers; or pbm alone",
            )
        regions, parts = self.pbm.compartments, self.dem.statistics.partition
        count = parts.count if parts is not None else 1
        if regions is not None and regions.exchange == "dem" and len(regions.names) != count:
            raise invalid(
                "not the compartments of the particle simulation",
                key="pbm.compartments.names",
                value=len(regions.names),
                expected=f"{count} names, one for each part of dem.statistics.partition, or links of exchange",
            )
