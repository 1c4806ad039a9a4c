"""Exact comparison of shingle sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._kernels._jit import inlined, kernel
from dedupe_news._kernels.banding import bucket_stop
from dedupe_news._kernels.bits import count_ones

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._kernels._jit import Integer

_LOW = np.uint64(0xFFFFFFFF)
_STRIDE = 8  # steps between two looks at whether the end can still be reached
_MOST_RANKED = 192  # values; of more, to compare all with all takes as long as to sort them
SKETCH_WORDS = 2
"""Words of 64 bits in the sketch of a set."""


@inlined
def _sort_distinct(values: NDArray[np.uint32], ranked: NDArray[np.uint32]) -> Integer:
    """Sort values in place without repeats; return how many there are."""
    n = values.shape[0]
    if n <= ranked.shape[0]:
        return _rank(values, ranked)
    _sort(values)
    n_kept = 0
    for at in range(n):
        if at == 0 or values[at] != values[n_kept - 1]:
            values[n_kept] = values[at]
            n_kept += 1
    return n_kept


@inlined
def _rank(values: NDArray[np.uint32], ranked: NDArray[np.uint32]) -> Integer:
    """Sort a few values: the place of each is the number of those below it."""
    # Compared with several at once, and without a branch that could be guessed wrongly: in a
    # quarter of the time of a sort.
    n = values.shape[0]
    taken = np.zeros(n, np.uint8)
    for value in values:
        rank = np.uint32(0)
        for at in range(n):
            rank += np.uint32(values[at] < value)
        ranked[rank] = value
        taken[rank] = 1
    n_kept = 0
    for at in range(n):
        if taken[at]:
            values[n_kept] = ranked[at]
            n_kept += 1
    return n_kept


@inlined
def _sort(values: NDArray[np.uint32]) -> None:
    """Sort in place, by Shell's method with Tokuda's gaps."""
    # The library's own sort takes seconds to compile.
    n = values.shape[0]
    gap = 1
    while gap < n:
        gap = (gap * 9 + 8) // 4
    while gap > 1:
        gap = (gap * 4 - 4) // 9
        for i in range(gap, n):
            value = values[i]
            j = i - gap
            while j >= 0 and values[j] > value:
                values[j + gap] = values[j]
                j -= gap
            values[j + gap] = value


@inlined
def sketch(sketches: NDArray[np.uint64], i: Integer, value: np.uint32) -> None:
    """
    Add a shingle to the sketch of a set.

    Parameters
    ----------
    sketches : ndarray of uint64, shape (n_sets, SKETCH_WORDS)
        One bit for each shingle, at the place that its hash says.
    i : int
        The set.
    value : uint32
        The hash.
    """
    place = np.uint64(value) >> np.uint64(6) & np.uint64(SKETCH_WORDS - 1)
    sketches[i, place] |= np.uint64(1) << (np.uint64(value) & np.uint64(63))


@inlined
def most_shared(
    sketches: NDArray[np.uint64], i: Integer, j: Integer, a: Integer, b: Integer
) -> Integer:
    """
    Return a number that the intersection of two sets cannot exceed.

    Parameters
    ----------
    sketches : ndarray of uint64, shape (n_sets, SKETCH_WORDS)
        Sketches of the sets.
    i, j : int
        The sets.
    a, b : int
        Their sizes.

    Returns
    -------
    int
        Each bit that only one of them has stands for a shingle, or several,
        that the other lacks.
    """
    for word in range(SKETCH_WORDS):
        left = sketches[i, word]
        right = sketches[j, word]
        a -= count_ones(left & ~right)
        b -= count_ones(right & ~left)
    return min(a, b)


@kernel
def sort_sets(
    shingles: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    wanted: NDArray[np.uint8],
    start: Integer,
    stop: Integer,
    sizes: NDArray[np.int32],
    sketches: NDArray[np.uint64],
) -> None:
    """
    Turn the wanted runs of shingle hashes into sorted sets, in place.

    Parameters
    ----------
    shingles : ndarray of uint32, shape (n_shingles,)
        Shingle hashes; run ``i`` becomes ``sizes[i]`` increasing values at
        its start.
    offsets : ndarray of int64, shape (n_sets + 1,)
        Bounds of the runs.
    wanted : ndarray of uint8, shape (n_sets,)
        Runs to sort; the others stay as they are and get size 0.
    start, stop : int
        Runs to do.
    sizes : ndarray of int32, shape (n_sets,)
        Receives the number of distinct hashes.
    sketches : ndarray of uint64, shape (n_sets, SKETCH_WORDS)
        Receives the sketches of the wanted runs.
    """
    ranked = np.empty(_MOST_RANKED, np.uint32)
    for i in range(start, stop):
        sizes[i] = 0
        if wanted[i] == 0:
            continue
        for word in range(SKETCH_WORDS):
            sketches[i, word] = np.uint64(0)
        own = shingles[offsets[i] : offsets[i + 1]]
        size: Integer = _sort_distinct(own, ranked)
        for value in own[:size]:
            sketch(sketches, i, value)
        sizes[i] = size


@inlined
def _count_up_to(
    shingles: NDArray[np.uint32],
    left: Integer,
    left_stop: Integer,
    right: Integer,
    right_stop: Integer,
    least: Integer,
) -> Integer:
    """
    Return the size of the intersection of two sorted sets if it can reach `least`.

    Parameters
    ----------
    shingles : ndarray of uint32, shape (n_shingles,)
        Holds both sets.
    left, left_stop, right, right_stop : int
        Bounds of the sets, each of increasing values.
    least : int
        Smallest size that matters.

    Returns
    -------
    int
        Number of values in both; fewer, and below `least`, where it was clear
        early that they do not reach it.
    """
    i = np.uintp(left)
    j = np.uintp(right)
    i_stop = np.uintp(left_stop)
    j_stop = np.uintp(right_stop)
    shared = np.int64(0)
    while i < i_stop and j < j_stop:
        ahead = min(np.int64(i_stop - i), np.int64(j_stop - j))
        if shared + ahead < least:
            break
        # So many steps cannot leave either set. They have no branches on the
        # data: the order of two hashes is a coin toss.
        for _ in range(min(ahead, np.int64(_STRIDE))):
            a = shingles[i]
            b = shingles[j]
            shared += np.int64(a == b)
            i += np.uintp(a <= b)
            j += np.uintp(b <= a)
    return shared


@inlined
def count_shared(
    shingles: NDArray[np.uint32],
    left: Integer,
    left_stop: Integer,
    right: Integer,
    right_stop: Integer,
) -> Integer:
    """
    Return the size of the intersection of two sorted sets.

    Parameters
    ----------
    shingles : ndarray of uint32, shape (n_shingles,)
        Holds both sets.
    left, left_stop, right, right_stop : int
        Bounds of the sets, each of increasing values.

    Returns
    -------
    int
        Number of values in both.
    """
    return _count_up_to(shingles, left, left_stop, right, right_stop, 0)


@inlined
def _least_shared(a: Integer, b: Integer, threshold: float) -> Integer:
    # Rounded down, so that what is left early is left for certain.
    return np.int64((a + b) * (threshold / (1.0 + threshold)))


@inlined
def jaccard_of(
    shingles: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    sizes: NDArray[np.int32],
    sketches: NDArray[np.uint64],
    i: Integer,
    j: Integer,
    threshold: float,
) -> Integer:
    """
    Return how many shingles two sets share, or -1 below `threshold`.

    Parameters
    ----------
    shingles, offsets, sizes, sketches : ndarray of uint32, int64, int32, uint64
        Sorted sets, as `sort_sets` leaves them; neither is empty.
    i, j : int
        The sets.
    threshold : float
        Least Jaccard similarity, inclusive.

    Returns
    -------
    int
        Size of the intersection where ``shared / union >= threshold`` in
        float64, else -1.
    """
    a = np.int64(sizes[i])
    b = np.int64(sizes[j])
    least = _least_shared(a, b, threshold)
    if most_shared(sketches, i, j, a, b) < least:
        return -1
    shared = _count_up_to(shingles, offsets[i], offsets[i] + a, offsets[j], offsets[j] + b, least)
    if shared / (a + b - shared) < threshold:
        return -1
    return shared


@inlined
def _met_before(
    keys: NDArray[np.uint32], in_large: NDArray[np.uint8], band: Integer, i: Integer, j: Integer
) -> bool:
    for earlier in range(band):
        if keys[i, earlier] == keys[j, earlier] and (
            in_large.shape[0] == 0 or in_large[i, earlier] == 0
        ):
            return True
    return False


@kernel
def match_buckets(
    packed: NDArray[np.uint64],
    keys: NDArray[np.uint32],
    in_large: NDArray[np.uint8],
    band: Integer,
    limit: Integer,
    shingles: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    sizes: NDArray[np.int32],
    sketches: NDArray[np.uint64],
    threshold: float,
    found: NDArray[np.int64],
) -> tuple[Integer, Integer]:
    """
    Verify the candidate pairs that meet first in one band.

    Parameters
    ----------
    packed : ndarray of uint64, shape (n_sets,)
        Sorted packed keys of the band.
    keys : ndarray of uint32, shape (n_sets, bands)
        Band keys; a pair that shares an earlier one was seen there.
    in_large : ndarray of uint8, shape (n_sets, bands) or (0, 0)
        1 where a set's bucket was too large, so that its pairs were not seen
        there; of no rows where there is no such bucket.
    band : int
        The band of `packed`.
    limit : int
        Buckets of more members are passed over.
    shingles, offsets, sizes, sketches : ndarray of uint32, int64, int32, uint64
        Sorted sets, as `sort_sets` leaves them.
    threshold : float
        Least Jaccard similarity, inclusive.

    found : ndarray of int64, shape (n_rows, 3)
        Receives the matches, as far as there is room: set, later set, size of
        their intersection. A kernel that replaced it by a longer one would
        run three times as long.

    Returns
    -------
    n_matches : int
        Also those beyond the room.
    n_candidates : int
        Pairs compared.
    """
    n_found = 0
    n_candidates = 0
    begin: Integer = 0
    n = packed.shape[0]
    while begin < n:
        end = bucket_stop(packed, begin)
        if end - begin <= limit:
            for p in range(begin, end - 1):
                i = np.int64(packed[p] & _LOW)
                for q in range(p + 1, end):
                    j = np.int64(packed[q] & _LOW)
                    if _met_before(keys, in_large, band, i, j):
                        continue
                    n_candidates += 1
                    shared = jaccard_of(shingles, offsets, sizes, sketches, i, j, threshold)
                    if shared < 0:
                        continue
                    if n_found < found.shape[0]:
                        found[n_found, 0] = i
                        found[n_found, 1] = j
                        found[n_found, 2] = shared
                    n_found += 1
        begin = end
    return n_found, n_candidates


@kernel
def fill_shared(
    pairs: NDArray[np.uint64],
    shingles: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    sizes: NDArray[np.int32],
    start: Integer,
    stop: Integer,
    shared: NDArray[np.int64],
) -> None:
    """
    Write the size of the intersection of pairs ``start`` to ``stop - 1``.

    Parameters
    ----------
    pairs : ndarray of uint64, shape (n_pairs,)
        ``set << 32 | other set``.
    shingles, offsets, sizes : ndarray of uint32, int64, int32
        Sorted sets, as `sort_sets` leaves them.
    start, stop : int
        Pairs to do.
    shared : ndarray of int64, shape (n_pairs,)
        Receives the sizes.
    """
    for at in range(start, stop):
        i = np.int64(pairs[at] >> np.uint64(32))
        j = np.int64(pairs[at] & _LOW)
        shared[at] = count_shared(
            shingles, offsets[i], offsets[i] + sizes[i], offsets[j], offsets[j] + sizes[j]
        )
