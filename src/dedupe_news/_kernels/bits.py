"""Bits of a word."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._kernels._jit import inlined

if TYPE_CHECKING:
    from dedupe_news._kernels._jit import Integer


@inlined
def count_ones(word: np.uint64) -> Integer:
    """
    Count the bits that are set.

    Parameters
    ----------
    word : uint64
        Any word.

    Returns
    -------
    int
        In [0, 64].
    """
    # LLVM knows this for what it is and takes the processor's instruction.
    word = word - (word >> np.uint64(1) & np.uint64(0x5555555555555555))
    threes = np.uint64(0x3333333333333333)
    word = (word & threes) + (word >> np.uint64(2) & threes)
    word = word + (word >> np.uint64(4)) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64(np.uint64(word * np.uint64(0x0101010101010101)) >> np.uint64(56))
