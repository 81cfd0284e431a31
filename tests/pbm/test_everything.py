"""Every mechanism of a granulation in one case, where two that are right alone could be wrong together."""

from __future__ import annotations

from typing import Any

import numpy as np

from pbm.granulation import Granulation
from pbm.model import (
    DISPLACED,
    EVAPORATED,
    FED_SOLIDS,
    FRAGMENTED,
    LAYERED,
    LEFT_SOLIDS,
    MERGED,
    NUCLEI,
    NUMBER,
    SPRAYED,
)
from pbm.solve import Accuracy
from tests.pbm.population import granulation_case
from tests.pbm.test_stated_laws import DEFORMABLE

REGIONS: dict[str, Any] = {
    "names": ["mixer"],
    "lines": [
        {"name": "barrel", "compartments": 2, "length": "0.2 m", "velocity": "4 cm/s", "dispersion": "60 cm^2/s",
         "recycle": {"share": 0.2, "to": "mixer"}}
    ],
    "exchange": [{"from": "mixer", "to": "barrel-1", "rate": 0.3}, {"from": "barrel-1", "to": "mixer", "rate": 0.05}],
    "feeds": [{"name": "powder", "to": "mixer", "rate": [{"time": 0.5, "rate": 0.01}, {"time": 1.5, "rate": 0.004}]}],
    "charge": {"mixer": 1.0},
    "spray": {"mixer": 0.6, "barrel-1": 0.4},
}  # fmt: skip
WET: dict[str, Any] = {
    "spray": {"rate": "3 g/s", "start": "0.6 s", "end": "1.4 s", "cover": "5 g"},
    "drops": {"median": "120 um", "spread": 0.3},
    "evaporation": "0.01 kg/(m^2 s)",
    "scatter": True,
    "penetration_time": "0.1 s",
}
BREAKING: dict[str, Any] = {
    "rate": {"name": "power", "rate": 0.3, "reference_volume": 1e-12, "exponent": 0.3},
    "fragments": {"name": "erosion", "chip_volume": 1e-15},
    "primary_diameter": "20 um",
}


def test_all_mechanisms_together_balance_at_every_step() -> None:
    """Drops of many sizes, coating, absorption, consolidation, drying, layers, type I and II sticking, erosion, a
    lumped second solid and both scatters, in three compartments with exchange, dispersion, recycle, feed and outlet.

    Solids, second solid, liquid, gas and number to 1e-12 of the total at every accepted step, nothing below nil, every
    mechanism at work; the second solid stays at its share of the powder, which all mechanisms keep.
    """
    case = granulation_case(
        grid={"classes": 10}, end="2 s", compartments=REGIONS, liquid=WET, breakage=BREAKING, efficiency=0.5,
        aggregation={"kernel": {"name": "shear", "shear_rate": "20 1/s"}, **DEFORMABLE},
        second_solid={"name": "api", "scatter": True}, consolidation={"rate": "0.2 1/s"},
        layering={"rate": "20 um/s", "powder_below": "60 um"},
    )  # fmt: skip
    times = np.array([0.0, 1.0, 2.0])
    result = Granulation(case, compiled=False).simulate(times=times, accuracy=Accuracy(1e-3, 1e-2))
    assert len(result.steps) > 5 and max(result.worst_imbalance) <= 1e-12
    assert result.states.min() >= 0.0 and np.all(result.states[-1, :, NUMBER].sum(axis=1) > 0.0)
    events = [MERGED, FRAGMENTED, NUCLEI, SPRAYED, DISPLACED, EVAPORATED, FED_SOLIDS, LEFT_SOLIDS, LAYERED]
    assert np.all(result.booked[-1, events] > 0.0)
    np.testing.assert_allclose(result.second_share, 0.5, rtol=1e-12)
    assert result.moisture_scatter[-1] > result.moisture_scatter[0]
