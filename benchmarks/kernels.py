"""Registers, spills and occupancy of the kernels that a device would run, assembled without one.

    python -m benchmarks.kernels [--laws | --joint]

All kernels of a rebuild and a step of five systems in both precisions; with --laws also the pair kernel with statistics
of every two laws that can act together. Writes benchmarks/results/kernels.json (with --laws kernels-laws.json) and
prints a table. Occupancy is the share of the 64 warps of a multiprocessor that its registers hold.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from compute.cuda import JOINT_REGISTERS, THREADS_PER_BLOCK
from compute.launch_cuda import atomic_add, make_shared_sums
from dem.domain import OPEN
from dem.gather_step import make_step_sphere
from tests.device.pairs_example import PAIRWISE, composed
from tests.device.ptx import ASSEMBLED_FOR, Launch, assemble, compile_to_ptx, functions_called, launches_of
from tests.device.systems import CLASSES, SLOW_CONTACTS, STICKY_LAWS, TABLETS, VERY_STICKY, WATER, bowl_case, box_case

RESULTS = Path(__file__).resolve().parent / "results"
WARP, WARPS, PARTITIONS = 32, 64, 4
"""Threads of a warp; most warps of a multiprocessor, and parts of it that have registers of their own."""
PARTITION_REGISTERS, REGISTER_UNIT = 16384, 256
"""Registers of a part, and how many a warp is given at a time (compute capability 8.0 and 9.0)."""
LEAST_OCCUPANCY = 0.25

SYSTEM_CASES: dict[str, Any] = {
    "spheres in a bowl": lambda **changes: bowl_case(**changes),
    "without statistics": lambda **changes: bowl_case(statistics=None, time={"end": 1.0}, **changes),
    "JKR, EPSD2, twisting": lambda **changes: bowl_case(contact=STICKY_LAWS, materials=VERY_STICKY, **changes),
    "bridges": lambda **changes: box_case(liquid=WATER, **changes),
    "tablets": lambda **changes: bowl_case(number=20, classes=[CLASSES[0], TABLETS], **SLOW_CONTACTS, **changes),
}


def occupancy(registers: int, threads: int = THREADS_PER_BLOCK) -> float:
    """The share of a multiprocessor's warps that run at once in blocks of so many threads."""
    a_warp = -(-registers * WARP // REGISTER_UNIT) * REGISTER_UNIT
    held = PARTITIONS * (PARTITION_REGISTERS // a_warp)
    a_block = threads // WARP
    return min(held, WARPS) // a_block * a_block / WARPS


def described(name: str, system: str, precision: str, launch: Launch, joint: bool = False) -> dict[str, Any]:
    """What the assembler says of a kernel for each architecture; joint: of that over copies, as it is launched."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        text = compile_to_ptx(launch, joint)
    found: dict[str, Any] = {"kernel": name, "system": system, "precision": precision}
    found["calls"] = sorted(functions_called(text))
    for architecture in ASSEMBLED_FOR:
        told = assemble(text, architecture, JOINT_REGISTERS if joint else None)
        found[architecture] = told._asdict() | {"occupancy": occupancy(told.registers)}
    return found


def kernels_of_systems() -> Iterator[dict[str, Any]]:
    """Every kernel of the systems; one that a system shares with an earlier one comes once."""
    known: set[Any] = set()
    for system, make in SYSTEM_CASES.items():
        for precision in ("double", "mixed"):
            for name, launch in launches_of(make(numerics=precision)).items():
                types = str([getattr(part, "dtype", "") for argument in launch.arguments for part in parts(argument)])
                if (launch.body, types) not in known:
                    known.add((launch.body, types))
                    yield described(name, system, precision, launch)


def joint_kernels() -> Iterator[dict[str, Any]]:
    """Every kernel of spheres in a bowl, over copies."""
    for precision in ("double", "mixed"):
        for name, launch in launches_of(bowl_case(numerics=precision)).items():
            yield described(name, "copies in common launches", precision, launch, joint=True)


def parts(argument: Any) -> tuple[Any, ...]:
    """The arrays of an argument."""
    return argument if isinstance(argument, tuple) else (argument,)


def pair_kernels() -> Iterator[dict[str, Any]]:
    """The pair kernel of every two laws that can act together."""
    for precision in ("double", "mixed"):
        arguments = launches_of(bowl_case(numerics=precision))["step_sphere"]
        for laws in PAIRWISE:
            law = composed(laws, precision == "mixed")
            body = make_step_sphere(law, OPEN, True, True, atomic_add, 1, make_shared_sums)
            yield described("step_sphere", ", ".join(laws), precision, arguments._replace(body=body))


def row(found: dict[str, Any]) -> str:
    """A line of the table."""
    numbers = "".join(
        f"{found[name]['registers']:6d} {found[name]['spills']:6d} {100 * found[name]['occupancy']:6.1f} %"
        for name in ASSEMBLED_FOR
    )
    return f"{found['kernel']:16}{found['precision']:8}{numbers}   {found['system']}"


def main() -> int:
    """Assemble, print and write; status 1 where a register is spilled."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--laws", action="store_true", help="the pair kernel of every two laws")
    parser.add_argument("--joint", action="store_true", help="kernels over copies in common launches")
    chosen = parser.parse_args()
    found_by = pair_kernels if chosen.laws else joint_kernels if chosen.joint else kernels_of_systems
    print(f"{'kernel':24}" + "".join(f"{name:>8}: regs, spilled" for name in ASSEMBLED_FOR))
    kernels = []
    for found in found_by():
        kernels.append(found)
        print(row(found), flush=True)
    path = RESULTS / f"kernels{'-laws' if chosen.laws else '-joint' if chosen.joint else ''}.json"
    path.write_text(json.dumps(kernels, indent=1) + "\n", encoding="utf-8")
    return int(any(found[name]["spills"] for found in kernels for name in ASSEMBLED_FOR))


if __name__ == "__main__":
    sys.exit(main())
