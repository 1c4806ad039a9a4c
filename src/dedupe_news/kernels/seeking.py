"""What an index has of new documents: leaders that share rare shingles, members through them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe_news.kernels._jit import inlined, kernel
from dedupe_news.kernels.alignment import make_scratch
from dedupe_news.kernels.features import CONTAINMENT, JACCARD, N_FEATURES, Evidence, fill_features
from dedupe_news.kernels.founders import (
    NO_FOUNDER,
    Founders,
    is_among,
    next_founder,
    settle,
)
from dedupe_news.kernels.relations import CONTAINED, EXACT, TRUNCATED, relation_of
from dedupe_news.kernels.roles import Roles, count, enroll, primary_of, retire
from dedupe_news.kernels.staging import equal_runs, make_evidence, stage
from dedupe_news.kernels.tables import digest_place, gather_places, head_of
from dedupe_news.kernels.trees import N_CLASSES, Trees, fill_probabilities
from dedupe_news.kernels.votes import MOST_JUDGED, Ballot, keep_best, least_shared, make_ballot, propose

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news.kernels._jit import Integer
    from dedupe_news.kernels.alignment import Scratch
    from dedupe_news.kernels.tables import Tables

NO_SLOT = -1
RELATED = 4
TEMPLATE = 5
"""Relations that are no duplicates."""

_DUPLICATE = 0
_CLASS_OF_TEMPLATE = 2
_CLASS_OF_RELATED = 1
_EXCERPT = 0.9
_MOST_TRIED = 4


class Arrivals(NamedTuple):
    """
    Documents on their way into an index, or to be looked up.

    Parameters
    ----------
    tokens, flags : ndarray of uint32, uint8, shape (n_tokens,)
        Their tokens.
    offsets : ndarray of int64, shape (n_documents + 1,)
        Bounds of each document.
    cut_off, sources, times : ndarray, shape (n_documents,)
        As in `Tables`.
    replaced : ndarray of int64, shape (n_documents,)
        Slot that each document replaces, or `NO_SLOT`.
    """

    tokens: NDArray[np.uint32]
    flags: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    cut_off: NDArray[np.uint8]
    sources: NDArray[np.int32]
    times: NDArray[np.int64]
    replaced: NDArray[np.int64]


class Index(NamedTuple):
    """
    An index in memory, and what verdicts are made by.

    Parameters
    ----------
    tables, roles, founders : Tables, Roles, Founders
        Its documents.
    trees : Trees
        The classifier.
    """

    tables: Tables
    roles: Roles
    founders: Founders
    trees: Trees


class Bounds(NamedTuple):
    """
    How far a look goes.

    Parameters
    ----------
    insert : bool
        Whether the documents are added.
    first_slot : int
        First free slot.
    longest : int
        Most tokens of any document, in the index or among the new.
    window : int
        Microseconds within which documents can be of one cluster.
    most : int
        Most matches of one document.
    min_probability : float
        From which a pair is a duplicate.
    related, template : bool
        Whether those of the same story and of the same template are wanted.
    """

    insert: bool
    first_slot: Integer
    longest: Integer
    window: Integer
    most: Integer
    min_probability: float
    related: bool
    template: bool


class Matches(NamedTuple):
    """
    Where matches go.

    Parameters
    ----------
    found : ndarray of int64, shape (n_rows, 2)
        Slot and relation of each match.
    scores : ndarray of float64, shape (n_rows, 4)
        Jaccard similarity, containment, probability, and the probability times
        the share of the document's shingles that the match has.
    """

    found: NDArray[np.int64]
    scores: NDArray[np.float64]


class Desk(NamedTuple):
    """Memory that one document after another is compared in."""

    evidence: Evidence
    scratch: Scratch
    row: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    places: NDArray[np.int64]
    ballot: Ballot
    best_slots: NDArray[np.int64]
    best_votes: NDArray[np.int64]
    tried: NDArray[np.int64]


@kernel
def _make_desk(longest: Integer) -> Desk:
    return Desk(
        make_evidence(2 * longest + 2),
        make_scratch(longest + 1),
        np.zeros(N_FEATURES, np.float64),
        np.zeros(N_CLASSES, np.float64),
        np.empty(longest + 1, np.int64),
        make_ballot(),
        np.empty(MOST_JUDGED, np.int64),
        np.empty(MOST_JUDGED, np.int64),
        np.empty(_MOST_TRIED, np.int64),
    )


@inlined
def _stage_slot(index: Index, desk: Desk, which: Integer, slot: Integer) -> None:
    tables = index.tables
    stage(
        tables,
        desk.evidence,
        which,
        tables.starts[slot],
        np.int64(tables.lengths[slot]),
        tables.cut_off[slot],
        tables.sources[slot],
        tables.times[slot],
    )


@kernel
def _judge(index: Index, desk: Desk, slot: Integer, min_probability: float) -> Integer:
    """Compare the document at place 0 with a slot; return the class of the pair."""
    _stage_slot(index, desk, 1, slot)
    fill_features(desk.evidence, desk.scratch, 0, 1, desk.row)
    fill_probabilities(index.trees, desk.row, desk.probabilities)
    if desk.probabilities[_DUPLICATE] >= min_probability:
        return np.int64(_DUPLICATE)
    likeliest = np.int64(1)
    for which in range(2, N_CLASSES):
        if desk.probabilities[which] > desk.probabilities[likeliest]:
            likeliest = np.int64(which)
    return likeliest


@inlined
def _relation(
    tables: Tables, start: Integer, length: Integer, cut_off: Integer, slot: Integer, containment: float
) -> Integer:
    """Return how a document and its duplicate are related."""
    other_length = np.int64(tables.lengths[slot])
    relation: Integer = relation_of(
        tables.tokens,
        start,
        length,
        tables.starts[slot],
        other_length,
        bool(containment >= _EXCERPT),
    )
    shorter_is_cut = cut_off if length <= other_length else tables.cut_off[slot]
    if relation == CONTAINED and shorter_is_cut:
        relation = TRUNCATED
    return relation


@inlined
def _put(
    matches: Matches, at: Integer, slot: Integer, relation: Integer, row: NDArray[np.float64], probability: float, share: float
) -> Integer:
    """Write a match where there is room; return the matches so far."""
    if at < matches.found.shape[0]:
        matches.found[at, 0] = slot
        matches.found[at, 1] = relation
        matches.scores[at, 0] = row[JACCARD]
        matches.scores[at, 1] = row[CONTAINMENT]
        matches.scores[at, 2] = probability
        matches.scores[at, 3] = probability * share
    return at + 1


@kernel
def _put_copies(
    index: Index, desk: Desk, matches: Matches, primary: Integer, first: Integer, at: Integer, most: Integer
) -> Integer:
    """Write the other documents of a primary's words, newest first, as that one was written."""
    tables = index.tables
    start, length = tables.starts[primary], np.int64(tables.lengths[primary])
    posting = head_of(tables, digest_place(tables, start, length))
    while posting >= 0:
        slot = np.int64(tables.postings[posting, 0])
        posting = np.int64(tables.postings[posting, 1])
        if (
            slot != primary
            and tables.alive[slot]
            and tables.lengths[slot] == length
            and equal_runs(tables.tokens, tables.starts[slot], start, length)
        ):
            if at - first >= most:
                tables.counters[2] += 1
                break
            if at < matches.found.shape[0]:
                matches.found[at] = matches.found[first]
                matches.found[at, 0] = slot
                matches.scores[at] = matches.scores[first]
            at += 1
    return at


