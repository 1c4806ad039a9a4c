"""Connections to the file of an index, for reading or writing, and SQLite's errors as ours."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import time
from typing import TYPE_CHECKING

from dedupe_news._store import schema
from dedupe_news.errors import (
    StoreBusyError,
    StoreDamagedError,
    StoreError,
    StoreFormatError,
    StoreFullError,
    StoreReadOnlyError,
)

if TYPE_CHECKING:
    from pathlib import Path

_log = logging.getLogger("dedupe_news")

_PRIMARY = 0xFF  # the other bits say more of the same
_CANNOT_OPEN = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)


def _connect(path: Path, mode: str, timeout: float) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.as_uri()}?{mode}", uri=True, timeout=timeout, isolation_level=None,
        check_same_thread=False,
    )  # fmt: skip


def connect_to_read(path: Path, timeout: float) -> sqlite3.Connection:
    """Open a file for reading, in a folder that cannot be written too."""
    if not path.exists():
        message = f"there is no file {str(path)!r} to read; open it without read_only to make it"
        raise StoreError(message)
    connection = _connect(path, "mode=ro", timeout)
    try:
        schema.check_identity(connection, path)
    except sqlite3.OperationalError as error:
        connection.close()
        wal = path.with_name(f"{path.name}-wal")
        if error.sqlite_errorcode & 0xFF not in _CANNOT_OPEN or (
            wal.exists() and wal.stat().st_size
        ):
            raise
        # There is no log of changes to read, and nobody could make one.
        connection = _connect(path, "mode=ro&immutable=1", timeout)
        schema.check_identity(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def connect_to_write(path: Path, timeout: float) -> sqlite3.Connection:
    """Open or make a file, once it is clear that it is an index, and is what its log is of."""
    if path.exists() and path.stat().st_size:
        _set_aside_foreign_wal(path, timeout)
        with contextlib.closing(_connect(path, "mode=ro", timeout)) as looking:
            try:
                schema.check_identity(looking, path)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF not in _CANNOT_OPEN:
                    raise  # else the folder cannot be written, which is said below
    connection = _connect(path, "mode=rwc", timeout)
    # Not all locks of this change are waited for by SQLite itself.
    until = time.monotonic() + timeout
    try:
        while True:
            try:
                mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
                break
            except sqlite3.OperationalError as error:
                is_busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
                if not is_busy or time.monotonic() > until:
                    raise
                time.sleep(0.01)
        if mode != "wal":
            message = (
                f"{str(path)!r} is where SQLite cannot keep a write-ahead log (journal mode "
                f"{mode!r}); put it on a disk of this machine"
            )
            raise StoreError(message)  # noqa: TRY301 - closed below
    except BaseException:
        connection.close()
        raise
    return connection


def _set_aside_foreign_wal(path: Path, timeout: float) -> None:
    """Rename a write-ahead log that was left by another file of this name, as after a repair."""
    wal = path.with_name(f"{path.name}-wal")
    if not wal.exists() or not wal.stat().st_size:
        return
    incarnations = []
    for mode in ("mode=ro&immutable=1", "mode=ro"):  # without the log, and with it
        with contextlib.closing(_connect(path, mode, timeout)) as connection:
            try:
                incarnations.append(schema.read_head(connection).incarnation)
            except (sqlite3.Error, StoreDamagedError, StoreFormatError, UnicodeDecodeError):
                incarnations.append(0)
    alone, together = incarnations
    if alone in {0, together}:
        return
    _log.warning("%s-wal is of another file, and was set aside as %s-wal-foreign", path, path)
    wal.replace(path.with_name(f"{path.name}-wal-foreign"))
    with contextlib.suppress(FileNotFoundError):
        path.with_name(f"{path.name}-shm").unlink()


class Translating:
    """A block in which our errors are raised in place of SQLite's."""

    # No generator, which would take several times as long.

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
            f"{name} cannot grow: {error}. Nothing of the change was kept. Queries go on. "
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
