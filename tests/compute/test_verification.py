"""A check passes within its limit only, and never with what is not a number."""

from __future__ import annotations

from math import nan

import pytest

from compute.verification import Check


@pytest.mark.parametrize(
    ("expected", "got", "error", "passed"),
    [(2.0, 2.1, 0.05, True), (2.0, 1.7, -0.15, False), (-2.0, -2.1, -0.05, True), (0.0, 0.05, 0.05, True)],
)
def test_error_is_relative_unless_nothing_is_expected(expected: float, got: float, error: float, passed: bool) -> None:
    """By definition of the relative error, to round-off; the limit is 0.1."""
    check = Check("a case", "a quantity", expected, got, 0.1, "definition")
    assert check.error == pytest.approx(error, rel=1e-12)
    assert check.passed is passed


def test_no_number_fails() -> None:
    """A comparison with NaN is false."""
    assert not Check("a case", "a quantity", 1.0, nan, 1e9, "definition").passed
