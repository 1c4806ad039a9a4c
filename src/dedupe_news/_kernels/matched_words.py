"""The words of a pair that are matched in order: their runs, weights and titles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._kernels._jit import kernel
from dedupe_news._kernels.evidence import Evidence, Side, weight_of
from dedupe_news._kernels.feature_names import (
    LEAD_MATCHED,
    MISSING,
    RUN_LENGTH,
    RUN_SHARE,
    TEXT_JACCARD,
    TEXT_OVERLAP,
    TITLE_JACCARD,
    TITLE_OVERLAP,
    UNMATCHED_LONG,
    UNMATCHED_SHORT,
    WEIGHT_LONG,
    WEIGHT_SHORT,
)
from dedupe_news._kernels.text.fold import FIRST_LINE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._kernels.alignment import Scratch

_LEAD = 12  # words of a text that tell what it is about


@kernel
def fill_matched(
    evidence: Evidence, scratch: Scratch, short: Side, long: Side, row: NDArray[np.float64]
) -> None:
    """Write what the matched and the unmatched words of a pair sum to."""
    partner, flags = scratch.partner, evidence.flags
    title_a = title_b = title_matched = text_matched = n_text = lead_matched = 0
    weight_a = weight_b = weight_matched = 0.0
    n_in_row = longest = 0
    for i in range(short.length):
        at = short.first + i
        in_title = flags[at] & FIRST_LINE != 0
        weight = weight_of(evidence, at)
        title_a += in_title
        weight_a += weight
        n_text += not in_title
        j = np.int64(partner[i])
        if j < 0:
            n_in_row = 0
            continue
        in_other_title = flags[long.first + j] & FIRST_LINE != 0
        weight_matched += weight
        title_matched += in_title and in_other_title
        text_matched += not in_title and not in_other_title
        lead_matched += not in_title and n_text <= _LEAD
        n_in_row = n_in_row + 1 if n_in_row > 0 and partner[i - 1] == j - 1 else 1
        longest = max(longest, n_in_row)
    for at in range(long.first, long.first + long.length):
        weight_b += weight_of(evidence, at)
        title_b += flags[at] & FIRST_LINE != 0
    row[RUN_SHARE] = longest / short.length
    row[RUN_LENGTH] = np.log(1.0 + longest)
    row[TITLE_OVERLAP] = row[TITLE_JACCARD] = row[TEXT_OVERLAP] = row[TEXT_JACCARD] = MISSING
    if min(title_a, title_b) > 0:
        row[TITLE_OVERLAP] = title_matched / min(title_a, title_b)
        row[TITLE_JACCARD] = title_matched / (title_a + title_b - title_matched)
        text_a = short.length - title_a
        text_b = long.length - title_b
        if min(text_a, text_b) > 1:
            row[TEXT_OVERLAP] = text_matched / min(text_a, text_b)
            row[TEXT_JACCARD] = text_matched / (text_a + text_b - text_matched)
    less, more = min(weight_a, weight_b), max(weight_a, weight_b)
    row[WEIGHT_SHORT] = weight_matched / less
    row[WEIGHT_LONG] = weight_matched / more
    row[UNMATCHED_SHORT] = np.log(1.0 + max(0.0, less - weight_matched))
    row[UNMATCHED_LONG] = np.log(1.0 + max(0.0, more - weight_matched))
    row[LEAD_MATCHED] = lead_matched / min(_LEAD, n_text) if n_text > 0 else MISSING
