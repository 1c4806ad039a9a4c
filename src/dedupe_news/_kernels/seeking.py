"""What an index has of new documents: leaders that share words, members through them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe_news._kernels._jit import inlined, kernel
from dedupe_news._kernels.buckets import sign
from dedupe_news._kernels.feature_names import CONTAINMENT, JACCARD
from dedupe_news._kernels.features import fill_features
from dedupe_news._kernels.founders import NO_FOUNDER, is_among, next_founder, settle
from dedupe_news._kernels.relations import CONTAINED, EXACT, TRUNCATED, relation_of
from dedupe_news._kernels.roles import count, enroll, primary_of, retire, text_of
from dedupe_news._kernels.staging import Metadata, count_tokens, stage
from dedupe_news._kernels.tables import gather_places
from dedupe_news._kernels.trees import N_CLASSES, fill_probabilities
from dedupe_news._kernels.votes import (
    MOST_JUDGED,
    keep_best,
    least_shared,
    propose,
    propose_from_buckets,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._kernels._jit import Integer
    from dedupe_news._kernels.desk import Arrivals, Bounds, Desk, Held, Index, Matches
    from dedupe_news._kernels.tables import Tables

NO_SLOT = -1
RELATED = 4
TEMPLATE = 5
"""Relations that are no duplicates."""

_DUPLICATE = 0
_CLASS_OF_TEMPLATE = 2
_CLASS_OF_RELATED = 1
_EXCERPT = 0.9


@kernel
def _judge(
    index: Index, desk: Desk, slot: Integer, is_new: Integer, min_probability: float
) -> Integer:
    """Compare the document at place 0 with a slot; return the class of the pair."""
    tables = index.tables
    run = tables.tokens, tables.flags, tables.starts[slot], np.int64(tables.lengths[slot])
    metadata = Metadata(
        np.int64(tables.cut_off[slot]), np.int64(tables.sources[slot]), tables.times[slot]
    )
    stage(tables, desk.evidence, desk.asked, is_new, 1, run, metadata)
    fill_features(desk.evidence, desk.scratch, 0, 1, desk.row)
    fill_probabilities(index.trees, desk.row, desk.probabilities)
    if desk.probabilities[_DUPLICATE] >= min_probability:
        return np.int64(_DUPLICATE)
    likeliest = np.int64(1)
    for which in range(2, N_CLASSES):
        if desk.probabilities[which] > desk.probabilities[likeliest]:
            likeliest = np.int64(which)
    return likeliest


class Asked(NamedTuple):
    """The document at place 0: what it is, who has its words, and where its matches begin."""

    length: Integer
    cut_off: Integer
    is_new: Integer
    primary: Integer
    first: Integer


@inlined
def _relation(
    tables: Tables, desk: Desk, asked: Asked, slot: Integer, containment: float
) -> Integer:
    """Return how a document and its duplicate, at place 1, are related."""
    other_length = np.int64(tables.lengths[slot])
    relation: Integer = relation_of(
        desk.evidence.tokens,
        np.int64(0),
        asked.length,
        desk.evidence.starts[1],
        other_length,
        bool(containment >= _EXCERPT),
    )
    shorter_is_cut = asked.cut_off if asked.length <= other_length else tables.cut_off[slot]
    if relation == CONTAINED and shorter_is_cut:
        relation = TRUNCATED
    return relation


@inlined
def _put(
    matches: Matches, at: Integer, slot: Integer, relation: Integer, desk: Desk, which: Integer
) -> Integer:
    """Write a match as the desk has it, where there is room; return the matches so far."""
    if at < matches.found.shape[0]:
        offsets, row = desk.evidence.shingle_offsets, desk.row
        n_own = max(1, offsets[1] - offsets[0])
        n_other = max(1, offsets[2] - offsets[1])
        share = row[CONTAINMENT] * min(1.0, n_other / n_own)
        matches.found[at, 0] = slot
        matches.found[at, 1] = relation
        matches.scores[at, 0] = row[JACCARD]
        matches.scores[at, 1] = row[CONTAINMENT]
        matches.scores[at, 2] = desk.probabilities[which]
        matches.scores[at, 3] = desk.probabilities[which] * share
    return at + 1


@kernel
def _put_copies(
    index: Index,
    desk: Desk,
    matches: Matches,
    primary: Integer,
    at: Integer,
    first: Integer,
    most: Integer,
) -> Integer:
    """Write the other documents of a primary's words, newest first, as that one was written."""
    texts = index.roles.texts
    own = at - 1
    slot = np.int64(texts.newest[texts.anchor[primary]])
    while slot != primary:
        if at - first >= most:
            desk.ballot.n_cut_short[0] += 1
            break
        if at < matches.found.shape[0]:
            matches.found[at] = matches.found[own]
            matches.found[at, 0] = slot
            matches.scores[at] = matches.scores[own]
        at += 1
        slot = np.int64(texts.older[slot])
    return at


