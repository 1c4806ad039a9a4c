"""Candidates of one item in an index: those that share its buckets, rare shingles, or template."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe_news._kernels._jit import inlined, kernel
from dedupe_news._kernels.index_buckets import n_equal, next_in_bucket
from dedupe_news._kernels.index_tables import LEADERS, head_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._kernels._jit import Integer
    from dedupe_news._kernels.evidence import Evidence
    from dedupe_news._kernels.index_buckets import Buckets
    from dedupe_news._kernels.index_tables import Tables

MOST_TEXTS = 16
"""Texts with a shingle above which it is common."""

TEMPLATE_SHARE = 0.4
"""Share of common shingles from which a text may be made from a template."""

_FROM_TEMPLATE = 4  # votes that make a candidate at any length

MOST_JUDGED = 64
"""Candidates of one item that are judged: those that share the most rare shingles."""

N_PLACES = 4096
"""Places of the table of votes."""

AT_ONCE = 64
"""Chains that are followed together."""

_LEAST_EQUAL = 5  # components of two signatures; about 2 are of texts without a common word
_NEWEST_OF_TEMPLATE = 2


@inlined
def least_shared(shorter: Integer) -> Integer:
    """Return how many rare shingles two texts must share, the shorter of so many tokens."""
    # Two shingles are one phrase, which is little in a long text.
    if shorter <= 10:
        return 1
    return 2 + np.int64(shorter > 40) + np.int64(shorter > 60)


class Ballot(NamedTuple):
    """
    Memory in which the leaders that an item meets get votes.

    Parameters
    ----------
    rows, votes : ndarray of int32, shape (N_PLACES,)
        A table of the leaders met and their votes; `rows` is -1 at places that
        are free.
    order : ndarray of int32, shape (N_PLACES,)
        Places of the leaders met, in the order of meeting.
    postings : ndarray of int64, shape (AT_ONCE,)
        Where the walk along each of some chains is; -1 at its end.
    n_members : ndarray of int64, shape (AT_ONCE,)
        Leaders that were met on each.
    members : ndarray of int32, shape (AT_ONCE, MOST_TEXTS)
        Their rows.
    n_cut_short : ndarray of int64, shape (1,)
        Counted up wherever something is left out.
    """

    rows: NDArray[np.int32]
    votes: NDArray[np.int32]
    order: NDArray[np.int32]
    postings: NDArray[np.int64]
    n_members: NDArray[np.int64]
    members: NDArray[np.int32]
    n_cut_short: NDArray[np.int64]


@inlined
def make_ballot() -> Ballot:
    """Return fresh memory."""
    return Ballot(
        np.full(N_PLACES, -1, np.int32),
        np.zeros(N_PLACES, np.int32),
        np.empty(N_PLACES, np.int32),
        np.empty(AT_ONCE, np.int64),
        np.empty(AT_ONCE, np.int64),
        np.empty((AT_ONCE, MOST_TEXTS), np.int32),
        np.zeros(1, np.int64),
    )


@kernel
def _walk(tables: Tables, ballot: Ballot, n_chains: Integer, most: Integer) -> None:
    """
    Write the newest leaders of some chains.

    A step on every chain, then the next on every chain: memory answers what is
    asked for on many of them together, of one chain each step waits for the last.
    """
    is_on = True
    while is_on:
        is_on = False
        for chain in range(n_chains):
            posting = ballot.postings[chain]
            if posting < 0:
                continue
            row = tables.postings[posting, 0]
            posting = np.int64(tables.postings[posting, 1])
            if row >= 0 and tables.leads[row]:
                n_members = ballot.n_members[chain]
                ballot.members[chain, n_members] = row
                ballot.n_members[chain] = n_members + 1
                if n_members + 1 == most:
                    posting = np.int64(-1)
            ballot.postings[chain] = posting
            is_on = is_on or bool(posting >= 0)


@inlined
def _place_of(ballot: Ballot, row: Integer) -> Integer:
    """Return the place of a leader in the table, or the free one where it belongs."""
    place = np.int64(np.uint32(np.uint32(row) * np.uint32(2654435769)) >> np.uint32(20))
    while ballot.rows[place] >= 0 and ballot.rows[place] != row:
        place = (place + 1) & (N_PLACES - 1)
    return place


@inlined
def _meet(ballot: Ballot, place: Integer, row: Integer, n_met: Integer) -> Integer:
    """Enter a leader in the table; return how many were met so far."""
    ballot.rows[place] = row
    ballot.votes[place] = 0
    ballot.order[n_met] = place
    return n_met + 1


@kernel
def _count(ballot: Ballot, n_chains: Integer, n_met: Integer, weight: Integer) -> Integer:
    """Give the leaders of some chains a vote each; return how many were met so far."""
    for chain in range(n_chains):
        for at in range(ballot.n_members[chain]):
            row = np.int64(ballot.members[chain, at])
            place = _place_of(ballot, row)
            if ballot.rows[place] < 0:
                if n_met >= N_PLACES // 2:
                    ballot.n_cut_short[0] += 1
                    break
                n_met = _meet(ballot, place, row, n_met)
            ballot.votes[place] += weight
    return n_met


@kernel
def propose_from_buckets(
    tables: Tables,
    buckets: Buckets,
    signature: NDArray[np.uint32],
    length: Integer,
    most: Integer,
    ballot: Ballot,
    n_met: Integer,
) -> Integer:
    """Meet the `most` newest leaders of each bucket; votes are the shingles that they share."""
    for band in range(buckets.heads.shape[0]):
        row: Integer = np.int64(-1)
        for n_members in range(most + 1):
            row = next_in_bucket(tables.leads, buckets, signature, band, row)
            if row < 0:
                break
            if n_members == most:
                ballot.n_cut_short[0] += 1
                break
            n = n_equal(buckets, row, signature)
            if n < _LEAST_EQUAL:
                continue
            place = _place_of(ballot, row)
            if ballot.rows[place] < 0:
                if n_met >= N_PLACES // 2:
                    ballot.n_cut_short[0] += 1
                    break
                n_met = _meet(ballot, place, row, n_met)
            other = np.int64(tables.lengths[row])
            n_shared = n * (length + other) // (signature.shape[0] + n)
            least = least_shared(min(length, other))
            ballot.votes[place] = max(np.int64(ballot.votes[place]), n_shared, least)
    return n_met


@inlined
def propose(
    tables: Tables,
    evidence: Evidence,
    places: NDArray[np.int64],
    n_places: Integer,
    ballot: Ballot,
) -> Integer:
    """Let the shingles of an item vote for the leaders that have them too."""
    n_met: Integer = np.int64(0)
    n_chains: Integer = np.int64(0)
    for at in range(n_places):
        n_leaders = tables.places[places[at], LEADERS]
        head = head_of(tables, places[at])
        if 0 < n_leaders <= MOST_TEXTS:
            ballot.postings[n_chains] = head
            ballot.n_members[n_chains] = 0
            n_chains += 1
        if n_chains == AT_ONCE or (at + 1 == n_places and n_chains > 0):
            _walk(tables, ballot, n_chains, MOST_TEXTS)
            n_met = _count(ballot, n_chains, n_met, 1)
            n_chains = np.int64(0)
    n_common = 0
    least = np.uint32(0xFFFFFFFF)
    greatest = np.uint32(0)
    mask = np.uint32(tables.places.shape[0] - 1)
    n_all = np.int64(evidence.shingle_offsets[1])
    for at in range(n_all):
        shingle = evidence.shingles[at]
        if tables.places[shingle & mask, LEADERS] > MOST_TEXTS:
            n_common += 1
            least = min(least, shingle)
            greatest = max(greatest, shingle)
    if n_common > 0 and n_common >= TEMPLATE_SHARE * n_all:
        ballot.postings[0] = head_of(tables, np.int64(least & mask))
        ballot.postings[1] = head_of(tables, np.int64(greatest & mask))
        ballot.n_members[0] = 0
        ballot.n_members[1] = 0
        _walk(tables, ballot, 2, _NEWEST_OF_TEMPLATE)
        n_met = _count(ballot, 2, n_met, _FROM_TEMPLATE)
    return n_met


@inlined
def keep_best(
    row: Integer,
    votes: Integer,
    best_rows: NDArray[np.int64],
    best_votes: NDArray[np.int64],
    n_best: Integer,
) -> Integer:
    """Insert a candidate into the list of those with most votes, newest first among equals."""
    at = np.int64(n_best)
    while at > 0 and (
        best_votes[at - 1] < votes or (best_votes[at - 1] == votes and best_rows[at - 1] < row)
    ):
        if at < MOST_JUDGED:
            best_rows[at] = best_rows[at - 1]
            best_votes[at] = best_votes[at - 1]
        at -= 1
    if at < MOST_JUDGED:
        best_rows[at] = row
        best_votes[at] = votes
    return min(n_best + 1, MOST_JUDGED)
