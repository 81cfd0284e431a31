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
        size, rate_constant, pair_speed, blade_speed, blade_rate: exponent of diameters, of pair rate constants b
            [m3/s], of relative speeds of pairs, of impact speeds on blades and of blade hits per particle and second.
    """

    name: str
    size: float
    rate_constant: float
    pair_speed: float
    blade_speed: float
    blade_rate: float


PARCEL_LAWS = {
    "inertial": ParcelLaw("inertial", size=-1.0, rate_constant=-3.0, pair_speed=-1.0, blade_speed=0.0, blade_rate=-1.0),
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
