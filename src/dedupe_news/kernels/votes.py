"""Candidates of one document: those that share its rare shingles, or its template."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news.kernels._jit import inlined
from dedupe_news.kernels.tables import n_shingles, shingle_at

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news.kernels._jit import Integer
    from dedupe_news.kernels.tables import Tables

MOST_TEXTS = 16
"""Documents with a shingle above which it is common."""

TEMPLATE_SHARE = 0.4
"""Share of common shingles from which a document may be made from a template."""

_FROM_TEMPLATE = 4  # votes that make a candidate at any length

MOST_JUDGED = 64
"""Candidates of one document that are judged: those that share the most rare shingles."""

N_PLACES = 4096
"""Places of the table of votes."""

_NEWEST_OF_TEMPLATE = 2


@inlined
def least_shared(shorter: Integer) -> Integer:
    """
    Return how many rare shingles two documents must share to be judged.

    Parameters
    ----------
    shorter : int
        Tokens of the shorter one.

    Returns
    -------
    int
        1 up to 10 tokens; 2, and one more from 41 and from 61 tokens on: two
        shingles are one phrase, which is little in a long text.
    """
    if shorter <= 10:
        return 1
    return 2 + np.int64(shorter > 40) + np.int64(shorter > 60)


@inlined
def _vote(
    tables: Tables,
    head: Integer,
    most: Integer,
    slots: NDArray[np.int32],
    votes: NDArray[np.int32],
    order: NDArray[np.int32],
    n_met: Integer,
    weight: Integer,
) -> Integer:
    """Give the newest documents of a chain a vote each; return how many were met so far."""
    seen = 0
    posting = np.int64(head)
    while posting >= 0 and seen < most:
        slot = tables.posting_slots[posting]
        posting = np.int64(tables.posting_links[posting])
        if tables.alive[slot] == 0:
            continue
        seen += 1
        place = np.int64(np.uint32(np.uint32(slot) * np.uint32(2654435769)) >> np.uint32(20))
        while slots[place] >= 0 and slots[place] != slot:
            place = (place + 1) & (N_PLACES - 1)
        if slots[place] < 0:
            if n_met >= N_PLACES // 2:
                tables.counters[2] += 1
                break
            slots[place] = slot
            votes[place] = 0
            order[n_met] = place
            n_met += 1
        votes[place] += weight
    return n_met


@inlined
def propose(
    tables: Tables,
    start: Integer,
    length: Integer,
    places: NDArray[np.int64],
    n_places: Integer,
    slots: NDArray[np.int32],
    votes: NDArray[np.int32],
    order: NDArray[np.int32],
) -> Integer:
    """
    Let the shingles of a document vote for the documents that have them too.

    Parameters
    ----------
    tables : Tables
        The index.
    start, length : int
        Bounds of the document's tokens.
    places : ndarray of int64
        Distinct places of its shingles.
    n_places : int
        How many.
    slots, votes : ndarray of int32, shape (N_PLACES,)
        A table of the documents met; `slots` is -1 throughout, and receives
        them, `votes` what they got.
    order : ndarray of int32, shape (N_PLACES,)
        Receives their places in the table.

    Returns
    -------
    int
        How many documents were met.
    """
    n_met: Integer = np.int64(0)
    n_common = 0
    least = np.uint32(0xFFFFFFFF)
    greatest = np.uint32(0)
    mask = np.uint32(tables.heads.shape[0] - 1)
    for at in range(n_places):
        frequency = tables.frequency[places[at]]
        if 1 < frequency <= MOST_TEXTS:
            n_met = _vote(
                tables, tables.heads[places[at]], MOST_TEXTS, slots, votes, order, n_met, 1
            )
    for at in range(n_shingles(length)):
        shingle = shingle_at(tables.tokens, start, length, at)
        if tables.frequency[shingle & mask] > MOST_TEXTS:
            n_common += 1
            least = min(least, shingle)
            greatest = max(greatest, shingle)
    if n_common > 0 and n_common >= TEMPLATE_SHARE * n_shingles(length):
        for shingle in (least, greatest):
            n_met = _vote(
                tables,
                tables.heads[shingle & mask],
                _NEWEST_OF_TEMPLATE,
                slots,
                votes,
                order,
                n_met,
                _FROM_TEMPLATE,
            )
    return n_met


@inlined
def keep_best(
    slot: Integer,
    votes: Integer,
    best_slots: NDArray[np.int64],
    best_votes: NDArray[np.int64],
    n_best: Integer,
) -> Integer:
    """
    Insert a candidate into the list of those with most votes, newest first among equals.

    Parameters
    ----------
    slot, votes : int
        The candidate and its votes.
    best_slots, best_votes : ndarray of int64, shape (MOST_JUDGED,)
        The list; changed.
    n_best : int
        Its length so far.

    Returns
    -------
    int
        Its length now.
    """
    at = np.int64(n_best)
    while at > 0 and (
        best_votes[at - 1] < votes or (best_votes[at - 1] == votes and best_slots[at - 1] < slot)
    ):
        if at < MOST_JUDGED:
            best_slots[at] = best_slots[at - 1]
            best_votes[at] = best_votes[at - 1]
        at -= 1
    if at < MOST_JUDGED:
        best_slots[at] = slot
        best_votes[at] = votes
    return min(n_best + 1, MOST_JUDGED)
