"""Machine code on disk, named by what it was made from, never by the age of a file."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import sys
import tempfile
import time
import types
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import filelock
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from importlib.resources.abc import Traversable

_logger = logging.getLogger("dedupe_news")

_SUFFIX = ".nbc"
_DIGEST_BYTES = 32
_NAME_DIGITS = 20
_KEPT_S = 30 * 86_400
_POLL_S = 0.02


def digest_of(
    function: types.FunctionType,
    behind: Callable[[object], types.FunctionType | None],
    visited: frozenset[types.FunctionType] = frozenset(),
) -> bytes:
    """
    Return a digest of a function's code, of all that it calls, and of the constants it reads.

    `behind` returns the function behind a dispatcher, None for anything else.
    """
    code = function.__code__
    hasher = hashlib.sha256(code.co_code)
    # The code of functions within it has an address in its text; the docstring says nothing.
    constants = [
        value.co_code if isinstance(value, types.CodeType) else value
        for value in code.co_consts
        if value != function.__doc__
    ]
    hasher.update(repr((code.co_varnames[: code.co_argcount], constants, code.co_names)).encode())
    visited |= {function}
    for name in code.co_names:
        if name in function.__globals__:
            hasher.update(_digest_of_value(function.__globals__[name], behind, visited, code))
    return hasher.digest()


def _digest_of_value(
    value: object,
    behind: Callable[[object], types.FunctionType | None],
    visited: frozenset[types.FunctionType],
    code: types.CodeType,
) -> bytes:
    """Return a digest of what a function reads under a global name."""
    called = behind(value)
    if called is not None:
        return b"" if called in visited else digest_of(called, behind, visited)
    if isinstance(value, np.ndarray):
        return hashlib.sha256(repr((value.dtype, value.shape)).encode() + value.tobytes()).digest()
    if isinstance(value, types.ModuleType) and value.__name__.startswith("dedupe_news."):
        value = tuple(vars(value)[name] for name in code.co_names if name in vars(value))
    if isinstance(value, tuple):
        return b"".join(_digest_of_value(member, behind, visited, code) for member in value)
    if isinstance(value, type | types.ModuleType | types.FunctionType | types.BuiltinFunctionType):
        return repr((value.__name__, getattr(value, "_fields", ()))).encode()
    if isinstance(value, bool | int | float | str | bytes | np.generic | None):
        return repr((type(value).__name__, value)).encode()
    return type(value).__qualname__.encode()


class CodeStore:
    """
    Files of machine code in folders: all are read, the first that can be written is written.

    What was `shipped` with the package is read before all others, and never written.

    What cannot be read, or is damaged, counts as absent; where nothing can be
    written, kernels are compiled in each process, which is said once.
    """

    def __init__(self, folders: Sequence[Path], shipped: Traversable | None = None) -> None:
        self.folders = list(folders)
        self._readable: list[Traversable] = [*([shipped] if shipped else []), *folders]
        self._writable = list(folders)

    def names(self) -> set[str]:
        """Return the names of all files, without their suffix."""
        present: set[str] = set()
        for folder in self._readable:
            with contextlib.suppress(OSError):
                names = (path.name for path in folder.iterdir())
                present.update(name[: -len(_SUFFIX)] for name in names if name.endswith(_SUFFIX))
        return present

    def writable_folder(self) -> Path | None:
        """Return the folder that is written, None where none can be, which is tried."""
        with self.locked("folder"):
            return self._writable[0] if self._writable else None

    def has(self, name: str) -> bool:
        """Return whether there is a file of a name, sound or not."""
        return any((folder / (name + _SUFFIX)).is_file() for folder in self._readable)

    def read(self, name: str) -> bytes | None:
        """Return the content of a file, None where there is no sound one."""
        for folder in self._readable:
            with contextlib.suppress(OSError, KeyError):  # a zip knows the second
                content = (folder / (name + _SUFFIX)).read_bytes()
                payload = content[_DIGEST_BYTES:]
                if hashlib.sha256(payload).digest() == content[:_DIGEST_BYTES]:
                    return payload
        return None

    def write(self, name: str, payload: bytes) -> None:
        """Write a file, whole or not at all."""
        content = hashlib.sha256(payload).digest() + payload
        while self._writable:
            folder = self._writable[0]
            try:
                folder.mkdir(parents=True, exist_ok=True)
                _write_atomically(folder / (name + _SUFFIX), content)
                _remove_outdated(folder, name)
            except OSError as error:
                self._give_up(folder, error)
            else:
                return

    @contextlib.contextmanager
    def locked(self, function: str) -> Iterator[None]:
        """Hold the lock of a function, so that one process compiles it and others wait."""
        lock = self._acquired(function)
        try:
            yield
        finally:
            if lock is not None:
                lock.release()

    def _acquired(self, function: str) -> filelock.BaseFileLock | None:
        while self._writable:
            folder = self._writable[0]
            try:
                (folder / "locks").mkdir(parents=True, exist_ok=True)
                lock = filelock.FileLock(folder / "locks" / f"{function}.lock")
                lock.acquire(poll_interval=_POLL_S)
            except NotImplementedError:  # a file system without locks: the work is done twice
                return None
            except OSError as error:
                self._give_up(folder, error)
            else:
                return lock
        return None

    def _give_up(self, folder: Path, error: OSError) -> None:
        self._writable.remove(folder)
        if not self._writable:
            message = (
                f"dedupe_news cannot keep its compiled kernels in "
                f"{' or '.join(map(str, self.folders))} ({error.strerror or error}): every "
                "process compiles them anew. Set NUMBA_CACHE_DIR to a folder that can be written, "
                "and fill it with: dedupe-news warmup"
            )
            _logger.warning(message)
            # Where warnings are errors, it goes on all the same.
            with contextlib.suppress(RuntimeWarning):
                warnings.warn(message, RuntimeWarning, stacklevel=2)


def _write_atomically(path: Path, content: bytes) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        # Readable by others: an image is built by root and run by somebody else.
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise


def _remove_outdated(folder: Path, name: str) -> None:
    """Remove what was made of other versions of a function and was not read for a month."""
    version = name.rpartition("-")[0]
    function = version.rpartition("-")[0]
    for path in folder.glob(f"{function}-*"):
        if not path.name.startswith(version):
            with contextlib.suppress(OSError):
                times = path.stat()
                if max(times.st_atime, times.st_mtime) < time.time() - _KEPT_S:
                    path.unlink()


def _user_folder() -> list[Path]:
    """Return where a user's caches are, nothing for a user without a home."""
    if sys.platform == "win32":
        named, usual = "LOCALAPPDATA", "~/AppData/Local"
    elif sys.platform == "darwin":
        named, usual = "", "~/Library/Caches"
    else:
        named, usual = "XDG_CACHE_HOME", "~/.cache"
    folder = Path(os.environ.get(named, "") or usual)
    try:
        return [folder.expanduser() / "dedupe_news"]
    except RuntimeError:
        return []


def folders(given: str, package: str | None) -> list[Path]:
    """
    Return where machine code may be, in order of preference.

    A folder that was `given` is the only one. Else it lies beside the package,
    where an image for containers has it, and then among the user's own caches.
    """
    if given:
        return [Path(given) / "dedupe_news"]
    beside = [] if package is None else [Path(package) / "__pycache__" / "kernels"]
    return [*beside, *_user_folder()]


def name_of(function: str, *parts: object) -> str:
    """Return a file's name: that of the function, and a digest of each part."""
    digests = (hashlib.sha256(repr(part).encode()).hexdigest()[:_NAME_DIGITS] for part in parts)
    return "-".join((function, *digests))
