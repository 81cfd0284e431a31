"""What an adhesion law has to state about itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dem.contact.law import Elasticity, PairProperties


@dataclass(frozen=True)
class AdhesionLaw:
    """An adhesion law: its pull, its parameters and what it asks of the case.

    pull(touch, parameters) -> (overlap that the contact law is given [m], attraction [N]); parameters_of(first, second,
    pair) makes the parameters of a material pair. needs: the property of a pair that the law cannot do without.
    separation(effective radius [m], parameters) -> gap up to which touched surfaces stay in contact [m]; None where
    the law acts in overlap alone; cycle(effective radius [m], parameters) -> energy [J] that the motion then loses from
    the first touch until the contact tears off. hertzian: whether it builds on Hertz's contact radius.
    """

    name: str
    pull: Callable[..., Any]
    parameters_of: Callable[[Elasticity, Elasticity, PairProperties], tuple[float, ...]]
    parameter_count: int
    needs: str | None = None
    separation: Callable[..., float] | None = None
    cycle: Callable[..., float] | None = None
    hertzian: bool = False
