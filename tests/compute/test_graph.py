"""Graphs of launches: what they hold fast, when another one is made, and the order of calls that a capture needs."""

from __future__ import annotations

import sys
from collections import namedtuple
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from compute import get_backend
from compute.base import Count, Launch
from compute.graph import GraphStore, make_graph, same_launches

Pair = namedtuple("Pair", "one other")


def add(i: int, pair: Pair, amount: float) -> None:
    pair.one[i] += amount * pair.other[i]


def test_number_of_items_is_looked_up_and_the_rest_held_fast() -> None:
    """Made ready with 0 items, run with 2 of 3: the arrays change, the amount cannot."""
    backend, words = get_backend("python"), np.zeros(2, np.int64)
    pair = Pair(np.zeros(3), np.array([1.0, 2.0, 4.0]))
    graph = make_graph(backend, [Launch(add, Count(words, 1, 3), (pair, 0.5))], 4, words)
    assert not pair.one.any()
    words[1] = 2
    watched = graph.run()
    np.testing.assert_array_equal(pair.one, [2.0, 4.0, 0.0])
    words[1] = 0
    np.testing.assert_array_equal(watched, [0, 2])


def test_graph_is_made_anew_for_other_arrays_and_numbers() -> None:
    """An equal array is another array; of those kept, the one used longest ago goes."""
    backend, store, words = get_backend("python"), GraphStore(2), np.zeros(1, np.int64)
    first, second = Pair(np.ones(2), np.ones(2)), Pair(np.ones(2), np.ones(2))

    def graph_of(pair: Pair, amount: float = 1.0, repeats: int = 1) -> Any:
        return store.graph(backend, [Launch(add, Count(words, 0, 2), (pair, amount))], repeats, words)

    one = graph_of(first)
    assert graph_of(first) is one
    assert graph_of(second) is not one
    assert graph_of(first) is one
    assert graph_of(first, 2.0) is not one
    assert graph_of(first) is one
    assert graph_of(first, 1.0, 2) is not one
    assert graph_of(second, 2.0) is not one
    assert graph_of(first) is not one, "the graph used longest ago is still there"
    last = graph_of(first)
    store.clear()
    assert graph_of(first) is not last


@pytest.mark.parametrize("other", [(Pair(1, 2.0),), (Pair(1, 3),), (Pair(True, 2),), (Pair(1, 2), 0)])
def test_launches_that_differ(other: tuple[Any, ...]) -> None:
    """Numbers of another type need another kernel."""
    launches = [Launch(add, 3, (Pair(1, 2),))]
    assert same_launches(launches, [Launch(add, 3, (Pair(1, 2),))])
    assert not same_launches(launches, [Launch(add, 3, other)])


def test_the_same_arguments_are_not_looked_into() -> None:
    """The same tuple is the same whatever is in it: what is compared before each run of steps stands in few tuples."""

    class Untouched(tuple[float, ...]):
        def __iter__(self) -> Any:
            raise AssertionError("looked into")

    held = Untouched((1.0, 2.0))
    assert same_launches([Launch(add, 3, (held, 2))], [Launch(add, 3, (held, 2))])


def test_a_graph_runs_again_until_done() -> None:
    """Until what is watched says so, or as often as was allowed."""
    backend, words = get_backend("python"), np.zeros(2, np.int64)
    graph = make_graph(backend, [Launch(count, 1, (words,))], 2, words)
    words[:] = 0
    assert graph.run(lambda told: bool(told[0] >= 5), 9)[0] == 6
    assert graph.run(lambda told: False, 3)[0] == 12


def count(i: int, words: Any) -> None:
    words[0] += 1


class Driver:
    """Notes what a capture asks of cupy, in order."""

    def __init__(self) -> None:
        self.ptr, self.calls = 7, list[str]()

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments: self.calls.append(name) or self


class DeviceWords(np.ndarray):
    """Words with the address of cupy's arrays."""

    data = SimpleNamespace(ptr=1)  # type: ignore[assignment]


def test_capture_follows_the_rules_of_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each kernel is launched before the capture; in it there are launches and a copy, and nothing waits."""
    from compute import graph_cuda

    driver = Driver()
    cupy, cupyx, cuda = ModuleType("cupy"), ModuleType("cupyx"), ModuleType("numba.cuda")
    vars(cupy)["cuda"] = SimpleNamespace(Stream=lambda: driver, get_current_stream=lambda: driver, runtime=driver)
    vars(cupyx)["zeros_pinned"] = np.zeros
    vars(cuda)["external_stream"] = lambda pointer: f"stream {pointer}"
    for name, module in (("cupy", cupy), ("cupyx", cupyx), ("numba.cuda", cuda)):
        monkeypatch.setitem(sys.modules, name, module)
    import numba

    monkeypatch.setattr(numba, "cuda", cuda)
    from compute.cuda import CudaBackend

    backend: Any = CudaBackend.__new__(CudaBackend)
    backend._stream = 0
    backend.foreach = lambda body, size, *arguments: driver.calls.append(f"{body.__name__} on {backend._stream}")
    words = np.zeros(3, np.int64).view(DeviceWords)
    graph = graph_cuda.CapturedGraph(backend, [Launch(add, 1, ()), Launch(print, 1, ())], 2, words)
    alone, captured = ["add on 0", "print on 0"], ["add on stream 7", "print on stream 7"]
    copy = ["memcpyDeviceToHost", "memcpyAsync"]
    assert driver.calls[:4] == [*alone, "synchronize", "begin_capture"]
    assert [call for call in driver.calls[4:] if call not in copy] == [*captured, *captured, "end_capture"]
    assert driver.calls.count("memcpyAsync") == 1 and driver.calls.index("memcpyAsync") < len(driver.calls) - 1
    assert backend._stream == 0
    driver.calls.clear()
    np.testing.assert_array_equal(graph.run(), [0, 0, 0])
    assert driver.calls == ["launch", "synchronize"]
