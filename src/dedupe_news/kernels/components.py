"""Connected components of a graph that is in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news.kernels._jit import inlined, kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news.kernels._jit import Integer


@inlined
def _root(parents: NDArray[np.int64], node: Integer) -> Integer:
    """Return the root of a node's tree, and halve the way there."""
    while parents[node] != node:
        parents[node] = parents[parents[node]]
        node = parents[node]
    return node


@kernel
def unite(left: NDArray[np.int64], right: NDArray[np.int64], parents: NDArray[np.int64]) -> None:
    """
    Write the least node of the component that each node is in.

    Parameters
    ----------
    left, right : ndarray of int64, shape (n_edges,)
        The nodes of each edge.
    parents : ndarray of int64, shape (n_nodes,)
        On entry each node itself; receives the least node of its component.
    """
    for edge in range(left.shape[0]):
        a = np.int64(_root(parents, left[edge]))
        b = np.int64(_root(parents, right[edge]))
        if a != b:
            # The greater root hangs under the lesser, which so stays the least.
            parents[max(a, b)] = min(a, b)
    for node in range(parents.shape[0]):
        parents[node] = parents[parents[node]]
