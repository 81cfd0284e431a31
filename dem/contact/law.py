"""What a contact law has to state about itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from compute.physics import physics
from dem.touch import Touch

OVERLAP_LIMIT = 0.5
"""Overlap over the smaller radius that a case allows unless it says otherwise [-]."""


class Elasticity(NamedTuple):
    """Elastic constants and density of one material: Young's modulus [Pa], Poisson ratio [-], density [kg/m3]."""

    youngs_modulus: float
    poisson_ratio: float
    density: float

    @property
    def shear_modulus(self) -> float:
        """G = E/(2 (1 + nu)) [Pa]."""
        return self.youngs_modulus / (2.0 * (1.0 + self.poisson_ratio))


class PairLaws(NamedTuple):
    """Names of the laws of a pair of materials; read where pairs differ in them."""

    contact: str = ""
    adhesion: str = ""
    rolling: str = ""
    twisting: str = ""


class PairProperties(NamedTuple):
    """Contact properties of a pair of materials.

    restitution, friction, rolling_friction [-]; normal_stiffness [N/m] and tangential_stiffness_ratio [-] are read by
    the linear laws alone. work_of_adhesion [J/m2], cohesion_energy_density [J/m3]; softening: effective modulus over
    that of the real solids [-]. plasticity_ratio, adhesive_stiffness_ratio [-] and pull_off_force [N] are read by EEPA.
    surface_tension [N/m], contact_angle [rad], viscosity [Pa s], smallest_gap [m] and largest_bridge (volume over
    radius^3) [-] are those of the liquid between them.
    """

    restitution: float
    friction: float
    rolling_friction: float = 0.0
    normal_stiffness: float = 0.0
    tangential_stiffness_ratio: float = 2.0 / 7.0
    work_of_adhesion: float = 0.0
    cohesion_energy_density: float = 0.0
    softening: float = 1.0
    plasticity_ratio: float = 0.0
    adhesive_stiffness_ratio: float = 0.0
    pull_off_force: float = 0.0
    surface_tension: float = 0.0
    contact_angle: float = 0.0
    viscosity: float = 0.0
    smallest_gap: float = 0.0
    largest_bridge: float = 0.0
    laws: PairLaws = PairLaws()


@dataclass(frozen=True)
class ContactLaw:
    """A contact law: its force, how many parameters and history values it has, and the arms it uses.

    force(touch, parameters, history) -> (normal, fx, fy, fz, loss, history); parameters_of(first, second, pair) makes
    the parameters of a material pair. The surfaces' velocity is taken at r - velocity_arm overlap and the torque at
    r - torque_arm overlap (wall_torque_arm at a wall). overlap_limit: overlap over the smaller radius above which the
    simulation has failed [-]. shear(touch, parameters) -> (tangential stiffness [N/m], tangential damping [N s/m]),
    which elastic rolling and twisting build on. hertzian: whether the force is that of Hertz at the contact radius
    sqrt(R* overlap), which JKR builds on. needs: the property of a pair that the law cannot do without.
    """

    name: str
    force: Callable[..., Any]
    parameters_of: Callable[[Elasticity, Elasticity, PairProperties], tuple[float, ...]]
    parameter_count: int
    history_size: int
    velocity_arm: float = 0.5
    torque_arm: float = 0.5
    wall_torque_arm: float = 0.5
    overlap_limit: float = OVERLAP_LIMIT
    shear: Callable[..., Any] | None = None
    hertzian: bool = False
    needs: str | None = None


@physics
def no_shear(touch: Touch, parameters: Any) -> tuple[float, float]:
    """Return no tangential stiffness and no damping."""
    return 0.0, 0.0
