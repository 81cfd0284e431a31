"""Adding where no other thread writes; where others may, on a device, it is `compute.launch_cuda.atomic_add`."""

from __future__ import annotations

from typing import Any

from compute.physics import physics


@physics
def plain_add(array: Any, place: Any, value: int) -> int:
    """Add where no other thread writes; return what was there before."""
    before: int = array[place]
    array[place] = before + value
    return before
