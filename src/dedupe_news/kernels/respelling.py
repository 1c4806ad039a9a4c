"""Words that are written in several ways become one: a table of phrases, read by one kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news.kernels._jit import kernel
from dedupe_news.kernels.fold_table import N_SPELLINGS_PLACE, SPELLING_FILTER_PLACE, SPELLINGS_PLACE
from dedupe_news.kernels.names import find_hash
from dedupe_news.kernels.registers import int64
from dedupe_news.kernels.repeats import remove_tokens

if TYPE_CHECKING:
    from numpy.typing import NDArray

# A row of the table: the phrase's other words, what it becomes, and these bits.
SPELLING_COLUMNS = 4
N_WORDS_MASK = 3
AFTER_NUMBER = 4  # only behind a token with digits
BEFORE_NUMBER = 8  # only before one; with AFTER_NUMBER, beside one
BECOMES_NUMBER = 16
IS_DROPPED = 32

FILTER_BITS = 14

_HAS_DIGIT, _STARTS_SENTENCE = 1, 8  # as in `dedupe_news.kernels.folding`


@kernel
def respell(
    hashes: NDArray[np.uint32],
    flags: NDArray[np.uint8],
    spans: NDArray[np.int64],
    scratch: NDArray[np.uint8],
    start: int,
    n_tokens: int,
    table: NDArray[np.uint32],
) -> int:
    """Replace phrases of the table among the tokens from `start` on; return the number of tokens."""
    seen = int64(table[SPELLING_FILTER_PLACE])
    n_rows = int64(table[N_SPELLINGS_PLACE])
    first_row = int64(table[SPELLINGS_PLACE]) + n_rows
    k = start - 1
    while k + 1 < n_tokens:
        k += 1
        wanted = hashes[np.uintp(k)]
        bit = wanted >> np.uint32(32 - FILTER_BITS)
        word = table[np.uintp(seen + int64(bit >> np.uint32(5)))]
        if (word >> (bit & np.uint32(31))) & np.uint32(1) == np.uint32(0):
            continue
        row = find_hash(table, int64(SPELLINGS_PLACE), int64(wanted))
        if row < 0:
            continue
        while row < n_rows and table[first_row - n_rows + row] == wanted:
            at = first_row + SPELLING_COLUMNS * row
            row += 1
            bits = int64(table[at + 3])
            stop = k + (bits & N_WORDS_MASK)
            if stop > n_tokens:
                continue
            same = True
            for other in range(k + 1, stop):
                same = same and hashes[other] == table[at + other - k - 1]
            if not same:
                continue
            if bits & (AFTER_NUMBER | BEFORE_NUMBER):
                after = k > start and flags[k - 1] & _HAS_DIGIT
                before = stop < n_tokens and flags[stop] & _HAS_DIGIT
                if not ((bits & AFTER_NUMBER and after) or (bits & BEFORE_NUMBER and before)):
                    continue
            if bits & IS_DROPPED:
                if stop < n_tokens:
                    flags[stop] |= flags[k] & _STARTS_SENTENCE
                n_tokens = remove_tokens(hashes, flags, spans, scratch, k, stop, n_tokens)
                k -= 1
            else:
                if spans.shape[0] > 0:
                    spans[stop - 1, 0] = spans[k, 0]
                flags[stop - 1] = flags[k]
                n_tokens = remove_tokens(hashes, flags, spans, scratch, k, stop - 1, n_tokens)
                hashes[k] = table[at + 2]
                digit = np.uint8(bits & BECOMES_NUMBER != 0)
                flags[k] = (flags[k] & np.uint8(0xFF ^ _HAS_DIGIT)) | digit
            break
    return n_tokens
