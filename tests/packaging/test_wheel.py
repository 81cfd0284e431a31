"""The wheel, installed outside the repository, holds everything that a run needs."""

from __future__ import annotations

import importlib.util
import os
import site
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(*command: str | Path, folder: Path) -> str:
    """Run a command outside the repository, without its path; what it printed."""
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, require: Callable[..., None]) -> Path:
    """The programs' folder of an environment with the wheel in it; its dependencies are the test environment's.

    A `.pth` file adds those to the path. Python does not follow the `.pth` files of a folder that was itself added so,
    hence the editable install beside them does not come in.
    """
    require("venv", importlib.util.find_spec("ensurepip") is not None, "no ensurepip; apt-get install python3-venv")
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, folder=ROOT)
    (wheel,) = folder.glob("dempbm-*.whl")
    environment = folder / "environment"
    run(sys.executable, "-m", "venv", environment, folder=folder)
    programs = environment / "bin"
    run(programs / "python", "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel, folder=folder)
    own = run(programs / "python", "-c", "import sysconfig as s; print(s.get_path('purelib'))", folder=folder).strip()
    others = dict.fromkeys([sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *site.getsitepackages()])
    (Path(own) / "dependencies.pth").write_text("\n".join(others) + "\n")
    return programs


def test_packages_come_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    """Nothing is read from the repository, or the test would prove the checkout instead of the wheel."""
    program = "import compute, coupling, dem, pbm; print(*[p.__file__ for p in (compute, coupling, dem, pbm)])"
    files = run(installed / "python", "-c", program, folder=tmp_path).split()
    assert len(files) == 4
    assert all(Path(file).is_relative_to(installed.parent) for file in files), files


def test_shipped_case_runs_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    """`dempbm new` copies a shipped case and `dempbm run` finishes it: cases and batch scripts are in."""
    run(installed / "dempbm", "new", "spheres", "--from", "two-spheres", folder=tmp_path)
    run(installed / "dempbm", "run", "spheres", "--out", "result", folder=tmp_path)
    assert (tmp_path / "result" / "manifest.json").stat().st_size > 0
    assert list((tmp_path / "result" / "dem").glob("*/particles.vtkhdf"))
    scripts = run(installed / "python", "-c", "import coupling; print(coupling.__path__[0])", folder=tmp_path).strip()
    assert (Path(scripts) / "_slurm" / "run.sbatch").exists()
