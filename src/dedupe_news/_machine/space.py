"""Where the large arrays of a batch lie: in memory, or in files that are mapped into it."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import math
import mmap
import os
import shutil
import sys
import tempfile
import threading
import weakref
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self, TypeVar

import numpy as np

from dedupe_news._machine import stages
from dedupe_news._machine.available_memory import resident_memory
from dedupe_news.errors import WorkFolderError, WorkFolderFullError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import DTypeLike, NDArray

R = TypeVar("R")

_ZEROS = bytes(1 << 20)
_CHECK_EVERY_S = 0.01
_SHARE_OF_LIMIT = 0.9  # from which on memory is let go of: a check comes late
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Rows:
    """An array that is made a part at a time."""

    def __init__(self, dtype: DTypeLike) -> None:
        self._dtype = np.dtype(dtype)
        self._parts: list[NDArray[Any]] = []

    def append(self, part: NDArray[Any]) -> None:
        """Add values at the end."""
        self._parts.append(np.asarray(part, self._dtype))

    def parts(self) -> list[NDArray[Any]]:
        """Return what was appended, part by part."""
        return self._parts

    def joined(self) -> NDArray[Any]:
        """Return all values as one array; nothing is appended any more."""
        if len(self._parts) == 1:
            return self._parts[0]
        return np.concatenate([np.empty(0, self._dtype), *self._parts])


class Space:
    """Room for arrays, in memory; what is computed in another space is the same."""

    block_size = 1 << 62
    """Bytes of text that are worked on at a time."""

    def empty(self, shape: int | tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """Return a new array of any values."""
        return np.empty(shape, dtype)

    def rows(self, dtype: DTypeLike) -> Rows:
        """Return a new array that grows."""
        return Rows(dtype)

    def zeros(self, shape: int | tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """Return a new array of zeros."""
        return np.zeros(shape, dtype)

    def keep(self, record: R) -> R:
        """Return a record of arrays, such as a NamedTuple, with its arrays in this space."""
        return record

    def stage(self, name: str, make: Callable[[], R], kinds: tuple[type, ...]) -> R:  # noqa: ARG002
        """Return the record that `make` returns, or that it returned before the run was killed."""
        return make()


MEMORY = Space()


class Folder(Space):
    """
    Arrays in files that are mapped into memory.

    While it is entered, pages of the files are let go of whenever the process holds more
    than its limit: they stay in the files, and come back when they are read again.

    Parameters
    ----------
    folder : Path
        Where the files are, without names, so that nothing is left of a process that is killed.
    limit : int
        Bytes that the process may hold.
    block_size : int
        Bytes of text that are worked on at a time.
    least_mapped : int
        Bytes below which an array stays in memory.
    """

    def __init__(
        self,
        folder: Path,
        limit: int,
        *,
        block_size: int = 1 << 26,
        least_mapped: int = 1 << 16,
    ) -> None:
        self.block_size = block_size
        self._least_mapped = max(1, least_mapped)
        self._folder = folder
        self._limit = int(_SHARE_OF_LIMIT * limit)
        self._named_folder: Path | None = None
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
    def going_on(self, named: Path) -> Iterator[None]:
        """
        Give names to files, in a folder where `stage` finds what it returned before.

        The folder goes at the end, and stays after an exception.
        """
        with self._reporting():
            named.mkdir(exist_ok=True)
            owner = stages.claim(named)
        try:
            with self._reporting():
                stages.remove_unfinished(named)
            self._named_folder = named
            yield
            self._named.clear()  # what is still mapped goes when it is let go of
            shutil.rmtree(named, ignore_errors=True)
        finally:
            self._named_folder = None
            owner.unlink(missing_ok=True)

    def empty(self, shape: int | tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """Return a new array of zeros."""
        return self.zeros(shape, dtype)

    def zeros(self, shape: int | tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """Return a new array of zeros."""
        n_bytes = (
            math.prod((shape,) if isinstance(shape, int) else shape) * np.dtype(dtype).itemsize
        )
        if n_bytes < self._least_mapped:
            return np.zeros(shape, dtype)
        with self._reporting(n_bytes), self._open() as (file, path):
            _reserve(file, n_bytes)
            return self._map(file, path, n_bytes, dtype).reshape(shape)

    def rows(self, dtype: DTypeLike) -> Rows:
        """Return a new array that grows in a file."""
        return _FileRows(self, dtype)

    def keep(self, record: R) -> R:
        """Return a record with the arrays of its fields, and of theirs, in files."""
        copied: R = stages.with_arrays(record, self._copy)
        return copied

    def stage(self, name: str, make: Callable[[], R], kinds: tuple[type, ...]) -> R:
        """Return the record that `make` returns, or that it returned before the run was killed."""
        if self._named_folder is None:
            return self.keep(make())
        manifest = self._named_folder / f"{name}.stage.json"
        described = stages.read_manifest(manifest)
        if described is not None:
            by_name = {kind.__name__: kind for kind in kinds}
            read: R = stages.read_record(described, by_name, self._opened)
            return read
        record = self.keep(make())
        with self._reporting():
            described = stages.describe_record(record, self._name_of)
            stages.write_manifest(manifest, described)
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
        if self._named_folder is None:
            with tempfile.TemporaryFile(dir=self._folder) as file:
                yield file, None
        else:
            handle, name = tempfile.mkstemp(".array", dir=self._named_folder)
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
        assert self._named_folder is not None  # noqa: S101 - as above
        path = self._named_folder / name
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


class _FileRows(Rows):
    """Values that are written to a file, which is mapped when it is whole."""

    def __init__(self, space: Folder, dtype: DTypeLike) -> None:
        super().__init__(dtype)
        self._space = space
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
    """Return the error for a disk that is too small."""
    return (
        f"a file of {n_bytes:,} bytes does not fit on the disk of {folder}. Free some space, or "
        "pass work_folder=... on another disk"
    )


def _reserve(file: IO[bytes], n_bytes: int) -> None:
    """Make a file so long that writing to its memory cannot fail for lack of space."""
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


def _root_of(array: Any) -> Any:
    """Return what the memory of an array belongs to."""
    while isinstance(array, np.ndarray) and array.base is not None:
        array = array.base
    return array.obj if isinstance(array, memoryview) else array
