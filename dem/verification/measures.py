"""What is read from a verification case that has run, by the names that tables of expectations use.

A measure takes the record and the row of the table and returns its values, one for each impact or each thing named in
the row's `of`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from compute.errors import CaseError
from dem.contact.moduli import effective_shear_modulus, effective_youngs_modulus
from dem.particles import VX, X
from dem.verification.record import Impacts, Record, Vectors, impacts

Measure = Callable[[Record, dict[str, Any]], Vectors]


def of_impacts(record: Record, row: dict[str, Any]) -> Impacts:
    """Return the impacts of a row: the particles `of`, `on` a wall or on partners; they must be over.

    Raises:
        CaseError: an impact has not begun, or is not over, when the case ends.
    """
    found = impacts(record, row["of"], row["on"])
    if (found.overlap[-1] > 0.0).any() or (found.normal[-1] * found.normal[0] >= 0.0).any():
        late = np.flatnonzero((found.overlap[-1] > 0.0) | (found.normal[-1] * found.normal[0] >= 0.0))
        raise CaseError(
            "an impact is not over when the case ends", key="dem.time.end", value=record.case.time.end,
            expected=f"a later end, for particles {[row['of'][at] for at in late]}",
        )  # fmt: skip
    return found


def peak_overlap(record: Record, row: dict[str, Any]) -> Vectors:
    """Largest overlap [m]."""
    return np.asarray(of_impacts(record, row).overlap.max(axis=0))


def peak_force(record: Record, row: dict[str, Any]) -> Vectors:
    """Largest normal force [N], m* times the change of the normal speed from sample to sample over their time."""
    found = of_impacts(record, row)
    change = np.abs(np.diff(found.normal, axis=0)) / np.diff(record.time)[:, None]
    return np.asarray(found.mass * change.max(axis=0))


def contact_time(record: Record, row: dict[str, Any]) -> Vectors:
    """Time from touch, at the start, to the zero of the overlap, interpolated between two samples [s]."""
    overlap = of_impacts(record, row).overlap
    last = len(overlap) - 1 - np.argmax(overlap[::-1] > 0.0, axis=0)
    column = np.arange(overlap.shape[1])
    inside, outside = overlap[last, column], overlap[last + 1, column]
    return np.asarray(record.time[last] + inside / (inside - outside) * (record.time[last + 1] - record.time[last]))


def restitution(record: Record, row: dict[str, Any]) -> Vectors:
    """Normal speed after over that before [-]."""
    normal = of_impacts(record, row).normal
    return np.asarray(-normal[-1] / normal[0])


def normal_speed(record: Record, row: dict[str, Any]) -> Vectors:
    """Normal speed after the impact [m/s]."""
    return np.asarray(of_impacts(record, row).normal[-1])


def tangential_restitution(record: Record, row: dict[str, Any]) -> Vectors:
    """Tangential speed of the centre after over that before [-]."""
    sideways = of_impacts(record, row).sideways
    return np.asarray(sideways[-1] / sideways[0])


def tangential_speed(record: Record, row: dict[str, Any]) -> Vectors:
    """Tangential speed of the centre after the impact [m/s]."""
    return np.asarray(of_impacts(record, row).sideways[-1])


def spin(record: Record, row: dict[str, Any]) -> Vectors:
    """Angular velocity after the impact about -y, the sign of the papers [rad/s]."""
    return np.asarray(-of_impacts(record, row).spin[-1])


def patch_angle(record: Record, row: dict[str, Any]) -> Vectors:
    """Angle of rebound of the contact patch from the normal [degree]."""
    found = of_impacts(record, row)
    return np.asarray(np.degrees(np.arctan2(found.slip[-1], found.normal[-1])))


def patch_speed(record: Record, row: dict[str, Any]) -> Vectors:
    """Slip of the contact patch after the impact over mu v_n [-]."""
    found = of_impacts(record, row)
    return np.asarray(found.slip[-1] / (found.friction * found.normal[-1]))


def scaled_spin(record: Record, row: dict[str, Any]) -> Vectors:
    """R w/(mu v_n) with w about -y, v_n before the impact [-]."""
    found = of_impacts(record, row)
    return np.asarray(found.own_radius * found.spin[-1] / (found.friction * found.normal[0]))


def momentum_residual(record: Record, row: dict[str, Any]) -> Vectors:
    """R w + 5/2 (v_x - v_x0) over mu v_n, w about -y: what the impulse gives to the spin and to the flight [-]."""
    found = of_impacts(record, row)
    turned = found.own_radius * (found.spin[-1] - found.spin[0])
    given = 2.5 * (found.sideways[-1] - found.sideways[0])
    return np.asarray((turned + given) / (found.friction * found.normal[0]))


def slip_reversal(record: Record, row: dict[str, Any]) -> Vectors:
    """Slip of the contact patch after over that before, reversed [-]."""
    slip = of_impacts(record, row).slip
    return np.asarray(-slip[-1] / slip[0])


def height(record: Record, row: dict[str, Any]) -> Vectors:
    """Heights of the particles' centres at the end [m]."""
    return np.asarray(record.row[-1, row["of"], X + 2])


def bounce_height(record: Record, row: dict[str, Any]) -> Vectors:
    """Height that the centre reaches in the flight that the sample `at` [s] falls into [m]."""
    sample = int(np.argmin(np.abs(record.time - row["at"])))
    particles = record.row[sample, row["of"]]
    gravity = -record.case.gravity[2]
    speed = particles[:, VX + 2] - 0.5 * gravity * record.step
    return np.asarray(particles[:, X + 2] + speed**2 / (2.0 * gravity))


def youngs_modulus(record: Record, row: dict[str, Any]) -> Vectors:
    """E* of the pairs of materials `of` [Pa]."""
    pairs = [(record.elasticity(a), record.elasticity(b)) for a, b in row["of"]]
    return np.array([effective_youngs_modulus(*pair) for pair in pairs])


def shear_modulus(record: Record, row: dict[str, Any]) -> Vectors:
    """G* of the pairs of materials `of` [Pa]."""
    pairs = [(record.elasticity(a), record.elasticity(b)) for a, b in row["of"]]
    return np.array([effective_shear_modulus(*pair) for pair in pairs])


_ALL: tuple[Measure, ...] = (
    peak_overlap, peak_force, contact_time, restitution, normal_speed, tangential_restitution, tangential_speed, spin,
    patch_angle, patch_speed, scaled_spin, momentum_residual, slip_reversal, height, bounce_height, youngs_modulus,
    shear_modulus,
)  # fmt: skip
MEASURES: dict[str, Measure] = {measure.__name__.replace("_", "-"): measure for measure in _ALL}  # type: ignore[attr-defined]