@kernel
def _match(
    index: Index,
    desk: Desk,
    matches: Matches,
    asked: Asked,
    slot: Integer,
    at: Integer,
    bounds: Bounds,
) -> tuple[Integer, bool]:
    """Judge a primary and name it with its copies; return matches so far, and if it is one."""
    if at - asked.first >= bounds.most:
        desk.ballot.n_cut_short[0] += 1
        return at, False
    which = _judge(index, desk, slot, asked.is_new, bounds.min_probability)
    relation: Integer = np.int64(-1)
    if which == _DUPLICATE:
        relation = _relation(index.tables, desk, asked, slot, desk.row[CONTAINMENT])
    elif which == _CLASS_OF_RELATED and bounds.related:
        relation = np.int64(RELATED)
    elif which == _CLASS_OF_TEMPLATE and bounds.template:
        relation = np.int64(TEMPLATE)
    if relation >= 0:
        at = _put(matches, at, slot, relation, desk, which)
        at = _put_copies(index, desk, matches, slot, at, asked.first, bounds.most)
    return at, bool(which == _DUPLICATE)


@inlined
def _put_primary(
    index: Index, desk: Desk, matches: Matches, asked: Asked, bounds: Bounds
) -> Integer:
    """Name the documents of the same words; return the matches so far."""
    offsets = desk.evidence.shingle_offsets
    offsets[2] = 2 * offsets[1]  # as many shingles as the document has
    desk.row[JACCARD] = 1.0
    desk.row[CONTAINMENT] = 1.0
    desk.probabilities[_DUPLICATE] = 1.0
    at = _put(matches, asked.first, asked.primary, np.int64(EXACT), desk, np.int64(_DUPLICATE))
    return _put_copies(index, desk, matches, asked.primary, at, asked.first, bounds.most)


@inlined
def _most_voted(tables: Tables, asked: Asked, n_met: Integer, desk: Desk) -> Integer:
    """Choose whom to judge among the leaders met, and clear the table of votes."""
    ballot = desk.ballot
    n_best: Integer = np.int64(0)
    for at in range(n_met):
        place = ballot.order[at]
        slot = np.int64(ballot.slots[place])
        n_votes = np.int64(ballot.votes[place])
        ballot.slots[place] = NO_SLOT
        shorter = min(asked.length, np.int64(tables.lengths[slot]))
        if n_votes < least_shared(shorter) or slot == asked.primary:
            continue
        ballot.n_cut_short[0] += n_best == MOST_JUDGED
        n_best = keep_best(slot, n_votes, desk.best_slots, desk.best_votes, n_best)
    return n_best


