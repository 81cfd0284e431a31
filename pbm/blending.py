"""Blending: components carried through a graph of compartments, from feeder histories to the outlet.

    line = pbm.axial_line(20, length=0.4, velocity=0.02, dispersion=8e-4)
    blending = pbm.Blending(line, [pbm.Feeder("drug", "line-1", pbm.Steps((0, 5), (2e-4, 3e-4))),
                                   pbm.Feeder("lactose", "line-1", pbm.constant(2e-3))])
    course = blending.run(range(0, 600))
    print(course.share("drug")[-1], course.uniformity("drug", sample=1e-4, grains=(4e-10, 4e-10)).rsd)

Components move with the rates of the graph, whatever their grains' sizes, so that the same graph carries them through a
granulator: dm_c/dt = M m_c + feed_c for each component, solved exactly between changes of the feeders.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from compute.case_model import closest
from compute.errors import CaseError
from pbm.graph import Graph
from pbm.grid import Floats
from pbm.inputs import Steps
from pbm.residence import Propagator, ResidenceTime, exit_of
from pbm.sampling import Uniformity, uniformity_of_grains, variance_of_samples

if TYPE_CHECKING:
    from pbm.granulation import Granulation

CHARGE = "charge"


@dataclass(frozen=True)
class Feeder:
    """Flow of one component into a compartment: `rate` [kg/s] over time. A component may have several feeders."""

    component: str
    to: str
    rate: Steps


@dataclass(frozen=True, eq=False)
class BlendingCourse:
    """Course of a blend at `times` [s] (n,).

    components: names; held: mass in the compartments [kg], (n, compartments, components)
    flow: mass flow out at the chosen outlets [kg/s], left: mass that left there since the start [kg], (n, components)
    imbalance: largest error of held + left + left elsewhere = start + fed, over all mass that was ever there
    """

    times: Floats
    components: tuple[str, ...]
    held: Floats
    flow: Floats
    left: Floats
    imbalance: float

    def share(self, component: str) -> Floats:
        """Mass share of a component in the outflow (n,); not a number while nothing leaves."""
        total = self.flow.sum(axis=1)
        return np.divide(self.flow[:, self._at(component)], total, out=np.full(total.size, np.nan), where=total > 0.0)

    def samples(self, component: str, sample: float, after: float = 0.0) -> Floats:
        """Mass shares of a component in successive samples of `sample` [kg] that leave after a time [s].

        What left is linear between the output times, which should be closer than samples are; a last part is left out.
        """
        late = int(np.searchsorted(self.times, after))
        left, total = self.left[late:, self._at(component)], self.left[late:].sum(axis=1)
        most = float(total[-1] - total[0]) if total.size else 0.0
        count = int(most / sample * (1.0 + 1e-12)) if sample > 0.0 else 0
        if count < 1:
            expected = f"a mass > 0 of which some fit in the {most:.3g} kg that left"
            raise CaseError("no samples of this mass", key="sample", value=sample, expected=expected)
        # While nothing leaves the total stands still, and interpolation over it needs it to rise.
        rising = np.flatnonzero(np.concatenate(([True], np.diff(total) > 0.0)))
        marks = np.interp(total[0] + sample * np.arange(count + 1.0), total[rising], left[rising])
        return np.asarray(np.diff(marks) / sample)

    def uniformity(self, component: str, sample: float, grains: tuple[float, float], after: float = 0.0) -> Uniformity:
        """RSD of samples of `sample` [kg] that leave after a time [s]: variation by the feeders, and random mixing.

        grains: mean mass of a grain, weighted by mass, of the component and of the rest [kg], `pbm.mean_grain_mass`
        """
        shares = self.samples(component, sample, after)
        return uniformity_of_grains(float(shares.mean()), variance_of_samples(shares), sample, grains)

    def plot(self, file: str | None = None) -> Any:
        """Mass shares at the outlet over time; written to `file` where one is given. Returns the figure."""
        from pbm.blending_pictures import draw_course

        return draw_course(self, file)

    def save(self, path: Path | str) -> None:
        """Write the course to an HDF5 file, masses in kg and times in s."""
        import h5py

        with h5py.File(path, "w") as file:
            file.attrs["components"], file.attrs["imbalance"] = list(self.components), self.imbalance
            for name in ("times", "held", "flow", "left"):
                file[name] = getattr(self, name)

    @classmethod
    def load(cls, path: Path | str) -> BlendingCourse:
        """Read what `save` wrote; CaseError if the file is no such course."""
        import h5py

        try:
            with h5py.File(path, "r") as file:
                held = {name: file[name][()] for name in ("times", "held", "flow", "left")}
                names = tuple(str(name) for name in file.attrs["components"])
                return cls(components=names, imbalance=float(file.attrs["imbalance"]), **held)
        except (OSError, KeyError) as error:
            raise CaseError(f"not the course of a blend: {error}", file=str(path)) from None

    def _at(self, component: str) -> int:
        if component not in self.components:
            nearest, listed = closest(component, self.components), ", ".join(self.components)
            raise CaseError("no such component", value=component, expected=listed, nearest=nearest)
        return self.components.index(component)


class Blending:
    """Components in a graph of compartments.

    feeders: where and how each component comes in; exits: names of the outlets that are looked at, all by default
    charge: mass of each component by compartment at the start [kg], empty by default
    Raises CaseError for unknown compartments.
    """

    def __init__(
        self,
        graph: Graph,
        feeders: Iterable[Feeder],
        exits: Sequence[str] | None = None,
        charge: Mapping[str, Mapping[str, float]] | None = None,
    ) -> None:
        self.graph, self.feeders, self.exit = graph, tuple(feeders), exit_of(graph, exits)
        names = [*(charge or {}), *(feeder.component for feeder in self.feeders)]
        self.components = tuple(dict.fromkeys(names))
        if not self.components:
            raise CaseError("there is nothing to blend", key="feeders", expected="feeders, or a charge")
        self._start = np.zeros((graph.size, len(self.components)))
        for component, masses in (charge or {}).items():
            for name, mass in masses.items():
                self._start[graph.place(name), self.components.index(component)] += mass
        self._places = [graph.place(feeder.to) for feeder in self.feeders]

    @classmethod
    def of(cls, model: Granulation, exits: Sequence[str] | None = None) -> Blending:
        """The components of a granulation: one for each feed of its case by name, and its charge."""
        held = {name: float(mass) for name, mass in zip(model.graph.names, model.charged_mass()) if mass > 0.0}
        feeds = model.case.compartments.feeds if model.case.compartments else ()
        feeders = [
            Feeder(feed.name, model.graph.names[inflow.place], inflow.rate)
            for feed, inflow in zip(feeds, model.inflows)
        ]
        return cls(model.graph, feeders, exits, {CHARGE: held} if held else None)

    def run(self, times: Iterable[float]) -> BlendingCourse:
        """Masses at `times` [s], the first of which is the start: exact between the changes of the feeders."""
        marks = np.array(list(times), dtype=float)
        if marks.size < 2 or np.any(np.diff(marks) <= 0.0):
            raise CaseError("output times have to rise", key="times", expected="at least two, rising")
        propagate, size = Propagator(self._matrix()), self.graph.size
        held = np.concatenate((self._start, np.zeros((2, len(self.components)))))
        changes = {time for feeder in self.feeders for time in feeder.rate.times if marks[0] < time < marks[-1]}
        states, fed = [held], np.zeros(len(self.components))
        every = sorted(changes.union(marks))
        wanted = set(marks)
        for low, high in pairwise(every):
            feed = self._feed(low)
            held, fed = propagate.step(held, high - low, feed), fed + (high - low) * feed.sum(axis=0)
            if high in wanted:
                states.append(held)
        course = np.array(states)
        inside = course[:, :size]
        total = self._start.sum(axis=0) + fed
        error = float(np.max(np.abs(held.sum(axis=0) - total) / np.maximum(total, np.finfo(float).tiny)))
        flow = np.einsum("a,nac->nc", self.exit, inside)
        return BlendingCourse(marks, self.components, inside, flow, course[:, size], error)

    def residence(self, feeder: str) -> ResidenceTime:
        """Residence times and damping of what the first feeder of a component brings, at the outlets looked at."""
        names = [each.component for each in self.feeders]
        if feeder not in names:
            nearest = closest(feeder, names)
            raise CaseError("no such feeder", value=feeder, expected=", ".join(names), nearest=nearest)
        exits = [name for name, rate in zip(self.graph.names, self.exit) if rate > 0.0]
        return ResidenceTime(self.graph, self.feeders[names.index(feeder)].to, exits)

    def _matrix(self) -> Floats:
        """The graph's matrix with two more rows: what left at the outlets looked at, and elsewhere."""
        size = self.graph.size
        matrix = np.zeros((size + 2, size + 2))
        matrix[:size, :size] = self.graph.matrix
        matrix[size, :size], matrix[size + 1, :size] = self.exit, self.graph.outlet - self.exit
        return matrix

    def _feed(self, time: float) -> Floats:
        rates = np.zeros((self.graph.size + 2, len(self.components)))
        for feeder, place in zip(self.feeders, self._places):
            if time >= feeder.rate.times[0]:
                rates[place, self.components.index(feeder.component)] += feeder.rate.at(time)
        return rates
