"""The tables of an index in a SQLite file, and what identifies it."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import json
import logging
import secrets
import struct
from typing import TYPE_CHECKING, NamedTuple

import xxhash

from dedupe_news._engine.classifier import load_classifier
from dedupe_news._store.codec import FORMAT_VERSION
from dedupe_news._text import fingerprint
from dedupe_news.config import Config, from_stored
from dedupe_news.errors import ConfigError, StoreDamagedError, StoreFormatError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from pathlib import Path

_log = logging.getLogger("dedupe_news")

APPLICATION_ID = 0x444E6978
"""In the header of every such file: "DNix"."""

_EVENT_LOG = (
    """CREATE TABLE IF NOT EXISTS meta
    (name TEXT PRIMARY KEY, value TEXT NOT NULL, checksum INTEGER NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS state
    (only INTEGER PRIMARY KEY CHECK (only = 1), value BLOB NOT NULL)""",
    "CREATE TABLE events (position INTEGER PRIMARY KEY, event BLOB NOT NULL)",
)  # fmt: skip
_STATE = struct.Struct("<qqqQQ")
_CHECKSUM = struct.Struct("<Q")

EVENT_LOG = "2-event-log"
"""Name of the migration that made the tables of this version."""


class Head(NamedTuple):
    """
    What changes with every transaction.

    Parameters
    ----------
    end : int
        Position of the next event.
    base : int
        As in `log.Discarded`.
    n_events, total : int
        How many there are, and the sum of their checksums modulo 2**64.
    incarnation : int
        Drawn when the file was made: a write-ahead log of another file has another.
    """

    end: int = 0
    base: int = 0
    n_events: int = 0
    total: int = 0
    incarnation: int = 0


def read_head(connection: sqlite3.Connection) -> Head:
    """Return the head of a file; `StoreDamagedError` if it is not what was written."""
    found = connection.execute("SELECT value FROM state WHERE only = 1").fetchone()
    blob = found[0] if found else b""
    if not isinstance(blob, bytes) or len(blob) != _STATE.size + _CHECKSUM.size:
        message = "the state of the index is missing"
        raise StoreDamagedError(message)
    packed = blob[: _STATE.size]
    if _CHECKSUM.unpack(blob[_STATE.size :])[0] != xxhash.xxh3_64_intdigest(packed):
        message = "the checksum of the state of the index is wrong"
        raise StoreDamagedError(message)
    return Head(*_STATE.unpack(packed))


def write_head(connection: sqlite3.Connection, head: Head) -> None:
    """Write the head of a file, in a transaction."""
    packed = _STATE.pack(*head)
    blob = packed + _CHECKSUM.pack(xxhash.xxh3_64_intdigest(packed))
    # There is a row but for the first time; to change it takes half as long as to replace it.
    if not connection.execute("UPDATE state SET value = ? WHERE only = 1", (blob,)).rowcount:
        connection.execute("INSERT INTO state VALUES (1, ?)", (blob,))


def check_identity(connection: sqlite3.Connection, path: Path) -> int:
    """Return the format version of a file, 0 if it is empty; `StoreFormatError` for others."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    n_tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if application == version == n_tables == 0:
        return 0
    if application != APPLICATION_ID:
        message = f"{str(path)!r} is a SQLite file, but no index of dedupe_news; give another name"
        raise StoreFormatError(message)
    if version > FORMAT_VERSION:
        message = (
            f"{str(path)!r} has format version {version}, but this version of dedupe_news knows "
            f"up to {FORMAT_VERSION}. Upgrade dedupe_news"
        )
        raise StoreFormatError(message)
    return version


def settle(
    connection: sqlite3.Connection,
    path: Path,
    config: Config | None,
    migrate: Callable[[sqlite3.Connection, Head], Head],
) -> None:
    """Make the tables of a new file, or bring those of an older version up to date."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = check_identity(connection, path)
        if version < FORMAT_VERSION:
            _make_tables(connection, version, config, migrate)
            _log.debug("%s: migration %s", path, EVENT_LOG)
        for name, value in versions(read_config(connection, str(path), None)).items():
            if read_meta(connection, name, None) != value:
                if version == FORMAT_VERSION:
                    _log.warning(
                        "%s was made by a version of dedupe_news that %s: documents that matched "
                        "may match no more, and others may", path, OTHERWISE[name],
                    )  # fmt: skip
                _write_meta(connection, name, value)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _make_tables(
    connection: sqlite3.Connection,
    version: int,
    config: Config | None,
    migrate: Callable[[sqlite3.Connection, Head], Head],
) -> None:
    connection.execute(
        "CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, applied TEXT NOT NULL) "
        "WITHOUT ROWID"
    )
    for statement in _EVENT_LOG:
        connection.execute(statement)
    head = Head(incarnation=secrets.randbits(64))
    if version:
        head = migrate(connection, head)
    else:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        _write_meta(connection, "config", json.dumps((config or Config()).to_dict()))
        _write_meta(connection, "library", library_version())
    write_head(connection, head)
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    connection.execute("INSERT INTO migrations VALUES (?, ?)", (EVENT_LOG, now))
    connection.execute(f"PRAGMA user_version = {FORMAT_VERSION}")


OTHERWISE = {"folding": "folds text otherwise", "weights": "judges by other weights"}


def versions(config: Config) -> dict[str, str]:
    """Return what answers depend on beside the settings: rules of folding, and weights."""
    return {"folding": str(fingerprint()), "weights": load_classifier(config).digest}


def library_version() -> str:
    """Return the version of this library, "unknown" where it is not installed."""
    try:
        return importlib.metadata.version("dedupe-news")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


def check_of(name: str, value: str) -> int:
    """Return the checksum of an entry: XXH3 of 64 bits of both, taken as signed."""
    digest = xxhash.xxh3_64_intdigest(f"{name}\n{value}".encode())
    return digest - 2**64 if digest >= 2**63 else digest


def _write_meta(connection: sqlite3.Connection, name: str, value: str) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO meta VALUES (?, ?, ?)", (name, value, check_of(name, value))
    )


def read_meta(connection: sqlite3.Connection, name: str, default: str | None = "") -> str | None:
    """Return an entry; where it is missing or wrong `StoreDamagedError`, or the default None."""
    found = connection.execute(
        "SELECT value, checksum FROM meta WHERE name = ?", (name,)
    ).fetchone()
    if found is None and default is None:
        return None
    if found is None or not isinstance(found[0], str) or found[1] != check_of(name, found[0]):
        message = f"the entry {name!r} of the index is missing, or its checksum is wrong"
        raise StoreDamagedError(message)
    value: str = found[0]
    return value


def read_config(connection: sqlite3.Connection, name: str, wanted: Config | None) -> Config:
    """Return the settings of a file, if they are those that are wanted."""
    return config_of(name, read_meta(connection, "config") or "", wanted)


def config_of(name: str, settings: str | bytes, wanted: Config | None) -> Config:
    """Return the settings that a log was made with; `StoreFormatError` if others are wanted."""
    try:
        stored = from_stored(json.loads(settings))
    except ConfigError as error:
        message = f"the settings of {name!r} are not known here: {error}. Upgrade dedupe_news"
        raise StoreFormatError(message) from error
    if wanted is None or wanted == stored:
        return stored
    given = wanted.shown()
    differing = [
        f"{key}={value!r}, but {key}={given[key]!r} was given"
        for key, value in stored.shown().items()
        if given.get(key, value) != value  # settings that the other policy does not read differ too
    ]
    message = (
        f"cannot open {name!r}: it was made with {'; '.join(differing)}. Documents that were "
        "judged by different settings are not comparable. Leave out config to use those of the "
        "index, or merge it into a new one: NewsIndex.open(other, config).merge(index)"
    )
    raise StoreFormatError(message)
