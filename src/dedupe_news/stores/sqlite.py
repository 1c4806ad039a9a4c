"""
Documents in a file that SQLite keeps: one writer, any number of readers.

The tables hold documents in order of arrival and which of them left since left
ones were last dropped; docs/reference/store-format.md specifies them. A process
makes its replica of the index from them, and follows what others commit. Whoever
writes holds SQLite's write lock from before it looks until its documents are
there, so that all agree on one order.

Limits: the file must be on a disk of this machine, as SQLite's write-ahead log
needs memory that all processes share.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from dedupe_news.errors import (
    StoreClosedError,
    StoreDamagedError,
    StoreError,
    StoreReadOnlyError,
)
from dedupe_news.stores import schema, wire
from dedupe_news.stores.failures import translated
from dedupe_news.stores.replica import Replica
from dedupe_news.stores.schema import State, check_of_removals
from dedupe_news.text import tokenize
from dedupe_news.threads import resolve_jobs

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from dedupe_news.config import Config
    from dedupe_news.records import Match
    from dedupe_news.stores.rows import Rows
    from dedupe_news.text import Tokens

_log = logging.getLogger("dedupe_news")

_ROWS_AT_A_TIME = 20_000
_WAL_PAGES = 4000
_WAL_BYTES = 64 << 20
_NO_NUMBERS = np.empty(0, np.int64)

# Connections of the parent of a forked process: closing them would drop its locks.
_abandoned: list[sqlite3.Connection] = []


class SQLiteStore:
    """
    A replica, and the file it follows.

    Parameters
    ----------
    path : Path
        The file; made if it does not exist.
    config : Config or None
        The settings; None for those of the file, or the defaults for a new one.
    durability : {"full", "normal"}
        As for `dedupe_news.NewsIndex.open`.
    read_only : bool
        Whether changes are refused.
    timeout : float
        Seconds to wait for another writer.

    Raises
    ------
    StoreFormatError
        If the file was made with other settings or by a newer version, or is
        no index.
    StoreDamagedError
        If what was read is not what was written.
    StoreError
        If it cannot be opened for another reason.
    """

    def __init__(
        self, path: Path, config: Config | None, *, durability: str, read_only: bool, timeout: float
    ) -> None:
        self._path = path
        self._durability, self._read_only, self._timeout = durability, read_only, timeout
        self._connection: sqlite3.Connection | None = None
        self._is_closed = self._in_batch = self._is_stale = False
        self._open(config)

    def _open(self, config: Config | None) -> None:
        self._pid = os.getpid()
        self._version = -1
        try:
            with self._translating():
                self._connection = schema.connect(
                    self._path, read_only=self._read_only, timeout=self._timeout
                )
                self._connection.execute(
                    f"PRAGMA synchronous = {'FULL' if self._durability == 'full' else 'NORMAL'}"
                )
                self._connection.execute(f"PRAGMA wal_autocheckpoint = {_WAL_PAGES}")
                self._connection.execute(f"PRAGMA journal_size_limit = {_WAL_BYTES}")
                self._config = schema.settle(
                    self._connection, self._path, config, read_only=self._read_only
                )
                self._load()
        except BaseException:
            if self._connection is not None:
                self._connection.close()
            self._connection = None
            raise

    @contextlib.contextmanager
    def _translating(self) -> Iterator[None]:
        """Raise our errors in place of SQLite's."""
        try:
            yield
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise translated(error, self._path, self._timeout) from error

    def _connected(self) -> sqlite3.Connection:
        if self._pid != os.getpid():
            if self._connection is not None:
                _abandoned.append(self._connection)
            self._in_batch = False
            self._open(self._config)
        if self._connection is None or self._is_closed:
            message = f"the index {str(self._path)!r} was closed; open it again with NewsIndex.open"
            raise StoreClosedError(message)
        return self._connection

    def _load(self) -> None:
        """Make the replica anew."""
        connection = self._connected()
        begun = time.perf_counter()
        self._version = _data_version(connection)
        replica = Replica(self._config)
        n_rows = total = 0
        last = -1
        n_jobs = resolve_jobs(-1)
        with _reading(connection):
            state = schema.read_state(connection)
            cursor = connection.execute(
                "SELECT number, document, checksum FROM documents ORDER BY number"
            )
            # The next rows are read while these are tokenised, which leaves the interpreter free.
            with ThreadPoolExecutor(1) as reader:
                ahead = reader.submit(_read_some, cursor, last)
                while (found := ahead.result()) is not None:
                    kept, sums = found
                    n_rows += len(kept.rows)
                    total += int(sums.view(np.uint64).sum(dtype=np.uint64))
                    last = int(kept.numbers[-1])
                    ahead = reader.submit(_read_some, cursor, last)
                    tokens = tokenize(
                        kept.rows.buffer, kept.rows.offsets, self._config, n_jobs=n_jobs
                    )
                    replica.load(kept.rows, tokens, kept.numbers, kept.verdicts)
            retired = self._removals(connection, state, 0)
        if (n_rows, total % 2**64) != (state.n_documents, state.total) or last >= state.next_number:
            _refuse(f"{n_rows:,} documents were read of {state.n_documents:,}, or others")
        if len(retired) != state.n_removals or check_of_removals(retired) != state.removals_total:
            _refuse(f"{len(retired):,} removals were read of {state.n_removals:,}, or others")
        if not np.isin(retired, replica.numbers).all():
            _refuse("a document was removed that is not there")
        replica.settle(retired)
        replica.next_number, replica.step = state.next_number, state.step
        self.replica, self._state, self._is_stale = replica, state, False
        _log.info(
            "read %d documents from %s in %.2f s", len(replica), self._path,
            time.perf_counter() - begun,
        )  # fmt: skip

    @staticmethod
    def _removals(connection: sqlite3.Connection, state: State, first: int) -> NDArray[np.int64]:
        found = connection.execute(
            "SELECT number FROM removals WHERE place >= ? AND place < ? ORDER BY place",
            (first, state.next_place),
        ).fetchall()
        return np.array([number for (number,) in found], np.int64)

    def refresh(self) -> None:
        """
        Apply to the replica what other processes did.

        Raises
        ------
        StoreError
            If the file cannot be read.
        """
        connection = self._connected()
        if self._in_batch:
            return
        with self._translating():
            if self._is_stale:
                self._load()
                return
            version = _data_version(connection)
            if version != self._version:
                with _reading(connection):
                    is_new = self._follow(connection)
                if is_new:
                    self._load()
                else:
                    self._version = version

    def _follow(self, connection: sqlite3.Connection) -> bool:
        """Apply what is new; return whether all must be read anew instead."""
        state, known = schema.read_state(connection), self._state
        if state.epoch != known.epoch or state.next_number < known.next_number:
            _log.info("%s was compacted by another process", self._path)
            return True
        if state == known:
            return False
        found = connection.execute(
            "SELECT number, document, checksum FROM documents WHERE number >= ? ORDER BY number",
            (known.next_number,),
        ).fetchall()
        if state.n_documents - known.n_documents != len(found):
            _refuse(f"{len(found):,} new documents were read, but there are more or fewer")
        retired = self._removals(connection, state, known.next_place)
        if state.n_removals - known.n_removals != len(retired):
            _refuse(f"{len(retired):,} new removals were read, but there are more or fewer")
        kept, _ = _verified(found, known.next_number - 1)
        tokens = tokenize(
            kept.rows.buffer, kept.rows.offsets, self._config,
            n_jobs=1 if len(found) < _WAL_PAGES else resolve_jobs(-1),
        )  # fmt: skip
        self._is_stale = True  # until all is applied
        self.replica.follow(kept.rows, tokens, kept.numbers, kept.verdicts, retired)
        self.replica.next_number, self.replica.step = state.next_number, state.step
        self._state, self._is_stale = state, False
        return False

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Hold the write lock, the replica up to date; commit, or undo everything."""
        connection = self._connected()
        if self._read_only:
            message = (
                f"the index {str(self._path)!r} was opened for reading; "
                "open it without read_only=True to change it"
            )
            raise StoreReadOnlyError(message)
        if self._in_batch:
            try:
                yield connection
            except BaseException:
                self._is_stale = True
                raise
            return
        with self._translating():
            if self._is_stale:
                self._load()
            connection.execute("BEGIN IMMEDIATE")
            try:
                if _data_version(connection) != self._version:
                    if self._follow(connection):
                        connection.execute("ROLLBACK")
                        self._load()
                        connection.execute("BEGIN IMMEDIATE")
                        self._follow(connection)
                    self._version = _data_version(connection)
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                # What the replica has, the file may not have.
                self._is_stale = True
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def add(self, rows: Rows, tokens: Tokens) -> list[list[Match]]:
        """
        Add documents, as `Store.add` says.

        Parameters
        ----------
        rows : Rows
            The documents.
        tokens : Tokens
            Theirs.

        Returns
        -------
        list of list of Match
            For each document those it matches among the documents before it.
        """
        packing = wire.Packing(rows)
        with self._writing() as connection:
            first = self.replica.next_number
            matches = self.replica.add(packing.rows, tokens)
            self._write(connection, packing, first)
        return matches

    def remove(self, id: Hashable) -> bool:  # noqa: A002 - an id, as everywhere
        """
        Remove a document.

        Parameters
        ----------
        id : hashable
            Its id.

        Returns
        -------
        bool
            False if there is none.
        """
        with self._writing() as connection:
            was_there = self.replica.remove(id)
            if was_there:
                self._write(connection, None, self.replica.next_number)
        return was_there

    def expire(self, before: int) -> int:
        """
        Remove all documents of an earlier time.

        Parameters
        ----------
        before : int
            Microseconds since 1970.

        Returns
        -------
        int
            How many left.
        """
        with self._writing() as connection:
            n_left = self.replica.expire(before)
            if n_left:
                self._write(connection, None, self.replica.next_number)
        return n_left

    def _write(
        self, connection: sqlite3.Connection, packing: wire.Packing | None, first: int
    ) -> None:
        """Write what the replica did: documents from number `first`, and what left."""
        replica, state = self.replica, self._state
        changes = replica.take_changes()
        n_documents, total = state.n_documents, state.total
        if packing is not None:
            numbers = np.arange(first, replica.next_number)
            is_kept = None
            if changes.dropped:
                mask = ~np.isin(numbers, changes.dropped)
                numbers, is_kept = numbers[mask], mask.tolist()
            blobs = packing.pack(numbers.tolist(), replica.verdicts(numbers), is_kept)
            sums = wire.checksums(blobs).tolist()
            connection.executemany(
                "INSERT INTO documents VALUES (?, ?, ?)",
                zip(numbers.tolist(), blobs, sums, strict=True),
            )
            n_documents += len(blobs)
            total += sum(sums)
        retired = changes.retired
        n_removals, removals_total = state.n_removals, state.removals_total
        if changes.dropped:
            dropped = np.sort(np.array(changes.dropped, np.int64))
            n_deleted, deleted_total = _delete(connection, dropped[dropped < first])
            n_documents, total = n_documents - n_deleted, total - deleted_total
            connection.execute("DELETE FROM removals")
            n_removals = removals_total = 0
            retired = replica.retired_numbers().tolist()
        if retired:
            places = range(state.next_place, state.next_place + len(retired))
            connection.executemany(
                "INSERT INTO removals VALUES (?, ?)", zip(places, retired, strict=True)
            )
            removals_total += check_of_removals(np.array(retired, np.int64))
        self._state = State(
            next_number=replica.next_number,
            epoch=state.epoch + bool(changes.dropped),
            n_documents=n_documents,
            total=total % 2**64,
            next_place=state.next_place + len(retired),
            n_removals=n_removals + len(retired),
            removals_total=removals_total % 2**64,
            step=replica.step,
        )
        schema.write_state(connection, self._state)
        if changes.dropped:
            _log.info("dropped %d documents from %s", len(changes.dropped), self._path)

    def rows(self) -> Iterator[Rows]:
        """
        Return all documents, some at a time.

        Yields
        ------
        Rows
            In order of arrival.
        """
        last, stop = -1, self.replica.next_number
        while True:
            connection = self._connected()
            self.refresh()
            with self._translating():
                found = connection.execute(
                    "SELECT number, document, checksum FROM documents "
                    "WHERE number > ? AND number < ? ORDER BY number LIMIT ?",
                    (last, stop, _ROWS_AT_A_TIME),
                ).fetchall()
            if not found:
                return
            previous, last = last, found[-1][0]
            numbers = np.array([number for number, _, _ in found], np.int64)
            living = self.replica.numbers[
                self.replica.store.alive[: self.replica.store.n_slots] == 1
            ]
            kept = np.flatnonzero(np.isin(numbers, living, assume_unique=True)).tolist()
            if kept:
                yield _verified([found[at] for at in kept], previous)[0].rows

    def cluster_of(self, id: Hashable) -> int:  # noqa: A002 - an id, as everywhere
        """
        Return the cluster of a document.

        Parameters
        ----------
        id : hashable
            The id of a document that is there.

        Returns
        -------
        int
            Its number.
        """
        return self.replica.cluster_of(id)

    @contextlib.contextmanager
    def batch(self) -> Iterator[None]:
        """
        Make all changes of a block in one transaction.

        Yields
        ------
        None
            Once, with the write lock held.
        """
        with self._writing():
            self._in_batch = True
            try:
                yield
            finally:
                self._in_batch = False
            if self._is_stale:
                message = (
                    "a change within the batch had failed, so that nothing of it was kept; "
                    "let the error leave the block, or begin another batch"
                )
                raise StoreError(message)

    def details(self) -> dict[str, object]:
        """
        Return what is worth knowing of the store.

        Returns
        -------
        dict
            Path, bytes of the file and its log, versions.
        """
        sizes = [
            os.stat(name).st_size if os.path.exists(name) else 0  # noqa: PTH110, PTH116
            for name in (str(self._path), f"{self._path}-wal")
        ]
        return {
            "store": "sqlite",
            "path": str(self._path),
            "file_bytes": sum(sizes),
            "durability": self._durability,
            "format": wire.FORMAT_VERSION,
            "sqlite": sqlite3.sqlite_version,
        }

    def close(self) -> None:
        """Let go of the file."""
        self._is_closed = True
        if self._connection is not None and self._pid == os.getpid():
            self._connection.close()
            self._connection = None

    def __reduce__(self) -> tuple[Any, ...]:
        """
        Return how to open the file again.

        Returns
        -------
        tuple
            For `pickle`.
        """
        opened = functools.partial(
            SQLiteStore,
            durability=self._durability,
            read_only=self._read_only,
            timeout=self._timeout,
        )
        return opened, (self._path, self._config)


def _refuse(fault: str) -> NoReturn:
    message = (
        f"the index is damaged: {fault}. `dedupe-news index check` says more, "
        "`dedupe-news index repair` rescues what is whole"
    )
    raise StoreDamagedError(message)


def _data_version(connection: sqlite3.Connection) -> int:
    version: int = connection.execute("PRAGMA data_version").fetchone()[0]
    return version


@contextlib.contextmanager
def _reading(connection: sqlite3.Connection) -> Iterator[None]:
    """See one state of the file throughout."""
    if connection.in_transaction:
        yield
        return
    connection.execute("BEGIN")
    try:
        yield
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _read_some(cursor: sqlite3.Cursor, last: int) -> tuple[wire.Kept, NDArray[np.int64]] | None:
    """Return the next documents and their checksums, None after the last."""
    found = cursor.fetchmany(_ROWS_AT_A_TIME)
    return _verified(found, last) if found else None


def _verified(found: list[tuple[Any, Any, Any]], last: int) -> tuple[wire.Kept, NDArray[np.int64]]:
    """Return documents after number `last`, and their checksums."""
    if not found:
        return wire.unpack([]), _NO_NUMBERS
    numbers, blobs, sums = zip(*found, strict=True)
    if set(map(type, blobs)) != {bytes} or set(map(type, sums)) != {int}:
        _refuse(f"a document from number {numbers[0]} on is of another type")
    stored = np.array(sums, np.int64)
    wrong = np.flatnonzero(wire.checksums(blobs) != stored)
    if len(wrong):
        _refuse(f"the checksum of document number {numbers[wrong[0]]} is wrong")
    kept = wire.unpack(blobs)
    steps = np.diff(np.concatenate(([last], kept.numbers)))
    if (kept.numbers != np.array(numbers)).any() or (steps <= 0).any():
        _refuse(f"documents from number {numbers[0]} on are out of place")
    return kept, stored


def _delete(connection: sqlite3.Connection, numbers: NDArray[np.int64]) -> tuple[int, int]:
    """Delete documents; return how many, and the sum of their checksums."""
    n_deleted = total = 0
    breaks = np.flatnonzero(np.diff(numbers) != 1) + 1
    for run in np.split(numbers, breaks):
        if len(run):
            bounds = int(run[0]), int(run[-1])
            sums = connection.execute(
                "SELECT checksum FROM documents WHERE number BETWEEN ? AND ?", bounds
            ).fetchall()
            connection.execute("DELETE FROM documents WHERE number BETWEEN ? AND ?", bounds)
            n_deleted += len(sums)
            total += sum(each for (each,) in sums)
    return n_deleted, total
