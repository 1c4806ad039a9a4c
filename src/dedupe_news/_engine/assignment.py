"""Who represents whom: the bounded assignment that clusters, stories and templates share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._kernels.leaders import assign

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


_NONE = np.empty((0, 2), np.int64)


def leaders_of(
    n_texts: int,
    pairs: NDArray[np.int64],
    scores: NDArray[np.float64],
    in_order: Callable[[NDArray[np.int64]], NDArray[np.int64]],
    apart: NDArray[np.int64] = _NONE,
) -> NDArray[np.int64]:
    """
    Return the leader of each text, itself where it stands alone.

    `pairs`, shape (n_pairs, 2), are those that match, with their `scores`;
    `in_order` puts texts in order of preference; `apart`, shape (n_apart, 2),
    are those that cannot have one leader, both ways round. The outcome does not
    depend on the order of the pairs.
    """
    leader = np.arange(n_texts)
    texts = np.unique(pairs)
    if not len(texts):
        return leader
    ordered = in_order(texts)
    node_of = np.empty(n_texts, np.int64)
    node_of[texts] = np.arange(len(texts))
    left, right = node_of[pairs[:, 0]], node_of[pairs[:, 1]]
    offsets, by_source = _ragged(np.concatenate((left, right)), len(texts))
    away = node_of[apart[np.isin(apart, texts).all(axis=1)]]
    away_offsets, by_away = _ragged(away[:, 0], len(texts))
    leader_of_node = np.full(len(texts), -1)
    assign(
        node_of[ordered],
        offsets,
        np.concatenate((right, left))[by_source],
        np.concatenate((scores, scores))[by_source],
        away_offsets,
        away[by_away, 1],
        leader_of_node,
    )
    leader[texts] = texts[leader_of_node]
    return leader


def _ragged(rows: NDArray[np.int64], n_rows: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the bounds of each row's values, and the order that puts row after row."""
    offsets = np.zeros(n_rows + 1, np.int64)
    np.cumsum(np.bincount(rows, minlength=n_rows), out=offsets[1:])
    return offsets, np.argsort(rows, kind="stable")
