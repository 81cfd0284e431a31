"""One law in place of several of its kind, where materials differ in which of them acts.

The first parameter of a pair of materials is the number of its law, the others are those of that law; parameters and
history have room for the longest of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeVar

from compute.physics import physics
from compute.tuples import make_part
from dem.adhesion.law import AdhesionLaw
from dem.contact.law import ContactLaw, Elasticity, PairProperties, no_shear
from dem.rolling.law import RollingLaw
from dem.touch import Touch
from dem.twisting.law import TwistingLaw

Law = TypeVar("Law", ContactLaw, AdhesionLaw, RollingLaw, TwistingLaw)
Functions = tuple[Callable[..., Any], ...]


def choice_of(laws: Sequence[Law]) -> Law:
    """Return one law for pairs of materials of which each has one of these, named in `PairProperties.laws`.

    Raises:
        ValueError: contact laws that take velocity or torque at different arms, which is done once for all pairs.
    """
    first, *others = laws
    if not others:
        return first
    make: Any = {
        ContactLaw: _contact_choice, AdhesionLaw: _adhesion_choice, RollingLaw: _rolling_choice,
        TwistingLaw: _twisting_choice,
    }[type(first)]  # fmt: skip
    return make(tuple(laws))  # type: ignore[no-any-return]


def arms(law: ContactLaw) -> tuple[float, float, float]:
    """Return where a contact law takes velocities and torques, as shares of the overlap [-]."""
    return law.velocity_arm, law.torque_arm, law.wall_torque_arm


@cache
def _contact_choice(laws: tuple[ContactLaw, ...]) -> ContactLaw:
    if len(set(map(arms, laws))) > 1:
        names = " and ".join(law.name for law in laws)
        raise ValueError(f"{names} take the velocity of the surfaces at different places")
    of_law = _remembering_choice(tuple(map(_force_of, laws)), _counts(laws), _sizes(laws), max(_sizes(laws)))

    @physics
    def force(touch: Touch, parameters: Any, history: Any) -> Any:
        (normal, fx, fy, fz, loss), memory = of_law((touch, 0.0, 0.0, 0.0), parameters, history)
        return normal, fx, fy, fz, loss, memory

    shear = _value_choice(tuple(law.shear or no_shear for law in laws), _counts(laws))
    return ContactLaw(
        *_common(laws, force, "contact"), *arms(laws[0]), max(law.overlap_limit for law in laws), shear,
        any(law.hertzian for law in laws),
    )  # fmt: skip


@cache
def _adhesion_choice(laws: tuple[AdhesionLaw, ...]) -> AdhesionLaw:
    counts, beyond = _counts(laws), any(law.separation for law in laws)
    separation = _value_choice(tuple(law.separation or _nothing for law in laws), counts)
    cycle = _value_choice(tuple(law.cycle or _nothing for law in laws), counts)
    return AdhesionLaw(
        _names(laws), _value_choice(tuple(law.pull for law in laws), counts), _parameters_of(laws, "adhesion"),
        1 + max(counts), separation=separation if beyond else None, cycle=cycle if beyond else None,
        hertzian=any(law.hertzian for law in laws),
    )  # fmt: skip


@cache
def _rolling_choice(laws: tuple[RollingLaw, ...]) -> RollingLaw:
    of_law = _remembering_choice(tuple(map(_rolling_moment_of, laws)), _counts(laws), _sizes(laws), max(_sizes(laws)))

    @physics
    def moment(touch: Touch, normal: float, stiffness: float, parameters: Any, history: Any) -> Any:
        (mx, my, mz, loss), memory = of_law((touch, normal, stiffness, 0.0), parameters, history)
        return mx, my, mz, loss, memory

    return RollingLaw(*_common(laws, moment, "rolling"), elastic=any(law.elastic for law in laws))


@cache
def _twisting_choice(laws: tuple[TwistingLaw, ...]) -> TwistingLaw:
    of_law = _remembering_choice(tuple(map(_twisting_moment_of, laws)), _counts(laws), _sizes(laws), max(_sizes(laws)))

    @physics
    def moment(touch: Touch, normal: float, stiffness: float, damping: float, parameters: Any, history: Any) -> Any:
        (mx, my, mz, loss), memory = of_law((touch, normal, stiffness, damping), parameters, history)
        return mx, my, mz, loss, memory

    return TwistingLaw(*_common(laws, moment, "twisting"), elastic=any(law.elastic for law in laws))


def _counts(laws: tuple[Any, ...]) -> tuple[int, ...]:
    return tuple(law.parameter_count for law in laws)


def _sizes(laws: tuple[Any, ...]) -> tuple[int, ...]:
    return tuple(law.history_size for law in laws)


def _names(laws: tuple[Any, ...]) -> str:
    return " or ".join(law.name for law in laws)


def _common(
    laws: tuple[Any, ...], function: Callable[..., Any], kind: str
) -> tuple[str, Callable[..., Any], Callable[..., tuple[float, ...]], int, int]:
    """Return what laws with a history begin with: name, function, parameters, their number, size of the history."""
    return _names(laws), function, _parameters_of(laws, kind), 1 + max(_counts(laws)), max(_sizes(laws))


def _parameters_of(
    laws: tuple[Any, ...], kind: str
) -> Callable[[Elasticity, Elasticity, PairProperties], tuple[float, ...]]:
    names, room = [law.name for law in laws], max(_counts(laws))

    def parameters_of(first: Elasticity, second: Elasticity, pair: PairProperties) -> tuple[float, ...]:
        """Return the number of the pair's law, its parameters, and 0 up to the room of the longest."""
        number = names.index(getattr(pair.laws, kind))
        own = laws[number].parameters_of(first, second, pair)
        return (float(number), *own, *(0.0,) * (room - len(own)))

    return parameters_of


