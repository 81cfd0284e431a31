"""What a search leaves after every start, so that it can be taken up again."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from compute.errors import CheckpointError
from coupling.calibration.search import Found
from pbm.grid import Floats

STATE_NAME = "search.json"


@dataclass
class SearchState:
    """Starting points (starts, variables), none before they are chosen, and where the finished searches ended."""

    points: Floats | None = None
    found: list[Found] = field(default_factory=list)

    def write(self, folder: Path) -> None:
        """Write whole or not at all."""
        points = None if self.points is None else self.points.tolist()
        partial = folder / f".{STATE_NAME}.partial"
        partial.write_text(
            json.dumps({"points": points, "found": [asdict(one) for one in self.found]}, indent=1) + "\n"
        )
        partial.replace(folder / STATE_NAME)

    @classmethod
    def read(cls, folder: Path) -> SearchState:
        """Read what `write` wrote; an empty state where there is none. Raises CheckpointError if it is damaged."""
        path = folder / STATE_NAME
        if not path.is_file():
            return cls()
        try:
            plain = json.loads(path.read_text(encoding="utf-8"))
            found = [Found(**(one | {"places": tuple(one["places"])})) for one in plain["found"]]
            return cls(None if plain["points"] is None else np.array(plain["points"]), found)
        except (ValueError, KeyError, TypeError) as error:
            raise CheckpointError(f"{path}: the state of the search cannot be read: {error}; delete it") from None
