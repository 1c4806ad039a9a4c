"""The words of a pair that are matched: in order, between the titles, and anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._kernels._jit import inlined, kernel
from dedupe_news._kernels.alignment import IN_RIGHT, Scratch, is_used, place_of, put
from dedupe_news._kernels.evidence import Evidence, Side, form_of, is_rare, weight_of
from dedupe_news._kernels.feature_names import (
    BAG_SHORT,
    LEAD_LONG,
    LEAD_SHORT,
    MISSING,
    NAMES_KEPT,
    RUN_SHARE,
    TITLE_JACCARD,
    TITLE_OVERLAP,
)
from dedupe_news._kernels.text.fold import FIRST_LINE, HAS_DIGIT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._kernels._jit import Integer

LEAD_TOKENS = 32
"""Tokens after the title that are the lead of a text."""


@kernel
def fill_matched(
    evidence: Evidence, scratch: Scratch, short: Side, long: Side, row: NDArray[np.float64]
) -> None:
    """Write the longest run of matches, and how much the titles have in common."""
    partner, flags = scratch.partner, evidence.flags
    title_a = title_b = title_matched = n_in_row = longest = 0
    for i in range(short.length):
        in_title = flags[short.first + i] & FIRST_LINE != 0
        title_a += in_title
        j = np.int64(partner[i])
        if j < 0:
            n_in_row = 0
            continue
        title_matched += in_title and flags[long.first + j] & FIRST_LINE != 0
        n_in_row = n_in_row + 1 if n_in_row > 0 and partner[i - 1] == j - 1 else 1
        longest = max(longest, n_in_row)
    for at in range(long.first, long.first + long.length):
        title_b += flags[at] & FIRST_LINE != 0
    row[RUN_SHARE] = longest / short.length
    row[TITLE_OVERLAP] = row[TITLE_JACCARD] = MISSING
    if min(title_a, title_b) > 0:
        row[TITLE_OVERLAP] = title_matched / min(title_a, title_b)
        row[TITLE_JACCARD] = title_matched / (title_a + title_b - title_matched)
    row[LEAD_SHORT] = _lead_matched(evidence, short, partner)
    row[LEAD_LONG] = _lead_matched(evidence, long, scratch.back)


@inlined
def _lead_matched(evidence: Evidence, side: Side, partner: NDArray[np.int32]) -> float:
    """Return the share of the first tokens after the title that are matched."""
    start: Integer = 0
    while start < side.length and evidence.flags[side.first + start] & FIRST_LINE != 0:
        start += 1
    if start == side.length:
        start = 0
    stop = min(side.length, start + LEAD_TOKENS)
    n_matched = 0
    for at in range(start, stop):
        n_matched += partner[at] >= 0
    return float(n_matched / (stop - start))


@inlined
def fill_vocabulary(
    evidence: Evidence, scratch: Scratch, short: Side, long: Side, row: NDArray[np.float64]
) -> None:
    """Write which words of the shorter text the longer one has anywhere, in whatever form."""
    table = scratch.table
    table.age[0] += 1
    for at in range(long.first, long.first + long.length):
        form = form_of(evidence, at)
        put(table, place_of(table, form), form, IN_RIGHT)
    weight = shared_weight = 0.0
    names = names_kept = 0
    for at in range(short.first, short.first + short.length):
        is_shared = is_used(table, place_of(table, form_of(evidence, at)))
        word_weight = weight_of(evidence, at)
        weight += word_weight
        shared_weight += word_weight if is_shared else 0.0
        if evidence.flags[at] & HAS_DIGIT == 0 and is_rare(evidence, short, at):
            names += 1
            names_kept += is_shared
    row[BAG_SHORT] = shared_weight / weight
    row[NAMES_KEPT] = names_kept / names if names > 0 else 1.0
