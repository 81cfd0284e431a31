"""Building a reduced model: range, class count, error members, and what few classes cost in accuracy.

Everything is measured against a population balance with many classes, short steps and the same law, over the
corners of the inputs; the frozen-kernel error needs a run whose kernel was measured again on the way, and is handed in.
How pivots fall beside the sizes of nuclei and of the smallest granules that break matters as much as their number, so
that several ranges are tried for each number of classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise, product
from math import log

import numpy as np
from numpy.typing import NDArray

from coupling.exchange import Exchange
from coupling.reduced.description import Description, ErrorTerms, Rule
from coupling.reduced.law import kernel_law, with_coefficients
from coupling.reduced.members import Members, leading_members
from coupling.reduced.model import ReducedModel
from pbm.case import GridSettings, PbmCase
from pbm.granulation import FixedRule, Granulation, spray_of
from pbm.inputs import Steps

Floats = NDArray[np.float64]

FEED_TAIL = 0.005
"""Share of the feed's volume below the smallest class edge; it is booked in the smallest class."""
GROWN_TAIL = 0.005
"""Share of the grown volume above the top class edge, before the margin."""
MARGINS = (1.25, 1.35, 1.46, 1.57, 1.7)
"""Factors on the largest size of the batch, for batches that grow further; the grids that are tried."""
FINE_CLASSES = 120
"""Classes of the population balance that errors are measured against, if the case has not more."""
FINE_RULE = FixedRule(longest=0.1, share=0.5, most=100_000)
"""Its steps in time: halving them changes d50 by less than 1e-5."""
CLAMPED_MARGIN = 0.05
"""How much more granule volume than in the checked batches may have size ratios outside the design, before a flag."""
TIMES = 21
"""Times of the batch at which models are compared."""


@dataclass(frozen=True)
class Settings:
    """How to build.

    Args:
        classes: class counts to try, rising; the first grid whose d50 error is below `target` is taken, else the best.
        target: relative error of d50 from few classes [-].
        members: number of error members.
        spray_factor: largest declared spray over that of the case [-].
        rule: of the steps in time.
    """

    classes: tuple[int, ...] = (20, 24, 28)
    target: float = 0.02
    members: int = 2
    spray_factor: float = 1.25
    rule: Rule = field(default_factory=Rule)


@dataclass(frozen=True)
class Corner:
    """One batch of the comparison: speed [rad/s] and spray [kg/s] over time."""

    speed: float
    spray: Steps


def build_reduced_model(
    case: PbmCase,
    exchange: Exchange,
    name: str,
    settings: Settings | None = None,
    frozen_kernel: tuple[float, float, float] | None = None,
    compiled: bool = True,
) -> Description:
    """Build the reduced model of a case for a fitted law.

    Args:
        case: population balance, taken as one well-mixed region; exchange: fitted law; name: of the model;
        settings: see there; frozen_kernel: measured relative errors of d10, d50, d90, None where not measured;
        compiled: run through numba.

    Raises:
        CaseError: case and law do not fit.
    """
    settings = settings or Settings()
    case = case.model_copy(update={"compartments": None})
    fine = case.grid.model_copy(update={"classes": max(case.grid.classes, FINE_CLASSES)})
    full = Granulation(case.model_copy(update={"grid": fine}), kernel_law(exchange), compiled=compiled)
    corners, times = _corners(case, exchange, settings), np.linspace(0.0, case.end, TIMES)
    references = [_reference(full, corner, times) for corner in corners]
    tried: list[tuple[Description, ErrorTerms]] = []
    for classes, margin in product(settings.classes, MARGINS):
        description = _describe(full, exchange, name, settings, _grid(full, classes, margin, references))
        values = [_run(ReducedModel(description, compiled), corner, times) for corner in corners]
        reached = max(float(value[:, 5].max()) for value in values)
        description = replace(description, clamped_limit=min(reached + CLAMPED_MARGIN, 1.0))
        tried.append((description, _errors(values, references, case.liquid.evaporation > 0.0)))
        if tried[-1][1].discretisation[1] < settings.target:
            break
    description, errors = min(tried, key=lambda item: item[1].discretisation[1])
    members = _choose_members(description, exchange, case, corners, times, settings.members, compiled)
    laws = [with_coefficients(description.laws[0], row, case.breakage.on) for row in members.coefficients]
    errors = replace(errors, frozen_kernel=frozen_kernel or (0.0, 0.0, 0.0), unresolved=members.unresolved)
    record = _record(exchange, description, corners, tried, frozen_kernel is not None)
    return replace(description, laws=(description.laws[0], *laws), errors=errors, record=record)


def _corners(case: PbmCase, exchange: Exchange, settings: Settings) -> list[Corner]:
    spray = spray_of(case.liquid.spray)
    more = Steps(spray.times, tuple(settings.spray_factor * value for value in spray.values))
    low, high = exchange.speed_range
    return [Corner(low, spray), Corner(exchange.reference_speed, more), Corner(high, spray)]


def _reference(full: Granulation, corner: Corner, times: Floats) -> Floats:
    """d10, d50, d90, porosity, moisture, upper tail size of the fine model in short steps, shape (times, 6)."""
    state, rows = full.initial_state(), []
    edges = full.grid.edge_diameters(full.case.feed.porosity)[1:]
    for begin, end in zip([0.0, *times[:-1]], times):
        for low, high in pairwise(_marks(begin, end, corner.spray)):
            if high > low:
                state = full.step_fixed_rule(state, high - low, corner.speed, corner.spray.at(low), FINE_RULE).state
        values = full.outputs(state)
        top = edges[np.searchsorted(np.cumsum(values.fractions), 1.0 - GROWN_TAIL)]
        rows.append([values.d10, values.d50, values.d90, values.porosity, values.moisture, top])
    return np.array(rows)


