"""Who represents whom: the bounded assignment, what overrules the judge, what a user is sure of."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe_news._engine.packing import HALF, LOW, pack
from dedupe_news._kernels.leaders import assign

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from dedupe_news._input.constraints import Constraints


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


LEAST_COMMON = 4
"""Texts that must match both of a refused pair."""

LEAST_SHARE = 0.6
"""Share of the texts that match one of the two, of those compared with the other, that match it."""


def agreed(
    pairs: NDArray[np.uint64], are_matches: NDArray[np.bool_], refused: NDArray[np.int64]
) -> NDArray[np.int64]:
    """
    Return those of the refused pairs whose neighbours say that the two are one item.

    Of a thousand printings of a story a classifier refuses some pairs by a little. Two texts
    agree where most texts that match either one, of those compared with the other, match it too.
    `pairs` are all judged ones, packed and increasing, of which `are_matches` match; `refused`
    has shape (n_refused, 2).
    """
    left, right = (pairs[are_matches] >> HALF, pairs[are_matches] & LOW)
    near = np.concatenate((np.stack((left, right), 1), np.stack((right, left), 1))).astype(np.int64)
    near = near[np.argsort(near[:, 0], kind="stable")]
    starts, stops = (np.searchsorted(near[:, 0], refused, side) for side in ("left", "right"))
    may_agree = (stops - starts >= LEAST_COMMON).all(axis=1)
    refused, starts, stops = refused[may_agree], starts[may_agree], stops[may_agree]
    are_agreed = np.ones(len(refused), bool)
    for side in range(2):
        counts = stops[:, side] - starts[:, side]
        of_pair = np.repeat(np.arange(len(refused)), counts)
        first = np.cumsum(counts) - counts
        at = np.arange(len(of_pair)) - first[of_pair] + starts[of_pair, side]
        compared = pack(np.stack((near[at, 1], refused[of_pair, 1 - side]), axis=1))
        place = np.minimum(np.searchsorted(pairs, compared), len(pairs) - 1)
        is_judged = pairs[place] == compared
        n_judged = np.bincount(of_pair[is_judged], minlength=len(refused))
        n_common = np.bincount(of_pair[is_judged & are_matches[place]], minlength=len(refused))
        are_agreed &= (n_common >= LEAST_COMMON) & (n_common >= LEAST_SHARE * n_judged)
    return refused[are_agreed]


class Bonds(NamedTuple):
    """
    Constraints on the texts of a segment.

    `head` has the text that stands for each: the most preferred of those that must be together,
    mostly itself. `apart` has the heads that cannot be in one cluster, both ways round.
    """

    head: NDArray[np.int64]  # shape (n_texts,)
    apart: NDArray[np.int64]  # shape (n_pairs, 2)

    def allow(self, pairs: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which pairs of texts, shape (n_pairs, 2), may be in one cluster."""
        n_texts = len(self.head)
        heads = self.head[pairs]
        forbidden = self.apart[:, 0] * n_texts + self.apart[:, 1]
        return ~np.isin(heads[:, 0] * n_texts + heads[:, 1], forbidden)

    def reach(self, pairs: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return all pairs of texts that matches may bring into one cluster by a bond."""
        bound = np.flatnonzero(
            np.isin(self.head, self.head[self.head != np.arange(len(self.head))])
        )
        members: dict[int, list[int]] = {}
        for text, head in zip(bound.tolist(), self.head[bound].tolist(), strict=True):
            members.setdefault(head, []).append(text)
        heads = self.head[pairs]
        touched = np.unique(heads[np.isin(heads, list(members)).any(axis=1)], axis=0).tolist()
        pairs_of_bonds = [
            pair
            for first, second in [*touched, *((head, head) for head in members)]
            for pair in itertools.product(
                members.get(first, [first]), members.get(second, [second])
            )
        ]
        return np.array(pairs_of_bonds, np.int64).reshape(-1, 2)


def make_bonds(
    n_texts: int,
    constraints: Constraints,
    in_order: Callable[[NDArray[np.int64]], NDArray[np.int64]],
) -> Bonds:
    """Return the bonds of constraints, which pair all texts that must be together with one."""
    head = np.arange(n_texts)
    lead = np.arange(n_texts)
    lead[constraints.must[:, 0]] = constraints.must[:, 1]
    members = in_order(np.unique(constraints.must))
    # The first of each lead's texts in order of preference.
    leads, firsts = np.unique(lead[members], return_index=True)
    head[members] = members[firsts][np.searchsorted(leads, lead[members])]
    apart = head[constraints.cannot]
    return Bonds(head, np.concatenate((apart, apart[:, ::-1])))
