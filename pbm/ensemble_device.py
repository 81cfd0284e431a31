"""Ensembles on a backend that runs bodies: one member a thread of the device, by the text of the CPU.

Threads side by side are members side by side, so what belongs to a member lies member by member: every such array has
the member as its first index and as the one that runs fastest in memory. A warp then reads and writes whole lines.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from compute.base import Backend
from pbm.classes import solve_member
from pbm.runs import Runs


def interleaved(values: Any, backend: Backend) -> Any:
    """Return the values on the backend with their first index running fastest in memory."""
    return backend.array(np.asarray(values).T).T


def put_tables(tables: Any, backend: Backend) -> Any:
    """Return tables of populations on the backend; those of several populations as their members read them."""
    if tables[0].shape[0] == 1:
        return type(tables)(*map(backend.array, tables))
    return type(tables)(*(interleaved(part, backend) for part in tables))


def put_runs(runs: Runs, backend: Backend) -> Runs:
    """Return runs on the backend; members keep their order, so that neighbours share lines of memory."""
    each = {name: interleaved(getattr(runs, name), backend) for name in ("tolerance", "states", "steps", "stopped")}
    shared = {name: backend.array(getattr(runs, name)) for name in ("times", "sizes")}
    return runs._replace(order=backend.array(np.arange(runs.order.size)), **shared, **each)


def take_runs(found: Runs, runs: Runs, backend: Backend) -> None:
    """Write what came of the runs on the backend into those of the host."""
    for name in ("states", "steps", "stopped"):
        getattr(runs, name)[...] = backend.numpy(getattr(found, name))


def solve_on(backend: Backend, tables: tuple[Any, ...], members: Any, work: Any, stages: Any, runs: Runs) -> None:
    """Integrate every member of an ensemble on a backend, in one launch; fills the runs of the host, and the
    states of its stages where a member was given up.
    """
    changing = [type(each)(*(interleaved(part, backend) for part in each)) for each in (members, work, stages)]
    found = put_runs(runs, backend)
    placed = [put_tables(each, backend) for each in tables]
    backend.foreach(solve_member, runs.order.size, *placed, *changing, found)
    take_runs(found, runs, backend)
    if np.any(np.isfinite(runs.stopped)):
        stages.state[...] = backend.numpy(changing[2].state)
