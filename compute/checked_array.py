"""Arrays as kernels see them on the simulator: an index that is not inside is an error, also a negative one.

On a device there is no index counted from the end: a negative one reads or writes other memory without a word, where
numpy, on which the simulator runs, takes the last values.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


class CheckedArray:
    """An array of numpy that is read and written within its bounds only."""

    __slots__ = ("_values",)

    def __init__(self, values: NDArray[Any]) -> None:
        self._values = values

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of values along each axis."""
        return self._values.shape

    @property
    def size(self) -> int:
        """Number of values."""
        return self._values.size

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a value."""
        return self._values.dtype

    def __len__(self) -> int:
        return len(self._values)

    def ravel(self) -> CheckedArray:
        """Return all values in one row."""
        return CheckedArray(self._values.reshape(-1))

    def __getitem__(self, place: Any) -> Any:
        _require_inside(place, self._values)
        found = self._values[place]
        return CheckedArray(found) if type(found) is np.ndarray else found

    def __setitem__(self, place: Any, value: Any) -> None:
        _require_inside(place, self._values)
        self._values[place] = value._values if type(value) is CheckedArray else value


def _require_inside(place: Any, values: NDArray[Any]) -> None:
    """Raise IndexError for what numpy takes and a device does not; an index too large numpy itself refuses."""
    for axis, at in enumerate(place) if type(place) is tuple else ((0, place),):
        if type(at) is slice:
            stop = values.shape[axis] if at.stop is None else at.stop
            inside = 0 <= (at.start or 0) <= stop <= values.shape[axis]
        else:
            inside = at >= 0
        if not inside:
            raise IndexError(f"index {place} is outside an array of shape {values.shape}, or counts from its end")