@kernel
def _match_members(
    index: Index,
    desk: Desk,
    matches: Matches,
    asked: Asked,
    leader: Integer,
    at: Integer,
    bounds: Bounds,
    n_members: Integer,
) -> tuple[Integer, Integer]:
    """Judge the members of a leader's cluster; return matches and members judged so far."""
    clusters = index.roles.clusters
    member = np.int64(clusters.newest[clusters.anchor[leader]])
    while member != leader:
        if member != asked.primary:
            is_full = at - asked.first >= bounds.most
            if n_members >= MOST_JUDGED and (bounds.insert or is_full):
                desk.ballot.n_cut_short[0] += 1
                break
            n_members += 1
            at, _ = _match(index, desk, matches, asked, member, at, bounds)
        member = np.int64(clusters.older[member])
    return at, n_members


@kernel
def _look_up(
    index: Index,
    desk: Desk,
    matches: Matches,
    asked: Asked,
    n_places: Integer,
    bounds: Bounds,
) -> Integer:
    """Write what matches the document at place 0; return the matches so far."""
    tables, clusters = index.tables, index.roles.clusters
    at: Integer = asked.first
    n_members: Integer = np.int64(0)
    n_met = propose(tables, desk.evidence, desk.places, n_places, desk.ballot)
    n_met = propose_from_buckets(
        tables, index.roles.buckets, desk.signature, asked.length, desk.ballot, n_met
    )
    n_best = _most_voted(tables, asked, n_met, desk)
    leader: Integer = np.int64(NO_SLOT)
    if asked.primary >= 0:
        at = _put_primary(index, desk, matches, asked, bounds)
        leader = np.int64(clusters.oldest[clusters.anchor[asked.primary]])
        is_met = leader == asked.primary
        for best in range(n_best):
            is_met = is_met or desk.best_slots[best] == leader
        if not is_met:
            n_best = keep_best(leader, MOST_JUDGED, desk.best_slots, desk.best_votes, n_best)
    for best in range(n_best):
        slot = desk.best_slots[best]
        at, is_duplicate = _match(index, desk, matches, asked, slot, at, bounds)
        if is_duplicate:
            at, n_members = _match_members(index, desk, matches, asked, slot, at, bounds, n_members)
    if leader >= 0 and leader == asked.primary:
        at, n_members = _match_members(index, desk, matches, asked, leader, at, bounds, n_members)
    return at


@kernel
def _stage_arrival(index: Index, desk: Desk, arrivals: Arrivals, d: Integer, asked: Asked) -> None:
    """Lay a document out at place 0, with what the counts say now, itself counted in."""
    tables, counters, totals = index.tables, index.tables.counters, desk.evidence.totals
    totals[0] = np.log(counters[0] + asked.is_new + 1.0)
    totals[1] = max(0.0, counters[4] - counters[3] + 1.0)
    start = arrivals.offsets[d]
    if asked.is_new:
        count_tokens(tables, desk.asked, arrivals.tokens, start, asked.length)
    run = arrivals.tokens, arrivals.flags, start, asked.length
    metadata = Metadata(
        np.int64(arrivals.cut_off[d]), np.int64(arrivals.sources[d]), arrivals.times[d]
    )
    stage(tables, desk.evidence, desk.asked, asked.is_new, 0, run, metadata)
    sign(index.roles.buckets, arrivals.tokens, start, asked.length, desk.shingles, desk.signature)


@inlined
def _fill_slot(tables: Tables, arrivals: Arrivals, d: Integer, slot: Integer) -> None:
    """Write a document at its slot."""
    start = tables.starts[slot]
    length = arrivals.offsets[d + 1] - arrivals.offsets[d]
    for at in range(length):
        tables.tokens[start + at] = arrivals.tokens[arrivals.offsets[d] + at]
        tables.flags[start + at] = arrivals.flags[arrivals.offsets[d] + at]
    tables.starts[slot + 1] = tables.starts[slot] + length
    tables.lengths[slot] = length
    tables.alive[slot] = 1
    tables.cut_off[slot] = arrivals.cut_off[d]
    tables.sources[slot] = arrivals.sources[d]
    tables.times[slot] = arrivals.times[d]


