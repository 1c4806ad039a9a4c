"""The matches of one item in an index: leaders by buckets and shingles, copies and members."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe_news._kernels._jit import inlined, kernel
from dedupe_news._kernels.alignment import is_used, place_of, put
from dedupe_news._kernels.feature_names import CONTAINMENT, JACCARD
from dedupe_news._kernels.features import fill_features
from dedupe_news._kernels.hashing import xxh32_shingle
from dedupe_news._kernels.index_buckets import next_in_bucket, shares_band
from dedupe_news._kernels.index_candidates import (
    MOST_JUDGED,
    keep_best,
    least_shared,
    propose,
    propose_from_buckets,
)
from dedupe_news._kernels.pair_evidence import Metadata, stage
from dedupe_news._kernels.relations import CONTAINED, EXACT, TRUNCATED, relation_of
from dedupe_news._kernels.representatives import RELATED, TEMPLATE
from dedupe_news._kernels.trees import N_CLASSES, fill_probabilities

if TYPE_CHECKING:
    from dedupe_news._kernels._jit import Integer
    from dedupe_news._kernels.index_tables import Tables
    from dedupe_news._kernels.representatives import Matches
    from dedupe_news._kernels.trees import Trees
    from dedupe_news._kernels.workspace import Bounds, Index, Workspace

DUPLICATE, _RELATED, _TEMPLATE, _UNRELATED = 0, 1, 2, 3
"""Classes of a pair."""

_NOBODY = -1
_EXCERPT = 0.9  # containment from which the classifier's duplicates are excerpts
_N_SHINGLES, _N_COMPARED = 0, 1  # places of `Workspace.n_asked`


class Asked(NamedTuple):
    """An item that is looked up; rows are -1 where there are none."""

    length: Integer
    cut_off: Integer
    is_new: Integer
    text: Integer  # anchor of its words
    primary: Integer  # oldest item of its words
    first: Integer  # where its matches begin


@kernel
def _fill_shingles(index: Index, space: Workspace, length: Integer) -> None:
    """Write the distinct shingles of the item to `space.asked`."""
    asked = space.asked
    asked.age[0] += 1
    n_distinct = 0
    for at in range(max(length - index.roles.buckets.shingle_size + 1, 1)):
        shingle = space.shingles[at]
        place = place_of(asked, shingle)
        if not is_used(asked, place):
            put(asked, place, shingle, 0)
            n_distinct += 1
    space.n_asked[_N_SHINGLES] = n_distinct
    space.n_asked[_N_COMPARED] = 0


@kernel
def _compare(index: Index, space: Workspace, row: Integer, length: Integer, least: float) -> bool:
    """Return whether the Jaccard similarity with a row is at least `least`; write it then."""
    asked, missed, n_asked = space.asked, space.scratch.table, space.n_asked
    if n_asked[_N_SHINGLES] == 0:
        _fill_shingles(index, space, length)
    n_asked[_N_COMPARED] += 1
    mark, n_own = n_asked[_N_COMPARED], n_asked[_N_SHINGLES]
    missed.age[0] += 1
    most_missed = np.int64(n_own / least) - n_own + 1
    size, start = np.int64(index.roles.buckets.shingle_size), index.tables.starts[row]
    other_length = np.int64(index.tables.lengths[row])
    width = min(size, other_length)
    n_shared = np.int64(0)
    n_missed = np.int64(0)
    for at in range(start, start + max(other_length - size + 1, 1)):
        shingle = xxh32_shingle(index.tables.tokens, at, width)
        place = place_of(asked, shingle)
        if is_used(asked, place):
            n_shared += asked.values[place] != mark
            asked.values[place] = mark
            continue
        place = place_of(missed, shingle)
        if not is_used(missed, place):
            put(missed, place, shingle, 0)
            n_missed += 1
            if n_missed > most_missed:
                return False
    jaccard = n_shared / (n_own + n_missed)
    space.features[JACCARD] = jaccard
    space.features[CONTAINMENT] = n_shared / min(n_own, n_shared + n_missed)
    space.probabilities[DUPLICATE] = 1.0
    return bool(jaccard >= least)


@kernel
def judge(
    index: Index, trees: Trees | None, space: Workspace, row: Integer, asked: Asked, bounds: Bounds
) -> Integer:
    """Compare the item with a row; return the class of the pair."""
    if trees is None:
        if _compare(index, space, row, asked.length, bounds.least):
            return np.int64(DUPLICATE)
        return np.int64(_UNRELATED)
    tables = index.tables
    run = tables.tokens, tables.flags, tables.starts[row], np.int64(tables.lengths[row])
    metadata = Metadata(
        np.int64(tables.cut_off[row]), np.int64(tables.sources[row]), tables.times[row]
    )
    stage(tables, space.evidence, space.asked, asked.is_new, 1, run, metadata)
    fill_features(space.evidence, space.scratch, 0, 1, space.features)
    fill_probabilities(trees, space.features, space.probabilities)
    if space.probabilities[DUPLICATE] >= bounds.least:
        return np.int64(DUPLICATE)
    likeliest = np.int64(1)
    for which in range(2, N_CLASSES):
        if space.probabilities[which] > space.probabilities[likeliest]:
            likeliest = np.int64(which)
    return likeliest


@inlined
def _relation(
    tables: Tables, trees: Trees | None, space: Workspace, asked: Asked, row: Integer
) -> Integer:
    """Return how the item and its duplicate, a row, are related."""
    other_length, tokens = np.int64(tables.lengths[row]), space.evidence.tokens
    least = 1.0 if trees is None else _EXCERPT
    if trees is None:
        for at in range(other_length):
            tokens[asked.length + at] = tables.tokens[tables.starts[row] + at]
    relation: Integer = relation_of(
        tokens,
        np.int64(0),
        asked.length,
        asked.length,
        other_length,
        bool(space.features[CONTAINMENT] >= least),
    )
    shorter_is_cut = asked.cut_off if asked.length <= other_length else tables.cut_off[row]
    if trees is not None and relation == CONTAINED and shorter_is_cut:
        relation = TRUNCATED
    return relation


@inlined
def _put(
    matches: Matches,
    at: Integer,
    row: Integer,
    relation: Integer,
    space: Workspace,
    which: Integer,
    share: float,
) -> Integer:
    """Write a match, where there is room; return the matches so far."""
    if at < matches.pairs.shape[0]:
        matches.pairs[at, 0] = row
        matches.pairs[at, 1] = relation
        matches.scores[at, 0] = space.features[JACCARD]
        matches.scores[at, 1] = space.features[CONTAINMENT]
        matches.scores[at, 2] = space.probabilities[which]
        matches.scores[at, 3] = space.probabilities[which] * share
    return at + 1


@kernel
def _put_copies(
    index: Index, space: Workspace, matches: Matches, primary: Integer, at: Integer, stop: Integer
) -> Integer:
    """Write the other items of a primary's words, newest first, as that one was written."""
    texts, written = index.roles.texts, at - 1
    row = np.int64(texts.newest[texts.anchor[primary]])
    while row != primary:
        if at >= stop:
            space.ballot.n_cut_short[0] += 1
            break
        if at < matches.pairs.shape[0]:
            matches.pairs[at] = matches.pairs[written]
            matches.pairs[at, 0] = row
            matches.scores[at] = matches.scores[written]
        at += 1
        row = np.int64(texts.older[row])
    return at


