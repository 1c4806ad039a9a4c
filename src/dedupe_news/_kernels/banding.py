"""Buckets: documents that share a band key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._kernels._jit import inlined, kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._kernels._jit import Integer

_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


@inlined
def bucket_stop(packed: NDArray[np.uint64], begin: Integer) -> Integer:
    """
    Return where the bucket that starts at `begin` ends.

    Parameters
    ----------
    packed : ndarray of uint64, shape (n,)
        Sorted packed keys.
    begin : int
        Start of a bucket.

    Returns
    -------
    int
        One past its last member.
    """
    end = begin + 1
    key = packed[begin] >> _HALF
    while end < packed.shape[0] and packed[end] >> _HALF == key:
        end += 1
    return end


@kernel
def mark_shared(packed: NDArray[np.uint64], shared: NDArray[np.uint8]) -> None:
    """
    Mark every set that shares a bucket with another.

    Parameters
    ----------
    packed : ndarray of uint64, shape (n_packed,)
        Sorted packed keys of one band.
    shared : ndarray of uint8, shape (n_sets,)
        Receives 1 for such sets; others keep what they have, so that threads
        may mark several bands at once.
    """
    for at in range(1, packed.shape[0]):
        if packed[at] >> _HALF == packed[at - 1] >> _HALF:
            shared[packed[at] & _LOW] = 1
            shared[packed[at - 1] & _LOW] = 1


@kernel
def large_buckets(packed: NDArray[np.uint64], limit: Integer) -> NDArray[np.int64]:
    """
    Return the buckets of more than `limit` members.

    Parameters
    ----------
    packed : ndarray of uint64, shape (n_packed,)
        Sorted packed keys of one band.
    limit : int
        Largest size that is not returned.

    Returns
    -------
    ndarray of int64, shape (n_buckets, 2)
        Bounds of each in `packed`.
    """
    n = packed.shape[0]
    n_found = 0
    for fill in range(2):
        found = np.empty((n_found, 2), np.int64)
        n_found = 0
        begin: Integer = 0
        while begin < n:
            # A bucket reaches past the limit only if the member there has its key.
            if begin + limit < n and packed[begin + limit] >> _HALF == packed[begin] >> _HALF:
                end = bucket_stop(packed, begin)
                if fill == 1:
                    found[n_found, 0] = begin
                    found[n_found, 1] = end
                n_found += 1
                begin = end
            else:
                begin += 1
                while begin < n and packed[begin] >> _HALF == packed[begin - 1] >> _HALF:
                    begin += 1
    return found
