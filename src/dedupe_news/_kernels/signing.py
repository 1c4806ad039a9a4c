"""What slots of an index are found and compared by: band keys, sizes, sketches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._kernels._jit import kernel
from dedupe_news._kernels.hashing import xxh32_words
from dedupe_news._kernels.minhash import sign_one
from dedupe_news._kernels.shingle_sets import fill_set, n_places
from dedupe_news._kernels.verification import SKETCH_WORDS, sketch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._kernels._jit import Integer

SIZE = SKETCH_WORDS
"""Column of the sketches where the number of distinct shingles is: both are asked for together."""

KEY, LINK = 0, 1
"""Columns of the chains: the band key of a slot, and the next older slot of its chain."""


@kernel
def sign_slots(
    first: Integer,
    stop: Integer,
    longest: Integer,
    multipliers: NDArray[np.uint32],
    increments: NDArray[np.uint32],
    rows_per_band: Integer,
    shingle_size: Integer,
    tokens: NDArray[np.uint32],
    starts: NDArray[np.int64],
    sketches: NDArray[np.uint64],
    chains: NDArray[np.uint32],
) -> None:
    """
    Write sketches, sizes and band keys of slots whose tokens are there.

    Parameters
    ----------
    first, stop : int
        The slots.
    longest : int
        Most tokens of any of them.
    multipliers, increments : ndarray of uint32, shape (bands * rows_per_band,)
        The permutations that the bands read.
    rows_per_band, shingle_size : int
        As in `Config`.
    tokens : ndarray of uint32
        Token hashes of all slots, one slot after another.
    starts : ndarray of int64, shape (capacity + 1,)
        Where the tokens of each slot begin.
    sketches : ndarray of uint64, shape (capacity, SKETCH_WORDS + 1)
        Receives sketches as in `dedupe_news._kernels.verification`, and at `SIZE`
        the number of distinct shingles; 0 for slots without tokens, whose keys
        are not written.
    chains : ndarray of uint32, shape (capacity, bands, 2)
        Receives the band keys, at `KEY`.
    """
    minima = np.empty(multipliers.shape[0], np.uint32)
    shingles = np.empty(longest + 1, np.uint32)
    most_places = n_places(longest)
    table = np.empty(most_places, np.uint32)
    seen = np.empty(most_places, np.int32)
    for slot in range(first, stop):
        start = starts[slot]
        length = starts[slot + 1] - start
        for word in range(SKETCH_WORDS + 1):
            sketches[slot, word] = np.uint64(0)
        if length == 0:
            continue
        room = n_places(length)
        size: Integer = fill_set(
            tokens, start, length, shingle_size, table[:room], seen[:room], shingles
        )
        sketches[slot, SIZE] = np.uint64(size)
        for value in shingles[:size]:
            sketch(sketches, slot, value)
        sign_one(shingles, 0, np.int64(size), multipliers, increments, minima)
        for band in range(chains.shape[1]):
            at = band * rows_per_band
            chains[slot, band, KEY] = xxh32_words(minima, at, at + rows_per_band, np.uint32(band))
