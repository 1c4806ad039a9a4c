"""MinHash signatures and band keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe_news._engine.permutations import coefficients
from dedupe_news._kernels import minhash as kernels
from dedupe_news._machine.space import MEMORY
from dedupe_news._machine.threads import run, shares

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._machine.space import Space
    from dedupe_news.config import Config


class Banding(NamedTuple):
    """Bands and rows, and the permutations that they are made from; as `Config` has them."""

    bands: int
    rows_per_band: int
    num_perm: int
    seed: int


def sign(
    shingles: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    num_perm: int,
    seed: int,
    n_jobs: int = 1,
) -> NDArray[np.uint32]:
    """
    Return the MinHash signatures of shingle sets.

    Parameters
    ----------
    shingles : ndarray of uint32, shape (n_shingles,)
        Shingle hashes of all sets; repeats do no harm.
    offsets : ndarray of int64, shape (n_sets + 1,)
        Bounds of each set.
    num_perm : int
        Permutations.
    seed : int
        In [0, 2**32).
    n_jobs : int, default 1
        Threads.

    Returns
    -------
    ndarray of uint32, shape (n_sets, num_perm)
        Equal to ``datasketch.MinHash(num_perm, seed, scheme="affine32")`` fed
        with the same hashes; an empty set gets 2**32 - 1 throughout.
    """
    multipliers, increments = coefficients(num_perm, seed)
    n_sets = offsets.shape[0] - 1
    signatures = np.empty((n_sets, num_perm), np.uint32)

    def fill(bounds: tuple[int, int]) -> None:
        kernels.fill_signatures(shingles, offsets, multipliers, increments, *bounds, signatures)

    run(fill, shares(n_sets, n_jobs), n_jobs)
    return signatures


def band_keys(
    shingles: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    config: Config | Banding,
    n_jobs: int,
    space: Space = MEMORY,
) -> NDArray[np.uint32]:
    """
    Return the band keys of shingle sets; equal keys in a band share a bucket.

    Parameters
    ----------
    shingles : ndarray of uint32, shape (n_shingles,)
        Shingle hashes of all sets; repeats do no harm.
    offsets : ndarray of int64, shape (n_sets + 1,)
        Bounds of each set; none is empty.
    config : Config or Banding
        Its ``num_perm``, ``seed``, ``bands`` and ``rows_per_band``.
    n_jobs : int
        Threads.
    space : Space
        Gets the keys.

    Returns
    -------
    ndarray of uint32, shape (n_sets, bands)
        XXH32, seeded with the band, of the band's signature values.
    """
    used = config.bands * config.rows_per_band
    multipliers, increments = coefficients(config.num_perm, config.seed)
    n_sets = offsets.shape[0] - 1
    keys = space.empty((n_sets, config.bands), np.uint32)

    def fill(bounds: tuple[int, int]) -> None:
        kernels.fill_band_keys(
            shingles,
            offsets,
            multipliers[:used],
            increments[:used],
            config.rows_per_band,
            *bounds,
            keys,
        )

    run(fill, shares(n_sets, n_jobs), n_jobs)
    return keys
