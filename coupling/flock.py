"""Replicas run beside each other: on a device in one process, else a process each, as many at once as threads.

Processes share the compiled code by its cache on disk, so the first one goes ahead until it has made a step. On a
device all go on together, in common launches (`coupling.together`). A failure of one leaves the others alone.
"""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Sequence
from pathlib import Path
from queue import Empty
from typing import Any

from compute.errors import DempbmError, SimulationError, StateSaved
from coupling.case import Case
from coupling.checks.windows import windows
from coupling.interrupt import StopRequest
from coupling.progress import LOG_NAME, Progress
from coupling.provenance import available_cores, resume_manifest
from coupling.recorded import run_recorded
from coupling.relay import Relay
from coupling.replicas import TABLE, Replica, make_folders, replicas_of, write_table
from coupling.run_folder import CASE_NAME, open_run_folder

WAIT = 0.5
"""Seconds after which a parent that hears nothing looks at its children and at requests to stop."""


def run_one(folder: Path, number: int, channel: Any) -> None:
    """Run the replica in this folder, or go on with it, in a process of its own."""
    from coupling.driver import resume

    case = open_run_folder(folder)
    try:
        with Relay(folder / LOG_NAME, number, len(windows(case)), channel) as progress:
            run_recorded(lambda: resume(folder, progress), folder, progress)
    except DempbmError as error:
        channel.put((number, 0.0, str(error)))
        sys.exit(error.exit_code)


class Flock:
    """The replicas of a run while they run.

    Attributes:
        waiting: those not yet begun; failed: why, by number.
    """

    def __init__(self, waiting: Sequence[Replica], at_once: int, progress: Progress) -> None:
        self.waiting, self.at_once, self.progress = list(waiting), at_once, progress
        self.failed: dict[int, str] = {}
        self._messages: dict[int, str] = {}
        self._context = multiprocessing.get_context("spawn")
        self._channel: Any = self._context.Queue()
        self._running: dict[int, tuple[Replica, Any]] = {}
        self._shares: dict[int, float] = {}

    def run(self, stop: StopRequest) -> None:
        """Run all, or as far as they are when asked to stop."""
        told = False
        while self._running or (self.waiting and not stop):
            room = self.at_once if self._shares else 1
            while self.waiting and len(self._running) < room and not stop:
                self._begin(self.waiting.pop(0))
            self._listen(WAIT)
            if stop and not told:
                told = True
                for _, process in self._running.values():
                    process.terminate()
            for number in [number for number, (_, process) in self._running.items() if not process.is_alive()]:
                self._end(number, bool(stop))

    def _begin(self, replica: Replica) -> None:
        process = self._context.Process(target=run_one, args=(replica.folder, replica.number, self._channel))
        process.start()
        self._running[replica.number] = replica, process

    def _listen(self, wait: float) -> None:
        """Take all that has been reported, after waiting up to so long for the first of it [s]."""
        while True:
            try:
                number, share, text = self._channel.get(timeout=wait)
            except Empty:
                return
            wait = 0.0
            if number not in self._running:
                continue
            self._shares[number] = self._shares.get(number, 0.0) + share
            if share:
                self.progress.advance(share)
            if text:
                self._messages[number] = text

    def _end(self, number: int, stopped: bool) -> None:
        replica, process = self._running[number]
        process.join()
        self._listen(0.0)
        del self._running[number]
        if process.exitcode not in (0, StateSaved.exit_code) and not (stopped and replica.outcome != "failed"):
            self.failed[number] = self._messages.get(number) or f"its process ended with {process.exitcode}"
        self.progress.advance(max(1.0 - self._shares.setdefault(number, 0.0), 0.0))
        self.progress.message(f"{replica.name}: {self.failed.get(number) or replica.outcome or 'stopped'}")


def run_replicas(case: Case, folder: Path, progress: Progress, stop: StopRequest) -> dict[str, Any]:
    """Run the replicas of a case that are not done; return facts for the manifest.

    Raises:
        StateSaved: told to stop. SimulationError: a replica failed; the others are done.
    """
    replicas = replicas_of(case, folder)
    make_folders(replicas, folder / CASE_NAME, sys.argv)
    unfinished = [replica for replica in replicas if replica.outcome != "done"]
    for replica in unfinished:
        if replica.outcome:
            resume_manifest(replica.folder, sys.argv)
    progress.stage(f"{len(unfinished)} of {len(replicas)} replicas", len(unfinished))
    failed, facts = _run_all(case, unfinished, len(replicas), progress, stop)
    write_table(replicas, folder / TABLE)
    if failed:
        texts = [f"replica {number}: {text}" for number, text in sorted(failed.items())]
        raise SimulationError(f"{len(texts)} of {len(replicas)} replicas failed\n" + "\n".join(texts))
    done = sum(replica.outcome == "done" for replica in replicas)
    if done < len(replicas):
        raise StateSaved(f"{done} of {len(replicas)} replicas are done; resume to go on")
    return {"replicas": len(replicas)} | facts


def _run_all(
    case: Case, unfinished: Sequence[Replica], count: int, progress: Progress, stop: StopRequest
) -> tuple[dict[int, str], dict[str, Any]]:
    """Run the replicas; return why those that failed did, by number, and facts; count: of all replicas, done or not."""
    if case.backend == "cuda":
        from coupling.together import run_together

        return run_together(case, unfinished, count, progress, stop)
    flock = Flock(unfinished, min(case.threads or available_cores(), max(len(unfinished), 1)), progress)
    flock.run(stop)
    return flock.failed, {}
