"""Matches to clusters that do not chain."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._kernels.clustering import group_by_preference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclasses.dataclass(frozen=True, slots=True)
class Grouping:
    """
    The outcome of `group`.

    Parameters
    ----------
    representative : ndarray of int64, shape (n_texts,)
        The text that represents each text; itself where it stands alone.
    late_matches : ndarray of int64, shape (n_late, 3)
        Matches found in large buckets: text, text, size of their intersection.
    n_compared : int
        Pairs of large buckets that were compared.
    n_passed_over : int
        Comparisons with representatives that the limit forbade.
    """

    representative: NDArray[np.int64]
    late_matches: NDArray[np.int64]
    n_compared: int
    n_passed_over: int


def group(
    order: NDArray[np.int64],
    matches: NDArray[np.int64],
    large: Sequence[NDArray[np.int64]],
    limit: int,
    shingles: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    sizes: NDArray[np.int32],
    sketches: NDArray[np.uint64],
    threshold: float,
    n_texts: int,
    times: NDArray[np.int64] | None = None,
    window: int = 0,
) -> Grouping:
    """
    Give every text the most preferred representative it matches directly.

    Parameters
    ----------
    order : ndarray of int64, shape (n_nodes,)
        Every text that has a match or is in a large bucket, most preferred first.
    matches : ndarray of int64, shape (n_matches, 3)
        Verified pairs of texts and the size of their intersection.
    large : sequence of ndarray of int64
        Members of each large bucket, whose pairs are unverified.
    limit : int
        Most representatives of one large bucket that a text is compared with.
    shingles, offsets, sizes, sketches : ndarray of uint32, int64, int32, uint64
        Sorted shingle sets of all texts.
    threshold : float
        Least Jaccard similarity, inclusive.
    n_texts : int
        Number of texts.
    times : ndarray of int64, shape (n_texts,), optional
        When each was published; None where that does not matter.
    window : int, default 0
        Microseconds beyond which two are not compared.

    Returns
    -------
    Grouping
        Independent of the order of `matches` and `large`.
    """
    representative = np.arange(n_texts, dtype=np.int64)
    n_nodes = len(order)
    node_of = np.empty(n_texts, np.int64)
    node_of[order] = np.arange(n_nodes)
    # Nodes are numbered by preference, so that a node is its own rank.
    left, right = node_of[matches[:, 0]], node_of[matches[:, 1]]
    neighbour_offsets, neighbours = _ragged(
        np.concatenate((left, right)), np.concatenate((right, left)), n_nodes
    )
    members = [node_of[bucket] for bucket in large]
    leader_offsets = np.zeros(len(large) + 1, np.int64)
    np.cumsum([len(bucket) for bucket in large], out=leader_offsets[1:])
    bucket_offsets, buckets = _ragged(
        np.concatenate(members) if members else np.zeros(0, np.int64),
        np.repeat(np.arange(len(large)), np.diff(leader_offsets)),
        n_nodes,
    )
    node_representative = np.empty(n_nodes, np.int64)
    shared_with = np.zeros(n_nodes, np.int64)
    n_compared, n_passed_over = group_by_preference(
        neighbour_offsets,
        neighbours,
        bucket_offsets,
        buckets,
        leader_offsets,
        limit,
        order,
        shingles,
        offsets,
        sizes,
        sketches,
        threshold,
        np.empty(0, np.int64) if times is None else times,
        window,
        node_representative,
        shared_with,
    )
    representative[order] = order[node_representative]
    late = np.flatnonzero(shared_with)
    late_matches = np.stack(
        (order[node_representative[late]], order[late], shared_with[late]), axis=1
    )
    return Grouping(representative, late_matches, n_compared, n_passed_over)


def _ragged(
    rows: NDArray[np.int64], values: NDArray[np.int64], n_rows: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the values of each row one row after another, and the bounds of the rows."""
    offsets = np.zeros(n_rows + 1, np.int64)
    np.cumsum(np.bincount(rows, minlength=n_rows), out=offsets[1:])
    return offsets, values[np.argsort(rows, kind="stable")]
