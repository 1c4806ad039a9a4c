"""Candidate pairs to matches: exact Jaccard similarity and containment."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._kernels import verification as kernels
from dedupe_news._machine.space import MEMORY
from dedupe_news._machine.threads import run, shares

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._machine.space import Space

_LEAST_ROOM = 1024


@dataclasses.dataclass(frozen=True, slots=True)
class ShingleSets:
    """
    Shingle sets, sorted for comparison.

    Parameters
    ----------
    shingles : ndarray of uint32, shape (n_shingles,)
        Set ``i`` is ``shingles[offsets[i]:offsets[i] + sizes[i]]``, increasing.
    offsets : ndarray of int64, shape (n_sets + 1,)
        Where each set begins.
    sizes : ndarray of int32, shape (n_sets,)
        Distinct shingles of each set; 0 for a set that nothing is compared with.
    sketches : ndarray of uint64, shape (n_sets, 2)
        A bit for each shingle, which rule most pairs out; undefined for a set
        that nothing is compared with.
    """

    shingles: NDArray[np.uint32]
    offsets: NDArray[np.int64]
    sizes: NDArray[np.int32]
    sketches: NDArray[np.uint64]


def sort_sets(
    shingles: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    wanted: NDArray[np.uint8],
    n_jobs: int,
    space: Space = MEMORY,
) -> ShingleSets:
    """
    Sort runs of shingle hashes into sets, in place.

    Parameters
    ----------
    shingles : ndarray of uint32, shape (n_shingles,)
        Shingle hashes of all runs; reordered.
    offsets : ndarray of int64, shape (n_sets + 1,)
        Bounds of the runs.
    wanted : ndarray of uint8, shape (n_sets,)
        1 for the runs to sort.
    n_jobs : int
        Threads.
    space : Space
        Gets sizes and sketches.

    Returns
    -------
    ShingleSets
        Views of the same memory.
    """
    n_sets = offsets.shape[0] - 1
    sizes = space.empty(n_sets, np.int32)
    sketches = space.empty((n_sets, kernels.SKETCH_WORDS), np.uint64)

    def fill(bounds: tuple[int, int]) -> None:
        kernels.sort_sets(shingles, offsets, wanted, *bounds, sizes, sketches)

    run(fill, shares(n_sets, n_jobs), n_jobs)
    return ShingleSets(shingles, offsets, sizes, sketches)


def match_buckets(
    packed: list[NDArray[np.uint64]],
    keys: NDArray[np.uint32],
    in_large: NDArray[np.uint8],
    limit: int,
    sets: ShingleSets,
    threshold: float,
    n_jobs: int,
) -> tuple[NDArray[np.int64], int]:
    """
    Verify every pair that shares a bucket of at most `limit` members.

    Parameters
    ----------
    packed : list of ndarray of uint64
        As in `dedupe_news._engine.banding.Buckets`.
    keys, in_large : ndarray of uint32, uint8
        As in `dedupe_news._engine.banding.Buckets`.
    limit : int
        Larger buckets are passed over.
    sets : ShingleSets
        Every set that shares a bucket, sorted.
    threshold : float
        Least Jaccard similarity, inclusive.
    n_jobs : int
        Threads.

    Returns
    -------
    matches : ndarray of int64, shape (n_matches, 3)
        Set, later set, size of their intersection; each pair once, in no
        particular order.
    n_candidates : int
        Pairs compared.
    """

    def verify(band: int) -> tuple[NDArray[np.int64], int]:
        room = _LEAST_ROOM + len(keys) // 8
        while True:
            found = np.empty((room, 3), np.int64)
            n_matches, n_candidates = kernels.match_buckets(
                packed[band],
                keys,
                in_large,
                band,
                limit,
                sets.shingles,
                sets.offsets,
                sets.sizes,
                sets.sketches,
                threshold,
                found,
            )
            if n_matches <= room:
                return found[:n_matches].copy(), int(n_candidates)
            room = int(n_matches)

    verified = run(verify, range(len(packed)), n_jobs)
    matches = np.concatenate([found for found, _ in verified])
    return matches, sum(n_candidates for _, n_candidates in verified)


def count_shared(pairs: NDArray[np.uint64], sets: ShingleSets, n_jobs: int) -> NDArray[np.int64]:
    """
    Return how many shingles the sets of each pair share.

    Parameters
    ----------
    pairs : ndarray of uint64, shape (n_pairs,)
        ``set << 32 | other set``, of sorted sets.
    sets : ShingleSets
        The sets.
    n_jobs : int
        Threads.

    Returns
    -------
    ndarray of int64, shape (n_pairs,)
        Sizes of the intersections.
    """
    shared = np.empty(len(pairs), np.int64)

    def fill(bounds: tuple[int, int]) -> None:
        kernels.fill_shared(pairs, sets.shingles, sets.offsets, sets.sizes, *bounds, shared)

    run(fill, shares(len(pairs), n_jobs), n_jobs)
    return shared