@kernel
def _match(
    index: Index,
    desk: Desk,
    matches: Matches,
    cut_off: Integer,
    start: Integer,
    length: Integer,
    slot: Integer,
    first: Integer,
    at: Integer,
    bounds: Bounds,
) -> tuple[Integer, Integer]:
    """Judge a primary and write it with its copies; return matches so far and the class."""
    which = _judge(index, desk, slot, bounds.min_probability)
    row = desk.row
    relation: Integer = np.int64(-1)
    if which == _DUPLICATE:
        relation = _relation(index.tables, start, length, cut_off, slot, row[CONTAINMENT])
    elif which == _CLASS_OF_RELATED and bounds.related:
        relation = np.int64(RELATED)
    elif which == _CLASS_OF_TEMPLATE and bounds.template:
        relation = np.int64(TEMPLATE)
    if relation < 0:
        return at, which
    if at - first >= bounds.most:
        index.tables.counters[2] += 1
        return at, which
    n_own = max(1, desk.evidence.shingle_offsets[1] - desk.evidence.shingle_offsets[0])
    n_other = max(1, desk.evidence.shingle_offsets[2] - desk.evidence.shingle_offsets[1])
    share = row[CONTAINMENT] * min(1.0, n_other / n_own)
    own = at
    at = _put(matches, at, slot, relation, row, desk.probabilities[which], share)
    at = _put_copies(index, desk, matches, slot, own, at, bounds.most - (own - first))
    return at, which


