"""Who represents whom: the bounded assignment that clusters, stories and templates share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news.kernels.assignment import assign

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


def leaders_of(
    n_texts: int,
    pairs: NDArray[np.int64],
    scores: NDArray[np.float64],
    in_order: Callable[[NDArray[np.int64]], NDArray[np.int64]],
) -> NDArray[np.int64]:
    """
    Return the leader of each text, itself where it stands alone.

    `pairs`, shape (n_pairs, 2), are those that match, with their `scores`;
    `in_order` puts texts in order of preference. The outcome does not depend
    on the order of the pairs.
    """
    leader = np.arange(n_texts)
    texts = np.unique(pairs)
    if not len(texts):
        return leader
    ordered = in_order(texts)
    node_of = np.empty(n_texts, np.int64)
    node_of[texts] = np.arange(len(texts))
    left, right = node_of[pairs[:, 0]], node_of[pairs[:, 1]]
    sources = np.concatenate((left, right))
    by_source = np.argsort(sources, kind="stable")
    offsets = np.zeros(len(texts) + 1, np.int64)
    np.cumsum(np.bincount(sources, minlength=len(texts)), out=offsets[1:])
    leader_of_node = np.full(len(texts), -1)
    assign(
        node_of[ordered],
        offsets,
        np.concatenate((right, left))[by_source],
        np.concatenate((scores, scores))[by_source],
        leader_of_node,
    )
    leader[texts] = texts[leader_of_node]
    return leader
