"""Shear boxes of parcels: which measured quantities follow the parcel law, and which do not.

    python -m benchmarks.shear_boxes [--scales 1 2 4] [--modulus scaled|kept]

The same box, shear rate, solids fraction, friction and restitution; diameters times s. `scaled`: Young's modulus times
s^2, so that overlaps over diameters are the same; `kept`: the same modulus. Beside it a bed settled under gravity in a
box of the same size. Results go to benchmarks/results/ as JSON, a table to the screen.
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from compute import get_backend
from compute.base import Backend
from dem.case import DemCase
from dem.case_particles import Box
from dem.contact_forces import contacts_of
from dem.engine import Engine
from dem.free_surface import shares_inside
from dem.observation import by_id
from dem.parcels import parcel_law
from dem.particles import MASS, RADIUS, VX, X, Y
from dem.results import scatter
from dem.simulation import Simulation

Array = NDArray[np.float64]

FILE = Path(__file__).resolve().parent / "results" / "shear-boxes.json"
DIAMETER, DENSITY, MODULUS = 1e-3, 1500.0, 1.25e6
EDGE, SOLIDS, SHEAR_RATE = 18e-3, 0.5, 50.0
SPIN_UP, BLOCK, BLOCKS = 10.0, 3.0, 10
"""Strains before anything is counted, strains in a block, blocks."""
SAMPLES = 20
"""Looks at the stress in a block."""


class Value(NamedTuple):
    """A mean over blocks and its standard error, SI."""

    value: float
    error: float


def materials(scale: float, kept: bool) -> dict[str, Any]:
    """Return solids, laws and classes of a case of parcels of this scale."""
    modulus = MODULUS * (1.0 if kept else scale**2)
    return {
        "materials": {"grain": {"density": DENSITY, "youngs_modulus": modulus, "poisson_ratio": 0.25}},
        "pairs": [{"between": ["grain", "grain"], "restitution": 0.7, "friction": 0.5, "rolling_friction": 0.0}],
        "contact": {"law": "hertz-mindlin", "tangential": "liggghts", "rolling": "constant-torque"},
        "classes": [{"name": "parcel", "diameter": DIAMETER * scale, "material": "grain"}],
    }


def shear_case(scale: float, kept: bool = False, edge: float = EDGE, blocks: int = BLOCKS) -> DemCase:
    """Return the sheared box; a packing at the start, which the spin-up makes forget itself."""
    source = {"kind": "packing", "region": {"shape": "box", "low": [0, 0, 0], "high": [edge] * 3},
              "solids_fraction": SOLIDS, "shares": {"of": {"parcel": 1.0}},
              "spread": SHEAR_RATE * DIAMETER * scale}  # fmt: skip
    return DemCase.model_validate(
        materials(scale, kept)
        | {
            "gravity": [0, 0, 0],
            "domain": {"low": [0, 0, 0], "high": [edge] * 3, "periodic": ["x", "y", "z"], "shear_rate": SHEAR_RATE},
            "particles": [source],
            "time": {"spin_up": SPIN_UP / SHEAR_RATE},
            "statistics": {"block": BLOCK / SHEAR_RATE, "blocks": blocks, "speed_range": [1e-5, 10.0]},
        }
    )


def bed_case(scale: float, kept: bool = False) -> DemCase:
    """Return a bed that settles in a box, periodic at its sides, as deep as the sheared box is wide."""
    high = [EDGE, EDGE, 2.5 * EDGE]
    source = {"kind": "packing", "region": {"shape": "box", "low": [0, 0, 0.1 * EDGE], "high": high},
              "solids_fraction": 0.26, "shares": {"of": {"parcel": 1.0}}}  # fmt: skip
    floor = {"name": "floor", "material": "grain", "shape": "plane", "point": [0, 0, 0], "normal": [0, 0, 1]}
    return DemCase.model_validate(
        materials(scale, kept)
        | {"domain": {"low": [0, 0, -0.1 * EDGE], "high": high, "periodic": ["x", "y"]}, "walls": [floor],
           "particles": [source], "time": {"end": 0.5}}
    )  # fmt: skip


class Sheared:
    """A box while it is sheared: what is looked at on the way. It begins with the shear in its velocities."""

    def __init__(self, case: DemCase, backend: Backend, seed: int) -> None:
        self.simulation, self.edge = Simulation(case, backend, seed), case.domain.high[1]
        self.block = BLOCK / SHEAR_RATE
        row = self.simulation.engine.particles.row
        row[:, VX] += SHEAR_RATE * (row[:, Y] - 0.5 * self.edge)

    def measure(self) -> dict[str, Value]:
        """Run to the end and return the quantities by name."""
        simulation = self.simulation
        schedule = simulation.setup.schedule
        assert schedule is not None
        simulation.advance(schedule.first)
        rows: list[dict[str, float]] = []
        for block in range(schedule.blocks):
            rows.append(self._block(schedule.first + block * schedule.block_steps, schedule.block_steps))
        found = {name: Value(float(np.mean(column)), scatter(np.array(column)))
                 for name, column in ((name, [row[name] for row in rows]) for name in rows[0])}  # fmt: skip
        statistics = simulation.run()
        assert statistics is not None
        rate, (speed, _) = statistics.encounter_rate(), statistics.speed_moments()
        at = (0, 0, 0)
        found["encounter rate constant"] = Value(float(rate.value[at]), math.sqrt(float(rate.variance[at])))
        found["pair speed"] = Value(float(speed.value[at]), float(speed.standard_error[at]))
        friction = found["shear stress"].value / found["normal stress"].value
        residual = np.array([row["shear stress"] - friction * row["normal stress"] for row in rows])
        found["friction"] = Value(friction, scatter(residual) / found["normal stress"].value)
        return found

    def _block(self, first: int, steps: int) -> dict[str, float]:
        engine, looks = self.simulation.engine, []
        gone = np.zeros(engine.size)
        before = by_id(engine.host_particles()).row[:, Y].copy()
        for look in range(1, SAMPLES + 1):
            self.simulation.advance(first + steps * look // SAMPLES)
            now = by_id(engine.host_particles()).row[:, Y].copy()
            gone += (now - before) - self.edge * np.round((now - before) / self.edge)
            before = now
            looks.append(self._stress(engine))
        normal, shear, temperature, touching = np.mean(looks, axis=0)
        return {"normal stress": normal, "shear stress": shear, "granular temperature": temperature,
                "coordination": touching,
                "self-diffusion": float(gone.var() / (2.0 * self.block))}  # fmt: skip

    def _stress(self, engine: Engine) -> tuple[float, float, float, float]:
        """Return -sigma_yy, |sigma_xy| [Pa], the variance of a velocity component [m2/s2], contacts of a particle."""
        row, contacts = engine.host_particles().row, contacts_of(engine)
        place = row[:, Y] - 0.5 * self.edge
        fluctuation = row[:, VX : VX + 3].copy()
        fluctuation[:, 0] -= SHEAR_RATE * place
        fluctuation -= fluctuation.mean(axis=0)
        kinetic = np.einsum("i,ia,ib->ab", row[:, MASS], fluctuation, fluctuation)
        stress = (np.einsum("ca,cb->ab", contacts.force, contacts.branch) - kinetic) / self.edge**3
        touching = 2.0 * len(contacts.slot) / engine.size
        return -stress[1, 1], abs(0.5 * (stress[0, 1] + stress[1, 0])), float((fluctuation**2).mean()), touching


def bed_density(case: DemCase, backend: Backend, seed: int) -> Value:
    """Return the solids fraction of a settled bed between 0.25 and 0.75 edges of its floor; error: of its halves."""
    simulation = Simulation(case, backend, seed)
    simulation.run()
    row = simulation.engine.host_particles().row
    found = []
    for low, high in ((0.25, 0.5), (0.5, 0.75)):
        region = Box(shape="box", low=(0.0, 0.0, low * EDGE), high=(EDGE, EDGE, high * EDGE))
        shares = shares_inside(region, case.domain, row[:, X : X + 3], row[:, RADIUS])
        found.append(float(shares @ (4.0 / 3.0 * np.pi * row[:, RADIUS] ** 3)) / region.volume)
    return Value(float(np.mean(found)), scatter(np.array(found)))


EXPONENTS = {
    "encounter rate constant": -parcel_law("inertial").rate_constant,
    "pair speed": -parcel_law("inertial").pair_speed,
    "granular temperature": 2.0,
    "normal stress": 2.0,
    "shear stress": 2.0,
    "friction": 0.0,
    "coordination": 0.0,
    "self-diffusion": 2.0,
    "bed solids fraction": 0.0,
}
"""Power of s that each quantity of hard grains in inertial shear follows, by dimensions."""


def measure(scale: float, kept: bool, backend: Backend, seed: int = 1) -> dict[str, Value]:
    """Return all quantities of parcels of one scale."""
    found = Sheared(shear_case(scale, kept), backend, seed).measure()
    found["bed solids fraction"] = bed_density(bed_case(scale, kept), backend, seed)
    return found


def scaled(found: dict[str, Value], scale: float) -> dict[str, Value]:
    """Return the quantities of the grains that the parcels stand for: over s to the power of each."""
    return {name: Value(*(number / scale ** EXPONENTS[name] for number in value)) for name, value in found.items()}


def main() -> None:
    """Measure, store and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--scales", type=float, nargs="+", default=[1.0, 2.0, 4.0])
    parser.add_argument("--modulus", choices=["scaled", "kept"], default="scaled")
    parser.add_argument("--out", type=Path, default=FILE)
    options = parser.parse_args()
    stored = json.loads(options.out.read_text()) if options.out.exists() else {}
    for scale in options.scales:
        found = measure(scale, options.modulus == "kept", get_backend("cpu", 1))
        stored[f"{options.modulus} {scale:g}"] = {name: value._asdict() for name, value in found.items()}
        options.out.write_text(json.dumps(stored, indent=1) + "\n")
        print(f"s = {scale:g}, modulus {options.modulus}")
        for name, value in scaled(found, scale).items():
            print(f"  {name:26} over s^{EXPONENTS[name]:g}: {value.value:.5g} +- {value.error:.2g}")


if __name__ == "__main__":
    main()