@inlined
def _most_voted(
    tables: Tables, start: Integer, length: Integer, n_met: Integer, desk: Desk
) -> Integer:
    """Choose whom to judge among the leaders met, and clear the table of votes."""
    ballot = desk.ballot
    n_best: Integer = np.int64(0)
    for at in range(n_met):
        place = ballot.order[at]
        slot = np.int64(ballot.slots[place])
        n_votes = np.int64(ballot.votes[place])
        ballot.slots[place] = NO_SLOT
        other_length = np.int64(tables.lengths[slot])
        if n_votes < least_shared(min(np.int64(length), other_length)):
            continue
        if other_length == length and equal_runs(tables.tokens, tables.starts[slot], start, length):
            continue  # named already
        tables.counters[2] += n_best == MOST_JUDGED
        n_best = keep_best(slot, n_votes, desk.best_slots, desk.best_votes, n_best)
    return n_best


@kernel
def _look_up(
    index: Index,
    desk: Desk,
    matches: Matches,
    cut_off: Integer,
    start: Integer,
    length: Integer,
    primary: Integer,
    n_places: Integer,
    first: Integer,
    bounds: Bounds,
) -> Integer:
    """Write what matches the document at place 0; return the matches so far."""
    tables, roles = index.tables, index.roles
    at = first
    row, probabilities = desk.row, desk.probabilities
    n_met = propose(tables, start, length, desk.places, n_places, desk.ballot)
    n_best = _most_voted(tables, start, length, n_met, desk)
    if primary >= 0:
        row[JACCARD] = 1.0
        row[CONTAINMENT] = 1.0
        probabilities[_DUPLICATE] = 1.0
        at = _put(matches, at, primary, np.int64(EXACT), row, 1.0, 1.0)
        at = _put_copies(index, desk, matches, primary, first, at, bounds.most)
        leader = np.int64(roles.leader[roles.anchor[primary]])
        is_met = leader == primary or leader < 0
        for best in range(n_best):
            is_met = is_met or desk.best_slots[best] == leader
        if not is_met:
            n_best = keep_best(leader, MOST_JUDGED, desk.best_slots, desk.best_votes, n_best)
    n_members = 0
    for best in range(n_best + 1):
        leader = desk.best_slots[best] if best < n_best else primary
        if leader < 0:
            continue
        anchor = np.int64(roles.anchor[leader])
        if best == n_best:
            if roles.leader[anchor] != primary:
                continue  # the leader of its cluster was among those before
            which = np.int64(_DUPLICATE)
        else:
            at, which = _match(
                index, desk, matches, cut_off, start, length, leader, first, at, bounds
            )
        if which != _DUPLICATE:
            continue
        member = np.int64(roles.newest[anchor])
        while member >= 0:
            if roles.primary[member] and member != leader and member != primary:
                if n_members >= MOST_JUDGED and (bounds.insert or at - first >= bounds.most):
                    tables.counters[2] += 1
                    break
                n_members += 1
                at, _ = _match(
                    index, desk, matches, cut_off, start, length, member, first, at, bounds
                )
            member = np.int64(roles.older[member])
    return at


