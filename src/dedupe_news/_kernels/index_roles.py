"""Which items of an index stand for their text, and which lead their cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe_news._kernels._jit import inlined, kernel
from dedupe_news._kernels.evidence import NO_TIME
from dedupe_news._kernels.index_buckets import Buckets, link_leader, sign
from dedupe_news._kernels.index_tables import (
    LEADERS,
    count_text,
    digest_place,
    gather_places,
    head_of,
    link,
    link_in_order,
    note_day,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._kernels._jit import Integer
    from dedupe_news._kernels.index_tables import Tables

NOBODY = -1


class Groups(NamedTuple):
    """
    Groups of rows, each in order of arrival; every array is of int32, one value a row.

    Parameters
    ----------
    anchor : ndarray
        A row that all rows of a group name, whether it belongs to the group or not.
    newest, oldest : ndarray
        At an anchor, the last and the first row of its group, or `NOBODY`.
    older, newer : ndarray
        The rows of the group before and after each, or `NOBODY`.
    """

    anchor: NDArray[np.int32]
    newest: NDArray[np.int32]
    oldest: NDArray[np.int32]
    older: NDArray[np.int32]
    newer: NDArray[np.int32]


class Roles(NamedTuple):
    """
    What each row is to the others of its words and of its cluster.

    A text counts once, for its primary: the oldest item of its words. Shingles
    and buckets find the leader of a cluster: its oldest primary. The other
    primaries, its members, are found through it, so that a chain is no longer
    for a story that is printed often. Where every primary has an anchor of its
    own in `clusters`, all of them lead. Roles follow from the items alone,
    whatever came and went in between.

    Parameters
    ----------
    texts : Groups
        The items of the same words, anchored at the first that ever was.
    clusters : Groups
        The primaries of each cluster.
    buckets : Buckets
        The leaders, by their MinHash values.
    """

    texts: Groups
    clusters: Groups
    buckets: Buckets


@inlined
def _insert(groups: Groups, row: Integer) -> None:
    """Put a row in the group of its anchor; near the ends this is done at once."""
    anchor = groups.anchor[row]
    newest, oldest = groups.newest[anchor], groups.oldest[anchor]
    before, after = newest, np.int32(NOBODY)
    if newest > row and oldest > row:
        before, after = np.int32(NOBODY), oldest
    while before > row:
        before, after = groups.older[before], before
    groups.older[row] = before
    groups.newer[row] = after
    if before >= 0:
        groups.newer[before] = row
    else:
        groups.oldest[anchor] = row
    if after >= 0:
        groups.older[after] = row
    else:
        groups.newest[anchor] = row


@inlined
def _withdraw(groups: Groups, row: Integer) -> None:
    """Take a row out of its group."""
    anchor = groups.anchor[row]
    before, after = groups.older[row], groups.newer[row]
    if before >= 0:
        groups.newer[before] = after
    else:
        groups.oldest[anchor] = after
    if after >= 0:
        groups.older[after] = before
    else:
        groups.newest[anchor] = before
    groups.older[row] = NOBODY
    groups.newer[row] = NOBODY


@inlined
def _equal_runs(
    tokens: NDArray[np.uint32],
    left: Integer,
    others: NDArray[np.uint32],
    right: Integer,
    length: Integer,
) -> bool:
    """Return whether two runs of tokens are equal."""
    for at in range(length):
        if tokens[left + at] != others[right + at]:
            return False
    return True


@inlined
def text_of(tables: Tables, tokens: NDArray[np.uint32], start: Integer, length: Integer) -> Integer:
    """Return the anchor of a run of tokens, or `NOBODY` where the words are new."""
    posting = head_of(tables, digest_place(tables, tokens, start, length))
    while posting >= 0:
        row = -1 - np.int64(tables.postings[posting, 0])
        posting = np.int64(tables.postings[posting, 1])
        if (
            row >= 0
            and tables.lengths[row] == length
            and _equal_runs(tables.tokens, tables.starts[row], tokens, start, length)
        ):
            return row
    return np.int64(NOBODY)


@inlined
def primary_of(roles: Roles, text: Integer) -> Integer:
    """Return the primary of a text, or `NOBODY`."""
    if text < 0:
        return np.int64(NOBODY)
    return np.int64(roles.texts.oldest[text])


@inlined
def _register(
    tables: Tables, roles: Roles, row: Integer, places: NDArray[np.int64], n: Integer
) -> None:
    """Make an item the anchor of its words, which are new, and note its day."""
    roles.texts.anchor[row] = row
    start, length = tables.starts[row], np.int64(tables.lengths[row])
    place = digest_place(tables, tables.tokens, start, length)
    # Below zero, so that it is no item with a shingle of that place.
    link(tables, place, -1 - row)
    if tables.times[row] != NO_TIME:
        note_day(tables, tables.times[row], places, n)


@inlined
def enroll(
    tables: Tables, roles: Roles, row: Integer, text: Integer, places: NDArray[np.int64], n: Integer
) -> bool:
    """Give the newest item its roles; return whether it leads, and goes into the buckets."""
    if tables.lengths[row] == 0:
        return False
    if text < 0:
        _register(tables, roles, row, places, n)
    else:
        roles.texts.anchor[row] = text
    _insert(roles.texts, row)
    if roles.texts.older[row] < 0:
        _insert(roles.clusters, row)
        if roles.clusters.older[row] < 0:
            tables.leads[row] = 1
            for at in range(n):
                link(tables, places[at], row)
                tables.places[places[at], LEADERS] += np.uint32(1)
            return True
    return False


@kernel
def admit(tables: Tables, roles: Roles, first: Integer, stop: Integer) -> None:
    """Count and enroll items that are filled in; of those that left, the days count."""
    longest: Integer = np.int64(0)
    for row in range(first, stop):
        longest = max(longest, np.int64(tables.lengths[row]))
    places = np.empty(longest + 1, np.int64)
    for row in range(first, stop):
        start, length = tables.starts[row], np.int64(tables.lengths[row])
        if length == 0:
            continue
        n = gather_places(tables, tables.tokens, start, length, places)
        text = text_of(tables, tables.tokens, start, length)
        if tables.alive[row]:
            if primary_of(roles, text) < 0:
                count_text(tables, start, length, places, n, 1)
            if enroll(tables, roles, row, text, places, n):
                _link_in_buckets(tables, roles.buckets, row)
        elif text < 0:
            _register(tables, roles, row, places, n)


@kernel
def retire(tables: Tables, roles: Roles, row: Integer) -> None:
    """Take an item out; another of its words and of its cluster takes over its roles."""
    tables.alive[row] = 0
    length = np.int64(tables.lengths[row])
    if length == 0:
        return
    is_primary = roles.texts.older[row] < 0
    _withdraw(roles.texts, row)
    if not is_primary:
        return
    successor = np.int64(roles.texts.oldest[roles.texts.anchor[row]])
    if successor < 0:
        start, places = tables.starts[row], np.empty(length + 1, np.int64)
        n = gather_places(tables, tables.tokens, start, length, places)
        count_text(tables, start, length, places, n, -1)
    _leave(tables, roles, row)
    if successor >= 0:
        _take_over(tables, roles, successor)


@kernel
def retire_all(tables: Tables, roles: Roles, rows: NDArray[np.int64]) -> None:
    """Take items out, as `retire` does."""
    for row in rows:
        retire(tables, roles, row)


@kernel
def _leave(tables: Tables, roles: Roles, row: Integer) -> None:
    """Take a primary out of its cluster; the next oldest leads."""
    _withdraw(roles.clusters, row)
    if tables.leads[row]:
        _follow(tables, row)
        successor = np.int64(roles.clusters.oldest[roles.clusters.anchor[row]])
        if successor >= 0:
            _lead(tables, roles, successor)


@kernel
def _take_over(tables: Tables, roles: Roles, row: Integer) -> None:
    """Put a new primary in its cluster, which it leads where it is the oldest."""
    _insert(roles.clusters, row)
    if roles.clusters.older[row] < 0:
        former = np.int64(roles.clusters.newer[row])
        if former >= 0:
            _follow(tables, former)
        _lead(tables, roles, row)


@kernel
def _link_in_buckets(tables: Tables, buckets: Buckets, row: Integer) -> None:
    """Let buckets find an item."""
    length = np.int64(tables.lengths[row])
    shingles = np.empty(length + 1, np.uint32)
    signature = np.empty(buckets.signatures.shape[1], np.uint32)
    sign(buckets, tables.tokens, tables.starts[row], length, shingles, signature)
    link_leader(buckets, row, signature)


@kernel
def _lead(tables: Tables, roles: Roles, row: Integer) -> None:
    """Let shingles and buckets find an item, in its turn among those before and after."""
    length = np.int64(tables.lengths[row])
    places = np.empty(length + 1, np.int64)
    tables.leads[row] = 1
    _link_in_buckets(tables, roles.buckets, row)
    for at in range(gather_places(tables, tables.tokens, tables.starts[row], length, places)):
        link_in_order(tables, places[at], row)
        tables.places[places[at], LEADERS] += np.uint32(1)


@kernel
def _follow(tables: Tables, row: Integer) -> None:
    """Let shingles find an item no more; its postings stay, and are passed over."""
    length = np.int64(tables.lengths[row])
    places = np.empty(length + 1, np.int64)
    tables.leads[row] = 0
    for at in range(gather_places(tables, tables.tokens, tables.starts[row], length, places)):
        tables.places[places[at], LEADERS] -= np.uint32(1)
