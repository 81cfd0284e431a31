"""Arguments as rows of a table, and copies that launch together."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

import compute.joint
from compute.addresses import kind_of, prototype_of, take, words_of
from compute.base import Backend, Body, Count, Joint, Launch
from compute.copies import Copies
from compute.graph import make_graph
from compute.joint import Requests
from compute.python import PythonBackend
from compute.running_sums import RunningSums


class Pair(NamedTuple):
    values: Any
    number: Any


def arguments(rows: int, scale: float) -> tuple[Any, ...]:
    """A NamedTuple of arrays of one and two axes, a float, an integer, nothing, and an array of three axes."""
    pair = Pair(scale * np.arange(3.0 * rows).reshape(rows, 3), np.arange(rows, dtype=np.int32))
    return pair, -0.1 * scale, 7 * rows, None, np.full((1, rows, 2), scale, np.float32)


def table_of(sets: list[tuple[Any, ...]]) -> np.ndarray:
    return np.array([list(words_of(each)) for each in sets], np.int64)


def digest(taken: Any) -> float:
    """A number that every part of the arguments and every size goes into; one value is changed, one is added to."""
    pair, scale, number, _, cube = taken
    pair.values[1, 2] = 100.0 * scale
    cube[0, 1, 0] += number
    total = 1e3 * pair.values.shape[0] + 1e4 * pair.number.shape[0] + 1e5 * cube.shape[1] + number
    return total + pair.values[0, 1] + pair.values[1, 2] + pair.number[pair.number.shape[0] - 1] + cube[0, 1, 1]


def test_arguments_come_back_from_a_table() -> None:
    """Arrays of other lengths than the prototype's, read and written where they lie; floats to the bit."""
    sets, again = ([arguments(rows, scale) for rows, scale in ((4, 1.0), (6, 3.0))] for _ in range(2))
    prototype, table = prototype_of(sets[0], np.zeros), table_of(sets)
    for row, expected in enumerate(again):
        assert digest(take(prototype, table, row)) == digest(expected)
        for found, each in zip((*sets[row][0], sets[row][4]), (*expected[0], expected[4])):
            np.testing.assert_array_equal(found, each)


def test_compiled_code_takes_the_same() -> None:
    """What kernels of a device are made of, compiled for the CPU: the same values, sizes and stores."""
    import numba

    from compute.addresses_compiled import take as compiled_take

    inner = numba.njit(digest)

    @numba.njit
    def compiled(prototype: Any, table: Any, row: int) -> float:
        return inner(compiled_take(prototype, table, row))

    sets, again = ([arguments(rows, scale) for rows, scale in ((4, 1.0), (6, 3.0))] for _ in range(2))
    prototype, table = prototype_of(sets[0], np.zeros), table_of(sets)
    for row, expected in enumerate(again):
        assert compiled(prototype, table, row) == digest(expected)
        np.testing.assert_array_equal(sets[row][4], expected[4])
        np.testing.assert_array_equal(sets[row][0].values, expected[0].values)


def test_kinds_of_arguments() -> None:
    """Lengths may differ; types, numbers of axes and the last of several sizes may not; other things are refused."""
    kind = kind_of(arguments(4, 1.0))
    assert kind == kind_of(arguments(6, 3.0))
    others = [np.zeros(2), np.zeros((2, 4)), np.zeros((2, 3), np.float32), 1, 1.0, None]
    assert len({kind_of(each) for each in [*others, np.zeros((2, 3))]}) == len(others) + 1
    with pytest.raises(TypeError, match="no argument of a kernel: 'text'"):
        list(words_of(("text",)))


class Counting(PythonBackend):
    """Plain Python that notes the rows of every launch that has any."""

    def __init__(self) -> None:
        self.launched: list[int] = []
        self.written = 0

    def array(self, values: Any) -> Any:
        """Count what comes from the host."""
        self.written += 1
        return super().array(values)

    def foreach(self, body: Body, size: int | Count | Joint, *arguments: Any) -> None:
        if isinstance(size, Joint) and arguments[0][0, 0]:
            self.launched.append(int(arguments[0][0, 0]))
        super().foreach(body, size, *arguments)


def add(i: int, values: Any, amount: float) -> None:
    values[i] += amount


def add_counted(i: int, values: Any, amount: float, words: Any) -> None:
    values[i] += amount
    words[1] += 1


def test_what_copies_launch_is_one_launch() -> None:
    """Three copies of other lengths and amounts, one of which launches once more than the others."""
    shared, results = Counting(), [np.zeros(length) for length in (2, 5, 3)]

    def work(values: Any, amount: float, times: int) -> Any:
        def run(backend: Backend) -> None:
            for _ in range(times):
                backend.foreach(add, len(values), values, amount)

        return run

    copies = Copies(shared, [work(*each) for each in zip(results, (1.0, 2.0, 3.0), (2, 3, 2))], 3)
    assert copies.run() == [None] * 3
    assert [values.tolist() for values in results] == [[2.0] * 2, [6.0] * 5, [6.0] * 3]
    assert shared.launched == [3, 3, 1]


