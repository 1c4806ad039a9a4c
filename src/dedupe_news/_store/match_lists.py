"""What an index finds, as matches: those within the window, best first, made on demand."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, overload

import numpy as np

from dedupe_news._input.columns import NO_TIME
from dedupe_news._store.index_arrays import UNLIMITED, MatchTable
from dedupe_news.results.records import Match, Relation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_RELATED = int(Relation.RELATED)
"""Relations from here on are no duplicates."""
_RELATIONS = tuple(Relation)  # an index is far quicker than the enumeration's look-up


def within(
    table: MatchTable, times: NDArray[np.int64], others: NDArray[np.int64], window: int
) -> MatchTable:
    """Leave out matches too far away: `times` of the items, `NO_TIME` near to all, by row."""
    if window == UNLIMITED or not len(table.pairs):
        return table
    asked = np.repeat(times, np.diff(table.offsets))
    theirs = others[table.pairs[:, 0]]
    kept = np.abs(np.where(asked == NO_TIME, theirs, asked) - theirs) <= window
    offsets = np.concatenate(([0], np.cumsum(kept)))[table.offsets]
    return MatchTable(offsets, table.pairs[kept], table.scores[kept])


def best(table: MatchTable, most: int) -> MatchTable:
    """Leave out all but the best matches of each item."""
    if len(table.pairs) <= most:
        return table
    counts = np.diff(table.offsets)
    items = np.repeat(np.arange(len(counts)), counts)
    order = np.lexsort((table.pairs[:, 0], -table.scores[:, 0], -table.scores[:, 3], items))
    kept = np.zeros(len(items), bool)
    kept[order] = np.arange(len(items)) - table.offsets[items] < most
    offsets = np.concatenate(([0], np.cumsum(kept)))[table.offsets]
    return MatchTable(offsets, table.pairs[kept], table.scores[kept])


class MatchLists(Sequence[list[Match]]):
    """
    The matches of each of many items: a sequence of lists, each made when it is asked for.

    Duplicates come first, then those of the same story, then those of the same
    template; of each kind the best first. It equals a list of the same lists.
    """

    def __init__(
        self, parts: Sequence[tuple[MatchTable, NDArray[np.object_]]], limit: int | None = None
    ) -> None:
        self._parts = list(parts)  # what was found, and the ids of the rows of that time
        self._limit = limit
        self._bounds = [0, *itertools.accumulate(len(table.offsets) - 1 for table, _ in parts)]

    def __len__(self) -> int:
        """Return the number of items."""
        return self._bounds[-1]

    @overload
    def __getitem__(self, place: int) -> list[Match]: ...
    @overload
    def __getitem__(self, place: slice) -> list[list[Match]]: ...
    def __getitem__(self, place: int | slice) -> list[Match] | list[list[Match]]:
        """Return the matches of one item, or of several."""
        if isinstance(place, slice):
            return [self[each] for each in range(len(self))[place]]
        item = range(len(self))[place]
        part = bisect.bisect_right(self._bounds, item) - 1
        table, ids = self._parts[part]
        return _matches(table, ids, item - self._bounds[part])[: self._limit]

    def __iter__(self) -> Iterator[list[Match]]:
        """Iterate over the matches of each item."""
        for table, ids in self._parts:
            for item in range(len(table.offsets) - 1):
                yield _matches(table, ids, item)[: self._limit]

    def __eq__(self, other: object) -> bool:
        """Return whether the lists are the same."""
        if not isinstance(other, (list, MatchLists)):
            return NotImplemented
        return len(self) == len(other) and all(map(list.__eq__, self, other))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        """Return the lists as a list shows them."""
        return repr(list(self))


def _matches(table: MatchTable, ids: NDArray[np.object_], item: int) -> list[Match]:
    start, stop = int(table.offsets[item]), int(table.offsets[item + 1])
    if start == stop:
        return []
    matches = [
        (max(relation, _RELATED - 1), -good, -jaccard, row, containment, relation, probability)
        for (row, relation), (jaccard, containment, probability, good) in zip(
            table.pairs[start:stop].tolist(), table.scores[start:stop].tolist(), strict=True
        )
    ]
    matches.sort()
    return [
        Match(ids[row], -jaccard, containment, _RELATIONS[relation], probability)
        for _, _, jaccard, row, containment, relation, probability in matches
    ]
