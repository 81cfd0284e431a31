"""What a reduced model is made of: numbers only, so that a file and a C program can hold it."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compute.errors import CheckpointError
from pbm.assemble import make_tables
from pbm.grid import Grid
from pbm.law import KernelLaw
from pbm.model import Parameters, Tables
from pbm.outputs import CLAMPED_LIMIT

Floats = NDArray[np.float64]

FORMAT_VERSION = 1
PARAMETER_LIMITS: dict[str, tuple[float, float]] = {
    "feed_moisture": (0.0, 1.0),
    "kernel_scale": (0.0, 100.0),
    "efficiency": (1e-6, 1.0),
    "breakage_scale": (0.0, 100.0),
    "feed_fraction": (0.0, 1e6),
}
"""Limits beyond which a parameter is clamped and flagged."""
CHARGE_FACTOR = 1e3
"""Charge may lie this factor below or above the one the model was built for."""
SPEED_FACTOR = 10.0
"""Speeds are clamped at this factor times the fastest of the design."""
SPRAY_FACTOR = 10.0
"""Spray rates are clamped at this factor times the declared largest."""


@dataclass(frozen=True)
class Rule:
    """Fixed rule of the steps in time: as many substeps as are allowed, so that every step costs the same.

    Args:
        longest: substep at most [s], if that is shorter than interval/most; share: of the fastest relevant loss in a
            substep beyond which the bound is flagged [-], the method is stable up to two;
        interval: length over which substeps are bounded [s]; most: substeps per interval at most.
    """

    longest: float = math.inf
    share: float = 2.0
    interval: float = 1.0
    most: int = 12

    @property
    def substep(self) -> float:
        """Longest substep that is taken [s]."""
        return min(self.longest, self.interval / self.most)


@dataclass(frozen=True)
class ErrorTerms:
    """Named terms of the standard error beside that of the fitted law.

    Args:
        discretisation: relative error of d10, d50, d90 from few classes and long steps, against the fine population
            balance; frozen_kernel: the same from a law that is not measured again on the way;
        porosity: absolute error of the porosity from few classes [-];
        moisture: absolute error of the moisture from few classes, nil where nothing dries [kg/kg dry];
        unresolved: share of the law's variance that the error members do not carry; they are scaled up by it.
    """

    discretisation: tuple[float, float, float] = (0.0, 0.0, 0.0)
    frozen_kernel: tuple[float, float, float] = (0.0, 0.0, 0.0)
    porosity: float = 0.0
    unresolved: float = 0.0
    moisture: float = 0.0


@dataclass(frozen=True, eq=False)
class Description:
    """A reduced model as numbers.

    Args:
        name: of the model; edges, pivots: of the grid in solid volume [m3], (classes + 1,), (classes,);
        laws: parameters of the best law first, then of the error members, all corrections one;
        nucleus_solids, smallest_breakable: solid volumes that decide the tables [m3];
        law: the fitted law with the region where it holds; spray_limit: largest declared spray [kg/s];
        speed_start, spray_start: inputs before any is given;
        charge: solids [kg]; feed_fractions: of solid volume by class, (classes,); feed_moisture: [kg/kg dry];
        kernel_scale, efficiency, breakage_scale: corrections, defaults;
        clamped_limit: share of the granule volume with d/d32 outside the design above which it is flagged [-];
        rule, errors: see there; record: provenance for the card, JSON values only.
    """

    name: str
    edges: Floats
    pivots: Floats
    laws: tuple[Parameters, ...]
    nucleus_solids: float
    smallest_breakable: float
    law: KernelLaw
    spray_limit: float
    speed_start: float
    spray_start: float
    charge: float
    feed_fractions: Floats
    feed_moisture: float
    kernel_scale: float = 1.0
    efficiency: float = 1.0
    breakage_scale: float = 1.0
    clamped_limit: float = CLAMPED_LIMIT
    rule: Rule = field(default_factory=Rule)
    errors: ErrorTerms = field(default_factory=ErrorTerms)
    record: dict[str, Any] = field(default_factory=dict)

    @property
    def classes(self) -> int:
        """Number of size classes."""
        return len(self.pivots)

    @property
    def grid(self) -> Grid:
        """The grid of solid volumes."""
        return Grid(self.edges, self.pivots)

    @property
    def log_class_width(self) -> float:
        """Mean width of a class in ln d [-]."""
        return float(np.log(self.edges[-1] / self.edges[0]) / 3.0 / self.classes)

    def tables(self) -> Tables:
        """Everything that the grid decides."""
        return make_tables(self.grid, self.nucleus_solids, self.smallest_breakable)

    def limits(self) -> dict[str, tuple[float, float]]:
        """Lowest and highest accepted value of every input and parameter."""
        return {
            "impeller_speed": (0.0, SPEED_FACTOR * self.law.speed_high),
            "spray_rate": (0.0, SPRAY_FACTOR * self.spray_limit),
            "charge": (self.charge / CHARGE_FACTOR, self.charge * CHARGE_FACTOR),
            **PARAMETER_LIMITS,
        }

    def save(self, path: Path | str) -> None:
        """Write the model to an HDF5 file."""
        import h5py

        from dem.checkpoint import atomic_replacement

        plain, arrays = self._split()
        with atomic_replacement(Path(path)) as temporary, h5py.File(temporary, "w") as file:
            file.attrs["format"] = "dempbm reduced model"
            file.attrs["version"] = FORMAT_VERSION
            file.attrs["values"] = json.dumps(plain)
            for name, value in arrays.items():
                file[name] = value

    def _split(self) -> tuple[dict[str, Any], dict[str, Floats]]:
        skipped = ("edges", "pivots", "feed_fractions", "laws", "law", "rule", "errors")
        plain = {name: value for name, value in vars(self).items() if name not in skipped}
        plain |= {"law": self.law.to_dict(), "rule": asdict(self.rule), "errors": asdict(self.errors)}
        plain["law_fields"] = list(Parameters._fields)
        arrays = {"edges": self.edges, "pivots": self.pivots, "feed_fractions": self.feed_fractions}
        return plain, arrays | {"laws": np.array(self.laws)}

    @classmethod
    def load(cls, path: Path | str) -> Description:
        """Read a file written by `save`, exactly.

        Raises:
            CheckpointError: the file cannot be read or belongs to another version of the equations.
        """
        import h5py

        try:
            with h5py.File(path, "r") as file:
                plain = json.loads(file.attrs["values"])
                arrays = {name: file[name][()] for name in ("edges", "pivots", "feed_fractions", "laws")}
            return cls._join(plain, arrays)
        except (OSError, KeyError, ValueError, TypeError) as error:
            raise CheckpointError(f"{path}: no readable reduced model: {error}; build it again") from error

    @classmethod
    def _join(cls, plain: dict[str, Any], arrays: dict[str, Any]) -> Description:
        if plain.pop("law_fields") != list(Parameters._fields):
            raise ValueError("its law has other parameters than this version of the equations")
        laws = tuple(Parameters(*(float(value) for value in row)) for row in arrays.pop("laws"))
        errors: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in plain.pop("errors").items()
        }
        rule, law = Rule(**plain.pop("rule")), KernelLaw.from_dict(plain.pop("law"))
        return cls(laws=laws, law=law, rule=rule, errors=ErrorTerms(**errors), **arrays, **plain)
