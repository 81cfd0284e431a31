"""The two kinds of a stored list: half, each pair in the row of its lower id, and full, each pair in both rows.

A checkpoint holds the list of the loops that ran. Loops of the other kind need it in theirs, with flags and histories,
or contacts would begin anew. A history is as the lower id sees it in both rows, so it is copied as it is.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

State = dict[str, NDArray[Any]]
_ENTRIES = ("other", "flags", "history")


def as_kind(state: State, full: bool) -> State:
    """Return an engine's state with its list full or half; a list of that kind already keeps the order of its rows."""
    if bool(state["full"]) == full:
        return state
    rows = np.repeat(np.arange(len(state["id"])), np.diff(state["start"]))
    if not full:
        lower = state["id"][rows] < state["id"][state["other"]]
        return _with_entries(state, rows[lower], {name: state[name][lower] for name in _ENTRIES}, full)
    entries = {name: np.concatenate((state[name], state[name])) for name in _ENTRIES}
    entries["other"][len(rows) :] = rows
    return _with_entries(state, np.concatenate((rows, state["other"])), entries, full)


def _with_entries(state: State, rows: NDArray[np.int64], entries: State, full: bool) -> State:
    """Return the state with these entries, sorted by row and in a row by partner."""
    order = np.lexsort((entries["other"], rows))
    start = np.searchsorted(rows[order], np.arange(len(state["id"]) + 1)).astype(state["start"].dtype)
    changed = {name: array[order] for name, array in entries.items()}
    return state | changed | {"start": start, "full": np.array(full)}
