"""Pairs of texts, each one number: ``text << 32 | later text``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news.sorting import sort_values

if TYPE_CHECKING:
    from numpy.typing import NDArray

_HALF = np.uint64(32)


def distinct(pairs: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """
    Return pairs, each once.

    Parameters
    ----------
    pairs : ndarray of uint64, shape (n_pairs,)
        In any order; sorted in place.

    Returns
    -------
    ndarray of uint64
        Increasing.
    """
    sort_values(pairs)
    is_first = np.ones(len(pairs), bool)
    np.not_equal(pairs[1:], pairs[:-1], out=is_first[1:])
    return pairs[is_first]


def renumbered(pairs: NDArray[np.uint64], place_of: NDArray[np.int32]) -> NDArray[np.uint64]:
    """
    Return pairs with their texts numbered anew.

    Parameters
    ----------
    pairs : ndarray of uint64, shape (n_pairs,)
        ``text << 32 | later text``.
    place_of : ndarray of int32, shape (n_texts,)
        The number of each text of a pair, in the same order.

    Returns
    -------
    ndarray of uint64, shape (n_pairs,)
        ``place << 32 | later place``.
    """
    left = place_of[(pairs >> _HALF).astype(np.uint32)].astype(np.uint64)
    return left << _HALF | place_of[pairs.astype(np.uint32)].astype(np.uint64)
