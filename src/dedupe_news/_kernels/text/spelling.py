"""Words that are written in several ways become one: a table of phrases, read by one kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._kernels._jit import kernel
from dedupe_news._kernels.text.registers import int64
from dedupe_news._kernels.text.repeats import remove_tokens
from dedupe_news._kernels.text.table import (
    N_SPELLINGS_PLACE,
    SPELLING_FILTER_PLACE,
    SPELLINGS_PLACE,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._kernels.text.lines import Written

# A row of the table: the phrase's other words, what it becomes, and its stem with these bits.
SPELLING_COLUMNS = 4
N_WORDS_MASK = 3
AFTER_NUMBER = 4  # only behind a token with digits
BEFORE_NUMBER = 8  # only before one; with AFTER_NUMBER, beside one
BECOMES_NUMBER = 16
IS_DROPPED = 32
FILTER_BITS = 16
RANGE_BITS = 8
N_SPELLING_RANGES = 1 << RANGE_BITS  # before the hashes: where those of the same first bits begin
_HAS_DIGIT, _STARTS_SENTENCE, _FLAGS = 1, 8, 0xFF  # as in `dedupe_news._kernels.text.fold`


@kernel
def _row_of(
    hashes: NDArray[np.uint32],
    flags: NDArray[np.uint32],
    start: int,
    k: int,
    n_tokens: int,
    table: NDArray[np.uint32],
) -> int:
    """Return where the row of the phrase that begins at token `k` is in the table; -1 for none."""
    wanted = hashes[k]
    n_rows = int64(table[N_SPELLINGS_PLACE])
    first = int64(table[SPELLINGS_PLACE])
    index = first - N_SPELLING_RANGES - 1 + int64(wanted >> np.uint32(32 - RANGE_BITS))
    for row in range(int64(table[index]), int64(table[index + 1])):
        if table[first + row] != wanted:
            continue
        at = first + n_rows + SPELLING_COLUMNS * row
        bits = int64(table[at + 3])
        stop = k + (bits & N_WORDS_MASK)
        same = stop <= n_tokens
        for other in range(k + 1, stop):
            same = same and hashes[other] == table[at + other - k - 1]
        if same and bits & (AFTER_NUMBER | BEFORE_NUMBER):
            after = bits & AFTER_NUMBER and k > start and flags[k - 1] & _HAS_DIGIT
            before = bits & BEFORE_NUMBER and stop < n_tokens and flags[stop] & _HAS_DIGIT
            same = bool(after or before)
        if same:
            return at
    return -1


@kernel
def respell(written: Written, start: int, n_tokens: int, table: NDArray[np.uint32]) -> int:
    """Replace phrases among the tokens from `start` on; return the number of tokens."""
    hashes, flags, spans, _ = written
    seen = table[int64(table[SPELLING_FILTER_PLACE]) :]
    k = start
    while True:
        # Most tokens begin no phrase: a bit says so.
        while k < n_tokens:
            wanted = hashes[np.uintp(k)]
            bit = wanted >> np.uint32(32 - FILTER_BITS)
            word = seen[np.uintp(bit >> np.uint32(5))]
            if (word >> (bit & np.uint32(31))) & np.uint32(1):
                break
            k += 1
        if k >= n_tokens:
            return n_tokens
        at = _row_of(hashes, flags, start, k, n_tokens, table)
        if at < 0:
            k += 1
            continue
        bits = int64(table[at + 3])
        stop = k + (bits & N_WORDS_MASK)
        if bits & IS_DROPPED:
            if stop < n_tokens:
                flags[stop] |= flags[k] & _STARTS_SENTENCE
            n_tokens = remove_tokens(written, k, stop, n_tokens)
            continue
        if stop - k > 1:
            if spans.shape[0] > 0:
                spans[stop - 1, 0] = spans[k, 0]
            flags[stop - 1] = flags[k]
            n_tokens = remove_tokens(written, k, stop - 1, n_tokens)
        hashes[k] = table[at + 2]
        digit = np.uint32(bits & BECOMES_NUMBER != 0)
        stem = np.uint32(bits) & ~np.uint32(_FLAGS)
        flags[k] = (flags[k] & np.uint32(_FLAGS ^ _HAS_DIGIT)) | digit | stem
        k += 1
