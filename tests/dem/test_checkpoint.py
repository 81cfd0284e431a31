"""Checkpoints: exact to the bit, whole or absent, and the last good one survives every kind of damage."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import dem.checkpoint
from compute.errors import CheckpointError
from dem.checkpoint import CheckpointStore, load_checkpoint

ROOT = Path(__file__).resolve().parents[2]
TYPES = ["?", "i1", "u1", "i2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", "g", "c8", "c16", ">f8", ">i4", "S7", "U5"]


def some_arrays(seed: int = 1, count: int = 1000) -> dict[str, np.ndarray]:
    generator = np.random.Generator(np.random.Philox(key=(seed, 0)))
    return {"position": generator.normal(size=(count, 3)), "id": generator.integers(0, 2**62, count)}


def run_python(text: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", text, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE)


def assert_same(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        assert found[name].dtype == array.dtype
        assert found[name].shape == array.shape
        assert found[name].tobytes() == array.tobytes(), name


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("shape", [(), (0, 3), (7,), (2, 3, 4)])
def test_round_trip_keeps_every_bit(tmp_path: Path, kind: str, shape: tuple[int, ...]) -> None:
    """Random bytes of the type (so also NaN payloads and denormals) come back as they were: no tolerance."""
    dtype = np.dtype(kind)
    generator = np.random.Generator(np.random.Philox(key=(3, 0)))
    size = int(np.prod(shape))
    if kind in ("?", "U5"):
        array = generator.integers(0, 2, shape).astype(dtype)
    else:
        array = np.frombuffer(generator.bytes(size * dtype.itemsize), dtype=dtype).reshape(shape)
    CheckpointStore(tmp_path).save(3, {"values": array}, {})
    found = CheckpointStore(tmp_path).load_latest()
    assert found is not None
    assert found.step == 3
    assert_same(found.arrays, {"values": array})


def test_round_trip_of_records_strides_names_and_attributes(tmp_path: Path) -> None:
    """Structured types, strided views, names with slashes and JSON attributes (floats to the bit) come back."""
    record = np.zeros(4, dtype=np.dtype([("pair", "i8", (2,)), ("spring", "f4")]))
    record["spring"] = 0.1
    arrays = {"a/b.c%2F": np.arange(24.0).reshape(4, 6)[::2, ::3], "contacts": record, "b": np.array(5)}
    attributes = {"time": 0.1 + 0.2, "seed": np.int64(7), "walls": ["bowl", "blade"], "tiny": 5e-324, "none": None}
    CheckpointStore(tmp_path).save(12, arrays, attributes)
    found = CheckpointStore(tmp_path).load_latest()
    assert found is not None
    assert_same(found.arrays, arrays)
    assert found.attributes == attributes


def test_keeps_two_and_prefers_the_newest(tmp_path: Path) -> None:
    """Of four saves the last two stay; a run that went back to an earlier step drops what lay beyond it."""
    store = CheckpointStore(tmp_path, keep=2)
    for step in (5, 90, 1000, 20000):
        store.save(step, some_arrays(step), {"step": step})
    assert [path.name for path in store.paths()] == ["checkpoint-000000001000.h5", "checkpoint-000000020000.h5"]
    found = store.load_latest()
    assert found is not None
    assert (found.step, found.skipped) == (20000, ())
    store.save(1500, some_arrays(), {})
    assert [load_checkpoint(path).step for path in store.paths()] == [1000, 1500]


def test_empty_folder_gives_none(tmp_path: Path) -> None:
    """No checkpoint is not an error: the run starts at its beginning."""
    assert CheckpointStore(tmp_path / "absent").load_latest() is None


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def flip_one_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) * 2 // 3] ^= 1
    path.write_bytes(content)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def replace_by_text(path: Path) -> None:
    path.write_text("not a checkpoint")


@pytest.mark.parametrize("damage", [truncate, flip_one_bit, empty, replace_by_text])
def test_damaged_file_is_named_and_the_one_before_is_used(tmp_path: Path, damage: object) -> None:
    """Any single change of the bytes changes their SHA-256, so the file is recognised, named and skipped."""
    store = CheckpointStore(tmp_path)
    store.save(1, some_arrays(1), {})
    damage(store.save(2, some_arrays(2), {}))  # type: ignore[operator]
    found = store.load_latest()
    assert found is not None
    assert found.step == 1
    assert_same(found.arrays, some_arrays(1))
    assert len(found.skipped) == 1
    assert "checkpoint-000000000002.h5" in found.skipped[0]
    store.save(3, some_arrays(3), {})
    assert [load_checkpoint(path).step for path in store.paths()] == [1, 3], "a good one was dropped for a broken one"


def test_all_broken_names_every_file(tmp_path: Path) -> None:
    """With nothing usable left the error names the files, and its exit code says that the simulation failed."""
    store = CheckpointStore(tmp_path)
    for step in (1, 2):
        truncate(store.save(step, some_arrays(), {}))
    with pytest.raises(CheckpointError, match=r"000002\.h5.*000001\.h5") as caught:
        store.load_latest()
    assert caught.value.exit_code == 3


def test_one_of_another_version_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What its arrays mean may differ: both versions are named, and neither the file nor the store can be read."""
    store = CheckpointStore(tmp_path)
    monkeypatch.setattr(dem.checkpoint, "product_version", lambda: "0.0.9")
    path = store.save(1, some_arrays(), {})
    assert load_checkpoint(path).step == 1
    monkeypatch.setattr(dem.checkpoint, "product_version", lambda: "0.1.0")
    told = r"written by version 0\.0\.9 of dempbm, and this is 0\.1\.0: resume with that version"
    with pytest.raises(CheckpointError, match=told):
        load_checkpoint(path)
    with pytest.raises(CheckpointError, match=told):
        store.load_latest()


