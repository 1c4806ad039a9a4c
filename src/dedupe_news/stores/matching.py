"""What a store found, as matches: those within the window, best first."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from dedupe_news.columns import NO_TIME
from dedupe_news.records import Match, Relation
from dedupe_news.stores.arrays import UNLIMITED, Found

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from numpy.typing import NDArray

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


def all_matches(
    found: Found, ids: Sequence[Hashable], *, include_series: bool = False
) -> list[list[Match]]:
    """
    Return what was found as records.

    Parameters
    ----------
    found : Found
        The matches of some documents.
    ids : sequence of hashable
        Ids of all slots.
    include_series : bool, default False
        Whether relatives of the same series are wanted.

    Returns
    -------
    list of list of Match
        For each document, best first.
    """
    n_documents = len(found.offsets) - 1
    if not len(found.slots):
        return [[] for _ in range(n_documents)]
    slots, relations = found.slots.T
    jaccard, containment, probability, good = found.scores.T
    documents = np.repeat(np.arange(n_documents), np.diff(found.offsets))
    is_series = relations == Relation.SERIES
    order = np.lexsort((slots, -jaccard, -good, is_series, documents))
    if not include_series:
        order = order[~is_series[order]]
    matches = list(
        map(
            Match,
            [ids[slot] for slot in slots[order].tolist()],
            jaccard[order].tolist(),
            containment[order].tolist(),
            [_RELATIONS[relation] for relation in relations[order].tolist()],
            probability[order].tolist(),
        )
    )
    if n_documents == 1:
        return [matches]
    bounds = np.searchsorted(documents[order], np.arange(n_documents + 1)).tolist()
    return [matches[start:stop] for start, stop in pairwise(bounds)]