@inlined
def _share(trees: Trees | None, space: Workspace) -> float:
    """Return the share of the item's shingles that a match has; without trees the similarity."""
    if trees is None:
        return float(space.features[JACCARD])
    offsets = space.evidence.shingle_offsets
    n_own, n_other = max(1, offsets[1] - offsets[0]), max(1, offsets[2] - offsets[1])
    return float(space.features[CONTAINMENT] * min(1.0, n_other / n_own))


@kernel
def _match(
    index: Index,
    trees: Trees | None,
    space: Workspace,
    matches: Matches,
    asked: Asked,
    row: Integer,
    at: Integer,
    bounds: Bounds,
) -> tuple[Integer, bool]:
    """Judge a primary, and list it with its copies; return matches so far, and if it is one."""
    stop = asked.first + bounds.most
    if trees is not None and at >= stop:
        space.ballot.n_cut_short[0] += 1
        return at, False
    which = judge(index, trees, space, row, asked, bounds)
    relation: Integer = np.int64(-1)
    if which == DUPLICATE:
        relation = _relation(index.tables, trees, space, asked, row)
    elif which == _RELATED and bounds.related:
        relation = np.int64(RELATED)
    elif which == _TEMPLATE and bounds.template:
        relation = np.int64(TEMPLATE)
    if relation >= 0:
        at = _put(matches, at, row, relation, space, which, _share(trees, space))
        at = _put_copies(index, space, matches, row, at, stop)
    return at, bool(which == DUPLICATE)


@inlined
def _put_primary(
    index: Index, space: Workspace, matches: Matches, asked: Asked, bounds: Bounds
) -> Integer:
    """List the items of the same words; return the matches so far."""
    space.features[JACCARD] = 1.0
    space.features[CONTAINMENT] = 1.0
    space.probabilities[DUPLICATE] = 1.0
    which = np.int64(DUPLICATE)
    at = _put(matches, asked.first, asked.primary, np.int64(EXACT), space, which, 1.0)
    return _put_copies(index, space, matches, asked.primary, at, asked.first + bounds.most)


@inlined
def _met_before(index: Index, space: Workspace, row: Integer, band: Integer) -> bool:
    """Return whether a row was met in the bucket of an earlier band."""
    for earlier in range(band):
        if row >= space.lowest[earlier] and shares_band(
            index.roles.buckets, row, space.signature, earlier
        ):
            return True
    return False


