"""Everything a report is made from: the files of a run folder, each read if it is there."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from compute.errors import DempbmError
from coupling.case import Case
from coupling.exchange import Exchange
from coupling.progress import LOG_NAME
from coupling.provenance import read_manifest
from coupling.reduced.description import Description
from coupling.remeasure import RemeasuredBatch
from coupling.report.trajectory import Trajectory, follow
from coupling.run_folder import BLEND, DISTRIBUTION, EXCHANGE, EXPORT, FIRST_EXCHANGE, MODEL, REMEASURED
from coupling.window import Window
from dem.case import DemCase
from dem.case_motion import Motion
from dem.output import SNAPSHOT_NAME
from dem.simulation import STATISTICS_NAME
from dem.statistics_result import EncounterStatistics
from dem.wall_speed import wall_reach
from pbm.blending import BlendingCourse
from pbm.result import GranulationResult

FEED_WINDOW, GROWN_WINDOW, REMEASURED_WINDOW = "speed-", "grown", "remeasured-"
Read = TypeVar("Read")


@dataclass(frozen=True, eq=False)
class WindowRecord:
    """One DEM window of the run folder.

    Args:
        name: of the window; speed: of the impeller [rad/s], None where there is none or it is unknown;
        scale: parcel size over real size [-], None where particles stand for themselves or it is not known yet;
        statistics: what it measured, None if it is not finished; snapshots: file of its particles, None if absent.
    """

    name: str
    speed: float | None
    scale: float | None
    statistics: EncounterStatistics | None
    snapshots: Path | None


@dataclass(frozen=True, eq=False)
class RunRecord:
    """A run folder as read. compiled: whether the reduced model is run through numba or as plain Python."""

    case: Case
    folder: Path
    compiled: bool = True
    faults: list[str] = field(default_factory=list)

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """The manifest; an empty one where there is none."""
        return read_manifest(self.folder)

    @cached_property
    def log(self) -> list[dict[str, Any]]:
        """The events of the log; a line that a killed process left half written is passed over."""
        path = self.folder / LOG_NAME
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        return [event for line in lines if (event := _event(line)) is not None]

    @cached_property
    def exchange(self) -> Exchange | None:
        """The laws of all windows; those of the feed where the rest is missing."""
        final = self._read(EXCHANGE, Exchange.load)
        return final if final is not None else self._read(FIRST_EXCHANGE, Exchange.load)

    @cached_property
    def batch(self) -> GranulationResult | None:
        """The population balance of the batch."""
        return self._read(DISTRIBUTION, GranulationResult.load)

    @cached_property
    def blend(self) -> BlendingCourse | None:
        """The course of a blend."""
        return self._read(BLEND, BlendingCourse.load)

    @cached_property
    def remeasured(self) -> RemeasuredBatch | None:
        """The batch whose kernel was measured again on the way."""
        return self._read(REMEASURED, RemeasuredBatch.load)

    @cached_property
    def description(self) -> Description | None:
        """The reduced model."""
        return self._read(MODEL, Description.load)

    @cached_property
    def trajectory(self) -> Trajectory | None:
        """The reduced model over the batch, None where one of the two is missing."""
        if self.description is None or self.batch is None or self.case.pbm is None:
            return None
        return follow(self.description, self.case.pbm, self.batch, self.compiled)

    @cached_property
    def card(self) -> dict[str, Any] | None:
        """The card of the exported model."""
        return self._read(f"{EXPORT}/card.json", lambda path: dict(json.loads(path.read_text(encoding="utf-8"))))

    @cached_property
    def units(self) -> list[Path]:
        """The exported FMUs."""
        return sorted((self.folder / EXPORT).glob("*.fmu"))

    @cached_property
    def windows(self) -> list[WindowRecord]:
        """The DEM windows in the order of the laws, then by name."""
        known = list(self.exchange.windows) if self.exchange is not None else []
        found = sorted(path.name for path in (self.folder / "dem").glob("*") if path.is_dir())
        ordered = [name for name in known if name in found] + [name for name in found if name not in known]
        return [self._window(name) for name in ordered]

    @cached_property
    def measured(self) -> list[Window]:
        """The finished windows that the laws were fitted to, as the fit saw them."""
        exchange, found = self.exchange, []
        for each in self.windows:
            if exchange is None or each.name not in exchange.windows:
                continue
            if each.statistics is None or each.speed is None or each.scale is None:
                continue
            median = exchange.grown_diameter if each.name == GROWN_WINDOW else exchange.feed_diameter
            found.append(Window(each.name, each.speed, median, each.scale, each.statistics))
        return found

    def _window(self, name: str) -> WindowRecord:
        exchange, snapshots = self.exchange, self.folder / "dem" / name / SNAPSHOT_NAME
        scale = None
        if exchange is not None and name in exchange.windows:
            scale = exchange.scales[exchange.windows.index(name)]
        elif self.case.dem is not None and (self.case.coupling is None or name.startswith(FEED_WINDOW)):
            scale = self.case.dem.parcels.scale_factor if self.case.dem.parcels else None
        statistics = self._read(f"dem/{name}/{STATISTICS_NAME}", EncounterStatistics.load)
        return WindowRecord(name, self._speed(name), scale, statistics, snapshots if snapshots.exists() else None)

    def _speed(self, name: str) -> float | None:
        """Impeller speed of a window by its name; of a run without coupling, the fastest wall's."""
        if self.case.coupling is None:
            walls = self.case.dem.walls if self.case.dem is not None else ()
            return max((abs(wall.motion.speed) for wall in walls if isinstance(wall.motion, Motion)), default=None)
        design = self.case.coupling.design
        number = name.removeprefix(FEED_WINDOW)
        if name.startswith(FEED_WINDOW) and number.isdigit() and 0 < int(number) <= len(design.speeds):
            return design.speeds[int(number) - 1]
        if name.startswith(REMEASURED_WINDOW):
            return design.middle
        return (design.grown.speed or design.middle) if name == GROWN_WINDOW else None

    def dem_case(self, window: WindowRecord) -> DemCase | None:
        """The particle model of a window: that of the case at the window's speed."""
        case, coupling = self.case.dem, self.case.coupling
        if case is None or coupling is None or window.speed is None:
            return case
        return case.with_wall_speed(coupling.impeller, window.speed)

    @property
    def tip_radius(self) -> float | None:
        """Tip radius of the blades [m]."""
        if self.exchange is not None:
            return self.exchange.tip_radius
        coupling, dem = self.case.coupling, self.case.dem
        walls = [wall for wall in dem.walls if coupling is None or wall.name == coupling.impeller] if dem else []
        return max((reach for wall in walls if (reach := wall_reach(wall)) is not None), default=None)

    def state_of(self, median: float) -> float:
        """z = ln(d50/d50_feed)/ln(d50_grown/d50_feed), held in [0, 1], of a median diameter [m]."""
        if self.exchange is None or self.exchange.grown_diameter <= self.exchange.feed_diameter:
            return 0.0
        feed, grown = self.exchange.feed_diameter, self.exchange.grown_diameter
        return min(max(math.log(median / feed) / math.log(grown / feed), 0.0), 1.0)

    def _read(self, name: str, load: Callable[[Path], Read]) -> Read | None:
        """What a file holds; None if it is not there, or cannot be read, which is noted in `faults`."""
        path = self.folder / name
        if not path.is_file():
            return None
        try:
            return load(path)
        except (DempbmError, ValueError) as error:
            self.faults.append(f"{name} cannot be read: {error}")
            return None


def _event(line: str) -> dict[str, Any] | None:
    try:
        return dict(json.loads(line))
    except ValueError:
        return None
