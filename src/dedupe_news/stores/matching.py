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
    if not len(found.slots):
        return [[] for _ in range(len(found.offsets) - 1)]
    rows = list(zip(found.slots.tolist(), found.scores.tolist(), strict=True))
    return [
        _matches(rows[start:stop], ids, include_series=include_series) if start < stop else []
        for start, stop in pairwise(found.offsets.tolist())
    ]


def _matches(
    rows: list[tuple[list[int], list[float]]], ids: Sequence[Hashable], *, include_series: bool
) -> list[Match]:
    matches = [
        (relation == Relation.SERIES, -good, -jaccard, slot, containment, relation, probability)
        for (slot, relation), (jaccard, containment, probability, good) in rows
        if include_series or relation != Relation.SERIES
    ]
    matches.sort()
    return [
        Match(ids[slot], -jaccard, containment, _RELATIONS[relation], probability)
        for _, _, jaccard, slot, containment, relation, probability in matches
    ]