@kernel
def _find_similar(
    index: Index, space: Workspace, matches: Matches, asked: Asked, bounds: Bounds
) -> Integer:
    """List what is as similar as asked for, in the item's buckets; return the matches so far."""
    at: Integer = asked.first
    if asked.primary >= 0:
        at = _put_primary(index, space, matches, asked, bounds)
    buckets, leads = index.roles.buckets, index.tables.leads
    for band in range(buckets.heads.shape[0]):
        space.lowest[band] = 0
        row = next_in_bucket(leads, buckets, space.signature, band, np.int64(_NOBODY))
        n_met = 0
        while row >= 0:
            if n_met == bounds.bucket_limit:
                space.ballot.n_cut_short[0] += 1
                space.lowest[band] = row + 1
                break
            n_met += 1
            if row != asked.primary and not _met_before(index, space, row, band):
                at, _ = _match(index, None, space, matches, asked, row, at, bounds)
            row = next_in_bucket(leads, buckets, space.signature, band, row)
    return at


@inlined
def _most_voted(tables: Tables, asked: Asked, n_met: Integer, space: Workspace) -> Integer:
    """Choose whom to judge among the leaders met, and clear the table of votes."""
    ballot = space.ballot
    n_best: Integer = np.int64(0)
    for at in range(n_met):
        place = ballot.order[at]
        row = np.int64(ballot.rows[place])
        n_votes = np.int64(ballot.votes[place])
        ballot.rows[place] = _NOBODY
        shorter = min(asked.length, np.int64(tables.lengths[row]))
        if n_votes < least_shared(shorter) or row == asked.primary:
            continue
        ballot.n_cut_short[0] += n_best == MOST_JUDGED
        n_best = keep_best(row, n_votes, space.best_rows, space.best_votes, n_best)
    return n_best


@kernel
def _match_members(
    index: Index,
    space: Workspace,
    matches: Matches,
    asked: Asked,
    leader: Integer,
    progress: tuple[Integer, Integer],
    bounds: Bounds,
) -> tuple[Integer, Integer]:
    """Judge the members of a leader's cluster; return matches and members judged so far."""
    clusters = index.roles.clusters
    at, n_members = progress
    member = np.int64(clusters.newest[clusters.anchor[leader]])
    while member != leader:
        if member != asked.primary:
            is_full = at - asked.first >= bounds.most
            if n_members >= MOST_JUDGED and (bounds.insert or is_full):
                space.ballot.n_cut_short[0] += 1
                break
            n_members += 1
            at, _ = _match(index, index.trees, space, matches, asked, member, at, bounds)
        member = np.int64(clusters.older[member])
    return at, n_members


@kernel
def _find_judged(
    index: Index,
    space: Workspace,
    matches: Matches,
    asked: Asked,
    n_places: Integer,
    bounds: Bounds,
) -> Integer:
    """List what the classifier makes of leaders and their members; return the matches so far."""
    tables, clusters = index.tables, index.roles.clusters
    at: Integer = asked.first
    n_members: Integer = np.int64(0)
    n_met = propose(tables, space.evidence, space.places, n_places, space.ballot)
    n_met = propose_from_buckets(
        tables,
        index.roles.buckets,
        space.signature,
        asked.length,
        bounds.bucket_limit,
        space.ballot,
        n_met,
    )
    n_best = _most_voted(tables, asked, n_met, space)
    leader: Integer = np.int64(_NOBODY)
    if asked.primary >= 0:
        at = _put_primary(index, space, matches, asked, bounds)
        leader = np.int64(clusters.oldest[clusters.anchor[asked.primary]])
        is_met = leader == asked.primary
        for best in range(n_best):
            is_met = is_met or space.best_rows[best] == leader
        if not is_met:
            n_best = keep_best(leader, MOST_JUDGED, space.best_rows, space.best_votes, n_best)
    for best in range(n_best):
        row = space.best_rows[best]
        at, is_duplicate = _match(index, index.trees, space, matches, asked, row, at, bounds)
        if is_duplicate:
            at, n_members = _match_members(
                index, space, matches, asked, row, (at, n_members), bounds
            )
    if leader >= 0 and leader == asked.primary:
        at, n_members = _match_members(
            index, space, matches, asked, leader, (at, n_members), bounds
        )
    return at


@kernel
def find(
    index: Index,
    trees: Trees | None,
    space: Workspace,
    matches: Matches,
    asked: Asked,
    n_places: Integer,
    bounds: Bounds,
) -> Integer:
    """List the matches of the item that is staged; return one past the last of them."""
    if trees is None:
        return _find_similar(index, space, matches, asked, bounds)
    return _find_judged(index, space, matches, asked, n_places, bounds)