def test_graphs_run_together_and_tell_each_copy_its_own() -> None:
    """Counted items, and arrays that another run of the same copy exchanges; copies of other types have their own."""
    shared = Counting()
    lengths, kinds = (2, 4, 3), (np.float64, np.float64, np.float32)
    values = [[np.zeros(length, kind) for _ in range(2)] for length, kind in zip(lengths, kinds)]
    told: dict[int, list[list[int]]] = {number: [] for number in range(3)}

    def work(number: int) -> Any:
        def run(backend: Backend) -> None:
            words = np.array([lengths[number], 0])
            for at in (0, 1, 0):
                launch = Launch(add_counted, Count(words, 0, 8), (values[number][at], 1.0 + number, words))
                told[number].append(make_graph(backend, [launch], 2, words).run().tolist())

        return run

    copies = Copies(shared, [work(number) for number in range(3)], 3)
    assert copies.run() == [None] * 3
    assert copies.together == [[0, 1], [2]]
    for number, length in enumerate(lengths):
        assert told[number] == [[length, 2 * length * run] for run in (1, 2, 3)]
        sums = [4.0 * (1 + number), 2.0 * (1 + number)]
        assert [each.tolist() for each in values[number]] == [[each] * length for each in sums]


def test_a_graph_runs_again_until_its_copy_is_done() -> None:
    """Copies done after two and five runs: one turn of each brings its own end, and tables change with the company."""
    shared, told, turns = Counting(), {}, []

    def work(number: int, runs: int) -> Any:
        def run(backend: Backend) -> None:
            values, words = np.zeros(1), np.array([1, 0])
            graph = make_graph(backend, [Launch(add_counted, Count(words, 0, 1), (values, 1.0, words))], 1, words)
            turns.append(number)
            told[number] = graph.run(lambda words: bool(words[1] >= runs), 9).tolist()

        return run

    assert Copies(shared, [work(0, 2), work(1, 5)], 2).run() == [None, None]
    assert told == {0: [1, 2], 1: [1, 5]}
    assert turns == [0, 1]
    launches_of_a_run, tables = 2, 2
    assert shared.launched == [2] * (2 * launches_of_a_run) + [1] * (3 * launches_of_a_run)
    assert shared.written == 2 * tables


def test_what_a_body_was_given_last_is_not_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Words of a tuple of arrays are found once, of one that changed again; those of a number change with it."""
    looks: list[Any] = []

    def words_told(value: Any) -> Any:
        looks.append(value)
        return words_of(value)

    monkeypatch.setattr(compute.joint, "words_of", words_told)
    pair, requests = Pair(np.zeros((2, 3)), np.zeros(2, np.int32)), Requests()
    made = [requests.make([Launch(add, size, (pair, 0.5))], 0, None) for size in (2, 7)]
    assert [int(each.items[0].words[0]) for each in made] == [2, 7]
    assert sum(value is pair for value in looks) == 1
    other = pair._replace(number=np.zeros(5, np.int32))
    moved = requests.make([Launch(add, 2, (other, 0.5))], 0, None)
    assert moved.kind == made[0].kind
    assert moved.items[0].words.tolist() == list(words_of((2, other, 0.5)))


def test_running_sums_of_copies() -> None:
    """Of other lengths, in common launches, against numpy; the last one comes to the host together, too."""
    shared, random = Counting(), np.random.Generator(np.random.Philox(2))
    counts = [random.integers(0, 9, length).astype(kind) for length, kind in ((1, "i8"), (50, "i8"), (101, "i8"))]
    expected, told = [np.cumsum(each) for each in counts], {}

    def work(number: int) -> Any:
        def run(backend: Backend) -> None:
            RunningSums(backend).add_up(counts[number])
            told[number] = backend.numpy(counts[number][-1:]).tolist()

        return run

    assert Copies(shared, [work(number) for number in range(3)], 3).run() == [None] * 3
    for number, each in enumerate(expected):
        np.testing.assert_array_equal(counts[number], each)
        assert told[number] == [each[-1]]
    assert shared.launched == [3, 3, 3, 3]


def test_one_that_fails_leaves_the_others() -> None:
    """By itself, or in a launch of its own kind: its error is kept, and the others come to their end."""
    shared, values = PythonBackend(), np.zeros(3)

    def well(backend: Backend) -> None:
        for _ in range(3):
            backend.foreach(add, 3, values, 1.0)

    def ill(backend: Backend) -> None:
        backend.foreach(add, 3, np.zeros(3), 1.0)
        raise ValueError("by itself")

    def launches_ill(backend: Backend) -> None:
        backend.foreach(add, 4, np.zeros((3, 1)), 1.0)

    first, second, third = Copies(shared, [ill, well, launches_ill], 3).run()
    assert (str(first), second) == ("by itself", None)
    assert isinstance(third, IndexError)
    assert values.tolist() == [3.0] * 3
