"""The words of a pair in any order: what the longer text has anywhere, what titles are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._kernels._jit import inlined, kernel
from dedupe_news._kernels.alignment import IN_LEFT, IN_RIGHT, Scratch, is_used, place_of, put
from dedupe_news._kernels.evidence import Evidence, Side, form_of, is_rare, weight_of
from dedupe_news._kernels.feature_names import (
    BAG_SHORT,
    MISSING,
    NAMES_KEPT,
    NAMES_MISSING,
    NUMBERS_MISSING,
    TITLE_TOLD,
)
from dedupe_news._kernels.text.fold import FIRST_LINE, HAS_DIGIT

if TYPE_CHECKING:
    from numpy.typing import NDArray


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
    names = names_kept = numbers_missing = 0
    for at in range(short.first, short.first + short.length):
        is_shared = is_used(table, place_of(table, form_of(evidence, at)))
        word_weight = weight_of(evidence, at)
        weight += word_weight
        shared_weight += word_weight if is_shared else 0.0
        if evidence.flags[at] & HAS_DIGIT != 0:
            numbers_missing += not is_shared
        elif is_rare(evidence, short, at):
            names += 1
            names_kept += is_shared
    row[BAG_SHORT] = shared_weight / weight
    row[NUMBERS_MISSING] = np.log(1.0 + numbers_missing)
    row[NAMES_MISSING] = np.log(1.0 + names - names_kept)
    row[NAMES_KEPT] = names_kept / names if names > 0 else 1.0


@inlined
def fill_titles_told(
    evidence: Evidence, scratch: Scratch, short: Side, long: Side, row: NDArray[np.float64]
) -> None:
    """Write how much of the titles the matched text tells: a notice is about no title."""
    table = scratch.table
    table.age[0] += 1
    n_matched = 0
    for i in range(short.length):
        at = short.first + i
        j = np.int64(scratch.partner[i])
        if j >= 0 and (evidence.flags[at] | evidence.flags[long.first + j]) & FIRST_LINE == 0:
            form = form_of(evidence, at)
            put(table, place_of(table, form), form, IN_LEFT)
            n_matched += 1
    row[TITLE_TOLD] = MISSING
    if n_matched > 0:
        told = min(_told(evidence, scratch, short), _told(evidence, scratch, long))
        row[TITLE_TOLD] = told


@kernel
def _told(evidence: Evidence, scratch: Scratch, side: Side) -> float:
    """Return the share of a title's weight that is in the table; `MISSING` without a title."""
    weight = told = 0.0
    for at in range(side.first, side.first + side.length):
        if evidence.flags[at] & FIRST_LINE != 0:
            word_weight = weight_of(evidence, at)
            weight += word_weight
            if is_used(scratch.table, place_of(scratch.table, form_of(evidence, at))):
                told += word_weight
    return float(told / weight) if weight > 0.0 else MISSING