def _value_choice(functions: Functions, counts: tuple[int, ...]) -> Callable[..., Any]:
    """Return `chosen(seen, parameters)`: what the function of the pair's law gives."""
    *others, function = functions
    own, number = make_part(1, counts[-1]), float(len(others))
    if not others:

        @physics
        def first(seen: Any, parameters: Any) -> Any:
            return function(seen, own(parameters))

        return first
    otherwise = _value_choice(tuple(others), counts[:-1])

    @physics
    def chosen(seen: Any, parameters: Any) -> Any:
        return function(seen, own(parameters)) if parameters[0] == number else otherwise(seen, parameters)

    return chosen


def _remembering_choice(
    functions: Functions, counts: tuple[int, ...], sizes: tuple[int, ...], room: int
) -> Callable[..., Any]:
    """Return `chosen(seen, parameters, history)`: values and history that the function of the pair's law gives."""
    *others, function = functions
    own, number = make_part(1, counts[-1]), float(len(others))
    remembered, unused = make_part(0, sizes[-1]), make_part(sizes[-1], room - sizes[-1])

    @physics
    def of_law(seen: Any, parameters: Any, history: Any) -> Any:
        values, memory = function(seen, own(parameters), remembered(history))
        return values, memory + unused(history)

    if not others:
        return of_law
    otherwise = _remembering_choice(tuple(others), counts[:-1], sizes[:-1], room)

    @physics
    def chosen(seen: Any, parameters: Any, history: Any) -> Any:
        if parameters[0] == number:
            return of_law(seen, parameters, history)
        return otherwise(seen, parameters, history)

    return chosen


def _force_of(law: ContactLaw) -> Callable[..., Any]:
    of_law = law.force

    @physics
    def force(seen: Any, parameters: Any, history: Any) -> Any:
        normal, fx, fy, fz, loss, memory = of_law(seen[0], parameters, history)
        return (normal, fx, fy, fz, loss), memory

    return force


def _rolling_moment_of(law: RollingLaw) -> Callable[..., Any]:
    of_law = law.moment

    @physics
    def rolling_moment(seen: Any, parameters: Any, history: Any) -> Any:
        mx, my, mz, loss, memory = of_law(seen[0], seen[1], seen[2], parameters, history)
        return (mx, my, mz, loss), memory

    return rolling_moment


def _twisting_moment_of(law: TwistingLaw) -> Callable[..., Any]:
    of_law = law.moment

    @physics
    def twisting_moment(seen: Any, parameters: Any, history: Any) -> Any:
        mx, my, mz, loss, memory = of_law(seen[0], seen[1], seen[2], seen[3], parameters, history)
        return (mx, my, mz, loss), memory

    return twisting_moment


@physics
def _nothing(radius: float, parameters: Any) -> float:
    return 0.0
