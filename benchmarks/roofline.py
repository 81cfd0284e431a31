"""What a particle-step asks of a device, counted in the PTX of its kernels, and what an H200 could do of it at most.

    python -m benchmarks.roofline

Each instruction of the kernel of a step belongs to the loop over particles, to the loop over the entries of a list, or
in it to what touching pairs alone run; it is weighted by how often a particle of the settled box does that. It is an
estimate from above: it knows nothing of latency, of caches that miss and of warps whose lanes part. None of it has run
on a device.
"""

from __future__ import annotations

import re
import warnings
from collections import Counter
from itertools import pairwise
from typing import Any, NamedTuple

from dem.particles import KIND_SIZE, ROW_SIZE
from tests.device.ptx import compile_to_ptx, launches_of
from tests.device.systems import bowl_case

ENTRIES, CONTACTS = 7.4, 4.82
"""Of a particle of the settled box in the full list: twice those of benchmarks.machine."""
BANDWIDTH, SINGLE_FLOPS, DOUBLE_FLOPS = 4.8e12, 67e12, 34e12
"""Of an H200 [B/s, 1/s], https://www.nvidia.com/en-us/data-center/h200: a multiply-add is two operations."""
INSTRUCTIONS = SINGLE_FLOPS / 2.0
"""Lanes of all multiprocessors together begin as many instructions a second."""
LONG = 10
"""Instructions that a root, a division or a reciprocal becomes, as assumed; an approximate one is one."""
HISTORY_VALUES = 3
PARTICLE, ENTRY, CONTACT = "particle", "entry", "contact"
LINE = re.compile(r"^(?:@!?%p\d+\s+)?([a-z]\w*)((?:\.\w+)*)\s?")
SLOW = ("sqrt", "div", "rcp", "rsqrt")
COUNTS = (
    "bytes read", "bytes written", "flops in 32 bits", "flops in 64 bits", "roots and divisions", "instructions",
)  # fmt: skip
ARITHMETIC = {
    "add": 1,
    "sub": 1,
    "mul": 1,
    "fma": 2,
    "min": 1,
    "max": 1,
    "neg": 1,
    "abs": 1,
    "setp": 1,
} | dict.fromkeys(SLOW, 1)


class Block(NamedTuple):
    """Instructions that run one after the other, and the labels that may follow."""

    instructions: list[str]
    following: list[str]


def blocks_of(text: str) -> dict[str, Block]:
    """The blocks of the kernel of a PTX, by label; the first is `entry`."""
    body = text[text.index(".entry") :]
    lines: dict[str, list[str]] = {"entry": []}
    label = "entry"
    for line in map(str.strip, body[body.index("{") + 1 :].splitlines()):
        if found := re.match(r"^(\$\w+):", line):
            label = found[1]
            lines[label] = []
        elif line and line[0] not in "/.{}(),":
            lines[label].append(line)
    labels = [*lines, ""]
    blocks = {}
    for here, after in pairwise(labels):
        following = [target for line in lines[here] for target in re.findall(r"\bbra(?:\.uni)?\s+(\$\w+)", line)]
        ends = bool(lines[here]) and re.match(r"(bra|ret|exit)\b", lines[here][-1])
        blocks[here] = Block(lines[here], following + ([after] if after and not ends else []))
    return blocks


def dominators(blocks: dict[str, Block]) -> dict[str, set[str]]:
    """The blocks through which every way from the first one to a block leads, itself among them."""
    found = {label: set(blocks) for label in blocks} | {"entry": {"entry"}}
    before: dict[str, list[str]] = {label: [] for label in blocks}
    for label, block in blocks.items():
        for other in block.following:
            before[other].append(label)
    changed = True
    while changed:
        changed = False
        for label in list(blocks)[1:]:
            new = {label}.union(set.intersection(*(found[other] for other in before[label])) if before[label] else ())
            changed |= new != found[label]
            found[label] = new
    return found


def loops_of(blocks: dict[str, Block], dominated: dict[str, set[str]]) -> list[set[str]]:
    """The bodies of the loops, longest first."""
    bodies: dict[str, set[str]] = {}
    for label, block in blocks.items():
        for head in set(block.following) & dominated[label]:
            body, waiting = bodies.setdefault(head, {head}), [label]
            while waiting:
                each = waiting.pop()
                if each not in body:
                    body.add(each)
                    waiting += [other for other in blocks if each in blocks[other].following]
    return sorted(bodies.values(), key=len, reverse=True)


