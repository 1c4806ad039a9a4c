"""How each item stands to the representative of its cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe_news.results.records import Relation

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news.results.listing import Matches

NO_RELATION = 255
"""Stands for the relation of a representative."""


class Membership(NamedTuple):
    """The match of each item with its representative: NaN and `NO_RELATION` for that itself."""

    jaccard: NDArray[np.float64]
    containment: NDArray[np.float64]
    probability: NDArray[np.float64]
    relation: NDArray[np.uint8]


def membership_of(representatives: NDArray[np.int64], matches: Matches) -> Membership:
    """
    Return how every item stands to its representative.

    An item of the same words as another is paired with that one alone, and
    stands to the representative as that one does.
    """
    n_items = len(representatives)
    match_of = np.full(n_items, -1)
    pairs = matches.left * n_items + matches.right

    def find(items: NDArray[np.int64], stand_ins: NDArray[np.int64]) -> None:
        first = np.minimum(representatives[items], stand_ins)
        wanted = first * n_items + np.maximum(representatives[items], stand_ins)
        at = np.minimum(np.searchsorted(pairs, wanted), len(pairs) - 1)
        is_match = pairs[at] == wanted
        match_of[items[is_match]] = at[is_match]

    if len(pairs):
        others = np.flatnonzero(representatives != np.arange(n_items))
        find(others, others)
        exact = matches.relation == Relation.EXACT
        left, right = matches.left[exact], matches.right[exact]
        for items, stand_ins in ((left, right), (right, left)):
            missing = (match_of[items] < 0) & (representatives[items] != items)
            find(items[missing], stand_ins[missing])
    has_match = match_of >= 0

    def column(values: NDArray[np.float64]) -> NDArray[np.float64]:
        filled = np.full(n_items, np.nan)
        filled[has_match] = values[match_of[has_match]]
        return filled

    relation = np.full(n_items, NO_RELATION, np.uint8)
    relation[has_match] = matches.relation[match_of[has_match]]
    return Membership(
        column(matches.jaccard), column(matches.containment), column(matches.probability), relation
    )


def gathered(group_of: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Return the places of each group's items, the largest group first; -1 is no group."""
    members = np.flatnonzero(group_of >= 0)
    if not len(members):
        return []
    order = members[np.argsort(group_of[members], kind="stable")]
    edges = np.flatnonzero(np.diff(group_of[order])) + 1
    groups = np.split(order, edges)
    groups.sort(key=lambda places: (-len(places), places[0]))
    return groups
