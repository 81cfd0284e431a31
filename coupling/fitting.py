"""What a calibration and a material fit share: a file becomes a folder, and the folder a report."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from coupling.interrupt import StopRequest
from coupling.progress import Progress

REPORT_NAME = "report.md"


class Fitted(Protocol):
    """What a fit gives, as far as the record of a run is concerned."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is to be known before the estimates are used."""

    @property
    def chi_square(self) -> float:
        """Of the best end."""


Problem = TypeVar("Problem")
Result = TypeVar("Result", bound=Fitted)


@dataclass(frozen=True)
class Fitting(Generic[Problem, Result]):
    """A kind of fit, from its file to its results.

    Attributes:
        file: name of the file in the folder of a fit, and in that of a shipped one.
        read: returns the problem of a file, changed by assignments; CaseError where anything in it is wrong.
        inputs: the files that a problem rests on.
        make_folder: makes the folder of a new fit, at a place or at the next free one, with the resolved file in it.
        fit: fits, or goes on with the fit of a folder; StateSaved when it was told to stop.
        write: writes the results, the report as `REPORT_NAME` among them.
    """

    file: str
    read: Callable[[Path, Sequence[str]], Problem]
    inputs: Callable[[Problem], Sequence[Path]]
    make_folder: Callable[[Problem, Path | None], Path]
    fit: Callable[[Problem, Path, Progress, StopRequest], Result]
    write: Callable[[Result, Path], None]

    def run(self, problem: Problem, folder: Path, progress: Progress) -> dict[str, Any]:
        """Fit, or go on with it, and write the results; returns facts for the manifest."""
        began = time.monotonic()
        with StopRequest() as stop:
            fitted = self.fit(problem, folder, progress, stop)
        self.write(fitted, folder)
        for warning in fitted.warnings:
            progress.message(f"warning: {warning}")
        return {"chi_square": fitted.chi_square, "seconds": time.monotonic() - began}