@kernel
def seek(
    arrivals: Arrivals,
    held: Held,
    bounds: Bounds,
    begin: Integer,
    offsets: NDArray[np.int64],
    matches: Matches,
) -> Integer:
    """
    Judge documents against the index one after another, and add each if asked.

    Matches of document ``d`` go to the rows ``offsets[d]`` to ``offsets[d + 1]
    - 1``; ``offsets[begin]`` is given. Returns one past the last document that
    was done: all, unless `matches` has not the room for those of that one.
    Where nothing is added, nothing but the desk is written to.
    """
    index, desk = held[0]
    tables, roles = index.tables, index.roles
    n_documents = arrivals.offsets.shape[0] - 1
    slot = np.int64(bounds.first_slot)
    if bounds.insert:
        slot += begin
    for d in range(begin, n_documents):
        replaced = arrivals.replaced[d]
        if replaced != NO_SLOT and tables.alive[replaced]:
            retire(tables, roles, replaced)
        start = arrivals.offsets[d]
        length = arrivals.offsets[d + 1] - start
        n_found = offsets[d]
        text: Integer = np.int64(NO_SLOT)
        n_places: Integer = 0
        asked = Asked(length, np.int64(arrivals.cut_off[d]), np.int64(1), np.int64(-1), n_found)
        if length > 0:
            n_places = gather_places(tables, arrivals.tokens, start, length, desk.places)
            text = text_of(tables, arrivals.tokens, start, length)
            primary = primary_of(roles, text)
            is_new = np.int64(primary < 0)
            asked = Asked(length, np.int64(arrivals.cut_off[d]), is_new, primary, n_found)
            desk.ballot.n_cut_short[0] = 0
            _stage_arrival(index, desk, arrivals, d, asked)
            n_found = _look_up(index, desk, matches, asked, n_places, bounds)
        if n_found > matches.found.shape[0]:
            return d
        desk.n_cut_short[0] += min(desk.ballot.n_cut_short[0], 1) if length > 0 else 0
        if bounds.insert:
            founder = _founder(index, desk, matches, asked, n_found, slot, text, bounds)
            _fill_slot(tables, arrivals, d, slot)
            if length > 0 and asked.is_new:
                count(tables, tables.starts[slot], length, desk.places, n_places, 1)
            _settle(index, slot, replaced, founder)
            enroll(tables, roles, slot, text, desk.places, n_places)
            slot += 1
        offsets[d + 1] = n_found
    return np.int64(n_documents)


@inlined
def _settle(index: Index, slot: Integer, replaced: Integer, founder: Integer) -> None:
    """Put a new document in its cluster."""
    anchor = index.roles.clusters.anchor
    settle(index.founders, slot, replaced, founder)
    if replaced != NO_SLOT and index.founders.founders[replaced] == slot:
        anchor[slot] = anchor[replaced]
    elif founder != NO_FOUNDER:
        anchor[slot] = anchor[founder]
    else:
        anchor[slot] = slot


@kernel
def _founder(
    index: Index,
    desk: Desk,
    matches: Matches,
    asked: Asked,
    stop: Integer,
    slot: Integer,
    text: Integer,
    bounds: Bounds,
) -> Integer:
    """Return the founder of the best match that the document matches too, or `NO_FOUNDER`."""
    first = asked.first
    n_tried = 0
    while stop > first:
        founder = next_founder(
            index.founders,
            index.tables.alive,
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
        if text >= 0 and index.roles.texts.anchor[founder] == text:
            return founder
        # One that was added again may have lost its words.
        if index.tables.lengths[founder] > 0:
            which = _judge(index, desk, founder, asked.is_new, bounds.min_probability)
            if which == _DUPLICATE:
                return founder
        desk.tried[n_tried] = founder
        n_tried += 1
    return np.int64(NO_FOUNDER)
