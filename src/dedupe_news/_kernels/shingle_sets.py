"""The shingles of one document as a hash table, and how many of them another one has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._kernels._jit import inlined, kernel
from dedupe_news._kernels.hashing import xxh32_shingle

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._kernels._jit import Integer

_GOLDEN = np.uint32(2654435769)


@inlined
def _place(table: NDArray[np.uint32], used: NDArray[np.int32], value: np.uint32) -> Integer:
    """Return the place of a value in an open-addressing table, or where it would go."""
    mask = np.uint32(table.shape[0] - 1)
    at = np.uint32(np.uint32(value * _GOLDEN) ^ np.uint32(value >> np.uint32(15))) & mask
    while used[at] >= 0 and table[at] != value:
        at = np.uint32(at + np.uint32(1)) & mask
    return np.int64(at)


@kernel
def n_places(length: Integer) -> Integer:
    """
    Return the size of a table for the shingles of a run.

    Parameters
    ----------
    length : int
        Tokens of the run.

    Returns
    -------
    int
        A power of two; the table is at most half full.
    """
    size = np.int64(4)
    while size < 2 * length:
        size *= 2
    return size


@kernel
def fill_set(
    tokens: NDArray[np.uint32],
    start: Integer,
    length: Integer,
    shingle_size: Integer,
    table: NDArray[np.uint32],
    seen: NDArray[np.int32],
    shingles: NDArray[np.uint32],
) -> Integer:
    """
    Write the distinct shingles of a run, and a table of them.

    Parameters
    ----------
    tokens : ndarray of uint32
        Holds the run.
    start, length : int
        Bounds of the run; `length` is at least 1.
    shingle_size : int
        Tokens of a shingle; a shorter run is one shingle.
    table : ndarray of uint32, shape (n_places,)
        Receives the shingle of each place that is in use.
    seen : ndarray of int32, shape (n_places,)
        Receives 0 for places in use and -1 for free ones.
    shingles : ndarray of uint32
        Receives the shingles in text order; has room for `length`.

    Returns
    -------
    int
        How many they are.
    """
    for place in range(seen.shape[0]):
        seen[place] = -1
    width = min(np.int64(shingle_size), np.int64(length))
    n_shingles = max(length - shingle_size + 1, 1)
    for s in range(n_shingles):  # by itself, for several at once
        shingles[s] = xxh32_shingle(tokens, start + s, width)
    size = 0
    for s in range(n_shingles):
        value = shingles[s]
        at = _place(table, seen, value)
        if seen[at] < 0:
            table[at] = value
            seen[at] = 0
            shingles[size] = value
            size += 1
    return size


@kernel
def count_hits(
    tokens: NDArray[np.uint32],
    start: Integer,
    length: Integer,
    shingle_size: Integer,
    table: NDArray[np.uint32],
    seen: NDArray[np.int32],
    mark: Integer,
    least: Integer,
) -> Integer:
    """
    Count the distinct shingles of a run that are in a table.

    Parameters
    ----------
    tokens : ndarray of uint32
        Holds the run.
    start, length, shingle_size : int
        As for `fill_set`.
    table : ndarray of uint32, shape (n_places,)
        From `fill_set`.
    seen : ndarray of int32, shape (n_places,)
        Likewise; places that were met get the mark.
    mark : int
        At least 1, and another one for each run.
    least : int
        How many there must be for the run to matter.

    Returns
    -------
    int
        Exact from `least` on; else any number below it.
    """
    width = min(np.int64(shingle_size), np.int64(length))
    hits = 0
    n_shingles = max(length - shingle_size + 1, 1)
    for s in range(n_shingles):
        if hits + n_shingles - s < least:
            return hits
        value = xxh32_shingle(tokens, start + s, width)
        at = _place(table, seen, value)
        if seen[at] >= 0 and seen[at] != mark:
            seen[at] = mark
            hits += 1
    return hits
