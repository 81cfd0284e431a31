"""What a window measured on parcels, carried over to the grains that they stand for."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dem import statistics_analysis as analysis
from dem.case_parcels import Parcels
from dem.checkpoint import atomic_replacement
from dem.parcels import parcel_law
from dem.statistics_analysis import CountedRate, Estimate
from dem.statistics_result import EncounterStatistics

Array = NDArray[np.float64]

GRAINS_NAME = "grains.json"
RATE, LIMIT, SPEED = "encounter rate constant", "encounter rate constant, at most", "normal speed"
LOSS, HITS = "energy lost in an encounter", "hits per particle"
"""Quantities: means over encounters; `at most`: the upper limit (95 %) where none was seen."""


class Carried(NamedTuple):
    """A quantity measured on parcels, and the same of the grains they stand for, both with standard errors.

    of: names of the two classes, or of class and wall; quantity, unit: what is measured; an error that is not known is
    None.
    """

    of: tuple[str, str]
    quantity: str
    unit: str
    parcels: float
    parcels_error: float | None
    grains: float
    grains_error: float | None


def carried_over(statistics: EncounterStatistics, names: Sequence[str], parcels: Parcels) -> list[Carried]:
    """Return rates, speeds and losses of pairs of classes, then hits and speeds of each class at each wall.

    They are those of all compartments together: encounters over the sum of the exposures. What was not seen is left
    out; of pairs that could have met an upper limit is told.

    Args:
        names: of the classes, in the order of the statistics.
    """
    return [*_pairs(statistics, names, parcels), *_walls(statistics, names, parcels)]


def _pairs(found: EncounterStatistics, names: Sequence[str], parcels: Parcels) -> Iterator[Carried]:
    law, scale = parcel_law(parcels.law), parcels.scale_factor
    count, exposure = _together(found.encounters), _together(found.exposure)
    rate = analysis.counted_rate(count, exposure)
    sums = _together(found.normal_speed_sum), _together(found.normal_speed_square_sum)
    speed, _ = analysis.speed_moments(count, *sums)
    loss = analysis.ratio(_together(found.dissipated_energy), count)
    for i, j in combinations_with_replacement(range(len(names)), 2):
        of, at = (names[i], names[j]), (0, i, j)
        yield from _carried(of, RATE, "m3/s", _rate(rate), at, scale**law.rate_constant)
        unseen = Estimate(rate.upper_limit, np.full(rate.upper_limit.shape, np.nan))
        yield from _carried(of, LIMIT, "m3/s", unseen, at, scale**law.rate_constant)
        yield from _carried(of, SPEED, "m/s", speed, at, scale**law.pair_speed)
        yield from _carried(of, LOSS, "J", loss, at, scale**law.pair_energy)


def _walls(found: EncounterStatistics, names: Sequence[str], parcels: Parcels) -> Iterator[Carried]:
    law, scale = parcel_law(parcels.law), parcels.scale_factor
    count = _together(found.wall_encounters)
    time = np.broadcast_to(_together(found.particle_time)[..., None], count.shape)
    rate = analysis.counted_rate(count, time)
    sums = _together(found.wall_normal_speed_sum), _together(found.wall_normal_speed_square_sum)
    speed, _ = analysis.speed_moments(count, *sums)
    for wall, wall_name in enumerate(found.wall_names):
        for i, name in enumerate(names):
            of, at = (name, str(wall_name)), (0, i, wall)
            if count[:, 0, i, wall].any():
                yield from _carried(of, HITS, "1/s", _rate(rate), at, scale**law.wall_rate)
                yield from _carried(of, SPEED, "m/s", speed, at, scale**law.wall_speed)


def _together(values: NDArray[Any]) -> NDArray[Any]:
    """Return sums by block over all compartments, as one compartment."""
    return values.sum(axis=1, keepdims=True)


def _rate(rate: CountedRate) -> Estimate:
    return Estimate(np.where(rate.value > 0.0, rate.value, np.nan), np.sqrt(rate.variance))


def _carried(
    of: tuple[str, str], quantity: str, unit: str, found: Estimate, at: tuple[int, ...], factor: float
) -> Iterator[Carried]:
    """Yield a quantity and its multiple of the grains, unless nothing was seen of it."""
    value, error = float(found.value[at]), float(found.standard_error[at])
    if math.isfinite(value):
        known = error if math.isfinite(error) else None
        yield Carried(of, quantity, unit, value, known, value * factor, None if known is None else known * factor)


def save_grains(path: Path, statistics: EncounterStatistics, names: Sequence[str], parcels: Parcels) -> None:
    """Write scale factor, law with its exponents, sizes, and what `carried_over` returns, as JSON."""
    law, sizes = parcel_law(parcels.law), statistics.class_diameter.tolist()
    document = {
        "scale_factor": parcels.scale_factor,
        "law": law.name,
        "exponents": {key: value for key, value in asdict(law).items() if key != "name"},
        "diameters": [
            {"class": name, "unit": "m", "parcels": size, "grains": size * parcels.scale_factor**law.size}
            for name, size in zip(names, sizes)
        ],
        "quantities": [each._asdict() for each in carried_over(statistics, names, parcels)],
    }
    with atomic_replacement(path) as temporary:
        temporary.write_text(json.dumps(document, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def load_grains(path: Path) -> tuple[Parcels, list[Carried]]:
    """Return scale and law, and the quantities, that `save_grains` wrote."""
    document = json.loads(path.read_text(encoding="utf-8"))
    parcels = Parcels.model_construct(scale_factor=document["scale_factor"], law=document["law"])
    return parcels, [Carried(**each | {"of": tuple(each["of"])}) for each in document["quantities"]]
