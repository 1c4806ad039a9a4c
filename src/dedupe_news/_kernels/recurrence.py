"""How long what a pair shares is used: a story lasts days, a template returns."""

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
)
from dedupe_news._kernels.feature_names import DAYS, FRESH_MATCHED, FRESH_SHORT, MISSING

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._kernels._jit import Integer
    from dedupe_news._kernels.alignment import Scratch


@kernel
def fill_recurrence(
    evidence: Evidence, scratch: Scratch, short: Side, long: Side, row: NDArray[np.float64]
) -> None:
    """Write which matched words are fresh, and on how many days matched shingles are used."""
    partner = scratch.partner
    counts = counts_days(evidence)
    first = evidence.shingle_offsets[short.text]
    n_shingles = evidence.shingle_offsets[short.text + 1] - first if counts else 0
    standing_from = -SHINGLE_SIZE
    n_fresh = n_matched = n_in_row = n_counted = 0
    days = 0.0
    for place in range(short.length):
        if place < n_shingles and evidence.spread[first + place] >= STANDING_DAYS:
            standing_from = place
        is_fresh = place - standing_from >= SHINGLE_SIZE
        n_fresh += is_fresh
        if partner[place] < 0:
            n_in_row = 0
            continue
        n_matched += is_fresh
        follows = n_in_row > 0 and partner[place - 1] == partner[place] - 1
        n_in_row = n_in_row + 1 if follows else 1
        begin = place + 1 - min(n_in_row, SHINGLE_SIZE)
        if (n_in_row >= SHINGLE_SIZE or n_in_row == short.length) and begin < n_shingles:
            n_counted += 1
            days += evidence.spread[first + begin]
    n_others = _count_fresh(evidence, long) if counts else long.length
    row[FRESH_SHORT] = n_matched / max(1, min(n_fresh, n_others), n_matched)
    row[FRESH_MATCHED] = np.log(1.0 + n_matched)
    row[DAYS] = days / (n_counted * CODES) if n_counted > 0 else MISSING


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
