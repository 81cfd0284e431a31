"""The result of a granulation run: time series, states and balances, kept in one HDF5 file."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from compute.errors import CaseError
from pbm.grid import Floats
from pbm.model import BOOKED, FED_SOLIDS, GAS_OWED, LAYERED, LEFT_SOLIDS, LIQUID_LOST, OVERFLOW_VOLUME, SPRAYED

if TYPE_CHECKING:
    from pbm.granulation import Granulation
    from pbm.inputs import Steps
    from pbm.solve import Solution

UNITS = {
    "time": "s",
    "speed": "rad/s",
    "spray": "kg/s",
    "solid_volume": "m3",
    "edge_solid_volume": "m3",
    "d10": "m",
    "d50": "m",
    "d90": "m",
    "d32": "m",
    "d43": "m",
    "top_class_loss": "m3",
    "spray_lost": "m3",
    "kept_back": "m3",
}
NAMED_LOSS = 1e-3
"""Share of the solids grown past the top class above which the user is warned."""
SERIES = ("d10", "d50", "d90", "d32", "d43", "moisture", "porosity", "top_fraction", "second_share", "moisture_scatter")


@dataclass(frozen=True, eq=False)
class GranulationResult:
    """Series over n output times; SI.

    time, speed, spray: (n,); solid_volume: of a granule of each class (classes,)
    edge_solid_volume: of the classes of sizes, which are the same for one solid (sizes + 1,)
    fractions: by granule volume (n, sizes); d10, d50, d90, d32, d43, moisture, porosity, top_fraction: (n,)
    second_share: of the second solid in all solids (n,), nil where there is none; second_shares: by class (n, sizes)
    second_scatter: standard deviation of that share among granules of a class (n, sizes), if known
    moisture_scatter: standard deviation of the moisture among all granules (n,), moisture_scatters: among those of a
    class (n, sizes), where `liquid.scatter` asks for it
    states: (n, compartments, quantities, classes), quantities as of `pbm.model`
    booked: ledger since the start (n, 23), columns of `pbm.model`; top_class_loss: solid volume of the granules that
    grew past the top class and were put into it (n,)
    spray_lost: liquid that met compartments too empty to catch it (n,)
    kept_back: solid volume that the published outflow has not let out, beside F v/d (n,)
    steps: per accepted step: time, length [s], relative errors of solids, liquid, gas and number
    speed_outside, state_outside, sizes_outside: where the kernel law was used beyond its design (n,)
    """

    time: Floats
    speed: Floats
    spray: Floats
    solid_volume: Floats
    edge_solid_volume: Floats
    fractions: Floats
    d10: Floats
    d50: Floats
    d90: Floats
    d32: Floats
    d43: Floats
    moisture: Floats
    porosity: Floats
    top_fraction: Floats
    second_share: Floats
    second_shares: Floats
    second_scatter: Floats
    moisture_scatter: Floats
    moisture_scatters: Floats
    states: Floats
    booked: Floats
    top_class_loss: Floats
    spray_lost: Floats
    kept_back: Floats
    steps: Floats
    speed_outside: np.ndarray
    state_outside: np.ndarray
    sizes_outside: np.ndarray

    @property
    def first(self) -> int:
        """Place of the first output with powder in it: equipment may start empty."""
        return int(np.argmax(np.isfinite(self.porosity)))

    @property
    def worst_imbalance(self) -> tuple[float, ...]:
        """Largest relative error of solids, liquid, gas and number at any accepted step."""
        return tuple(float(worst) for worst in self.steps[:, 2:].max(axis=0))

    @property
    def warnings(self) -> list[str]:
        """What the user should know: granules beyond the grid, a law used beyond its design."""
        said = []
        charged = float(self.states[0, :, 0].sum(axis=0) @ self.solid_volume)
        share = self.top_class_loss[-1] / (charged + self.booked[-1, FED_SOLIDS])
        if share > NAMED_LOSS:
            grown = (
                f"solids of {share:.2g} of the powder grew past the top class and were kept in it as too many granules"
            )
            said.append(f"{grown}; raise grid.largest_diameter, or the classes of pbm.solids")
        if self.spray_lost[-1] > NAMED_LOSS * (self.spray_lost[-1] + self.booked[-1, SPRAYED]):
            said.append(f"{self.spray_lost[-1]:.2g} m3 of the spray met compartments too empty to catch it")
        if self.booked[-1, LAYERED] > 0.0 and self.top_fraction[-1] > NAMED_LOSS:
            said.append(f"{self.top_fraction[-1]:.2g} of the granule volume is in the top class, where no layers grow")
        said += self._lost_by_published_forms()
        for flag, what in (
            (self.speed_outside, "impeller speed"),
            (self.state_outside, "d50"),
            (self.sizes_outside, "most size ratios"),
        ):
            if flag.any():
                said.append(f"{what} outside the design of the kernel law for {flag.mean():.0%} of the output times")
        return said

    @property
    def published_losses(self) -> dict[str, float]:
        """What published forms that do not balance lost by the end [m3]: liquid, gas, solids kept back."""
        owed, lost = float(self.booked[-1, GAS_OWED]), float(self.booked[-1, LIQUID_LOST])
        return {"liquid": lost, "gas": owed, "solids": float(self.kept_back[-1])}

    def _lost_by_published_forms(self) -> list[str]:
        lost, said = self.published_losses, []
        if lost["liquid"] != 0.0:
            share = lost["liquid"] / float(self.booked[-1, SPRAYED])
            did = "lost" if share > 0.0 else "made"
            volume = abs(lost["liquid"])
            said.append(f"the published liquid addition {did} {volume:.3g} m3 of liquid, {abs(share):.3g} of the spray")
        if lost["gas"] > 0.0:
            said.append(f"the published consolidation took {lost['gas']:.3g} m3 of gas that was not there")
        if lost["solids"] != 0.0:
            said.append(f"the published outflow kept back {lost['solids']:.3g} m3 of solids that F v/d lets out")
        return said

    def save(self, path: Path | str) -> None:
        """Write the file; one dataset per field, with its unit."""
        import h5py

        with h5py.File(path, "w") as file:
            for item in fields(self):
                data = file.create_dataset(item.name, data=getattr(self, item.name))
                data.attrs["unit"] = UNITS.get(item.name, "1")

    @classmethod
    def load(cls, path: Path | str) -> GranulationResult:
        """Read what `save` wrote; CaseError if the file is no such result."""
        import h5py

        try:
            with h5py.File(path, "r") as file:
                return cls(**{item.name: file[item.name][()] for item in fields(cls)})
        except (OSError, KeyError) as error:
            raise CaseError(f"not a result of a population balance: {error}", file=str(path)) from None


def make_result(solution: Solution, model: Granulation, speed: Steps, spray: Steps) -> GranulationResult:
    """Evaluate outputs and flags of every stored state."""
    speeds = np.array([speed.at(time) for time in solution.times])
    values = [model.outputs(state) for state in solution.states]
    flags = [model.flags(state, rate, value) for state, rate, value in zip(solution.states, speeds, values)]
    return GranulationResult(
        time=solution.times,
        speed=speeds,
        spray=np.array([spray.at(time) for time in solution.times]),
        solid_volume=model.cells.solid_volume,
        edge_solid_volume=model.grid.edges,
        fractions=np.array([value.fractions for value in values]),
        second_shares=np.array([value.second_shares for value in values]),
        second_scatter=np.array([value.second_scatter for value in values]),
        moisture_scatters=np.array([value.moisture_scatters for value in values]),
        **{name: np.array([getattr(value, name) for value in values]) for name in SERIES},
        states=solution.states,
        booked=solution.booked.reshape(-1, BOOKED),
        top_class_loss=solution.booked[:, OVERFLOW_VOLUME],
        spray_lost=np.maximum(_sprayed(solution.times, spray, model) - solution.booked[:, SPRAYED], 0.0),
        kept_back=solution.booked[:, LEFT_SOLIDS] * (1.0 / _slowed(model) - 1.0),
        steps=solution.steps,
        speed_outside=np.array([flag.speed_outside for flag in flags]),
        state_outside=np.array([flag.state_outside for flag in flags]),
        sizes_outside=np.array([flag.sizes_outside for flag in flags]),
    )


def _sprayed(times: Floats, spray: Steps, model: Granulation) -> Floats:
    """Liquid that a spray [kg/s] gave off since the first time [m3], (n,)."""
    shares = float(model.tables.spray_share.sum())
    return np.array([shares * spray.integral(times[0], time) for time in times]) / model.parameters.liquid_density


def _slowed(model: Granulation) -> float:
    return 1.0 if model.case.compartments is None else model.case.compartments.slowed
