"""Bands to buckets: which documents are worth comparing."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._engine.sorting import pack_repeated
from dedupe_news._kernels import banding as kernels
from dedupe_news._machine.space import MEMORY
from dedupe_news._machine.threads import run

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._machine.space import Space

_SET = np.uint64(0xFFFFFFFF)


@dataclasses.dataclass(frozen=True, slots=True)
class Buckets:
    """
    The buckets of a batch.

    Parameters
    ----------
    keys : ndarray of uint32, shape (n_sets, bands)
        Band keys.
    packed : list of ndarray of uint64
        For each band ``key << 32 | set``, sorted: a bucket is a run of equal keys.
        Most sets that share no bucket of the band are left out.
    shared : ndarray of uint8, shape (n_sets,)
        1 for every set that shares a bucket with another.
    large : list of ndarray of int64
        Members of each bucket that is larger than the limit.
    in_large : ndarray of uint8, shape (n_sets, bands) or (0, 0)
        1 where a set's bucket is such a one; of no rows where none is.
    """

    keys: NDArray[np.uint32]
    packed: list[NDArray[np.uint64]]
    shared: NDArray[np.uint8]
    large: list[NDArray[np.int64]]
    in_large: NDArray[np.uint8]


def fill_buckets(
    keys: NDArray[np.uint32], limit: int, n_jobs: int, space: Space = MEMORY
) -> Buckets:
    """
    Sort the sets of a batch into buckets.

    Parameters
    ----------
    keys : ndarray of uint32, shape (n_sets, bands)
        Band keys.
    limit : int
        Buckets of more members are large.
    n_jobs : int
        Threads.
    space : Space
        Gets the buckets.

    Returns
    -------
    Buckets
        Of every band.
    """
    n_sets, n_bands = keys.shape
    shared = np.zeros(n_sets, np.uint8)

    def fill(band: int) -> tuple[NDArray[np.uint64], list[NDArray[np.int64]]]:
        packed, members = band_buckets(np.ascontiguousarray(keys[:, band]), limit)
        kernels.mark_shared(packed, shared)
        return space.keep(packed), members

    filled = run(fill, range(n_bands), n_jobs)
    large = [members for _, buckets in filled for members in buckets]
    in_large = space.zeros((n_sets if large else 0, n_bands if large else 0), np.uint8)
    for band, (_, buckets) in enumerate(filled):
        for members in buckets:
            in_large[members, band] = 1
    return Buckets(keys, [packed for packed, _ in filled], shared, large, in_large)


def band_buckets(
    keys: NDArray[np.uint32], limit: int
) -> tuple[NDArray[np.uint64], list[NDArray[np.int64]]]:
    """
    Sort the sets of a batch into the buckets of one band.

    Parameters
    ----------
    keys : ndarray of uint32, shape (n_sets,)
        The band's key of each set.
    limit : int
        Buckets of more members are large.

    Returns
    -------
    packed : ndarray of uint64
        As in `Buckets`.
    large : list of ndarray of int64
        Members of each large bucket.
    """
    packed = pack_repeated(keys)
    bounds = kernels.large_buckets(packed, limit)
    return packed, [(packed[start:stop] & _SET).astype(np.int64) for start, stop in bounds]