def regions(text: str) -> dict[str, list[str]]:
    """Instructions run for a particle, for an entry of its list, and for an entry that touches.

    Of the two ways after the test of the distance the one with more arithmetic is that of pairs that touch; the other
    one, run once when a contact ends, is left out.
    """
    blocks = blocks_of(text)
    dominated = dominators(blocks)
    loops = loops_of(blocks, dominated)
    outer, inner = loops[0], loops[1] if len(loops) > 1 else set()
    contact, ended = set(), set()
    parting = next((label for label in blocks if label in inner and len(set(blocks[label].following) & inner) > 1), "")
    if parting:
        ways = [{each for each in inner if way in dominated[each]} for way in blocks[parting].following]
        ways.sort(key=lambda way: sum(len(blocks[label].instructions) for label in way))
        ended, contact = ways[0], ways[-1]
    return {
        PARTICLE: [line for label in outer - inner for line in blocks[label].instructions],
        ENTRY: [line for label in inner - contact - ended for line in blocks[label].instructions],
        CONTACT: [line for label in contact for line in blocks[label].instructions],
    }


def counted(lines: list[str]) -> Counter[str]:
    """Instructions, bytes asked for and written, operations in 32 and 64 bits, roots and divisions."""
    found: Counter[str] = Counter()
    for line in lines:
        matched = LINE.match(line)
        assert matched is not None, line
        name, kinds = matched[1], matched[2].split(".")
        width = int(re.findall(r"\d+$", kinds[-1])[0]) if re.search(r"\d$", kinds[-1]) else 0
        found["instructions"] += LONG if name in SLOW and kinds[-1][0] == "f" and "approx" not in kinds else 1
        if name in ("ld", "st", "atom", "red") and "global" in kinds:
            found["bytes read" if name == "ld" else "bytes written"] += width // 8
        elif name in ARITHMETIC and kinds[-1] in ("f32", "f64"):
            found[f"flops in {width} bits"] += ARITHMETIC[name]
            found["roots and divisions"] += name in SLOW
    return found


def of_a_step(precision: str) -> tuple[dict[str, Counter[str]], dict[str, float]]:
    """Counts of a particle, an entry and a contact, and those of a particle-step; the walls are left out."""
    case = bowl_case(statistics=None, time={"end": 1.0}, numerics=precision)
    launches = launches_of(case)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        text = compile_to_ptx(launches["step_sphere"])
    parts = {region: counted(lines) for region, lines in regions(text).items()}
    weights = {PARTICLE: 1.0, ENTRY: ENTRIES, CONTACT: CONTACTS}
    return parts, {name: sum(weights[region] * parts[region][name] for region in parts) for name in COUNTS}


def least_bytes(precision: str) -> float:
    """Bytes of a particle-step that pass between memory and chip if every partner is found in a cache.

    Row, kinds, id and row of contacts with walls, begin of its partners and place at the last list read; positions,
    velocities and spins written; entries with their flags read, those of contacts with their history read and written.
    """
    value, number = (4 if precision == "mixed" else 8), 8
    own = number * (ROW_SIZE + 1 + 1 + 3 + 9) + 4 * (KIND_SIZE + 1)
    return own + 5 * ENTRIES + CONTACTS * (2 * HISTORY_VALUES * value + 1)


def limits(demand: dict[str, float], memory: float) -> dict[str, float]:
    """Particle-steps/s that each limit of an H200 alone would allow."""
    arithmetic = demand["flops in 32 bits"] / SINGLE_FLOPS + demand["flops in 64 bits"] / DOUBLE_FLOPS
    return {
        "memory": BANDWIDTH / memory,
        "arithmetic": 1.0 / arithmetic,
        "instructions": INSTRUCTIONS / demand["instructions"],
    }


def main() -> None:
    """Print counts and estimates in both precisions."""
    for precision in ("double", "mixed"):
        parts, demand = of_a_step(precision)
        print(f"\n{precision:22}{'particle':>10}{'entry':>10}{'contact':>10}{'particle-step':>15}")
        for name, number in demand.items():
            row: Any = (parts[region][name] for region in (PARTICLE, ENTRY, CONTACT))
            print(f"{name:22}" + "".join(f"{each:10d}" for each in row) + f"{number:15.0f}")
        memory = least_bytes(precision)
        print(f"{'bytes from memory':22}{'':30}{memory:15.0f}")
        for name, rate in limits(demand, memory).items():
            print(f"estimate for an H200: {name:14} allow {rate:.1e} particle-steps/s")


if __name__ == "__main__":
    main()
