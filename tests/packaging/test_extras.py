"""The extras [mpi] and [viz] work with the system's MPI and GL libraries, not only install."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

SUM_OF_RANKS = "from mpi4py import MPI; print(MPI.COMM_WORLD.allreduce(MPI.COMM_WORLD.rank + 1))"

DRAW_SPHERE = """
import sys, pyvista
plotter = pyvista.Plotter(off_screen=True, window_size=(64, 64))
plotter.set_background("black")
plotter.add_mesh(pyvista.Sphere(), color="white")
image = plotter.screenshot(sys.argv[1], return_img=True)
print(image[32, 32].min(), image[0, 0].max())
"""


def test_two_ranks_reduce(mpi_command: Callable[[int], list[str]]) -> None:
    """Two ranks add 1 and 2: each must see 3, exactly, or the wheel did not find the system's MPI."""
    command = [*mpi_command(2), sys.executable, "-c", SUM_OF_RANKS]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "".join(done.stdout.split()) == "33"  # lines of two ranks may run into each other


def test_sphere_is_drawn_without_a_display(renderer: None, tmp_path: Path) -> None:
    """A lit white sphere on black: bright in the middle, black in the corner; 100 of 255 allows for the shading."""
    command = [sys.executable, "-c", DRAW_SPHERE, str(tmp_path / "sphere.png")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    centre, corner = map(int, done.stdout.split())
    assert centre > 100
    assert corner == 0
    assert (tmp_path / "sphere.png").stat().st_size > 0
