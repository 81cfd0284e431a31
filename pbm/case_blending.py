"""The `blending:` section of a case: components that are fed, mixed and sampled, without change of size."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator, model_validator

from compute.case_model import CaseModel, invalid, require_name
from compute.quantities import Density, Fraction, Length, Mass, NotNegative, Positive, Time
from pbm.case_regions import Flow, Name, Regions
from pbm.case_solids import table_of


class Component(CaseModel):
    """A powder.

    Attributes:
        density: of a grain with its pores [kg/m3].
        diameter: of its grains [m]; distribution: table of diameter [um] and cumulative volume [%] in place of it.
        charge: mass at the start, by compartment [kg].
    """

    name: Name
    density: Annotated[Density, Positive]
    diameter: Annotated[Length, Positive] | None = None
    distribution: Path | None = None
    charge: dict[str, Annotated[Mass, NotNegative]] = Field(default_factory=dict)

    @field_validator("distribution")
    @classmethod
    def _exists(cls, file: Path | None, info: ValidationInfo) -> Path | None:
        return table_of(file, info)

    @model_validator(mode="after")
    def _has_a_size(self) -> Component:
        if (self.diameter is None) == (self.distribution is None):
            raise invalid("not one size of grains", key="diameter", expected="a diameter, or a distribution")
        return self


class Ripple(CaseModel):
    """A sine on the flow of a feeder: its amplitude as a share of the flow, and its period [s]."""

    amplitude: Annotated[Fraction, Field(gt=0)]
    period: Annotated[Time, Positive]


class FeederSettings(Flow):
    """A feeder.

    Attributes:
        component: what it feeds; ripple: of its flow, none by default.
    """

    component: str
    ripple: Ripple | None = None


class Samples(CaseModel):
    """Samples of what leaves.

    Attributes:
        component: whose share is looked at.
        mass: of one sample [kg].
        after: time from which samples are taken [s].
    """

    component: str
    mass: Annotated[Mass, Positive]
    after: Annotated[Time, NotNegative] = 0.0


class BlendingCase(Regions):
    """Powders in a graph of compartments.

    Attributes:
        components: the powders.
        feeders: how they come in.
        samples: what is looked at in what leaves.
        end: of the run [s].
    """

    components: tuple[Component, ...] = Field(min_length=2)
    feeders: tuple[FeederSettings, ...] = Field(min_length=1)
    samples: Samples
    end: Annotated[Time, Positive]

    @model_validator(mode="after")
    def _fits(self) -> BlendingCase:
        if self.exchange == "dem":
            raise invalid("no particle simulation measures these rates", key="exchange", value="dem", expected="links")
        known = [each.name for each in self.components]
        twice = [name for name in known if known.count(name) > 1]
        if twice:
            raise invalid("two components have one name", key="components", value=twice[0], expected="each once")
        for at, feeder in enumerate(self.feeders):
            require_name(feeder.component, known, "component", f"feeders.{at}.component")
            require_name(feeder.to, self.places, "compartment", f"feeders.{at}.to")
        require_name(self.samples.component, known, "component", "samples.component")
        for at, each in enumerate(self.components):
            for name in each.charge:
                require_name(name, self.places, "compartment", f"components.{at}.charge")
        if not 0.0 <= self.samples.after < self.end:
            after = self.samples.after
            raise invalid("no time for samples", key="samples.after", value=after, expected=f"less than {self.end} s")
        return self

    @model_validator(mode="after")
    def _lets_out(self) -> BlendingCase:
        graph = self.graph()
        open_ended = dict(zip(graph.names, graph.ways_out()))
        for at, feeder in enumerate(self.feeders):
            if not open_ended[feeder.to]:
                expected = "an outlet on its way"
                raise invalid(
                    "what enters here never leaves", key=f"feeders.{at}.to", value=feeder.to, expected=expected
                )
        return self
