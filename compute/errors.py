"""Errors a user can meet: each carries the exit code of the command line and is, as text, the whole message."""

from __future__ import annotations


class DempbmError(Exception):
    """Any failure that has a message for the user; `exit_code` is what the command line returns for it."""

    exit_code = 1


class CaseError(DempbmError):
    """The case file or the command is wrong: names place, key, value, what was expected and the nearest match."""

    exit_code = 2

    def __init__(
        self,
        problem: str,
        *,
        file: str | None = None,
        line: int | None = None,
        key: str | None = None,
        value: object = None,
        expected: str | None = None,
        nearest: str | None = None,
    ) -> None:
        self.problem, self.file, self.line, self.key = problem, file, line, key
        self.value, self.expected, self.nearest = value, expected, nearest
        super().__init__(self._message())

    def _message(self) -> str:
        place = f"{self.file}:{self.line}: " if self.file and self.line else f"{self.file}: " if self.file else ""
        text = place + (f"{self.key}: " if self.key else "") + self.problem
        text += f" (got {self.value!r})" if self.value is not None else ""
        text += f"; expected {self.expected}" if self.expected else ""
        return text + (f"; did you mean {self.nearest!r}?" if self.nearest else "")


class SimulationError(DempbmError):
    """The simulation failed: unstable, overflowing or not conserving."""

    exit_code = 3


class NeighbourOverflow(SimulationError):
    """A list or a contact table could not be made large enough."""


class UnstableTimeStep(SimulationError):
    """A particle moved or overlapped more than the time step can resolve."""


class ParticleLost(SimulationError):
    """A particle left the domain."""


class ConservationError(SimulationError):
    """A conserved quantity drifted beyond its stated limit."""


class CheckpointError(SimulationError):
    """No checkpoint could be written, or none that exists can be read."""


class BackendUnavailable(DempbmError):
    """The backend asked for is not there; the message says what was looked for."""

    exit_code = 4


class MissingComponent(DempbmError):
    """A library or program that the command needs is not installed; the message says how to install it."""

    exit_code = 4


class StateSaved(DempbmError):
    """The run was told to stop; its state is saved and it wants to be run again."""

    exit_code = 75
