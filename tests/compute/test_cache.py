"""Compiled code is kept between runs, and never outlives the text it was made from.

numba looks at the file of the cached function alone, here the launcher: without the folder named by all sources, a law
that was edited would go on as it was.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

LAW = '''
"""A law."""
from compute.physics import physics


@physics
def law(x: float) -> float:
    """Return a multiple."""
    return 2.0 * x
'''
RUN = """
import sys
import numpy as np
from compute import get_backend
from compute.cache import cache_folder
from dem.example_law import law
from example_body import body
x = np.arange(4.0)
get_backend("cpu", threads=1).foreach(body, 4, x)
print(x[3], cache_folder())
"""
BODY = """
from compute.physics import routine
from dem.example_law import law


@routine
def body(i, x):
    x[i] = law(x[i])
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the sources with a law and a body more."""
    for package in ("compute", "dem", "pbm"):
        shutil.copytree(ROOT / package, tmp_path / "tree" / package, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "tree" / "dem" / "example_law.py").write_text(LAW)
    (tmp_path / "tree" / "example_body.py").write_text(BODY)
    return tmp_path / "tree"


def run(tree: Path, text: str) -> list[str]:
    environment = os.environ | {"DEMPBM_CACHE": str(tree.parent / "cache"), "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("NUMBA_CACHE_DIR", None)
    done = subprocess.run(
        [sys.executable, "-c", text], cwd=tree, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def source_hash(tree: Path) -> str:
    return run(tree, "from compute.cache import source_hash; print(source_hash())")[0]


def test_hash_names_every_source(tree: Path) -> None:
    """It changes with the text, the place and the number of sources, and comes back with them."""
    law = tree / "dem" / "example_law.py"
    first = source_hash(tree)
    law.write_text(LAW.replace("2.0", "3.0"))
    edited = source_hash(tree)
    law.write_text(LAW)
    again = source_hash(tree)
    law.rename(tree / "pbm" / "example_law.py")
    moved = source_hash(tree)
    assert again == first
    assert len({first, edited, moved}) == 3


def test_edited_law_runs_as_edited(tree: Path) -> None:
    """2 x 3 before and 3 x 3 after the edit, in a folder of its own each; an unchanged text compiles nothing anew."""
    value, folder = run(tree, RUN)
    files = sorted(Path(folder).rglob("*.nb?"))
    assert (value, bool(files)) == ("6.0", True)
    times = [path.stat().st_mtime_ns for path in files]
    assert run(tree, RUN) == [value, folder]
    assert sorted(Path(folder).rglob("*.nb?")) == files
    assert [path.stat().st_mtime_ns for path in files] == times
    (tree / "dem" / "example_law.py").write_text(LAW.replace("2.0", "3.0"))
    edited, other = run(tree, RUN)
    assert edited == "9.0"
    assert other != folder


MAKER = """
import math, sys
import numpy as np
from compute import get_backend
from compute.physics import routine

def make_loop(times):
    @routine
    def summed(i, values):
        total = 0.0
        for k in range(values.shape[0]):
            share = math.sin(values[k]) + math.cos(values[i]) + math.exp(-values[k])
            for _ in range(times):
                total += share * math.log(1.0 + values[k]) + math.atan(values[k])
            values[k] += 0.0 * total
        return total

    def loop(values):
        total = 0.0
        for i in range(values.shape[0]):
            total += summed(i, values)
        for i in range(values.shape[0]):
            total += summed(values.shape[0] - 1 - i, values)
        return total

    return loop

for word in sys.argv[1].split():
    loop, values = make_loop(int(word)), np.linspace(0.0, 1.0, 5)
    print(get_backend("cpu", 1).compile(loop)(values) / loop(values))
"""


def test_loops_of_one_maker_are_told_apart(tmp_path: Path) -> None:
    """Loops that close over 2 and over 3, compiled in two processes, loaded from their caches into a third.

    Functions compiled with the same name are one function to the linker; summed twice in place of three times, the
    second loop would give 2/3. The sums themselves are the same to the last bits of library functions, hence 1e-9.
    """
    path = tmp_path / "maker.py"
    path.write_text(MAKER)
    environment = os.environ | {"DEMPBM_CACHE": str(tmp_path / "cache"), "PYTHONPATH": str(ROOT)}
    environment.pop("NUMBA_CACHE_DIR", None)
    for words in ("2", "3", "2 3", "3 2"):
        done = subprocess.run(
            [sys.executable, "-W", "ignore", str(path), words], env=environment, capture_output=True, text=True,
            timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert [float(ratio) for ratio in done.stdout.split()] == pytest.approx([1.0] * len(words.split()), rel=1e-9)
