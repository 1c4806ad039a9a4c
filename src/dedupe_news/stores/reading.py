"""Documents out of the tables of an index, each checked."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING, NoReturn

import numpy as np

from dedupe_news.errors import StoreDamagedError
from dedupe_news.stores import wire

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

ROWS_AT_A_TIME = 20_000
"""Documents that are read together."""

BEFORE_ALL = -(2**63)
"""Stands for the number of a document before the first."""

# SQLite puts them together, which makes no objects of Python, and holds up no other thread.
_SOME = """SELECT count(*), CAST(group_concat(document, '') AS BLOB),
group_concat(length(document)), group_concat(number), group_concat(checksum),
total(typeof(document) <> 'blob' OR typeof(checksum) <> 'integer')
FROM (SELECT number, document, checksum FROM documents WHERE number > ? ORDER BY number LIMIT ?)"""


def refuse(fault: str) -> NoReturn:
    """
    Say that an index is damaged.

    Parameters
    ----------
    fault : str
        What is wrong.

    Raises
    ------
    StoreDamagedError
        Always.
    """
    message = (
        f"the index is damaged: {fault}. `dedupe-news index check` says more, "
        "`dedupe-news index repair` rescues what is whole"
    )
    raise StoreDamagedError(message)


def data_version(connection: sqlite3.Connection) -> int:
    """
    Return a number that changes when another connection commits.

    Parameters
    ----------
    connection : sqlite3.Connection
        To the file.

    Returns
    -------
    int
        Any.
    """
    version: int = connection.execute("PRAGMA data_version").fetchone()[0]
    return version


@contextlib.contextmanager
def reading(connection: sqlite3.Connection) -> Iterator[None]:
    """
    See one state of the file throughout.

    Parameters
    ----------
    connection : sqlite3.Connection
        To the file; in a transaction already, or not.

    Yields
    ------
    None
        Once.
    """
    if connection.in_transaction:
        yield
        return
    connection.execute("BEGIN")
    try:
        yield
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def read_some(
    connection: sqlite3.Connection, last: int, n_rows: int = ROWS_AT_A_TIME
) -> tuple[wire.Kept, NDArray[np.int64]] | None:
    """
    Return the next documents.

    Parameters
    ----------
    connection : sqlite3.Connection
        To the file.
    last : int
        Number of the document before, or `BEFORE_ALL`.
    n_rows : int
        How many at most.

    Returns
    -------
    Kept and ndarray of int64, or None
        The documents and their checksums; None after the last.

    Raises
    ------
    StoreDamagedError
        If one of them is not what was written.
    """
    try:
        n_found, whole, *columns, n_others = connection.execute(_SOME, (last, n_rows)).fetchone()
    except sqlite3.DataError:  # together they are longer than SQLite allows
        if n_rows == 1:
            raise
        return read_some(connection, last, n_rows // 2)
    if not n_found:
        return None
    if n_others:
        refuse(f"a document after number {last} is of another type")
    lengths, numbers, sums = (np.fromstring(column, np.int64, sep=",") for column in columns)
    return _checked(wire.Together.of(whole, lengths), numbers, sums, last), sums


def verified(found: list[tuple[int, object, object]], last: int) -> wire.Kept:
    """
    Return documents that are what was written.

    Parameters
    ----------
    found : list of (int, bytes, int)
        Number, document and checksum of each.
    last : int
        Number of the document before.

    Returns
    -------
    Kept
        The documents.

    Raises
    ------
    StoreDamagedError
        If one of them is not.
    """
    blobs: list[bytes] = []
    sums: list[int] = []
    for number, blob, checksum in found:
        if not isinstance(blob, bytes) or not isinstance(checksum, int):
            refuse(f"document number {number} is of another type")
        blobs.append(blob)
        sums.append(checksum)
    numbers = np.array([number for number, _, _ in found], np.int64)
    together = wire.Together.of(b"".join(blobs), list(map(len, blobs)))
    return _checked(together, numbers, np.array(sums, np.int64), last)


def _checked(
    blobs: wire.Together, numbers: NDArray[np.int64], sums: NDArray[np.int64], last: int
) -> wire.Kept:
    wrong = np.flatnonzero(blobs.checksums != sums)
    if len(wrong):
        refuse(f"the checksum of document number {numbers[wrong[0]]} is wrong")
    kept = wire.unpack_together(blobs)
    if (kept.numbers != numbers).any() or (np.diff(numbers, prepend=max(last, -1)) <= 0).any():
        refuse(f"documents from number {numbers[0]} on are out of place")
    return kept


def delete(connection: sqlite3.Connection, numbers: NDArray[np.int64]) -> tuple[int, int]:
    """
    Delete documents.

    Parameters
    ----------
    connection : sqlite3.Connection
        In a transaction.
    numbers : ndarray of int64
        Their running numbers, increasing.

    Returns
    -------
    n_deleted, total : int
        How many there were, and the sum of their checksums.
    """
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
