"""Marks in canonical order, and the letters of Hangul syllables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._kernels._jit import kernel
from dedupe_news._kernels.text.table import RANK_MASK, RANK_SHIFT, entry_of
from dedupe_news._kernels.text.utf8 import byte_at, decode, put

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_REORDERED = 32
"""Marks that one mark may overtake; bounds the work on hostile text."""
_HANGUL_FIRST = 0xAC00
_N_TRAILING = 28
_N_VOWELS = 21


@kernel
def put_mark(
    scratch: NDArray[np.uint8],
    base: int,
    n: int,
    mark: int,
    table: NDArray[np.uint32],
) -> int:
    """Insert a mark where canonical order has it, among the marks at the end."""
    rank = (entry_of(table, mark) >> RANK_SHIFT) & RANK_MASK
    place = n
    for _ in range(MAX_REORDERED):
        before = place - 1
        while before > base and byte_at(scratch, before) & 0xC0 == 0x80:
            before -= 1
        if before <= base:
            break
        previous = entry_of(table, decode(scratch, before, n) >> 3)
        if (previous >> RANK_SHIFT) & RANK_MASK <= rank:
            break
        place = before
    end = put(scratch, n, mark)
    # Marks are three bytes or four; the tail moves by as many.
    width = end - n
    for at in range(n - 1, place - 1, -1):
        scratch[np.uintp(at + width)] = scratch[np.uintp(at)]
    put(scratch, place, mark)
    return end


@kernel
def put_hangul(scratch: NDArray[np.uint8], n: int, syllable: int) -> int:
    """Append the letters of a Hangul syllable."""
    place = syllable - _HANGUL_FIRST
    n = put(scratch, n, 0x1100 + place // (_N_TRAILING * _N_VOWELS))
    n = put(scratch, n, 0x1161 + place // _N_TRAILING % _N_VOWELS)
    if place % _N_TRAILING:
        n = put(scratch, n, 0x11A7 + place % _N_TRAILING)
    return n
