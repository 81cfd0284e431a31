"""Population balances of wet granulation: size distributions and their change.

    import json, pbm
    case = pbm.PbmCase.model_validate({
        "feed": {"distribution": "feed.csv", "charge": 0.1},
        "liquid": {"spray": {"rate": "0.33 g/s", "end": "60 s"}},
        "end": "120 s",
    })
    law = pbm.KernelLaw.from_dict(json.load(open("law.json")))
    result = pbm.Granulation(case, law).simulate(speed=100.0)
    print(result.d50[-1], result.worst_imbalance)
    result.save("distribution.h5")

Names are loaded when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "Accuracy": "pbm.solve",
    "FixedRule": "pbm.granulation",
    "Granulation": "pbm.granulation",
    "GranulationResult": "pbm.result",
    "Grid": "pbm.grid",
    "KernelLaw": "pbm.law",
    "PbmCase": "pbm.case",
    "Steps": "pbm.solve",
    "diameter_grid": "pbm.grid",
    "geometric_grid": "pbm.grid",
    "read_distribution": "pbm.distribution",
    "solve": "pbm.solve",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'pbm' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(_HOME)
