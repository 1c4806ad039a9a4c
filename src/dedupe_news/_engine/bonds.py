"""What a user is sure of, for the assignment: texts that stand as one, and texts kept apart."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from dedupe_news._input.constraints import Constraints


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
