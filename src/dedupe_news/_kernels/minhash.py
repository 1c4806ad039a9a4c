"""MinHash signatures and band keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._kernels._jit import inlined, kernel
from dedupe_news._kernels.hashing import xxh32_words

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._kernels._jit import Integer

_U32 = np.uint32


@inlined
def _finalise(x: np.uint32) -> np.uint32:
    """Mix one shingle hash with the 32-bit finaliser of MurmurHash3."""
    x = _U32(x ^ _U32(x >> _U32(16)))
    x = _U32(x * _U32(0x85EBCA6B))
    x = _U32(x ^ _U32(x >> _U32(13)))
    x = _U32(x * _U32(0xC2B2AE35))
    return _U32(x ^ _U32(x >> _U32(16)))


@inlined
def sign_one(
    shingles: NDArray[np.uint32],
    start: Integer,
    stop: Integer,
    multipliers: NDArray[np.uint32],
    increments: NDArray[np.uint32],
    minima: NDArray[np.uint32],
) -> None:
    """Write the signature of the shingle set ``shingles[start:stop]``, repeats allowed."""
    # Four shingles a pass: the minima are then loaded and stored a quarter as
    # often. The tail repeats its last shingle, which no minimum notices.
    n_values = minima.shape[0]
    for j in range(n_values):
        minima[j] = _U32(0xFFFFFFFF)
    last = stop - 1
    at = start
    while at < stop:
        x1 = _finalise(shingles[at])
        x2 = _finalise(shingles[min(at + 1, last)])
        x3 = _finalise(shingles[min(at + 2, last)])
        x4 = _finalise(shingles[min(at + 3, last)])
        for j in range(n_values):
            a = multipliers[j]
            b = increments[j]
            low = min(_U32(_U32(a * x1) + b), _U32(_U32(a * x2) + b))
            high = min(_U32(_U32(a * x3) + b), _U32(_U32(a * x4) + b))
            minima[j] = min(minima[j], low, high)
        at += 4


@kernel
def fill_signatures(
    shingles: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    multipliers: NDArray[np.uint32],
    increments: NDArray[np.uint32],
    start: Integer,
    stop: Integer,
    signatures: NDArray[np.uint32],
) -> None:
    """
    Write the signatures of shingle sets ``start`` to ``stop - 1``.

    Value ``j`` is the minimum over the shingles ``x`` of ``(multipliers[j] *
    mix(x) + increments[j]) mod 2**32``, with ``mix`` the 32-bit finaliser of
    MurmurHash3: the scheme ``affine32`` of datasketch 2.0. An empty set gets
    2**32 - 1 throughout.
    """
    for i in range(start, stop):
        sign_one(shingles, offsets[i], offsets[i + 1], multipliers, increments, signatures[i])


@kernel
def fill_band_keys(
    shingles: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    multipliers: NDArray[np.uint32],
    increments: NDArray[np.uint32],
    rows_per_band: Integer,
    start: Integer,
    stop: Integer,
    keys: NDArray[np.uint32],
) -> None:
    """
    Write the band keys of shingle sets ``start`` to ``stop - 1``.

    The key of band ``b`` is XXH32, seed ``b``, of the little-endian signature
    values ``b * rows_per_band`` to ``(b + 1) * rows_per_band - 1``. No
    signature is kept, and values that no band reads are not computed.
    """
    minima = np.empty(multipliers.shape[0], np.uint32)
    for i in range(start, stop):
        sign_one(shingles, offsets[i], offsets[i + 1], multipliers, increments, minima)
        for band in range(keys.shape[1]):
            at = band * rows_per_band
            keys[i, band] = xxh32_words(minima, at, at + rows_per_band, _U32(band))
