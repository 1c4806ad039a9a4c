"""What a store found, as matches: those within the window, best first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news.columns import NO_TIME
from dedupe_news.records import Match, Relation
from dedupe_news.stores.arrays import UNLIMITED, Found

if TYPE_CHECKING:
    from numpy.typing import NDArray

_RELATED = int(Relation.RELATED)
"""Relations from here on are no duplicates."""
_RELATIONS = tuple(Relation)  # an index is far quicker than the enumeration's look-up


def within(found: Found, own: NDArray[np.int64], others: NDArray[np.int64], window: int) -> Found:
    """
    Leave out matches that are too far away in time.

    Parameters
    ----------
    found : Found
        The matches of some documents.
    own : ndarray of int64, shape (n_documents,)
        When these came; a document of `NO_TIME` is near to all.
    others : ndarray of int64, shape (capacity,)
        When the documents of all slots came.
    window : int
        Microseconds.

    Returns
    -------
    Found
        The rest.
    """
    if window == UNLIMITED or not len(found.slots):
        return found
    times = np.repeat(own, np.diff(found.offsets))
    theirs = others[found.slots[:, 0]]
    distances = np.abs(np.where(times == NO_TIME, theirs, times) - theirs)
    kept = distances <= window
    offsets = np.concatenate(([0], np.cumsum(kept)))[found.offsets]
    return Found(offsets, found.slots[kept], found.scores[kept])


def all_matches(found: Found, ids: NDArray[np.object_]) -> list[list[Match]]:
    """
    Return what was found as records.

    Parameters
    ----------
    found : Found
        The matches of some documents.
    ids : ndarray of object, shape (capacity,)
        Ids of all slots.

    Returns
    -------
    list of list of Match
        For each document: duplicates, those of the same story, those of the same
        template; of each kind the best first.
    """
    n_documents = len(found.offsets) - 1
    if not len(found.slots):
        return [[] for _ in range(n_documents)]
    if n_documents == 1:  # the common case, made short
        return [_matches(found, ids)]
    slots, relations = found.slots.T
    jaccard, containment, probability, good = found.scores.T
    documents = np.repeat(np.arange(n_documents), np.diff(found.offsets))
    kind = np.maximum(relations, _RELATED - 1)
    order = np.lexsort((slots, -jaccard, -good, kind, documents))
    matches = list(
        map(
            Match,
            ids[slots[order]].tolist(),
            jaccard[order].tolist(),
            containment[order].tolist(),
            [_RELATIONS[relation] for relation in relations[order].tolist()],
            probability[order].tolist(),
        )
    )
    bounds = np.searchsorted(documents[order], np.arange(n_documents + 1))
    of_each: list[list[Match]] = [[] for _ in range(n_documents)]
    matching = np.flatnonzero(bounds[1:] > bounds[:-1])
    for document, start, stop in zip(
        matching.tolist(), bounds[matching].tolist(), bounds[matching + 1].tolist(), strict=True
    ):
        of_each[document] = matches[start:stop]
    return of_each


def _matches(found: Found, ids: NDArray[np.object_]) -> list[Match]:
    """Return the matches of one document."""
    matches = [
        (max(relation, _RELATED - 1), -good, -jaccard, slot, containment, relation, probability)
        for (slot, relation), (jaccard, containment, probability, good) in zip(
            found.slots.tolist(), found.scores.tolist(), strict=True
        )
    ]
    matches.sort()
    return [
        Match(ids[slot], -jaccard, containment, _RELATIONS[relation], probability)
        for _, _, jaccard, slot, containment, relation, probability in matches
    ]
