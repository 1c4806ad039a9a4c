"""Sorting packed keys: a radix sort, and the keys that occur more than once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._kernels._jit import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._kernels._jit import Integer

_DIGIT_BITS = 11  # 2,048 counters of a pass stay in the first cache
_HALF = np.uint64(32)
_ONE = np.uint64(1)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_PLACE = np.uint64(63)


@kernel
def radix_sort(
    values: NDArray[np.uint64], spare: NDArray[np.uint64], first_bit: Integer, n_bits: Integer
) -> None:
    """
    Sort in place by some bits of the values, equal ones in the order they had.

    Without comparisons: unlike the vectorised sort of numpy it is as fast on
    processors that store compressed vectors slowly. `spare` is overwritten.
    """
    n = values.shape[0]
    n_passes = (n_bits + _DIGIT_BITS - 1) // _DIGIT_BITS
    width = (n_bits + n_passes - 1) // n_passes
    mask = np.uint64((1 << width) - 1)
    wanted = _ALL >> np.uint64(64 - n_bits)
    counts = np.zeros((n_passes, 1 << width), np.int64)
    for at in range(n):
        rest = (values[at] >> np.uint64(first_bit)) & wanted
        for number in range(n_passes):
            counts[number, np.intp(rest & mask)] += 1
            rest >>= np.uint64(width)
    for number in range(n_passes):
        total = np.int64(0)
        for digit in range(1 << width):
            count = counts[number, digit]
            counts[number, digit] = total
            total += count
    for number in range(n_passes):
        shift = np.uint64(first_bit + number * width)
        mask = np.uint64((1 << min(width, n_bits - number * width)) - 1)
        # No array is replaced in the loop, which would cost a count of its references.
        if number & 1:
            for at in range(n):
                which = np.intp((spare[at] >> shift) & mask)
                values[np.uintp(counts[number, which])] = spare[at]
                counts[number, which] += 1
        else:
            for at in range(n):
                which = np.intp((values[at] >> shift) & mask)
                spare[np.uintp(counts[number, which])] = values[at]
                counts[number, which] += 1
    if n_passes & 1:
        for at in range(n):
            values[at] = spare[at]


@kernel
def pack_repeated(
    keys: NDArray[np.uint32],
    seen: NDArray[np.uint64],
    again: NDArray[np.uint64],
    packed: NDArray[np.uint64],
) -> Integer:
    """
    Write ``key << 32 | place`` of the keys that may occur more than once; return how many.

    The low bits of the keys must be evenly spread, as those of a hash are. `seen`
    and `again` are zeros of a power of two of words; keys that share a bit there
    with another are written though they occur once.
    """
    mask = np.uint32(64 * seen.shape[0] - 1)
    for at in range(keys.shape[0]):
        bit = np.uint64(keys[at] & mask)
        word = np.uintp(bit >> np.uint64(6))
        one = _ONE << (bit & _PLACE)
        again[word] |= seen[word] & one
        seen[word] |= one
    n = np.int64(0)
    for at in range(keys.shape[0]):
        bit = np.uint64(keys[at] & mask)
        packed[n] = np.uint64(keys[at]) << _HALF | np.uint64(at)
        n += np.int64((again[np.uintp(bit >> np.uint64(6))] >> (bit & _PLACE)) & _ONE)
    return n
