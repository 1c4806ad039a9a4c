"""The tables of an index: tokens of each item, and shingles counted as items come and go."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe_news._kernels._jit import inlined
from dedupe_news._kernels.evidence import SHINGLE_SIZE
from dedupe_news._kernels.hashing import xxh32_shingle, xxh64_words

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._kernels._jit import Integer

HEAD, FREQUENCY, DAYS, LEADERS = 0, 1, 2, 3
"""Columns of the places."""

N_TEXTS, N_POSTINGS, FIRST_DAY, LAST_DAY = 0, 1, 2, 3
"""Places of the counters."""

_DAY = 86_400_000_000
_MOST_DAYS = 65_535
_MOST_COMPARED = 64  # shingles, each with all before; more are sorted


class Tables(NamedTuple):
    """
    The arrays of an index.

    Parameters
    ----------
    tokens, flags : ndarray of uint32
        Tokens of all rows, one row after another; flags only where shingles are counted.
    starts : ndarray of int64, shape (capacity + 1,)
        Where each row's tokens begin; that of the first free row is where the
        next item goes.
    lengths : ndarray of int32, shape (capacity,)
        Tokens of each row.
    alive, cut_off : ndarray of uint8, shape (capacity,)
        Whether each row counts, and ends in a cut-off mark.
    times : ndarray of int64, shape (capacity,)
        Microseconds, or `NO_TIME`.
    sources : ndarray of int32, shape (capacity,)
        Codes of sources; -1 for unknown.
    leads : ndarray of uint8, shape (capacity,)
        Whether shingles and buckets find each row.
    postings : ndarray of int32, shape (capacity, 2)
        Row of each posting, and the next older posting of its chain or -1;
        for the digest of a text, -1 minus its anchor.
    places : ndarray of uint32, shape (n_places, 4)
        What is known of each place, which is asked for together: at `HEAD` one
        more than its newest posting, or 0; at `FREQUENCY` the texts that count
        with a shingle of the place; at `DAYS` the days on which such a text
        came, which never decrease, and above these 16 bits the last of those
        days, modulo 65,536; at `LEADERS` the leaders of clusters with it, which
        its chain has. `n_places` is a power of two.
    token_counts : ndarray of uint32
        Tokens counted by hash; its length is a power of two, or 0 where neither
        tokens nor shingles are counted.
    codes : ndarray of uint8, shape (4096,)
        Code of each count.
    counters : ndarray of int64, shape (4,)
        Distinct texts, postings in use, first and last day of a text from 1970.
    """

    tokens: NDArray[np.uint32]
    flags: NDArray[np.uint32]
    starts: NDArray[np.int64]
    lengths: NDArray[np.int32]
    alive: NDArray[np.uint8]
    cut_off: NDArray[np.uint8]
    times: NDArray[np.int64]
    sources: NDArray[np.int32]
    leads: NDArray[np.uint8]
    postings: NDArray[np.int32]
    places: NDArray[np.uint32]
    token_counts: NDArray[np.uint32]
    codes: NDArray[np.uint8]
    counters: NDArray[np.int64]


@inlined
def counts_shingles(tables: Tables) -> bool:
    """Return whether tokens and shingles are counted, and shingles find leaders."""
    return bool(tables.token_counts.shape[0] > 0)


@inlined
def shingle_at(
    tokens: NDArray[np.uint32], start: Integer, length: Integer, at: Integer
) -> np.uint32:
    """Return a shingle of a text."""
    width = min(np.int64(SHINGLE_SIZE), np.int64(length))
    return xxh32_shingle(tokens, start + at, width)


@inlined
def n_shingles(length: Integer) -> Integer:
    """Return the number of shingles of a text, repeats included."""
    if length == 0:
        return 0
    return max(length - SHINGLE_SIZE + 1, 1)


@inlined
def digest_place(
    tables: Tables, tokens: NDArray[np.uint32], start: Integer, length: Integer
) -> np.int64:
    """Return the place of the chain of items of the same words."""
    digest = xxh64_words(tokens, start, start + length)
    return np.int64((digest >> np.uint64(17)) & np.uint64(tables.places.shape[0] - 1))


@inlined
def head_of(tables: Tables, place: Integer) -> Integer:
    """Return the newest posting of a place."""
    return np.int64(tables.places[place, HEAD]) - 1


@inlined
def spread_of(tables: Tables, place: Integer) -> Integer:
    """Return on how many days texts came with a shingle of a place."""
    return np.int64(tables.places[place, DAYS] & np.uint32(_MOST_DAYS))


@inlined
def link(tables: Tables, place: Integer, row: Integer) -> None:
    """Chain a row at one place, as the newest."""
    posting = tables.counters[N_POSTINGS]
    tables.postings[posting, 0] = row
    tables.postings[posting, 1] = head_of(tables, place)
    tables.places[place, HEAD] = np.uint32(posting + 1)
    tables.counters[N_POSTINGS] = posting + 1


@inlined
def link_in_order(tables: Tables, place: Integer, row: Integer) -> None:
    """Chain a row at one place where it would be had it always been there, unless it is."""
    newer: Integer = np.int64(-1)
    posting = head_of(tables, place)
    while posting >= 0:
        other = tables.postings[posting, 0]
        if other == row:
            return
        if 0 <= other < row:
            break
        newer, posting = posting, np.int64(tables.postings[posting, 1])
    if newer < 0:
        link(tables, place, row)
        return
    added = tables.counters[N_POSTINGS]
    tables.postings[added, 0] = row
    tables.postings[added, 1] = posting
    tables.postings[newer, 1] = added
    tables.counters[N_POSTINGS] = added + 1


@inlined
def count_text(
    tables: Tables,
    start: Integer,
    length: Integer,
    places: NDArray[np.int64],
    n_places: Integer,
    step: Integer,
) -> None:
    """Count a text in or out, with its tokens and the distinct places of its shingles."""
    tables.counters[N_TEXTS] += step
    if not counts_shingles(tables):
        return
    for at in range(n_places):
        count = np.int64(tables.places[places[at], FREQUENCY]) + step
        tables.places[places[at], FREQUENCY] = np.uint32(count)
    mask = np.uint32(tables.token_counts.shape[0] - 1)
    for at in range(start, start + length):
        place = tables.tokens[at] & mask
        tables.token_counts[place] = np.uint32(np.int64(tables.token_counts[place]) + step)


@inlined
def gather_places(
    tables: Tables,
    tokens: NDArray[np.uint32],
    start: Integer,
    length: Integer,
    places: NDArray[np.int64],
) -> Integer:
    """Write the distinct places of the shingles of a run of tokens, none if nothing is counted."""
    n_distinct: Integer = np.int64(0)
    if not counts_shingles(tables):
        return n_distinct
    n = n_shingles(length)
    mask = np.uint32(tables.places.shape[0] - 1)
    for at in range(n):
        places[at] = np.int64(shingle_at(tokens, start, length, at) & mask)
    if n > _MOST_COMPARED:
        places[:n].sort()
        for at in range(n):
            if at == 0 or places[at] != places[n_distinct - 1]:
                places[n_distinct] = places[at]
                n_distinct += 1
        return n_distinct
    # All before are looked at, several at once, which is sooner done than to stop at the first.
    for at in range(n):
        place = places[at]
        known = places[:n_distinct]
        n_equal = 0
        for back in range(known.shape[0]):
            n_equal += known[back] == place
        if n_equal == 0:
            places[n_distinct] = place
            n_distinct += 1
    return n_distinct


@inlined
def note_day(tables: Tables, time: Integer, places: NDArray[np.int64], n_places: Integer) -> None:
    """Count the day of a new text at the places of its shingles, and let the days reach to it."""
    day = time // np.int64(_DAY)
    low = np.uint16(day & 0xFFFF)
    for at in range(n_places):
        place = places[at]
        spread = spread_of(tables, place)
        if spread == 0 or tables.places[place, DAYS] >> np.uint32(16) != low:
            spread = min(spread + 1, np.int64(_MOST_DAYS))
            tables.places[place, DAYS] = np.uint32(np.int64(low) << 16 | spread)
    tables.counters[FIRST_DAY] = min(tables.counters[FIRST_DAY], day)
    tables.counters[LAST_DAY] = max(tables.counters[LAST_DAY], day)
