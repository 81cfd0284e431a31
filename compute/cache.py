"""The folder of compiled code, named by everything that decides what the code is.

numba tracks only the file of the function it caches: after an edit of a law it would run the old physics. So the folder
is named by a hash of all sources of this product, of numba's and numpy's versions and of the processor.
"""

from __future__ import annotations

import hashlib
import os
import platform
from functools import cache
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("compute", "dem", "pbm")


@cache
def source_hash() -> str:
    """Return the hash of every source that holds compiled code, of the compilers' versions and of the processor."""
    root = Path(__file__).resolve().parent.parent
    digest = hashlib.sha256()
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            digest.update(str(path.relative_to(root)).encode())
            digest.update(path.read_bytes())
    digest.update(f"{version('numba')} {version('numpy')} {platform.python_version()} {_processor()}".encode())
    return digest.hexdigest()[:16]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return " ".join(sorted({line for line in lines if line.startswith(("model name", "flags"))}))


def cache_folder() -> Path:
    """Return the folder for this version's compiled code: `DEMPBM_CACHE`, else the user's cache folder."""
    base = os.environ.get("DEMPBM_CACHE") or os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "dempbm" / source_hash()


def use_cache_folder() -> Path:
    """Point numba at this version's folder; a folder that cannot be written to is an error of the system's own."""
    import numba

    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
    vars(numba.config)["CACHE_DIR"] = str(folder)
    return folder
