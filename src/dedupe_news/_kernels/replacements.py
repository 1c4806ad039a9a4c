"""What lies between the matches of a pair: words replaced, added or left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._kernels._jit import inlined, kernel
from dedupe_news._kernels.alignment import MOST_REPLACED, Scratch
from dedupe_news._kernels.feature_names import HEAD, NUMBERS_REPLACED, REPEATED_REPLACEMENT, TAIL
from dedupe_news._kernels.text.fold import HAS_DIGIT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._kernels._jit import Integer
    from dedupe_news._kernels.evidence import Evidence, Side


LONGEST_VALUE = 8
"""Tokens that are replaced as one value at most: more are another passage."""


@inlined
def _n_numbers(evidence: Evidence, side: Side, start: Integer, stop: Integer) -> int:
    n_numbers = 0
    for at in range(side.first + start, side.first + stop):
        n_numbers += evidence.flags[at] & HAS_DIGIT != 0
    return n_numbers


@kernel
def fill_replacements(
    evidence: Evidence, scratch: Scratch, short: Side, long: Side, row: NDArray[np.float64]
) -> None:
    """Write what the gaps between matches say: replaced on both sides, or missing on one."""
    partner, replaced = scratch.partner, scratch.replaced
    n_pairs = n_repeated = numbers = 0
    head: Integer = 0
    tail: Integer = 0
    i: Integer = 0
    j: Integer = 0
    while i < short.length or j < long.length:
        if i < short.length and partner[i] == j:
            i += 1
            j += 1
            continue
        i_stop = i
        while i_stop < short.length and partner[i_stop] < 0:
            i_stop += 1
        j_stop = np.int64(partner[i_stop]) if i_stop < short.length else np.int64(long.length)
        n_short, n_long = i_stop - i, j_stop - j
        is_replaced = n_short > 0 and n_long > 0
        if max(n_short, n_long) <= LONGEST_VALUE and is_replaced:
            numbers += min(
                _n_numbers(evidence, short, i, i_stop), _n_numbers(evidence, long, j, j_stop)
            )
        if is_replaced:
            left = evidence.tokens[short.first + i]
            right = evidence.tokens[long.first + j]
            for k in range(n_pairs):
                n_repeated += replaced[k, 0] == left and replaced[k, 1] == right
            if n_pairs < MOST_REPLACED:
                replaced[n_pairs, 0] = left
                replaced[n_pairs, 1] = right
                n_pairs += 1
        if not is_replaced and i == 0 and j == 0:
            head = max(n_short, n_long)
        elif i_stop >= short.length and j_stop >= long.length:
            tail = n_long if is_replaced else max(n_short, n_long)
        i = i_stop
        j = j_stop
    row[NUMBERS_REPLACED] = np.log(1.0 + numbers)
    row[REPEATED_REPLACEMENT] = np.log(1.0 + n_repeated)
    row[HEAD] = np.log(1.0 + head)
    row[TAIL] = np.log(1.0 + tail)
