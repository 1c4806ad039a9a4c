"""The tables of an index in a SQLite file, and what identifies it."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import json
import logging
import sqlite3
import struct
import time
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import xxhash

from dedupe_news.config import Config, from_settings
from dedupe_news.errors import ConfigError, StoreDamagedError, StoreError, StoreFormatError
from dedupe_news.stores.wire import FORMAT_VERSION, checksum
from dedupe_news.text import fingerprint

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_log = logging.getLogger("dedupe_news")

APPLICATION_ID = 0x444E6978
"""In the header of every such file: "DNix"."""

_DOCUMENTS_IN_ORDER = (
    """CREATE TABLE meta
    (name TEXT PRIMARY KEY, value TEXT NOT NULL, checksum INTEGER NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE documents
    (number INTEGER PRIMARY KEY, document BLOB NOT NULL, checksum INTEGER NOT NULL)""",
    "CREATE TABLE removals (place INTEGER PRIMARY KEY, number INTEGER NOT NULL)",
    "CREATE TABLE state (only INTEGER PRIMARY KEY CHECK (only = 1), value BLOB NOT NULL)",
)  # fmt: skip

MIGRATIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("1-documents-in-order", _DOCUMENTS_IN_ORDER),
)
"""Names and statements, in order; a file records the names of those it has had."""

_STATE = struct.Struct("<qqqQqqQqB")
_CHECKSUM = struct.Struct("<Q")


class State(NamedTuple):
    """
    What changes with every transaction.

    Parameters
    ----------
    next_number : int
        Running number of the next document.
    epoch : int
        How often documents that left were dropped.
    n_documents, total : int
        Rows of documents, and the sum of their checksums modulo 2**64.
    next_place : int
        Place of the next removal.
    n_removals, removals_total : int
        Rows of removals, and `check_of_removals` of them.
    step : int or None
        As in `dedupe_news.stores.replica.Replica`.
    """

    next_number: int = 0
    epoch: int = 0
    n_documents: int = 0
    total: int = 0
    next_place: int = 0
    n_removals: int = 0
    removals_total: int = 0
    step: int | None = None


def check_of_removals(numbers: NDArray[np.int64]) -> int:
    """
    Return a checksum of removals, whatever their order.

    Parameters
    ----------
    numbers : ndarray of int64
        The documents removed.

    Returns
    -------
    int
        Sum of ``(number + 1) * 0x9E3779B97F4A7C15``, its upper half folded into
        the lower, modulo 2**64.
    """
    mixed = (numbers + 1).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(32)
    return int(mixed.sum(dtype=np.uint64))


def read_state(connection: sqlite3.Connection) -> State:
    """
    Return the state of a file.

    Parameters
    ----------
    connection : sqlite3.Connection
        To the file.

    Returns
    -------
    State
        As of the transaction.

    Raises
    ------
    StoreDamagedError
        If it is not what was written.
    """
    found = connection.execute("SELECT value FROM state WHERE only = 1").fetchone()
    blob = found[0] if found else b""
    if not isinstance(blob, bytes) or len(blob) != _STATE.size + _CHECKSUM.size:
        message = "the state of the index is missing"
        raise StoreDamagedError(message)
    packed = blob[: _STATE.size]
    if _CHECKSUM.unpack(blob[_STATE.size :])[0] != xxhash.xxh3_64_intdigest(packed):
        message = "the checksum of the state of the index is wrong"
        raise StoreDamagedError(message)
    values = _STATE.unpack(packed)
    step = values[7] if values[8] else None
    return State(*values[:7])._replace(step=step)


def write_state(connection: sqlite3.Connection, state: State) -> None:
    """
    Write the state of a file.

    Parameters
    ----------
    connection : sqlite3.Connection
        In a transaction.
    state : State
        The state.
    """
    step = state.step
    packed = _STATE.pack(*state[:-1], step or 0, step is not None)
    blob = packed + _CHECKSUM.pack(xxhash.xxh3_64_intdigest(packed))
    # There is a row but for the first time; to change it takes half as long as to replace it.
    if not connection.execute("UPDATE state SET value = ? WHERE only = 1", (blob,)).rowcount:
        connection.execute("INSERT INTO state VALUES (1, ?)", (blob,))


def connect(path: Path, *, read_only: bool, timeout: float) -> sqlite3.Connection:
    """
    Open a file.

    Parameters
    ----------
    path : Path
        The file.
    read_only : bool
        Whether it must exist and is not written.
    timeout : float
        Seconds to wait for another process.

    Returns
    -------
    sqlite3.Connection
        In autocommit mode, for any thread.

    Raises
    ------
    StoreError
        If it is not there, or its folder cannot hold a write-ahead log.
    """
    if read_only and not path.exists():
        message = f"there is no file {str(path)!r} to read; open it without read_only to make it"
        raise StoreError(message)
    uri = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rwc'}"
    connection = sqlite3.connect(
        uri, uri=True, timeout=timeout, isolation_level=None, check_same_thread=False
    )
    if read_only:
        return connection
    # Not all locks of this change are waited for by SQLite itself.
    until = time.monotonic() + timeout
    while True:
        try:
            mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
            break
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                connection.close()
                raise
            time.sleep(0.01)
    if mode != "wal":
        connection.close()
        message = (
            f"{str(path)!r} is where SQLite cannot keep a write-ahead log (journal mode {mode!r}); "
            "put it on a disk of this machine"
        )
        raise StoreError(message)
    return connection


def settle(
    connection: sqlite3.Connection, path: Path, config: Config | None, *, read_only: bool
) -> Config:
    """
    Make the tables of a new file, or check those of one that exists.

    Parameters
    ----------
    connection : sqlite3.Connection
        To the file.
    path : Path
        The file, for messages.
    config : Config or None
        The settings that are wanted; None for whichever.
    read_only : bool
        Whether nothing may be written.

    Returns
    -------
    Config
        The settings in force.

    Raises
    ------
    StoreFormatError
        If the file is no index, of a newer version, or has other settings.
    StoreDamagedError
        If what identifies it is damaged.
    """
    if not read_only:
        connection.execute("BEGIN IMMEDIATE")
        try:
            _migrate(connection, path, config)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    else:
        _check_identity(connection, path)
    return _settings(connection, path, config)


def _check_identity(connection: sqlite3.Connection, path: Path) -> None:
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if application != APPLICATION_ID:
        message = f"{str(path)!r} is a SQLite file, but no index of dedupe_news; give another name"
        raise StoreFormatError(message)
    if version > FORMAT_VERSION:
        message = (
            f"{str(path)!r} has format version {version}, but this version of dedupe_news knows "
            f"up to {FORMAT_VERSION}. Upgrade dedupe_news"
        )
        raise StoreFormatError(message)


def _migrate(connection: sqlite3.Connection, path: Path, config: Config | None) -> None:
    is_empty = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0
    if not is_empty:
        _check_identity(connection, path)
    connection.execute(
        "CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, applied TEXT NOT NULL) "
        "WITHOUT ROWID"
    )
    done = {name for (name,) in connection.execute("SELECT name FROM migrations")}
    for name, statements in MIGRATIONS:
        if name in done:
            continue
        for statement in statements:
            connection.execute(statement)
        now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        connection.execute("INSERT INTO migrations VALUES (?, ?)", (name, now))
        _log.debug("%s: migration %s", path, name)
    if is_empty:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {FORMAT_VERSION}")
        write_state(connection, State())
        _write_meta(connection, "config", json.dumps((config or Config()).to_dict()))
        _write_meta(connection, "library", library_version())
        _write_meta(connection, "folding", str(fingerprint()))
    elif read_meta(connection, "folding") != str(fingerprint()):
        _log.warning(
            "%s was made by a version of dedupe_news that folds text otherwise: documents that "
            "matched may match no more, and others may",
            path,
        )
        _write_meta(connection, "folding", str(fingerprint()))


def library_version() -> str:
    """
    Return the version of this library.

    Returns
    -------
    str
        "unknown" where it is not installed.
    """
    try:
        return importlib.metadata.version("dedupe-news")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


def _check_of(name: str, value: str) -> int:
    return checksum(f"{name}\n{value}".encode())


def _write_meta(connection: sqlite3.Connection, name: str, value: str) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO meta VALUES (?, ?, ?)", (name, value, _check_of(name, value))
    )


def read_meta(connection: sqlite3.Connection, name: str) -> str:
    """
    Return what a file says of itself.

    Parameters
    ----------
    connection : sqlite3.Connection
        To the file.
    name : {"config", "folding", "library"}
        What of it.

    Returns
    -------
    str
        The value.

    Raises
    ------
    StoreDamagedError
        If it is missing or not what was written.
    """
    found = connection.execute(
        "SELECT value, checksum FROM meta WHERE name = ?", (name,)
    ).fetchone()
    if found is None or not isinstance(found[0], str) or found[1] != _check_of(name, found[0]):
        message = f"the entry {name!r} of the index is missing, or its checksum is wrong"
        raise StoreDamagedError(message)
    value: str = found[0]
    return value


def _settings(connection: sqlite3.Connection, path: Path, wanted: Config | None) -> Config:
    try:
        stored = from_settings(json.loads(read_meta(connection, "config")))
    except ConfigError as error:
        message = f"the settings of {str(path)!r} are not known here: {error}. Upgrade dedupe_news"
        raise StoreFormatError(message) from error
    check_settings(str(path), stored, wanted)
    return stored


def check_settings(location: str, stored: Config, wanted: Config | None) -> None:
    """
    Refuse other settings than an index was made with.

    Parameters
    ----------
    location : str
        The index, for the message.
    stored : Config
        Its settings.
    wanted : Config or None
        What was asked for.

    Raises
    ------
    StoreFormatError
        If they differ.
    """
    if wanted is None or wanted == stored:
        return
    differing = [
        f"{name}={getattr(stored, name)!r}, but {name}={getattr(wanted, name)!r} was given"
        for name in stored.to_dict()
        if getattr(wanted, name) != getattr(stored, name)
    ]
    message = (
        f"cannot open {location!r}: it was made with {'; '.join(differing)}. Documents that were "
        "judged by different settings are not comparable. Leave out config to use those of the "
        "index, or merge it into a new one: NewsIndex.open(other, config).merge(index)"
    )
    raise StoreFormatError(message)
