"""Adding where no other thread writes; where others may, on a device, it is `compute.launch_cuda.atomic_add`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from compute.base import Backend
from compute.physics import physics


@physics
def plain_add(array: Any, place: Any, value: int) -> int:
    """Add where no other thread writes; return what was there before."""
    before: int = array[place]
    array[place] = before + value
    return before


def adds_at_once(backend: Backend) -> bool:
    """Return whether several threads of a backend may add to the same place of an array."""
    return backend.name == "cuda"


def adder_of(backend: Backend) -> Callable[..., int]:
    """Return the backend's way to add to a place of an array, and to say what was there before."""
    if not adds_at_once(backend):
        return plain_add
    from compute.launch_cuda import atomic_add

    return atomic_add
