"""How often and how long what a pair shares is used: a story lasts days, a template returns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._kernels._jit import inlined, kernel
from dedupe_news._kernels.evidence import (
    CODES,
    SHINGLE_SIZE,
    STANDING_DAYS,
    Evidence,
    Side,
    counts_days,
    is_rare,
)
from dedupe_news._kernels.feature_names import (
    DAYS,
    DAYS_LEAST,
    FRESH_JACCARD,
    FRESH_MATCHED,
    FRESH_RARE,
    FRESH_SHORT,
    MISSING,
    SHARED_WITH_OTHERS,
    STANDING,
    TEXTS_A_DAY,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._kernels._jit import Integer
    from dedupe_news._kernels.alignment import Scratch

_OTHERS = 12  # codes above: more texts than two


@kernel
def fill_recurrence(
    evidence: Evidence, scratch: Scratch, short: Side, long: Side, row: NDArray[np.float64]
) -> None:
    """Write which matched words are fresh, and how often matched shingles are used."""
    _fill_fresh(evidence, scratch, short, long, row)
    _fill_days(evidence, scratch, short, row)


@inlined
def _fill_fresh(
    evidence: Evidence, scratch: Scratch, short: Side, long: Side, row: NDArray[np.float64]
) -> None:
    """Write what is matched of the words that are not standing."""
    counts = counts_days(evidence)
    first = evidence.shingle_offsets[short.text]
    n_shingles = evidence.shingle_offsets[short.text + 1] - first if counts else 0
    standing_from = -SHINGLE_SIZE
    n_short = n_matched = n_rare = 0
    for place in range(short.length):
        if place < n_shingles and evidence.spread[first + place] >= STANDING_DAYS:
            standing_from = place
        if place - standing_from >= SHINGLE_SIZE:
            n_short += 1
            if scratch.partner[place] >= 0:
                n_matched += 1
                n_rare += is_rare(evidence, short, short.first + place)
    n_long = _count_fresh(evidence, long) if counts else long.length
    row[FRESH_SHORT] = n_matched / max(1, min(n_short, n_long), n_matched)
    row[FRESH_JACCARD] = n_matched / max(1, n_short + n_long - n_matched)
    row[FRESH_MATCHED] = np.log(1.0 + n_matched)
    row[FRESH_RARE] = np.log(1.0 + n_rare)


@inlined
def _count_fresh(evidence: Evidence, side: Side) -> Integer:
    """Return how many words of a text are in no standing shingle."""
    first = evidence.shingle_offsets[side.text]
    n_shingles = evidence.shingle_offsets[side.text + 1] - first
    standing_from = -SHINGLE_SIZE
    n_fresh = 0
    for place in range(side.length):
        if place < n_shingles and evidence.spread[first + place] >= STANDING_DAYS:
            standing_from = place
        n_fresh += place - standing_from >= SHINGLE_SIZE
    return n_fresh


@inlined
def _fill_days(evidence: Evidence, scratch: Scratch, side: Side, row: NDArray[np.float64]) -> None:
    """Write on how many days and in how many texts the matched shingles of a text are used."""
    row[DAYS] = row[DAYS_LEAST] = row[TEXTS_A_DAY] = MISSING
    row[STANDING] = row[SHARED_WITH_OTHERS] = MISSING
    if not counts_days(evidence):
        return
    partner = scratch.partner
    first = evidence.shingle_offsets[side.text]
    n_shingles = evidence.shingle_offsets[side.text + 1] - first
    n_in_row = n_counted = n_others = n_standing = 0
    days = texts = 0.0
    days_least = 255.0
    for place in range(side.length):
        if partner[place] < 0:
            n_in_row = 0
            continue
        follows = n_in_row > 0 and partner[place - 1] == partner[place] - 1
        n_in_row = n_in_row + 1 if follows else 1
        begin = place + 1 - min(n_in_row, SHINGLE_SIZE)
        if (n_in_row >= SHINGLE_SIZE or n_in_row == side.length) and begin < n_shingles:
            spread = evidence.spread[first + begin]
            frequency = evidence.frequency[first + begin]
            n_counted += 1
            days += spread
            texts += frequency
            days_least = min(days_least, float(spread))
            n_standing += spread >= STANDING_DAYS
            n_others += frequency > _OTHERS
    if n_counted > 0:
        row[DAYS] = days / (n_counted * CODES)
        row[DAYS_LEAST] = days_least / CODES
        row[TEXTS_A_DAY] = max(0.0, texts - days) / (n_counted * CODES)
        row[STANDING] = n_standing / n_counted
        row[SHARED_WITH_OTHERS] = n_others / n_counted
