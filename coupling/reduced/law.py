"""From fitted coefficients to what the population balance reads.

The coefficients stand in the order of `coupling.exchange.TERM_NAMES`:
c0..c3, a0..a3, ln k, q0..q3, ln u, ln m.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from coupling.exchange import Exchange
from dem.parcels import ParcelLaw
from pbm.law import Covariance, KernelLaw
from pbm.model import Parameters


def kernel_law(exchange: Exchange) -> KernelLaw:
    """The exchange as the record that the population balance reads."""
    encounter, pair, hit, share = exchange.terms.values()
    low, high = exchange.ratio_range
    return KernelLaw(
        encounters=_four(encounter.coefficients),
        pair_speed=_four(pair.coefficients),
        pair_speed_shape=math.exp(pair.coefficients[4]),
        blade_hits=_four(hit.coefficients),
        blade_share_scale=math.exp(share.coefficients[0]),
        blade_share_shape=math.exp(share.coefficients[1]),
        reference_speed=exchange.reference_speed,
        tip_radius=exchange.tip_radius,
        size_ratio_low=low,
        size_ratio_high=high,
        d50_feed=exchange.feed_diameter,
        d50_grown=exchange.grown_diameter,
        speed_low=exchange.speed_range[0],
        speed_high=exchange.speed_range[1],
        encounter_covariance=_matrix(encounter.covariance),
        pair_speed_covariance=_matrix(pair.covariance),
        blade_hit_covariance=_matrix(hit.covariance),
        notes={
            "windows": list(exchange.windows),
            "parcel law": exchange.parcel_law,
            "scale factors": list(exchange.scales),
        },
    )


def anticipated_law(law: KernelLaw, parcels: ParcelLaw, growth: float) -> KernelLaw:
    """The law of one state, carried on to a d50 `growth` times larger as its parcel law says.

    The same parcels stand for the grown state with s smaller by that factor, so that speeds and hits of granules change
    by the powers of s; rate constants at scaled sizes stay. A window at the grown state replaces this.
    """
    slope = math.log(growth)
    return replace(
        law,
        d50_grown=growth * law.d50_feed,
        encounters=_four([*law.encounters[:3], -slope * (parcels.rate_constant - 3.0 * parcels.size)]),
        pair_speed=_four([*law.pair_speed[:3], -slope * parcels.pair_speed]),
        blade_hits=_four([*law.blade_hits[:3], -slope * parcels.wall_rate]),
    )


def with_coefficients(parameters: Parameters, coefficients: Sequence[float], breaking: bool = True) -> Parameters:
    """`parameters` with these 15 coefficients, corrections of one, and blade hits that break or do not."""
    c0, c1, c2, c3, a0, a1, a2, a3, log_shape, q0, q1, q2, q3, log_share, log_share_shape = map(float, coefficients)
    return parameters._replace(
        encounter_scale=math.exp(c0),
        encounter_speed_exponent=c1,
        encounter_size_exponent=c2,
        encounter_state_slope=c3,
        log_pair_speed=a0,
        pair_speed_exponent=a1,
        pair_size_exponent=a2,
        pair_state_slope=a3,
        pair_speed_shape=math.exp(log_shape),
        hit_scale=math.exp(q0) if breaking else 0.0,
        hit_speed_exponent=q1,
        hit_size_exponent=q2,
        hit_state_slope=q3,
        blade_share_scale=math.exp(log_share),
        blade_share_shape=math.exp(log_share_shape),
    )


def tuned(parameters: Parameters, kernel_scale: float, efficiency: float, breakage_scale: float) -> Parameters:
    """`parameters` with the three corrections: factors on b and on the breakage rate, and the efficiency itself."""
    return parameters._replace(
        encounter_scale=kernel_scale * parameters.encounter_scale,
        efficiency=efficiency,
        hit_scale=breakage_scale * parameters.hit_scale,
    )


def _four(values: Sequence[float]) -> tuple[float, float, float, float]:
    return values[0], values[1], values[2], values[3]


def _matrix(rows: Sequence[Sequence[float]]) -> Covariance:
    return _four(rows[0]), _four(rows[1]), _four(rows[2]), _four(rows[3])
