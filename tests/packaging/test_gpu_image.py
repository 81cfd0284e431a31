"""`make gpu` on the packages of a plain CUDA image: all else that it imports is carried as wheels."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
IMAGE = {"numpy", "scipy", "numba", "numba-cuda", "llvmlite", "h5py", "cuda-bindings", "cuda-core", "cuda-pathfinder"}
"""Packages of such an image that can be imported without a device."""
IMPORTS = """
import sys
from importlib.metadata import packages_distributions

allowed, owners = set(sys.argv[1].split()), packages_distributions()

class Refuse:
    def find_spec(self, name, path=None, target=None):
        of = {each.lower().replace("_", "-") for each in owners.get(name.partition(".")[0], ())}
        if of and not of & allowed:
            raise ModuleNotFoundError(f"neither in the image nor carried: {name}", name=name)

sys.meta_path.insert(0, Refuse())
import benchmarks.gpu, tests.conftest, tests.device.test_balances, tests.device.test_device
print("imported")
"""


def variable(name: str) -> set[str]:
    """The words of a variable of the Makefile."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    found = re.search(rf"^{name} := (.*)$", text, re.MULTILINE)
    assert found is not None
    return set(found[1].split())


def imported_with(packages: set[str]) -> str:
    """What importing the driver and its tests gives with these packages alone."""
    command = [sys.executable, "-c", IMPORTS, " ".join(packages | {"dempbm"})]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return (done.stdout + done.stderr).strip().splitlines()[-1]


def test_what_the_image_lacks_is_carried() -> None:
    """With the image and what is carried all can be imported; without what is carried it cannot."""
    assert imported_with(IMAGE | variable("CARRIED")) == "imported"
    assert "neither in the image nor carried" in imported_with(IMAGE)


def test_an_image_without_what_is_carried_is_told() -> None:
    """The packages that lack, and the command that brings them, before anything is run."""
    command = ["make", "gpu", f"PYTHON={sys.executable}", "WHEELS=/nowhere", "GPU_MODULES=numpy no_such_module"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode != 0
    assert "lacks ['no_such_module']" in done.stderr
    assert f"make gpu-wheels GPU_PYTHON=3.{sys.version_info[1]}" in done.stderr
