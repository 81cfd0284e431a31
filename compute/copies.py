"""Copies of a piece of work beside each other on one backend: what several of them launch is one launch.

Each copy runs in a thread of its own, but only one runs at a time: until it launches something, then the next. Once all
wait, launches of the same body with the same kinds of arguments become one, over a table of the copies' arguments (see
`compute.addresses`). Every copy keeps its own arrays and numbers, so that it does what it does alone, to the bit, in
whatever company; one that fails ends, and the others go on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from compute.addresses import kind_of, prototype_of, words_of
from compute.base import Backend, Body, Count, Joint, Launch
from compute.graph import Graph, make_graph, run_once
from compute.physics import routine

Work = Callable[[Backend], None]

FEW = 64
"""Words that are brought to the host together with those of other copies."""


class Item(NamedTuple):
    """A launch of one copy: body, items at most, place of their number, and the number with the arguments behind it."""

    body: Body
    most: int
    place: tuple[int, int] | None
    arguments: tuple[Any, ...]
    words: NDArray[np.int64]


class Request(NamedTuple):
    """Launches that a copy waits for, as a graph of so many repeats (0: once, and no graph), and words it watches.

    kind: what requests have in common that can be served together.
    """

    items: tuple[Item, ...]
    repeats: int
    watched: Any
    kind: Any


def make_request(launches: Sequence[Launch], repeats: int, watched: Any) -> Request:
    """Return the request for these launches."""
    items = tuple(map(_item_of, launches))
    kinds = tuple((item.body, item.place, kind_of(item.arguments)) for item in items)
    return Request(items, repeats, watched, (kinds, repeats, kind_of(watched), np.shape(watched)))


def _item_of(launch: Launch) -> Item:
    from compute.cuda import numbering

    assert not isinstance(launch.size, Joint)
    number, most, place = numbering(launch.size)
    arguments = (number, *launch.arguments)
    return Item(launch.body, most, place, arguments, np.array(list(words_of(arguments)), np.int64))


@routine
def tell(i: int, watched: Any, told: Any) -> None:
    """Copy a word of what a copy watches to where the host looks."""
    told[i] = watched[i]


class JointLaunch:
    """One launch of the items of several copies, of one kind."""

    def __init__(self, backend: Backend, item: Item, copies: int) -> None:
        self._backend, self.most = backend, item.most
        self._table = backend.zeros((copies + 1, len(item.words)), np.int64)
        prototype = prototype_of(item.arguments, backend.zeros)
        self.launch = Launch(item.body, Joint(item.most, copies, item.place), (self._table, prototype))
        self._rows = np.zeros((0, 0), np.int64)

    def fill(self, items: Sequence[Item]) -> None:
        """Make the arguments of these items those that the launch runs over."""
        rows = np.zeros((len(items) + 1, self._table.shape[1]), np.int64)
        rows[0, 0], rows[1:] = len(items), [item.words for item in items]
        if not np.array_equal(rows, self._rows):
            self._rows, self._table[: len(rows)] = rows, self._backend.array(rows)


class JointSteps:
    """The launches of requests of one kind, and the graph of them where it is one."""

    def __init__(self, backend: Backend, request: Request, copies: int) -> None:
        self._backend, self._repeats = backend, request.repeats
        self._parts = [JointLaunch(backend, item, copies) for item in request.items]
        self._graph: Graph | None = None
        self._told: Any = None
        if request.watched is not None:
            self._told = backend.zeros((copies, *request.watched.shape), request.watched.dtype)
            self._parts.append(JointLaunch(backend, self._telling(request, 0), copies))
        if request.repeats:
            launches = [part.launch for part in self._parts]
            self._graph = make_graph(backend, launches, request.repeats, self._told)  # tables are empty: nothing runs

    def has_room(self, requests: Sequence[Request]) -> bool:
        """Return whether no item has more to do than the launches have threads for."""
        return all(
            item.most <= part.most for request in requests for item, part in zip(request.items, self._parts)
        )  # fmt: skip

    def run(self, requests: Sequence[Request]) -> Sequence[Any]:
        """Run what these requests ask for; return what each watches."""
        for at, part in enumerate(self._parts[: len(requests[0].items)]):
            part.fill([request.items[at] for request in requests])
        if self._told is not None:
            self._parts[-1].fill([self._telling(request, at) for at, request in enumerate(requests)])
        if self._graph is not None:
            return list(self._graph.run()[: len(requests)])
        run_once(self._backend, [part.launch for part in self._parts])
        if self._told is None:
            return [None] * len(requests)
        return list(np.array(self._backend.numpy(self._told)[: len(requests)]))

    def _telling(self, request: Request, place: int) -> Item:
        watched = request.watched
        return _item_of(Launch(tell, len(watched), (watched, self._told[place])))


class CopyGraph:
    """A graph of one copy, which runs together with those of others."""

    def __init__(self, request: Request, ask: Callable[[Request], Any]) -> None:
        self._request, self._ask = request, ask

    def run(self) -> NDArray[Any]:
        """Run it and wait for it; return a copy of what is watched."""
        return np.array(self._ask(self._request))


class CopyBackend:
    """What a copy takes for its backend: the shared one, whose launches wait for those of others.

    copies: how many there are in all, running or not; thread: the copy's, once there is one.
    """

    def __init__(self, shared: Backend, copies: int, ask: Callable[[Request], Any]) -> None:
        self.shared, self.copies, self._ask = shared, copies, ask
        self.thread: threading.Thread | None = None
        self.name, self.threads, self.note = shared.name, shared.threads, shared.note

    def __getattr__(self, name: str) -> Any:
        return getattr(self.shared, name)

    def array(self, values: Any) -> Any:
        """Return the values as an array of the shared backend."""
        return self.shared.array(values)

    def zeros(self, shape: Any, dtype: Any = np.float64) -> Any:
        """Return an array of zeros of the shared backend."""
        return self.shared.zeros(shape, dtype)

    def numpy(self, array: Any) -> NDArray[Any]:
        """Return an array as a numpy array; a few whole numbers come together with those of other copies.

        Another thread than the copy's, which has no turn, is served at once.
        """
        own = threading.current_thread() is self.thread
        if own and 0 < array.size <= FEW and array.dtype == np.int64:
            words = array.reshape(-1)
            return np.asarray(self._ask(make_request([], 0, words))).reshape(array.shape)
        return self.shared.numpy(array)

    def compile(self, loop: Callable[..., Any]) -> Callable[..., Any]:
        """Return the loop compiled for the shared backend."""
        return self.shared.compile(loop)

    def foreach(self, body: Body, size: int | Count | Joint, *arguments: Any) -> None:
        """Run the body for every i, in one launch with other copies."""
        if size != 0:
            self._ask(make_request([Launch(body, size, arguments)], 0, None))

    def graph(self, launches: Sequence[Launch], repeats: int, watched: Any) -> Graph:
        """Return a graph of the launches, `repeats` times over."""
        return CopyGraph(make_request(launches, repeats, watched), self._ask)


class Copy:
    """One copy: its thread, what it waits for, and how it ended.

    request: what it waits for, none where it has ended; answer: what it is given for it, or the error to raise;
    failure: what it ended with, if not well.
    """

    def __init__(self, number: int, work: Work, shared: Backend, copies: int, back: threading.Semaphore) -> None:
        self.number = number
        self.request: Request | None = None
        self.answer: Any = None
        self.failure: BaseException | None = None
        self._turn, self._back = threading.Semaphore(0), back
        backend = CopyBackend(shared, copies, self._ask)
        backend.thread = threading.Thread(target=self._run, args=(work, backend), daemon=True)
        backend.thread.start()

    def go_on(self) -> None:
        """Let it run until it waits again or has ended."""
        self.request = None
        self._turn.release()
        self._back.acquire()

    def _run(self, work: Work, backend: Backend) -> None:
        self._turn.acquire()
        try:
            work(backend)
        except BaseException as error:
            self.failure = error
        finally:
            self._back.release()

    def _ask(self, request: Request) -> Any:
        self.request = request
        self._back.release()
        self._turn.acquire()
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


class Copies:
    """Copies that run by turns and launch together.

    Args:
        works: what each that is to run does with its backend.
        copies: how many there are in all, run or not.
    """

    def __init__(self, backend: Backend, works: Sequence[Work], copies: int) -> None:
        self._backend, self._steps = backend, dict[Any, JointSteps]()
        self._most = len(works)
        back = threading.Semaphore(0)
        self._copies = [Copy(at, work, backend, copies, back) for at, work in enumerate(works)]
        self._together: dict[Any, set[int]] = {}

    @property
    def together(self) -> list[list[int]]:
        """The numbers of the copies, from 0, that ran the same graph, for each graph there was."""
        return sorted(sorted(numbers) for numbers in self._together.values())

    def run(self) -> list[BaseException | None]:
        """Run all to their end; return what each failed with."""
        for copy in self._copies:
            copy.go_on()
        while any(copy.request for copy in self._copies):
            chosen = self._due()
            self._serve(chosen)
            for copy in chosen:
                copy.go_on()
        return [copy.failure for copy in self._copies]

    def _due(self) -> list[Copy]:
        """Return the copies to serve: those that wait for a graph, unless half wait for something else.

        Most of what is no graph is part of a list made anew, which is as fast for half of the copies as for one.
        """
        waiting = [copy for copy in self._copies if copy.request]
        graphs = [copy for copy in waiting if copy.request and copy.request.repeats]
        others = [copy for copy in waiting if copy.request and not copy.request.repeats]
        return others if 2 * len(others) >= len(waiting) else graphs

    def _serve(self, chosen: Sequence[Copy]) -> None:
        groups: dict[Any, list[tuple[Copy, Request]]] = {}
        for copy in chosen:
            assert copy.request is not None
            groups.setdefault(copy.request.kind, []).append((copy, copy.request))
        for kind, members in groups.items():
            answers: Sequence[Any]
            if members[0][1].repeats:
                self._together.setdefault(kind, set()).update(copy.number for copy, _ in members)
            try:
                answers = self._steps_of(kind, [request for _, request in members]).run([each for _, each in members])
            except Exception as error:
                answers = [error] * len(members)
            for (copy, _), answer in zip(members, answers):
                copy.answer = answer

    def _steps_of(self, kind: Any, requests: Sequence[Request]) -> JointSteps:
        known = self._steps.get(kind)
        if known is None or not known.has_room(requests):
            largest = [max(parts, key=lambda item: item.most) for parts in zip(*(each.items for each in requests))]
            known = JointSteps(self._backend, requests[0]._replace(items=tuple(largest)), self._most)
            self._steps[kind] = known
        return known
