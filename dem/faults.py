"""What can go wrong inside a loop: loops write a code and a particle, the host raises."""

from __future__ import annotations

from typing import Any

from compute.errors import NeighbourOverflow, ParticleLost, SimulationError, UnstableTimeStep

NONE, LOST, UNSTABLE, DEEP_OVERLAP, WALL_SLOTS = range(5)
CODE, PARTICLE = range(2)
FAULT_SIZE = 2

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
        "is pressed into its partner by more than half a radius; shorten dem.time.step, or raise youngs_modulus",
    ),
    WALL_SLOTS: (NeighbourOverflow, "touches more wall contacts at once than a particle can keep; use a coarser mesh"),
}


def raise_fault(fault: Any, step_number: int, step_size: float, position_of: Any) -> None:
    """Raise the first fault found, shape (chunks, 2), naming particle, time and place; return if there is none.

    position_of: function from particle id to its position [m].
    """
    for code, particle in fault:
        if code != NONE:
            error, text = _MESSAGES[int(code)]
            x, y, z = position_of(int(particle))
            raise error(
                f"particle {particle} at ({x:.6g}, {y:.6g}, {z:.6g}) m {text} "
                f"(t = {step_number * step_size:.6g} s, step {step_number})"
            )
