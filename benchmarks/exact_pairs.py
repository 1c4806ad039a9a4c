"""
Every pair of documents at or above a Jaccard similarity, by brute force.

An inverted index counts, for each document, how many shingles every other
document shares with it; nothing is hashed, banded, sampled or pruned, so the
answer is exact. It shares no code with the library's banding, verification or
clustering: it is what those are measured against.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.sets import Pairs, ShingleSets, pair_keys
from dedupe_news._kernels._jit import kernel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def exact_pairs(
    sets: ShingleSets, threshold: float, *, documents: Sequence[int] | None = None
) -> Pairs:
    """
    Return every pair whose exact Jaccard similarity reaches `threshold`.

    Parameters
    ----------
    sets : ShingleSets
        The corpus. A document without a shingle is in no pair.
    threshold : float
        Least Jaccard similarity, in (0, 1], inclusive; compared as the
        quotient of two counts in double precision.
    documents : sequence of int, optional
        Only the pairs with at least one of these documents. All by default.

    Returns
    -------
    Pairs
        Each pair once, by ``i`` and then ``j``.

    Notes
    -----
    Time is the sum over the shingles of the square of the number of documents
    that hold them.
    """
    n = len(sets)
    everyone = documents is None
    chosen = np.arange(n) if documents is None else np.unique(np.asarray(documents, np.int64))
    _, dense = np.unique(sets.values, return_inverse=True)
    n_shingles = int(dense.max()) + 1 if len(dense) else 0
    holders, starts = _postings(dense.astype(np.int64), sets.offsets, n_shingles)
    left, right, shared = _all_shared(
        chosen.astype(np.int64),
        everyone,
        dense.astype(np.int64),
        sets.offsets,
        holders,
        starts,
        threshold,
    )
    size = np.diff(sets.offsets)
    jaccard = shared / (size[left] + size[right] - shared)
    keys, first = np.unique(pair_keys(left, right, n), return_index=True)
    return Pairs(n, keys, jaccard[first])


def jaccard_of(sets: ShingleSets, keys: NDArray[np.int64]) -> NDArray[np.float64]:
    """
    Return the exact Jaccard similarity of given pairs.

    Parameters
    ----------
    sets : ShingleSets
        The corpus.
    keys : ndarray of int64, shape (n_pairs,)
        Pairs as `pair_keys` numbers them.

    Returns
    -------
    ndarray of float64, shape (n_pairs,)
        In [0, 1]; 0 where either document has no shingle.
    """
    n = max(1, len(sets))
    return _jaccard_of(keys // n, keys % n, sets.values, sets.offsets)


def disagreements(
    sets: ShingleSets, pairs: Pairs, threshold: float, documents: Sequence[int]
) -> list[str]:
    """
    Compare brute force with plain Python sets, for a sample of documents.

    Parameters
    ----------
    sets : ShingleSets
        The corpus.
    pairs : Pairs
        What `exact_pairs` returned for it at `threshold`.
    threshold : float
        Least Jaccard similarity, inclusive.
    documents : sequence of int
        The sample: each is compared with every other document.

    Returns
    -------
    list of str
        What differs, in words; empty where the two agree.
    """
    plain = [sets[document] for document in range(len(sets))]
    return [
        f"brute force and plain sets differ on the neighbours of document {document}"
        for document in documents
        if _neighbours(pairs, document) != _plain_neighbours(plain, document, threshold)
    ]


def _neighbours(pairs: Pairs, document: int) -> dict[int, float]:
    left, right = pairs.keys // pairs.n_documents, pairs.keys % pairs.n_documents
    mine = np.flatnonzero((left == document) | (right == document))
    others = left[mine] + right[mine] - document
    return dict(zip(others.tolist(), pairs.jaccard[mine].tolist(), strict=True))


def _plain_neighbours(
    plain: Sequence[frozenset[int]], document: int, threshold: float
) -> dict[int, float]:
    mine = plain[document]
    found = {}
    for other, theirs in enumerate(plain):
        if other != document and mine and theirs:
            jaccard = len(mine & theirs) / len(mine | theirs)
            if jaccard >= threshold:
                found[other] = jaccard
    return found


@kernel
def _postings(
    dense: NDArray[np.int64], offsets: NDArray[np.int64], n_shingles: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the documents of each shingle, in rising order, and where its list starts."""
    starts = np.zeros(n_shingles + 1, dtype=np.int64)
    for shingle in dense:
        starts[shingle + 1] += 1
    for shingle in range(n_shingles):
        starts[shingle + 1] += starts[shingle]
    holders = np.empty(len(dense), dtype=np.int64)
    filled = starts[:-1].copy()
    for document in range(len(offsets) - 1):
        for at in range(offsets[document], offsets[document + 1]):
            holders[filled[dense[at]]] = document
            filled[dense[at]] += 1
    return holders, starts


@kernel
def _all_shared(
    chosen: NDArray[np.int64],
    everyone: bool,  # noqa: FBT001 - numba kernels take positional arguments
    dense: NDArray[np.int64],
    offsets: NDArray[np.int64],
    holders: NDArray[np.int64],
    starts: NDArray[np.int64],
    threshold: float,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return left, right and shared shingles of the pairs of `chosen` at `threshold`."""
    shared = np.zeros(len(offsets), dtype=np.int64)
    touched = np.empty(len(offsets), dtype=np.int64)
    capacity = 1024
    found = np.empty((3, capacity), dtype=np.int64)
    n_found = 0
    for document in chosen:
        n_touched = 0
        for at in range(offsets[document], offsets[document + 1]):
            shingle = dense[at]
            for holder in range(starts[shingle], starts[shingle + 1]):
                other = holders[holder]
                if other == document:
                    # Lists rise: the later ones find this pair from their side.
                    if everyone:
                        break
                    continue
                if shared[other] == 0:
                    touched[n_touched] = other
                    n_touched += 1
                shared[other] += 1
        mine = offsets[document + 1] - offsets[document]
        for k in range(n_touched):
            other = touched[k]
            both = shared[other]
            shared[other] = 0
            if both / (mine + offsets[other + 1] - offsets[other] - both) >= threshold:
                if n_found == capacity:
                    grown = np.empty((3, 2 * capacity), dtype=np.int64)
                    grown[:, :capacity] = found
                    found = grown
                    capacity *= 2
                found[0, n_found] = document
                found[1, n_found] = other
                found[2, n_found] = both
                n_found += 1
    return found[0, :n_found], found[1, :n_found], found[2, :n_found]


@kernel
def _jaccard_of(
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    values: NDArray[np.uint64],
    offsets: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Return the similarity of each pair by merging the two sorted sets."""
    jaccard = np.zeros(len(left), dtype=np.float64)
    for pair in range(len(left)):
        a, a_stop = offsets[left[pair]], offsets[left[pair] + 1]
        b, b_stop = offsets[right[pair]], offsets[right[pair] + 1]
        n_either = a_stop - a + b_stop - b
        both = 0
        while a < a_stop and b < b_stop:
            if values[a] == values[b]:
                both += 1
                a += 1
                b += 1
            elif values[a] < values[b]:
                a += 1
            else:
                b += 1
        if both:
            jaccard[pair] = both / (n_either - both)
    return jaccard
