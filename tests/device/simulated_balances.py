"""Run by test_balances.py in a process of its own, in which numba's CUDA simulator stands for the device.

The kernels are those of the device; the reference is the same text as plain Python. An index out of range, silent on
the device, is an error here.
"""

from __future__ import annotations

import numpy as np
import pytest

from compute import get_backend
from tests.device.balances import TIMES, assert_same, ensemble, start

pytestmark = pytest.mark.filterwarnings("ignore:.*beyond the top class")


def test_members_equal_plain_python() -> None:
    """To the bit: each member is one thread, which does what the CPU does in the same order, whatever the layout."""
    backend = get_backend("cuda")
    assert backend.note == "CUDA simulator"
    models = ensemble()
    expected, found = models.solve(start(), TIMES), models.solve(start(), TIMES, backend=backend)
    assert_same(found, expected, 0.0)


def test_a_collapse_is_told_of_by_its_member() -> None:
    """A start that no step can leave: the message names the member, as on the CPU."""
    models, numbers = ensemble(), start()
    numbers[1] *= 1e200
    with pytest.raises(Exception, match="member 1") as expected:
        models.solve(numbers, TIMES)
    with pytest.raises(type(expected.value)) as found:
        models.solve(numbers, TIMES, backend=get_backend("cuda"))
    assert str(found.value) == str(expected.value)
    assert np.isfinite(numbers).all()
