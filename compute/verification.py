"""A check of the product against theory or a published number: what was expected, what came out, how far apart."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """One row of `dempbm verify`.

    Attributes:
        case: what is computed. quantity: which number of it is compared.
        expected, got: in `unit`.
        limit: largest accepted error, relative to `expected`, or in `unit` where `expected` is nil.
        source: where `expected` comes from.
        unit: of `expected` and `got`; `1` for a pure number.
    """

    case: str
    quantity: str
    expected: float
    got: float
    limit: float
    source: str
    unit: str = "1"

    @property
    def error(self) -> float:
        """Relative error of `got`, signed; its absolute value where nothing is expected."""
        difference = self.got - self.expected
        return difference / abs(self.expected) if self.expected else difference

    @property
    def passed(self) -> bool:
        """Whether the error is a number within the limit."""
        return abs(self.error) <= self.limit
