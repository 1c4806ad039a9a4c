"""What is whole in the file of an index, and what can be rescued from it."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import sqlite3
from typing import TYPE_CHECKING

import numpy as np

from dedupe_news.config import Config, from_stored
from dedupe_news.errors import ConfigError, StoreDamagedError, StoreError
from dedupe_news.stores import schema, wire

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dedupe_news.stores.rows import Rows

_ROWS_AT_A_TIME = 1000
_LARGEST_NUMBER = 2**63 - 1


@dataclasses.dataclass(slots=True)
class Report:
    """
    What was found in a file.

    Parameters
    ----------
    n_whole : int
        Documents that can be read and are in the index.
    n_damaged : int
        Documents that are not what was written.
    unreadable : list of (int, int)
        Bounds of running numbers between which nothing could be read.
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
        """
        Return whether all is well.

        Returns
        -------
        bool
            False for any fault.
        """
        return not (self.n_damaged or self.unreadable or self.faults)


class Wreck:
    """
    A file that may be damaged, opened for reading.

    Parameters
    ----------
    path : Path
        The file.

    Attributes
    ----------
    report : Report
        What was found so far; complete once `rows` has come to its end.

    Raises
    ------
    StoreError
        If there is no such file.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            message = f"there is no file {str(path)!r}; give the file of an index"
            raise StoreError(message)
        uri = f"{path.absolute().as_uri()}?mode=ro"
        self._connection = sqlite3.connect(uri, uri=True, isolation_level=None)
        self.report = Report()
        self._removed: set[int] = set()
        self._state: schema.State | None = None

    def examine(self) -> None:
        """Look at everything but the documents."""
        self._examine_pages()
        try:
            self.report.config = from_stored(
                json.loads(schema.read_meta(self._connection, "config"))
            )
        except (StoreDamagedError, sqlite3.Error, ConfigError, ValueError) as error:
            self.report.faults.append(f"the settings cannot be read: {error}")
        try:
            self._state = schema.read_state(self._connection)
        except (StoreDamagedError, sqlite3.Error) as error:
            self.report.faults.append(f"the state cannot be read: {error}")
        try:
            found = self._connection.execute("SELECT number FROM removals").fetchall()
        except sqlite3.Error as error:
            self.report.faults.append(f"which documents left cannot be read: {error}")
        else:
            self._removed = {number for (number,) in found if isinstance(number, int)}
            numbers = np.array(sorted(self._removed), np.int64)
            state = self._state
            if state is not None and (
                (len(found), schema.check_of_removals(numbers))
                != (state.n_removals, state.removals_total)
            ):
                self.report.faults.append("which documents left is not what was written")

    def _examine_pages(self) -> None:
        try:
            application = self._connection.execute("PRAGMA application_id").fetchone()[0]
            if application != schema.APPLICATION_ID:
                self.report.faults.append("it says that it is no index of dedupe_news")
            problems = self._connection.execute("PRAGMA integrity_check(20)").fetchall()
        except sqlite3.Error as error:
            self.report.faults.append(f"SQLite: {error}")
            return
        self.report.faults += [f"SQLite: {text}" for (text,) in problems if text != "ok"]

    def rows(self) -> Iterator[Rows]:
        """
        Return the documents that are whole.

        Yields
        ------
        Rows
            In order of arrival.
        """
        report = self.report
        n_rows = total = 0
        for found in self._read(0, _LARGEST_NUMBER):
            blobs: list[bytes] = []
            for number, blob, checksum in found:
                if (
                    not isinstance(blob, bytes)
                    or not isinstance(checksum, int)
                    or int(wire.checksums([blob])[0]) != checksum
                ):
                    report.n_damaged += 1
                    continue
                n_rows, total = n_rows + 1, total + checksum
                if number not in self._removed:
                    blobs.append(blob)
            with contextlib.suppress(StoreDamagedError):
                rows = wire.unpack(blobs).rows
                report.n_whole += len(rows)
                if len(rows):
                    yield rows
        state = self._state
        if (
            state is not None
            and (n_rows, total % 2**64) != (state.n_documents, state.total)
            and not report.n_damaged
            and not report.unreadable
        ):
            report.faults.append(f"{n_rows:,} documents are there of {state.n_documents:,}")

    def _read(self, first: int, last: int) -> Iterator[list[tuple[int, object, object]]]:
        """Return rows between two numbers, as many as can be read, some at a time."""
        at = first
        while at <= last:
            try:
                found = self._connection.execute(
                    "SELECT number, document, checksum FROM documents "
                    "WHERE number BETWEEN ? AND ? ORDER BY number LIMIT ?",
                    (at, last, _ROWS_AT_A_TIME),
                ).fetchall()
            except (sqlite3.Error, OverflowError):
                yield from self._read_around(at, last)
                return
            if not found:
                return
            yield found
            at = int(found[-1][0]) + 1

    def _read_around(self, first: int, last: int) -> Iterator[list[tuple[int, object, object]]]:
        """Read what lies around a place that cannot be read, by halves."""
        last = min(last, self._last_number(first, last))
        if first >= last:
            self.report.unreadable.append((first, max(first, last)))
            return
        middle = (first + last) // 2
        yield from self._read(first, middle)
        yield from self._read(middle + 1, last)

    def _last_number(self, first: int, last: int) -> int:
        """Return a bound of the numbers in use, so that halves need not begin at 2**63."""
        if self._state is not None:
            return min(last, self._state.next_number - 1)
        if last < _LARGEST_NUMBER:
            return last
        with contextlib.suppress(sqlite3.Error):
            found = self._connection.execute("SELECT max(number) FROM documents").fetchone()[0]
            return int(found or first)
        return 1 << 32

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()
