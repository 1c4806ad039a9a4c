"""Clusters in which every member matches the representative directly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._kernels._jit import kernel
from dedupe_news._kernels.features import NO_TIME
from dedupe_news._kernels.verification import jaccard_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._kernels._jit import Integer


@kernel
def group_by_preference(
    neighbour_offsets: NDArray[np.int64],
    neighbours: NDArray[np.int64],
    bucket_offsets: NDArray[np.int64],
    buckets: NDArray[np.int64],
    leader_offsets: NDArray[np.int64],
    limit: Integer,
    sets_of: NDArray[np.int64],
    shingles: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    sizes: NDArray[np.int32],
    sketches: NDArray[np.uint64],
    threshold: float,
    times: NDArray[np.int64],
    window: Integer,
    representative: NDArray[np.int64],
    shared_with: NDArray[np.int64],
) -> tuple[int, int]:
    """
    Give every node the most preferred representative it matches, or make it one.

    Nodes are numbered and taken in order of preference. A node that matches a
    representative chosen before joins the most preferred such; any other
    becomes a representative. So the outcome depends on the matches and the
    preference alone.

    Pairs of large buckets come unverified: a node is compared with the
    representatives already found in each of its large buckets, most preferred
    first. In a bucket of near-identical texts that is one comparison a node.

    Parameters
    ----------
    neighbour_offsets : ndarray of int64, shape (n_nodes + 1,)
        Bounds of each node's neighbours.
    neighbours : ndarray of int64, shape (2 * n_matches,)
        Nodes that each node matches, as verified elsewhere.
    bucket_offsets : ndarray of int64, shape (n_nodes + 1,)
        Bounds of each node's large buckets.
    buckets : ndarray of int64, shape (n_memberships,)
        Large buckets of each node.
    leader_offsets : ndarray of int64, shape (n_buckets + 1,)
        Room for the representatives of each bucket: its size.
    limit : int
        Most representatives of one bucket that a node is compared with.
    sets_of : ndarray of int64, shape (n_nodes,)
        The shingle set of each node.
    shingles, offsets, sizes, sketches : ndarray of uint32, int64, int32, uint64
        Sorted sets.
    threshold : float
        Least Jaccard similarity, inclusive.
    times : ndarray of int64, shape (n_sets,) or (0,)
        When each set was published, or `NO_TIME`; of no length where that does
        not matter.
    window : int
        Microseconds beyond which two are not compared.
    representative : ndarray of int64, shape (n_nodes,)
        Receives the representative of each node.
    shared_with : ndarray of int64, shape (n_nodes,)
        Receives, for a node that found its representative in a large bucket,
        the size of their intersection; 0 for others.

    Returns
    -------
    n_compared : int
        Pairs compared here.
    n_passed_over : int
        Comparisons with representatives that `limit` forbade.
    """
    leaders = np.empty(leader_offsets[-1], np.int64)
    n_leaders = np.zeros(leader_offsets.shape[0] - 1, np.int64)
    n_compared = 0
    n_passed_over = 0
    for node in range(representative.shape[0]):
        best = node
        shared_with[node] = 0
        for at in range(neighbour_offsets[node], neighbour_offsets[node + 1]):
            other = neighbours[at]
            if other < best and representative[other] == other:
                best = other
        for at in range(bucket_offsets[node], bucket_offsets[node + 1]):
            bucket = buckets[at]
            first = leader_offsets[bucket]
            for which in range(n_leaders[bucket]):
                leader = leaders[first + which]
                if leader >= best:
                    break
                if which >= limit:
                    n_passed_over += int(n_leaders[bucket]) - which
                    break
                if times.shape[0] > 0:
                    own, others = times[sets_of[node]], times[sets_of[leader]]
                    if own != NO_TIME and others != NO_TIME and abs(own - others) > window:
                        continue
                n_compared += 1
                shared = jaccard_of(
                    shingles, offsets, sizes, sketches, sets_of[leader], sets_of[node], threshold
                )
                if shared >= 0:
                    best = leader
                    shared_with[node] = shared
                    break
        representative[node] = best
        if best == node:
            for at in range(bucket_offsets[node], bucket_offsets[node + 1]):
                bucket = buckets[at]
                leaders[leader_offsets[bucket] + n_leaders[bucket]] = node
                n_leaders[bucket] += 1
    return n_compared, n_passed_over
