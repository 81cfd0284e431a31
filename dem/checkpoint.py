"""Files that are whole or absent: checkpoints of a running simulation, and the safe writing they rest on.

A checkpoint is an HDF5 file `checkpoint-<step>.h5` with the arrays under /arrays and the attributes as JSON. Its
512-byte HDF5 user block holds the SHA-256 of all bytes behind it, so that a damaged file is recognised before the
HDF5 library reads it. Space is reserved before the library writes, because HDF5 can crash the process when the disk
fills up under it.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compute.errors import CheckpointError
from compute.product import product_version

USER_BLOCK = 512
FILE_OVERHEAD = 65536
"""HDF5 metadata of a file beyond its datasets [byte], an upper bound."""
DATASET_OVERHEAD = 2048
"""HDF5 metadata of one contiguous dataset [byte], an upper bound."""
LABEL = b"dempbm checkpoint, sha256 of the bytes after this block: "
NATIVE_KINDS, NATIVE_SIZE = "biuf", 8
"""numpy kinds, up to this size [byte], that HDF5 gives back exactly; every other type is stored as its bytes."""


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint as read back.

    Args:
        path: the file it came from.
        step: step number at which it was saved.
        arrays: every array, equal to the bit in values, type and shape.
        attributes: the attributes (JSON values).
        skipped: one message for each later checkpoint that was found broken.
    """

    path: Path
    step: int
    arrays: dict[str, NDArray[Any]]
    attributes: dict[str, Any]
    skipped: tuple[str, ...] = ()


class CheckpointStore:
    """The newest checkpoints of one simulation in one folder.

    Args:
        folder: where the files lie; made if absent.
        keep: how many are kept; at least 2, so that one broken file does not end the run.
    """

    def __init__(self, folder: Path | str, keep: int = 2) -> None:
        if keep < 2:
            raise ValueError(f"keep = {keep}: at least 2 checkpoints are kept, so that a good one is always there")
        self.folder, self.keep = Path(folder), keep
        self._broken: set[Path] = set()

    def paths(self) -> list[Path]:
        """Files of the store, oldest step first."""
        return sorted((path for path in self.folder.glob("checkpoint-*.h5") if _step(path) is not None), key=_order)

    def save(self, step: int, arrays: Mapping[str, NDArray[Any]], attributes: Mapping[str, Any]) -> Path:
        """Write the checkpoint of `step`, then remove those no longer kept.

        Args:
            step: step number, not negative.
            arrays: arrays of any type but object, by name.
            attributes: values that JSON can hold; numpy scalars become Python's.

        Raises:
            CheckpointError: it could not be written (full disk, quota, permissions); the earlier ones are untouched.
        """
        path = self.folder / f"checkpoint-{step:012d}.h5"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._remove_leftovers()
            with atomic_replacement(path) as temporary:
                _write(temporary, step, arrays, attributes)
        except (OSError, RuntimeError) as error:
            raise CheckpointError(self._failure(step, arrays, error)) from error
        self._broken.discard(path)
        self._prune(path)
        return path

    def load_latest(self) -> Checkpoint | None:
        """Read the newest good checkpoint; broken ones are named in its `skipped`. None where there is no file.

        Raises:
            CheckpointError: there are files, and every one is broken.
        """
        skipped: list[str] = []
        for path in reversed(self.paths()):
            try:
                found = load_checkpoint(path)
                return Checkpoint(found.path, found.step, found.arrays, found.attributes, tuple(skipped))
            except CheckpointError as error:
                self._broken.add(path)
                skipped.append(str(error))
        if skipped:
            raise CheckpointError("no checkpoint can be used: " + "; ".join(skipped) + "; start the run again")
        return None

    def _failure(self, step: int, arrays: Mapping[str, NDArray[Any]], error: Exception) -> str:
        needed = _byte_count(arrays) / 1e6
        free = shutil.disk_usage(self.folder).free / 1e6 if self.folder.is_dir() else 0.0
        good = [path.name for path in self.paths() if path not in self._broken]
        last = f"the last good one, {good[-1]}, is kept" if good else "there is no earlier one"
        number = getattr(error, "errno", None)
        reason = os.strerror(number) if number else str(error)
        return (
            f"checkpoint of step {step} could not be written to {self.folder}: {reason} (it needs {needed:.3g} MB, "
            f"{free:.3g} MB are free); {last}: free some space, then resume"
        )

    def _remove_leftovers(self) -> None:
        for path in self.folder.glob(".checkpoint-*.h5.partial"):
            path.unlink(missing_ok=True)

    def _prune(self, newest: Path) -> None:
        """Keep the newest good ones; what lies beyond the step just saved was left behind when the run went back."""
        good = [path for path in self.paths() if _order(path) <= _order(newest) and path not in self._broken]
        for path in set(self.paths()) - set(good[-self.keep :]):
            path.unlink(missing_ok=True)


