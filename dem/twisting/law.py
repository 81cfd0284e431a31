"""What a twisting law has to state about itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dem.contact.law import Elasticity, PairProperties


@dataclass(frozen=True)
class TwistingLaw:
    """A twisting law: its moment and how many parameters and history values it has.

    moment(touch, normal, stiffness, damping, parameters, history) -> (mx, my, mz, loss, history); parameters_of(first,
    second, pair) makes the parameters of a material pair. elastic: whether it reads the tangential stiffness and
    damping of the contact law.
    """

    name: str
    moment: Callable[..., Any]
    parameters_of: Callable[[Elasticity, Elasticity, PairProperties], tuple[float, ...]]
    parameter_count: int
    history_size: int
    elastic: bool = False
