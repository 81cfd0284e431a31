"""The shape of the sources: which package may import which, what the solver must not load, how long things are."""

from __future__ import annotations

import ast
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ALLOWED = {
    "compute": {"compute"},
    "dem": {"dem", "compute"},
    "pbm": {"pbm", "compute"},
    "coupling": {"coupling", "dem", "pbm", "compute"},
}
# Optional, slow to load or in need of a GPU, a display or MPI: a run must not depend on them.
KEPT_OUT = ("pyvista", "vtk", "vtkmodules", "cupy", "mpi4py", "asyncua")
FILE_LINES = 300
FUNCTION_LINES = {"median": 10, "nine of ten": 30, "longest": 60}


def sources(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def parsed(package: str) -> Iterator[tuple[Path, ast.Module]]:
    for path in sources(package):
        yield path.relative_to(ROOT), ast.parse(path.read_text())


def imported(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and name of everything imported, also inside functions; relative imports stay in their package."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.lineno, node.module or ""


@pytest.mark.parametrize("package", ALLOWED)
def test_imports_point_one_way(package: str) -> None:
    """coupling -> dem, pbm -> compute, and nothing back or across: each engine is usable without the other."""
    trees = list(parsed(package))
    assert trees, f"no sources in {package}"
    wrong = [
        f"{path}:{line} imports {name}"
        for path, tree in trees
        for line, name in imported(tree)
        if name.split(".")[0] in ALLOWED and name.split(".")[0] not in ALLOWED[package]
    ]
    assert not wrong, "\n".join(wrong)


def solver_modules() -> list[str]:
    """Every module of the engines but the CUDA backend, and the coupling's driver: what a run on a CPU loads."""
    modules = []
    for package in ("compute", "dem", "pbm"):
        modules += [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in sources(package)]
    if (ROOT / "coupling" / "driver.py").exists():
        modules.append("coupling.driver")
    return [name.removesuffix(".__init__") for name in modules if not name.startswith("compute.cuda")]


def test_solver_loads_no_optional_library() -> None:
    """A fresh interpreter imports all of the solver; none of the optional libraries may come along."""
    program = (
        "import importlib, sys\n"
        f"for name in {solver_modules()!r}: importlib.import_module(name)\n"
        f"print(*[name for name in {KEPT_OUT!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


@pytest.mark.parametrize("package", ALLOWED)
def test_files_are_short(package: str) -> None:
    """A file holds one thing: at most 300 lines."""
    lines = {str(path.relative_to(ROOT)): path.read_text().count("\n") for path in sources(package)}
    assert {path: number for path, number in lines.items() if number > FILE_LINES} == {}


def function_lengths() -> dict[str, int]:
    """Lines of every function without its docstring, by file, line and name."""
    lengths = {}
    for package in ALLOWED:
        for path, tree in parsed(package):
            for node in ast.walk(tree):
                if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                    lengths[f"{path}:{node.lineno} {node.name}"] = code_lines(node)
    return lengths


def code_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = node.body[0]
    documented = ast.get_docstring(node, clean=False) is not None
    docstring = (first.end_lineno or 0) - first.lineno + 1 if documented else 0
    return (node.end_lineno or node.lineno) - node.lineno + 1 - docstring


def test_functions_are_short() -> None:
    """A function does one thing: half of them within 10 lines, nine of ten within 30, none over 60."""
    lengths = function_lengths()
    longest = {name: length for name, length in lengths.items() if length > FUNCTION_LINES["longest"]}
    assert longest == {}
    assert statistics.median(lengths.values()) <= FUNCTION_LINES["median"]
    assert statistics.quantiles(lengths.values(), n=10)[-1] <= FUNCTION_LINES["nine of ten"]
