"""The index of judged news in memory: postings of shingles, counted as documents come and go."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe_news.kernels._jit import inlined, kernel
from dedupe_news.kernels.features import (
    DOUBT,
    N_FEATURES,
    NO_TIME,
    SHINGLE_SIZE,
    Evidence,
    fill_features,
    is_far_fetched,
    make_scratch,
    names_differ,
)
from dedupe_news.kernels.hashing import xxh32_words, xxh64_words
from dedupe_news.kernels.relations import CONTAINED, EXACT, TRUNCATED, relation_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news.kernels._jit import Integer

NO_SLOT = -1
SERIES = 4

MOST_TEXTS = 16
LEAST_SHARED = 2
SHORT = 10
MOST_JUDGED = 64
"""Candidates of one document that are judged: those that share the most rare shingles."""

_N_PLACES = 4096
_NEWEST_OF_TEMPLATE = 2
_LARGEST = 4095
_EXCERPT = 0.9
_SERIES_OVERLAP = 0.5
_DAY = 86_400_000_000


class Tables(NamedTuple):
    """
    The arrays of an index.

    Parameters
    ----------
    tokens, flags : ndarray of uint32, uint8
        Tokens of all slots, one slot after another.
    starts : ndarray of int64, shape (capacity + 1,)
        Where each slot's tokens begin; that of the first free slot is where
        the next document goes.
    lengths, sizes : ndarray of int32, shape (capacity,)
        Tokens, and distinct shingles, of each slot.
    alive, cut_off : ndarray of uint8, shape (capacity,)
        Whether each slot counts, and ends in a cut-off mark.
    times : ndarray of int64, shape (capacity,)
        Microseconds, or `NO_TIME`.
    sources : ndarray of int32, shape (capacity,)
        Codes of sources; -1 for unknown.
    posting_slots, posting_links : ndarray of int32
        Slot of each posting, and the next older posting of its chain or -1.
    heads : ndarray of int32, shape (n_places,)
        Newest posting of each place; `n_places` is a power of two.
    frequency : ndarray of uint16, shape (n_places,)
        Documents with a shingle of each place; saturates.
    spread : ndarray of uint16, shape (n_places,)
        Days on which such a document came; never decreases.
    last_day : ndarray of int32, shape (n_places,)
        The last of those days.
    token_counts : ndarray of uint32
        Tokens counted by hash; its length is a power of two.
    codes : ndarray of uint8, shape (4096,)
        Code of each count.
    counters : ndarray of int64, shape (3,)
        Documents that count; postings in use; look-ups that were cut short.
    """

    tokens: NDArray[np.uint32]
    flags: NDArray[np.uint8]
    starts: NDArray[np.int64]
    lengths: NDArray[np.int32]
    sizes: NDArray[np.int32]
    alive: NDArray[np.uint8]
    cut_off: NDArray[np.uint8]
    times: NDArray[np.int64]
    sources: NDArray[np.int32]
    posting_slots: NDArray[np.int32]
    posting_links: NDArray[np.int32]
    heads: NDArray[np.int32]
    frequency: NDArray[np.uint16]
    spread: NDArray[np.uint16]
    last_day: NDArray[np.int32]
    token_counts: NDArray[np.uint32]
    codes: NDArray[np.uint8]
    counters: NDArray[np.int64]


@inlined
def _shingle(tokens: NDArray[np.uint32], start: Integer, length: Integer, at: Integer) -> np.uint32:
    width = min(np.int64(SHINGLE_SIZE), np.int64(length))
    return xxh32_words(tokens, start + at, start + at + width, np.uint32(0))


@inlined
def _n_shingles(length: Integer) -> Integer:
    if length == 0:
        return 0
    return max(length - SHINGLE_SIZE + 1, 1)


@inlined
def _digest_place(tables: Tables, start: Integer, length: Integer) -> np.int64:
    digest = xxh64_words(tables.tokens, start, start + length)
    return np.int64((digest >> np.uint64(17)) & np.uint64(tables.heads.shape[0] - 1))


@inlined
def _link(tables: Tables, place: Integer, slot: Integer) -> None:
    head = tables.heads[place]
    if head >= 0 and tables.posting_slots[head] == slot:
        return  # a shingle that the document has twice
    posting = tables.counters[1]
    tables.posting_slots[posting] = slot
    tables.posting_links[posting] = head
    tables.heads[place] = posting
    tables.counters[1] += 1


@inlined
def _tally(tables: Tables, places: NDArray[np.int64], n: Integer, step: Integer) -> None:
    """Count a document in or out at its places, each place once."""
    for at in range(n):
        count = np.int64(tables.frequency[places[at]]) + step
        tables.frequency[places[at]] = min(max(count, np.int64(0)), np.int64(65_535))


@inlined
def _tally_tokens(tables: Tables, start: Integer, length: Integer, step: Integer) -> None:
    mask = np.uint32(tables.token_counts.shape[0] - 1)
    for at in range(start, start + length):
        place = tables.tokens[at] & mask
        tables.token_counts[place] = np.uint32(np.int64(tables.token_counts[place]) + step)


@inlined
def _gather_places(
    tables: Tables, start: Integer, length: Integer, places: NDArray[np.int64]
) -> Integer:
    """Write the distinct places of a document's shingles, in text order."""
    mask = np.uint32(tables.heads.shape[0] - 1)
    n = 0
    for at in range(_n_shingles(length)):
        place = np.int64(_shingle(tables.tokens, start, length, at) & mask)
        known = False
        # Repeats are few and near; those farther back count twice, harmlessly.
        for back in range(max(0, n - 64), n):
            if places[back] == place:
                known = True
                break
        if not known:
            places[n] = place
            n += 1
    return n


