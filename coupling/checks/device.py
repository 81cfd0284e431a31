"""The memory of the device that a case is to run on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from compute.device_memory import total_device_memory
from compute.errors import BackendUnavailable
from coupling.case import Case
from coupling.checks.finding import Finding
from dem.case import DemCase
from dem.case_limits import sphere_count
from dem.launch_kind import launch_groups
from dem.memory import device_memory, of_copies


def check_device(case: Case) -> Iterator[Finding]:
    """Predict the memory that the particles take on a device, where the case runs on one."""
    if case.dem is None or case.backend != "cuda":
        return
    copies = _together(case)
    memory, count = of_copies([device_memory(each) for each in copies]), sum(map(sphere_count, copies))
    own = (memory.particles + memory.pairs) / max(count, 1.0)
    text = f"On the device, {own:.0f} bytes for each sphere of a dense bed in {case.dem.numerics.precision} precision."
    text += _told_of_copies(copies) if len(copies) > 1 else ""
    yield Finding("note", "device-memory", text, f"{memory.needed / 1e9:.3g} GB")


def _told_of_copies(copies: Sequence[DemCase]) -> str:
    """Say which replicas share launches, and what each group takes."""
    groups = []
    for places in launch_groups(copies):
        arrays = of_copies([device_memory(copies[place]) for place in places]).arrays
        groups.append(f"{in_words([place + 1 for place in places])} ({arrays / 1e9:.3g} GB)")
    which = f"one launch holds the steps of replicas {'; another those of '.join(groups)}"
    return f" All {len(copies)} replicas are there at once; {which}."


def in_words(numbers: Sequence[int]) -> str:
    """Return rising numbers as text, three or more in a row as "1 to 3"."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    texts = [f"{run[0]} to {run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs]
    return ", ".join(texts)


def require_device_memory(case: Case) -> None:
    """Refuse a case that does not fit the device it is to run on.

    Raises:
        BackendUnavailable: the device has less memory than the case is predicted to need.
    """
    if case.dem is None or case.backend != "cuda":
        return
    copies = _together(case)
    total, memory = total_device_memory(), of_copies([device_memory(each) for each in copies])
    if total is None or memory.needed <= total:
        return
    count = sum(map(sphere_count, copies))
    fitting = count * max(0.0, 1.0 - (memory.needed - total) / (memory.needed - memory.tallies - memory.fixed))
    among = f" in {len(copies)} replicas" if len(copies) > 1 else ""
    mixed = "" if case.dem.numerics.mixed else ", set numerics: mixed"
    raise BackendUnavailable(
        f"the case does not fit the CUDA device: found {total / 1e9:.3g} GB, needed {memory.needed / 1e9:.3g} GB for "
        f"{count:.0f} spheres{among}; use at most some {fitting:.0f}{mixed}, take a larger device, or use --backend cpu"
    )


def _together(case: Case) -> list[DemCase]:
    """Return the particle cases that are on the device at once: all replicas, or the case itself."""
    if case.replicas is None:
        return [case.dem] if case.dem else []
    from coupling.replicas import replicas_of

    return [each.case.dem for each in replicas_of(case, Path.cwd()) if each.case.dem]