FULL_DISK = """
import resource, sys
import numpy as np
from compute.errors import CheckpointError
from dem.checkpoint import CheckpointStore
store, (count, length, limit) = CheckpointStore(sys.argv[1]), map(int, sys.argv[2:])
store.save(1, {"a": np.arange(10)}, {})
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    store.save(2, {f"a{i}": np.zeros(length) for i in range(count)}, {})
except CheckpointError as error:
    print(error)
found = store.load_latest()
print(found.step, [path.name for path in store.folder.iterdir()])
"""


@pytest.mark.parametrize(("count", "length", "limit"), [(2, 100_000, 500_000), (500, 60, 200_000), (1, 10, 100)])
def test_full_disk_keeps_the_last_good_one(tmp_path: Path, count: int, length: int, limit: int) -> None:
    """A limit on file size stands for the full disk: both fail at reserving the space, one by EFBIG, one by ENOSPC.

    Few large arrays, many small ones (HDF5 writes them while closing, where it crashes), and no room for a header.
    """
    process = run_python(FULL_DISK, tmp_path, count, length, limit)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "checkpoint of step 2 could not be written" in output
    assert "checkpoint-000000000001.h5, is kept" in output
    assert output.splitlines()[-1] == "1 ['checkpoint-000000000001.h5']"


KILLED = """
import sys
import numpy as np
from dem.checkpoint import CheckpointStore
store = CheckpointStore(sys.argv[1])
for step in range(1, 100000):
    store.save(step, {"a": np.full(20000, step)}, {"step": step})
    print(step, flush=True)
"""


def test_kill_at_any_moment_leaves_a_good_one(tmp_path: Path) -> None:
    """SIGKILL during a stream of saves: the newest file is the last one announced or the one begun after it."""
    for wait in (0.0, 0.007, 0.013):
        process = run_python(KILLED, tmp_path)
        assert process.stdout is not None
        for _ in range(3):
            process.stdout.readline()
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        announced = [int(line) for line in process.stdout.read().split()]
        process.wait()
        found = CheckpointStore(tmp_path).load_latest()
        assert found is not None
        assert found.skipped == ()
        assert found.step in (max([3, *announced]), max([3, *announced]) + 1)
        assert np.all(found.arrays["a"] == found.step)
