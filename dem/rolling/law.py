"""What a rolling law has to state about itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dem.contact.law import Elasticity, PairProperties


@dataclass(frozen=True)
class RollingLaw:
    """A rolling law: its moment and how many parameters and history values it has.

    moment(touch, normal, stiffness, parameters, history) -> (mx, my, mz, loss, history); parameters_of(first, second,
    pair) makes the parameters of a material pair. needs: the property of a pair that the law cannot do without.
    elastic: whether it reads the tangential stiffness of the contact law.
    """

    name: str
    moment: Callable[..., Any]
    parameters_of: Callable[[Elasticity, Elasticity, PairProperties], tuple[float, ...]]
    parameter_count: int
    history_size: int
    needs: str | None = None
    elastic: bool = False
