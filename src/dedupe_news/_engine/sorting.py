"""Sorting hashes into runs of equal ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._kernels import sorting as kernels

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FEW = 2048
"""Fewer values are sorted sooner by comparison."""

_BITS_A_KEY = 16
"""Most bits to mark a key in, and half as many at least: so few keys are kept for nothing."""

_KEY_BITS = 32


def sort_values(values: NDArray[np.uint64], first_bit: int = 0, n_bits: int = 64) -> None:
    """
    Sort values in place, by some of their bits at least.

    Parameters
    ----------
    values : ndarray of uint64, shape (n,)
        Sorted by the bits named. Those equal in these bits keep their order,
        or come to be in the order of the other bits.
    first_bit, n_bits : int, default 0 and 64
        The bits, from the least significant.
    """
    if len(values) < _FEW:
        values.sort()
    else:
        kernels.radix_sort(values, np.empty_like(values), first_bit, n_bits)


def pack_repeated(keys: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """
    Return the keys that occur more than once, sorted, with their places.

    Parameters
    ----------
    keys : ndarray of uint32, shape (n,)
        Hashes.

    Returns
    -------
    ndarray of uint64
        ``key << 32 | place``, increasing: all places of each key that occurs
        more than once, and a few keys that occur once.
    """
    n_words = 1 << max(0, (_BITS_A_KEY * len(keys) // 64).bit_length() - 1)
    seen, again = np.zeros((2, n_words), np.uint64)
    packed = np.empty(len(keys), np.uint64)
    packed = packed[: kernels.pack_repeated(keys, seen, again, packed)].copy()
    sort_values(packed, _KEY_BITS, _KEY_BITS)
    return packed
