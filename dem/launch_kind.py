"""Which particle cases can share the launches of their steps on a device, told from the cases alone."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from dem.case import DemCase
from dem.domain import OPEN, PERIODIC, SHEARED
from dem.pair_properties import composed_law


def launch_kind(case: DemCase) -> Hashable:
    """Return what the code of a step and the types of its arguments follow from.

    Laws and their precision, boundaries, number of walls, bins of speed, and whether bodies are of several spheres.
    """
    boundary = SHEARED if case.domain.shear_rate else PERIODIC if case.domain.periodic else OPEN
    bins = case.statistics.bins if case.statistics else None
    return composed_law(case), boundary, len(case.walls), bins, any(each.shape for each in case.classes)


def launch_groups(cases: Sequence[DemCase]) -> list[list[int]]:
    """Return the places of the cases, from 0, whose steps are one launch each."""
    found: dict[Hashable, list[int]] = {}
    for place, case in enumerate(cases):
        found.setdefault(launch_kind(case), []).append(place)
    return list(found.values())
