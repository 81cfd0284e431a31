"""Cases of an open-source comparison as case documents: the rotating drum and the ball that falls into a bed.

Dosta et al. (2024), Comput. Phys. Commun. 296, 109066, doi 10.1016/j.cpc.2023.109066; particles and walls as they were
published, see data/dosta2024/README.md.
"""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import trimesh
from numpy.typing import NDArray

DATA = Path(__file__).resolve().parent / "data" / "dosta2024"
MATERIALS = {
    "M1": {"density": 2500, "youngs_modulus": "1 GPa", "poisson_ratio": 0.2},
    "M2": {"density": 2000, "youngs_modulus": "0.5 GPa", "poisson_ratio": 0.2},
    "steel": {"density": 7200, "youngs_modulus": "210 GPa", "poisson_ratio": 0.2},
}
PAIRS = [
    {"between": ["M1", "M1"], "restitution": 0.5, "friction": 0.3},
    {"between": ["M1", "M2"], "restitution": 0.45, "friction": 0.2},
    {"between": ["M2", "M2"], "restitution": 0.4, "friction": 0.4},
    {"between": ["M1", "steel"], "restitution": 0.4, "friction": 0.2},
    {"between": ["M2", "steel"], "restitution": 0.4, "friction": 0.2},
    {"between": ["steel", "steel"], "restitution": 0.6, "friction": 0.5},
]
CLASSES = [
    {"name": "m1", "diameter": "2 mm", "material": "M1"},
    {"name": "m2", "diameter": "4 mm", "material": "M2"},
    {"name": "ball", "diameter": "20 mm", "material": "steel"},
]
DOMAINS = {
    "drum": {"low": [-0.1, -0.03, -0.1], "high": [0.1, 0.03, 0.1]},
    "penetration": {"low": [-0.05, -0.03, -0.0903], "high": [0.05, 0.03, 0.11]},
}
STEPS = {"drum": 8e-7, "penetration": 5e-7}
SKINS = {"drum": 0.025, "penetration": 0.1}
"""In mean diameters: steps are so short that particles of the drum take hundreds for the shorter one."""
SPEED = 2.0
"""Of the drum about y [rad/s]."""
BALL = (0.0, 0.0, 0.06)
BALL_SPEED = -5.0
FILES = {"drum": "drum_partcoordinates.txt.gz", "penetration": "penetration_25kparticles.txt.gz"}


def read_numbers(name: str) -> list[list[float]]:
    """The lines below the header of a compressed file."""
    lines = gzip.decompress((DATA / name).read_bytes()).decode().splitlines()[1:]
    return [[float(number) for number in line.split()] for line in lines]


def spheres(bed: str) -> NDArray[np.float64]:
    """Radius, x, y, z [m] of the bed of `drum` or `penetration`, without the ball."""
    return np.array([numbers for numbers in read_numbers(FILES[bed]) if len(numbers) == 4])


def bed_document(bed: str, folder: Path, *, ball: bool = False, walls: str = "none", **time: Any) -> dict[str, Any]:
    """The case of `drum` or `penetration`; its particles and its mesh are written into a folder.

    ball: with the falling ball; walls: `none`, `surfaces` (planes and a cylinder) or `mesh` (as published); time: of
    the section of that name.
    """
    rows = [f"{x:.12g},{y:.12g},{z:.12g},0,{'m2' if r > 1.5e-3 else 'm1'}" for r, x, y, z in spheres(bed)]
    if ball:
        rows.append(f"{BALL[0]},{BALL[1]},{BALL[2]},{BALL_SPEED},ball")
    (folder / "bed.csv").write_text("\n".join(["x,y,z,vz,class", *rows]) + "\n", encoding="utf-8")
    motion = {"motion": {"axis": [0, 1, 0], "speed": SPEED}} if bed == "drum" else {}
    dem = {
        "domain": DOMAINS[bed],
        "materials": MATERIALS,
        "pairs": PAIRS,
        "classes": CLASSES if ball else CLASSES[:2],
        "walls": [wall | {"material": "steel"} | motion for wall in WALLS[walls](bed, folder)],
        "particles": [{"kind": "file", "file": "bed.csv"}],
        "neighbour": {"skin": SKINS[bed]},
        "time": {"step": STEPS[bed]} | time,
    }
    return {"name": bed, "dem": dem}


def _surfaces(bed: str, folder: Path) -> list[dict[str, Any]]:
    if bed == "drum":
        planes = {"front": ([0, -0.03, 0], [0, 1, 0]), "back": ([0, 0.03, 0], [0, -1, 0])}
        shell = [{"name": "shell", "shape": "cylinder", "axis": [0, 1, 0], "radius": 0.1}]
    else:
        planes = {
            "west": ([-0.049, 0, 0], [1, 0, 0]),
            "east": ([0.049, 0, 0], [-1, 0, 0]),
            "south": ([0, -0.03, 0], [0, 1, 0]),
            "north": ([0, 0.03, 0], [0, -1, 0]),
            "floor": ([0, 0, -0.0902431], [0, 0, 1]),
        }
        shell = []
    flat = [{"name": name, "shape": "plane", "point": at, "normal": to} for name, (at, to) in planes.items()]
    return shell + flat


def _mesh(bed: str, folder: Path) -> list[dict[str, Any]]:
    corners = np.array(read_numbers(f"{bed}_walls.txt.gz")).reshape(-1, 3)
    faces = np.arange(len(corners)).reshape(-1, 3)
    trimesh.Trimesh(corners, faces, process=False).export(folder / "walls.stl")
    return [{"name": "walls", "shape": "mesh", "file": "walls.stl"}]


WALLS = {"none": lambda bed, folder: [], "surfaces": _surfaces, "mesh": _mesh}
