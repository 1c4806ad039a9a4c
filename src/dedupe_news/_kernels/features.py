"""What speaks for and against a pair: a row of features, from one alignment and sums over it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._kernels._jit import inlined, kernel
from dedupe_news._kernels.alignment import (
    IN_LEFT,
    IN_RIGHT,
    Scratch,
    align,
    is_used,
    make_scratch,
    place_of,
    put,
)
from dedupe_news._kernels.evidence import NO_TIME, SHINGLE_SIZE, Evidence, Side, is_rare, side_of
from dedupe_news._kernels.feature_names import (
    CONTAINMENT,
    CUT_OFF,
    HOURS,
    JACCARD,
    LENGTH,
    LENGTH_RATIO,
    MISSING,
    N_FEATURES,
    ORDER_SHORT,
    SAME_SOURCE,
    TIME_OF_DAY,
)
from dedupe_news._kernels.matched_words import fill_matched, fill_vocabulary
from dedupe_news._kernels.recurrence import fill_recurrence
from dedupe_news._kernels.replacements import fill_replacements

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._kernels._jit import Integer

_HOUR = 3_600_000_000.0
_DAY = 24.0  # hours; how long a feed waits with a re-post, or fills in a template anew, varies


@inlined
def _comes_second(evidence: Evidence, x: Integer, y: Integer) -> bool:
    """Return whether `x` is the longer text; texts of one length are ordered by what they say."""
    length = evidence.stops[x] - evidence.starts[x]
    other_length = evidence.stops[y] - evidence.starts[y]
    if length != other_length:
        return bool(length > other_length)
    first, other_first = evidence.starts[x], evidence.starts[y]
    for place in range(length):
        token, other = evidence.tokens[first + place], evidence.tokens[other_first + place]
        if token != other:
            return bool(token > other)
    for place in range(length):
        flag, other_flag = evidence.flags[first + place], evidence.flags[other_first + place]
        if flag != other_flag:
            return bool(flag > other_flag)
    return bool(evidence.cut_off[x] > evidence.cut_off[y])


@kernel
def fill_features(
    evidence: Evidence, scratch: Scratch, x: Integer, y: Integer, row: NDArray[np.float64]
) -> None:
    """Write the features of one pair, in either order of its texts; neither text is empty."""
    if _comes_second(evidence, x, y):
        x, y = y, x
    short = side_of(evidence, x)
    long = side_of(evidence, y)
    for feature in range(N_FEATURES):
        row[feature] = 0.0
    _fill_sets(evidence, scratch, short, long, row)
    n_matched = align(
        evidence.tokens, short.first, short.length, long.first, long.length, scratch
    ) - _drop_lone(evidence, scratch, short, long)
    row[ORDER_SHORT] = n_matched / short.length
    row[LENGTH] = np.log(1.0 + short.length)
    row[LENGTH_RATIO] = np.log(long.length / short.length)
    fill_matched(evidence, scratch, short, long, row)
    fill_recurrence(evidence, scratch, short, long, row)
    fill_replacements(evidence, scratch, short, long, row)
    fill_vocabulary(evidence, scratch, short, long, row)
    row[CUT_OFF] = evidence.cut_off[x] + 2 * evidence.cut_off[y]
    _fill_metadata(evidence, x, y, row)


@inlined
def _fill_sets(
    evidence: Evidence, scratch: Scratch, short: Side, long: Side, row: NDArray[np.float64]
) -> None:
    """Write Jaccard similarity and containment of the whole texts."""
    table = scratch.table
    table.age[0] += 1
    offsets = evidence.shingle_offsets
    n_short = n_long = n_shared = 0
    for at in range(offsets[short.text], offsets[short.text + 1]):
        place = place_of(table, evidence.shingles[at])
        if not is_used(table, place):
            put(table, place, evidence.shingles[at], IN_LEFT)
            n_short += 1
    for at in range(offsets[long.text], offsets[long.text + 1]):
        place = place_of(table, evidence.shingles[at])
        if not is_used(table, place):
            put(table, place, evidence.shingles[at], IN_RIGHT)
            n_long += 1
        elif table.values[place] == IN_LEFT:
            table.values[place] = IN_LEFT | IN_RIGHT
            n_long += 1
            n_shared += 1
    row[JACCARD] = n_shared / max(1, n_short + n_long - n_shared)
    row[CONTAINMENT] = n_shared / max(1, min(n_short, n_long))


@inlined
def _drop_lone(evidence: Evidence, scratch: Scratch, short: Side, long: Side) -> int:
    """Undo matches of common words that stand alone between differences; return how many."""
    partner, back = scratch.partner, scratch.back
    n_dropped = 0
    if short.length <= SHINGLE_SIZE:
        return 0
    for i in range(short.length):
        j = partner[i]
        if j < 0 or is_rare(evidence, short, short.first + i):
            continue
        follows = i > 0 and j > 0 and partner[i - 1] == j - 1
        leads = i + 1 < short.length and j + 1 < long.length and partner[i + 1] == j + 1
        if not follows and not leads:
            partner[i] = -1
            back[j] = -1
            n_dropped += 1
    return n_dropped


@inlined
def _fill_metadata(evidence: Evidence, x: Integer, y: Integer, row: NDArray[np.float64]) -> None:
    """Write what sources and times say."""
    row[SAME_SOURCE] = row[HOURS] = row[TIME_OF_DAY] = MISSING
    if evidence.sources[x] >= 0 and evidence.sources[y] >= 0:
        row[SAME_SOURCE] = evidence.sources[x] == evidence.sources[y]
    if evidence.times[x] != NO_TIME and evidence.times[y] != NO_TIME:
        hours = abs(evidence.times[x] - evidence.times[y]) / _HOUR
        row[HOURS] = np.log(1.0 + min(hours, _DAY))
        if hours > 18.0:
            row[TIME_OF_DAY] = abs((hours + 12.0) % 24.0 - 12.0)


@kernel
def fill_feature_rows(
    evidence: Evidence,
    pairs: NDArray[np.int64],
    longest: Integer,
    start: Integer,
    stop: Integer,
    features: NDArray[np.float64],
) -> None:
    """Write the features of pairs ``start`` to ``stop - 1``, each a row of two texts."""
    scratch = make_scratch(longest)
    for pair in range(start, stop):
        fill_features(evidence, scratch, pairs[pair, 0], pairs[pair, 1], features[pair])
