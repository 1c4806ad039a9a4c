"""MinHash buckets of the leaders of an index: who has about the same words, however common."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe_news._kernels._jit import inlined, kernel
from dedupe_news._kernels.hashing import xxh32_shingle, xxh32_words
from dedupe_news._kernels.minhash import sign_one

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._kernels._jit import Integer

KEY_BYTES = 4
"""Components of a band that are bytes of its key."""

_LOW_BYTE = np.uint32(255)


class Buckets(NamedTuple):
    """
    Leaders by bucket: of each chain the newest first.

    Parameters
    ----------
    heads : ndarray of int32, shape (n_bands, n_heads)
        Newest leader of each chain, or -1; `n_heads` is a power of two.
    links : ndarray of int32, shape (capacity, n_bands)
        The next older row of each one's chains, or -1.
    signatures : ndarray of uint8, shape (capacity, signature_size)
        Components of rows that lead or led, as many for each band: low bytes of
        their MinHash values, or the bytes of their band keys.
    multipliers, increments : ndarray of uint32, shape (num_perm,)
        The permutations.
    shingle_size : int
        Tokens of a shingle; a shorter text is one shingle.
    has_keys : bool
        Whether components are bytes of band keys. Only these tell exactly who is
        in a bucket; values tell about how many shingles are shared, too.
    """

    heads: NDArray[np.int32]
    links: NDArray[np.int32]
    signatures: NDArray[np.uint8]
    multipliers: NDArray[np.uint32]
    increments: NDArray[np.uint32]
    shingle_size: Integer
    has_keys: bool


@kernel
def sign(
    buckets: Buckets,
    tokens: NDArray[np.uint32],
    start: Integer,
    length: Integer,
    shingles: NDArray[np.uint32],
    signature: NDArray[np.uint32],
) -> None:
    """Write the components of a text's signature; `shingles` has room for its shingles."""
    size = np.int64(buckets.shingle_size)
    n = max(np.int64(length) - size + 1, np.int64(1))
    width = min(size, np.int64(length))
    for at in range(n):
        shingles[at] = xxh32_shingle(tokens, start + at, width)
    if not buckets.has_keys:
        sign_one(shingles, 0, n, buckets.multipliers, buckets.increments, signature)
        return
    values = np.empty(buckets.multipliers.shape[0], np.uint32)
    sign_one(shingles, 0, n, buckets.multipliers, buckets.increments, values)
    n_bands = buckets.heads.shape[0]
    n_rows = values.shape[0] // n_bands
    for band in range(n_bands):
        key = xxh32_words(values, band * n_rows, (band + 1) * n_rows, np.uint32(band))
        for at in range(KEY_BYTES):
            signature[band * KEY_BYTES + at] = (key >> np.uint32(8 * at)) & _LOW_BYTE


@inlined
def _head(buckets: Buckets, signature: NDArray[np.uint32], band: Integer) -> Integer:
    """Return the chain of a band."""
    n_rows = buckets.signatures.shape[1] // buckets.heads.shape[0]
    mixed = np.uint32(0)
    for at in range(band * n_rows, (band + 1) * n_rows):
        mixed = np.uint32((mixed ^ signature[at]) * np.uint32(2654435761))
        mixed ^= mixed >> np.uint32(15)
    return np.int64(mixed & np.uint32(buckets.heads.shape[1] - 1))


@inlined
def link_leader(buckets: Buckets, row: Integer, signature: NDArray[np.uint32]) -> None:
    """Chain a leader in its buckets, where it is not chained already."""
    for at in range(signature.shape[0]):
        buckets.signatures[row, at] = np.uint8(signature[at] & _LOW_BYTE)
    for band in range(buckets.heads.shape[0]):
        head = _head(buckets, signature, band)
        newer: Integer = np.int64(-1)
        older = np.int64(buckets.heads[band, head])
        while older > row:
            newer, older = older, np.int64(buckets.links[older, band])
        if older == row:
            continue
        buckets.links[row, band] = older
        if newer < 0:
            buckets.heads[band, head] = row
        else:
            buckets.links[newer, band] = row


@inlined
def n_equal(buckets: Buckets, row: Integer, signature: NDArray[np.uint32]) -> Integer:
    """Return how many components of two signatures are equal."""
    n = 0
    for at in range(signature.shape[0]):
        n += buckets.signatures[row, at] == np.uint8(signature[at] & _LOW_BYTE)
    return n


@inlined
def shares_band(
    buckets: Buckets, row: Integer, signature: NDArray[np.uint32], band: Integer
) -> bool:
    """Return whether a leader has the components of a band, as far as they are kept."""
    n_rows = buckets.signatures.shape[1] // buckets.heads.shape[0]
    for at in range(band * n_rows, (band + 1) * n_rows):
        if buckets.signatures[row, at] != np.uint8(signature[at] & _LOW_BYTE):
            return False
    return True


@inlined
def next_in_bucket(
    leads: NDArray[np.uint8],
    buckets: Buckets,
    signature: NDArray[np.uint32],
    band: Integer,
    after: Integer,
) -> Integer:
    """Return the next older leader of a bucket, -1 after the last; `after` is -1 for the first."""
    if after < 0:
        row = np.int64(buckets.heads[band, _head(buckets, signature, band)])
    else:
        row = np.int64(buckets.links[after, band])
    while row >= 0:
        if shares_band(buckets, row, signature, band) and leads[row]:
            return row
        row = np.int64(buckets.links[row, band])
    return np.int64(-1)
