"""Pairs of texts within buckets, and whether they share enough to be compared further."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe_news._kernels._jit import inlined, kernel
from dedupe_news._kernels.verification import share_enough

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._kernels._jit import Integer
    from dedupe_news._kernels.verification import ShingleSets

_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


class Bounds(NamedTuple):
    """
    What keeps the work linear in the number of texts, and what two texts must share.

    All texts of a bucket of at most `bucket_size` are paired; in a larger one,
    each with the `first_texts` and with the `previous_texts` before it. A pair
    must reach `least_jaccard` or `least_containment`.
    """

    bucket_size: int
    first_texts: int
    previous_texts: int
    least_jaccard: float
    least_containment: float


@inlined
def _share_earlier_bucket(
    keys: NDArray[np.uint32], is_crowded: NDArray[np.uint8], band: Integer, i: Integer, j: Integer
) -> bool:
    """Return whether two texts have met in an earlier band, in a bucket that is not large."""
    if is_crowded[i] and is_crowded[j]:
        return False
    for earlier in range(band):
        if keys[i, earlier] == keys[j, earlier]:
            return True
    return False


@kernel
def match_buckets(
    packed: NDArray[np.uint64],
    keys: NDArray[np.uint32],
    band: Integer,
    is_crowded: NDArray[np.uint8],
    sets: ShingleSets,
    bounds: Bounds,
    pairs: NDArray[np.uint64],
) -> tuple[int, int]:
    """
    Write the pairs of one band that share enough, ``text << 32 | larger number``; count them.

    Returns how many share enough, and how many were compared.

    `packed` has ``key << 32 | text``, the texts of a bucket one after another, in the order
    in which they meet; `keys`, shape (n_texts, n_bands), tell which pairs have met in an
    earlier band; `is_crowded` marks the texts of large buckets of any band. `pairs` are
    written as far as there is room, and counted beyond it.
    """
    # A kernel that replaced `pairs` by a longer array would run three times as long.
    n_pairs = n_compared = 0
    begin: Integer = 0
    n = packed.shape[0]
    while begin < n:
        end = begin + 1
        key = packed[begin] >> _HALF
        while end < n and packed[end] >> _HALF == key:
            end += 1
        is_large = end - begin > bounds.bucket_size
        for q in range(begin + 1, end):
            first_stop: Integer = q
            previous: Integer = q
            if is_large:
                first_stop = min(begin + bounds.first_texts, q)
                previous = max(first_stop, q - bounds.previous_texts)
            p: Integer = begin
            while True:
                if p == first_stop:
                    p = previous
                if p >= q:
                    break
                i = np.int64(min(packed[p] & _LOW, packed[q] & _LOW))
                j = np.int64(max(packed[p] & _LOW, packed[q] & _LOW))
                p += 1
                if _share_earlier_bucket(keys, is_crowded, band, i, j):
                    continue
                n_compared += 1
                if share_enough(sets, i, j, bounds.least_jaccard, bounds.least_containment):
                    if n_pairs < pairs.shape[0]:
                        pairs[n_pairs] = np.uint64(i) << _HALF | np.uint64(j)
                    n_pairs += 1
        begin = end
    return n_pairs, n_compared


@kernel
def keep_similar(
    pairs: NDArray[np.uint64], sets: ShingleSets, bounds: Bounds, similar: NDArray[np.uint64]
) -> int:
    """Copy the packed pairs that share enough; return how many."""
    n = 0
    for at in range(pairs.shape[0]):
        i = np.int64(pairs[at] >> _HALF)
        j = np.int64(pairs[at] & _LOW)
        if share_enough(sets, i, j, bounds.least_jaccard, bounds.least_containment):
            similar[n] = pairs[at]
            n += 1
    return n
