"""The composition of contact and rolling into the one law that the loops evaluate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compute.physics import physics
from dem.contact import CONTACT_LAWS
from dem.contact.law import ContactLaw, Elasticity, PairProperties
from dem.rolling import ROLLING_LAWS
from dem.rolling.law import RollingLaw
from dem.touch import Touch, Wrench


@dataclass(frozen=True)
class Interaction:
    """A contact law and a rolling law as one.

    law(touch, contact_parameters, rolling_parameters, contact_history, rolling_history) -> (Wrench, contact_history,
    rolling_history). History and parameters of the rolling law follow the contact law's in every table.
    """

    contact: ContactLaw
    rolling: RollingLaw
    law: Callable[..., Any]

    @property
    def parameter_count(self) -> int:
        """Number of values a material pair has."""
        return self.contact.parameter_count + self.rolling.parameter_count

    @property
    def history_size(self) -> int:
        """Number of values a contact carries from step to step."""
        return self.contact.history_size + self.rolling.history_size

    def table(self, materials: list[Elasticity], pairs: dict[tuple[int, int], PairProperties]) -> NDArray[np.float64]:
        """Return the parameters of every ordered pair, shape (material_count^2, parameter_count); absent pairs 0."""
        count = len(materials)
        table = np.zeros((count * count, max(1, self.parameter_count)))
        for (i, j), pair in pairs.items():
            row = self.contact.parameters_of(materials[i], materials[j], pair)
            row += self.rolling.parameters_of(materials[i], materials[j], pair)
            table[i * count + j, : len(row)] = row
            table[j * count + i, : len(row)] = row
        return table


@cache
def make_interaction(contact: str, rolling: str) -> Interaction:
    """Compose the contact law and the rolling law of these names."""
    contact_law, rolling_law = CONTACT_LAWS[contact], ROLLING_LAWS[rolling]
    force, moment = contact_law.force, rolling_law.moment

    @physics
    def law(
        touch: Touch, contact_parameters: Any, rolling_parameters: Any, contact_history: Any, rolling_history: Any
    ) -> Any:
        normal, fx, fy, fz, loss, contact_next = force(touch, contact_parameters, contact_history)
        mx, my, mz, heat, rolling_next = moment(touch, normal, rolling_parameters, rolling_history)
        return Wrench(normal, fx, fy, fz, mx, my, mz, loss + heat), contact_next, rolling_next

    return Interaction(contact_law, rolling_law, law)
