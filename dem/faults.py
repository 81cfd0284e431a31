"""What can go wrong inside a loop: loops write a code and a particle, the host raises."""

from __future__ import annotations

from typing import Any

from compute.errors import NeighbourOverflow, ParticleLost, SimulationError, UnstableTimeStep
from compute.physics import physics

NONE, LOST, UNSTABLE, DEEP_OVERLAP, WALL_SLOTS = range(5)
CODE = 0
"""Column of a fault: NONE, or a code and above its bits the id of the particle. It is one word, so that threads that
write at once leave the code and the particle of one of them."""
CODE_BITS = 3
FAULT_SIZE = 1

_MESSAGES: dict[int, tuple[type[SimulationError], str]] = {
    LOST: (
        ParticleLost,
        "left the domain; enlarge dem.domain, close the gap between the walls, or shorten dem.time.step",
    ),
    UNSTABLE: (
        UnstableTimeStep,
        "moved more than half its radius in one step, or its state is not a number; shorten dem.time.step, or look "
        "for particles that overlap at the start",
    ),
    DEEP_OVERLAP: (
        UnstableTimeStep,
        "is pressed into a particle or a wall by more than {limit:g} of the smaller radius "
        "(dem.contact.largest_overlap = {limit:g}); shorten dem.time.step, raise youngs_modulus, or raise "
        "largest_overlap where spheres are meant to be that soft",
    ),
    WALL_SLOTS: (NeighbourOverflow, "touches more wall contacts at once than a particle can keep; use a coarser mesh"),
}


@physics
def note_fault(fault: Any, chunk: int, code: int, particle: int) -> None:
    """Note what is wrong with a particle, unless something was wrong before: the cause, not what follows from it."""
    if fault[chunk, CODE] == NONE:
        fault[chunk, CODE] = (particle << CODE_BITS) | code


def read_fault(word: int) -> tuple[int, int]:
    """Return the code of a fault and the id of its particle."""
    return int(word) & ((1 << CODE_BITS) - 1), int(word) >> CODE_BITS


def raise_fault(
    fault: Any, step_number: int, step_size: float, position_of: Any, limit: float, id_bits: int = 0
) -> None:
    """Raise the first fault found, shape (chunks, 1), naming particle, time and place; return if there is none.

    position_of: function from particle id to its position [m]; limit: overlap over the smaller radius that is a fault
    above it [-]; id_bits: lowest bits of an id that number the spheres of one body, whose id the other bits are.
    """
    for word in fault[:, CODE]:
        if word != NONE:
            code, sphere = read_fault(word)
            particle, (error, text) = sphere >> id_bits, _MESSAGES[code]
            x, y, z = position_of(particle)
            raise error(
                f"particle {particle} at ({x:.6g}, {y:.6g}, {z:.6g}) m {text.format(limit=limit)} "
                f"(t = {step_number * step_size:.6g} s, step {step_number})"
            )
