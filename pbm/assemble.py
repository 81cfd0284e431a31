"""Tables and parameters: from a grid and named numbers to what a program runs on."""

from __future__ import annotations

from math import pi
from typing import NamedTuple

import numpy as np

from compute.errors import CaseError
from pbm.breakage import breakable_classes, fragment_lists
from pbm.cells import Cells, cells_of
from pbm.drops import make_drops, powder_share
from pbm.graph import Graph
from pbm.grid import Floats, Grid
from pbm.laws import Fragments
from pbm.layering import no_deposition
from pbm.model import FITTED, Parameters, Stated, Tables
from pbm.places import Places
from pbm.schemes.merging import make_merging, outgrowing

NEGLIGIBLE, FAINT, LEAST_FAINT = 1e-12, 1e-6, 1e-300
"""Shares of the solids of a compartment below which a class of two solids meets no other, and below which it does not
set the step: granules with next to nothing of one solid change their class thousands of times a second. With one solid
every class counts."""


NO_PLACES = Places()
"""No quantities beside those of every case."""


class StatedLaws(NamedTuple):
    """Laws that a case states, each by its own default where it does not: fitted rates, two uniform daughters."""

    kernel: Stated = FITTED
    selection: Stated = FITTED
    fragments: Fragments | None = None


def make_tables(
    grid: Grid | tuple[Grid, ...] | Cells,
    nucleus_solids: float = 0.0,
    smallest_breakable: float = 0.0,
    graph: Graph | None = None,
    spray_share: Floats | None = None,
    speed_share: Floats | None = None,
    spray_cover: float = 0.0,
    laws: StatedLaws | None = None,
    places: Places = NO_PLACES,
) -> Tables:
    """Everything that grid and compartments decide.

    grid: of the solid volume, or grids of two solid components
    nucleus_solids: x_nuc [m3], smaller than the first pivot where drops only coat
    smallest_breakable: solid volume [m3] below which granules do not break
    graph: of the compartments, one closed compartment by default
    spray_share: share of the spray by compartment, all to the first by default
    speed_share: speed of stirring by compartment over the impeller's, one by default
    spray_cover: solids [m3] above which a compartment catches all of its spray, in proportion below
    laws: those that the case states
    places: of quantities of the state beside those of every case
    """
    graph, laws = graph or Graph(("whole",), [[0.0]]), laws or StatedLaws()
    shares = np.eye(1, graph.size)[0] if spray_share is None else np.array(spray_share, dtype=float)
    speeds = np.ones(graph.size) if speed_share is None else np.array(speed_share, dtype=float)
    cells = cells_of(grid)
    lone = len(cells.grids) == 1
    nucleus_pivots(cells.sizes, nucleus_solids)
    drops = make_drops(cells, np.array([nucleus_solids]), np.ones(1))
    starts, classes, numbers, gained = fragment_lists(cells, laws.fragments)
    return Tables(
        solid_volume=cells.solid_volume,
        places=places,
        component=cells.components,
        up=cells.distances(up=True),
        down=cells.distances(up=False),
        stride=np.array(cells.stride, dtype=np.int64),
        outgrowing=outgrowing(cells),
        merging=make_merging(cells),
        size_class=cells.size_class,
        log_edge_diameter=np.log(6.0 / pi * cells.sizes.edges) / 3.0,
        fragment_start=starts,
        fragment_class=classes,
        fragment_share=numbers * cells.solid_volume[classes] / np.repeat(cells.solid_volume, np.diff(starts)),
        negligible=0.0 if lone else NEGLIGIBLE,
        faint=LEAST_FAINT if lone else FAINT,
        gained=gained,
        breakable=np.where(np.diff(starts) > 0, breakable_classes(cells, smallest_breakable), 0.0),
        drops=drops,
        powder=powder_share(drops),
        exchange=graph.exchange,
        outlet=graph.outlet,
        outflow=graph.outflow,
        coupled=0,
        feed=np.zeros((graph.size, places.quantities, cells.count)),
        spray_share=shares,
        spray_cover=spray_cover,
        speed_share=speeds,
        deposition=no_deposition(cells.count),
        kernel=laws.kernel,
        selection=laws.selection,
    )


def nucleus_pivots(grid: Grid, solids: float) -> tuple[int, float, float]:
    """Class below x_nuc [m3] and the numbers booked there and one above, so that number and solids are kept.

    A nucleus smaller than the first pivot is never made: drops then coat all classes. CaseError above the top pivot.
    """
    if solids > grid.pivots[-1]:
        raise CaseError(
            "one drop makes a nucleus larger than the largest class",
            key="pbm.liquid.drop_diameter",
            value=f"solids of a nucleus {solids:.3g} m3",
            expected=f"at most {grid.pivots[-1]:.3g} m3; smaller drops, more pores, or a larger grid",
        )
    if solids < grid.pivots[0]:
        return 0, 1.0, 0.0
    place = min(int(np.searchsorted(grid.pivots, solids, side="right")) - 1, grid.classes - 2)
    above = (solids - grid.pivots[place]) / (grid.pivots[place + 1] - grid.pivots[place])
    return place, float(1.0 - above), float(above)


def bare_parameters() -> Parameters:
    """Parameters of a population without liquid, for the stated laws: densities of one, no pores."""
    neutral = dict.fromkeys(Parameters._fields, 0.0)
    ones = (
        "solid_density",
        "liquid_density",
        "addition_density",
        "film_thickness",
        "asperity_height",
        "viscous_factor",
        "yield_strength",
        "efficiency",
        "reference_speed",
        "pair_speed_shape",
        "tip_radius",
        "blade_share_scale",
        "blade_share_shape",
        "log_growth_span",
        "drop_volume",
        "absorption_time",
    )
    neutral.update(dict.fromkeys(ones, 1.0))
    return Parameters(**neutral)
