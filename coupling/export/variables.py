"""The variables of an exported model: names, references, units, ranges; one list for C, XML and the card."""

from __future__ import annotations

from dataclasses import dataclass

from coupling.reduced.description import Description
from coupling.reduced.flags import MEANINGS, Flag

KINDS = ("input", "fixed", "tunable", "output")


@dataclass(frozen=True)
class Variable:
    """A variable, or a row of them, one a class.

    Args:
        name: without index. reference: value reference of the first. count: how many, 1 for a scalar.
        kind: input, fixed or tunable parameter, or output. unit: "" for a pure number.
        description: one sentence. member: place in the C structure `Model`.
        start: start values, for inputs and parameters, (count,). limits: accepted range of these.
        integer: whether it is a whole number.
    """

    name: str
    reference: int
    count: int
    kind: str
    unit: str
    description: str
    member: str
    start: tuple[float, ...] = ()
    limits: tuple[float, float] | None = None
    integer: bool = False

    def scalar_names(self) -> list[str]:
        """Names of its scalars, with one-based index where there are several."""
        return [self.name] if self.count == 1 else [f"{self.name}[{k + 1}]" for k in range(self.count)]

    def scalar_descriptions(self) -> list[str]:
        """Description of each scalar."""
        return [
            self.description if self.count == 1 else f"{self.description}, class {k + 1}" for k in range(self.count)
        ]


def variables_of(description: Description) -> list[Variable]:
    """All variables of a model, in the order of their references."""
    return [*_inputs(description), *_parameters(description), *_outputs(description)]


def _inputs(description: Description) -> list[Variable]:
    limits = description.limits()
    rows = [
        ("impeller_speed", "rad/s", "Impeller speed", "input[SPEED]", description.speed_start),
        ("spray_rate", "kg/s", "Mass of liquid sprayed per second", "input[SPRAY]", description.spray_start),
    ]
    return [
        Variable(name, place, 1, "input", unit, text, member, (start,), limits[name])
        for place, (name, unit, text, member, start) in enumerate(rows)
    ]


def _parameters(description: Description) -> list[Variable]:
    limits = description.limits()
    rows = [
        ("charge", "fixed", "kg", "Mass of dry solids"),
        ("feed_moisture", "fixed", "", "Liquid over dry solids of the feed, by mass"),
        ("kernel_scale", "tunable", "", "Correction factor on the encounter rate"),
        ("efficiency", "tunable", "", "Share of wet touches below the critical speed that bind"),
        ("breakage_scale", "tunable", "", "Correction factor on the rate of blade hits"),
    ]
    scalars = [
        Variable(name, 10 + place, 1, kind, unit, text, f"settings.{name}", (getattr(description, name),), limits[name])
        for place, (name, kind, unit, text) in enumerate(rows)
    ]
    fractions = tuple(float(value) for value in description.feed_fractions)
    text = "Share of the feed's solid volume; all together are scaled to one"
    member, count = "settings.feed_fraction[0]", description.classes
    return [
        *scalars,
        Variable("feed_fraction", 100, count, "fixed", "", text, member, fractions, limits["feed_fraction"]),
    ]


def _outputs(description: Description) -> list[Variable]:
    rows = [
        ("d10", "m", "Diameter below which 10 % of the granule volume lies"),
        ("d50", "m", "Median diameter by granule volume"),
        ("d90", "m", "Diameter below which 90 % of the granule volume lies"),
        ("moisture", "", "Liquid over dry solids, by mass"),
        ("porosity", "", "Pores over granule volume"),
    ]
    values, errors = [], []
    for place, (name, unit, text) in enumerate(rows):
        member = name.upper()
        values.append(Variable(name, 200 + place, 1, "output", unit, text, f"value[{member}]"))
        label = f"Standard error of {name}"
        errors.append(Variable(f"{name}_error", 400 + place, 1, "output", unit, label, f"error[{member}]"))
    count = description.classes
    fraction = Variable("fraction", 300, count, "output", "", "Share of the granule volume", "value[0]")
    fraction_error = Variable("fraction_error", 500, count, "output", "", "Standard error of fraction", "error[0]")
    bits = "; ".join(f"{bit.value}: {MEANINGS[bit]}" for bit in Flag)
    flag = Variable("flag", 600, 1, "output", "", f"Sum of conditions of the latest step. {bits}", "flag", integer=True)
    return [*values, fraction, *errors, fraction_error, flag]
