"""Files that are whole or absent: checkpoints of a running simulation, and the atomic replacement they rest on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_replacement(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; what was written there becomes `path` when the block ends without error.

    The temporary file is flushed to the disk (fsync), renamed over `path`, and the folder is flushed, so that after
    a crash at any moment `path` holds either its old or its new content. On an error the temporary file is removed.
    """
    temporary = path.with_name(f".{path.name}.partial")
    try:
        yield temporary
        _flush_to_disk(temporary)
        os.replace(temporary, path)
        _flush_to_disk(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def _flush_to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
