"""Graphs: launches that are made ready once and run many times.

A graph holds its launches with the very arrays and numbers they had when it was made, on every target. What changes
from run to run (numbers of items, the step) therefore stands in arrays, and other arrays need another graph: a graph
that is out of date goes wrong on every target alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from compute.base import Backend, Launch

Done = Callable[[Any], bool]


class Graph(Protocol):
    """A sequence of launches, some times over."""

    def run(self, done: Done | None = None, most: int = 1) -> Any:
        """Run it and wait for it, until `done` is true of what is watched, but not more than `most` times.

        Returns a copy of what is watched.
        """


class RecordedGraph:
    """A graph where there is no device: the launches themselves, in their order."""

    def __init__(self, backend: Backend, launches: Sequence[Launch], repeats: int, watched: Any) -> None:
        self._backend, self._launches, self._repeats, self._watched = backend, tuple(launches), repeats, watched
        run_once(backend, launches)

    def run(self, done: Done | None = None, most: int = 1) -> Any:
        """Run the launches as often as they are to be repeated; return what is watched."""
        return run_until(self._run, done, most)

    def _run(self) -> Any:
        for _ in range(self._repeats):
            run_once(self._backend, self._launches)
        return None if self._watched is None else self._backend.numpy(self._watched).copy()


def run_until(run: Callable[[], Any], done: Done | None, most: int) -> Any:
    """Run once, and again until `done` is true of what that returned, `most` times at most; return it."""
    told = run()
    for _ in range(1, most):
        if done is None or done(told):
            break
        told = run()
    return told


def run_once(backend: Backend, launches: Sequence[Launch]) -> None:
    """Run launches one after the other."""
    for body, size, arguments in launches:
        backend.foreach(body, size, *arguments)


def make_graph(backend: Backend, launches: Sequence[Launch], repeats: int, watched: Any) -> Graph:
    """Return a graph of the launches, `repeats` times over; they are also run once at once, which loads their kernels.

    watched: array whose values the host is told after each run; none: nothing, and nobody waits for it.
    """
    from compute.copies import CopyBackend
    from compute.cuda import CudaBackend, simulated

    if isinstance(backend, CopyBackend):
        return backend.graph(launches, repeats, watched)
    if isinstance(backend, CudaBackend) and not simulated():
        from compute.graph_cuda import CapturedGraph

        return CapturedGraph(backend, launches, repeats, watched)
    return RecordedGraph(backend, launches, repeats, watched)


class GraphStore:
    """The graphs of the sets of arguments that recur.

    kept: how many; the one used longest ago goes first.
    """

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._graphs: list[tuple[tuple[Launch, ...], int, Graph]] = []

    def graph(self, backend: Backend, launches: Sequence[Launch], repeats: int, watched: Any) -> Graph:
        """Return the graph of these launches, made anew unless there is one with the same arrays and numbers."""
        for at, (known, times, graph) in enumerate(self._graphs):
            if times == repeats and same_launches(known, launches):
                self._graphs.append(self._graphs.pop(at))
                return graph
        graph = make_graph(backend, launches, repeats, watched)
        self._graphs = [*self._graphs, (tuple(launches), repeats, graph)][-self._kept :]
        return graph

    def clear(self) -> None:
        """Forget all graphs, and with them the arrays they hold."""
        self._graphs = []


def same_launches(one: Sequence[Launch], other: Sequence[Launch]) -> bool:
    """Return whether two sequences launch the same bodies with the same arrays and equal numbers."""
    return len(one) == len(other) and all(_same(a, b) for a, b in zip(one, other))


def _same(one: Any, other: Any) -> bool:
    if one is other:
        return True
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(_same(a, b) for a, b in zip(one, other))
    if isinstance(one, int | float | np.generic):
        return type(one) is type(other) and bool(one == other)
    return one is other
