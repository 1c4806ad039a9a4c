"""Token runs to shingle hashes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._kernels import shingling as kernels
from dedupe_news._machine.space import MEMORY
from dedupe_news._machine.threads import run, shares

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._machine.space import Space


def shingle(
    tokens: NDArray[np.uint32],
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    shingle_size: int,
    n_jobs: int,
    space: Space = MEMORY,
) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """
    Hash the shingles of token runs.

    Parameters
    ----------
    tokens : ndarray of uint32, shape (n_tokens,)
        Token hashes.
    starts, stops : ndarray of int64, shape (n_runs,)
        Bounds of each run in `tokens`; no run is empty.
    shingle_size : int
        Tokens in a shingle.
    n_jobs : int
        Threads.
    space : Space
        Gets the shingles.

    Returns
    -------
    shingles : ndarray of uint32, shape (n_shingles,)
        XXH32 of the `shingle_size` little-endian token hashes, in text order,
        repeats included. A run of fewer tokens is one shingle.
    offsets : ndarray of int64, shape (n_runs + 1,)
        Bounds of each run's shingles.
    """
    n_runs = starts.shape[0]
    offsets = np.zeros(n_runs + 1, np.int64)
    np.cumsum(np.maximum(stops - starts - (shingle_size - 1), 1), out=offsets[1:])
    shingles = space.empty(int(offsets[-1]), np.uint32)

    def fill(bounds: tuple[int, int]) -> None:
        kernels.fill_shingles(tokens, starts, stops, shingle_size, *bounds, offsets, shingles)

    run(fill, shares(n_runs, n_jobs), n_jobs)
    return shingles, offsets
