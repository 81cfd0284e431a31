"""The blend that leaves through outlets, in samples of equal mass one after the other, as a run goes on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dem.case import DemCase
from dem.mixing import Array, Integers, MixingState, Samples, mixing_of, sample_sums
from dem.particle_set import ClassTable
from dem.table import Cell

SAMPLES_NAME = "samples.csv"
SAMPLES_COLUMNS = ("time [s]", "name", "sample", "mass [kg]", "share")


class Stream:
    """Samples of what leaves. A particle belongs to the sample that its middle falls into, by mass.

    Attributes:
        passed: mass that has left so far [kg].
        samples: all that have begun, the last of them unfinished.
    """

    def __init__(self) -> None:
        self.passed = 0.0
        self.samples = Samples(*np.zeros((len(Samples._fields), 1)))

    def add(self, component: NDArray[np.bool_], mass: Array, sample_mass: float) -> None:
        """Let particles pass, in order; component: which of them it is, mass [kg]: of each, sample_mass: in [kg]."""
        end = np.cumsum(np.concatenate([[self.passed], mass]))[1:]
        label = ((end - 0.5 * mass) / sample_mass).astype(np.int64)
        count = max(len(self.samples.mass), int(label.max(initial=0)) + 1)
        fresh = sample_sums(component, mass, label, count)
        self.samples = Samples(*(new + np.pad(old, (0, count - len(old))) for new, old in zip(fresh, self.samples)))
        self.passed = float(end[-1]) if len(end) else self.passed

    @property
    def finished(self) -> Samples:
        """All samples but the last."""
        return Samples(*(column[:-1] for column in self.samples))


class OutletBlends:
    """What `observables.outlet_blends` of a case asks for; a case that asks for nothing has no streams.

    Attributes:
        streams: one for each entry of the case.
    """

    def __init__(self, case: DemCase, classes: ClassTable) -> None:
        self._asked = case.observables.outlet_blends if case.observables else ()
        self._scale, self._mass = case.scale_factor, classes.mass
        names = [outlet.name for outlet in case.outlets]
        self._outlet = [names.index(blend.outlet) for blend in self._asked]
        self._members = [[classes.names.index(name) for name in blend.of] for blend in self._asked]
        self.streams = [Stream() for _ in self._asked]

    def __len__(self) -> int:
        return len(self._asked)

    def leave(self, kinds: Integers, outlets: Integers, time: float) -> Iterator[list[Cell]]:
        """Let particles of these classes leave through these outlets at a time [s]; yield the samples they complete."""
        for blend, outlet, members, stream in zip(self._asked, self._outlet, self._members, self.streams):
            if time < blend.start:
                continue
            kind, before = kinds[outlets == outlet], len(stream.finished.mass)
            stream.add(np.isin(kind, members), self._mass[kind], blend.sample_mass)
            mass, own = stream.finished.mass[before:], stream.finished.own_mass[before:]
            for number, (weight, part) in enumerate(zip(mass.tolist(), own.tolist()), before):
                yield [time, blend.name, number, weight, part / weight if weight > 0.0 else ""]

    def states(self) -> Iterator[tuple[str, MixingState]]:
        """Yield name and state of each blend of which two samples or more are complete."""
        for blend, stream in zip(self._asked, self.streams):
            state = mixing_of(stream.finished, blend.sample_mass, self._scale)
            if state is not None:
                yield blend.name, state

    def state(self) -> dict[str, NDArray[Any]]:
        """Return the arrays a checkpoint must hold."""
        arrays: dict[str, NDArray[Any]] = {"passed": np.array([stream.passed for stream in self.streams])}
        return arrays | {f"samples.{at}": np.stack(stream.samples) for at, stream in enumerate(self.streams)}

    def restore(self, state: dict[str, NDArray[Any]]) -> None:
        """Take over the arrays of a checkpoint."""
        for at, stream in enumerate(self.streams):
            stream.passed, stream.samples = float(state["passed"][at]), Samples(*state[f"samples.{at}"])
