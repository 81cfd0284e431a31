"""Dimensionless groups and time scales that say where a coupled granulation model stands."""

from __future__ import annotations

import math

FROZEN_KERNEL_LIMIT = 0.1
"""Largest t_flow/t_growth at which a kernel measured at one state may still be held fixed [-]."""


def growth_time(time: tuple[float, float], median_diameter: tuple[float, float]) -> float:
    """Time in which the median grows by a factor e, t = 1/(d ln d50/dt) [s]; infinite where it does not grow.

    Args:
        time: two times [s]; median_diameter: d50 at these times [m].
    """
    growth = math.log(median_diameter[1] / median_diameter[0])
    return (time[1] - time[0]) / growth if growth > 0.0 else math.inf


def frozen_kernel_ratio(flow_time: float, growth: float) -> tuple[float, bool]:
    """Return t_flow/t_growth and whether it exceeds 0.1, where the flow can no longer follow the growth.

    Args:
        flow_time: spin-up time of the flow itself [s]; growth: e-folding time of d50 [s], may be infinite.
    """
    ratio = flow_time / growth
    return ratio, ratio > FROZEN_KERNEL_LIMIT


def inertial_number(shear_rate: float, diameter: float, pressure: float, density: float) -> float:
    """I = gamma d sqrt(rho/p) [-]: shear time against the time a grain needs to fall into a hole.

    Args:
        shear_rate: [1/s]; diameter: [m]; pressure: confining pressure [Pa]; density: of the grains [kg/m3].

    GDR MiDi, Eur. Phys. J. E 14 (2004) 341, doi 10.1140/epje/i2003-10153-0.
    """
    return shear_rate * diameter * math.sqrt(density / pressure)


def viscous_stokes_number(reduced_mass: float, speed: float, mean_diameter: float, viscosity: float) -> float:
    """St_v = 8 m U/(3 pi d~^2 mu) [-]: grains rebound where it exceeds (1 + 1/e) ln(h/h_a).

    Args:
        reduced_mass: m1 m2/(m1 + m2) [kg]; speed: relative normal speed [m/s];
        mean_diameter: 2 d1 d2/(d1 + d2) [m]; viscosity: of the binder [Pa s].

    Ennis, Tardos, Pfeffer, Powder Technol. 65 (1991) 257, doi 10.1016/0032-5910(91)80189-P.
    """
    return 8.0 * reduced_mass * speed / (3.0 * math.pi * mean_diameter**2 * viscosity)


def critical_stokes_number(restitution: float, film: float, asperity: float) -> float:
    """St_v* = (1 + 1/e) ln(h/h_a) [-], zero for a film no thicker than the asperities.

    Args:
        restitution: e [-]; film: liquid thickness h [m]; asperity: roughness height h_a [m].
    """
    return (1.0 + 1.0 / restitution) * math.log(max(film / asperity, 1.0))


def deformation_stokes_number(density: float, speed: float, strength: float) -> float:
    """St_def = rho U^2/(2 Y) [-]: kinetic energy against the granule's strength.

    Args:
        density: of the granule [kg/m3]; speed: of the impact [m/s]; strength: Y [Pa].

    Iveson, Litster, AIChE J. 44 (1998) 1510, doi 10.1002/aic.690440705.
    """
    return density * speed**2 / (2.0 * strength)


def spray_flux_number(volume_rate: float, area_rate: float, drop_diameter: float) -> float:
    """Psi_a = 3 V/(2 A d_drop) [-]: share of the powder surface that drops would cover as it passes the spray.

    Args:
        volume_rate: of the spray [m3/s]; area_rate: powder surface that passes below it [m2/s];
        drop_diameter: [m].

    Litster et al., Powder Technol. 114 (2001) 32, doi 10.1016/S0032-5910(00)00259-8.
    """
    return 1.5 * volume_rate / (area_rate * drop_diameter)


def froude_number(tip_speed: float, radius: float, gravity: float = 9.81) -> float:
    """Fr = v^2/(g R) [-] of the impeller.

    Args:
        tip_speed: [m/s]; radius: of the impeller [m]; gravity: [m/s2].
    """
    return tip_speed**2 / (gravity * radius)
