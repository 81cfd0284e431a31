"""`import pbm` costs nothing: names are loaded when first used."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("program", "forbidden"),
    [
        ("import pbm", ("numpy", "numba", "scipy", "h5py", "matplotlib", "pydantic")),
        ("import pbm; pbm.Population, pbm.kernel, pbm.lognormal", ("numba", "scipy", "h5py", "matplotlib")),
    ],
)
def test_import_is_light(program: str, forbidden: tuple[str, ...]) -> None:
    """A fresh interpreter holds none of the heavy libraries afterwards."""
    text = f"{program}\nimport sys\nprint(*[name for name in {forbidden!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == []


def test_every_name_can_be_loaded() -> None:
    """What `dir(pbm)` lists exists."""
    import pbm

    assert all(getattr(pbm, name) is not None for name in dir(pbm))