def load_checkpoint(path: Path | str) -> Checkpoint:
    """Read one checkpoint after comparing its SHA-256.

    Raises:
        CheckpointError: the file is absent, cut short or changed, or of another version of the product.
    """
    import h5py

    path = Path(path)
    try:
        _compare_digest(path)
        with h5py.File(path, "r") as file:
            _require_version(path, file.attrs.get("version", "before 0.1.0"))
            arrays = {_name(key): _read_array(dataset) for key, dataset in file["arrays"].items()}
            return Checkpoint(path, int(file.attrs["step"]), arrays, json.loads(bytes(file["attributes"][()])))
    except (OSError, KeyError, ValueError) as error:
        raise CheckpointError(f"{path}: broken checkpoint: {error}") from error


def _require_version(path: Path, found: str) -> None:
    """Refuse a file that another version of the product wrote: what its arrays mean may differ."""
    if found != str(product_version()):
        raise CheckpointError(
            f"{path}: written by version {found} of dempbm, and this is {product_version()}: resume with that version"
        )


@contextmanager
def atomic_replacement(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; what was written there becomes `path` when the block ends without error.

    The temporary file is flushed to the disk (fsync), renamed over `path`, and the folder is flushed, so that after
    a crash at any moment `path` holds either its old or its new content. On an error the temporary file is removed.
    """
    temporary = path.with_name(f".{path.name}.partial")
    temporary.unlink(missing_ok=True)
    try:
        yield temporary
        _flush_to_disk(temporary)
        os.replace(temporary, path)
        _flush_to_disk(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def reserve_space(path: Path, byte_count: int) -> None:
    """Make the file at least `byte_count` long, on the disk and not only by name.

    Raises:
        OSError: the disk is full, or a quota or a limit on file size is met; nothing else was written.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        os.posix_fallocate(descriptor, 0, byte_count)
    finally:
        os.close(descriptor)


@contextmanager
def reserved_hdf5(path: Path, byte_count: int, user_block: int = 0) -> Iterator[Any]:
    """Open a new h5py.File whose `byte_count` of data is sure to fit on the disk; it is cut to size at the end.

    Raises:
        OSError: the space is not there.
    """
    import h5py

    reserve_space(path, byte_count)
    with h5py.File(path, "w", userblock_size=user_block) as file:
        reserve_space(path, byte_count)
        yield file
        file.flush()
        size = file.id.get_filesize()
    os.truncate(path, size)


def _write(path: Path, step: int, arrays: Mapping[str, NDArray[Any]], attributes: Mapping[str, Any]) -> None:
    text = json.dumps(dict(attributes), sort_keys=True, default=_plain).encode()
    with reserved_hdf5(path, _byte_count(arrays) + len(text), USER_BLOCK) as file:
        file.attrs["step"], file.attrs["version"] = step, str(product_version())
        file["attributes"] = np.frombuffer(text, dtype=np.uint8)
        group = file.create_group("arrays")
        for name in sorted(arrays):
            _write_array(group, _key(name), np.asarray(arrays[name]))
    _write_digest(path)


def _write_array(group: Any, key: str, array: NDArray[Any]) -> None:
    if array.dtype.hasobject:
        raise ValueError(f"{_name(key)}: arrays of Python objects cannot be stored")
    if array.dtype.kind in NATIVE_KINDS and array.dtype.itemsize <= NATIVE_SIZE:
        group[key] = array
        return
    group[key] = np.frombuffer(array.tobytes(), dtype=np.uint8)
    group[key].attrs["layout"] = repr((np.lib.format.dtype_to_descr(array.dtype), array.shape))


def _read_array(dataset: Any) -> NDArray[Any]:
    values = np.asarray(dataset[()])
    if "layout" not in dataset.attrs:
        return values.astype(dataset.dtype, copy=False)
    description, shape = ast.literal_eval(dataset.attrs["layout"])
    return np.frombuffer(values.tobytes(), dtype=np.lib.format.descr_to_dtype(description)).reshape(shape).copy()


def _byte_count(arrays: Mapping[str, NDArray[Any]]) -> int:
    return FILE_OVERHEAD + sum(np.asarray(array).nbytes + DATASET_OVERHEAD for array in arrays.values())


def _write_digest(path: Path) -> None:
    with open(path, "r+b") as file:
        line = LABEL + _digest(file).encode()
        file.seek(0)
        file.write(line.ljust(USER_BLOCK - 1) + b"\n")


def _compare_digest(path: Path) -> None:
    with open(path, "rb") as file:
        line = file.read(USER_BLOCK)
        if not line.startswith(LABEL):
            raise ValueError("the label at its beginning is missing")
        if line[len(LABEL) :].strip().decode(errors="replace") != _digest(file):
            raise ValueError("its content does not match its SHA-256: it was cut short or changed")


def _digest(file: Any) -> str:
    file.seek(USER_BLOCK)
    return hashlib.file_digest(file, "sha256").hexdigest()


def _key(name: str) -> str:
    return name.replace("%", "%25").replace("/", "%2F").replace(".", "%2E")


def _name(key: str) -> str:
    return key.replace("%2E", ".").replace("%2F", "/").replace("%25", "%")


def _step(path: Path) -> int | None:
    match = re.fullmatch(r"checkpoint-(\d+)\.h5", path.name)
    return int(match[1]) if match else None


def _order(path: Path) -> int:
    return int(_step(path) or 0)


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"attribute of type {type(value).__name__} cannot be stored as JSON")


def _flush_to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
