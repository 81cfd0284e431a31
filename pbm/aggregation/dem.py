"""Encounters as fitted to a particle simulation: sheared grains with a size and a state correction.

b = kernel_scale exp(c0) (w/w0)^c1 (d_i + d_j)^3 (f_i f_j)^c2 exp(c3 z), with f = clamp(d/d32, lo, hi), w the impeller
speed and z in [0, 1] the state of the size distribution. The cube is the encounter rate in uniform shear,
4/3 gamma (r_i + r_j)^3 of Smoluchowski (1917), doi 10.1515/zpch-1918-9209; the rest is fitted.
"""

from __future__ import annotations

import math

from compute.physics import physics
from pbm.model import Conditions, Granule, Parameters


@physics
def rate_constant(first: Granule, second: Granule, conditions: Conditions, parameters: Parameters) -> float:
    """b [m3/s]; the factors that a pair does not change are in `encounter_prefactor` and `size_factor`."""
    distance = first.diameter + second.diameter
    volume = distance * distance * distance
    return conditions.encounter_prefactor * volume * first.size_factor * second.size_factor


@physics
def encounter_prefactor(log_speed: float, state: float, parameters: Parameters) -> float:
    """kernel_scale exp(c0) (w/w0)^c1 exp(c3 z) [1/s], with log_speed = ln(w/w0)."""
    exponent = parameters.encounter_speed_exponent * log_speed + parameters.encounter_state_slope * state
    return parameters.encounter_scale * math.exp(exponent)


@physics
def clamped_log_ratio(log_size: float, log_mean: float, parameters: Parameters) -> float:
    """ln of d/d32 held between the bounds of the design."""
    return min(max(log_size - log_mean, parameters.log_ratio_low), parameters.log_ratio_high)


@physics
def size_factor(log_diameter: float, log_mean: float, parameters: Parameters) -> float:
    """(d/d32 clamped)^c2 of one class."""
    return math.exp(parameters.encounter_size_exponent * clamped_log_ratio(log_diameter, log_mean, parameters))
