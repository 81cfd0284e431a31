"""Material properties measured by a run: the mean of a record over a time, and how certain it is."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from compute.errors import SimulationError
from dem.case import DemCase
from dem.case_motion import Motion
from dem.case_results import Mean, Ratio, RingShear
from dem.checkpoint import atomic_replacement
from dem.observation import ANGLE, ANGLE_ERROR, BULK_DENSITY, OBSERVABLES_NAME
from dem.table import read_table
from dem.wall_loads import WallLoads

Array = NDArray[np.float64]

RESULTS_NAME = "results.json"
PARTS = 8
"""Parts of a record whose means tell the error of the whole mean; neighbouring values are not independent."""


@dataclass(frozen=True)
class Measurement:
    """A measured property and its standard error, in `unit`."""

    name: str
    value: float
    error: float
    unit: str

    def __str__(self) -> str:
        """Name, value and error, for a reader."""
        return f"{self.name} = {self.value:.4g} ± {self.error:.2g} {self.unit}".rstrip()


def measure_results(case: DemCase, folder: Path, loads: WallLoads | None) -> list[Measurement]:
    """Return what the case asks for, from the records in the folder of a finished run.

    Raises:
        SimulationError: nothing was recorded in the time of a result.
    """
    found: dict[str, list[Measurement]] = {}
    for result in case.observables.results if case.observables else ():
        if isinstance(result, Mean):
            found[result.name] = [mean_of(result, folder)]
        elif isinstance(result, Ratio):
            first, second = (found[name][0] for name in result.of)
            found[result.name] = [ratio_of(result.name, first, second)]
        else:
            found[result.name] = ring_shear(result, case, loads)
    for blend in case.observables.outlet_blends if case.observables else ():
        found[blend.name] = blend_at_end(blend.name, folder)
    return [each for several in found.values() for each in several]


def blend_at_end(name: str, folder: Path) -> list[Measurement]:
    """Return the RSD of the grains at an outlet as it was recorded last; nothing where there were no two samples."""
    table = read_table(folder / OBSERVABLES_NAME)
    rsd, error = (
        table["value"][(table["name"] == name) & (table["quantity"] == quantity)] for quantity in ("grain_rsd", "error")
    )
    return [Measurement(f"{name}: RSD", float(rsd[-1]), float(error[-1]), "")] if len(rsd) else []


def mean_of(result: Mean, folder: Path) -> Measurement:
    """Return the mean of a record over its time.

    Error: from the scatter of the means of PARTS parts; with it, in quadrature, the mean error of one fit of a slope,
    which is that of a surface at rest.
    """
    table = read_table(folder / OBSERVABLES_NAME)
    time, value = table["time [s]"].astype(float), table["value"].astype(float)
    inside = (table["name"] == result.of) & (time >= result.start) & (time <= (result.end or math.inf))
    quantity = next((each for each in (ANGLE, BULK_DENSITY) if (inside & (table["quantity"] == each)).any()), None)
    if quantity is None:
        raise SimulationError(
            f"result {result.name!r}: nothing of {result.of!r} was recorded from {result.start:g} s on; "
            "record more often, or change its start and end"
        )
    values = value[inside & (table["quantity"] == quantity)]
    fits = value[inside & (table["quantity"] == ANGLE_ERROR)]
    fit = float(fits.mean()) if len(fits) else 0.0
    unit = quantity[quantity.index("[") + 1 : -1]
    return Measurement(result.name, float(values.mean()), math.hypot(scatter(values), fit), unit)


def scatter(values: Array) -> float:
    """Return the standard error of a mean from the means of PARTS equal parts of a record; nil for a single value."""
    parts = min(PARTS, len(values))
    means = np.array([part.mean() for part in np.array_split(values, parts)])
    return float(means.std(ddof=1) / math.sqrt(parts)) if parts > 1 else 0.0


def ratio_of(name: str, first: Measurement, second: Measurement) -> Measurement:
    """Return the ratio of two measurements, errors taken as independent."""
    value = first.value / second.value
    return Measurement(name, value, abs(value) * math.hypot(first.error / first.value, second.error / second.value), "")


def ring_shear(result: RingShear, case: DemCase, loads: WallLoads | None) -> list[Measurement]:
    """Return friction coefficient, its angle, shear and normal stress on the lid of a ring, from the blocks."""
    wall = next(wall for wall in case.walls if wall.name == result.wall)
    if loads is None or not len(loads.force) or not isinstance(wall.motion, Motion):
        raise SimulationError(f"result {result.name!r}: no loads on {result.wall!r} were counted")
    axis = np.asarray(wall.motion.axis) / np.linalg.norm(wall.motion.axis)
    at, outer, inner = loads.names.index(result.wall), result.outer_radius, result.inner_radius
    shear = 3.0 * np.abs(loads.torque[:, at] @ axis) / (2.0 * math.pi * (outer**3 - inner**3))
    normal = np.abs(loads.force[:, at] @ axis) / (math.pi * (outer**2 - inner**2))
    stresses = [Measurement(f"{result.name}: {what} stress", float(values.mean()), scatter(values), "Pa")
                for what, values in (("shear", shear), ("normal", normal))]  # fmt: skip
    friction = float(shear.mean() / normal.mean())
    # shear and normal stress fluctuate together: the error is that of what is left of one over the other
    error = scatter(shear - friction * normal) / float(normal.mean())
    angle, angle_error = math.degrees(math.atan(friction)), math.degrees(error / (1.0 + friction**2))
    return [Measurement(result.name, friction, error, ""),
            Measurement(f"{result.name}: angle", angle, angle_error, "deg"), *stresses]  # fmt: skip


def save_results(results: Iterable[Measurement], path: Path) -> None:
    """Write them as a list of objects with name, value, error and unit."""
    with atomic_replacement(path) as temporary:
        text = json.dumps([asdict(each) for each in results], indent=1, allow_nan=False)
        temporary.write_text(text + "\n", encoding="utf-8")


def load_results(path: Path) -> Mapping[str, Measurement]:
    """Read what `save_results` wrote, by name."""
    return {each["name"]: Measurement(**each) for each in json.loads(path.read_text(encoding="utf-8"))}
