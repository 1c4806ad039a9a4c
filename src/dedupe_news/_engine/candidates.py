"""Which texts are compared: those that share a MinHash bucket, or rare shingles."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe_news._engine import minhash
from dedupe_news._engine.sorting import pack_repeated, sort_values
from dedupe_news._kernels import candidates as kernels
from dedupe_news._machine.space import MEMORY
from dedupe_news._machine.threads import run, shares

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._engine.segment import Segment
    from dedupe_news._engine.verification import ShingleSets
    from dedupe_news._machine.space import Space

BANDS, ROWS_PER_BAND = 24, 2
"""Find a pair of a Jaccard similarity of 0.3 with a probability of 0.9, of 0.4 with 0.98."""

LEAST_JACCARD = 0.12
LEAST_CONTAINMENT = 0.3
"""Below both, two texts share too little to be compared further."""

_SEED = 1
_TEXTS_AT_ONCE = 1 << 18
_NUM_PERM = BANDS * ROWS_PER_BAND
_HALF = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)


class Limits(NamedTuple):
    """
    What keeps the work linear in the number of texts.

    Parameters
    ----------
    bucket_size : int
        Texts of a bucket up to which all are paired.
    first_texts, previous_texts : int
        Members of a larger bucket that each of its texts is paired with.
    """

    bucket_size: int = 12
    first_texts: int = 4
    previous_texts: int = 4


LIMITS = Limits()


class Candidates(NamedTuple):
    """
    Pairs of texts that are to be compared.

    Parameters
    ----------
    pairs : ndarray of uint64, shape (n_pairs,)
        ``text << 32 | later text``, increasing.
    n_large_buckets : int
        Buckets in which not all texts were paired.
    n_skipped : int
        Pairs that were left out there; one that shares several large buckets counts in each.
    """

    pairs: NDArray[np.uint64]
    n_large_buckets: int
    n_skipped: int
    crowded: NDArray[np.int64]


class Buckets(NamedTuple):
    """
    The buckets of a segment.

    Parameters
    ----------
    keys : ndarray of uint32, shape (n_bands, n_texts)
        Texts of equal keys in a band share a bucket.
    """

    keys: NDArray[np.uint32]


def find_buckets(segment: Segment, n_jobs: int, space: Space = MEMORY) -> Buckets:
    """Return the MinHash buckets of all texts."""
    evidence = segment.evidence
    banding_of_news = minhash.Banding(BANDS, ROWS_PER_BAND, _NUM_PERM, _SEED)
    keys = space.empty((BANDS, len(segment)), np.uint32)
    for start in range(0, len(segment), _TEXTS_AT_ONCE):
        own = slice(start, min(start + _TEXTS_AT_ONCE, len(segment)))
        offsets = evidence.shingle_offsets[own.start : own.stop + 1]
        keys[:, own] = minhash.band_keys(evidence.shingles, offsets, banding_of_news, n_jobs).T
    return Buckets(keys)


def find_candidates(
    segment: Segment, buckets: Buckets, n_jobs: int, limits: Limits = LIMITS
) -> Candidates:
    """Return the pairs of texts that share a bucket or rare shingles, and enough of their words."""
    everyone = np.arange(len(segment))
    found = find_among(buckets, everyone, segment, n_jobs, limits)
    rare = _keep(segment.rare_pairs, segment.sets, n_jobs)
    return found._replace(pairs=distinct(np.concatenate((found.pairs, rare))))


def find_among(
    buckets: Buckets,
    members: NDArray[np.int64],
    segment: Segment,
    n_jobs: int,
    limits: Limits = LIMITS,
) -> Candidates:
    """Return the pairs of some texts, increasing, that share a bucket and enough of their words."""
    bounds = np.array(limits, np.int64)
    sets = segment.sets
    are_crowded = np.zeros(len(segment), bool)

    def pair(band: int) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        shared = pack_repeated(buckets.keys[band][members])
        counts = np.zeros(3, np.int64)
        kernels.count_bucket_pairs(shared, bounds, counts)
        are_crowded[members[_in_large(shared, limits.bucket_size)]] = True
        pairs = np.empty(counts[0], np.uint64)
        kernels.fill_bucket_pairs(shared, bounds, members, pairs)
        return _keep_some(pairs, sets), counts

    found = run(pair, range(len(buckets.keys)), n_jobs)
    return Candidates(
        distinct(np.concatenate([pairs for pairs, _ in found])),
        int(sum(counts[1] for _, counts in found)),
        int(sum(counts[2] for _, counts in found)),
        np.flatnonzero(are_crowded),
    )


def _in_large(shared: NDArray[np.uint64], bucket_size: int) -> NDArray[np.int64]:
    """Return the places of the members of large buckets, of sorted packed keys."""
    keys = shared >> _HALF
    edges = np.flatnonzero(keys[1:] != keys[:-1]) + 1
    sizes = np.diff(np.concatenate(([0], edges, [len(shared)])))
    return (shared[np.repeat(sizes > bucket_size, sizes)] & _LOW).astype(np.int64)


def distinct(pairs: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return each pair once, increasing."""
    sort_values(pairs)
    are_first = np.ones(len(pairs), bool)
    are_first[1:] = pairs[1:] != pairs[:-1]
    found: NDArray[np.uint64] = pairs[are_first]
    return found


def _keep(pairs: NDArray[np.uint64], sets: ShingleSets, n_jobs: int) -> NDArray[np.uint64]:
    """Return the pairs that share enough of their words."""
    bounds = shares(len(pairs), n_jobs)
    kept = run(lambda share: _keep_some(pairs[share[0] : share[1]], sets), bounds, n_jobs)
    return np.concatenate([np.empty(0, np.uint64), *kept])


def _keep_some(pairs: NDArray[np.uint64], sets: ShingleSets) -> NDArray[np.uint64]:
    kept = np.empty_like(pairs)
    n_kept = kernels.keep_similar(
        pairs, sets.shingles, sets.offsets, sets.sizes, LEAST_JACCARD, LEAST_CONTAINMENT, kept
    )
    return kept[:n_kept].copy()
