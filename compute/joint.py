"""What copies of a piece of work ask for, and how requests of one kind are served at once, over a table of arguments.

What a list made anew takes of the host grows with the number of copies, so that little is done for each: the kind and
the words of an argument are found once while a body is given the same object, the table is filled where it changes, and
launches that follow each other are one graph.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from compute.addresses import kind_of, prototype_of, words_of
from compute.base import Backend, Body, Joint, Launch
from compute.graph import Done, Graph, make_graph
from compute.physics import routine

Words = NDArray[np.int64]

ROOM = 1.25
"""Items that a joint launch has threads for, over those of the largest copy when it was made, unless they are counted
on the device: these have all that there can be."""

_kinds: dict[Any, int] = {}


class Item(NamedTuple):
    """A launch of one copy: body, items at most, place of their number, and the number with the arguments behind it."""

    body: Body
    most: int
    place: tuple[int, int] | None
    arguments: tuple[Any, ...]
    words: Words


class Request(NamedTuple):
    """Launches that a copy waits for, so many times over, and words it watches, whose own address and size go along.

    repeats: of a graph, 0 for launches that are none; kind: what requests have in common that can be served together;
    done: whether the copy is done once it watches these words, and left: how often all is launched again until it is.
    """

    items: tuple[Item, ...]
    repeats: int
    watched: Any
    watched_words: Words
    kind: int
    done: Done | None = None
    left: int = 0


def is_served(request: Request, answer: Any) -> bool:
    """Return whether a copy need not wait for more of what it asked for, once it has this answer."""
    return request.done is None or request.left == 0 or request.done(answer)


def number_of(kind: Any) -> int:
    """Return a number that stands for a kind, the same for equal ones."""
    return _kinds.setdefault(kind, len(_kinds))


class Requests:
    """Makes the requests of one copy, and keeps what it found of the last two arguments in each place of a body.

    Two, as two arrays of particles take turns.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[Body, int], list[tuple[Any, int, Words]]] = {}

    def make(self, launches: Sequence[Launch], repeats: int, watched: Any) -> Request:
        """Return the request for these launches."""
        items, kinds = [], []
        for launch in launches:
            item, kind = self._item_of(launch)
            items.append(item)
            kinds.append(kind)
        kind = number_of((tuple(kinds), repeats, kind_of(watched), np.shape(watched)))
        return Request(tuple(items), repeats, watched, words_in(watched), kind)

    def _item_of(self, launch: Launch) -> tuple[Item, Any]:
        from compute.cuda import numbering

        assert not isinstance(launch.size, Joint)
        number, most, place = numbering(launch.size)
        arguments = (number, *launch.arguments)
        found = [self._look_at(launch.body, at, value) for at, value in enumerate(arguments)]
        words = np.concatenate([words for _, words in found])
        return Item(launch.body, most, place, arguments, words), (launch.body, place, *(kind for kind, _ in found))

    def _look_at(self, body: Body, at: int, value: Any) -> tuple[int, Words]:
        known = self._known.setdefault((body, at), [])
        for seen, kind, words in known:
            if seen is value:
                return kind, words
        found = number_of(kind_of(value)), words_in(value)
        known[:] = [*known[-1:], (value, *found)]
        return found


def words_in(value: Any) -> Words:
    """Return the words of an argument as an array."""
    return np.array(list(words_of(value)), np.int64)


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

    def fill(self, words: Sequence[Words]) -> None:
        """Make the arguments with these words those that the launch runs over."""
        rows = np.zeros((len(words) + 1, self._table.shape[1]), np.int64)
        rows[0, 0], rows[1:] = len(words), words
        if not np.array_equal(rows, self._rows):
            self._rows, self._table[: len(rows)] = rows, self._backend.array(rows)


class JointSteps:
    """The launches of requests of one kind, as a graph."""

    def __init__(self, backend: Backend, request: Request, copies: int) -> None:
        self._parts = [JointLaunch(backend, item, copies) for item in request.items]
        self._told: Any = None
        self._told_words: list[Words] = []
        self._filled: list[Words] = []
        if request.watched is not None:
            self._told = backend.zeros((copies, *request.watched.shape), request.watched.dtype)
            self._told_words = [words_in(row) for row in self._told]
            length = len(request.watched)
            telling = (length, request.watched, self._told[0])
            self._parts.append(JointLaunch(backend, Item(tell, length, None, telling, words_in(telling)), copies))
        self._length = words_in(len(request.watched)) if request.watched is not None else None
        launches = [part.launch for part in self._parts]
        self._graph: Graph = make_graph(backend, launches, max(1, request.repeats), self._told)  # tables are empty

    def has_room(self, requests: Sequence[Request]) -> bool:
        """Return whether no item has more to do than the launches have threads for."""
        return all(
            item.most <= part.most for request in requests for item, part in zip(request.items, self._parts)
        )  # fmt: skip

    def run(self, requests: Sequence[Request]) -> Sequence[Any]:
        """Run what these requests ask for; return what each watches."""
        self._fill(requests)
        told = self._graph.run()
        return [None] * len(requests) if self._told is None else list(told[: len(requests)])

    def _fill(self, requests: Sequence[Request]) -> None:
        """Put the arguments of these requests into the tables, unless they were the last ones."""
        marks = [each.watched_words for each in requests]  # each request has its own array of these
        if len(marks) == len(self._filled) and all(one is other for one, other in zip(marks, self._filled)):
            return
        self._filled = marks
        for at in range(len(requests[0].items)):
            self._parts[at].fill([request.items[at].words for request in requests])
        if self._length is not None:
            told = zip(requests, self._told_words)
            self._parts[-1].fill([np.concatenate((self._length, each.watched_words, words)) for each, words in told])


def with_room(requests: Sequence[Request]) -> Request:
    """Return a request of their kind with as many items as any of them has, and some more."""
    sizes = [max(each.items[at].most for each in requests) for at in range(len(requests[0].items))]
    items = [
        item._replace(most=most if item.place else int(ROOM * most)) for item, most in zip(requests[0].items, sizes)
    ]
    return requests[0]._replace(items=tuple(items))
