"""MinHash buckets of the leaders of an index: who has about the same words, however common."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe_news._kernels._jit import inlined, kernel
from dedupe_news._kernels.minhash import sign_one
from dedupe_news._kernels.tables import n_shingles, shingle_at

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._kernels._jit import Integer
    from dedupe_news._kernels.tables import Tables

BANDS, ROWS_PER_BAND = 24, 2
"""As in a batch: see `dedupe_news._engine.candidates`."""

N_PERM = BANDS * ROWS_PER_BAND

MOST_LEADERS = 8
"""Leaders of a bucket that are met: the newest."""

LEAST_EQUAL = 5
"""Components of two signatures that must be equal: about 2 are of texts without a common word."""


class Buckets(NamedTuple):
    """
    Leaders by bucket: of each chain the newest first.

    Parameters
    ----------
    heads : ndarray of int32, shape (BANDS, n_heads)
        Newest leader of each chain, or -1; `n_heads` is a power of two.
    links : ndarray of int32, shape (capacity, BANDS)
        The next older slot of each one's chains, or -1.
    signatures : ndarray of uint8, shape (capacity, N_PERM)
        Low bytes of the MinHash values of slots that lead or led.
    multipliers, increments : ndarray of uint32, shape (N_PERM,)
        The permutations.
    """

    heads: NDArray[np.int32]
    links: NDArray[np.int32]
    signatures: NDArray[np.uint8]
    multipliers: NDArray[np.uint32]
    increments: NDArray[np.uint32]


@kernel
def sign(
    buckets: Buckets,
    tokens: NDArray[np.uint32],
    start: Integer,
    length: Integer,
    shingles: NDArray[np.uint32],
    signature: NDArray[np.uint32],
) -> None:
    """Write the MinHash signature of a text; `shingles` has room for them."""
    n = n_shingles(length)
    for at in range(n):
        shingles[at] = shingle_at(tokens, start, length, at)
    sign_one(shingles, 0, n, buckets.multipliers, buckets.increments, signature)


@inlined
def _head(buckets: Buckets, signature: NDArray[np.uint32], band: Integer) -> Integer:
    first, second = signature[2 * band], signature[2 * band + 1]
    mixed = np.uint32(first * np.uint32(2654435761)) ^ np.uint32(second * np.uint32(2246822519))
    mixed ^= mixed >> np.uint32(15)
    return np.int64(mixed & np.uint32(buckets.heads.shape[1] - 1))


@inlined
def link_leader(buckets: Buckets, slot: Integer, signature: NDArray[np.uint32]) -> None:
    """Chain a leader in its buckets, where it is not chained already."""
    for row in range(N_PERM):
        buckets.signatures[slot, row] = np.uint8(signature[row] & np.uint32(255))
    for band in range(BANDS):
        head = _head(buckets, signature, band)
        before: Integer = np.int64(-1)
        after = np.int64(buckets.heads[band, head])
        while after > slot:
            before, after = after, np.int64(buckets.links[after, band])
        if after == slot:
            continue
        buckets.links[slot, band] = after
        if before < 0:
            buckets.heads[band, head] = slot
        else:
            buckets.links[before, band] = slot


@inlined
def n_equal(buckets: Buckets, slot: Integer, signature: NDArray[np.uint32]) -> Integer:
    """Return how many components of two signatures are equal."""
    n = 0
    for row in range(N_PERM):
        n += buckets.signatures[slot, row] == np.uint8(signature[row] & np.uint32(255))
    return n


@inlined
def next_in_bucket(
    tables: Tables,
    buckets: Buckets,
    signature: NDArray[np.uint32],
    band: Integer,
    after: Integer,
) -> Integer:
    """Return the next older leader of a bucket, -1 after the last; `after` is -1 for the first."""
    if after < 0:
        slot = np.int64(buckets.heads[band, _head(buckets, signature, band)])
    else:
        slot = np.int64(buckets.links[after, band])
    first = np.uint8(signature[2 * band] & np.uint32(255))
    second = np.uint8(signature[2 * band + 1] & np.uint32(255))
    while slot >= 0:
        is_same = (
            buckets.signatures[slot, 2 * band] == first
            and buckets.signatures[slot, 2 * band + 1] == second
        )
        if is_same and tables.leads[slot]:
            return slot
        slot = np.int64(buckets.links[slot, band])
    return np.int64(-1)
