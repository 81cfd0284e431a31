"""Bodies moved by one and by two threads: the same encounters, and motion up to the order of sums."""

from __future__ import annotations

import pytest

from compute import get_backend
from tests.device.comparison import assert_same_motion, assert_same_tallies
from tests.device.systems import SYSTEMS, make_engine


@pytest.mark.validate
@pytest.mark.parametrize("system", ["tablets", "needles"])
def test_two_threads_equal_plain_python(system: str) -> None:
    """Dry tablets between walls and wet needles: threads add the same forces and films in another order, and read what
    another thread writes at that moment; counts are equal, the tolerance of motion is explained in comparison.py."""
    engines = [make_engine(SYSTEMS[system](), backend) for backend in (get_backend("cpu", 2), get_backend("python"))]
    for engine in engines:
        engine.run(60)
    assert_same_motion(*engines)
    assert_same_tallies(*engines)
