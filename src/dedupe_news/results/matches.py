"""The verified pairs of a batch, and how each item stands to its representative by them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

from dedupe_news.results.frames import Table
from dedupe_news.results.records import Pair, Relation

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._input.columns import Columns
    from dedupe_news.config import Config

NO_RELATION = 255
"""Stands for the relation of a representative."""


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Matches(Table[Pair]):
    """
    The verified pairs of a batch, as columns, by increasing positions.

    Every pair of distinct texts that matches is here once. Items of the
    same words stand for each other: each is paired with the preferred one
    among them, and that one with the other texts.

    Parameters
    ----------
    left, right : ndarray of int64, shape (n_matches,)
        Positions among the items that were read, ``left < right``; the rows,
        `Pair`, have ids, and positions in the feed.
    jaccard, containment : ndarray of float64, shape (n_matches,)
        Exact, in [0, 1].
    relation : ndarray of uint8, shape (n_matches,)
        Values of `Relation`.
    probability : ndarray of float64, shape (n_matches,)
        That the two are duplicates, in [0, 1].
    columns : Columns
        The items.
    config : Config
        The settings.
    """

    row_type = Pair

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    jaccard: NDArray[np.float64]
    containment: NDArray[np.float64]
    relation: NDArray[np.uint8]
    probability: NDArray[np.float64]
    columns: Columns = dataclasses.field(repr=False)
    config: Config = dataclasses.field(repr=False)

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.left)

    def _columns(self) -> dict[str, list[Any]]:
        left, right = self.left, self.right
        ids = [[*map(self.columns.id_of, side.tolist())] for side in (left, right)]
        if self.columns.rows is not None:
            left, right = self.columns.rows[left], self.columns.rows[right]
        return {
            "left": ids[0],
            "right": ids[1],
            "jaccard": self.jaccard.tolist(),
            "containment": self.containment.tolist(),
            "relation": [*map(Relation, self.relation.tolist())],
            "probability": self.probability.tolist(),
            "positions": [*zip(left.tolist(), right.tolist(), strict=True)],
        }

    def _part(self, part: slice) -> Self:
        names = ("left", "right", "jaccard", "containment", "relation", "probability")
        return dataclasses.replace(self, **{name: getattr(self, name)[part] for name in names})


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
    at = match_of[has_match]
    scores = np.full((3, n_items), np.nan)
    scores[:, has_match] = matches.jaccard[at], matches.containment[at], matches.probability[at]
    relation = np.full(n_items, NO_RELATION, np.uint8)
    relation[has_match] = matches.relation[at]
    return Membership(scores[0], scores[1], scores[2], relation)
