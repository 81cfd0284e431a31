"""The loops of an engine: what rebuilds lists and runs steps, one kind for targets that scatter, one that gather."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from dem.neighbours import PairList

if TYPE_CHECKING:
    from dem.engine import Engine
    from dem.particles import Particles
    from dem.walls import WallTouches


class Loops(Protocol):
    """Loops of one engine; they hold working memory and no state.

    full: whether their list has each pair in both rows.
    """

    full: bool

    def moved(self, capacity: int) -> Any:
        """Return the array of largest squared displacements."""

    def allocate(self, capacity: int) -> None:
        """Make working memory for this many particles."""

    def count_rows(self, engine: Engine) -> PairList:
        """Sort the particles into `engine.spare`; return a list with the rows of the new one and room for them.

        Raises:
            SimulationError: somebody is outside, or a step before noted a fault.
        """

    def fill_rows(self, engine: Engine, new: PairList) -> None:
        """Write the entries of the new list, with the flags and history of the old one."""

    def note_list(self, engine: Engine) -> None:
        """Note the step of the list and where the walls are then."""

    def give_rows(
        self, engine: Engine, particles: Particles, touches: WallTouches, sorted_anew: bool
    ) -> tuple[WallTouches, int]:
        """Return the wall contacts with a row for each particle that can meet a wall, and how many these are.

        sorted_anew: whether particles were sorted since they got their rows.
        """

    def divide(self, engine: Engine) -> None:
        """Divide the work among chunks after a rebuild."""

    def place_walls(self, engine: Engine, step_number: int) -> None:
        """Put the walls where they are at a step."""

    def run(self, engine: Engine, last: int) -> int:
        """Run steps up to `last` or until lists are stale; return the number of the next step."""

    def is_stale(self, engine: Engine) -> bool:
        """Return whether the lists must be made anew before the next step."""


def make_loops(engine: Engine) -> Loops:
    """Return the loops that suit the engine's backend."""
    if engine.backend.name == "cuda":
        from dem.loops_gather import GatherLoops

        return GatherLoops(engine)
    from dem.loops_block import BlockLoops

    return BlockLoops(engine)
