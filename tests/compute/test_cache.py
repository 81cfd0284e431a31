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
