"""Which texts are compared: those that share a MinHash bucket, or rare shingles."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe_news._engine.packing import HALF, LOW, distinct, pack_repeated
from dedupe_news._engine.signatures import Banding, band_keys
from dedupe_news._kernels import pairing as kernels
from dedupe_news._kernels.pairing import Bounds
from dedupe_news._machine.space import MEMORY
from dedupe_news._machine.threads import run, shares

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from dedupe_news._engine.segment import Segment
    from dedupe_news._kernels.verification import ShingleSets
    from dedupe_news._machine.space import Space

BANDS, ROWS_PER_BAND = 24, 2
BANDING = Banding(BANDS, ROWS_PER_BAND, BANDS * ROWS_PER_BAND, seed=1)
"""Finds a pair of a Jaccard similarity of 0.3 with a probability of 0.9, of 0.4 with 0.98."""

BOUNDS = Bounds(
    bucket_size=12, first_texts=4, previous_texts=4, least_jaccard=0.12, least_containment=0.3
)
"""Two texts that share less need not be judged."""

_LEAST_PLACES = 1024


class Buckets(NamedTuple):
    """
    The buckets of some texts.

    Parameters
    ----------
    keys : ndarray of uint32, shape (n_texts, n_bands)
        Texts of equal keys in a band share a bucket.
    packed : list of ndarray of uint64
        For each band ``key << 32 | text``, bucket after bucket, in the order in
        which texts meet; texts that share no bucket of the band are left out.
    is_crowded : ndarray of uint8, shape (n_texts,)
        1 for the texts of large buckets.
    """

    keys: NDArray[np.uint32]
    packed: list[NDArray[np.uint64]]
    is_crowded: NDArray[np.uint8]

    def shared(self) -> NDArray[np.uint8]:
        """Return 1 for each text that shares a bucket."""
        marks = np.zeros(len(self.keys), np.uint8)
        for packed in self.packed:
            marks[packed & LOW] = 1
        return marks


class Candidates(NamedTuple):
    """
    Pairs of texts that share enough of their words to be judged.

    Parameters
    ----------
    pairs : ndarray of uint64, shape (n_pairs,)
        ``text << 32 | later text``, increasing.
    crowded : ndarray of int64
        The texts of large buckets, in which not all texts were paired.
    n_compared : int
        Pairs that were compared.
    n_large_buckets : int
        How many large buckets there are.
    n_skipped : int
        Pairs that were left out there; one that shares several large buckets counts in each.
    """

    pairs: NDArray[np.uint64]
    crowded: NDArray[np.int64]
    n_compared: int
    n_large_buckets: int
    n_skipped: int


def fill_buckets(
    keys: NDArray[np.uint32],
    bucket_size: int,
    n_jobs: int,
    *,
    members: NDArray[np.int64] | None = None,
    in_order: Callable[[NDArray[np.int64]], NDArray[np.int64]] | None = None,
    space: Space = MEMORY,
) -> Buckets:
    """
    Sort texts into buckets: all, or some, increasing.

    The texts of a bucket of more than `bucket_size` meet in the order that
    `in_order` puts them in, else in that of their numbers.
    """
    is_crowded = np.zeros(len(keys), np.uint8)

    def fill(band: int) -> NDArray[np.uint64]:
        column = keys[:, band]
        packed = pack_repeated(np.ascontiguousarray(column) if members is None else column[members])
        packed = packed[_in_larger(packed, 1)]
        if members is not None:
            packed = (packed >> HALF) << HALF | members.astype(np.uint64)[packed & LOW]
        is_crowded[packed[_in_larger(packed, bucket_size)] & LOW] = 1
        return space.keep(packed)

    buckets = Buckets(keys, run(fill, range(keys.shape[1]), n_jobs), is_crowded)
    if in_order is not None and is_crowded.any():
        rank = np.empty(len(keys), np.int64)
        crowded = in_order(np.flatnonzero(is_crowded))
        rank[crowded] = np.arange(len(crowded))
        for packed in buckets.packed:
            places = np.flatnonzero(_in_larger(packed, bucket_size))
            values = packed[places]
            packed[places] = values[np.lexsort((rank[values & LOW], values >> HALF))]
    return buckets


def match_buckets(
    buckets: Buckets,
    sets: ShingleSets,
    bounds: Bounds,
    n_jobs: int,
    changed: NDArray[np.int64] | None = None,
) -> Candidates:
    """
    Return the pairs of texts that share a bucket and enough of their words.

    Where `changed` texts were added to buckets or left out of them since they were
    matched, only those buckets are matched anew; counts of large ones are of all.
    """

    def match(band: int) -> tuple[NDArray[np.uint64], tuple[int, int]]:
        packed = buckets.packed[band]
        if changed is not None:
            packed = packed[_share_keys(packed, buckets.keys[changed, band])]
        n_places = _LEAST_PLACES + 4 * len(packed)
        while True:
            pairs = np.empty(n_places, np.uint64)
            counts = kernels.match_buckets(
                packed, buckets.keys, band, buckets.is_crowded, sets, bounds, pairs
            )
            n_pairs = counts[0]
            if n_pairs <= n_places:
                return pairs[:n_pairs].copy(), counts
            n_places = n_pairs

    matched = run(match, range(len(buckets.packed)), n_jobs)
    totals = np.array([counts for _, counts in matched], np.int64).sum(axis=0).tolist()
    return Candidates(
        distinct(np.concatenate([pairs for pairs, _ in matched])),
        np.flatnonzero(buckets.is_crowded),
        *totals[1:],
        *np.sum([_skipped(packed, bounds) for packed in buckets.packed], axis=0).tolist(),
    )


def keep_similar(
    pairs: NDArray[np.uint64], sets: ShingleSets, bounds: Bounds, n_jobs: int
) -> NDArray[np.uint64]:
    """Return the pairs that share enough of their words."""

    def keep(share: tuple[int, int]) -> NDArray[np.uint64]:
        some = pairs[slice(*share)]
        similar = np.empty_like(some)
        return similar[: kernels.keep_similar(some, sets, bounds, similar)].copy()

    similar = run(keep, shares(len(pairs), n_jobs), n_jobs)
    return np.concatenate([np.empty(0, np.uint64), *similar])


def find_keys(segment: Segment, n_jobs: int, space: Space = MEMORY) -> NDArray[np.uint32]:
    """Return the band keys of the texts of a segment."""
    evidence = segment.evidence
    return band_keys(evidence.shingles, evidence.shingle_offsets, BANDING, n_jobs, space)


def find_candidates(
    segment: Segment,
    keys: NDArray[np.uint32],
    n_jobs: int,
    space: Space = MEMORY,
    bounds: Bounds = BOUNDS,
) -> Candidates:
    """Return the pairs that share a bucket or rare shingles, and enough of their words."""
    buckets = fill_buckets(keys, bounds.bucket_size, n_jobs, space=space)
    matched = match_buckets(buckets, segment.sets, bounds, n_jobs)
    rare = keep_similar(segment.rare_pairs, segment.sets, bounds, n_jobs)
    return matched._replace(pairs=distinct(np.concatenate((matched.pairs, rare))))


def _skipped(packed: NDArray[np.uint64], bounds: Bounds) -> tuple[int, int]:
    """Return how many buckets of a band are large, and how many pairs are left out there."""
    last = np.flatnonzero(np.diff(packed >> HALF))
    sizes = np.diff(last, prepend=-1, append=len(packed) - 1)
    large = sizes[sizes > bounds.bucket_size]
    left_out = np.maximum(large - bounds.first_texts - bounds.previous_texts, 0)
    return len(large), int((left_out * (left_out - 1) // 2).sum())


def _share_keys(packed: NDArray[np.uint64], keys: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Return which members of the buckets of a band are in those of some keys."""
    of_members, wanted = packed >> HALF, keys.astype(np.uint64)
    edges = [
        np.bincount(np.searchsorted(of_members, wanted, side), minlength=len(packed) + 1)
        for side in ("left", "right")
    ]
    are_in: NDArray[np.bool_] = np.cumsum(edges[0] - edges[1])[:-1] > 0
    return are_in


def _in_larger(packed: NDArray[np.uint64], bucket_size: int) -> NDArray[np.bool_]:
    """Return which members of the buckets of a band are in larger ones than `bucket_size`."""
    n = len(packed)
    marks = np.zeros(n + 1, np.int32)
    if n > bucket_size:
        keys = packed >> HALF
        # So many places further on is the same key: all members from here to there are in.
        begins = keys[bucket_size:] == keys[: n - bucket_size]
        marks[: n - bucket_size] += begins
        marks[bucket_size + 1 :] -= begins
    are_in: NDArray[np.bool_] = np.cumsum(marks[:-1]) > 0
    return are_in
