"""Documents out of the tables of an index, each checked."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from dedupe_news.errors import StoreDamagedError
from dedupe_news.stores import wire

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from numpy.typing import NDArray

_ROWS_AT_A_TIME = 20_000
_NO_NUMBERS = np.empty(0, np.int64)


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


def read_some(cursor: sqlite3.Cursor, last: int) -> tuple[wire.Kept, NDArray[np.int64]] | None:
    """
    Return the next documents.

    Parameters
    ----------
    cursor : sqlite3.Cursor
        Over number, document and checksum, by number.
    last : int
        Number of the document before.

    Returns
    -------
    Kept and ndarray of int64, or None
        The documents and their checksums; None after the last.
    """
    found = cursor.fetchmany(_ROWS_AT_A_TIME)
    return verified(found, last) if found else None


def verified(found: list[tuple[Any, Any, Any]], last: int) -> tuple[wire.Kept, NDArray[np.int64]]:
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
    kept : Kept
        The documents.
    checksums : ndarray of int64
        Theirs.

    Raises
    ------
    StoreDamagedError
        If one of them is not.
    """
    if not found:
        return wire.unpack([]), _NO_NUMBERS
    numbers, blobs, sums = zip(*found, strict=True)
    if set(map(type, blobs)) != {bytes} or set(map(type, sums)) != {int}:
        refuse(f"a document from number {numbers[0]} on is of another type")
    stored = np.array(sums, np.int64)
    wrong = np.flatnonzero(wire.checksums(blobs) != stored)
    if len(wrong):
        refuse(f"the checksum of document number {numbers[wrong[0]]} is wrong")
    kept = wire.unpack(blobs)
    steps = np.diff(np.concatenate(([last], kept.numbers)))
    if (kept.numbers != np.array(numbers)).any() or (steps <= 0).any():
        refuse(f"documents from number {numbers[0]} on are out of place")
    return kept, stored


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
