"""Which encounters bind: wet spots, and the Stokes criterion over the distribution of encounter speeds.

psi = eta (phi_i + phi_j - phi_i phi_j) F(U_crit), F(U) = 1 - exp(-(U/lambda)^k): encounter-weighted normal speeds of
real grains, lambda = exp(a0) (w/w0)^a1 ((d_i + d_j)/(2 d32))^a2 exp(a3 z) with the ratio clamped.
U_crit = (1 + 1/e) ln(h/h_a) 3 pi d~^2 mu / (8 m_red): lubrication between two spheres from h down to the asperities,
d~ = 2 d_i d_j/(d_i + d_j), m_red = m_i m_j/(m_i + m_j). Ennis, Tardos and Pfeffer, Powder Technol. 65 (1991) 257,
doi 10.1016/0032-5910(91)80189-P. Logarithms are carried so that a pair costs two of them.
"""

from __future__ import annotations

from compute.elementary import exponential, logarithm
from compute.physics import physics
from pbm.aggregation.dem import clamped_log_ratio
from pbm.model import Conditions, Granule, Parameters

TINY_LOG_FILM = 1e-300
"""Stands for ln(h/h_a) of a film below the asperities: its critical speed is nil."""
CERTAIN = 4.0
"""Above this ln((U/lambda)^k) the distribution differs from one by less than 2e-24."""


@physics
def always(first: Granule, second: Granule, conditions: Conditions, parameters: Parameters) -> float:
    """Every encounter binds: psi = 1."""
    return 1.0


@physics
def both_wet(first: Granule, second: Granule, conditions: Conditions, parameters: Parameters) -> float:
    """psi = eta phi_i phi_j: both granules are wet where they touch, and then a share eta binds whatever the speed.

    The rule of Sampat et al., Comput. Chem. Eng. 119 (2018) 128, eq. 10, doi 10.1016/j.compchemeng.2018.08.006, which
    switches from nil to eta at a least liquid content of both granules, made continuous.
    """
    return parameters.efficiency * first.wet_share * second.wet_share


@physics
def wet_share(film_mean: float, parameters: Parameters) -> float:
    """phi = min(1, hm/h_f): share of the surface under patches of thickness h_f, for a mean film hm [m]."""
    return min(1.0, film_mean / parameters.film_thickness)


@physics
def log_film(film_mean: float, parameters: Parameters) -> float:
    """ln ln(h/h_a) at a wet spot, h = max(h_f, hm) [m]."""
    height = max(parameters.film_thickness, film_mean)
    return logarithm(max(logarithm(height / parameters.asperity_height), TINY_LOG_FILM))


@physics
def log_pair_speed(log_speed: float, state: float, parameters: Parameters) -> float:
    """a0 + a1 ln(w/w0) + a3 z: ln of the speed scale [m/s] of equal grains of the mean size."""
    slope = parameters.pair_state_slope * state
    return parameters.log_pair_speed + parameters.pair_speed_exponent * log_speed + slope


@physics
def log_speed_scale(first: Granule, second: Granule, conditions: Conditions, parameters: Parameters) -> float:
    """ln lambda of a pair [m/s]."""
    distance = first.diameter + second.diameter
    ratio = clamped_log_ratio(logarithm(distance), conditions.log_two_mean, parameters)
    return conditions.log_pair_speed + parameters.pair_size_exponent * ratio


@physics
def stokes(first: Granule, second: Granule, conditions: Conditions, parameters: Parameters) -> float:
    """psi of two granules, in [0, eta]."""
    wet = first.wet_share + second.wet_share - first.wet_share * second.wet_share
    distance = first.diameter + second.diameter
    log_mass = logarithm((first.mass + second.mass) / (distance * distance))
    film = max(first.log_film, second.log_film)
    log_critical = conditions.log_critical + film + first.log_inertia + second.log_inertia + log_mass
    log_scale = log_speed_scale(first, second, conditions, parameters)
    hazard = parameters.pair_speed_shape * (log_critical - log_scale)
    slow = 1.0 if hazard > CERTAIN else 1.0 - exponential(-exponential(hazard))
    return parameters.efficiency * wet * slow
