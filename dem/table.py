"""Tables of text that grow line by line, readable at every moment of a run and cut back when it is resumed."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from compute.errors import SimulationError
from dem.checkpoint import atomic_replacement

Cell = str | int | float


class Table:
    """A comma-separated file whose first column is a time [s], with a line of names and units on top."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self.path, self.columns = path, tuple(columns)

    def append(self, rows: Iterable[Sequence[Cell]]) -> None:
        """Add rows; a number keeps twelve digits.

        Raises:
            SimulationError: the file could not be written.
        """
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        new = not self.path.exists()
        if new:
            writer.writerow(self.columns)
        writer.writerows([f"{cell:.12g}" if isinstance(cell, float) else cell for cell in row] for row in rows)
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(text.getvalue())
        except OSError as error:
            raise SimulationError(f"{self.path}: could not be written: {error}") from error

    def truncate(self, time: float) -> None:
        """Drop the rows of `time` [s] and later, and a last line that a killed run left unfinished."""
        if not self.path.exists():
            return
        header, *lines = self.path.read_text(encoding="utf-8").splitlines(keepends=True) or [""]
        kept = [line for line in lines if line.endswith("\n") and float(line.split(",", 1)[0]) < time]
        with atomic_replacement(self.path) as temporary:
            temporary.write_text(header + "".join(kept), encoding="utf-8")


def read_table(path: Path) -> dict[str, NDArray[np.str_]]:
    """Return the columns of a table as text, by name; a last line that a killed run left unfinished is left out."""
    with path.open(encoding="utf-8", newline="") as file:
        names, *rows = [row for row in csv.reader(line for line in file if line.endswith("\n"))]
    cells = np.array(rows, dtype=np.str_).reshape(-1, len(names))
    return {name: cells[:, at] for at, name in enumerate(names)}
