"""The clusters of an index: who represents each, and which one a new item joins."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe_news._kernels._jit import inlined

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._kernels._jit import Integer

NO_REPRESENTATIVE = -1
"""Stands for the representative of a cluster that has left the index."""

MOST_TRIED = 4
"""Representatives that a new item is compared with before it begins a cluster."""

RELATED, TEMPLATE = 4, 5
"""Relations that are no duplicates."""


class Clusters(NamedTuple):
    """
    The cluster of each row.

    Parameters
    ----------
    numbers : ndarray of int64, shape (capacity,)
        Running number of each item, increasing; that of a new one is filled in
        before it is looked up.
    moments : ndarray of int64, shape (capacity,)
        Microseconds since 1970: the time that windows reckon with, likewise.
    clusters : ndarray of int64, shape (capacity,)
        Number of each item's cluster: that of the item that began it.
    representatives : ndarray of int32, shape (capacity,)
        Row of the representative, or of a former one whose entry leads to the
        present one; `NO_REPRESENTATIVE` where it has left.
    """

    numbers: NDArray[np.int64]
    moments: NDArray[np.int64]
    clusters: NDArray[np.int64]
    representatives: NDArray[np.int32]


class Matches(NamedTuple):
    """
    Where matches go.

    Parameters
    ----------
    pairs : ndarray of int64, shape (n_matches, 2)
        Row and relation of each match.
    scores : ndarray of float64, shape (n_matches, 4)
        Jaccard similarity, containment, probability, and how good an answer it
        is, in [0, 1].
    """

    pairs: NDArray[np.int64]
    scores: NDArray[np.float64]


@inlined
def representative_of(clusters: Clusters, row: Integer) -> Integer:
    """Return the representative of an item's cluster."""
    at: Integer = row
    while at >= 0 and clusters.representatives[at] != at:
        at = clusters.representatives[at]  # an item added again still represents its cluster
    return at


@inlined
def _is_within(clusters: Clusters, a: Integer, b: Integer, window: Integer) -> bool:
    """Return whether two items are near enough in time to be duplicates."""
    return bool(abs(clusters.moments[a] - clusters.moments[b]) <= window)


@inlined
def _is_better(matches: Matches, a: Integer, b: Integer) -> bool:
    """Return whether a match is a better answer than another: then the more similar, the older."""
    scores, last = matches.scores, matches.scores.shape[1] - 1
    if scores[a, last] != scores[b, last]:
        return bool(scores[a, last] > scores[b, last])
    if scores[a, 0] != scores[b, 0]:
        return bool(scores[a, 0] > scores[b, 0])
    return bool(matches.pairs[a, 0] < matches.pairs[b, 0])


@inlined
def next_representative(
    clusters: Clusters,
    alive: NDArray[np.uint8],
    matches: Matches,
    bounds: tuple[Integer, Integer],
    row: Integer,
    window: Integer,
    tried: NDArray[np.int64],
) -> Integer:
    """Return the representative of the best match whose representative was not `tried` yet."""
    best: Integer = np.int64(-1)
    best_representative: Integer = np.int64(NO_REPRESENTATIVE)
    if tried.shape[0] == MOST_TRIED:
        return best_representative
    for at in range(bounds[0], bounds[1]):
        match = matches.pairs[at, 0]
        if matches.pairs[at, 1] >= RELATED or not _is_within(clusters, match, row, window):
            continue
        representative = np.int64(representative_of(clusters, match))
        if (
            representative < 0
            or not alive[representative]
            or not _is_within(clusters, representative, row, window)
        ):
            continue
        was_tried = False
        for place in range(tried.shape[0]):
            was_tried = was_tried or tried[place] == representative
        if not was_tried and (best < 0 or _is_better(matches, at, best)):
            best = np.int64(at)
            best_representative = representative
    return best_representative


@inlined
def is_among(matches: Matches, first: Integer, stop: Integer, row: Integer) -> bool:
    """Return whether an item is among the duplicates."""
    for at in range(first, stop):
        if matches.pairs[at, 0] == row:
            return bool(matches.pairs[at, 1] < RELATED)
    return False


@inlined
def join(clusters: Clusters, row: Integer, replaced: Integer, representative: Integer) -> None:
    """Put a new item in its cluster."""
    if replaced >= 0 and clusters.representatives[replaced] == replaced:
        clusters.clusters[row] = clusters.clusters[replaced]
        clusters.representatives[row] = row
        clusters.representatives[replaced] = row
    elif representative >= 0:
        clusters.clusters[row] = clusters.clusters[representative]
        clusters.representatives[row] = representative
    else:
        clusters.clusters[row] = clusters.numbers[row]
        clusters.representatives[row] = row
