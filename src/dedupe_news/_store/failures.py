"""SQLite's errors as ours."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from dedupe_news.errors import (
    StoreBusyError,
    StoreDamagedError,
    StoreError,
    StoreFullError,
    StoreReadOnlyError,
)

if TYPE_CHECKING:
    from pathlib import Path

_PRIMARY = 0xFF  # the other bits say more of the same


class Translating:
    """
    A block in which our errors are raised in place of SQLite's.

    Not made of a generator, which would take several times as long.

    Parameters
    ----------
    path : Path
        The file.
    timeout : float
        Seconds that are waited for a lock.
    """

    def __init__(self, path: Path, timeout: float) -> None:
        self._path, self._timeout = path, timeout

    def __enter__(self) -> None:
        """Begin the block."""

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        """Raise another error in place of that which left the block."""
        if isinstance(error, (sqlite3.Error, UnicodeDecodeError)):
            raise translated(error, self._path, self._timeout) from error
        if isinstance(error, OSError) and not isinstance(error, StoreError):
            message = (
                f"{str(self._path)!r} cannot be opened: {error.strerror}. Check its name, and that "
                "its folder exists and may be written"
            )
            raise StoreError(message) from error


def translated(error: Exception, path: Path, timeout: float) -> StoreError:
    """Return our error for one of SQLite's."""
    name = repr(str(path))
    code = getattr(error, "sqlite_errorcode", None)
    primary = None if code is None else code & _PRIMARY
    if primary in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return StoreBusyError(
            f"another process has been writing to {name} for more than timeout={timeout:g} "
            "seconds. Try again, open it with a longer timeout, or let the other commit sooner"
        )
    if primary == sqlite3.SQLITE_FULL or (
        primary == sqlite3.SQLITE_IOERR and code == sqlite3.SQLITE_IOERR_WRITE
    ):
        return StoreFullError(
            f"{name} cannot grow: {error}. Nothing of the change was kept, and queries go on. "
            "Free some space, or let documents expire"
        )
    if primary in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT} or (
        isinstance(error, UnicodeDecodeError)
    ):
        return StoreDamagedError(
            f"{name} is damaged, or no index at all: {error}. `dedupe-news index check` says "
            "more, `dedupe-news index repair` rescues what is whole"
        )
    if primary == sqlite3.SQLITE_READONLY:
        return StoreReadOnlyError(
            f"{name} cannot be written: {error}. Check its permissions and those of its folder, "
            "or open it with read_only=True"
        )
    if primary == sqlite3.SQLITE_CANTOPEN:
        return StoreError(
            f"{name} cannot be opened: {error}. Check that its folder exists and may be written"
        )
    return StoreError(f"{name} failed: {error}")