def _grid(full: Granulation, classes: int, margin: float, references: Sequence[Floats]) -> GridSettings:
    """Classes over the range that the batches visit, inside the range of the case."""
    given = full.case.grid
    smallest = max(full.feed.percentile(FEED_TAIL), given.smallest_diameter)
    largest = min(margin * max(float(reference[:, 5].max()) for reference in references), given.largest_diameter)
    return GridSettings(classes=classes, smallest_diameter=smallest, largest_diameter=largest)


def _describe(full: Granulation, exchange: Exchange, name: str, settings: Settings, grid: GridSettings) -> Description:
    case = full.case
    coarse = Granulation(case.model_copy(update={"grid": grid}), full.law, compiled=False)
    solids = coarse.initial_state()[0, 0] * coarse.grid.pivots
    porosity = case.feed.porosity
    return Description(
        name=name,
        edges=coarse.grid.edges,
        pivots=coarse.grid.pivots,
        laws=(with_coefficients(coarse.parameters, list(exchange.coefficients()), case.breakage.on),),
        law=kernel_law(exchange),
        nucleus_solids=coarse.parameters.nucleus_solids,
        smallest_breakable=(1.0 - porosity) * np.pi / 6.0 * (2.0 * case.breakage.primary_diameter) ** 3,
        spray_limit=settings.spray_factor * case.liquid.spray.rate,
        speed_start=exchange.reference_speed,
        spray_start=0.0,
        charge=case.feed.charge,
        feed_fractions=solids / solids.sum(),
        feed_moisture=case.feed.moisture,
        kernel_scale=case.kernel_scale,
        efficiency=case.efficiency,
        breakage_scale=case.breakage_scale,
        rule=settings.rule,
    )


def _run(model: ReducedModel, corner: Corner, times: Floats) -> Floats:
    """d10, d50, d90, porosity, moisture, clamped volume share of the reduced model, stepped at changes, (times, 6)."""
    model.start()
    rows = []
    for begin, end in zip([0.0, *times[:-1]], times):
        marks = _marks(begin, end, corner.spray)
        for low, high in pairwise(marks):
            model.advance(high - low, corner.speed, corner.spray.at(low))
        reading = model.read()
        sizes = (reading.d10, reading.d50, reading.d90)
        rows.append([*sizes, reading.porosity, reading.moisture, model.clamped_share()])
    return np.array(rows)


def _marks(begin: float, end: float, steps: Steps) -> list[float]:
    return [begin, *(time for time in steps.times if begin < time < end), end]


def _errors(values: Sequence[Floats], references: Sequence[Floats], dries: bool) -> ErrorTerms:
    """What few classes cost; moisture is a balance where nothing dries."""
    moisture = _absolute_error(values, references, 4) if dries else 0.0
    porosity = _absolute_error(values, references, 3)
    return ErrorTerms(_size_errors(values, references), porosity=porosity, moisture=moisture)


def _size_errors(values: Sequence[Floats], references: Sequence[Floats]) -> tuple[float, float, float]:
    """Root mean square over time of the relative errors of d10, d50, d90, of the worst corner."""
    errors = [np.log(value[:, :3] / reference[:, :3]) for value, reference in zip(values, references)]
    worst = np.max([np.sqrt(np.mean(error**2, axis=0)) for error in errors], axis=0)
    return float(worst[0]), float(worst[1]), float(worst[2])


def _absolute_error(values: Sequence[Floats], references: Sequence[Floats], column: int) -> float:
    errors = [value[:, column] - reference[:, column] for value, reference in zip(values, references)]
    return float(max(np.sqrt(np.mean(error**2)) for error in errors))


def _choose_members(
    description: Description,
    exchange: Exchange,
    case: PbmCase,
    corners: Sequence[Corner],
    times: Floats,
    count: int,
    compiled: bool,
) -> Members:
    def outputs(coefficients: Floats) -> Floats:
        law = with_coefficients(description.laws[0], list(coefficients), case.breakage.on)
        model = ReducedModel(replace(description, laws=(law,)), compiled)
        rows = np.concatenate([_run(model, corner, times)[:, :4] for corner in corners])
        rows[:, :3] = np.log(rows[:, :3])
        return rows.ravel()

    return leading_members(exchange.coefficients(), exchange.covariance(), outputs, count)


def _record(
    exchange: Exchange,
    description: Description,
    corners: Sequence[Corner],
    tried: Sequence[tuple[Description, ErrorTerms]],
    frozen_measured: bool,
) -> dict[str, object]:
    return {
        "windows": list(exchange.windows),
        "parcel_law": exchange.parcel_law,
        "scale_factors": list(exchange.scales),
        "fit": {name: term.quality for name, term in exchange.terms.items()},
        "reference_classes": FINE_CLASSES,
        "grids_tried": [
            {"classes": one.classes, "relative_errors": list(terms.discretisation)} for one, terms in tried
        ],
        "corners": [{"speed": corner.speed, "spray": list(corner.spray.values)} for corner in corners],
        "log_growth_span": log(max(description.law.d50_grown / description.law.d50_feed, 1.0)),
        "frozen_kernel_measured": frozen_measured,
    }
