"""MinHash signatures and band keys of shingle sets."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

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


@lru_cache(maxsize=16)
def coefficients(num_perm: int, seed: int) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """
    Return the odd multipliers and the increments of the scheme ``affine32``, read-only.

    The increments depend on `num_perm`, so 64 permutations are no prefix of 128.
    """
    # The legacy generator, because its stream is frozen for ever.
    random = np.random.RandomState(seed)
    multipliers = (2 * random.randint(0, 2**31, num_perm, dtype=np.uint64) + 1).astype(np.uint32)
    increments = random.randint(0, 2**32, num_perm, dtype=np.uint64).astype(np.uint32)
    multipliers.flags.writeable = False
    increments.flags.writeable = False
    return multipliers, increments


def sign(
    shingles: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    num_perm: int,
    seed: int,
    n_jobs: int = 1,
) -> NDArray[np.uint32]:
    """
    Return the MinHash signatures of shingle sets, shape (n_sets, num_perm).

    They equal those of ``datasketch.MinHash(num_perm, seed, scheme="affine32")``
    fed with the same hashes; an empty set gets 2**32 - 1 throughout.
    """
    multipliers, increments = coefficients(num_perm, seed)
    n_sets = len(offsets) - 1
    signatures = np.empty((n_sets, num_perm), np.uint32)

    def fill(bounds: tuple[int, int]) -> None:
        kernels.fill_signatures(shingles, offsets, multipliers, increments, *bounds, signatures)

    run(fill, shares(n_sets, n_jobs), n_jobs)
    return signatures


def band_keys(
    shingles: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    banding: Config | Banding,
    n_jobs: int,
    space: Space = MEMORY,
) -> NDArray[np.uint32]:
    """
    Return the band keys of shingle sets, shape (n_sets, bands).

    Sets of equal keys in a band share a bucket. A key is XXH32, seeded with the
    band, of the band's signature values; repeated shingles do no harm.
    """
    n_used = banding.bands * banding.rows_per_band
    multipliers, increments = coefficients(banding.num_perm, banding.seed)
    a, b, rows = multipliers[:n_used], increments[:n_used], banding.rows_per_band
    n_sets = len(offsets) - 1
    keys = space.empty((n_sets, banding.bands), np.uint32)

    def fill(bounds: tuple[int, int]) -> None:
        kernels.fill_band_keys(shingles, offsets, a, b, rows, *bounds, keys)

    run(fill, shares(n_sets, n_jobs), n_jobs)
    return keys
