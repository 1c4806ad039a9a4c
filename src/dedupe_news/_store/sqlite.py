"""
An event log in a file that SQLite keeps: one writer at a time, any number of readers.

docs/reference/store-format.md specifies its tables. The lock of the log is
SQLite's write lock; an append commits, and gives it back. A process that is
about to fork closes its connections, and parent and child open their own when
they need them: SQLite must not be used across a fork.

Limits: the file must be on a disk of this machine, as SQLite's write-ahead log
needs memory that all processes share.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
import threading
import weakref
from typing import TYPE_CHECKING, Any, NoReturn

from dedupe_news._input import times
from dedupe_news._store import connections, first_edition, schema
from dedupe_news._store.codec import FORMAT_VERSION, checksum_of
from dedupe_news._store.log import Behind, Conflict, Cursor, Discarded, Events
from dedupe_news.errors import StoreClosedError, StoreDamagedError, StoreError

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence
    from pathlib import Path

    from dedupe_news._store.limits import Limits
    from dedupe_news.config import Config

_log = logging.getLogger("dedupe_news")

_WAL_PAGES = 4000
_WAL_BYTES = 64 << 20


class SQLiteLog:
    """An event log in a file; parameters and errors as of `NewsIndex.open`."""

    remedy = "`dedupe-news index check` says more, `dedupe-news index repair` rescues what is whole"

    def __init__(
        self,
        path: Path,
        config: Config | None,
        *,
        durability: str,
        read_only: bool,
        timeout: float,
        limits: Limits,
    ) -> None:
        self.name = str(path)
        self.read_only = read_only
        self.objects: list[Hashable] | None = None
        self._path, self._durability, self._timeout = path, durability, timeout
        self._at_a_time = limits.events
        self._begin()
        with self._guard, self._translating:
            try:
                connection = self._open(config)
                self.config = schema.read_config(connection, self.name, config)
                self._head = schema.read_head(connection)
            except BaseException:
                self._disconnect()
                raise

    def _begin(self) -> None:
        self._guard = threading.RLock()
        self._translating = connections.Translating(self._path, self._timeout)
        self._connection: sqlite3.Connection | None = None
        self._is_closed = self._is_locked = False
        self._file: tuple[int, int] | None = (0, 0)
        self._version = -1
        self._head = schema.Head()
        _logs.add(self)

    # The file

    def _open(self, config: Config | None) -> sqlite3.Connection:
        if self.read_only:
            connection = connections.connect_to_read(self._path, self._timeout)
        else:
            connection = connections.connect_to_write(self._path, self._timeout)
        try:
            if not self.read_only:
                level = "FULL" if self._durability == "full" else "NORMAL"
                connection.execute(f"PRAGMA synchronous = {level}")
                connection.execute(f"PRAGMA wal_autocheckpoint = {_WAL_PAGES}")
                connection.execute(f"PRAGMA journal_size_limit = {_WAL_BYTES}")
                schema.settle(connection, self._path, config, first_edition.migrate)
            elif schema.check_identity(connection, self._path) < FORMAT_VERSION:
                connection = first_edition.opened(connection, self._path)
        except BaseException:
            connection.close()
            raise
        self._version = -1
        self._file = self._identity()
        self._connection = connection  # not before it is as it should be
        return connection

    def _identity(self) -> tuple[int, int] | None:
        try:
            found = os.stat(self.name)  # noqa: PTH116 - before every call
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def _connected(self) -> sqlite3.Connection:
        """Return the connection, if it still is to the file of that name."""
        if self._is_closed:
            message = f"the index {self.name!r} was closed; open it again with NewsIndex.open"
            raise StoreClosedError(message)
        if self._file != (0, 0) and self._file != self._identity():
            self._reopen_other()
        connection = self._connection or self._open(None)
        if connection.in_transaction and not self._is_locked:
            connection.execute("ROLLBACK")  # of a call that was interrupted
        return connection

    def _reopen_other(self) -> None:
        """Put a file that was removed back as it was; refuse one in its place that is another."""
        was = "was replaced by another file"
        if self._identity() is None:
            was = "was removed"
            self._put_back()
        incarnation = self._head.incarnation
        self._disconnect()
        with contextlib.suppress(StoreError, sqlite3.Error):
            if self._identity() is not None:
                connection = self._open(None)
                if schema.read_head(connection).incarnation == incarnation:
                    return
                self._disconnect()
        self._file = None  # it stays refused
        message = (
            f"the file {self.name!r} {was} since the index was opened; what was added before is "
            "in the file that was open. Put it back, or close this index and open it again"
        )
        raise StoreError(message)

    def _put_back(self) -> None:
        """Copy what the connection still has of a file that was removed to where it was."""
        if self._connection is None or self._is_locked or self.read_only:
            return
        new = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        with contextlib.suppress(OSError, sqlite3.Error):
            with contextlib.closing(sqlite3.connect(new)) as copy:
                self._connection.backup(copy)
            new.rename(self._path)
            _log.warning("%s was removed while it was open, and was put back", self.name)

    # The protocol

    def now(self) -> int:
        """Return the time of this machine, which all who share the file are on."""
        return times.now()

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold SQLite's write lock, until an append commits or the block ends."""
        try:
            with self._guard, self._translating:
                connection = self._connected()
                self._is_locked = True
                connection.execute("BEGIN IMMEDIATE")
            yield
        finally:
            self._is_locked = False
            self._roll_back()

    def _roll_back(self) -> None:
        with self._guard, self._translating:
            if self._connection is not None and self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def read(self, since: Cursor) -> Iterator[Events]:
        """Yield the events from a cursor on."""
        with self._guard, self._translating:
            connection = self._connected()
            version: int = connection.execute("PRAGMA data_version").fetchone()[0]
            if version == self._version and since.position == self._head.end:
                return
            head = self._head = schema.read_head(connection)
            self._version = version
            self._check_past(connection, since)
        n_events = total = 0
        position = since.position
        while position < head.end:
            rows = self._rows(position, head.end - 1, self._at_a_time)
            if not rows:
                break
            positions, events = zip(*rows, strict=True)
            if not all(isinstance(each, bytes) and len(each) >= 8 for each in events):  # noqa: PLR2004 - of the checksum
                self._refuse("an event is of another type")
            n_events += len(rows)
            total += sum(map(checksum_of, events))
            position = positions[-1] + 1
            yield Events(positions, events)
        if position == since.position and position < head.end:
            self._refuse(f"events from position {position:,} on are missing")
        if since.position == 0:
            self._check_sums(head, n_events, total)

    def _check_past(self, connection: sqlite3.Connection, since: Cursor) -> None:
        """Refuse to go on where events that were read are others now."""
        if 0 < since.position < self._head.base:
            raise Behind
        if since.position == 0:
            return
        found = connection.execute(
            "SELECT event FROM events WHERE position = ?", (since.position - 1,)
        ).fetchone()
        is_other = found is not None and checksum_of(found[0]) != since.checksum
        if is_other or since.position > self._head.end:
            self._refuse("it has lost events that were read here, or holds others in their place")

    def _check_sums(self, head: schema.Head, n_events: int, total: int) -> None:
        with self._guard, self._translating:
            now = schema.read_head(self._connected())
        if now.base != head.base:
            raise Behind  # compacted meanwhile
        if (n_events, total % 2**64) != (head.n_events, head.total):
            self._refuse(f"{n_events:,} events were read of {head.n_events:,}, or others")

    def _refuse(self, fault: str) -> NoReturn:
        message = f"the index {self.name!r} is damaged: {fault}. {self.remedy}"
        raise StoreDamagedError(message)

    def fetch(self, positions: Sequence[int]) -> Events:
        """Return single events."""
        if not positions:
            return Events([], [])
        wanted = set(positions)
        rows = self._rows(min(positions), max(positions))
        chosen = [row for row in rows if row[0] in wanted]
        return Events([position for position, _ in chosen], [event for _, event in chosen])

    def _rows(self, first: int, last: int, most: int = -1) -> list[tuple[int, Any]]:
        """Return positions and events between two, both included; at most so many."""
        with self._guard, self._translating:
            return (
                self._connected()
                .execute(
                    "SELECT position, event FROM events WHERE position BETWEEN ? AND ? "
                    "ORDER BY position LIMIT ?",
                    (first, last, most),
                )
                .fetchall()
            )

    def append(
        self, events: Sequence[bytes], since: Cursor, discarded: Discarded | None = None
    ) -> None:
        """Append events at a cursor, discard others, and commit."""
        with self._guard, self._translating:
            connection = self._connected()
            try:
                if not connection.in_transaction:  # it was lost to a fork
                    connection.execute("BEGIN IMMEDIATE")
                head = schema.read_head(connection)
                if head.end != since.position:
                    raise Conflict  # noqa: TRY301 - undone below
                stop = since.position + len(events)
                connection.executemany(
                    "INSERT INTO events VALUES (?, ?)",
                    zip(range(since.position, stop), events, strict=True),
                )
                total = head.total + sum(map(checksum_of, events))
                head = head._replace(
                    end=stop, n_events=head.n_events + len(events), total=total % 2**64
                )
                if discarded is not None:
                    head = _discard(connection, head, discarded)
                schema.write_head(connection, head)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            self._head = head

    def beside(self) -> tuple[Path, str] | None:
        """Return where a seal may be kept, and what tells this log from others."""
        if not self._head.incarnation:
            return None
        return self._path.with_name(f"{self._path.name}-sealed"), f"{self._head.incarnation:016x}"

    def details(self) -> dict[str, object]:
        """Return path, size and versions."""
        sizes = [
            os.stat(name).st_size if os.path.exists(name) else 0  # noqa: PTH110, PTH116
            for name in (self.name, f"{self.name}-wal")
        ]
        return {
            "store": "sqlite",
            "path": self.name,
            "file_bytes": sum(sizes),
            "durability": self._durability,
            "format": FORMAT_VERSION,
            "sqlite": sqlite3.sqlite_version,
        }

    def close(self) -> None:
        """Close the connection."""
        with self._guard:
            self._is_closed = True
            self._disconnect()

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()  # whatever was not committed is undone
            self._connection = None

    def __getstate__(self) -> dict[str, Any]:
        """Return how to open the file again."""
        kept = ("name", "read_only", "objects", "config", "_path", "_durability", "_timeout")
        return {name: vars(self)[name] for name in (*kept, "_at_a_time")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore the state; the file is opened when it is asked for."""
        vars(self).update(state)
        self._begin()


def _discard(
    connection: sqlite3.Connection, head: schema.Head, discarded: Discarded
) -> schema.Head:
    """Delete events; return the head without them."""
    n_deleted = total = 0
    places = [(position,) for position in discarded.positions]
    for place in places:  # some may be gone already
        query = "SELECT substr(event, 1, 8) FROM events WHERE position = ?"
        for (checksum,) in connection.execute(query, place):
            n_deleted += 1
            total += checksum_of(checksum)
    connection.executemany("DELETE FROM events WHERE position = ?", places)
    return head._replace(
        base=discarded.base, n_events=head.n_events - n_deleted, total=(head.total - total) % 2**64
    )


# Forks

_logs: weakref.WeakSet[SQLiteLog] = weakref.WeakSet()
_held: list[SQLiteLog] = []


def _before_fork() -> None:
    """Close all connections: what SQLite knows of locks would be wrong in the child."""
    for log in list(_logs):
        log._guard.acquire()  # noqa: SLF001 - our own
        _held.append(log)
        with contextlib.suppress(sqlite3.Error):
            log._disconnect()  # noqa: SLF001 - our own


def _after_fork_in_parent() -> None:
    while _held:
        _held.pop()._guard.release()  # noqa: SLF001 - our own


def _after_fork_in_child() -> None:
    while _held:
        log = _held.pop()
        log._guard, log._is_locked = threading.RLock(), False  # noqa: SLF001 - our own


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork_in_parent,
        after_in_child=_after_fork_in_child,
    )
