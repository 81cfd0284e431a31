"""What the compiler is at work on, told while it works: a kernel that was never needed before takes seconds to compile.

A kernel here is a function that Python calls; what it calls in turn is counted as its parts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any, NamedTuple

EVENT = "numba:compile"
BODIES = ("body", "part")
"""Names under which a kernel that only wraps a function closes over it."""


class Compiling(NamedTuple):
    """State of the compilation of one kernel.

    kernel: module and name; number: how many kernels were begun, this one included; parts: functions compiled for it
    so far; seconds: since it began [s]; done: whether it is ready.
    """

    kernel: str
    number: int
    parts: int
    seconds: float
    done: bool


def kernel_name(function: Callable[..., Any]) -> str:
    """Return module and name of a kernel, of the function it wraps if it does."""
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or ()))
    wrapped = next((cells[name].cell_contents for name in BODIES if name in cells), function)
    return f"{wrapped.__module__}.{wrapped.__name__}"


@contextmanager
def tell_compiling(told: Callable[[Compiling], None]) -> Iterator[None]:
    """While entered, call `told` when a kernel begins to be compiled, after each part, and when it is ready."""
    from numba.core import event

    class Listener(event.Listener):  # type: ignore[misc]
        kernel, number, depth, parts, began = "", 0, 0, 0, 0.0

        def on_start(self, event: Any) -> None:
            if self.depth == 0:
                self.kernel, self.began = kernel_name(event.data["dispatcher"].py_func), perf_counter()
                self.number, self.parts = self.number + 1, 0
                self.tell(False)
            self.depth += 1

        def on_end(self, event: Any) -> None:
            self.depth -= 1
            self.parts += 1
            self.tell(self.depth == 0)

        def tell(self, done: bool) -> None:
            told(Compiling(self.kernel, self.number, self.parts, perf_counter() - self.began, done))

    with event.install_listener(EVENT, Listener()):
        yield
