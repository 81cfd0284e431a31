"""What a page is made of: sections of text, numbers, tables and pictures, before they become HTML.

Every number stands in the page twice: rounded for the reader, and in full in the attribute `value` of its element.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
SCALES: dict[str, tuple[tuple[float, str], ...]] = {
    "m": ((1.0, "m"), (1e-3, "mm"), (1e-6, "µm"), (1e-9, "nm")),
    "s": ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")),
    "kg": ((1.0, "kg"), (1e-3, "g"), (1e-6, "mg")),
    "kg/s": ((1e-3, "g/s"), (1e-6, "mg/s")),
    "m/s": ((1.0, "m/s"), (1e-3, "mm/s")),
    "J": ((1.0, "J"), (1e-3, "mJ"), (1e-6, "µJ"), (1e-9, "nJ")),
}
"""Units a value of an SI unit is shown in: the first that makes it at least one."""
NEGLIGIBLE = 1e-6
"""Relative error below which a number is shown without it."""
PLAIN = (1e-3, 1e6)
"""Absolute values within are written without a power of ten."""


@dataclass(frozen=True)
class Quantity:
    """A number with its unit and, where one exists, its standard error.

    Args:
        value: in SI; unit: of SI, empty for a pure number; error: standard error, in the same unit;
        digits: significant digits where there is no error; name: key under which the page carries it.
    """

    value: float
    unit: str = ""
    error: float | None = None
    digits: int = 3
    name: str = ""

    def __str__(self) -> str:
        """Rounded, with unit: `78.1 µm`, `(1.30 ± 0.05) mm`."""
        if math.isnan(self.value):
            return "–"
        factor, unit = self._scale()
        error = None if self.error is None or not math.isfinite(self.error) else self.error / factor
        if error is None or not math.isfinite(self.value) or error < NEGLIGIBLE * abs(self.value / factor):
            return f"{number(self.value / factor, self.digits)} {unit}".strip()
        text = with_error(self.value / factor, error)
        return f"({text}) {unit}" if unit and not text.startswith("(") else f"{text} {unit}".strip()

    def _scale(self) -> tuple[float, str]:
        choices = SCALES.get(self.unit, ((1.0, self.unit),))
        size = abs(self.value)
        if not math.isfinite(size) or size == 0.0:
            return choices[0]
        return next((choice for choice in choices if size >= choice[0]), choices[-1])


def number(value: float, digits: int = 3) -> str:
    """A number to so many significant digits; whole numbers below a million in full, `–` for what is none."""
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == int(value) and abs(value) < PLAIN[1]:
        return minus(f"{int(value):,}".replace(",", "\u202f"))
    if PLAIN[0] <= abs(value) < PLAIN[1]:
        places = max(digits - 1 - math.floor(math.log10(abs(value))), 0)
        return minus(f"{value:.{places}f}")
    return _power(f"{value:.{digits - 1}e}")


def with_error(value: float, error: float) -> str:
    """Value and standard error to the error's second digit, under one power of ten where they are far from one."""
    largest = max(abs(value), abs(error))
    if largest == 0.0 or error <= 0.0:
        return f"{number(value)} ± {number(error)}"
    power = 0 if PLAIN[0] * 10 <= largest < PLAIN[1] else math.floor(math.log10(largest))
    value, error = value / 10.0**power, error / 10.0**power
    places = min(max(1 - math.floor(math.log10(error)), 0), 8)
    text = minus(f"{value:.{places}f} ± {error:.{places}f}")
    return text if power == 0 else f"({text})·10{str(power).translate(SUPERSCRIPTS)}"


def percent(share: float, digits: int = 3) -> str:
    """A share in percent to so many significant digits."""
    return f"{number(100.0 * share, digits)} %" if math.isfinite(share) else "–"


def minus(text: str) -> str:
    """The text with the minus sign of print."""
    return text.replace("-", "−")


def _power(text: str) -> str:
    mantissa, exponent = text.split("e")
    return f"{minus(mantissa)}·10{str(int(exponent)).translate(SUPERSCRIPTS)}"


Cell = str | Quantity


@dataclass(frozen=True)
class Paragraph:
    """Running text of sentences and numbers."""

    kind: ClassVar[str] = "paragraph"
    parts: tuple[Cell, ...]


@dataclass(frozen=True)
class Notice:
    """A sentence that stands out: `warning`, or `absent` for what the run does not have."""

    kind: ClassVar[str] = "notice"
    text: str
    level: str = "warning"


@dataclass(frozen=True)
class Table:
    """Rows of cells under a header; `caption` says what they are."""

    kind: ClassVar[str] = "table"
    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    wide: bool = True


@dataclass(frozen=True)
class Figure:
    """A picture as a data URI, its description for those who do not see it, and its caption."""

    kind: ClassVar[str] = "figure"
    source: str
    alternative: str
    caption: str


Block = Paragraph | Notice | Table | Figure


@dataclass
class Section:
    """A part of the page. identifier: its anchor; warnings: what the verdict on top repeats."""

    identifier: str
    title: str
    blocks: list[Block] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def say(self, *parts: Cell) -> None:
        """Add a paragraph."""
        self.blocks.append(Paragraph(parts))

    def warn(self, text: str) -> None:
        """Add a warning, here and in the verdict."""
        self.blocks.append(Notice(text))
        self.warnings.append(text)

    def lack(self, text: str) -> None:
        """Say what the run does not have."""
        self.blocks.append(Notice(text, "absent"))

    def tabulate(self, caption: str, header: Sequence[str], rows: Sequence[Sequence[Cell]], wide: bool = True) -> None:
        """Add a table."""
        self.blocks.append(Table(caption, tuple(header), tuple(tuple(row) for row in rows), wide))

    def show(self, source: str, alternative: str, caption: str) -> None:
        """Add a picture."""
        self.blocks.append(Figure(source, alternative, caption))
