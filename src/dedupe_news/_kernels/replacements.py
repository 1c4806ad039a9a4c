"""What lies between the matches of a pair: words replaced, added or left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe_news._kernels._jit import inlined, kernel
from dedupe_news._kernels.alignment import MOST_REPLACED, Scratch
from dedupe_news._kernels.evidence import Evidence, Side, is_rare, weight_of
from dedupe_news._kernels.feature_names import (
    COMMON_END,
    COMMON_START,
    FIRST_REPLACEMENT,
    HEAD,
    INSERTED_SHARE,
    NAMES_REPLACED,
    NUMBERS_REPLACED,
    NUMBERS_SINGLE,
    REPEATED_REPLACEMENT,
    REPLACED_SHARE,
    REPLACEMENTS,
    RESPELLED,
    TAIL,
    TITLE_REPLACED,
    WEIGHT_REPLACED,
)
from dedupe_news._kernels.text.fold import FIRST_LINE, HAS_DIGIT, STEM_SHIFT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._kernels._jit import Integer

_MOST_WORDS = 16  # words of a gap whose other forms are looked for


class Gap(NamedTuple):
    """
    What lies between two matches on one side.

    Parameters
    ----------
    length, numbers, names, title : int
        Its tokens; those with digits, other rare ones, and those of the title.
    weight : float
        What the tokens tell together.
    """

    length: Integer
    numbers: Integer
    names: Integer
    title: Integer
    weight: float


@inlined
def _gap(evidence: Evidence, side: Side, start: Integer, stop: Integer) -> Gap:
    numbers = names = title = 0
    weight = 0.0
    for at in range(side.first + start, side.first + stop):
        has_digit = evidence.flags[at] & HAS_DIGIT != 0
        numbers += has_digit
        names += not has_digit and is_rare(evidence, side, at)
        title += evidence.flags[at] & FIRST_LINE != 0
        weight += weight_of(evidence, at)
    return Gap(stop - start, numbers, names, title, weight)


@inlined
def _respelled(
    evidence: Evidence,
    short: Side,
    long: Side,
    bounds: tuple[Integer, Integer, Integer, Integer],
) -> Gap:
    """Return what of a gap, (start, stop) on either side, is words in another form."""
    n_words = names = title = 0
    weight = 0.0
    for at in range(short.first + bounds[0], short.first + min(bounds[1], bounds[0] + _MOST_WORDS)):
        if evidence.flags[at] & HAS_DIGIT != 0:
            continue
        stem = evidence.flags[at] >> np.uint32(STEM_SHIFT)
        stop = long.first + min(bounds[3], bounds[2] + _MOST_WORDS)
        for other in range(long.first + bounds[2], stop):
            if evidence.flags[other] >> np.uint32(STEM_SHIFT) == stem:
                n_words += 1
                names += is_rare(evidence, short, at)
                title += evidence.flags[at] & FIRST_LINE != 0
                weight += weight_of(evidence, at)
                break
    return Gap(n_words, 0, names, title, weight)


@kernel
def fill_replacements(
    evidence: Evidence, scratch: Scratch, short: Side, long: Side, row: NDArray[np.float64]
) -> None:
    """Write what the gaps between matches say: replaced on both sides, or missing on one."""
    partner, replaced = scratch.partner, scratch.replaced
    n_pairs = n_repeated = 0
    numbers: Integer = 0
    single: Integer = 0
    names: Integer = 0
    respelled: Integer = 0
    n_tokens: Integer = 0
    inserted: Integer = 0
    head: Integer = 0
    tail: Integer = 0
    n_replaced = 0
    weight = title_weight = lost = 0.0
    first: Integer = -1
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
        a = _gap(evidence, short, i, i_stop)
        b = _gap(evidence, long, j, j_stop)
        at_end = i_stop >= short.length and j_stop >= long.length
        if a.length > 0 and b.length > 0:
            n_replaced += 1
            same = _respelled(evidence, short, long, (i, i_stop, j, j_stop))
            respelled += same.length
            numbers += min(a.numbers, b.numbers)
            single += max(a.numbers, b.numbers) - min(a.numbers, b.numbers)
            names += max(0, min(a.names, b.names) - same.names)
            lost = max(0.0, min(a.weight, b.weight) - same.weight)
            weight += lost
            n_tokens += min(a.length, b.length)
            if a.title > 0 and b.title > 0:
                title_weight += lost
            if first < 0:
                first = i
            if at_end:
                tail = b.length
            left = evidence.tokens[short.first + i]
            right = evidence.tokens[long.first + j]
            for k in range(n_pairs):
                n_repeated += replaced[k, 0] == left and replaced[k, 1] == right
            if n_pairs < MOST_REPLACED:
                replaced[n_pairs, 0] = left
                replaced[n_pairs, 1] = right
                n_pairs += 1
        elif i == 0 and j == 0:
            head = max(a.length, b.length)
        elif at_end:
            tail = max(a.length, b.length)
        else:
            inserted += max(a.length, b.length)
            single += a.numbers + b.numbers
        i = i_stop
        j = j_stop
    row[NUMBERS_REPLACED] = np.log(1.0 + numbers)
    row[NUMBERS_SINGLE] = np.log(1.0 + single)
    row[NAMES_REPLACED] = np.log(1.0 + names)
    row[WEIGHT_REPLACED] = weight / short.length
    row[REPLACEMENTS] = np.log(1.0 + n_replaced)
    row[REPLACED_SHARE] = n_tokens / short.length
    row[RESPELLED] = np.log(1.0 + respelled)
    row[REPEATED_REPLACEMENT] = np.log(1.0 + n_repeated)
    row[INSERTED_SHARE] = min(3.0, inserted / short.length)
    row[HEAD] = np.log(1.0 + head)
    row[TAIL] = np.log(1.0 + tail)
    row[FIRST_REPLACEMENT] = first / short.length if first >= 0 else 1.0
    row[TITLE_REPLACED] = title_weight


@inlined
def fill_common_ends(scratch: Scratch, short: Side, long: Side, row: NDArray[np.float64]) -> None:
    """Write how much of the shorter text is before the first and after the last difference."""
    partner, back = scratch.partner, scratch.back
    n_start = 0
    while n_start < short.length and partner[n_start] == n_start:
        n_start += 1
    n_end = 0
    while n_end < short.length and back[long.length - 1 - n_end] == short.length - 1 - n_end:
        n_end += 1
    row[COMMON_START] = n_start / short.length
    row[COMMON_END] = n_end / short.length
