"""Connections to the file of an index: for reading, or for writing, made if there is none."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import time
from typing import TYPE_CHECKING

from dedupe_news._store import schema
from dedupe_news.errors import StoreDamagedError, StoreError, StoreFormatError

if TYPE_CHECKING:
    from pathlib import Path

_log = logging.getLogger("dedupe_news")

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
