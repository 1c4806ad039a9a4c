"""Pairs of texts and keys with their places, packed into one number each, and sorted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._kernels import sorting as kernels

if TYPE_CHECKING:
    from numpy.typing import NDArray

HALF = np.uint64(32)
LOW = np.uint64(0xFFFFFFFF)

_FEW = 2048  # values; fewer are sorted sooner by comparison
# Bits to mark a key in; half as many at least. So few keys are kept for nothing.
_BITS_A_KEY = 16
_KEY_BITS = 32


def sort_values(values: NDArray[np.uint64], first_bit: int = 0, n_bits: int = 64) -> None:
    """
    Sort values in place, by some of their bits at least, from the least significant.

    Values that are equal in these bits keep their order, or come to be in the
    order of the other bits.
    """
    if len(values) < _FEW:
        values.sort()
    else:
        kernels.radix_sort(values, np.empty_like(values), first_bit, n_bits)


def pack_repeated(keys: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """
    Return ``key << 32 | place``, increasing, of the keys that occur more than once.

    A few keys that occur once are among them.
    """
    n_words = 1 << max(0, (_BITS_A_KEY * len(keys) // 64).bit_length() - 1)
    seen, again = np.zeros((2, n_words), np.uint64)
    packed = np.empty(len(keys), np.uint64)
    packed = packed[: kernels.pack_repeated(keys, seen, again, packed)].copy()
    sort_values(packed, _KEY_BITS, _KEY_BITS)
    return packed


def rows_of(pairs: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return packed pairs as rows of two texts."""
    return np.stack((pairs >> HALF, pairs & LOW), axis=1).astype(np.int64)


def pack(rows: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return rows of two texts as packed pairs, the lower text first, in the order given."""
    lower = np.minimum(rows[:, 0], rows[:, 1]).astype(np.uint64)
    upper = np.maximum(rows[:, 0], rows[:, 1]).astype(np.uint64)
    return lower << HALF | upper


def pack_distinct(rows: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return rows of two texts as distinct packed pairs, increasing."""
    return distinct(pack(rows[rows[:, 0] != rows[:, 1]]))


def distinct(pairs: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Sort packed pairs in place; return them without repeats."""
    sort_values(pairs)
    are_first = np.ones(len(pairs), bool)
    are_first[1:] = pairs[1:] != pairs[:-1]
    without_repeats: NDArray[np.uint64] = pairs[are_first]
    return without_repeats
