"""What the particles of a case stand for: the `parcels:` part of a case."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from compute.case_model import CaseModel, OneOf
from compute.quantities import Number
from dem.parcels import PARCEL_LAWS


class Parcels(CaseModel):
    """Particles that stand for smaller grains; a case without this section moves the grains themselves.

    Attributes:
        scale_factor: s, diameter of a parcel over that of the grains it stands for [-].
        law: which powers of s carry what is measured over to the grains; `inertial`: rate constants b/s^3, speeds of
            pairs v/s, impact speeds on walls as they are, hits of a wall per particle and second over s.
    """

    scale_factor: Annotated[Number, Field(ge=1)]
    law: Annotated[str, OneOf(PARCEL_LAWS)] = "inertial"
