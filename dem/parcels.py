"""Parcels: which powers of the scale factor carry a parcel's rates and speeds over to the real grains.

A parcel law is declared by name in the case; another law has other exponents and is one more line of the table.
"""

from __future__ import annotations

from dataclasses import dataclass

from compute.errors import CaseError


@dataclass(frozen=True)
class ParcelLaw:
    """Exponents n of `real = measured * s^n`, s = parcel size / real size.

    Args:
        name: name in the case file.
        size, rate_constant, pair_speed, wall_speed, wall_rate: exponent of diameters, of pair rate constants b
            [m3/s], of relative speeds of pairs, of impact speeds on walls and blades, and of hits of a wall or a blade
            per particle and second.
        modulus: exponent of Young's modulus, for which overlaps over diameters are the same.
    """

    name: str
    size: float
    rate_constant: float
    pair_speed: float
    wall_speed: float
    wall_rate: float
    modulus: float

    @property
    def pair_energy(self) -> float:
        """Exponent of the energy lost in an encounter of a pair, at equal density that of d^3 v^2."""
        return 3.0 * self.size + 2.0 * self.pair_speed

    @property
    def stiffness(self) -> float:
        """Exponent of the stiffness of a linear spring, for which overlaps over diameters are the same: that of E d."""
        return self.modulus + self.size


PARCEL_LAWS = {
    "inertial": ParcelLaw(
        "inertial", size=-1.0, rate_constant=-3.0, pair_speed=-1.0, wall_speed=0.0, wall_rate=-1.0, modulus=-2.0
    ),
}
"""Inertial: hard frictional grains at equal density, shear rate, solids fraction, restitution and friction, sizes
times s. The velocity difference over one diameter is shear rate times diameter; the machine's own speed stays. A blade
that passes touches the one layer of grains in front of it, a share of the bed in proportion to the diameter, so that
hits per particle fall with 1/s."""


def parcel_law(name: str) -> ParcelLaw:
    """Return the parcel law of that name.

    Raises:
        CaseError: there is no such law.
    """
    if name not in PARCEL_LAWS:
        raise CaseError("no such parcel law", key="parcels", value=name, expected=", ".join(PARCEL_LAWS))
    return PARCEL_LAWS[name]
