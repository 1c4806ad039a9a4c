"""Where the large arrays of a batch lie: in memory, or in files that are mapped into it."""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import errno
import json
import math
import mmap
import os
import shutil
import sys
import tempfile
import threading
import weakref
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol, Self, TypeVar

import numpy as np

from dedupe_news.errors import WorkFolderError, WorkFolderFullError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import DTypeLike, NDArray

R = TypeVar("R")

_LEAST_MAPPED = 1 << 16  # bytes below which an array stays in memory
_ZEROS = bytes(1 << 20)
_CHECK_EVERY_S = 0.01
_CLOCK_MAY_MOVE_S = 600
_SHARE_OF_LIMIT = 0.9  # from which on memory is let go of: a check comes late
LIMITS_OF_GROUP = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    (
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes",
    ),
)  # of a container on Linux
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Rows(Protocol):
    """An array that is made a part at a time."""

    def append(self, part: NDArray[Any]) -> None:
        """Add values at the end."""

    def parts(self) -> list[NDArray[Any]]:
        """Return what was appended, part by part."""

    def joined(self) -> NDArray[Any]:
        """Return all values as one array; nothing is appended any more."""


class Space(Protocol):
    """Gives room for arrays; what is computed in one is the same in another."""

    block_size: int
    """Bytes of text that are worked on at a time."""

    def empty(self, shape: int | tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """Return a new array of any values."""

    def zeros(self, shape: int | tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """Return a new array of zeros."""

    def rows(self, dtype: DTypeLike) -> Rows:
        """Return a new array that grows."""

    def keep(self, record: R) -> R:
        """Return a record of arrays, such as a NamedTuple, with its arrays in this space."""

    def stage(self, name: str, make: Callable[[], R], kinds: tuple[type, ...]) -> R:
        """Return the record that `make` returns, or that it returned before the run was killed."""


class _MemoryRows:
    def __init__(self, dtype: DTypeLike) -> None:
        self._dtype = dtype
        self._parts: list[NDArray[Any]] = []

    def append(self, part: NDArray[Any]) -> None:
        self._parts.append(np.asarray(part, self._dtype))

    def parts(self) -> list[NDArray[Any]]:
        return self._parts

    def joined(self) -> NDArray[Any]:
        if len(self._parts) == 1:
            return self._parts[0]
        return np.concatenate([np.empty(0, self._dtype), *self._parts])


class Memory:
    """Room in memory."""

    block_size = 1 << 62

    def empty(self, shape: int | tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """Return a new array of any values."""
        return np.empty(shape, dtype)

    def zeros(self, shape: int | tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """Return a new array of zeros."""
        return np.zeros(shape, dtype)

    def rows(self, dtype: DTypeLike) -> Rows:
        """Return a new array that grows."""
        return _MemoryRows(dtype)

    def keep(self, record: R) -> R:
        """Return the record."""
        return record

    def stage(self, name: str, make: Callable[[], R], kinds: tuple[type, ...]) -> R:  # noqa: ARG002
        """Return the record that `make` returns."""
        return make()


MEMORY = Memory()


class Folder:
    """
    Room in files that are mapped into memory.

    While it is entered, pages of the files are let go of whenever the process holds more
    than its limit: they stay in the files, and come back when they are read again.

    Parameters
    ----------
    folder : Path
        Where the files are, without names, so that nothing is left of a process that is killed.
    limit : int
        Bytes that the process may hold.
    """

    block_size = 1 << 26

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder = folder
        self._limit = int(_SHARE_OF_LIMIT * limit)
        self._kept: Path | None = None
        self._maps: weakref.WeakKeyDictionary[mmap.mmap, Path | None] = weakref.WeakKeyDictionary()
        self._named: set[Path] = set()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        with self._reporting():
            folder.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Self:
        """Begin to hold the limit."""
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop to hold it; arrays stay."""
        self._stop.set()
        self._watcher.join()

    @contextlib.contextmanager
    def going_on(self, kept: Path) -> Iterator[None]:
        """
        Give names to files, in a folder where `stage` finds what it returned before.

        The folder goes when all is done, and stays after an exception.
        """
        with self._reporting():
            kept.mkdir(exist_ok=True)
            owner = _own(kept)
        try:
            with self._reporting():
                _remove_unfinished(kept)
            self._kept = kept
            yield
            self._named.clear()  # what is still mapped goes when it is let go of
            shutil.rmtree(kept, ignore_errors=True)
        finally:
            self._kept = None
            owner.unlink(missing_ok=True)

    def empty(self, shape: int | tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """Return a new array of zeros."""
        return self.zeros(shape, dtype)

    def zeros(self, shape: int | tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """Return a new array of zeros."""
        n_bytes = (
            math.prod((shape,) if isinstance(shape, int) else shape) * np.dtype(dtype).itemsize
        )
        if n_bytes < max(1, _LEAST_MAPPED):
            return np.zeros(shape, dtype)
        with self._reporting(n_bytes), self._open() as (file, path):
            _reserve(file, n_bytes)
            return self._map(file, path, n_bytes, dtype).reshape(shape)

    def rows(self, dtype: DTypeLike) -> Rows:
        """Return a new array that grows in a file."""
        return _FileRows(self, dtype)

    def keep(self, record: R) -> R:
        """Return a record with the arrays of its fields, and of theirs, in files."""
        kept: R = _with_arrays(record, self._copy)
        return kept

    def stage(self, name: str, make: Callable[[], R], kinds: tuple[type, ...]) -> R:
        """Return the record that `make` returns, or that it returned before the run was killed."""
        if self._kept is None:
            return self.keep(make())
        manifest = self._kept / f"{name}.stage.json"
        described = _read_manifest(manifest)
        if described is not None:
            found: R = _read(described, {kind.__name__: kind for kind in kinds}, self._opened)
            return found
        record = self.keep(make())
        written = manifest.with_suffix(".new")
        with self._reporting():
            described = _described(record, self._name_of)
            written.write_text(json.dumps([_boot_time(), described]), encoding="utf-8")
            written.replace(manifest)
        return record

    def release(self) -> None:
        """Let go of the memory of all files that are mapped; what is in them stays there."""
        with self._lock:
            maps = list(self._maps)
        for mapped in maps:
            _release(mapped)

    def _watch(self) -> None:
        while not self._stop.wait(_CHECK_EVERY_S):
            if resident_memory() > self._limit:
                self.release()

    def _copy(self, array: NDArray[Any]) -> NDArray[Any]:
        if isinstance(_root_of(array), mmap.mmap):
            return array
        copied = self.empty(array.shape, array.dtype)
        copied[...] = array
        return copied

    @contextlib.contextmanager
    def _open(self) -> Iterator[tuple[IO[bytes], Path | None]]:
        if self._kept is None:
            with tempfile.TemporaryFile(dir=self._folder) as file:
                yield file, None
        else:
            handle, name = tempfile.mkstemp(".array", dir=self._kept)
            with os.fdopen(handle, "w+b") as file:
                yield file, Path(name)

    def _map(
        self, file: IO[bytes], path: Path | None, n_bytes: int, dtype: DTypeLike
    ) -> NDArray[Any]:
        """Return all of a file as an array; a file with a name lasts as long, or as its stage."""
        mapped = mmap.mmap(file.fileno(), n_bytes)
        with self._lock:
            self._maps[mapped] = path
        if path is not None:
            weakref.finalize(mapped, _remove, path, self._named)
        return np.frombuffer(mapped, dtype)

    def _name_of(self, array: NDArray[Any]) -> str:
        """Return the name of the file of an array, which is to stay."""
        root = _root_of(array)
        path = self._maps.get(root) if isinstance(root, mmap.mmap) else None
        if path is None or len(root) != array.nbytes:
            with self._open() as (file, path):
                file.write(np.ascontiguousarray(array).data)
        assert path is not None  # noqa: S101 - files of stages have names
        self._named.add(path)
        return path.name

    def _opened(self, name: str, dtype: str, shape: tuple[int, ...]) -> NDArray[Any]:
        assert self._kept is not None  # noqa: S101 - as above
        path = self._kept / name
        self._named.add(path)
        with self._reporting(), path.open("r+b") as file:
            if math.prod(shape) == 0:
                return np.empty(shape, dtype)
            n_bytes = math.prod(shape) * np.dtype(dtype).itemsize
            return self._map(file, path, n_bytes, dtype).reshape(shape)

    @contextlib.contextmanager
    def _reporting(self, n_bytes: int = 0) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno in _FULL:
                raise WorkFolderFullError(full_message(self._folder, n_bytes)) from error
            message = (
                f"work_folder={str(self._folder)!r} cannot be used: {error.strerror or error}. "
                "Pass a folder that can be written"
            )
            raise WorkFolderError(message) from error


class _FileRows:
    """Values that are written to a file, which is mapped when it is whole."""

    def __init__(self, space: Folder, dtype: DTypeLike) -> None:
        self._space = space
        self._dtype = np.dtype(dtype)
        self._bounds = [0]
        self._opened = contextlib.ExitStack()
        with space._reporting():  # noqa: SLF001 - of this module
            self._file, self._path = self._opened.enter_context(space._open())  # noqa: SLF001

    def append(self, part: NDArray[Any]) -> None:
        """Write values at the end."""
        self._bounds.append(self._bounds[-1] + len(part))
        with self._space._reporting(self._bounds[-1] * self._dtype.itemsize):  # noqa: SLF001
            self._file.write(np.ascontiguousarray(part, self._dtype).data)

    def joined(self) -> NDArray[Any]:
        """Return all values."""
        n_bytes = self._bounds[-1] * self._dtype.itemsize
        with self._opened, self._space._reporting(n_bytes):  # noqa: SLF001
            self._file.flush()
            if not n_bytes:
                return np.empty(0, self._dtype)
            return self._space._map(self._file, self._path, n_bytes, self._dtype)  # noqa: SLF001

    def parts(self) -> list[NDArray[Any]]:
        """Return what was appended, part by part."""
        joined = self.joined()
        return [joined[a:b] for a, b in zip(self._bounds, self._bounds[1:], strict=False)]


def full_message(folder: Path, n_bytes: int) -> str:
    """Return what is said of a disk that has not the room."""
    return (
        f"a file of {n_bytes:,} bytes does not fit on the disk of {folder}. Free some space, or "
        "pass work_folder=... on another disk"
    )


def resident_memory() -> int:
    """Return how much memory this process holds, in bytes."""
    return int(_process().memory_info().rss)


def free_memory(limits: Sequence[tuple[str, str]] = LIMITS_OF_GROUP) -> int:
    """Return how many bytes this process may still take without swapping, as files say it."""
    import psutil  # noqa: PLC0415 - as below

    free = [int(psutil.virtual_memory().available)]
    for most, used in limits:
        amounts = [*_lines(most), *_lines(used)]
        if len(amounts) == 2 and all(amount.strip().isdigit() for amount in amounts):  # noqa: PLR2004
            free.append(max(0, int(amounts[0]) - int(amounts[1])))
    return min(free)


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return []


def _process() -> Any:  # noqa: ANN401 - psutil's
    # Imported here: a batch in memory need not wait for it.
    import psutil  # noqa: PLC0415

    return psutil.Process()


def _own(kept: Path) -> Path:
    """Write down who works in a folder, where nobody else does that is alive."""
    owner = kept / "owner.json"
    me = _process()
    try:
        with owner.open("x", encoding="utf-8") as file:
            json.dump([me.pid, me.create_time()], file)
    except FileExistsError:
        if _is_alive(owner):
            message = (
                f"another run with the same feed and settings is at work in {kept}. Wait for it, "
                "or pass another work_folder"
            )
            raise WorkFolderError(message) from None
        owner.write_text(json.dumps([me.pid, me.create_time()]), encoding="utf-8")
    return owner


def _read_manifest(path: Path) -> Any:  # noqa: ANN401 - as JSON has it
    """Return what a stage wrote since the system started: older files may not be whole."""
    if not path.exists():
        return None
    booted, described = json.loads(path.read_text(encoding="utf-8"))
    return described if abs(booted - _boot_time()) < _CLOCK_MAY_MOVE_S else None


def _boot_time() -> float:
    import psutil  # noqa: PLC0415 - as above

    return float(psutil.boot_time())


def _is_alive(owner: Path) -> bool:
    """Return whether the process that wrote its name is still there."""
    import psutil  # noqa: PLC0415 - as above

    try:
        pid, begun = json.loads(owner.read_text(encoding="utf-8"))
        return bool(psutil.Process(pid).create_time() == begun)
    except (ValueError, psutil.Error):
        return False


def _remove_unfinished(kept: Path) -> None:
    """Remove the files that no finished stage names."""
    named = set()
    for manifest in kept.glob("*.stage.json"):
        named |= set(_names_in(_read_manifest(manifest)))
    for path in kept.glob("*.array"):
        if path.name not in named:
            path.unlink()


def _reserve(file: IO[bytes], n_bytes: int) -> None:
    """Make a file so long that writing to its memory cannot fail for want of room."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file.fileno(), 0, n_bytes)
        return
    for start in range(0, n_bytes, len(_ZEROS)):
        file.write(_ZEROS[: n_bytes - start])
    file.flush()


def _release(mapped: mmap.mmap) -> None:
    """Let go of the memory of a file that is mapped."""
    if sys.platform == "win32":
        # Of the whole process, which reads back what it needs.
        ctypes.windll.kernel32.K32EmptyWorkingSet(ctypes.windll.kernel32.GetCurrentProcess())
    else:
        mapped.madvise(mmap.MADV_DONTNEED)


def _remove(path: Path, named: set[Path]) -> None:
    if path not in named:
        path.unlink(missing_ok=True)


def _root_of(array: Any) -> Any:  # noqa: ANN401 - whatever an array is a view of
    """Return what the memory of an array belongs to."""
    while isinstance(array, np.ndarray) and array.base is not None:
        array = array.base
    return array.obj if isinstance(array, memoryview) else array


def _fields(record: Any) -> Mapping[str, Any] | None:  # noqa: ANN401 - anything
    """Return the fields of a dataclass or NamedTuple; None for anything else."""
    if dataclasses.is_dataclass(record):
        return {field.name: getattr(record, field.name) for field in dataclasses.fields(record)}
    return record._asdict() if hasattr(record, "_asdict") else None


def _with_arrays(value: Any, change: Callable[[NDArray[Any]], NDArray[Any]]) -> Any:  # noqa: ANN401
    """Return a record whose arrays were changed."""
    if isinstance(value, np.ndarray):
        return change(value)
    fields = _fields(value)
    if fields is None:
        return value
    return type(value)(**{name: _with_arrays(of, change) for name, of in fields.items()})


def _described(value: Any, name_of: Callable[[NDArray[Any]], str]) -> Any:  # noqa: ANN401
    """Return a record as JSON has it, its arrays by the names of their files."""
    if isinstance(value, np.ndarray):
        return {"array": name_of(value), "dtype": value.dtype.str, "shape": value.shape}
    fields = _fields(value)
    if fields is None:
        return value
    described = {name: _described(of, name_of) for name, of in fields.items()}
    return {"record": type(value).__name__, "fields": described}


def _read(
    value: Any,  # noqa: ANN401 - as JSON has it
    kinds: Mapping[str, type],
    opened: Callable[[str, str, tuple[int, ...]], NDArray[Any]],
) -> Any:  # noqa: ANN401
    """Return a record that was described."""
    if not isinstance(value, dict):
        return value
    if "array" in value:
        return opened(value["array"], value["dtype"], tuple(value["shape"]))
    fields = {name: _read(of, kinds, opened) for name, of in value["fields"].items()}
    return kinds[value["record"]](**fields)


def _names_in(value: Any) -> Iterator[str]:  # noqa: ANN401 - as JSON has it
    """Yield the names of the files of a record that was described."""
    if isinstance(value, dict):
        if "array" in value:
            yield value["array"]
        for of in value.get("fields", {}).values():
            yield from _names_in(of)
