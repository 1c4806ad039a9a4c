"""In order of preference a text joins the best leader that it matches, or becomes one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._kernels._jit import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray


@kernel
def assign(
    order: NDArray[np.int64],
    offsets: NDArray[np.int64],
    neighbours: NDArray[np.int64],
    scores: NDArray[np.float64],
    apart_offsets: NDArray[np.int64],
    apart: NDArray[np.int64],
    leader: NDArray[np.int64],
) -> None:
    """
    Write the leader of each node: itself, or one chosen before that it matches directly.

    `order` has the nodes by preference; node ``i`` matches ``neighbours[at]``
    with ``scores[at]`` for ``at`` from ``offsets[i]`` to ``offsets[i + 1] - 1``.
    It is kept out of the clusters of ``apart[at]`` for ``at`` from
    ``apart_offsets[i]`` to ``apart_offsets[i + 1] - 1``.
    `leader` comes with -1 throughout. Of two leaders of equal scores the one
    chosen first is taken.
    """
    rank = np.empty(order.shape[0], np.int64)
    for place in range(order.shape[0]):
        rank[order[place]] = place
    for node in order:
        best = node
        best_score = -1.0
        for at in range(offsets[node], offsets[node + 1]):
            other = neighbours[at]
            if leader[other] != other:
                continue
            score = scores[at]
            if score > best_score or (score == best_score and rank[other] < rank[best]):
                is_open = True
                for away in range(apart_offsets[node], apart_offsets[node + 1]):
                    is_open = is_open and leader[apart[away]] != other
                if is_open:
                    best = other
                    best_score = score
        leader[node] = best