@kernel
def seek(
    arrivals: Arrivals, index: Index, bounds: Bounds, begin: Integer, offsets: NDArray[np.int64], matches: Matches
) -> Integer:
    """
    Judge documents against the index one after another, and add each if asked.

    Matches of document ``d`` go to the rows ``offsets[d]`` to ``offsets[d + 1]
    - 1``; ``offsets[begin]`` is given. Returns one past the last document that
    was done: all, unless `matches` has not the room for those of that one.
    """
    tables, roles, founders = index.tables, index.roles, index.founders
    desk = _make_desk(bounds.longest)
    n_documents = arrivals.offsets.shape[0] - 1
    slot = np.int64(bounds.first_slot)
    for d in range(begin, n_documents):
        replaced = arrivals.replaced[d]
        if replaced != NO_SLOT and tables.alive[replaced]:
            retire(tables, roles, replaced)
        n_cut_short = tables.counters[2]
        start = tables.starts[slot]
        length = arrivals.offsets[d + 1] - arrivals.offsets[d]
        for at in range(length):
            tables.tokens[start + at] = arrivals.tokens[arrivals.offsets[d] + at]
            tables.flags[start + at] = arrivals.flags[arrivals.offsets[d] + at]
        n_found = offsets[d]
        primary = np.int64(-1)
        n_places = 0
        if length > 0:
            n_places = gather_places(tables, start, length, desk.places)
            primary = primary_of(tables, roles, start, length)
            if primary < 0:
                # Counted in before it is judged, as in a batch; out again after a mere look.
                count(tables, start, length, desk.places, n_places, 1)
            desk.evidence.totals[0] = np.log(tables.counters[0] + 1.0)
            desk.evidence.totals[1] = max(0.0, tables.counters[4] - tables.counters[3] + 1.0)
            stage(
                tables,
                desk.evidence,
                0,
                start,
                length,
                arrivals.cut_off[d],
                arrivals.sources[d],
                arrivals.times[d],
            )
            n_found = _look_up(
                index,
                desk,
                matches,
                arrivals.cut_off[d],
                start,
                length,
                primary,
                n_places,
                n_found,
                bounds,
            )
        has_room = n_found <= matches.found.shape[0]
        if bounds.insert and has_room:
            tables.starts[slot + 1] = start + length
            tables.lengths[slot] = length
            tables.alive[slot] = 1
            tables.cut_off[slot] = arrivals.cut_off[d]
            tables.sources[slot] = arrivals.sources[d]
            tables.times[slot] = arrivals.times[d]
            founder = _founder(index, desk, matches, offsets[d], n_found, slot, bounds)
            settle(founders, slot, replaced, founder)
            if replaced != NO_SLOT and founders.founders[replaced] == slot:
                roles.anchor[slot] = roles.anchor[replaced]
            elif founder != NO_FOUNDER:
                roles.anchor[slot] = roles.anchor[founder]
            else:
                roles.anchor[slot] = slot
            enroll(tables, roles, slot, primary, desk.places, n_places)
            slot += 1
        elif length > 0 and primary < 0:
            count(tables, start, length, desk.places, n_places, -1)
        if not has_room:
            tables.counters[2] = n_cut_short
            return d
        offsets[d + 1] = n_found
    return np.int64(n_documents)


@kernel
def _founder(
    index: Index,
    desk: Desk,
    matches: Matches,
    first: Integer,
    stop: Integer,
    slot: Integer,
    bounds: Bounds,
) -> Integer:
    """Return the founder of the best match that the document matches too, or `NO_FOUNDER`."""
    tables, founders = index.tables, index.founders
    n_tried = 0
    while stop > first:
        founder = next_founder(
            founders,
            tables.alive,
            matches.found,
            matches.scores,
            first,
            stop,
            slot,
            bounds.window,
            desk.tried,
            n_tried,
        )
        if founder == NO_FOUNDER or is_among(matches.found, first, stop, founder):
            return founder
        length = np.int64(tables.lengths[slot])
        if tables.lengths[founder] == length and equal_runs(
            tables.tokens, tables.starts[slot], tables.starts[founder], length
        ):
            return founder
        if _judge(index, desk, founder, bounds.min_probability) == _DUPLICATE:
            return founder
        desk.tried[n_tried] = founder
        n_tried += 1
    return np.int64(NO_FOUNDER)
