"""How the two documents of a match are related."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._kernels.relations import fill_relations

if TYPE_CHECKING:
    from numpy.typing import NDArray


def relate(
    tokens: NDArray[np.uint32],
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    containment: NDArray[np.float64],
) -> NDArray[np.uint8]:
    """
    Return the relation of every matching pair, by its words alone.

    Parameters
    ----------
    tokens : ndarray of uint32, shape (n_tokens,)
        Token hashes.
    starts, stops : ndarray of int64, shape (n_texts,)
        Bounds of each text in `tokens`.
    left, right : ndarray of int64, shape (n_pairs,)
        The texts of each pair.
    containment : ndarray of float64, shape (n_pairs,)
        Shared shingles over those of the smaller set.

    Returns
    -------
    ndarray of uint8, shape (n_pairs,)
        Values of `dedupe_news.results.result.Relation`.
    """
    relations = np.empty(len(left), np.uint8)
    # Columns of a table of pairs are strided, for which the kernel would be compiled once more.
    left, right = np.ascontiguousarray(left), np.ascontiguousarray(right)
    fill_relations(tokens, starts, stops, left, right, containment, relations)
    return relations
