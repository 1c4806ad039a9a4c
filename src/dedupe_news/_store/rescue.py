"""What is whole in the file of an index, and what can be rescued from it."""

from __future__ import annotations

import contextlib
import dataclasses
import sqlite3
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeGuard

from dedupe_news._store import first_edition, schema
from dedupe_news._store.codec import FORMAT_VERSION, Addition, checksum_of, is_whole, unpack
from dedupe_news._store.log import DamagedEvent
from dedupe_news.errors import ConfigError, StoreDamagedError, StoreError, StoreFormatError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from dedupe_news._store.stored_items import StoredItems
    from dedupe_news.config import Config

_ROWS_AT_A_TIME = 1000
_MOST_FAILURES = 20_000  # queries that fail, after which the rest is given up
_LARGEST = 2**63 - 1
_CHECKSUM_BYTES = 8
_WRONG = (sqlite3.Error, OverflowError, UnicodeDecodeError, ValueError)


@dataclasses.dataclass(slots=True)
class Report:
    """
    What was found in a file.

    Parameters
    ----------
    n_whole : int
        Documents that can be read and are in the index.
    n_damaged : int
        Events that are not what was written.
    unreadable : list of (int, int)
        Bounds of positions between which nothing could be read.
    faults : list of str
        What is wrong otherwise, a sentence each.
    config : Config or None
        The settings; None where they cannot be read.
    """

    n_whole: int = 0
    n_damaged: int = 0
    unreadable: list[tuple[int, int]] = dataclasses.field(default_factory=list)
    faults: list[str] = dataclasses.field(default_factory=list)
    config: Config | None = None

    def __bool__(self) -> bool:
        """Return whether all is well."""
        return not (self.n_damaged or self.unreadable or self.faults)


