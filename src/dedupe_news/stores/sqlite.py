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
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe_news._text import source_codes, tokenize
from dedupe_news.errors import (
    StoreClosedError,
    StoreError,
    StoreReadOnlyError,
)
from dedupe_news.stores import schema, wire
from dedupe_news.stores.failures import Translating
from dedupe_news.stores.protocol import Store
from dedupe_news.stores.reading import (
    BEFORE_ALL,
    ROWS_AT_A_TIME,
    data_version,
    delete,
    read_some,
    reading,
    refuse,
    verified,
)
from dedupe_news.stores.replica import Replica
from dedupe_news.stores.schema import State, check_of_removals
from dedupe_news.threads import resolve_jobs

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from dedupe_news._text import Tokens
    from dedupe_news.config import Config
    from dedupe_news.records import Match
    from dedupe_news.stores.rows import Rows

_log = logging.getLogger("dedupe_news")

_WAL_PAGES = 4000
_WAL_BYTES = 64 << 20

# Connections of the parent of a forked process: closing them would drop its locks.
_abandoned: list[sqlite3.Connection] = []


class SQLiteStore(Store):
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
        self._translating = Translating(path, timeout)
        self._connection: sqlite3.Connection | None = None
        self._is_closed = self._in_batch = self._is_stale = False
        self._open(config)

    def _open(self, config: Config | None) -> None:
        self._pid = os.getpid()
        self._version = -1
        try:
            with self._translating:
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
        self._version = data_version(connection)
        replica = Replica(self._config)
        n_rows = total = 0
        last = BEFORE_ALL
        n_jobs = resolve_jobs(-1)
        with reading(connection):
            state = schema.read_state(connection)
            # The next rows are read while these are tokenised, which leaves the interpreter free.
            with ThreadPoolExecutor(1) as reader:
                ahead = reader.submit(read_some, connection, last)
                while (found := ahead.result()) is not None:
                    kept, sums = found
                    n_rows += len(kept.rows)
                    total += int(sums.view(np.uint64).sum(dtype=np.uint64))
                    last = int(kept.numbers[-1])
                    ahead = reader.submit(read_some, connection, last)
                    tokens = tokenize(
                        kept.rows.buffer,
                        kept.rows.offsets,
                        self._config,
                        *source_codes(kept.rows.sources),
                        n_jobs=n_jobs,
                    )
                    replica.load(kept.rows, tokens, kept.numbers, kept.verdicts)
            retired = self._removals(connection, state, 0)
        if (n_rows, total % 2**64) != (state.n_documents, state.total) or last >= state.next_number:
            refuse(f"{n_rows:,} documents were read of {state.n_documents:,}, or others")
        if len(retired) != state.n_removals or check_of_removals(retired) != state.removals_total:
            refuse(f"{len(retired):,} removals were read of {state.n_removals:,}, or others")
        if not np.isin(retired, replica.numbers).all():
            refuse("a document was removed that is not there")
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
        if not all(type(number) is int for (number,) in found):
            refuse("a removal is of another type")
        return np.array([number for (number,) in found], np.int64)

    def _refresh(self) -> None:
        connection = self._connected()
        if self._in_batch:
            return
        with self._translating:
            if self._is_stale:
                self._load()
                return
            version = data_version(connection)
            if version != self._version:
                with reading(connection):
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
            refuse(f"{len(found):,} new documents were read, but there are more or fewer")
        retired = self._removals(connection, state, known.next_place)
        if state.n_removals - known.n_removals != len(retired):
            refuse(f"{len(retired):,} new removals were read, but there are more or fewer")
        kept = verified(found, known.next_number - 1)
        tokens = tokenize(
            kept.rows.buffer, kept.rows.offsets, self._config, *source_codes(kept.rows.sources),
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
        with self._translating:
            self._begin(connection)
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                self._give_up(connection)
                raise

    def _begin(self, connection: sqlite3.Connection) -> None:
        """Take the write lock, and bring the replica up to date."""
        if self._is_stale:
            self._load()
        connection.execute("BEGIN IMMEDIATE")
        try:
            if data_version(connection) != self._version:
                if self._follow(connection):
                    connection.execute("ROLLBACK")
                    self._load()
                    connection.execute("BEGIN IMMEDIATE")
                    self._follow(connection)
                self._version = data_version(connection)
        except BaseException:
            self._give_up(connection)
            raise

    def _give_up(self, connection: sqlite3.Connection) -> None:
        """Undo what was done since the write lock was taken."""
        self._is_stale = True  # what the replica has, the file may not have
        if connection.in_transaction:
            connection.execute("ROLLBACK")

    def _add(self, rows: Rows, tokens: Tokens, n_jobs: int) -> list[list[Match]]:
        packing = wire.Packing(rows)
        with self._writing() as connection:
            first = self.replica.next_number
            matches = self.replica.add(packing.rows, tokens, n_jobs=n_jobs)
            self._write(connection, packing, first)
        return matches

    def _remove(self, id: Hashable) -> bool:  # noqa: A002 - an id, as everywhere
        with self._writing() as connection:
            was_there = self.replica.remove(id)
            if was_there:
                self._write(connection, None, self.replica.next_number)
        return was_there

    def _expire(self, before: int) -> int:
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
            numbers: Sequence[int] = range(first, replica.next_number)
            if changes.dropped:
                mask = ~np.isin(numbers, changes.dropped)
                numbers = np.array(numbers)[mask].tolist()
                verdicts = replica.verdicts(np.array(numbers, np.int64))
                blobs = packing.pack(numbers, verdicts, mask.tolist())
            elif len(numbers) == 1:  # the common case, made short
                blobs = [packing.pack_one(first, *replica.last_verdict())]
            else:
                blobs = packing.pack(numbers, replica.last_verdicts(len(numbers)))
            sums = list(map(wire.checksum, blobs))
            connection.executemany(
                "INSERT INTO documents VALUES (?, ?, ?)", zip(numbers, blobs, sums, strict=True)
            )
            n_documents += len(blobs)
            total += sum(sums)
        retired = changes.retired
        n_removals, removals_total = state.n_removals, state.removals_total
        if changes.dropped:
            dropped = np.sort(np.array(changes.dropped, np.int64))
            n_deleted, deleted_total = delete(connection, dropped[dropped < first])
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

    def _rows(self) -> Iterator[Rows]:
        last, stop = -1, self.replica.next_number
        while True:
            connection = self._connected()
            self._refresh()
            with self._translating:
                found = connection.execute(
                    "SELECT number, document, checksum FROM documents "
                    "WHERE number > ? AND number < ? ORDER BY number LIMIT ?",
                    (last, stop, ROWS_AT_A_TIME),
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
                yield verified([found[at] for at in kept], previous).rows

    @contextlib.contextmanager
    def _batch(self) -> Iterator[None]:
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

    def _details(self) -> dict[str, object]:
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

    def _close(self) -> None:
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
