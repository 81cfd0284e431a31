"""What bodies made of spheres are: how many spheres, how much of the smooth shape they fill, and their mass."""

from __future__ import annotations

from collections.abc import Iterator

from coupling.case import Case
from coupling.checks.finding import Finding

NAME = "shape"
MICRO, MILLI = 1e6, 1e3


def check_shapes(case: Case) -> Iterator[Finding]:
    """Tell volume and mass of each class with a shape."""
    if case.dem is None:
        return
    for each in case.dem.classes:
        if each.shape is None:
            continue
        from dem.clumps.shape import shape_of

        shape, envelope = shape_of(each.shape), each.shape.envelope
        filled = f", {shape.volume / envelope:.1%} of the smooth {each.shape.kind}" if envelope else ""
        mass = each.density(case.dem.materials[each.material]) * shape.volume
        text = f"{each.name}: a body of {len(shape.radius)} spheres, {shape.volume:.5g} m3{filled}."
        size = (
            f"{MICRO * mass:.4g} mg, {MILLI * shape.diameter:.4g} mm by volume, {2 * MILLI * shape.reach:.4g} mm across"
        )
        yield Finding("note", NAME, text, size)
