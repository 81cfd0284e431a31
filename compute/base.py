"""What a backend offers: arrays, compiled loops and a loop over bodies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Body = Callable[..., None]


class Count(NamedTuple):
    """A number of items that the target looks up when it runs, and which may differ from run to run.

    words: integers of the backend, shape (n,); slot: which of them it is; most: what it will never pass; lanes: items
    for each that is counted, a power of two.
    """

    words: Any
    slot: int
    most: int
    lanes: int = 1

    def value(self) -> int:
        """Return the number of items as it is now, where the host can read the words."""
        return int(self.words[self.slot]) * self.lanes


class Joint(NamedTuple):
    """A number of items for each row of a table of arguments, see `compute.addresses`.

    The table, whose row 0 says how many rows follow, and a prototype of (number of items, *arguments) are what such a
    launch is given. most: items of a row at most; rows: rows at most; place: which word of an array counts the items,
    and the items for each that is counted, or none where a number does.
    """

    most: int
    rows: int
    place: tuple[int, int] | None

    def items(self, number: Any) -> int:
        """Return the number of items of a row, where the host can read what counts them."""
        slot, lanes = self.place or (0, 1)
        return int(number[slot]) * lanes if self.place else int(number)


class Launch(NamedTuple):
    """A body to be run for every i in range(size) with these arguments."""

    body: Body
    size: int | Count | Joint
    arguments: tuple[Any, ...]


class Backend(Protocol):
    """Where loops run.

    name: "python", "cpu" or "cuda"; threads: number of CPU threads (1 on "python" and "cuda"); note: what the user
    should hear about how it runs, empty if nothing.
    """

    name: str
    threads: int
    note: str

    def array(self, values: Any) -> Any:
        """Return the values as an array of this backend."""

    def zeros(self, shape: Any, dtype: Any = np.float64) -> Any:
        """Return an array of zeros of this backend."""

    def numpy(self, array: Any) -> NDArray[Any]:
        """Return an array of this backend as a numpy array."""

    def compile(self, loop: Callable[..., Any]) -> Callable[..., Any]:
        """Return the loop compiled for this backend; `prange` in it runs in parallel."""

    def foreach(self, body: Body, size: int | Count | Joint, *arguments: Any) -> None:
        """Run `body(i, *arguments)` for every i in range(size), in any order."""


def module_of(backend: Backend) -> Any:
    """Return the module of whole-array functions for the arrays of a backend: cupy on a device, else numpy."""
    return getattr(backend, "xp", np)


def copies_beside(backend: Backend) -> int:
    """Return how many copies of the work at hand share the backend, this one included."""
    return int(getattr(backend, "copies", 1))


def gathered(backend: Backend) -> AbstractContextManager[None]:
    """Return a context whose launches a copy may hold until it asks for numbers, or leaves, and then ask for at once.

    Nothing but launches may touch their arrays meanwhile, or not before `launch_held`. Where there are no copies none
    is held.
    """
    context: AbstractContextManager[None] = getattr(backend, "gathering", nullcontext)()
    return context


def bring(backend: Backend, arrays: Sequence[Any]) -> list[NDArray[Any]]:
    """Return contiguous arrays of 64-bit values as numpy arrays; those of all copies that ask for them come at once."""
    together: Callable[[Sequence[Any]], list[NDArray[Any]]] | None = getattr(backend, "bring", None)
    return together(arrays) if together else [backend.numpy(array) for array in arrays]


def launch_held(backend: Backend) -> None:
    """Launch what a copy holds back, if it does."""
    getattr(backend, "launch_held", lambda: None)()


def release(backend: Backend) -> None:
    """Give memory that no array takes any more back to the device, and forget arguments of launches before."""
    getattr(backend, "release", lambda: None)()
