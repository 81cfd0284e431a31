"""Materials, what happens where two of them meet, and the size classes of the particles."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from compute.case_model import CaseModel, OneOf, invalid
from compute.quantities import (
    Angle,
    Density,
    EnergyDensity,
    Force,
    Fraction,
    Length,
    Mass,
    NotNegative,
    Number,
    Positive,
    Pressure,
    Stiffness,
    SurfaceEnergy,
)
from dem.adhesion import ADHESION_LAWS
from dem.case_shapes import ParticleShape
from dem.contact import CONTACT_LAWS, CONTACT_NAMES, ghost
from dem.contact.law import OVERLAP_LIMIT, Elasticity
from dem.rolling import ROLLING_LAWS
from dem.twisting import TWISTING_LAWS

STEEPEST = 0.8727
"""Contact angle that the capillary forces are fitted up to, 50 degrees [rad]."""
ContactAngle = Annotated[Angle, Field(ge=0, lt=STEEPEST)]


class Material(CaseModel):
    """An elastic solid.

    Attributes:
        real_youngs_modulus: of the real solid, where `youngs_modulus` is softened to allow a longer step; JKR then
            scales the work of adhesion by (E_soft/E)^(2/5).
        surface_energy: half the work of separating two pieces of it, per area.
        cohesion_energy_density: of the simplified JKR law.
    """

    density: Annotated[Density, Positive]
    youngs_modulus: Annotated[Pressure, Positive]
    poisson_ratio: Annotated[Number, Field(gt=-1, le=0.5)] = 0.25
    real_youngs_modulus: Annotated[Pressure, Positive] | None = None
    surface_energy: Annotated[SurfaceEnergy, NotNegative] | None = None
    cohesion_energy_density: Annotated[EnergyDensity, NotNegative] | None = None

    @property
    def elasticity(self) -> Elasticity:
        """Its elastic constants and density."""
        return Elasticity(self.youngs_modulus, self.poisson_ratio, self.density)


AnyForceLaw = Annotated[str, OneOf(CONTACT_NAMES)]
ForceLaw = Annotated[str, OneOf(name for name in CONTACT_NAMES if name != ghost.LAW.name)]
Adhesion = Annotated[str, OneOf(ADHESION_LAWS)]
Rolling = Annotated[str, OneOf(ROLLING_LAWS)]
Twisting = Annotated[str, OneOf(TWISTING_LAWS)]
LINEAR = [name for name in CONTACT_NAMES if name in CONTACT_LAWS and CONTACT_LAWS[name].needs == "normal_stiffness"]
"""Contact laws with stiffnesses of their own."""


class MaterialPair(CaseModel):
    """What happens where two materials touch.

    Attributes:
        law, adhesion, rolling, twisting, normal_stiffness, tangential_stiffness_ratio: of this pair, in place of those
            of `Contact`.
        rolling_friction: ratio of rolling torque to R* F_n.
        work_of_adhesion: of separating the two surfaces, per area; without it 2 sqrt(g1 g2) of the surface energies.
        cohesion_energy_density: without it the geometric mean of the two materials'.
        contact_angle: of the liquid on the two surfaces; without it that of the case's liquid.
        bridges: whether liquid joins the two where they touch; not so where one of them repels it.
        plasticity_ratio: of EEPA, 1 - k1/k2, of the stiffnesses on first loading and on unloading.
        adhesive_stiffness_ratio: of EEPA, stiffness of the adhesive branch over that of first loading.
        pull_off_force: of EEPA, that of a contact that was never loaded.
    """

    between: tuple[str, str] = Field(json_schema_extra={"minItems": 2, "maxItems": 2})
    restitution: Annotated[Number, Field(gt=0, le=1)]
    friction: Annotated[Number, NotNegative]
    law: ForceLaw | None = None
    adhesion: Adhesion | None = None
    rolling: Rolling | None = None
    twisting: Twisting | None = None
    normal_stiffness: Annotated[Stiffness, Positive] | None = None
    tangential_stiffness_ratio: Annotated[Number, Positive] | None = None
    rolling_friction: Annotated[Number, NotNegative] = 0.0
    work_of_adhesion: Annotated[SurfaceEnergy, NotNegative] | None = None
    contact_angle: ContactAngle | None = None
    bridges: bool = True
    cohesion_energy_density: Annotated[EnergyDensity, NotNegative] | None = None
    plasticity_ratio: Annotated[Number, Field(ge=0, lt=1)] | None = None
    adhesive_stiffness_ratio: Annotated[Number, NotNegative] = 0.0
    pull_off_force: Annotated[Force, NotNegative] = 0.0


OF_A_PAIR = ("law", "adhesion", "rolling", "twisting", "normal_stiffness", "tangential_stiffness_ratio")
"""Keys of `Contact` that a pair of materials may have of its own."""
OF_ONE_LAW = ("tangential_spring", "normal_tail", "damping", "normal_stiffness", "tangential_stiffness_ratio")
"""Keys of `Contact` that do not pass to a pair with another contact law."""


class Contact(CaseModel):
    """The laws of all pairs of materials that do not name their own: contact, adhesion, rolling and twisting.

    `ghost` counts encounters and exerts no force. The tangential variants differ in how damper and spring share the
    Coulomb limit. The stiffnesses belong to `linear` and to `walton-braun` alone (first loading).

    Attributes:
        tangential_spring: of Hertz-Mindlin; whether the force of the tangential spring follows the stiffness (`total`),
            stays (`incremental`), or stays on loading and is given back on unloading (`rescaled`).
        normal_tail: of Hertz-Mindlin; whether the damper may pull near the end of a contact, or the normal force is
            held at zero or above.
        damping: of Hertz-Mindlin; `tsuji` gives the restitution with an attractive tail, `thornton` with a clipped one.
        largest_overlap: over the smaller radius; a run in which a contact is deeper has failed.
    """

    law: AnyForceLaw = "hertz-mindlin"
    tangential: Literal["liggghts", "lammps"] = "liggghts"
    tangential_spring: Literal["total", "incremental", "rescaled"] = "total"
    normal_tail: Literal["attractive", "clipped"] = "attractive"
    damping: Literal["tsuji", "thornton"] = "tsuji"
    adhesion: Adhesion = "none"
    rolling: Rolling = "none"
    twisting: Twisting = "none"
    normal_stiffness: Annotated[Stiffness, Positive] | None = None
    tangential_stiffness_ratio: Annotated[Number, Positive] = 2 / 7
    largest_overlap: Annotated[Number, Field(gt=0, lt=1)] = OVERLAP_LIMIT

    @model_validator(mode="after")
    def _stiffness_with_linear_law(self) -> Contact:
        linear, instead = self.law in LINEAR, f"law: {' or '.join(LINEAR)}, or no such key"
        if linear and self.normal_stiffness is None:
            raise invalid(f"the {self.law} law needs a stiffness", key="normal_stiffness", expected="such as '5 kN/m'")
        if not linear and self.normal_stiffness is not None:
            raise invalid(
                f"the {self.law} law has no normal stiffness of its own",
                key="normal_stiffness",
                value=self.normal_stiffness,
                expected=instead,
            )
        default = type(self).model_fields["tangential_stiffness_ratio"].default
        if not linear and self.tangential_stiffness_ratio != default:
            raise invalid(
                f"the {self.law} law takes its tangential stiffness from the moduli", key="tangential_stiffness_ratio",
                value=self.tangential_stiffness_ratio, expected=instead,
            )  # fmt: skip
        return self

    @model_validator(mode="after")
    def _parts_of_hertz_mindlin(self) -> Contact:
        for key in ("tangential_spring", "normal_tail", "damping"):
            value = getattr(self, key)
            if self.law != "hertz-mindlin" and value != type(self).model_fields[key].default:
                raise invalid(
                    f"the {self.law} law has no such choice", key=key, value=value,
                    expected="law: hertz-mindlin, or no such key",
                )  # fmt: skip
        if self.damping == "thornton" and self.normal_tail != "clipped":
            raise invalid(
                "this damping gives the restitution only where the normal force never attracts", key="damping",
                value=self.damping, expected="normal_tail: clipped, or damping: tsuji",
            )  # fmt: skip
        return self

    def of(self, pair: MaterialPair) -> Contact:
        """Return the laws of a pair: its own, and these where it names none.

        Raises:
            ValidationError: its laws lack or refuse a key.
        """
        own = {key: value for key in OF_A_PAIR if (value := getattr(pair, key)) is not None}
        if not own:
            return self
        passed = {key: getattr(self, key) for key in self.model_fields_set}
        if own.get("law", self.law) != self.law:
            passed = {key: value for key, value in passed.items() if key not in OF_ONE_LAW}
        return Contact.model_validate(passed | own)


class ParticleClass(CaseModel):
    """A size class: spheres of one diameter, or bodies of one shape, and of one material, counted together.

    Attributes:
        mass: of a body, evenly spread over it; without it the density of the material says.
    """

    name: str = Field(min_length=1)
    sphere_diameter: Annotated[Length, Positive] | None = Field(default=None, alias="diameter")
    shape: ParticleShape | None = None
    material: str
    mass: Annotated[Mass, Positive] | None = None

    @model_validator(mode="after")
    def _size_given_once(self) -> ParticleClass:
        if (self.sphere_diameter is None) == (self.shape is None):
            raise invalid("how large the particles are must be said once", expected="one of diameter, shape")
        if self.mass is not None and self.shape is None:
            raise invalid(
                "spheres have the density of their material", key="mass", value=self.mass,
                expected="a shape, or no such key",
            )  # fmt: skip
        return self

    def density(self, material: Material) -> float:
        """Return the density of a particle [kg/m3]: that of its material, or its mass over its volume."""
        return material.density if self.mass is None else self.mass / (math.pi / 6.0 * self.diameter**3)

    @property
    def diameter(self) -> float:
        """Diameter of the sphere, or of the sphere with the volume of the shape [m]."""
        if self.shape is None:
            assert self.sphere_diameter is not None
            return self.sphere_diameter
        from dem.clumps.shape import shape_of

        return shape_of(self.shape).diameter

    @property
    def radii(self) -> tuple[float, ...]:
        """Radii of its spheres [m]."""
        return (0.5 * self.diameter,) if self.shape is None else tuple(radius for _, radius in self.shape.balls())


class Shares(CaseModel):
    """How the particles of a source are divided among the classes.

    Attributes:
        of: share of each class by name; they must add up to 1.
        by: whether the shares are of the number, of the solid volume or of the mass.
    """

    of: dict[str, Fraction] = Field(min_length=1)
    by: Literal["number", "volume", "mass"] = "number"

    @field_validator("of")
    @classmethod
    def _whole(cls, of: dict[str, float]) -> dict[str, float]:
        total = sum(of.values())
        if abs(total - 1) > SHARE_TOLERANCE:
            raise invalid(f"the shares add up to {total:.6g}", expected="shares whose sum is 1")
        return of


SHARE_TOLERANCE = 1e-6
