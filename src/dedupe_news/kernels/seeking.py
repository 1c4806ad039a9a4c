"""An index of judged news: look a document up, judge what it meets, add it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news.kernels._jit import inlined, kernel
from dedupe_news.kernels.features import (
    CONTAINMENT,
    N_FEATURES,
    NO_TIME,
    Evidence,
    Scratch,
    fill_features,
    make_scratch,
)
from dedupe_news.kernels.founders import (
    MOST_TRIED,
    NO_FOUNDER,
    Founders,
    is_among,
    next_founder,
    settle,
)
from dedupe_news.kernels.relations import CONTAINED, EXACT, TRUNCATED, relation_of
from dedupe_news.kernels.staging import (
    distinct_in,
    equal_runs,
    intersection,
    make_evidence,
    stage,
)
from dedupe_news.kernels.tables import (
    NO_SLOT,
    digest_place,
    gather_places,
    head_of,
    post,
    retire,
    tally,
    tally_tokens,
)
from dedupe_news.kernels.verdict import caution_without_counts, mix_models, tempered
from dedupe_news.kernels.votes import (
    MOST_JUDGED,
    Ballot,
    keep_best,
    least_shared,
    make_ballot,
    propose,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news.kernels._jit import Integer
    from dedupe_news.kernels.tables import Tables

TEMPLATE = 5

_EXCERPT = 0.9
_SERIES_OVERLAP = 0.5


@inlined
def _model_of(evidence: Evidence) -> Integer:
    """Return which model judges the staged pair."""
    known = (
        evidence.times[0] != NO_TIME
        and evidence.times[1] != NO_TIME
        and evidence.sources[0] >= 0
        and evidence.sources[1] >= 0
    )
    return 0 if known else 1


@kernel
def _judge(
    evidence: Evidence,
    scratch: Scratch,
    row: NDArray[np.float64],
    weights: NDArray[np.float64],
    biases: NDArray[np.float64],
    thresholds: NDArray[np.float64],
) -> tuple[float, bool]:
    """Return the logit of the staged pair, and the verdict."""
    if not fill_features(evidence, scratch, 0, 1, row):
        return -np.inf, False  # they share too little; its containment is 0
    model = _model_of(evidence)
    logit = biases[model]
    for feature in range(N_FEATURES):
        logit += weights[model, feature] * row[feature]
    caution = caution_without_counts(evidence.log_texts[0]) if model == 0 else 0.0
    logit = tempered(logit, thresholds[model], row, caution)
    if logit == -np.inf:
        row[CONTAINMENT] = 0.0
    return logit, bool(logit >= thresholds[model])


@inlined
def _same_words(
    tables: Tables,
    start: Integer,
    length: Integer,
    most: Integer,
    n_found: Integer,
    found: NDArray[np.int64],
    scores: NDArray[np.float64],
) -> Integer:
    """Write the newest documents of the same words; return the matches so far."""
    posting = head_of(tables, digest_place(tables, start, length))
    n_equal = 0
    while posting >= 0:
        slot = np.int64(tables.postings[posting, 0])
        posting = np.int64(tables.postings[posting, 1])
        if (
            tables.alive[slot]
            and tables.lengths[slot] == length
            and equal_runs(tables.tokens, tables.starts[slot], start, length)
        ):
            if n_equal == most:
                tables.counters[2] += 1
                break
            n_equal += 1
            if n_found < found.shape[0]:
                found[n_found, 0] = slot
                found[n_found, 1] = EXACT
                scores[n_found, 0] = 1.0
                scores[n_found, 1] = 1.0
                scores[n_found, 2] = 1.0
                scores[n_found, 3] = 1.0
            n_found += 1
    return n_found


@inlined
def _most_voted(
    tables: Tables,
    start: Integer,
    length: Integer,
    n_met: Integer,
    ballot: Ballot,
    best_slots: NDArray[np.int64],
    best_votes: NDArray[np.int64],
) -> Integer:
    """Choose whom to judge among the documents met, and clear the table of votes."""
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
        n_best = keep_best(slot, n_votes, best_slots, best_votes, n_best)
    return n_best


@inlined
def _relation(
    tables: Tables,
    start: Integer,
    length: Integer,
    cut_off: Integer,
    slot: Integer,
    containment: float,
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
def _is_same_item(
    tables: Tables,
    evidence: Evidence,
    scratch: Scratch,
    row: NDArray[np.float64],
    weights: NDArray[np.float64],
    biases: NDArray[np.float64],
    thresholds: NDArray[np.float64],
    slot: Integer,
    is_staged: bool,
    other: Integer,
) -> bool:
    """Judge a document that is filled in against one that its shingles did not propose."""
    start, length = tables.starts[slot], np.int64(tables.lengths[slot])
    other_start, other_length = tables.starts[other], np.int64(tables.lengths[other])
    if length == other_length and equal_runs(tables.tokens, start, other_start, length):
        return True
    if not is_staged:
        scratch.prepared[0] = -1  # another document is staged where the last one was
        evidence.log_texts[0] = np.log(tables.counters[0] + 1.0)
        stage(
            tables,
            evidence,
            0,
            start,
            length,
            tables.cut_off[slot],
            tables.sources[slot],
            tables.times[slot],
        )
    stage(
        tables,
        evidence,
        1,
        other_start,
        other_length,
        tables.cut_off[other],
        tables.sources[other],
        tables.times[other],
    )
    _, is_duplicate = _judge(evidence, scratch, row, weights, biases, thresholds)
    return is_duplicate


@kernel
def seek(
    batch_tokens: NDArray[np.uint32],
    batch_flags: NDArray[np.uint8],
    batch_offsets: NDArray[np.int64],
    batch_cut_off: NDArray[np.uint8],
    batch_sources: NDArray[np.int32],
    batch_times: NDArray[np.int64],
    replaced: NDArray[np.int64],
    insert: bool,
    begin: Integer,
    first_slot: Integer,
    bucket_limit: Integer,
    longest: Integer,
    weights: NDArray[np.float64],
    biases: NDArray[np.float64],
    thresholds: NDArray[np.float64],
    tables: Tables,
    founders: Founders,
    window: Integer,
    offsets: NDArray[np.int64],
    found: NDArray[np.int64],
    scores: NDArray[np.float64],
) -> Integer:
    """
    Judge documents against the index one after another, and add each if asked.

    Parameters
    ----------
    batch_tokens, batch_flags : ndarray of uint32, uint8
        Tokens of the documents.
    batch_offsets : ndarray of int64, shape (n_documents + 1,)
        Bounds of each document.
    batch_cut_off, batch_sources, batch_times : ndarray, shape (n_documents,)
        As in `Tables`.
    replaced : ndarray of int64, shape (n_documents,)
        Slot that each document replaces, or `NO_SLOT`.
    insert : bool
        Whether to add the documents, each at the next free slot.
    begin : int
        First document to do.
    first_slot : int
        First free slot.
    bucket_limit : int
        Most documents of the same words that are named.
    longest : int
        Most tokens of any document, in the index or the batch.
    weights : ndarray of float64, shape (4, N_FEATURES)
        Models with and without metadata for many documents, then for few.
    biases, thresholds : ndarray of float64, shape (4,)
        Theirs; thresholds as logits.
    tables : Tables
        The index, with room for the documents.
    founders : Founders
        The clusters, with the numbers and moments of documents to be added.
    window : int
        Microseconds within which documents can be of one cluster.
    offsets : ndarray of int64, shape (n_documents + 1,)
        Bounds of each document's matches; ``offsets[begin]`` is given.
    found : ndarray of int64, shape (n_rows, 2)
        Receives slot and relation of each match; `TEMPLATE` among them.
    scores : ndarray of float64, shape (n_rows, 4)
        Receives Jaccard similarity, containment, probability, and the
        probability times the share of the document's shingles that the match
        has.

    Returns
    -------
    int
        One past the last document that was done: all, unless `found` has not
        the room for the matches of that one.
    """
    n_documents = batch_offsets.shape[0] - 1
    evidence = make_evidence(2 * longest + 2)
    scratch = make_scratch()
    row = np.zeros(N_FEATURES, np.float64)
    own_weights = np.empty((2, N_FEATURES), np.float64)
    own_biases = np.empty(2, np.float64)
    own_thresholds = np.empty(2, np.float64)
    places = np.empty(longest + 1, np.int64)
    ballot = make_ballot()
    best_slots = np.empty(MOST_JUDGED, np.int64)
    best_votes = np.empty(MOST_JUDGED, np.int64)
    n_table = 64
    while n_table < 4 * longest:
        n_table *= 2
    table = np.empty(n_table, np.int64)
    tried = np.empty(MOST_TRIED, np.int64)
    new_slot = np.int64(first_slot)
    n_found = offsets[begin]
    for d in range(begin, n_documents):
        if replaced[d] != NO_SLOT and tables.alive[replaced[d]]:
            retire(tables, replaced[d])
        n_cut_short = tables.counters[2]
        start = tables.starts[new_slot]
        length = batch_offsets[d + 1] - batch_offsets[d]
        for at in range(length):
            tables.tokens[start + at] = batch_tokens[batch_offsets[d] + at]
            tables.flags[start + at] = batch_flags[batch_offsets[d] + at]
        n_places = gather_places(tables, start, length, places)
        # Counted in before it is judged, as in a batch; out again after a mere look.
        tally(tables, places, n_places, 1)
        tally_tokens(tables, start, length, 1)
        tables.counters[0] += 1
        n_room = 64
        while n_room < 2 * length:
            n_room *= 2
        size = 0
        n_best: Integer = 0
        if length > 0:
            n_found = _same_words(tables, start, length, bucket_limit, n_found, found, scores)
            n_met = propose(tables, start, length, places, n_places, ballot)
            n_best = _most_voted(tables, start, length, n_met, ballot, best_slots, best_votes)
            mix_models(
                weights,
                biases,
                thresholds,
                tables.counters[0],
                own_weights,
                own_biases,
                own_thresholds,
            )
            if insert or n_best > 0:
                size = distinct_in(tables, start, length, table, n_room)
            if n_best > 0:
                scratch.prepared[0] = -1  # another document is staged where the last one was
                evidence.log_texts[0] = np.log(tables.counters[0] + 1.0)
                stage(
                    tables,
                    evidence,
                    0,
                    start,
                    length,
                    batch_cut_off[d],
                    batch_sources[d],
                    batch_times[d],
                )
            for at in range(n_best):
                slot = best_slots[at]
                stage(
                    tables,
                    evidence,
                    1,
                    tables.starts[slot],
                    np.int64(tables.lengths[slot]),
                    tables.cut_off[slot],
                    tables.sources[slot],
                    tables.times[slot],
                )
                logit, is_duplicate = _judge(
                    evidence, scratch, row, own_weights, own_biases, own_thresholds
                )
                if not is_duplicate and row[CONTAINMENT] < _SERIES_OVERLAP:
                    continue
                if n_found < found.shape[0]:
                    shared = intersection(evidence, table, n_room)
                    other_size = np.int64(tables.sizes[slot])
                    containment = shared / min(np.int64(size), other_size)
                    relation: Integer = TEMPLATE
                    if is_duplicate:
                        relation = _relation(
                            tables, start, length, batch_cut_off[d], slot, containment
                        )
                    found[n_found, 0] = slot
                    found[n_found, 1] = relation
                    scores[n_found, 0] = shared / (size + other_size - shared)
                    scores[n_found, 1] = containment
                    scores[n_found, 2] = 1.0 / (1.0 + np.exp(-logit))
                    scores[n_found, 3] = scores[n_found, 2] * shared / size
                n_found += 1
        has_room = n_found <= found.shape[0]
        if insert and has_room:
            tables.starts[new_slot + 1] = start + length
            tables.lengths[new_slot] = length
            tables.alive[new_slot] = 1
            tables.cut_off[new_slot] = batch_cut_off[d]
            tables.sources[new_slot] = batch_sources[d]
            tables.times[new_slot] = batch_times[d]
            tables.sizes[new_slot] = size
            n_tried = 0
            founder: Integer = NO_FOUNDER
            while n_found > offsets[d]:  # left at the first founder that it matches, or at none
                founder = next_founder(
                    founders,
                    tables.alive,
                    found,
                    scores,
                    offsets[d],
                    n_found,
                    new_slot,
                    window,
                    tried,
                    n_tried,
                )
                if (
                    founder == NO_FOUNDER
                    or is_among(found, offsets[d], n_found, founder)
                    or _is_same_item(
                        tables,
                        evidence,
                        scratch,
                        row,
                        own_weights,
                        own_biases,
                        own_thresholds,
                        new_slot,
                        bool(n_best > 0 or n_tried > 0),
                        founder,
                    )
                ):
                    break
                tried[n_tried] = founder
                n_tried += 1
            settle(founders, new_slot, replaced[d], founder)
            post(tables, places, n_places, new_slot)
            new_slot += 1
        else:
            tally(tables, places, n_places, -1)
            tally_tokens(tables, start, length, -1)
            tables.counters[0] -= 1
        if not has_room:
            tables.counters[2] = n_cut_short
            return d
        offsets[d + 1] = n_found
    return np.int64(n_documents)
