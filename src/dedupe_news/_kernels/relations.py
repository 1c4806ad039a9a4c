"""How the token runs of a matching pair are related."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dedupe_news._kernels._jit import inlined, kernel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from dedupe_news._kernels._jit import Integer

EXACT, NEAR, TRUNCATED, CONTAINED = 0, 1, 2, 3


@inlined
def relation_of(
    tokens: NDArray[np.uint32],
    left: Integer,
    left_length: Integer,
    right: Integer,
    right_length: Integer,
    contained: bool,
) -> Integer:
    """
    Return how two token runs are related.

    Parameters
    ----------
    tokens : ndarray of uint32
        Holds both runs.
    left, right : int
        Where each begins.
    left_length, right_length : int
        Their tokens; at least 1.
    contained : bool
        Whether all shingles of the smaller set are in the larger.

    Returns
    -------
    int
        ``EXACT`` for equal runs, ``TRUNCATED`` where one begins the other (but
        for its last token, which may be cut), ``CONTAINED`` where `contained`,
        else ``NEAR``.
    """
    least = min(left_length, right_length)
    common = 0
    while common < least and tokens[left + common] == tokens[right + common]:
        common += 1
    if common == least and left_length == right_length:
        return EXACT
    if left_length != right_length and common >= max(least - 1, 1):
        return TRUNCATED
    return CONTAINED if contained else NEAR


@kernel
def fill_relations(
    tokens: NDArray[np.uint32],
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    containment: NDArray[np.float64],
    relations: NDArray[np.uint8],
) -> None:
    """
    Write the relation of every matching pair.

    Parameters
    ----------
    tokens : ndarray of uint32, shape (n_tokens,)
        Token hashes.
    starts, stops : ndarray of int64, shape (n_texts,)
        Bounds of each text in `tokens`.
    left, right : ndarray of int64, shape (n_pairs,)
        The texts of each pair.
    containment : ndarray of float64, shape (n_pairs,)
        Containment of each pair.
    relations : ndarray of uint8, shape (n_pairs,)
        Receives the relations.
    """
    for pair in range(left.shape[0]):
        i = left[pair]
        j = right[pair]
        relations[pair] = relation_of(
            tokens,
            starts[i],
            stops[i] - starts[i],
            starts[j],
            stops[j] - starts[j],
            containment[pair] == 1.0,
        )
