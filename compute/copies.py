"""Copies of a piece of work beside each other on one backend: what several of them launch is one launch.

Each copy runs in a thread of its own, but only one runs at a time: until it launches something, then the next. Once all
wait, launches of the same bodies with the same kinds of arguments become one, over a table of their arguments (see
`compute.joint`). Every copy keeps its own arrays and numbers, so that it does what it does alone, to the bit, in
whatever company; one that fails ends, and the others go on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compute.base import Backend, Body, Count, Joint, Launch, release
from compute.graph import Done, Graph
from compute.joint import JointSteps, Request, Requests, is_served, tell, with_room

Work = Callable[[Backend], None]

FEW = 64
"""Words that are brought to the host together with those of other copies."""

MANY = 2**17
"""Words of an array that are brought so at most: they take as long as it takes to begin, and are there three times."""


class CopyGraph:
    """A graph of one copy, which runs together with those of others."""

    def __init__(self, request: Request, ask: Callable[[Request], Any]) -> None:
        self._request, self._ask = request, ask

    def run(self, done: Done | None = None, most: int = 1) -> NDArray[Any]:
        """Run it until `done` is true of what is watched, `most` times at most; return a copy of that."""
        return np.array(self._ask(self._request._replace(done=done, left=most - 1)))


class CopyBackend:
    """What a copy takes for its backend: the shared one, whose launches wait for those of others.

    copies: how many there are in all, running or not; thread: the copy's, once there is one.
    """

    def __init__(self, shared: Backend, copies: int, ask: Callable[[Request], Any]) -> None:
        self.shared, self.copies, self._ask_for = shared, copies, ask
        self.thread: threading.Thread | None = None
        self._requests, self._held, self._gathering = Requests(), list[Launch](), False
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
        if threading.current_thread() is not self.thread:
            return self.shared.numpy(array)
        if 0 < array.size <= FEW and array.dtype == np.int64:
            return np.asarray(self._ask(0, array.reshape(-1))).reshape(array.shape)
        self.launch_held()
        return self.shared.numpy(array)

    def bring(self, arrays: Sequence[Any]) -> list[NDArray[Any]]:
        """Return contiguous arrays of 64-bit values as numpy arrays, in one transfer with those of other copies.

        Those of more than `MANY` words come by themselves.
        """
        if threading.current_thread() is not self.thread:
            return [self.shared.numpy(array) for array in arrays]
        short = [array for array in arrays if array.size <= MANY]
        ends = np.cumsum([0, *(array.size for array in short)]).tolist()
        packed = self.zeros(max(1, ends[-1]), np.int64)
        with self.gathering():
            for array, first, end in zip(short, ends, ends[1:]):
                self.foreach(tell, end - first, array.reshape(-1).view(np.int64), packed[first:end])
            words = np.asarray(self._ask(0, packed))
        places = pairwise(ends)
        return [
            words[slice(*next(places))].view(array.dtype).reshape(array.shape)
            if array.size <= MANY
            else self.shared.numpy(array)
            for array in arrays
        ]

    def compile(self, loop: Callable[..., Any]) -> Callable[..., Any]:
        """Return the loop compiled for the shared backend."""
        return self.shared.compile(loop)

    def foreach(self, body: Body, size: int | Count | Joint, *arguments: Any) -> None:
        """Run the body for every i, in one launch with other copies."""
        if size != 0:
            self._held.append(Launch(body, size, arguments))
        if not self._gathering:
            self.launch_held()

    @contextmanager
    def gathering(self) -> Iterator[None]:
        """Hold launches until the host asks for something; see `compute.base.gathered`."""
        before, self._gathering = self._gathering, True
        try:
            yield
        finally:
            self._gathering = before
        if not before:
            self.launch_held()

    def release(self) -> None:
        """Forget arguments of launches before, and give memory that no array takes back to the device."""
        self.launch_held()
        self._requests = Requests()
        release(self.shared)

    def graph(self, launches: Sequence[Launch], repeats: int, watched: Any) -> Graph:
        """Return a graph of the launches, `repeats` times over."""
        return CopyGraph(self._requests.make(launches, repeats, watched), self._run_graph)

    def _run_graph(self, request: Request) -> Any:
        self.launch_held()
        return self._ask_for(request)

    def launch_held(self) -> None:
        """Launch what is held, so that arrays may be touched."""
        if self._held:
            self._ask(0, None)

    def _ask(self, repeats: int, watched: Any) -> Any:
        """Launch what is held and tell what is watched then."""
        held, self._held = self._held, []
        return self._ask_for(self._requests.make(held, repeats, watched))


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
        self._backend, self._steps = backend, dict[int, JointSteps]()
        self._most = len(works)
        back = threading.Semaphore(0)
        self._copies = [Copy(at, work, backend, copies, back) for at, work in enumerate(works)]
        self._together: dict[int, set[int]] = {}

    @property
    def together(self) -> list[list[int]]:
        """The numbers of the copies, from 0, that ran the same graph of steps, for each there was."""
        return sorted(sorted(numbers) for numbers in self._together.values())

    def run(self) -> list[BaseException | None]:
        """Run all to their end; return what each failed with."""
        for copy in self._copies:
            copy.go_on()
        while any(copy.request for copy in self._copies):
            for copy in self._serve(self._due()):
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

    def _serve(self, chosen: Sequence[Copy]) -> list[Copy]:
        """Give these copies what they wait for; return those that need not wait for more of it."""
        groups: dict[int, list[tuple[Copy, Request]]] = {}
        for copy in chosen:
            assert copy.request is not None
            groups.setdefault(copy.request.kind, []).append((copy, copy.request))
        served = []
        for kind, members in groups.items():
            answers: Sequence[Any]
            if members[0][1].repeats:
                self._together.setdefault(kind, set()).update(copy.number for copy, _ in members)
            try:
                answers = self._steps_of(kind, [request for _, request in members]).run([each for _, each in members])
            except Exception as error:
                answers = [error] * len(members)
            for (copy, request), answer in zip(members, answers):
                copy.answer = answer
                copy.request = request._replace(left=request.left - 1)
                if isinstance(answer, Exception) or is_served(request, answer):
                    served.append(copy)
        return served

    def _steps_of(self, kind: int, requests: Sequence[Request]) -> JointSteps:
        known = self._steps.get(kind)
        if known is None or not known.has_room(requests):
            known = self._steps[kind] = JointSteps(self._backend, with_room(requests), self._most)
        return known
