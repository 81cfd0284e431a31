"""The fitted law of encounters, speeds and blade hits: what a particle simulation hands to the population balance."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

import numpy as np

from compute.errors import CaseError

Four = tuple[float, float, float, float]
Covariance = tuple[Four, Four, Four, Four]


@dataclass(frozen=True)
class KernelLaw:
    """Coefficients for real grains, with the region in which they were measured.

    encounters: c0..c3 of b = exp(c0) (w/w0)^c1 (d_i + d_j)^3 (f_i f_j)^c2 exp(c3 z), f = d/d32 clamped; exp(c0) [1/s]
    pair_speed: a0..a3 of the Weibull scale exp(a0) (w/w0)^a1 ((d_i + d_j)/(2 d32))^a2 exp(a3 z) [m/s]
    pair_speed_shape: its shape k, of encounter-weighted normal speeds
    blade_hits: q0..q3 of r = exp(q0) (w/w0)^q1 (d/d32)^q2 exp(q3 z), hits per granule [1/s]
    blade_share_scale, blade_share_shape: u and m, Weibull, of impact speed over tip speed
    reference_speed: w0 [rad/s]; tip_radius: of the blades [m]
    size_ratio_low, size_ratio_high: clamp of d/d32
    d50_feed, d50_grown: d50 by volume [m] of the two states of the design, z = 0 and z = 1; equal if one was measured
    speed_low, speed_high: impeller speeds of the design [rad/s]
    encounter_covariance and the others: 4 x 4, of the coefficients; None where it was not estimated
    """

    encounters: Four
    pair_speed: Four
    pair_speed_shape: float
    blade_hits: Four
    blade_share_scale: float
    blade_share_shape: float
    reference_speed: float
    tip_radius: float
    size_ratio_low: float
    size_ratio_high: float
    d50_feed: float
    d50_grown: float
    speed_low: float
    speed_high: float
    encounter_covariance: Covariance | None = None
    pair_speed_covariance: Covariance | None = None
    blade_hit_covariance: Covariance | None = None
    notes: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse values no law can have; raises CaseError that names the coefficient."""
        for item in fields(self):
            if item.name not in ("notes",) and not _finite(getattr(self, item.name)):
                raise CaseError("not a finite number", key=f"kernel law {item.name}", value=getattr(self, item.name))
        for name in ("pair_speed_shape", "blade_share_scale", "blade_share_shape", "reference_speed", "tip_radius"):
            if getattr(self, name) <= 0.0:
                raise CaseError("out of range", key=f"kernel law {name}", value=getattr(self, name), expected="> 0")
        for low, high in (
            ("size_ratio_low", "size_ratio_high"),
            ("d50_feed", "d50_grown"),
            ("speed_low", "speed_high"),
        ):
            pair = (getattr(self, low), getattr(self, high))
            if not 0.0 < pair[0] <= pair[1]:
                raise CaseError("out of order", key=f"kernel law {low}, {high}", value=pair, expected="0 < low <= high")

    def draws(self, count: int, seed: int = 0) -> list[KernelLaw]:
        """Laws that the particle simulation allows as well, their coefficients drawn from the covariances.

        Raises CaseError where no covariance was estimated.
        """
        random = np.random.Generator(np.random.Philox(seed))
        drawn: dict[str, Any] = {}
        for name, matrix in (
            ("encounters", self.encounter_covariance),
            ("pair_speed", self.pair_speed_covariance),
            ("blade_hits", self.blade_hit_covariance),
        ):
            if matrix is not None:
                found = random.multivariate_normal(getattr(self, name), np.array(matrix), count, method="svd")
                drawn[name] = [tuple(row) for row in found.tolist()]
        if not drawn:
            expected = "a covariance, which the card of a run holds"
            raise CaseError("nothing is known of the errors", key="kernel law encounter_covariance", expected=expected)
        return [replace(self, **{name: rows[at] for name, rows in drawn.items()}) for at in range(count)]

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> KernelLaw:
        """Read what `to_dict` wrote, lists for tuples allowed; CaseError for a missing or unknown key."""
        known = {item.name for item in fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise CaseError("unknown key of a kernel law", value=unknown[0], expected=", ".join(sorted(known)))
        try:
            return cls(**{key: _frozen(value) for key, value in values.items()})
        except TypeError as error:
            raise CaseError(f"incomplete kernel law: {error}") from None


def _finite(value: Any) -> bool:
    return value is None or bool(np.all(np.isfinite(np.asarray(value, dtype=float))))


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value
