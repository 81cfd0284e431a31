"""Closed forms that verification cases are compared with, by the names that tables of expectations use.

A closed form takes the record and the row of the table, as a measure does, and computes from how the impacts start.
Speeds and spins are those before the impact; v_n is counted positive.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from dem.particles import MASS, RADIUS, X
from dem.verification.measures import Measure
from dem.verification.record import Record, Vectors, impacts

HERTZ_CONTACT_TIME = 2.9432751
"""t_c v/d of an elastic Hertz contact: 2 int_0^1 (1 - x^(5/2))^(-1/2) dx = 4/5 sqrt(pi) Gamma(2/5)/Gamma(9/10)."""


def hertz_overlap(record: Record, row: dict[str, Any]) -> Vectors:
    """(15 m* v_n^2/(16 E* sqrt(R*)))^(2/5) [m]."""
    found = impacts(record, row["of"], row["on"])
    return np.asarray((15 * found.mass * found.normal[0] ** 2 / (16 * found.modulus * np.sqrt(found.radius))) ** 0.4)


def hertz_force(record: Record, row: dict[str, Any]) -> Vectors:
    """4/3 E* sqrt(R*) d^(3/2) at the largest overlap d [N]."""
    found = impacts(record, row["of"], row["on"])
    return np.asarray(4.0 / 3.0 * found.modulus * np.sqrt(found.radius) * hertz_overlap(record, row) ** 1.5)


def hertz_time(record: Record, row: dict[str, Any]) -> Vectors:
    """2.9433 d/v_n at the largest overlap d [s]."""
    return np.asarray(
        HERTZ_CONTACT_TIME * hertz_overlap(record, row) / -impacts(record, row["of"], row["on"]).normal[0]
    )


def nominal_restitution(record: Record, row: dict[str, Any]) -> Vectors:
    """The restitution named in the case [-]."""
    return impacts(record, row["of"], row["on"]).restitution


def eepa_restitution(record: Record, row: dict[str, Any]) -> Vectors:
    """Root of the area under unloading over that under first loading, without adhesion and damper [-].

    e^2 = (1 - l^(5/3) - 5/2 l (1 - l^(2/3)))/(1 - l), l the plasticity ratio of particle and wall.
    """
    names = list(record.case.materials)
    wall = next(wall.material for wall in record.case.walls if wall.name == row["on"])
    pairs = [record.pair(names[record.material[at]], wall) for at in row["of"]]
    ratio = np.array([pair.plasticity_ratio or 0.0 for pair in pairs])
    kept = 1.0 - ratio ** (5.0 / 3.0) - 2.5 * ratio * (1.0 - ratio ** (2.0 / 3.0))
    return np.asarray(np.sqrt(kept / (1.0 - ratio)))


def _sliding_impulse(record: Record, row: dict[str, Any]) -> Vectors:
    """Impulse of a contact that slides throughout, over the mass: mu (1 + e) v_n [m/s]."""
    found = impacts(record, row["of"], row["on"])
    return np.asarray(-found.friction * (1.0 + found.restitution) * found.normal[0])


def sliding_tangential_restitution(record: Record, row: dict[str, Any]) -> Vectors:
    """1 - mu (1 + e)/tan(theta), theta the angle of incidence from the normal [-]."""
    return np.asarray(1.0 - _sliding_impulse(record, row) / impacts(record, row["of"], row["on"]).sideways[0])


def sliding_spin(record: Record, row: dict[str, Any]) -> Vectors:
    """-5/2 mu (1 + e) v_n/R [rad/s]."""
    return np.asarray(-2.5 * _sliding_impulse(record, row) / impacts(record, row["of"], row["on"]).own_radius)


def sliding_patch_angle(record: Record, row: dict[str, Any]) -> Vectors:
    """atan((tan(theta) - 7/2 mu (1 + e))/e) [degree]."""
    found = impacts(record, row["of"], row["on"])
    slip = found.sideways[0] - 3.5 * _sliding_impulse(record, row)
    return np.asarray(np.degrees(np.arctan2(slip, -found.restitution * found.normal[0])))


def sliding_patch_speed(record: Record, row: dict[str, Any]) -> Vectors:
    """(v_x - 7/2 mu (1 + e) v_n)/(e mu v_n) [-]; x - 7 at e = 1, x = v_x/(mu v_n)."""
    found = impacts(record, row["of"], row["on"])
    slip = found.sideways[0] - 3.5 * _sliding_impulse(record, row)
    return np.asarray(slip / (-found.friction * found.restitution * found.normal[0]))


def sliding_scaled_spin(record: Record, row: dict[str, Any]) -> Vectors:
    """-5/2 (1 + e) [-]."""
    return -2.5 * (1.0 + impacts(record, row["of"], row["on"]).restitution)


def sliding_slip_reversal(record: Record, row: dict[str, Any]) -> Vectors:
    """7/2 mu (1 + e) v_n/(R w) - 1 of a sphere that spins and does not move sideways [-]."""
    found = impacts(record, row["of"], row["on"])
    return np.asarray(3.5 * _sliding_impulse(record, row) / np.abs(found.own_radius * found.spin[0]) - 1.0)


def unchanged_spin(record: Record, row: dict[str, Any]) -> Vectors:
    """The spin before the impact, about -y [rad/s]."""
    return np.asarray(-impacts(record, row["of"], row["on"]).spin[0])


def oscillator_height(record: Record, row: dict[str, Any]) -> Vectors:
    """Height of a sphere that falls on a linear spring and dashpot, at the end of the case [m]; see `Bouncing`."""
    return np.array([_bouncing(record, at, row["on"]).height_at(record.time[-1]) for at in row["of"]])


def oscillator_bounce_height(record: Record, row: dict[str, Any]) -> Vectors:
    """Height that the sphere reaches after bounce number `bounce` [m]; see `Bouncing`."""
    return np.array([_bouncing(record, at, row["on"]).height_after(row["bounce"]) for at in row["of"]])


class Bouncing:
    """A sphere that falls from rest on a linear spring and dashpot with gravity, by closed forms of flight and contact.

    In contact m z'' = -m g - k (z - R) - c z', c = 2 beta sqrt(k m), beta = -ln e/sqrt(ln^2 e + pi^2): with the depth
    u = R - z - m g/k a damped oscillator, u = exp(-b t)(A cos(w t) + B sin(w t)), b = c/2m, w = sqrt(k/m - b^2). It
    ends at zero overlap, where the damper still pulls.
    """

    def __init__(
        self, start: float, radius: float, mass: float, stiffness: float, restitution: float, gravity: float
    ) -> None:
        logarithm = math.log(restitution)
        beta = -logarithm / math.hypot(logarithm, math.pi)
        self.start, self.radius, self.gravity = start, radius, gravity
        self.decay = beta * math.sqrt(stiffness / mass)
        self.rate = math.sqrt(stiffness / mass - self.decay**2)
        self.rest = mass * gravity / stiffness

    def depth(self, speed: float, time: float) -> tuple[float, float]:
        """Return overlap [m] and its rate [m/s] at a time after a touch at this speed [m/s]."""
        a = -self.rest
        b = (speed + self.decay * a) / self.rate
        decay, cos, sin = math.exp(-self.decay * time), math.cos(self.rate * time), math.sin(self.rate * time)
        overlap = decay * (a * cos + b * sin)
        return overlap + self.rest, decay * self.rate * (b * cos - a * sin) - self.decay * overlap

    def contact_end(self, speed: float) -> float:
        """Return how long a contact that begins at this speed lasts [s], by bisection to the last digit."""
        low, high = 0.5 * math.pi / self.rate, 2.0 * math.pi / self.rate
        while True:
            middle = 0.5 * (low + high)
            if middle in (low, high):
                return middle
            low, high = (middle, high) if self.depth(speed, middle)[0] > 0.0 else (low, middle)

    def height_after(self, bounces: int) -> float:
        """Return the height of the centre at the top of the flight after so many bounces [m]."""
        height = self.start
        for _ in range(bounces):
            speed = math.sqrt(2.0 * self.gravity * (height - self.radius))
            parting = self.depth(speed, self.contact_end(speed))[1]
            height = self.radius + parting**2 / (2.0 * self.gravity)
        return height

    def height_at(self, time: float) -> float:
        """Return the height of the centre at a time [s] after the release [m]."""
        speed, left = 0.0, time
        height = self.start
        while True:
            fall = (speed + math.sqrt(speed**2 + 2.0 * self.gravity * (height - self.radius))) / self.gravity
            if left <= fall:
                return height + speed * left - 0.5 * self.gravity * left**2
            left, touch = left - fall, self.gravity * fall - speed
            contact = self.contact_end(touch)
            if left <= contact:
                return self.radius - self.depth(touch, left)[0]
            left, speed, height = left - contact, -self.depth(touch, contact)[1], self.radius


def _bouncing(record: Record, particle: int, on: str) -> Bouncing:
    found, particles = impacts(record, [particle], on), record.row[0, particle]
    stiffness, gravity = record.case.contact.normal_stiffness, -record.case.gravity[2]
    assert stiffness is not None, "the oscillator belongs to the linear law"
    return Bouncing(
        particles[X + 2], particles[RADIUS], particles[MASS], stiffness, float(found.restitution[0]), gravity
    )


_ALL: tuple[Measure, ...] = (
    hertz_overlap, hertz_force, hertz_time, nominal_restitution, sliding_tangential_restitution, sliding_spin,
    sliding_patch_angle, sliding_patch_speed, sliding_scaled_spin, sliding_slip_reversal, unchanged_spin,
    oscillator_height, oscillator_bounce_height, eepa_restitution,
)  # fmt: skip
CLOSED_FORMS: dict[str, Measure] = {form.__name__.replace("_", "-"): form for form in _ALL}  # type: ignore[attr-defined]
