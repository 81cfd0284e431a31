"""The programs of the population balance: right-hand side and integrations for one choice of laws.

A program is put together from plain functions. Asked for compiled, the same text goes through numba once per choice of
laws and is kept in the cache folder of this version of the sources.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

from compute.case_model import closest
from compute.errors import CaseError
from compute.physics import physics, routine
from pbm import aggregation, breakage
from pbm.aggregation import KERNELS, STICKING_LAWS
from pbm.grid import Floats
from pbm.integrate import make_advance, make_fixed_rule, make_trial
from pbm.model import Conditions, Granule, Parameters, Parent, Stated, Tables, Workspace
from pbm.right_hand_side import absorb, make_change, make_prepare
from pbm.schemes.cell_average import make_pool, make_row
from pbm.schemes.fragments import make_selection
from pbm.selection import SELECTIONS


class Program(NamedTuple):
    """Three entry points with the same laws; `pbm.integrate` states the arguments of the last two.

    `right_hand_side(state, speed, spray, parameters, tables, work, change, booked)` fills `change` and `booked`.
    """

    right_hand_side: Callable[..., None]
    advance: Callable[..., tuple[int, float, float, int]]
    fixed_rule: Callable[..., tuple[int, int]]


def rate_law(name: str) -> Callable[..., float]:
    """Rate constant by name, `law(first, second, conditions, parameters, stated)`."""
    fitted = aggregation.FITTED_LAWS
    law = _named_law(name, fitted | {key: f"{module}:rate_constant" for key, module in KERNELS.items()}, "aggregation")

    @physics
    def with_parameters(
        first: Granule, second: Granule, conditions: Conditions, parameters: Parameters, stated: Stated
    ) -> float:
        return law(first, second, conditions, parameters)

    @physics
    def with_coefficients(
        first: Granule, second: Granule, conditions: Conditions, parameters: Parameters, stated: Stated
    ) -> float:
        return stated.scale * law(first, second, conditions, stated.coefficients)

    return with_parameters if name in fitted else with_coefficients


def sticking_law(name: str) -> Callable[..., float]:
    """Sticking law by name, `law(first, second, conditions, parameters)`."""
    return _named_law(name, STICKING_LAWS, "sticking")


def selection_law(name: str) -> Callable[..., float]:
    """Breakage rate by name, `law(parent, conditions, parameters, stated)`."""
    fitted = breakage.FITTED_LAWS
    law = _named_law(name, fitted | {key: f"{module}:rate" for key, module in SELECTIONS.items()}, "breakage")

    @physics
    def with_parameters(parent: Parent, conditions: Conditions, parameters: Parameters, stated: Stated) -> float:
        return law(parent, conditions, parameters)

    @physics
    def with_coefficients(parent: Parent, conditions: Conditions, parameters: Parameters, stated: Stated) -> float:
        return stated.scale * law(parent, conditions, stated.coefficients)

    return with_parameters if name in fitted else with_coefficients


def _named_law(name: str, table: dict[str, str], key: str) -> Callable[..., float]:
    if name not in table:
        raise CaseError(
            "no such law", key=key, value=name, expected="one of: " + ", ".join(table), nearest=closest(name, table)
        )
    module, function = table[name].split(":")
    law: Callable[..., float] = getattr(import_module(module), function)
    return law


def _make_right_hand_side(
    prepare: Callable[..., tuple[float, float]], change_of: Callable[..., None]
) -> Callable[..., None]:
    def right_hand_side(
        state: Floats,
        speed: float,
        spray: float,
        parameters: Parameters,
        tables: Tables,
        work: Workspace,
        change: Floats,
        booked: Floats,
    ) -> None:
        prepare(state, speed, spray, parameters, tables, work, False)
        change_of(state, spray, parameters, tables, work, change, booked)
        absorb(state, 0.0, work, change, booked)

    return right_hand_side


@cache
def load_program(rate: str = "dem", sticking: str = "stokes", selection: str = "impact") -> Program:
    """Plain Python program for laws by name; CaseError for an unknown name, with the nearest."""
    pool = routine(make_pool(physics(make_row(rate_law(rate), sticking_law(sticking)))))
    breaking = routine(make_selection(selection_law(selection)))
    prepare, change_of = routine(make_prepare(pool, breaking)), routine(make_change(pool))
    trial = routine(make_trial(prepare, change_of))
    whole = _make_right_hand_side(prepare, change_of)
    return Program(whole, make_advance(prepare, trial), make_fixed_rule(prepare, change_of))


@cache
def compile_program(rate: str = "dem", sticking: str = "stokes", selection: str = "impact") -> Program:
    """The same program compiled: IEEE arithmetic without fast-math, so that it repeats plain Python to the bit."""
    from numba import njit

    from compute.cache import use_cache_folder
    from compute.nested import LoopCompiler
    from compute.physics import register_laws

    use_cache_folder()
    plain = load_program(rate, sticking, selection)
    register_laws()
    return Program(
        *(
            njit(cache=True, nogil=True, error_model="numpy", pipeline_class=LoopCompiler)(_make_entry(routine(part)))
            for part in plain
        )
    )


def _make_entry(part: Callable[..., Any]) -> Callable[..., Any]:
    """Entry point of a compiled part: below it every routine is compiled once, with one set of options."""

    def entry(*arguments: Any) -> Any:
        return part(*arguments)

    return entry
