"""Which documents of an index stand for their text, and which for their cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe_news.kernels._jit import inlined, kernel
from dedupe_news.kernels.features import NO_TIME
from dedupe_news.kernels.staging import equal_runs
from dedupe_news.kernels.tables import (
    LEADERS,
    day_of,
    digest_place,
    gather_places,
    head_of,
    link,
    spread_out,
    tally,
    tally_tokens,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news.kernels._jit import Integer
    from dedupe_news.kernels.tables import Tables


class Roles(NamedTuple):
    """
    What each slot is to the others of its words and of its cluster.

    A text is counted once, for its primary: the oldest document of its words.
    Shingles find the leader of a cluster: its oldest primary. The other
    primaries, its members, are found through it, so that a chain is no longer
    for a story that is printed often.

    Parameters
    ----------
    primary : ndarray of uint8, shape (capacity,)
        1 for the primary of each text.
    anchor : ndarray of int32, shape (capacity,)
        A slot that all slots of a cluster name, whether it counts or not.
    leader : ndarray of int32, shape (capacity,)
        At an anchor, the leader of its cluster, or -1.
    newest : ndarray of int32, shape (capacity,)
        At an anchor, the newest member of its cluster, or -1.
    older : ndarray of int32, shape (capacity,)
        The member before each, or -1.
    """

    primary: NDArray[np.uint8]
    anchor: NDArray[np.int32]
    leader: NDArray[np.int32]
    newest: NDArray[np.int32]
    older: NDArray[np.int32]


@inlined
def primary_of(tables: Tables, roles: Roles, start: Integer, length: Integer) -> Integer:
    """Return the primary of a run of tokens, or -1."""
    posting = head_of(tables, digest_place(tables, start, length))
    while posting >= 0:
        slot = np.int64(tables.postings[posting, 0])
        posting = np.int64(tables.postings[posting, 1])
        if (
            roles.primary[slot]
            and tables.lengths[slot] == length
            and equal_runs(tables.tokens, tables.starts[slot], start, length)
        ):
            return slot
    return np.int64(-1)


@inlined
def _link_digest(tables: Tables, slot: Integer) -> None:
    """Chain a document with those of its words."""
    place = digest_place(tables, tables.starts[slot], np.int64(tables.lengths[slot]))
    posting = tables.counters[1]
    link(tables, place, head_of(tables, place), slot, posting)
    tables.counters[1] = posting + 1


@inlined
def count(
    tables: Tables, start: Integer, length: Integer, places: NDArray[np.int64], n: Integer, step: Integer
) -> None:
    """Count a text in or out, with its words and shingles."""
    tally(tables, places, n, step)
    tally_tokens(tables, start, length, step)
    tables.counters[0] += step


@inlined
def _lead(
    tables: Tables, roles: Roles, slot: Integer, places: NDArray[np.int64], n: Integer
) -> None:
    """Make a primary the leader of its cluster, which its shingles find."""
    roles.leader[roles.anchor[slot]] = slot
    posting = tables.counters[1]
    for at in range(n):
        link(tables, places[at], head_of(tables, places[at]), slot, posting)
        tables.places[places[at], LEADERS] += np.uint32(1)
        posting += 1
    tables.counters[1] = posting


@inlined
def _join(roles: Roles, slot: Integer) -> None:
    """Make a primary a member of its cluster."""
    anchor = roles.anchor[slot]
    roles.older[slot] = roles.newest[anchor]
    roles.newest[anchor] = slot


@inlined
def enroll(
    tables: Tables,
    roles: Roles,
    slot: Integer,
    primary: Integer,
    places: NDArray[np.int64],
    n: Integer,
) -> None:
    """
    Give a document its roles; its anchor is filled in, and its text is counted.

    `primary` is that of its words, -1 where it is the first; `places` are
    those of its shingles.
    """
    if tables.lengths[slot] == 0:
        return
    if primary < 0:
        roles.primary[slot] = 1
        if tables.times[slot] != NO_TIME:
            for at in range(n):
                spread_out(tables, places[at], day_of(tables.times[slot]))
            day = tables.times[slot] // np.int64(86_400_000_000)
            tables.counters[3] = min(tables.counters[3], day)
            tables.counters[4] = max(tables.counters[4], day)
        if roles.leader[roles.anchor[slot]] < 0:
            _lead(tables, roles, slot, places, n)
        else:
            _join(roles, slot)
    _link_digest(tables, slot)


@kernel
def admit(tables: Tables, roles: Roles, first: Integer, stop: Integer) -> None:
    """Count and enroll documents that are filled in, but for those that do not count."""
    longest: Integer = np.int64(0)
    for slot in range(first, stop):
        longest = max(longest, np.int64(tables.lengths[slot]))
    places = np.empty(longest + 1, np.int64)
    for slot in range(first, stop):
        if not tables.alive[slot]:
            continue
        start = tables.starts[slot]
        length = np.int64(tables.lengths[slot])
        if length == 0:
            continue
        n = gather_places(tables, start, length, places)
        primary = primary_of(tables, roles, start, length)
        if primary < 0:
            count(tables, start, length, places, n, 1)
        enroll(tables, roles, slot, primary, places, n)


@kernel
def retire(tables: Tables, roles: Roles, slot: Integer) -> None:
    """Take a document out; another of its words and of its cluster takes over its roles."""
    tables.alive[slot] = 0
    if not roles.primary[slot]:
        return
    start = tables.starts[slot]
    length = np.int64(tables.lengths[slot])
    places = np.empty(length + 1, np.int64)
    n = gather_places(tables, start, length, places)
    roles.primary[slot] = 0
    heir = _oldest_copy(tables, start, length)
    if heir >= 0:
        roles.primary[heir] = 1
        _join(roles, heir)
    else:
        count(tables, start, length, places, n, -1)
    if roles.leader[roles.anchor[slot]] == slot:
        for at in range(n):
            tables.places[places[at], LEADERS] -= np.uint32(1)
        _succeed(tables, roles, np.int64(roles.anchor[slot]))
    if heir >= 0 and roles.leader[roles.anchor[heir]] < 0:
        _succeed(tables, roles, np.int64(roles.anchor[heir]))


@kernel
def retire_all(tables: Tables, roles: Roles, slots: NDArray[np.int64]) -> None:
    """Take documents out, as `retire` does."""
    for slot in slots:
        retire(tables, roles, slot)


@inlined
def _oldest_copy(tables: Tables, start: Integer, length: Integer) -> Integer:
    """Return the oldest document that counts of the same words, or -1."""
    oldest = np.int64(-1)
    posting = head_of(tables, digest_place(tables, start, length))
    while posting >= 0:
        slot = np.int64(tables.postings[posting, 0])
        posting = np.int64(tables.postings[posting, 1])
        if (
            tables.alive[slot]
            and tables.lengths[slot] == length
            and equal_runs(tables.tokens, tables.starts[slot], start, length)
            and (oldest < 0 or slot < oldest)
        ):
            oldest = slot
    return oldest


@kernel
def _succeed(tables: Tables, roles: Roles, anchor: Integer) -> None:
    """Make the oldest primary of a cluster its leader."""
    oldest = np.int64(-1)
    member = np.int64(roles.newest[anchor])
    while member >= 0:
        if roles.primary[member] and (oldest < 0 or member < oldest):
            oldest = member
        member = np.int64(roles.older[member])
    roles.leader[anchor] = -1
    if oldest >= 0:
        places = np.empty(np.int64(tables.lengths[oldest]) + 1, np.int64)
        start, length = tables.starts[oldest], np.int64(tables.lengths[oldest])
        _lead(tables, roles, oldest, places, gather_places(tables, start, length, places))
