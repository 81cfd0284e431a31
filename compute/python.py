"""The reference backend: every loop and law as plain Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compute.addresses import take
from compute.base import Body, Count, Joint


class PythonBackend:
    """Runs everything as plain Python on numpy arrays: slow, and the same text."""

    name = "python"
    threads = 1
    note = ""

    def array(self, values: Any) -> NDArray[Any]:
        """Return a contiguous numpy copy of the values."""
        return np.array(values, order="C")

    def zeros(self, shape: Any, dtype: Any = np.float64) -> NDArray[Any]:
        """Return an array of zeros."""
        return np.zeros(shape, dtype)

    def numpy(self, array: Any) -> NDArray[Any]:
        """Return the array itself."""
        return np.asarray(array)

    def compile(self, loop: Callable[..., Any]) -> Callable[..., Any]:
        """Return the loop as it is, run with numpy's rules for division by zero."""

        def run(*arguments: Any) -> Any:
            with np.errstate(all="ignore"):
                return loop(*arguments)

        return run

    def foreach(self, body: Body, size: int | Count | Joint, *arguments: Any) -> None:
        """Run the body for every i in order."""
        if isinstance(size, Joint):
            table, prototype = arguments
            for row in range(1, int(table[0, 0]) + 1):
                number, *own = take(prototype, table, row)
                self.foreach(body, size.items(number), *own)
            return
        for i in range(size if isinstance(size, int) else size.value()):
            body(i, *arguments)
