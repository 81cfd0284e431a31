"""Compartments as a case states them: names, lines along an axis, the rates between them, outlets, recycle."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from compute.case_model import CaseModel, invalid, require_name
from compute.quantities import Diffusivity, Fraction, Length, MassRate, NotNegative, Positive, Rate, Speed, Time
from pbm.graph import Graph, axial_line, numbered, tanks
from pbm.grid import Floats

Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")]


class Link(CaseModel):
    """Exchange one way: `rate` [1/s] of what is in `from` goes to `to`."""

    start: str = Field(alias="from")
    to: str
    rate: Annotated[Rate, NotNegative]


class Recycle(CaseModel):
    """Share of what leaves that goes back to a compartment."""

    share: Annotated[Fraction, Field(lt=1)]
    to: str


class Outlet(CaseModel):
    """What leaves the whole: `rate` [1/s] of what is in `from`, F/V of an outflow F from a volume V."""

    start: str = Field(alias="from")
    rate: Annotated[Rate, NotNegative]
    recycle: Recycle | None = None


class Line(CaseModel):
    """Compartments `name-1` to `name-n` along an axis, closed at both ends.

    Attributes:
        length [m], velocity [m/s]: of the line and of the powder in it.
        dispersion: axial dispersion coefficient [m2/s]; none: n stirred tanks in series.
        to: compartment that the last one flows into; none: out of the whole.
        recycle: share of what leaves at the end that goes back.
    """

    name: Name
    compartments: int = Field(ge=1, le=1000)
    length: Annotated[Length, Positive]
    velocity: Annotated[Speed, Positive]
    dispersion: Annotated[Diffusivity, Positive] | None = None
    to: str | None = None
    recycle: Recycle | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of its compartments."""
        return numbered(self.name, self.compartments)

    def graph(self) -> Graph:
        """The line alone, its end open."""
        if self.dispersion is None:
            return tanks(self.compartments, self.length / self.velocity, self.name)
        return axial_line(self.compartments, self.length, self.velocity, self.dispersion, self.name)

    @model_validator(mode="after")
    def _resolves(self) -> Line:
        least = 0.0 if self.dispersion is None else 0.5 * self.velocity * self.length / self.dispersion
        if self.compartments < least:
            raise invalid(
                "the compartments of the line disperse more than it does",
                key="compartments",
                value=self.compartments,
                expected=f"at least v L/(2 D) = {least:.3g}, or no dispersion for tanks in series",
            )
        return self


class FeedStep(CaseModel):
    """Mass flow of dry solids [kg/s] from a time [s] on."""

    time: Annotated[Time, NotNegative]
    rate: Annotated[MassRate, NotNegative]


class Flow(CaseModel):
    """What flows into a compartment.

    Attributes:
        to: the compartment.
        rate: mass flow of dry solids [kg/s], or steps of `time` and `rate`; nil before the first step.
    """

    to: str
    rate: Annotated[MassRate, NotNegative] | Annotated[tuple[FeedStep, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _rise(self) -> Flow:
        times = [step.time for step in self.steps]
        if any(later <= sooner for sooner, later in pairwise(times)):
            raise invalid("the times do not rise", key="rate", value=times, expected="steps in rising order of time")
        return self

    @property
    def steps(self) -> tuple[FeedStep, ...]:
        """The rate as steps."""
        return self.rate if isinstance(self.rate, tuple) else (FeedStep(time=0.0, rate=self.rate),)


class Regions(CaseModel):
    """Regions of equipment as a directed graph.

    Attributes:
        names: of single compartments, in the order of the parts of the particle simulation where that is used.
        lines: compartments along an axis, after the single ones.
        exchange: links, or `dem` for measured rates.
        outlets: what leaves.
    """

    names: tuple[Name, ...] = ()
    lines: tuple[Line, ...] = ()
    exchange: Literal["dem"] | tuple[Link, ...] = ()
    outlets: tuple[Outlet, ...] = ()

    @property
    def places(self) -> tuple[str, ...]:
        """Names of all compartments, in their order."""
        return (*self.names, *(name for line in self.lines for name in line.names))

    @model_validator(mode="after")
    def _are_places(self) -> Regions:
        if not self.places:
            raise invalid("there is no compartment", key="names", expected="names of compartments, or lines")
        twice = [name for name in self.places if self.places.count(name) > 1]
        if twice:
            raise invalid("two compartments have one name", key="names", value=twice[0], expected="each once")
        if self.exchange == "dem" and self.lines:
            raise invalid("a line has no measured rates", key="exchange", value="dem", expected="links")
        for key, start, to in self._flows():
            require_name(start, self.places, "compartment", f"{key}.from")
            require_name(start if to is None else to, self.places, "compartment", f"{key}.to")
            if start == to:
                raise invalid("a compartment flows into itself", key=f"{key}.to", value=to, expected="another one")
        return self

    def graph(self, measured: Floats | None = None) -> Graph:
        """Names and rates; measured: those of `exchange: dem` [1/s], in the order of the names."""
        graph = Graph(self.names, np.zeros((len(self.names),) * 2) if measured is None else measured)
        for line in self.lines:
            graph = graph.beside(line.graph())
        exchange, outlet, at = graph.exchange.copy(), graph.outlet.copy(), graph.place
        for link in self.links:
            exchange[at(link.start), at(link.to)] += link.rate
        for line in self.lines:
            end = at(line.names[-1])
            rate, outlet[end] = outlet[end], 0.0
            _leave(exchange, outlet, end, rate, at, line.to, line.recycle)
        for out in self.outlets:
            _leave(exchange, outlet, at(out.start), out.rate, at, None, out.recycle)
        return Graph(graph.names, exchange, outlet)

    @property
    def links(self) -> tuple[Link, ...]:
        """Exchange as given; none where it is measured."""
        return () if self.exchange == "dem" else self.exchange

    def _flows(self) -> Iterator[tuple[str, str, str | None]]:
        """Key, start and end of everything that flows; no end for what leaves or comes in."""
        for at, link in enumerate(self.links):
            yield f"exchange.{at}", link.start, link.to
        for at, out in enumerate(self.outlets):
            yield f"outlets.{at}", out.start, None
            if out.recycle:
                yield f"outlets.{at}.recycle", out.start, out.recycle.to
        for at, line in enumerate(self.lines):
            yield f"lines.{at}", line.names[-1], line.to
            if line.recycle:
                yield f"lines.{at}.recycle", line.names[-1], line.recycle.to


def _leave(
    exchange: Floats,
    outlet: Floats,
    start: int,
    rate: float,
    place: Callable[[str], int],
    to: str | None,
    recycle: Recycle | None,
) -> None:
    """Add a flow at `rate` [1/s] from `start` out of the whole or to a compartment, less what is recycled."""
    back = rate * recycle.share if recycle else 0.0
    if recycle:
        exchange[start, place(recycle.to)] += back
    if to is None:
        outlet[start] += rate - back
    else:
        exchange[start, place(to)] += rate - back
