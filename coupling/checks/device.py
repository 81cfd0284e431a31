"""The memory of the device that a case is to run on."""

from __future__ import annotations

from collections.abc import Iterator

from compute.device_memory import total_device_memory
from compute.errors import BackendUnavailable
from coupling.case import Case
from coupling.checks.finding import Finding
from dem.case_limits import sphere_count
from dem.memory import device_memory


def check_device(case: Case) -> Iterator[Finding]:
    """Predict the memory that the particles take on a device, where the case runs on one."""
    if case.dem is None or case.backend != "cuda":
        return
    memory, count = device_memory(case.dem), sphere_count(case.dem)
    own = (memory.particles + memory.pairs) / max(count, 1.0)
    text = f"On the device, {own:.0f} bytes for each sphere of a dense bed in {case.dem.numerics.precision} precision."
    yield Finding("note", "device-memory", text, f"{memory.needed / 1e9:.3g} GB")


def require_device_memory(case: Case) -> None:
    """Refuse a case that does not fit the device it is to run on.

    Raises:
        BackendUnavailable: the device has less memory than the case is predicted to need.
    """
    if case.dem is None or case.backend != "cuda":
        return
    total, memory = total_device_memory(), device_memory(case.dem)
    if total is None or memory.needed <= total:
        return
    count = sphere_count(case.dem)
    fitting = count * max(0.0, 1.0 - (memory.needed - total) / (memory.needed - memory.fixed))
    mixed = "" if case.dem.numerics.mixed else ", set numerics: mixed"
    raise BackendUnavailable(
        f"the case does not fit the CUDA device: found {total / 1e9:.3g} GB, needed {memory.needed / 1e9:.3g} GB for "
        f"{count:.0f} spheres; use at most some {fitting:.0f}{mixed}, take a larger device, or use --backend cpu"
    )