@inlined
def _spread_out(tables: Tables, places: NDArray[np.int64], n: Integer, time: Integer) -> None:
    if time == NO_TIME:
        return
    day = np.int32(time // _DAY)
    for at in range(n):
        place = places[at]
        if tables.spread[place] == 0 or tables.last_day[place] != day:
            tables.last_day[place] = day
            if tables.spread[place] < 65_535:
                tables.spread[place] += np.uint16(1)


@inlined
def _insert(tables: Tables, places: NDArray[np.int64], n: Integer, slot: Integer) -> None:
    start = tables.starts[slot]
    length = np.int64(tables.lengths[slot])
    for at in range(n):
        _link(tables, places[at], slot)
    if length > 0:
        _link(tables, _digest_place(tables, start, length), slot)
    _spread_out(tables, places, n, tables.times[slot])


@kernel
def replay(tables: Tables, n_slots: Integer) -> None:
    """
    Post and count all slots anew, after tables were replaced by empty ones.

    Parameters
    ----------
    tables : Tables
        With empty postings and counts.
    n_slots : int
        Slots in use; those not alive are posted, but not counted.
    """
    longest = 0
    for slot in range(n_slots):
        longest = max(longest, tables.lengths[slot])
    places = np.empty(longest + 1, np.int64)
    for slot in range(n_slots):
        start = tables.starts[slot]
        length = np.int64(tables.lengths[slot])
        n = _gather_places(tables, start, length, places)
        if tables.alive[slot]:
            _tally(tables, places, n, 1)
            _tally_tokens(tables, start, length, 1)
            tables.counters[0] += 1
        _insert(tables, places, n, slot)


@kernel
def retire(tables: Tables, slot: Integer) -> None:
    """
    Count a document out; its postings stay until the tables are replaced.

    Parameters
    ----------
    tables : Tables
        The index.
    slot : int
        A slot that counts.
    """
    start = tables.starts[slot]
    length = np.int64(tables.lengths[slot])
    places = np.empty(length + 1, np.int64)
    n = _gather_places(tables, start, length, places)
    _tally(tables, places, n, -1)
    _tally_tokens(tables, start, length, -1)
    tables.alive[slot] = 0
    tables.counters[0] -= 1


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
            place = (place + 1) & (_N_PLACES - 1)
        if slots[place] < 0:
            if n_met >= _N_PLACES // 2:
                tables.counters[2] += 1
                break
            slots[place] = slot
            votes[place] = 0
            order[n_met] = place
            n_met += 1
        votes[place] += weight
    return n_met


@inlined
def _stage(
    tables: Tables,
    evidence: Evidence,
    which: Integer,
    start: Integer,
    length: Integer,
    cut_off: Integer,
    source: Integer,
    time: Integer,
    is_cold: bool,
) -> None:
    """Copy a document to place 0 or 1 of the evidence, with what the counts say of it now."""
    to = np.int64(0) if which == 0 else np.int64(evidence.stops[0])
    largest = np.int64(_LARGEST)
    token_mask = np.uint32(tables.token_counts.shape[0] - 1)
    for at in range(length):
        token = tables.tokens[start + at]
        evidence.tokens[to + at] = token
        evidence.flags[to + at] = tables.flags[start + at]
        count = np.int64(tables.token_counts[token & token_mask])
        evidence.commonness[to + at] = 0 if is_cold else tables.codes[min(count, largest)]
    evidence.starts[which] = to
    evidence.stops[which] = to + length
    first = evidence.shingle_offsets[which]
    n = _n_shingles(length)
    mask = np.uint32(tables.heads.shape[0] - 1)
    for at in range(n):
        shingle = _shingle(tables.tokens, start, length, at)
        place = shingle & mask
        evidence.shingles[first + at] = shingle
        texts = np.int64(tables.frequency[place])
        days = np.int64(tables.spread[place])
        evidence.frequency[first + at] = 0 if is_cold else tables.codes[min(texts, largest)]
        evidence.spread[first + at] = 0 if is_cold else tables.codes[min(days, largest)]
    evidence.shingle_offsets[which + 1] = first + n
    evidence.cut_off[which] = cut_off
    evidence.sources[which] = source
    evidence.times[which] = time


@inlined
def _equal_runs(tokens: NDArray[np.uint32], left: Integer, right: Integer, length: Integer) -> bool:
    for at in range(length):
        if tokens[left + at] != tokens[right + at]:
            return False
    return True


@inlined
def _keep_best(
    slot: Integer,
    votes: Integer,
    best_slots: NDArray[np.int64],
    best_votes: NDArray[np.int64],
    n_best: Integer,
) -> Integer:
    """Insert a candidate into the list of those with most votes, newest first among equals."""
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


@inlined
def _propose(
    tables: Tables,
    start: Integer,
    length: Integer,
    places: NDArray[np.int64],
    n_places: Integer,
    slots: NDArray[np.int32],
    votes: NDArray[np.int32],
    order: NDArray[np.int32],
) -> Integer:
    """Let the shingles of a document vote for the documents that have them too."""
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
    for at in range(_n_shingles(length)):
        shingle = _shingle(tables.tokens, start, length, at)
        if tables.frequency[shingle & mask] > MOST_TEXTS:
            n_common += 1
            least = min(least, shingle)
            greatest = max(greatest, shingle)
    if n_common > 0 and n_common * 5 >= 2 * _n_shingles(length):
        for shingle in (least, greatest):
            n_met = _vote(
                tables,
                tables.heads[shingle & mask],
                _NEWEST_OF_TEMPLATE,
                slots,
                votes,
                order,
                n_met,
                LEAST_SHARED,
            )
    return n_met


@inlined
def _intersection(evidence: Evidence, table: NDArray[np.int64], places: Integer) -> Integer:
    """Return how many distinct shingles the two staged documents share."""
    mask = np.int64(places - 1)
    for at in range(places):
        table[at] = -1
    for at in range(evidence.shingle_offsets[0], evidence.shingle_offsets[1]):
        value = np.int64(evidence.shingles[at])
        place = (value ^ (value >> 15)) & mask
        while table[place] >= 0 and table[place] >> 1 != value:
            place = (place + 1) & mask
        table[place] = value << 1
    shared = 0
    for at in range(evidence.shingle_offsets[1], evidence.shingle_offsets[2]):
        value = np.int64(evidence.shingles[at])
        place = (value ^ (value >> 15)) & mask
        while table[place] >= 0 and table[place] >> 1 != value:
            place = (place + 1) & mask
        if table[place] == value << 1:
            table[place] += 1  # once for each distinct shingle
            shared += 1
    return shared


@inlined
def _distinct_in(
    tables: Tables, start: Integer, length: Integer, table: NDArray[np.int64], places: Integer
) -> int:
    """Return the number of distinct shingles of a document."""
    mask = np.int64(places - 1)
    for at in range(places):
        table[at] = -1
    n = 0
    for at in range(_n_shingles(length)):
        value = np.int64(_shingle(tables.tokens, start, length, at))
        place = (value ^ (value >> 15)) & mask
        while table[place] >= 0 and table[place] != value:
            place = (place + 1) & mask
        if table[place] < 0:
            table[place] = value
            n += 1
    return n


@inlined
def _with_room(
    found: NDArray[np.int64], scores: NDArray[np.float64], n_found: Integer
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    if n_found < found.shape[0]:
        return found, scores
    wider_found = np.empty((2 * n_found, 2), np.int64)
    wider_scores = np.empty((2 * n_found, 3), np.float64)
    for at in range(n_found):
        for column in range(2):
            wider_found[at, column] = found[at, column]
        for column in range(3):
            wider_scores[at, column] = scores[at, column]
    return wider_found, wider_scores


@kernel
def make_evidence(room: Integer) -> Evidence:
    """
    Return empty evidence on two documents.

    Parameters
    ----------
    room : int
        Most tokens of both together.

    Returns
    -------
    Evidence
        To be filled.
    """
    return Evidence(
        np.empty(room, np.uint32),
        np.empty(room, np.uint8),
        np.empty(room, np.uint8),
        np.zeros(2, np.int64),
        np.zeros(2, np.int64),
        np.empty(room, np.uint8),
        np.empty(room, np.uint8),
        np.empty(room, np.uint32),
        np.zeros(3, np.int64),
        np.zeros(2, np.uint8),
        np.zeros(2, np.int32),
        np.zeros(2, np.int64),
        np.zeros(1, np.float64),
    )


@inlined
def _model_of(evidence: Evidence, is_cold: bool) -> Integer:
    """Return which model judges the staged pair."""
    known = (
        evidence.times[0] != NO_TIME
        and evidence.times[1] != NO_TIME
        and evidence.sources[0] >= 0
        and evidence.sources[1] >= 0
    )
    return (2 if is_cold else 0) + (0 if known else 1)


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
    first_slot: Integer,
    least_texts: Integer,
    bucket_limit: Integer,
    longest: Integer,
    weights: NDArray[np.float64],
    biases: NDArray[np.float64],
    thresholds: NDArray[np.float64],
    tables: Tables,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
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
        Whether to add the documents, at slots from `first_slot`.
    first_slot : int
        First free slot.
    least_texts : int
        With fewer documents the models for a cold start judge.
    bucket_limit : int
        Most documents of the same words that are named.
    longest : int
        Most tokens of any document, in the index or the batch.
    weights : ndarray of float64, shape (4, N_FEATURES)
        Models with and without metadata, then the same for a cold start.
    biases, thresholds : ndarray of float64, shape (4,)
        Theirs; thresholds as logits.
    tables : Tables
        The index, with room for the documents.

    Returns
    -------
    offsets : ndarray of int64, shape (n_documents + 1,)
        Bounds of each document's matches.
    found : ndarray of int64, shape (n_matches, 2)
        Slot and relation of each; `SERIES` among them.
    scores : ndarray of float64, shape (n_matches, 3)
        Jaccard similarity, containment, probability.
    """
    n_documents = batch_offsets.shape[0] - 1
    offsets = np.zeros(n_documents + 1, np.int64)
    found = np.empty((64, 2), np.int64)
    scores = np.empty((64, 3), np.float64)
    n_found = 0
    evidence = make_evidence(2 * longest + 2)
    scratch = make_scratch()
    row = np.zeros(N_FEATURES, np.float64)
    places = np.empty(longest + 1, np.int64)
    slots = np.full(_N_PLACES, NO_SLOT, np.int32)
    votes = np.zeros(_N_PLACES, np.int32)
    order = np.empty(_N_PLACES, np.int32)
    best_slots = np.empty(MOST_JUDGED, np.int64)
    best_votes = np.empty(MOST_JUDGED, np.int64)
    n_table = 64
    while n_table < 4 * longest:
        n_table *= 2
    table = np.empty(n_table, np.int64)
    free = tables.starts[first_slot]
    for d in range(n_documents):
        offsets[d] = n_found
        if replaced[d] != NO_SLOT:
            retire(tables, replaced[d])
        length = batch_offsets[d + 1] - batch_offsets[d]
        for at in range(length):
            tables.tokens[free + at] = batch_tokens[batch_offsets[d] + at]
            tables.flags[free + at] = batch_flags[batch_offsets[d] + at]
        n_places = _gather_places(tables, free, length, places)
        # Counted in before it is judged, as in a batch; out again after a mere look.
        _tally(tables, places, n_places, 1)
        _tally_tokens(tables, free, length, 1)
        tables.counters[0] += 1
        is_cold = tables.counters[0] < least_texts
        n_room = 64
        while n_room < 2 * length:
            n_room *= 2
        if length > 0:
            posting = np.int64(tables.heads[_digest_place(tables, free, length)])
            n_equal = 0
            while posting >= 0:
                slot = np.int64(tables.posting_slots[posting])
                posting = np.int64(tables.posting_links[posting])
                if (
                    tables.alive[slot]
                    and tables.lengths[slot] == length
                    and _equal_runs(tables.tokens, tables.starts[slot], free, length)
                ):
                    if n_equal == bucket_limit:
                        tables.counters[2] += 1
                        break
                    n_equal += 1
                    found, scores = _with_room(found, scores, n_found)
                    found[n_found, 0] = slot
                    found[n_found, 1] = EXACT
                    scores[n_found, 0] = 1.0
                    scores[n_found, 1] = 1.0
                    scores[n_found, 2] = 1.0
                    n_found += 1
            n_met = _propose(tables, free, length, places, n_places, slots, votes, order)
            n_best: Integer = np.int64(0)
            for at in range(n_met):
                slot = np.int64(slots[order[at]])
                n_votes = np.int64(votes[order[at]])
                slots[order[at]] = NO_SLOT
                other_length = np.int64(tables.lengths[slot])
                if n_votes < LEAST_SHARED and min(length, other_length) > SHORT:
                    continue
                if other_length == length and _equal_runs(
                    tables.tokens, tables.starts[slot], free, length
                ):
                    continue
                tables.counters[2] += n_best == MOST_JUDGED
                n_best = _keep_best(slot, n_votes, best_slots, best_votes, n_best)
            if n_best > 0:
                evidence.log_texts[0] = np.log(tables.counters[0] + 1.0)
                _stage(
                    tables,
                    evidence,
                    0,
                    free,
                    length,
                    batch_cut_off[d],
                    batch_sources[d],
                    batch_times[d],
                    is_cold,
                )
                size = _distinct_in(tables, free, length, table, n_room)
            for at in range(n_best):
                slot = best_slots[at]
                other_length = np.int64(tables.lengths[slot])
                _stage(
                    tables,
                    evidence,
                    1,
                    tables.starts[slot],
                    other_length,
                    tables.cut_off[slot],
                    tables.sources[slot],
                    tables.times[slot],
                    is_cold,
                )
                if not fill_features(evidence, scratch, 0, 1, row):
                    continue
                model = _model_of(evidence, is_cold)
                logit = biases[model]
                for feature in range(N_FEATURES):
                    logit += weights[model, feature] * row[feature]
                if names_differ(row) or (is_cold and is_far_fetched(row)):
                    logit = min(logit, thresholds[model] - DOUBT)
                is_duplicate = logit >= thresholds[model]
                if not is_duplicate and row[2] < _SERIES_OVERLAP:
                    continue
                shared = _intersection(evidence, table, n_room)
                other_size = np.int64(tables.sizes[slot])
                containment = shared / min(np.int64(size), other_size)
                relation: Integer = SERIES
                if is_duplicate:
                    relation = relation_of(
                        tables.tokens,
                        free,
                        length,
                        tables.starts[slot],
                        other_length,
                        bool(containment >= _EXCERPT),
                    )
                    shorter_is_cut = (
                        batch_cut_off[d] if length <= other_length else tables.cut_off[slot]
                    )
                    if relation == CONTAINED and shorter_is_cut:
                        relation = TRUNCATED
                found, scores = _with_room(found, scores, n_found)
                found[n_found, 0] = slot
                found[n_found, 1] = relation
                scores[n_found, 0] = shared / (size + other_size - shared)
                scores[n_found, 1] = containment
                scores[n_found, 2] = 1.0 / (1.0 + np.exp(-logit))
                n_found += 1
        if insert:
            slot = np.int64(first_slot + d)
            tables.starts[slot] = free
            tables.starts[slot + 1] = free + length
            tables.lengths[slot] = length
            tables.alive[slot] = 1
            tables.cut_off[slot] = batch_cut_off[d]
            tables.sources[slot] = batch_sources[d]
            tables.times[slot] = batch_times[d]
            tables.sizes[slot] = _distinct_in(tables, free, length, table, n_room)
            _insert(tables, places, n_places, slot)
            free += length
        else:
            _tally(tables, places, n_places, -1)
            _tally_tokens(tables, free, length, -1)
            tables.counters[0] -= 1
    offsets[n_documents] = n_found
    return offsets, found[:n_found], scores[:n_found]
