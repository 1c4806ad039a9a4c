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
    Return how two token runs, of at least one token, are related.

    ``EXACT`` for equal runs, ``TRUNCATED`` where one begins the other (but for its
    last token, which may be cut), ``CONTAINED`` where all shingles of the smaller
    set are in the larger, as `contained` says, else ``NEAR``.
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
    """Write the relation of every matching pair."""
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