class DamagedFile:
    """
    A file that may be damaged, opened for reading; `StoreError` if there is none.

    Attributes
    ----------
    report : Report
        What was found so far; complete once `items` has come to its end.
    """

    def __init__(self, path: Path) -> None:
        if "\0" in str(path) or not path.is_file():
            message = f"there is no file {str(path)!r}; give the file of an index"
            raise StoreError(message)
        self._connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None
        )
        # Of damaged names too, so that they can be shown.
        self._connection.text_factory = lambda text: text.decode(errors="replace")
        self.report = Report()
        self._is_readable = False
        self._is_first_edition = False
        self._n_failures = 0

    def examine(self) -> None:
        """Look at everything but the documents."""
        faults, execute = self.report.faults, self._connection.execute
        try:
            application = execute("PRAGMA application_id").fetchone()[0]
            version = execute("PRAGMA user_version").fetchone()[0]
            tables = {name for (name,) in execute("SELECT name FROM sqlite_schema")}
            self._is_readable = True
            self._is_first_edition = "events" not in tables and "documents" in tables
            if self._is_first_edition:
                first_edition.show_as_log(self._connection)
            if application != schema.APPLICATION_ID:
                faults.append("it says that it is no index of dedupe_news")
            if version != (1 if self._is_first_edition else FORMAT_VERSION):
                faults.append(f"it says that it has format version {version}")
            problems = execute("PRAGMA integrity_check(20)").fetchall()
            faults += [f"SQLite: {text}" for (text,) in problems if text != "ok"]
        except _WRONG as error:
            faults.append(f"SQLite: {error}")
        if not self._is_readable:
            return
        try:
            self.report.config = schema.read_config(self._connection, "the file", None)
        except (StoreDamagedError, StoreFormatError, ConfigError, *_WRONG) as error:
            faults.append(f"the settings cannot be read: {error}")

    def items(self) -> Iterator[StoredItems]:
        """Yield the documents that are whole, in order of arrival."""
        if not self._is_readable:
            return
        gone, n_events, total = self._survey()
        for rows in self._read(0, _LARGEST, []):
            events = {at: event for at, event in rows if at not in gone and _is_event(event)}
            with contextlib.suppress(DamagedEvent, UnicodeDecodeError):
                for found in unpack(list(events), list(events.values())):
                    if isinstance(found, Addition):
                        self.report.n_whole += len(found.items)
                        yield found.items
        self._compare(n_events, total)

    def _survey(self) -> tuple[set[int], int, int]:
        """Return which items left, and the number of whole events and the sum of checksums."""
        gone: set[int] = set()
        n_events = total = 0
        for rows in self._read(0, _LARGEST, self.report.unreadable):
            for position, event in rows:
                if not _is_event(event):
                    self.report.n_damaged += 1
                    continue
                n_events += 1
                total += checksum_of(event)
                try:
                    (found,) = unpack([position], [event])
                except (DamagedEvent, UnicodeDecodeError):
                    self.report.n_damaged += 1
                    gone.add(position)
                    continue
                gone.update(
                    (found.replaces if isinstance(found, Addition) else found.numbers).tolist()
                )
        if self._is_first_edition:
            try:
                removed = self._connection.execute("SELECT number FROM removals").fetchall()
                gone.update(number for (number,) in removed if isinstance(number, int))
            except _WRONG as error:
                self.report.faults.append(f"which documents left cannot be read: {error}")
        return gone, n_events, total

    def _compare(self, n_events: int, total: int) -> None:
        """Say where there are fewer events than there should be, or others."""
        try:
            if self._is_first_edition:
                first_edition.read_state(self._connection)
                return
            head = schema.read_head(self._connection)
        except (StoreDamagedError, *_WRONG) as error:
            self.report.faults.append(f"the state cannot be read: {error}")
            return
        is_known = self.report.n_damaged or self.report.unreadable
        if not is_known and (n_events, total % 2**64) != (head.n_events, head.total):
            self.report.faults.append(f"{n_events:,} events are there of {head.n_events:,}")

    def _read(
        self, first: int, last: int, unreadable: list[tuple[int, int]]
    ) -> Iterator[list[tuple[int, Any]]]:
        """Yield positions and events, as many as can be read; note between which none can be."""
        at = first
        while at <= last:
            try:
                rows = self._connection.execute(
                    "SELECT position, event FROM events WHERE position BETWEEN ? AND ? "
                    "ORDER BY position LIMIT ?",
                    (at, last, _ROWS_AT_A_TIME),
                ).fetchall()
            except _WRONG:
                rows = []
                is_readable = False
            else:
                positions = [at - 1, *(position for position, _ in rows)]
                # Beyond a damaged key this could come back here for ever.
                is_readable = all(after > before for before, after in pairwise(positions))
            if not is_readable:
                yield from self._read_around(at, last, unreadable)
                return
            if not rows:
                return
            yield rows
            at = int(rows[-1][0]) + 1

    def _read_around(
        self, first: int, last: int, unreadable: list[tuple[int, int]]
    ) -> Iterator[list[tuple[int, Any]]]:
        """Read what lies around a place that cannot be read, by halves."""
        self._n_failures += 1
        last = min(last, self._last_position(last))
        if first >= last or self._n_failures > _MOST_FAILURES:
            _extend(unreadable, first, max(first, last))
            return
        middle = (first + last) // 2
        yield from self._read(first, middle, unreadable)
        yield from self._read(middle + 1, last, unreadable)

    def _last_position(self, last: int) -> int:
        """Return a bound of the positions in use, so that halves need not begin at 2**63."""
        if last < _LARGEST:
            return last
        readers: tuple[Callable[[], int], ...] = (
            lambda: schema.read_head(self._connection).end - 1,
            lambda: first_edition.read_state(self._connection).next_number - 1,
            lambda: int(self._connection.execute("SELECT max(position) FROM events").fetchone()[0]),
        )
        for read in readers:
            with contextlib.suppress(StoreDamagedError, TypeError, *_WRONG):
                return read()
        return 1 << 32

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def _is_event(event: object) -> TypeGuard[bytes]:
    """Return whether a value is an event as it was written."""
    return isinstance(event, bytes) and len(event) > _CHECKSUM_BYTES and is_whole(event)


def _extend(ranges: list[tuple[int, int]], first: int, last: int) -> None:
    """Add a range to ranges in order; those that touch become one."""
    if ranges and ranges[-1][1] + 1 >= first:
        ranges[-1] = ranges[-1][0], max(ranges[-1][1], last)
    else:
        ranges.append((first, last))
