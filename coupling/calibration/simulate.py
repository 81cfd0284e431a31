"""One run of the model: from its sections to what an experiment measures."""

from __future__ import annotations

import warnings
from math import sqrt
from typing import Any, NamedTuple

import numpy as np

from coupling.calibration.experiments import Model
from coupling.calibration.population import NO_LAW, PopulationModel, Zone
from pbm.distribution import mean_diameter, percentile, project, read_distribution
from pbm.granulation import Granulation
from pbm.grid import Floats, Grid, diameter_grid
from pbm.laws import Material, breakage_rate, fragments, kernel
from pbm.model import GAS, INTERNAL, NUMBER
from pbm.population import Population
from pbm.steady import mean_stay

SIZES = {"d10": 0.1, "d50": 0.5, "d90": 0.9}


class Answer(NamedTuple):
    """What a run gives at its end.

    log_sizes: ln of diameters [m], rising; cumulative: volume fraction below them; values: by name as in `Measured`,
    SI; warnings: of the model.
    """

    log_sizes: Floats
    cumulative: Floats
    values: dict[str, float]
    warnings: tuple[str, ...]


def simulate(model: Model) -> Answer:
    """Run the model; raises SimulationError where its rates cannot be followed and CaseError where it does not fit."""
    return _granulation(model) if model.pbm is not None else _population(model)


def _granulation(model: Model) -> Answer:
    assert model.pbm is not None
    granulation = Granulation(model.pbm, model.law)
    result = granulation.simulate(model.speed or 0.0, np.array([0.0, model.pbm.end]))
    outlet = granulation.graph.outlet
    state = result.states[-1].sum(axis=0)
    if np.any(outlet > 0.0):
        state = np.tensordot(outlet, result.states[-1], 1)
    found = granulation.outputs(state[None])
    solids = float(state[NUMBER] @ result.solid_volume)
    swelling = 1.0 + float(state[[INTERNAL, GAS]].sum()) / solids
    log_sizes = granulation.tables.log_edge_diameter + np.log(swelling) / 3.0
    values = {name: float(getattr(found, name)) for name in (*SIZES, "d32", "d43", "moisture", "porosity")}
    cumulative = np.r_[0.0, np.cumsum(found.fractions)]
    return Answer(log_sizes, cumulative, values | _stay(granulation), tuple(result.warnings))


def _stay(granulation: Granulation) -> dict[str, float]:
    """Mean and standard deviation of the residence time of what is fed [s]; where nothing flows the end, and nil."""
    flows = bool(granulation.inflows) and bool(np.any(granulation.graph.outlet > 0.0))
    stay = mean_stay(granulation) if flows else None
    mean, variance = (granulation.case.end, 0.0) if stay is None else (stay.mean, stay.variance)
    return {"residence_time": mean, "residence_time_deviation": sqrt(variance)}


def _population(model: Model) -> Answer:
    assert model.population is not None
    given = model.population
    powder, size = given.feed, given.grid
    grid = diameter_grid(size.smallest_diameter, size.largest_diameter, size.classes, powder.porosity)
    numbers = project(read_distribution(powder.distribution), grid, powder.solids, powder.porosity).numbers
    whole = sum(zone.share for zone in given.zones)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for zone in given.zones:
            numbers = _pass(zone, given, grid, numbers, given.end * zone.share / whole)
    told = tuple(dict.fromkeys(str(each.message) for each in caught))
    return _read(numbers, grid, powder.porosity, given.end, told)


def _pass(zone: Zone, given: PopulationModel, grid: Grid, numbers: Floats, duration: float) -> Floats:
    rate = _made(breakage_rate, zone.breakage.rate)
    population = Population(
        grid,
        _made(kernel, zone.kernel),
        rate,
        _made(fragments, zone.breakage.fragments) if rate is not None else None,
        scheme=given.scheme,
        material=Material(given.solid_density, given.feed.porosity),
        tolerance=given.tolerance,
    )
    return population.solve(numbers, np.array([0.0, duration])).numbers[-1]


def _made(make: Any, law: dict[str, Any]) -> Any:
    """A law of `pbm.laws` by its name and coefficients; None for none."""
    if law["name"] == NO_LAW:
        return None
    return make(law["name"], **{key: value for key, value in law.items() if key != "name"})


def _read(numbers: Floats, grid: Grid, porosity: float, end: float, told: tuple[str, ...]) -> Answer:
    volumes, sizes = numbers * grid.pivots, grid.diameters(porosity)
    log_sizes, cumulative = np.log(grid.edge_diameters(porosity)), np.r_[0.0, np.cumsum(volumes)] / volumes.sum()
    values = {name: percentile(cumulative, log_sizes, share) for name, share in SIZES.items()}
    values |= {"d32": mean_diameter(numbers, sizes, 3, 2), "d43": mean_diameter(numbers, sizes, 4, 3)}
    return Answer(
        log_sizes,
        cumulative,
        values | {"porosity": porosity, "residence_time": end, "residence_time_deviation": 0.0},
        told,
    )
