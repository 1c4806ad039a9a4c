"""
Shingle sets and pairs of documents, as plain arrays.

Nothing here imports the library or numba: a peer's process carries neither.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray


@dataclasses.dataclass(frozen=True, slots=True)
class ShingleSets:
    """
    The shingle sets of a corpus, one after another.

    Attributes
    ----------
    values : ndarray of uint64, shape (n_shingles,)
        Shingles as numbers; distinct within a document, in rising order.
    offsets : ndarray of int64, shape (n_documents + 1,)
        Document ``i`` owns ``values[offsets[i]:offsets[i + 1]]``.
    """

    values: NDArray[np.uint64]
    offsets: NDArray[np.int64]

    def __len__(self) -> int:
        """Return the number of documents."""
        return len(self.offsets) - 1

    def __getitem__(self, document: int) -> frozenset[int]:
        """Return the shingles of one document as a plain Python set."""
        start, stop = self.offsets[document], self.offsets[document + 1]
        return frozenset(self.values[start:stop].tolist())


@dataclasses.dataclass(frozen=True, slots=True)
class Pairs:
    """
    Pairs of documents with their exact Jaccard similarity, each pair once.

    Attributes
    ----------
    n_documents : int
        Documents of the corpus the pairs belong to.
    keys : ndarray of int64, shape (n_pairs,)
        ``i * n_documents + j`` with ``i < j``, in rising order.
    jaccard : ndarray of float64, shape (n_pairs,)
        Similarity of each pair, in (0, 1].
    """

    n_documents: int
    keys: NDArray[np.int64]
    jaccard: NDArray[np.float64]

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.keys)

    def at_least(self, threshold: float) -> Pairs:
        """
        Return the pairs whose similarity is `threshold` or more.

        Parameters
        ----------
        threshold : float
            Least Jaccard similarity, inclusive.

        Returns
        -------
        Pairs
            In the same order.
        """
        kept = self.jaccard >= threshold
        return Pairs(self.n_documents, self.keys[kept], self.jaccard[kept])


def shingle_sets(documents: Sequence[NDArray[np.uint64]]) -> ShingleSets:
    """
    Gather the shingles of each document into one record of sets.

    Parameters
    ----------
    documents : sequence of ndarray of uint64
        Shingles of each document, in any order, repeats allowed.

    Returns
    -------
    ShingleSets
        One set a document, in the same order.
    """
    unique = [np.unique(document) for document in documents]
    offsets = np.zeros(len(unique) + 1, dtype=np.int64)
    np.cumsum([len(document) for document in unique], out=offsets[1:])
    values = np.concatenate([np.empty(0, dtype=np.uint64), *unique])
    return ShingleSets(values.astype(np.uint64, copy=False), offsets)


def from_python(
    documents: Sequence[Sequence[bytes]], digest: Callable[[bytes], int]
) -> ShingleSets:
    """
    Return shingle sets of shingles that are byte strings.

    Parameters
    ----------
    documents : sequence of sequence of bytes
        Shingles of each document.
    digest : callable
        Number of a shingle, in [0, 2**64); equal for equal shingles only, up
        to chance collisions.

    Returns
    -------
    ShingleSets
        One set a document, in the same order.
    """
    return shingle_sets(
        [np.fromiter(map(digest, document), np.uint64, len(document)) for document in documents]
    )


def pair_keys(left: NDArray[np.int64], right: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """
    Return one number for each unordered pair.

    Parameters
    ----------
    left, right : ndarray of int64, shape (n_pairs,)
        Positions of the two documents, in either order.
    n : int
        Documents of the corpus.

    Returns
    -------
    ndarray of int64
        ``min * n + max`` of each pair.
    """
    keys: NDArray[np.int64] = np.minimum(left, right) * np.int64(n) + np.maximum(left, right)
    return keys
