"""The exchange: what DEM windows measured becomes the law that a population balance reads, with its error.

A pure function of its inputs, whose result is stored: a resumed run repeats it. No factor absorbs units or scale:
every coefficient has a name, a unit and a variance, and parcels become grains by the declared parcel law.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compute.errors import CheckpointError
from coupling.size_law import RateFit, fit_blade_rates, fit_pair_rates, make_design
from coupling.speed_law import SpeedLawFit, fit_blade_shares, fit_pair_speeds
from coupling.window import Window
from dem.parcels import parcel_law

Array = NDArray[np.float64]

TERM_NAMES = {
    "encounter": ("c0", "c1", "c2", "c3"),
    "pair_speed": ("a0", "a1", "a2", "a3", "ln k"),
    "blade_hit": ("q0", "q1", "q2", "q3"),
    "blade_share": ("ln u", "ln m"),
}
"""The four laws and the names of their coefficients, in the order of `Exchange.coefficients`."""


@dataclass(frozen=True)
class Term:
    """One fitted law as plain numbers.

    Args:
        coefficients: in the order of `TERM_NAMES`. covariance: row by row.
        quality: goodness of fit by name (dispersions, deviance, misfit).
        cells: one record a cell: window, classes, count, what the law expects, residual.
    """

    coefficients: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    quality: dict[str, float] = field(default_factory=dict)
    cells: tuple[dict[str, float], ...] = ()


@dataclass(frozen=True)
class Exchange:
    """Laws of encounter, pair speed, blade hits and blade speed for real grains, and where they hold.

    Args:
        encounter, pair_speed, blade_hit, blade_share: the four laws.
        reference_speed: w0 [rad/s]; speed_range: of the design [rad/s]; tip_radius: [m].
        feed_diameter, grown_diameter: volume medians at both ends of the state axis [m].
        ratio_range: d/d32 of the design [-]; parcel_law: how parcels became grains.
        windows, scales: names of the windows and their scale factors s = parcel size / real size [-].
    """

    encounter: Term
    pair_speed: Term
    blade_hit: Term
    blade_share: Term
    reference_speed: float
    speed_range: tuple[float, float]
    tip_radius: float
    feed_diameter: float
    grown_diameter: float
    ratio_range: tuple[float, float]
    parcel_law: str
    windows: tuple[str, ...]
    scales: tuple[float, ...]

    @property
    def terms(self) -> dict[str, Term]:
        """The four laws by name, in the order of `TERM_NAMES`."""
        return {name: getattr(self, name) for name in TERM_NAMES}

    def coefficients(self) -> Array:
        """All coefficients, law after law, shape (15,)."""
        return np.concatenate([np.array(term.coefficients) for term in self.terms.values()])

    def covariance(self) -> Array:
        """Their covariance, block by block, shape (15, 15); the four laws are fitted to separate counts."""
        size = len(self.coefficients())
        matrix, start = np.zeros((size, size)), 0
        for term in self.terms.values():
            end = start + len(term.coefficients)
            matrix[start:end, start:end] = np.array(term.covariance)
            start = end
        return matrix

    def save(self, path: Path | str) -> None:
        """Write the record as JSON."""
        Path(path).write_text(self.to_json(), encoding="utf-8")

    def to_json(self) -> str:
        """The record as JSON text; numbers are written so that reading gives the same bits."""
        return json.dumps(asdict(self), indent=1, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Exchange:
        """Read what `to_json` wrote.

        Raises:
            CheckpointError: the text is not such a record.
        """
        try:
            data = json.loads(text)
            terms: dict[str, Any] = {name: _term_from(data.pop(name)) for name in TERM_NAMES}
            plain: dict[str, Any] = {
                key: tuple(value) if isinstance(value, list) else value for key, value in data.items()
            }
            return cls(**terms, **plain)
        except (ValueError, KeyError, TypeError) as error:
            raise CheckpointError(f"not an exchange record: {error}; measure the design again") from error

    @classmethod
    def load(cls, path: Path | str) -> Exchange:
        """Read the record at `path`; CheckpointError as `from_json`."""
        return cls.from_json(Path(path).read_text(encoding="utf-8"))


def fit_exchange(windows: Sequence[Window], parcels: str, blades: Sequence[str], tip_radius: float) -> Exchange:
    """Fit the four laws to the windows of a design.

    Args:
        windows: at least one; parcels: name of the parcel law;
        blades: names of the blade walls; tip_radius: of the blades [m].

    Raises:
        CaseError: unknown parcel law or blade wall. SimulationError: too little was measured for a law.
    """
    design = make_design(windows, parcel_law(parcels))
    walls = tuple(blades)
    speeds = [window.impeller_speed for window in windows]
    return Exchange(
        encounter=_rate_term(fit_pair_rates(design)),
        pair_speed=_speed_term(fit_pair_speeds(design)),
        blade_hit=_rate_term(fit_blade_rates(design, walls)),
        blade_share=_speed_term(fit_blade_shares(design, walls, tip_radius)),
        reference_speed=design.reference_speed,
        speed_range=(min(speeds), max(speeds)),
        tip_radius=tip_radius,
        feed_diameter=design.feed_diameter,
        grown_diameter=design.grown_diameter,
        ratio_range=design.ratio_range(),
        parcel_law=parcels,
        windows=tuple(window.name for window in windows),
        scales=tuple(window.scale for window in windows),
    )


def _rate_term(law: RateFit) -> Term:
    quality = {
        "block_dispersion": law.fit.block_dispersion,
        "fit_dispersion": law.fit.fit_dispersion,
        "deviance": law.fit.deviance,
        "degrees_of_freedom": float(law.fit.degrees_of_freedom),
        "relative_misfit": law.fit.relative_misfit,
    }
    columns = {
        "count": law.count,
        "expected": law.fit.expected,
        "residual": law.fit.residual,
        "log_rate": law.log_rate,
        "log_rate_error": law.log_rate_error,
    }
    return Term(_row(law.coefficients), _rows(law.covariance), quality, _cells(law.cells, columns))


def _speed_term(law: SpeedLawFit) -> Term:
    weight = law.fit.count / law.fit.count.sum()
    quality = {"encounters": float(law.fit.count.sum()), "mean_distance": float(weight @ law.fit.distance)}
    columns = {"count": law.fit.count, "distance": law.fit.distance}
    return Term(_row(law.coefficients), _rows(law.covariance), quality, _cells(law.cells, columns))


def _cells(labels: NDArray[np.int64], columns: dict[str, Array]) -> tuple[dict[str, float], ...]:
    names = ("window", "first", "second")[: labels.shape[1]]
    records = []
    for number, label in enumerate(labels):
        record: dict[str, float] = {name: int(value) for name, value in zip(names, label)}
        records.append(record | {name: float(column[number]) for name, column in columns.items()})
    return tuple(records)


def _row(values: Array) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def _rows(values: Array) -> tuple[tuple[float, ...], ...]:
    return tuple(_row(row) for row in values)


def _term_from(data: dict[str, Any]) -> Term:
    covariance = tuple(tuple(row) for row in data["covariance"])
    return Term(tuple(data["coefficients"]), covariance, data["quality"], tuple(data["cells"]))
