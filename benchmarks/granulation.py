"""Time of a granulation in one coordinate: 40 classes, every mechanism on, 600 s.

    python -m benchmarks.granulation [--rounds 9]

12 g of liquid are sprayed on 100 g of the lactose blend of cases/high-shear-granulator in a minute, which is stirred
for ten. The law is one of plausible size for such a bowl, stated here, so that no particle simulation is needed: shear
of 50 1/s, pair speeds of 15 mm/s that grow with size, two hits of a blade a second. Processor time of the one thread,
compilation excluded. Results go to benchmarks/results/granulation.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from math import log
from pathlib import Path
from typing import Any

from benchmarks.reference_granulator import right_hand_side
from pbm.case import PbmCase
from pbm.granulation import Granulation
from pbm.law import KernelLaw
from pbm.solve import Accuracy

HERE = Path(__file__).resolve().parent
FEED = HERE.parent / "cases" / "high-shear-granulator" / "feed.csv"
SPEED = 100.0
"""Of the impeller [rad/s]."""
TOLERANCES = (1e-4, 1e-3)
"""The default, and a coarse one."""
EXACT = 1e-6
"""Tolerance of the run that the others are compared with."""
LAW = KernelLaw(
    encounters=(log(50.0 / 6.0), 1.0, -0.2, 0.1),
    pair_speed=(log(0.015), 1.0, 0.5, 1.2),
    pair_speed_shape=1.5,
    blade_hits=(log(2.0), 1.0, 0.5, 0.1),
    blade_share_scale=0.5,
    blade_share_shape=2.0,
    reference_speed=SPEED,
    tip_radius=0.0114,
    size_ratio_low=0.2,
    size_ratio_high=5.0,
    d50_feed=78e-6,
    d50_grown=312e-6,
    speed_low=75.0,
    speed_high=135.0,
)
CASE: dict[str, Any] = {
    "feed": {"distribution": str(FEED), "charge": "100 g", "moisture": 0.01, "porosity": 0.45},
    "grid": {"classes": 40},
    "liquid": {
        "spray": {"rate": "0.2 g/s", "end": "60 s"},
        "drop_diameter": "200 um",
        "penetration_time": "0.1 s",
    },
    "breakage": {"form": "with-pi"},
    "efficiency": 0.003,
    "end": "600 s",
}


def timed(model: Granulation, tolerance: float, rounds: int, exact: float) -> dict[str, Any]:
    """Median processor time of a run [ms], its steps, the error of the last d50 and the worst one of a balance."""
    times = []
    for _ in range(rounds):
        began = time.thread_time()
        result = model.simulate(SPEED, accuracy=Accuracy(tolerance))
        times.append(1e3 * (time.thread_time() - began))
    return {
        "tolerance": tolerance, "milliseconds": statistics.median(times), "least": min(times), "most": max(times),
        "steps": len(result.steps), "d50_um": 1e6 * float(result.d50[-1]),
        "d50_error_percent": 100.0 * (float(result.d50[-1]) / exact - 1.0),
        "worst_imbalance": max(result.worst_imbalance),
    }  # fmt: skip


def main() -> None:
    """Measure, print and store."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    model = Granulation(PbmCase.model_validate(CASE), LAW)
    exact = model.simulate(SPEED, accuracy=Accuracy(EXACT))
    rows = [timed(model, tolerance, rounds, float(exact.d50[-1])) for tolerance in TOLERANCES]
    slope = right_hand_side(model, exact.states[5], 2e-4)
    for row in rows:
        print("  ".join(f"{key} {value:.4g}" for key, value in row.items()))
    print(f"right-hand side while sprayed on {slope:.1f} us")
    found = {
        "date": time.strftime("%Y-%m-%d"), "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "classes": 40, "seconds": 600, "runs": rows, "right_hand_side_us": slope,
    }  # fmt: skip
    (HERE / "results" / "granulation.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
