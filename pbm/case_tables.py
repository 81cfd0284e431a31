"""What a case gives the equations: classes, parameters and tables."""

from __future__ import annotations

from math import exp, log, pi

import numpy as np

from pbm.assemble import make_tables, nucleus_pivots
from pbm.case import PbmCase
from pbm.case_laws import Layering
from pbm.case_solids import Solid
from pbm.cells import Cells
from pbm.drops import drop_sizes, make_drops, powder_share
from pbm.feeding import charge_contents, distribution_of, make_inflows, places_of
from pbm.graph import Graph
from pbm.grid import Floats, Grid, pivot_grid, solid_volume_of, with_nil
from pbm.growth import LIMITERS
from pbm.law import KernelLaw
from pbm.layering import make_deposition
from pbm.model import Deposition, Drops, Parameters, Tables
from pbm.nucleation import nucleus_solids
from pbm.spray import spray_regime
from pbm.stated import stated_laws


def make_cells(case: PbmCase) -> Cells:
    """Classes of a case: those of its solids, or one grid between two diameters."""
    return Cells((case.size_grid(),) if case.solids is None else tuple(map(_grid_of, case.solids)))


def _grid_of(solid: Solid) -> Grid:
    grid = pivot_grid(solid.first_volume, solid.ratio, solid.classes)
    return with_nil(grid) if solid.may_be_absent else grid


def check_classes(case: PbmCase) -> None:
    """Raise CaseError where the classes of a case cannot hold its powder or its nuclei, or a stated law is no rate on
    them.
    """
    cells = make_cells(case)
    charge_contents(case, distribution_of(case.feed), cells)
    make_inflows(case, cells)
    stated_laws(case, cells.sizes)
    if case.liquid.drops is None:
        drop = spray_regime(case).drops_per_nucleus * drop_sizes(case.liquid).mean_volume
        nucleus_pivots(cells.sizes, nucleus_solids(drop, case.feed.porosity, case.nucleus_saturation))
    else:
        _drops_of(case, cells)


def make_parameters(case: PbmCase, law: KernelLaw) -> Parameters:
    """Scalars of the model from a case and a kernel law; `Parameters` says what each is."""
    breaking, liquid = case.breakage, case.liquid
    regime = spray_regime(case)
    drop = regime.drops_per_nucleus * drop_sizes(liquid).mean_volume
    strength = 2.0 * breaking.deformation_number * (9.0 / 8.0) * (9.0 / 16.0) * liquid.viscosity
    span = log(law.d50_grown / law.d50_feed)
    return Parameters(
        solid_density=case.solid_density,
        liquid_density=liquid.density,
        addition_density=liquid.density if liquid.addition == "balanced" else case.solid_density,
        feed_porosity=case.feed.porosity,
        film_thickness=liquid.film_thickness,
        asperity_height=liquid.asperity_height,
        viscous_factor=(1.0 + 1.0 / case.restitution) * 1.5 * pi * liquid.viscosity,
        lubrication=0.375 * pi * liquid.viscosity,
        yield_strength=case.aggregation.yield_strength or 1.0,
        softness=(case.aggregation.yield_strength or 0.0) / (case.aggregation.modulus or 1.0),
        efficiency=case.efficiency,
        encounter_scale=case.kernel_scale * exp(law.encounters[0]),
        encounter_speed_exponent=law.encounters[1],
        encounter_size_exponent=law.encounters[2],
        encounter_state_slope=law.encounters[3],
        reference_speed=law.reference_speed,
        log_ratio_low=log(law.size_ratio_low),
        log_ratio_high=log(law.size_ratio_high),
        log_pair_speed=law.pair_speed[0],
        pair_speed_exponent=law.pair_speed[1],
        pair_size_exponent=law.pair_speed[2],
        pair_state_slope=law.pair_speed[3],
        pair_speed_shape=law.pair_speed_shape,
        hit_scale=case.breakage_scale * exp(law.blade_hits[0]) if breaking.on else 0.0,
        hit_speed_exponent=law.blade_hits[1],
        hit_size_exponent=law.blade_hits[2],
        hit_state_slope=law.blade_hits[3],
        tip_radius=law.tip_radius,
        blade_share_scale=law.blade_share_scale,
        blade_share_shape=law.blade_share_shape,
        strength_factor=strength * breaking.factor / breaking.primary_diameter,
        log_feed_size=log(law.d50_feed),
        log_growth_span=span if span > 0.0 else 1.0,
        drop_volume=drop,
        nucleus_solids=nucleus_solids(drop, case.feed.porosity, case.nucleus_saturation),
        absorption_time=regime.penetration_time,
        evaporation_speed=liquid.evaporation / liquid.density,
        consolidation_rate=case.consolidation.rate,
        minimum_pore_ratio=case.consolidation.minimum_porosity / (1.0 - case.consolidation.minimum_porosity),
        published_squeeze=1.0 if case.consolidation.form == "published" else 0.0,
    )


def shares_of(given: dict[str, float], graph: Graph, default: float) -> Floats:
    """Values by name as an array by compartment, nil for those not named; `default` for all where none is."""
    return np.array([given.get(name, 0.0) if given else default for name in graph.names])


def make_tables_of(case: PbmCase, cells: Cells, parameters: Parameters, graph: Graph) -> Tables:
    """Tables of a case; CaseError where its laws do not fit its grid."""
    smallest = float(solid_volume_of(2.0 * case.breakage.primary_diameter, case.feed.porosity))
    regions = case.compartments
    spray = shares_of(regions.spray, graph, 0.0) if regions and regions.spray else None
    stirring = np.array([regions.stirring.get(name, 1.0) for name in graph.names]) if regions else None
    cover = case.liquid.spray.cover / case.solid_density
    laws = stated_laws(case, cells.sizes)
    nucleus = parameters.nucleus_solids if case.liquid.drops is None else 0.0
    tables = make_tables(cells, nucleus, smallest, graph, spray, stirring, cover, laws, places_of(case))
    if case.liquid.drops is not None:
        drops = _drops_of(case, cells)
        tables = tables._replace(drops=drops, powder=powder_share(drops))
    return tables if case.layering is None else tables._replace(deposition=_deposition_of(case, case.layering, cells))


def _drops_of(case: PbmCase, cells: Cells) -> Drops:
    liquid = spray_regime(case).drops_per_nucleus
    ratio = nucleus_solids(liquid, case.feed.porosity, case.nucleus_saturation)
    shares = drop_sizes(case.liquid).nuclei(cells.sizes, ratio)
    sizes = np.flatnonzero(shares > 0.0)
    return make_drops(cells, cells.sizes.pivots[sizes], shares[sizes])


def _deposition_of(case: PbmCase, layering: Layering, cells: Cells) -> Deposition:
    largest = float(solid_volume_of(layering.powder_below, case.feed.porosity))
    limiter = LIMITERS.index(layering.limiter)
    return make_deposition(cells, largest, layering.rate, layering.half_ratio, limiter)
