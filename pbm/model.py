"""The numbers that the equations see: tuples of scalars and of arrays, readable by every backend.

State array: shape (compartments, quantities, classes); quantities NUMBER [-], INTERNAL and EXTERNAL liquid and GAS
[m3], each the total of its class; behind them what a case asks for beside, where `Places` says. Every law of the
package takes scalars and the tuples of this module.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from compute.packed import WIDTH, line_zeros
from pbm.grid import Floats
from pbm.places import LUMPED, Places

NUMBER, INTERNAL, EXTERNAL, GAS = 0, 1, 2, 3

MERGED, FRAGMENTED, NUCLEI, NUCLEATED, SPRAYED, OVERFLOW_NUMBER, OVERFLOW_VOLUME, DISPLACED = 0, 1, 2, 3, 4, 5, 6, 7
FED_NUMBER, FED_SOLIDS, FED_LIQUID, FED_GAS = 8, 9, 10, 11
LEFT_NUMBER, LEFT_SOLIDS, LEFT_LIQUID, LEFT_GAS = 12, 13, 14, 15
EVAPORATED = 16
FED_SECOND, LEFT_SECOND = 17, 18
LAYERED, LAYERED_NUMBER = 19, 20
LIQUID_LOST, GAS_OWED = 21, 22
BOOKED = 23
"""Ledger: mergers, grains gained by breakage, nuclei made, powder grains used by nuclei [-]; liquid sprayed [m3];
grains booked beyond the births of pairs above the top class [-] and the solid volume of those pairs [m3]; gas that
liquid or shrinking drove out of pores [m3]; number [-], solids, liquid and gas [m3] that feeds brought and that
outlets took; liquid that evaporated [m3]; the second solid that feeds brought and that outlets took [m3]; powder
that layers took up, solids [m3] and grains [-]; liquid that a published form of addition lost, and gas beyond what
was there that one of consolidation took [m3]."""

GRANULE_VOLUME, DIAMETER, LOG_DIAMETER, MASS, LOG_INERTIA, WET_SHARE, LOG_FILM, SIZE_FACTOR = 0, 1, 2, 3, 4, 5, 6, 7
SELECTION, ABSORPTION, SQUEEZE, LOSS, LIMIT = 8, 9, 10, 11, 12
CLASS_VALUES = 13
"""Derived values of a class: those of `Granule`, with units as there; breakage rate [1/s]; absorbed flow over E G,
1/(t_abs p) [1/(m3 s)]; share of the pore content squeezed out [1/s]; largest relative loss of any content but by
absorption [1/s]; factor in (0, 1] on every loss."""

FIRST, SECOND, MIXED = 4, 5, 6
"""Columns of the rows of a class (`compute.packed`), after number, liquids and gas: displacement from the pivot in the
first and in the second component [m3], and their product [m6]."""

USED = 9
"""Contents of powder that drops use up: both solids, liquids with the drops', gas, the lumped solid c [m3/s]; and over
its grains of solid volume x the sums of c^2, c x and x^2 [m6/s]."""

MERGERS, SURPLUS_NUMBER, SURPLUS_VOLUME, STALE = 0, 1, 2, 3
COUNTS = 4
"""Of a compartment: mergers, grains booked beyond the births above the top class [1/s] and the solid volume of those
pairs [m3/s]; one where limits have changed since the pairs were pooled."""
INSIDE = -1
"""Marks sums that lie within the grid."""

MOST_LOST = 0.9
"""Largest share of a class that one limited step may take away."""

VANISHED = 1e-150
"""A class with fewer granules than this is empty: what it holds is far below the round-off of any sum."""


class Parameters(NamedTuple):
    """Scalars of the granulation model (SI). Names with `log_` are natural logarithms."""

    solid_density: float  # rho_s [kg/m3]
    liquid_density: float  # rho_l [kg/m3]
    addition_density: float  # spray over the volume it adds: rho_l, in the published form rho_s [kg/m3]
    feed_porosity: float  # eps0, pores of an empty class and of a nucleus [-]
    film_thickness: float  # h_f, thickness of a wet patch [m]
    asperity_height: float  # h_a, roughness below which a film does not bind [m]
    viscous_factor: float  # (1 + 1/e) 3 pi mu / 2 of the critical speed [Pa s]
    lubrication: float  # 3 pi mu / 8 of the speed lost in a film [Pa s]
    yield_strength: float  # Y, dynamic, of deformable granules [Pa]
    softness: float  # Y / E*, yield strength over reduced modulus
    efficiency: float  # eta, share of wet touches that bind [-]
    encounter_scale: float  # kernel_scale exp(c0) [1/s]
    encounter_speed_exponent: float  # c1
    encounter_size_exponent: float  # c2
    encounter_state_slope: float  # c3
    reference_speed: float  # w0 [rad/s]
    log_ratio_low: float  # ln of the lower clamp of d/d32
    log_ratio_high: float  # ln of the upper clamp of d/d32
    log_pair_speed: float  # a0, ln of [m/s]
    pair_speed_exponent: float  # a1
    pair_size_exponent: float  # a2
    pair_state_slope: float  # a3
    pair_speed_shape: float  # k of the Weibull distribution of pair speeds
    hit_scale: float  # breakage_scale exp(q0), blade hits per granule [1/s]
    hit_speed_exponent: float  # q1
    hit_size_exponent: float  # q2
    hit_state_slope: float  # q3
    tip_radius: float  # blade tip radius [m]
    blade_share_scale: float  # u, scale of impact speed over tip speed
    blade_share_shape: float  # m, its Weibull shape
    strength_factor: float  # 2 St_def (9/8)(9/16) mu / d_p, times pi in the form "with-pi" [Pa s/m]
    log_feed_size: float  # ln d50 of the design's feed state
    log_growth_span: float  # ln(d50_grown / d50_feed)
    drop_volume: float  # liquid of one nucleus, the mean by number [m3]
    nucleus_solids: float  # x_nuc of that mean [m3]
    absorption_time: float  # t_abs [s]
    evaporation_speed: float  # film that evaporates from a wet surface [m/s]
    consolidation_rate: float  # c [1/s]
    minimum_pore_ratio: float  # eps_min / (1 - eps_min)
    published_squeeze: float  # one where consolidation takes the published form, else nil


class Stated(NamedTuple):
    """A law that the case states: its coefficients, a tuple of its module, and a correction that multiplies it."""

    scale: float
    coefficients: Any


FITTED = Stated(1.0, ())
"""Stands where the law is the one fitted to a particle simulation, whose coefficients are in `Parameters`."""


class Merging(NamedTuple):
    """Pairs i >= j, for each i put together by the cell of the sum."""

    row: np.ndarray  # first segment of each i, int64 (cells + 1,)
    start: np.ndarray  # first partner of each segment, int64 (segments + 1,)
    target: np.ndarray  # cell of the sum, int64 (segments,)
    rim: np.ndarray  # component whose top pivot the sum exceeds, INSIDE for none, int64 (segments,)
    grows: np.ndarray  # 1 where i stays in its cell, int64 (segments,)
    partner: np.ndarray  # j, int64 (pairs,)
    apart: np.ndarray  # first partner of each i that it does not merge with, int64 (cells + 1,)
    apart_partner: np.ndarray  # j, int64 (pairs that do not merge,)
    pivots: Floats  # components of each cell in the columns FIRST and SECOND of a row [m3], (cells, WIDTH)


class Drops(NamedTuple):
    """Tables of drops by the size of the nuclei that they make: `pbm.drops`."""

    share: Floats  # of the liquid, (sizes of drops,)
    solids: Floats  # of a nucleus [m3], rising, (sizes of drops,)
    first: np.ndarray  # smallest drop that makes a nucleus of grains of this class, int64 (classes,)


class Deposition(NamedTuple):
    """Tables of layering: `pbm.layering`."""

    limiter: int  # number of the limiter, -1 without layering
    rate: float  # dd/dt of a granule wet all over amid plentiful powder [m/s]
    half_ratio: float  # powder over granules, by solids, at which the rate is half
    powder: Floats  # 1 for the classes that deposit, 0 for those that grow, (classes,)
    edge: Floats  # upper edge of the class in each component [m3], (2, classes)
    width: Floats  # of the class in each component [m3], (2, classes)


class Tables(NamedTuple):
    """Arrays of grid and compartments only, but for `feed`, constant between events; and the laws of the case."""

    solid_volume: Floats  # of a granule, x_k [m3], (classes,)
    places: Places  # of quantities beside those of every case
    component: Floats  # solid volume of each component at the pivots [m3], nil for a second there is not, (2, classes)
    up: Floats  # distance to the pivot above [m3], infinite at the rim, (2, classes)
    down: Floats  # distance to the pivot below [m3], infinite at the rim, (2, classes)
    stride: np.ndarray  # classes from one to the next pivot, int64 (2,)
    outgrowing: Floats  # share of a granule that leaves its class per volume gained [1/m3], (2, classes)
    merging: Merging
    size_class: np.ndarray  # class of sizes that each class is read in, int64 (classes,)
    log_edge_diameter: Floats  # ln of the diameter of a solid sphere as large as the edge of sizes, (sizes + 1,)
    fragment_start: np.ndarray  # first fragment class of each class, int64 (classes + 1,)
    fragment_class: np.ndarray  # where fragments go, int64 (entries,)
    fragment_share: Floats  # share of the parent's solids that they hold, (entries,)
    gained: Floats  # grains that one breakage of k adds, (classes,)
    negligible: float  # share of the solids of a compartment below which a class meets no other
    faint: float  # share of them below which a class sets the adaptive step less, and its losses are limited
    breakable: Floats  # 1 where a class may break, else 0, (classes,)
    drops: Drops
    powder: Floats  # share of the liquid that makes nuclei of the grains it meets, the rest coats them, (classes,)
    exchange: Floats  # k_ab from a to b [1/s], (compartments, compartments)
    outlet: Floats  # rate out of the whole [1/s], (compartments,)
    outflow: Floats  # outlet and sum over b of k_ab [1/s], (compartments,)
    coupled: int  # 1 where steps take transport implicitly, and absorption with it, `pbm.transport`; else 0
    feed: Floats  # what comes in: number [1/s], liquids and gas [m3/s], (compartments, quantities, classes)
    spray_share: Floats  # share of the spray that each compartment gets, (compartments,)
    spray_cover: float  # solids above which a compartment catches all of its spray, in proportion below [m3]
    speed_share: Floats  # speed at which each compartment is stirred, over the impeller's, (compartments,)
    deposition: Deposition
    kernel: Stated  # rate constant of aggregation
    selection: Stated  # breakage rate


class Granule(NamedTuple):
    """What a pair law sees of one granule of a class."""

    solid_volume: float  # [m3]
    diameter: float  # [m]
    mass: float  # [kg]
    log_inertia: float  # ln(d^2 / m)
    wet_share: float  # share of the surface that is wet
    log_film: float  # ln ln(h / h_a) of its film at a wet spot
    size_factor: float  # (d/d32 clamped)^c2


GRANULE = len(Granule._fields)


class Parent(NamedTuple):
    """What a breakage law sees of one granule of a class."""

    solid_volume: float  # [m3]
    volume: float  # with pores [m3]
    log_diameter: float  # ln of [m]
    mass: float  # [kg]


class Conditions(NamedTuple):
    """What every pair of one compartment shares at one time."""

    encounter_prefactor: float  # [1/s]
    log_critical: float  # ln of the viscous factor [Pa s]
    log_pair_speed: float  # ln of the Weibull scale at a size ratio of one [m/s]
    log_two_mean: float  # ln(2 d32)
    log_mean: float  # ln d32
    hit_prefactor: float  # [1/s]
    tip_speed: float  # [m/s]


CONDITIONS = len(Conditions._fields)


class Workspace(NamedTuple):
    """Scratch arrays of the right-hand side; contents are valid between `prepare` and `change` only."""

    classes: Floats  # derived values of every class, (CLASS_VALUES, compartments, classes)
    conditions: Floats  # of every compartment, (compartments, CONDITIONS)
    granules: Floats  # `Granule` of every class, and one where it is present, (GRANULE + 1, packs of WIDTH)
    row: Floats  # b psi / V_s [1/s] of one class with those up to it, (packs of WIDTH,)
    carried: Floats  # what mergers carry of each class, (classes, WIDTH)
    own: Floats  # liquids, gas and components of one granule of each class, (classes, WIDTH)
    met: Floats  # what mergers of one segment bring a granule, of each lumped quantity as well, (2, WIDTH)
    lumped: Floats  # of each class times its limit: contents, x times sums of squares, (classes, LUMPED)
    lumped_births: Floats  # born in each class, LUMPED columns used, (compartments, classes, WIDTH)
    lumped_growth: Floats  # gained by granules that stay, LUMPED columns used, (compartments, classes, WIDTH)
    births: Floats  # number and contents born in each class, (compartments, classes, WIDTH)
    growth: Floats  # mergers per granule and contents gained by granules that stay, (compartments, classes, WIDTH)
    gained: Floats  # what each class gains by sharing or breakage, (classes, WIDTH)
    surplus: Floats  # granules added in the top class [1/s], (compartments, classes)
    drain: Floats  # relative loss by merging into other classes [1/s], (compartments, classes)
    outgrown: Floats  # relative loss by growth into other classes [1/s], (compartments, classes)
    taken: Floats  # relative loss as the smaller partner [1/s], (packs of WIDTH,)
    counts: Floats  # (compartments, COUNTS)
    solids: Floats  # V_s [m3], (compartments,)
    present: Floats  # one where a class is not negligible, (compartments, classes)
    layers: Floats  # what grows over the edge above in each component [1/s], (2, compartments, classes)
    sizes: Floats  # granule volume by class of sizes [m3], (sizes,)
    nuclei: Floats  # what drops of a size use up more than smaller ones do [m3/s], (classes, USED)


def make_workspace(compartments: int, classes: int) -> Workspace:
    """Zeroed scratch arrays for a state of this shape."""
    each, packed = (compartments, classes), -(-classes // WIDTH) * WIDTH
    rows = (*each, WIDTH)
    return Workspace(
        classes=np.zeros((CLASS_VALUES, *each)),
        conditions=np.zeros((compartments, CONDITIONS)),
        granules=line_zeros((GRANULE + 1, packed)),
        row=line_zeros(packed),
        carried=line_zeros((classes, WIDTH)),
        own=line_zeros((classes, WIDTH)),
        met=line_zeros((2, WIDTH)),
        lumped=np.zeros((classes, LUMPED)),
        lumped_births=line_zeros(rows),
        lumped_growth=line_zeros(rows),
        births=line_zeros(rows),
        growth=line_zeros(rows),
        gained=line_zeros((classes, WIDTH)),
        surplus=np.zeros(each),
        drain=np.zeros(each),
        outgrown=np.zeros(each),
        taken=line_zeros(packed),
        counts=np.zeros((compartments, COUNTS)),
        solids=np.zeros(compartments),
        present=np.zeros(each),
        layers=np.zeros((2, *each)),
        sizes=np.zeros(classes),
        nuclei=np.zeros((classes, USED)),
    )
