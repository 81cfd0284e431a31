"""The `compartments:` part of a case: regions, what they hold, and powder that is fed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator, model_validator

from compute.case_model import invalid, require_name
from compute.quantities import Fraction, NotNegative, Number, Positive, Time
from pbm.case_regions import Flow, Name, Regions
from pbm.case_solids import Grains, check_powder, table_of
from pbm.graph import Graph
from pbm.grid import Floats

OpenFraction = Annotated[Fraction, Field(gt=0, lt=1)]
SHARE_TOLERANCE = 1e-9
WAY_OUT = "an outlet on its way, or a last step of the feed with rate 0"


class PowderFeed(Flow):
    """Powder that flows into a compartment.

    Attributes:
        name: for messages and results.
        distribution, grains, second_share, moisture, porosity: as of the charge, which they are where not given.
    """

    name: Name
    distribution: Path | None = None
    grains: tuple[Grains, ...] = ()
    second_share: Fraction | None = None
    moisture: Annotated[Number, NotNegative] | None = None
    porosity: OpenFraction | None = None

    @field_validator("distribution")
    @classmethod
    def _exists(cls, file: Path | None, info: ValidationInfo) -> Path | None:
        return table_of(file, info)

    @model_validator(mode="after")
    def _described(self) -> PowderFeed:
        check_powder(self.distribution, self.grains, False)
        return self


class Compartments(Regions):
    """Regions of the equipment, what they hold at the start, and what comes in.

    Attributes:
        feeds: what comes in.
        charge: share of the charge by compartment, sum one; equal by default.
        spray: share of the spray by compartment, sum one; all to the first by default.
        stirring: speed at which a compartment is stirred over the impeller's, one by default; nil: at rest.
        outflow_step: step dt [s] of the published outflow F v dt/d, which takes a number per step for a rate: all that
            flows between and out of compartments is multiplied by dt over one second. None: F v/d.
    """

    feeds: tuple[PowderFeed, ...] = ()
    charge: dict[str, Fraction] = Field(default_factory=dict)
    spray: dict[str, Fraction] = Field(default_factory=dict)
    stirring: dict[str, Annotated[Number, NotNegative]] = Field(default_factory=dict)
    outflow_step: Annotated[Time, Positive] | None = None

    @model_validator(mode="after")
    def _fits(self) -> Compartments:
        self._check_names()
        for key in ("charge", "spray"):
            given = getattr(self, key)
            if given and abs(sum(given.values()) - 1.0) > SHARE_TOLERANCE:
                raise invalid("not shares", key=key, value=given, expected="shares by compartment with the sum 1")
        if self.exchange != "dem":
            self._check_ways_out()
        return self

    def graph(self, measured: Floats | None = None) -> Graph:
        """Names and rates; measured: those of `exchange: dem` [1/s], in the order of the names."""
        graph = super().graph(measured)
        return Graph(graph.names, self.slowed * graph.exchange, self.slowed * graph.outlet)

    @property
    def slowed(self) -> float:
        """Share of the flows that the published outflow leaves: dt over one second, one for rates."""
        return 1.0 if self.outflow_step is None else self.outflow_step

    @property
    def flows_through(self) -> bool:
        """Whether powder comes in or leaves."""
        return bool(self.feeds or self.outlets or any(line.to is None for line in self.lines))

    def stranded(self, graph: Graph) -> list[tuple[str, str]]:
        """Key and compartment of every feed that never ends and of which nothing can ever leave."""
        open_ended = dict(zip(graph.names, graph.ways_out()))
        ends = [(at, feed) for at, feed in enumerate(self.feeds) if feed.steps[-1].rate > 0.0]
        return [(f"feeds.{at}.to", feed.to) for at, feed in ends if not open_ended[feed.to]]

    def _check_names(self) -> None:
        for key in ("charge", "spray", "stirring"):
            for name in getattr(self, key):
                require_name(name, self.places, "compartment", key)
        for at, feed in enumerate(self.feeds):
            require_name(feed.to, self.places, "compartment", f"feeds.{at}.to")

    def _check_ways_out(self) -> None:
        for key, name in self.stranded(self.graph()):
            raise invalid("powder fed here can never leave", key=key, value=name, expected=WAY_OUT)
