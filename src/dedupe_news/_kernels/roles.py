"""Which documents of an index stand for their text, and which for their cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe_news._kernels._jit import inlined, kernel
from dedupe_news._kernels.buckets import N_PERM, Buckets, link_leader, sign
from dedupe_news._kernels.evidence import NO_TIME
from dedupe_news._kernels.groups import NOBODY, Groups, insert, withdraw
from dedupe_news._kernels.staging import equal_runs
from dedupe_news._kernels.tables import (
    LEADERS,
    digest_place,
    gather_places,
    head_of,
    link,
    link_in_order,
    note_day,
    spread_out,
    tally,
    tally_tokens,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._kernels._jit import Integer
    from dedupe_news._kernels.tables import Tables


class Roles(NamedTuple):
    """
    What each slot is to the others of its words and of its cluster.

    A text is counted once, for its primary: the oldest document of its words.
    Shingles find the leader of a cluster: its oldest primary. The other
    primaries, its members, are found through it, so that a chain is no longer
    for a story that is printed often. All of this follows from the documents,
    whatever came and went in between.

    Parameters
    ----------
    texts : Groups
        The documents of the same words, anchored at the first that ever was.
    clusters : Groups
        The primaries of each cluster.
    buckets : Buckets
        The leaders, by their MinHash values.
    """

    texts: Groups
    clusters: Groups
    buckets: Buckets


@inlined
def text_of(tables: Tables, tokens: NDArray[np.uint32], start: Integer, length: Integer) -> Integer:
    """Return the anchor of a run of tokens, or `NOBODY` where the words are new."""
    posting = head_of(tables, digest_place(tables, tokens, start, length))
    while posting >= 0:
        slot = -1 - np.int64(tables.postings[posting, 0])
        posting = np.int64(tables.postings[posting, 1])
        if (
            slot >= 0
            and tables.lengths[slot] == length
            and equal_runs(tables.tokens, tables.starts[slot], tokens, start, length)
        ):
            return slot
    return np.int64(NOBODY)


@inlined
def primary_of(roles: Roles, text: Integer) -> Integer:
    """Return the primary of a text, or `NOBODY`."""
    if text < 0:
        return np.int64(NOBODY)
    return np.int64(roles.texts.oldest[text])


@inlined
def count(
    tables: Tables,
    start: Integer,
    length: Integer,
    places: NDArray[np.int64],
    n: Integer,
    step: Integer,
) -> None:
    """Count a text in or out, with its words and shingles."""
    tally(tables, places, n, step)
    tally_tokens(tables, start, length, step)
    tables.counters[0] += step


@inlined
def _register(
    tables: Tables, roles: Roles, slot: Integer, places: NDArray[np.int64], n: Integer
) -> None:
    """Make a document the anchor of its words, which are new, and note its day."""
    roles.texts.anchor[slot] = slot
    start, length = tables.starts[slot], np.int64(tables.lengths[slot])
    place = digest_place(tables, tables.tokens, start, length)
    # Below zero, so that it is no document with a shingle of that place.
    link(tables, place, -1 - slot)
    time = tables.times[slot]
    if time != NO_TIME:
        for at in range(n):
            spread_out(tables, places[at], time)
        note_day(tables, time)


@inlined
def enroll(
    tables: Tables,
    roles: Roles,
    slot: Integer,
    text: Integer,
    places: NDArray[np.int64],
    n: Integer,
) -> None:
    """
    Give the newest document its roles; its cluster is known, and its text is counted.

    `text` is the anchor of its words, `NOBODY` where they are new; `places` are
    those of its shingles.
    """
    if tables.lengths[slot] == 0:
        return
    if text < 0:
        _register(tables, roles, slot, places, n)
    else:
        roles.texts.anchor[slot] = text
    insert(roles.texts, slot)
    if roles.texts.older[slot] < 0:
        insert(roles.clusters, slot)
        if roles.clusters.older[slot] < 0:
            _lead(tables, roles, slot, places, n)


@kernel
def admit(tables: Tables, roles: Roles, first: Integer, stop: Integer) -> None:
    """Count and enroll documents that are filled in; of those that left, the days count."""
    longest: Integer = np.int64(0)
    for slot in range(first, stop):
        longest = max(longest, np.int64(tables.lengths[slot]))
    places = np.empty(longest + 1, np.int64)
    for slot in range(first, stop):
        start, length = tables.starts[slot], np.int64(tables.lengths[slot])
        if length == 0:
            continue
        n = gather_places(tables, tables.tokens, start, length, places)
        text = text_of(tables, tables.tokens, start, length)
        if tables.alive[slot]:
            if primary_of(roles, text) < 0:
                count(tables, start, length, places, n, 1)
            enroll(tables, roles, slot, text, places, n)
        elif text < 0:
            _register(tables, roles, slot, places, n)


@kernel
def retire(tables: Tables, roles: Roles, slot: Integer) -> None:
    """Take a document out; another of its words and of its cluster takes over its roles."""
    tables.alive[slot] = 0
    length = np.int64(tables.lengths[slot])
    if length == 0:
        return
    is_primary = roles.texts.older[slot] < 0
    withdraw(roles.texts, slot)
    if not is_primary:
        return
    heir = np.int64(roles.texts.oldest[roles.texts.anchor[slot]])
    if heir < 0:
        places = np.empty(length + 1, np.int64)
        start = tables.starts[slot]
        count(
            tables,
            start,
            length,
            places,
            gather_places(tables, tables.tokens, start, length, places),
            -1,
        )
    _leave(tables, roles, slot)
    if heir >= 0:
        _join(tables, roles, heir)


@kernel
def retire_all(tables: Tables, roles: Roles, slots: NDArray[np.int64]) -> None:
    """Take documents out, as `retire` does."""
    for slot in slots:
        retire(tables, roles, slot)


@kernel
def _leave(tables: Tables, roles: Roles, slot: Integer) -> None:
    """Take a primary out of its cluster; the next oldest leads."""
    withdraw(roles.clusters, slot)
    if tables.leads[slot]:
        _follow(tables, slot)
        successor = np.int64(roles.clusters.oldest[roles.clusters.anchor[slot]])
        if successor >= 0:
            _succeed(tables, roles, successor)


@kernel
def _join(tables: Tables, roles: Roles, slot: Integer) -> None:
    """Put a primary in its cluster, which it leads where it is the oldest."""
    insert(roles.clusters, slot)
    if roles.clusters.older[slot] < 0:
        former = np.int64(roles.clusters.newer[slot])
        if former >= 0:
            _follow(tables, former)
        _succeed(tables, roles, slot)


@kernel
def _link_in_buckets(tables: Tables, buckets: Buckets, slot: Integer) -> None:
    length = np.int64(tables.lengths[slot])
    shingles = np.empty(length + 1, np.uint32)
    signature = np.empty(N_PERM, np.uint32)
    sign(buckets, tables.tokens, tables.starts[slot], length, shingles, signature)
    link_leader(buckets, slot, signature)


@inlined
def _lead(
    tables: Tables, roles: Roles, slot: Integer, places: NDArray[np.int64], n: Integer
) -> None:
    """Let shingles and buckets find the newest document."""
    tables.leads[slot] = 1
    _link_in_buckets(tables, roles.buckets, slot)
    for at in range(n):
        link(tables, places[at], slot)
        tables.places[places[at], LEADERS] += np.uint32(1)


@kernel
def _succeed(tables: Tables, roles: Roles, slot: Integer) -> None:
    """Let a document be found, in its turn among those that came before and after."""
    length = np.int64(tables.lengths[slot])
    places = np.empty(length + 1, np.int64)
    tables.leads[slot] = 1
    _link_in_buckets(tables, roles.buckets, slot)
    for at in range(gather_places(tables, tables.tokens, tables.starts[slot], length, places)):
        link_in_order(tables, places[at], slot)
        tables.places[places[at], LEADERS] += np.uint32(1)


@kernel
def _follow(tables: Tables, slot: Integer) -> None:
    """Let shingles find a document no more; its postings stay, and are passed over."""
    length = np.int64(tables.lengths[slot])
    places = np.empty(length + 1, np.int64)
    tables.leads[slot] = 0
    for at in range(gather_places(tables, tables.tokens, tables.starts[slot], length, places)):
        tables.places[places[at], LEADERS] -= np.uint32(1)
