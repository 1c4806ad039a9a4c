"""Pairs within buckets, and whether they share enough to be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._kernels._jit import kernel
from dedupe_news._kernels.banding import bucket_stop
from dedupe_news._kernels.verification import count_shared

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._kernels._jit import Integer

_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


@kernel
def count_bucket_pairs(
    packed: NDArray[np.uint64], bounds: NDArray[np.int64], counts: NDArray[np.int64]
) -> None:
    """
    Count the pairs that `fill_bucket_pairs` writes.

    `bounds` are the most texts of a bucket that are all paired, and how many
    of the first and of the previous texts each one is paired with in larger
    buckets. `counts` receives the pairs, the large buckets, and the pairs that
    are left out in them.
    """
    limit, n_first, n_previous = bounds
    begin: Integer = 0
    n = packed.shape[0]
    while begin < n:
        end = bucket_stop(packed, begin)
        size = end - begin
        n_all = size * (size - 1) // 2
        if size <= limit:
            counts[0] += n_all
        else:
            n_near = min(size, n_first + n_previous)
            n_paired = n_near * (n_near - 1) // 2 + n_near * (size - n_near)
            counts[0] += n_paired
            counts[1] += 1
            counts[2] += n_all - n_paired
        begin = end


@kernel
def fill_bucket_pairs(
    packed: NDArray[np.uint64],
    bounds: NDArray[np.int64],
    members: NDArray[np.int64],
    pairs: NDArray[np.uint64],
) -> None:
    """
    Write ``text << 32 | later text`` of the pairs of one band, as many as were counted.

    `packed` counts the places in `members`, which are increasing.
    """
    limit, n_first, n_previous = bounds
    n_pairs = 0
    begin: Integer = 0
    n = packed.shape[0]
    while begin < n:
        end = bucket_stop(packed, begin)
        is_large = end - begin > limit
        for q in range(begin + 1, end):
            later = np.uint64(members[packed[q] & _LOW])
            first_stop = min(begin + n_first, q) if is_large else q
            for p in range(begin, first_stop):
                earlier = np.uint64(members[packed[p] & _LOW])
                pairs[n_pairs] = earlier << _HALF | later
                n_pairs += 1
            for p in range(max(first_stop, q - n_previous), q):
                earlier = np.uint64(members[packed[p] & _LOW])
                pairs[n_pairs] = earlier << _HALF | later
                n_pairs += 1
        begin = end


@kernel
def keep_similar(
    pairs: NDArray[np.uint64],
    shingles: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    sizes: NDArray[np.int32],
    least_jaccard: float,
    least_containment: float,
    kept: NDArray[np.uint64],
) -> int:
    """Copy the pairs of sorted sets that reach either bound; return how many."""
    n = 0
    for at in range(pairs.shape[0]):
        i = np.int64(pairs[at] >> _HALF)
        j = np.int64(pairs[at] & _LOW)
        a = np.int64(sizes[i])
        b = np.int64(sizes[j])
        shared = count_shared(shingles, offsets[i], offsets[i] + a, offsets[j], offsets[j] + b)
        if shared >= least_jaccard * (a + b - shared) or shared >= least_containment * min(a, b):
            kept[n] = pairs[at]
            n += 1
    return n
