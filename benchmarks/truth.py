"""
Every pair of documents at or above a Jaccard similarity, by brute force.

A product of sparse matrices counts, for every two documents, the shingles that they share;
nothing is hashed, banded, sampled or pruned, so the answer is exact. It shares no code with
the library: it is what that is measured against. Without the library, too, and without SciPy
until it is needed, as a peer's process carries neither.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_ROWS = 2_000
"""Documents whose pairs are counted at a time."""


@dataclasses.dataclass(frozen=True, slots=True)
class ShingleSets:
    """Shingles as numbers: document ``i`` has ``values[offsets[i]:offsets[i + 1]]``, rising."""

    values: NDArray[np.uint64]
    offsets: NDArray[np.int64]

    def __len__(self) -> int:
        """Return the number of documents."""
        return len(self.offsets) - 1

    def __getitem__(self, document: int) -> frozenset[int]:
        """Return the shingles of one document as a plain Python set."""
        start, stop = self.offsets[document], self.offsets[document + 1]
        return frozenset(self.values[start:stop].tolist())

    def sizes(self) -> NDArray[np.int64]:
        """Return the number of shingles of each document."""
        return np.diff(self.offsets)

    def matrix(self) -> Any:  # noqa: ANN401 - SciPy ships no types
        """Return a row of ones and zeros for each document, a column for each shingle."""
        from scipy import sparse  # noqa: PLC0415 - not in a peer's process

        distinct, columns = np.unique(self.values, return_inverse=True)
        ones = np.ones(len(columns), np.int32)
        shape = (len(self), max(1, len(distinct)))
        return sparse.csr_array((ones, columns, self.offsets), shape=shape)


@dataclasses.dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of `n_documents` as `pair_keys` numbers them, rising, with their similarity."""

    n_documents: int
    keys: NDArray[np.int64]
    jaccard: NDArray[np.float64]

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.keys)

    def where(self, is_chosen: NDArray[np.bool_]) -> Pairs:
        """Return the chosen pairs."""
        return Pairs(self.n_documents, self.keys[is_chosen], self.jaccard[is_chosen])


def shingle_sets(documents: Sequence[NDArray[np.uint64]]) -> ShingleSets:
    """Return the shingles of documents, in any order and repeated, as sets."""
    sets = [np.unique(document) for document in documents]
    offsets = np.cumsum([0, *map(len, sets)], dtype=np.int64)
    return ShingleSets(np.concatenate([np.empty(0, np.uint64), *sets]), offsets)


def exact_pairs(
    sets: ShingleSets, threshold: float, documents: NDArray[np.int64] | None = None
) -> Pairs:
    """Return every pair at `threshold` or above, or all of those with one of some documents."""
    matrix, sizes, n = sets.matrix(), sets.sizes(), len(sets)
    chosen = np.arange(n) if documents is None else np.unique(documents)
    transposed = matrix.T.tocsr()
    keys, similarities = [np.empty(0, np.int64)], [np.empty(0)]
    for start in range(0, len(chosen), _ROWS):
        rows = chosen[start : start + _ROWS]
        shared = (matrix[rows] @ transposed).tocoo()
        left, right = rows[shared.row], shared.col.astype(np.int64)
        jaccard = shared.data / (sizes[left] + sizes[right] - shared.data)
        is_pair = (jaccard >= threshold) & (left != right)
        keys.append(pair_keys(left[is_pair], right[is_pair], n))
        similarities.append(jaccard[is_pair])
    distinct, first = np.unique(np.concatenate(keys), return_index=True)
    return Pairs(n, distinct, np.concatenate(similarities)[first])


def jaccard_of(sets: ShingleSets, keys: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the exact Jaccard similarity of given pairs; 0 where a document has no shingle."""
    matrix, sizes, n = sets.matrix(), sets.sizes(), max(1, len(sets))
    similarities = [np.empty(0)]
    for start in range(0, len(keys), 50 * _ROWS):
        left, right = np.divmod(keys[start : start + 50 * _ROWS], n)
        shared = matrix[left].multiply(matrix[right]).sum(axis=1)
        similarities.append(shared / np.maximum(1, sizes[left] + sizes[right] - shared))
    return np.concatenate(similarities)


def pair_keys(left: NDArray[np.int64], right: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Return ``min * n + max`` of each pair of `n` documents, given in either order."""
    keys: NDArray[np.int64] = np.minimum(left, right) * np.int64(n) + np.maximum(left, right)
    return keys


def components(left: NDArray[np.int64], right: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Return the number of the connected component of each of `n` documents."""
    from scipy.sparse import csgraph, csr_array  # noqa: PLC0415 - not in a peer's process

    graph = csr_array((np.ones(len(left), np.int8), (left, right)), shape=(n, n))
    labels: NDArray[np.int64] = csgraph.connected_components(graph, directed=False)[1]
    return labels
