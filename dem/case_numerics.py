"""How numbers are computed: the `numerics:` part of a case."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator

from compute.case_model import CaseModel, closest, invalid

Arithmetic = Literal["exact", "fast"]
Precision = Literal["double", "mixed"]


class Numerics(CaseModel):
    """Arithmetic and precision; one word alone in the place of both sets the key that it belongs to.

    Attributes:
        arithmetic: `exact` keeps IEEE arithmetic throughout, `fast` lets the compiler contract and approximate.
        precision: `double` computes in 64 bits throughout; `mixed` computes the forces of contacts from their overlaps
            and relative velocities in 32 bits, and what contacts remember, while positions, overlaps, velocities, sums
            of forces and statistics stay in 64.
    """

    arithmetic: Arithmetic = "exact"
    precision: Precision = "double"

    @property
    def mixed(self) -> bool:
        """Whether contacts are computed in 32 bits."""
        return self.precision == "mixed"

    @property
    def fast(self) -> bool:
        """Whether the compiler may contract operations."""
        return self.arithmetic == "fast"

    def __str__(self) -> str:
        return f"{self.arithmetic} arithmetic, {self.precision} precision"


def _from_word(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    words = {"arithmetic": get_args(Arithmetic), "precision": get_args(Precision)}
    for key, known in words.items():
        if value in known:
            return {key: value}
    every = [word for known in words.values() for word in known]
    raise invalid("nothing is computed so", value=value, expected=", ".join(every), nearest=closest(value, every))


NumericsChoice = Annotated[Numerics, BeforeValidator(_from_word, json_schema_input_type=Numerics | str)]
