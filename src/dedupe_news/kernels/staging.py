"""Two documents of an index laid out side by side for the judge."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news.kernels._jit import inlined, kernel
from dedupe_news.kernels.features import Evidence
from dedupe_news.kernels.tables import FREQUENCY, n_shingles, shingle_at, spread_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news.kernels._jit import Integer
    from dedupe_news.kernels.tables import Tables

_LARGEST = 4095  # counts from here on have one code


@kernel
def make_evidence(room: Integer) -> Evidence:
    """
    Return empty evidence on two documents.

    Parameters
    ----------
    room : int
        Most tokens of both together.

    Returns
    -------
    Evidence
        To be filled.
    """
    return Evidence(
        np.empty(room, np.uint32),
        np.empty(room, np.uint8),
        np.empty(room, np.uint8),
        np.zeros(2, np.int64),
        np.zeros(2, np.int64),
        np.empty(room, np.uint8),
        np.empty(room, np.uint8),
        np.empty(room, np.uint32),
        np.zeros(3, np.int64),
        np.zeros(2, np.uint8),
        np.zeros(2, np.int32),
        np.zeros(2, np.int64),
        np.zeros(1, np.float64),
    )


@inlined
def stage(
    tables: Tables,
    evidence: Evidence,
    which: Integer,
    start: Integer,
    length: Integer,
    cut_off: Integer,
    source: Integer,
    time: Integer,
) -> None:
    """
    Copy a document to place 0 or 1 of the evidence, with what the counts say of it now.

    Parameters
    ----------
    tables : Tables
        The index.
    evidence : Evidence
        From `make_evidence`; place 0 is filled first.
    which : int
        The place.
    start, length : int
        Bounds of the document's tokens.
    cut_off, source, time : int
        As in `Tables`.
    """
    to = np.int64(0) if which == 0 else np.int64(evidence.stops[0])
    largest = np.int64(_LARGEST)
    token_mask = np.uint32(tables.token_counts.shape[0] - 1)
    for at in range(length):
        token = tables.tokens[start + at]
        evidence.tokens[to + at] = token
        evidence.flags[to + at] = tables.flags[start + at]
        count = np.int64(tables.token_counts[token & token_mask])
        evidence.commonness[to + at] = tables.codes[min(count, largest)]
    evidence.starts[which] = to
    evidence.stops[which] = to + length
    first = evidence.shingle_offsets[which]
    n = n_shingles(length)
    mask = np.uint32(tables.places.shape[0] - 1)
    for at in range(n):
        shingle = shingle_at(tables.tokens, start, length, at)
        place = shingle & mask
        evidence.shingles[first + at] = shingle
        texts = np.int64(tables.places[place, FREQUENCY])
        days = spread_of(tables, np.int64(place))
        evidence.frequency[first + at] = tables.codes[min(texts, largest)]
        evidence.spread[first + at] = tables.codes[min(days, largest)]
    evidence.shingle_offsets[which + 1] = first + n
    evidence.cut_off[which] = cut_off
    evidence.sources[which] = source
    evidence.times[which] = time


@inlined
def equal_runs(tokens: NDArray[np.uint32], left: Integer, right: Integer, length: Integer) -> bool:
    """
    Return whether two runs of tokens are equal.

    Parameters
    ----------
    tokens : ndarray of uint32
        Holds both.
    left, right : int
        Where they begin.
    length : int
        Tokens of each.

    Returns
    -------
    bool
        True for empty ones.
    """
    for at in range(length):
        if tokens[left + at] != tokens[right + at]:
            return False
    return True


@inlined
def intersection(evidence: Evidence, table: NDArray[np.int64], places: Integer) -> Integer:
    """
    Return how many distinct shingles the two staged documents share.

    Parameters
    ----------
    evidence : Evidence
        Both filled in.
    table : ndarray of int64
        Overwritten.
    places : int
        Part of `table` that is used: a power of two, at least twice as many
        as the first document has tokens.

    Returns
    -------
    int
        At least 0.
    """
    mask = np.int64(places - 1)
    for at in range(places):
        table[at] = -1
    for at in range(evidence.shingle_offsets[0], evidence.shingle_offsets[1]):
        value = np.int64(evidence.shingles[at])
        place = (value ^ (value >> 15)) & mask
        while table[place] >= 0 and table[place] >> 1 != value:
            place = (place + 1) & mask
        table[place] = value << 1
    shared = 0
    for at in range(evidence.shingle_offsets[1], evidence.shingle_offsets[2]):
        value = np.int64(evidence.shingles[at])
        place = (value ^ (value >> 15)) & mask
        while table[place] >= 0 and table[place] >> 1 != value:
            place = (place + 1) & mask
        if table[place] == value << 1:
            table[place] += 1  # once for each distinct shingle
            shared += 1
    return shared


@inlined
def distinct_in(
    tables: Tables, start: Integer, length: Integer, table: NDArray[np.int64], places: Integer
) -> int:
    """
    Return the number of distinct shingles of a document.

    Parameters
    ----------
    tables : Tables
        The index.
    start, length : int
        Bounds of the document's tokens.
    table : ndarray of int64
        Overwritten.
    places : int
        Part of `table` that is used, as for `intersection`.

    Returns
    -------
    int
        At least 0.
    """
    mask = np.int64(places - 1)
    for at in range(places):
        table[at] = -1
    n = 0
    for at in range(n_shingles(length)):
        value = np.int64(shingle_at(tables.tokens, start, length, at))
        place = (value ^ (value >> 15)) & mask
        while table[place] >= 0 and table[place] != value:
            place = (place + 1) & mask
        if table[place] < 0:
            table[place] = value
            n += 1
    return n
