"""The clusters of an index: who founded each, and which one a new document joins."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dedupe_news._kernels._jit import inlined

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from dedupe_news._kernels._jit import Integer

NO_FOUNDER = -1
"""Stands for the founder of a cluster whose founder has left the index."""

MOST_TRIED = 4
"""Founders that a new document is compared with before it founds a cluster."""

_RELATED = 4  # relations from here on are no duplicates


class Founders(NamedTuple):
    """
    What clusters need to know of each slot.

    Parameters
    ----------
    numbers : ndarray of int64, shape (capacity,)
        Running number of each document, increasing; that of a new one is
        filled in before it is looked up.
    moments : ndarray of int64, shape (capacity,)
        Microseconds since 1970: the time that windows reckon with, likewise.
    clusters : ndarray of int64, shape (capacity,)
        Number of each document's cluster: that of the document that founded it.
    founders : ndarray of int32, shape (capacity,)
        Slot of the founder, or of one that was founder before and says who is
        now; `NO_FOUNDER` where it is gone.
    """

    numbers: NDArray[np.int64]
    moments: NDArray[np.int64]
    clusters: NDArray[np.int64]
    founders: NDArray[np.int32]


@inlined
def founder_of(founders: Founders, slot: Integer) -> Integer:
    """Return the founder of a document's cluster."""
    at: Integer = slot
    while at >= 0 and founders.founders[at] != at:
        at = founders.founders[at]  # it was added again, and is still the founder
    return at


@inlined
def is_within(founders: Founders, a: Integer, b: Integer, window: Integer) -> bool:
    """Return whether two documents are near enough in time to be duplicates."""
    return bool(abs(founders.moments[a] - founders.moments[b]) <= window)


@inlined
def next_founder(
    founders: Founders,
    alive: NDArray[np.uint8],
    found: NDArray[np.int64],
    scores: NDArray[np.float64],
    first: Integer,
    stop: Integer,
    slot: Integer,
    window: Integer,
    tried: NDArray[np.int64],
    n_tried: Integer,
) -> Integer:
    """Return the founder of the best match whose founder was not tried yet."""
    best: Integer = -1
    best_founder: Integer = NO_FOUNDER
    if n_tried == MOST_TRIED:
        return best_founder
    last = scores.shape[1] - 1
    for at in range(first, stop):
        if found[at, 1] >= _RELATED or not is_within(founders, found[at, 0], slot, window):
            continue
        founder = founder_of(founders, found[at, 0])
        if founder < 0 or not alive[founder] or not is_within(founders, founder, slot, window):
            continue
        was_tried = False
        for place in range(n_tried):
            was_tried = was_tried or tried[place] == founder
        if was_tried:
            continue
        if (
            best < 0
            or scores[at, last] > scores[best, last]
            or (
                scores[at, last] == scores[best, last]
                and (
                    scores[at, 0] > scores[best, 0]
                    or (scores[at, 0] == scores[best, 0] and found[at, 0] < found[best, 0])
                )
            )
        ):
            best = at
            best_founder = founder
    return best_founder


@inlined
def is_among(found: NDArray[np.int64], first: Integer, stop: Integer, slot: Integer) -> bool:
    """Return whether a document is among the duplicates."""
    for at in range(first, stop):
        if found[at, 0] == slot:
            return bool(found[at, 1] < _RELATED)
    return False


@inlined
def settle(founders: Founders, slot: Integer, replaced: Integer, founder: Integer) -> None:
    """Put a new document in its cluster."""
    if replaced >= 0 and founders.founders[replaced] == replaced:
        founders.clusters[slot] = founders.clusters[replaced]
        founders.founders[slot] = slot
        founders.founders[replaced] = slot
    elif founder >= 0:
        founders.clusters[slot] = founders.clusters[founder]
        founders.founders[slot] = founder
    else:
        founders.clusters[slot] = founders.numbers[slot]
        founders.founders[slot] = slot
