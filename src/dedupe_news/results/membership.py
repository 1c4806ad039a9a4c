"""Which documents belong together, and how each stands to the one that is kept of them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from dedupe_news.results.records import Relation

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news.results.matches import Matches

NO_RELATION = 255
"""Stands for the relation of a document that is kept."""


@dataclasses.dataclass(frozen=True, slots=True)
class Membership:
    """
    The match of each document with the representative of its cluster.

    Parameters
    ----------
    jaccard, containment, probability : ndarray of float64, shape (n_documents,)
        In [0, 1]; NaN for documents that are kept.
    relation : ndarray of uint8, shape (n_documents,)
        Values of `Relation`; `NO_RELATION` for documents that are kept.
    """

    jaccard: NDArray[np.float64]
    containment: NDArray[np.float64]
    probability: NDArray[np.float64]
    relation: NDArray[np.uint8]


def membership_of(kept: NDArray[np.int64], matches: Matches) -> Membership:
    """
    Return how every document stands to the one that is kept of its cluster.

    Parameters
    ----------
    kept : ndarray of int64, shape (n_documents,)
        Position of the representative of each document.
    matches : Matches
        The verified pairs. A document of the same words as another is paired
        with that one alone, and stands to the representative as it does.

    Returns
    -------
    Membership
        Of each document.
    """
    n_documents = len(kept)
    match_of = np.full(n_documents, -1)
    pairs = matches.left * n_documents + matches.right

    def find(documents: NDArray[np.int64], stand_ins: NDArray[np.int64]) -> None:
        first = np.minimum(kept[documents], stand_ins)
        wanted = first * n_documents + np.maximum(kept[documents], stand_ins)
        at = np.minimum(np.searchsorted(pairs, wanted), len(pairs) - 1)
        found = pairs[at] == wanted
        match_of[documents[found]] = at[found]

    if len(pairs):
        others = np.flatnonzero(kept != np.arange(n_documents))
        find(others, others)
        exact = np.flatnonzero(matches.relation == Relation.EXACT)
        for document, stand_in in (
            (matches.left[exact], matches.right[exact]),
            (matches.right[exact], matches.left[exact]),
        ):
            lost = (match_of[document] < 0) & (kept[document] != document)
            find(document[lost], stand_in[lost])
    found = match_of >= 0

    def column(values: NDArray[np.float64]) -> NDArray[np.float64]:
        filled = np.full(n_documents, np.nan)
        filled[found] = values[match_of[found]]
        return filled

    relation = np.full(n_documents, NO_RELATION, np.uint8)
    relation[found] = matches.relation[match_of[found]]
    return Membership(
        column(matches.jaccard), column(matches.containment), column(matches.probability), relation
    )


def gathered(group_of: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """
    Return the members of each group.

    Parameters
    ----------
    group_of : ndarray of int64, shape (n_documents,)
        A number for the group of each document; -1 for none.

    Returns
    -------
    list of ndarray of int64
        Positions, increasing; the largest group first, ties by first
        appearance.
    """
    members = np.flatnonzero(group_of >= 0)
    if not len(members):
        return []
    order = members[np.argsort(group_of[members], kind="stable")]
    edges = np.flatnonzero(np.diff(group_of[order])) + 1
    groups = np.split(order, edges)
    groups.sort(key=lambda positions: (-len(positions), positions[0]))
    return groups
