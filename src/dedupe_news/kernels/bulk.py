"""
The tables of an index made at once from its documents, as if they had been added in turn.

Postings are parted by place, so that each part is worked on while it is in the
cache, and parts by several threads. Within a place documents keep their order,
so that the tables say the same; only the numbers of the postings differ.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news.kernels._jit import inlined, kernel
from dedupe_news.kernels.features import NO_TIME
from dedupe_news.kernels.staging import distinct_in
from dedupe_news.kernels.tables import (
    FREQUENCY,
    day_of,
    digest_place,
    gather_places,
    head_of,
    link,
    n_shingles,
    post,
    shingle_at,
    spread_out,
    tally,
    tally_tokens,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news.kernels._jit import Integer
    from dedupe_news.kernels.tables import Tables


_SLOT, _DAY_AT, _PLACE = np.uint64(3), np.uint64(33), np.uint64(49)
_SLOT_MASK = np.uint64((1 << 30) - 1)


@inlined
def _longest(tables: Tables, first: Integer, stop: Integer) -> Integer:
    longest: Integer = np.int64(0)
    for slot in range(first, stop):
        longest = max(longest, np.int64(tables.lengths[slot]))
    return longest


@kernel
def fill_sizes(tables: Tables, first: Integer, stop: Integer) -> None:
    """
    Count the distinct shingles of documents.

    Parameters
    ----------
    tables : Tables
        The index; ``sizes`` are overwritten.
    first, stop : int
        Slots, of which tokens and lengths are filled in.
    """
    n_table = 64
    while n_table < 2 * _longest(tables, first, stop):
        n_table *= 2
    table = np.empty(n_table, np.int64)
    for slot in range(first, stop):
        length = np.int64(tables.lengths[slot])
        n_room = 64
        while n_room < 2 * length:
            n_room *= 2
        tables.sizes[slot] = distinct_in(tables, tables.starts[slot], length, table, n_room)


@kernel
def admit(tables: Tables, first: Integer, stop: Integer) -> None:
    """
    Count and post documents that are filled in, one after another, without a look.

    Parameters
    ----------
    tables : Tables
        The index.
    first, stop : int
        Slots, all of which count.
    """
    places = np.empty(_longest(tables, first, stop) + 1, np.int64)
    for slot in range(first, stop):
        start = tables.starts[slot]
        length = np.int64(tables.lengths[slot])
        n = gather_places(tables, start, length, places)
        tally(tables, places, n, 1)
        tally_tokens(tables, start, length, 1)
        tables.counters[0] += 1
        post(tables, places, n, slot)


@kernel
def count_events(
    tables: Tables, first: Integer, stop: Integer, shift: Integer, counts: NDArray[np.int64]
) -> None:
    """
    Count what documents bring to each part of the places, or a little more.

    Parameters
    ----------
    tables : Tables
        The index.
    first, stop : int
        Slots.
    shift : int
        The part of a place is ``place >> shift``.
    counts : ndarray of int64, shape (n_parts,)
        Increased; a shingle that comes twice is counted twice, as to find that out would take
        longer than all else.
    """
    mask = np.uint32(tables.places.shape[0] - 1)
    for slot in range(first, stop):
        start = tables.starts[slot]
        length = np.int64(tables.lengths[slot])
        for at in range(n_shingles(length)):
            place = np.int64(shingle_at(tables.tokens, start, length, at) & mask)
            counts[place >> shift] += 1
        if length > 0:
            counts[digest_place(tables, start, length) >> shift] += 1


@kernel
def fill_events(
    tables: Tables,
    first: Integer,
    stop: Integer,
    shift: Integer,
    free: NDArray[np.int64],
    events: NDArray[np.uint64],
) -> None:
    """
    Write what documents bring to each part of the places.

    Parameters
    ----------
    tables : Tables
        The index.
    first, stop : int
        Slots.
    shift : int
        As for `count_events`.
    free : ndarray of int64, shape (n_parts,)
        Where the next event of each part goes; overwritten.
    events : ndarray of uint64
        Receives the place within its part (15 bits), the day (16), the slot
        (30), whether there is a day, whether the document counts, and whether
        the place is that of the whole document.
    """
    mask = (np.int64(1) << shift) - 1
    places = np.empty(_longest(tables, first, stop) + 1, np.int64)
    for slot in range(first, stop):
        start = tables.starts[slot]
        length = np.int64(tables.lengths[slot])
        own = (np.uint64(slot) << _SLOT) | (np.uint64(tables.alive[slot]) << np.uint64(1))
        if tables.times[slot] != NO_TIME:
            own |= (np.uint64(day_of(tables.times[slot])) << _DAY_AT) | np.uint64(4)
        for at in range(gather_places(tables, start, length, places)):
            part = places[at] >> shift
            events[free[part]] = (np.uint64(places[at] & mask) << _PLACE) | own
            free[part] += 1
        if length > 0:
            place = digest_place(tables, start, length)
            part = place >> shift
            events[free[part]] = (np.uint64(place & mask) << _PLACE) | own | np.uint64(1)
            free[part] += 1


@kernel
def post_events(
    tables: Tables, events: NDArray[np.uint64], first_place: Integer, first_posting: Integer
) -> None:
    """
    Chain and count what documents bring to one part of the places.

    Parameters
    ----------
    tables : Tables
        The index; empty at these places.
    events : ndarray of uint64
        From `fill_events`, in order of the documents. They say all that is
        needed: looking documents up would miss the cache every time.
    first_place : int
        The first place of the part.
    first_posting : int
        The first of as many free postings as there are events.
    """
    posting: Integer = np.int64(first_posting)
    for event in events:
        place = first_place + np.int64(event >> _PLACE)
        slot = np.int64((event >> _SLOT) & _SLOT_MASK)
        head = head_of(tables, place)
        if head < 0 or tables.postings[head, 0] != slot:  # not a shingle that comes twice
            link(tables, place, head, slot, posting)
            posting += 1
        if event & np.uint64(1) == 0:
            tables.places[place, FREQUENCY] += np.uint32((event >> np.uint64(1)) & np.uint64(1))
            if event & np.uint64(4):
                spread_out(tables, place, np.uint16((event >> _DAY_AT) & np.uint64(0xFFFF)))


@kernel
def count_tokens(
    tables: Tables, first: Integer, stop: Integer, counts: NDArray[np.uint32]
) -> Integer:
    """
    Count the tokens of the documents that count.

    Parameters
    ----------
    tables : Tables
        The index.
    first, stop : int
        Slots.
    counts : ndarray of uint32
        Increased; its length is a power of two.

    Returns
    -------
    int
        How many of the documents count.
    """
    mask = np.uint32(counts.shape[0] - 1)
    n_alive = 0
    for slot in range(first, stop):
        if tables.alive[slot]:
            n_alive += 1
            start = tables.starts[slot]
            for at in range(start, start + tables.lengths[slot]):
                counts[tables.tokens[at] & mask] += np.uint32(1)
    return n_alive
