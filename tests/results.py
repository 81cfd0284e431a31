"""Results of two runs, compared to the bit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

RESULTS = ("statistics.h5", "particles.vtkhdf")
"""Files of one particle window."""


def datasets(file: Path) -> dict[str, Any]:
    """Every dataset of an HDF5 file by its name."""
    found: dict[str, Any] = {}

    def collect(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset):
            found[name] = item[()]

    with h5py.File(file) as root:
        root.visititems(collect)
    return found


def assert_same_datasets(left: Path, right: Path) -> None:
    """Same names, shapes, types and bits in two HDF5 files."""
    first, second = datasets(left), datasets(right)
    assert first and first.keys() == second.keys(), left.name
    for name, values in first.items():
        one, other = np.asarray(values), np.asarray(second[name])
        assert (one.dtype, one.shape) == (other.dtype, other.shape), f"{left.name}:{name}"
        same = one.tolist() == other.tolist() if one.dtype.hasobject else one.tobytes() == other.tobytes()
        assert same, f"{left.name}:{name} differs"


def assert_same_results(first: Path, second: Path, names: Sequence[str] = RESULTS) -> None:
    """Statistics and snapshots of the windows in two folders are the same."""
    for name in names:
        assert_same_datasets(first / name, second / name)
