"""What an index finds: match tables, as kernels write them, and lists made on demand."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, overload

import numpy as np

from dedupe_news._input.columns import NO_TIME
from dedupe_news._kernels import index_lookup
from dedupe_news._kernels.representatives import Matches
from dedupe_news.results.records import Match, Relation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

UNLIMITED: int = int(np.iinfo(np.int64).max)
"""A window that holds everything."""

_GROWTH = 2  # what is allotted but never written takes no memory; what is copied takes time
_FIRST_CAPACITY = 1024
_RELATED = int(Relation.RELATED)
"""Relations from here on are no duplicates."""
_RELATIONS = tuple(Relation)  # an index is far quicker than the enumeration's look-up


def grown(array: NDArray[Any], least: int) -> NDArray[Any]:
    """Return a longer copy, twice as long or as needed, with zeros or None behind."""
    capacity = max(least, len(array) * _GROWTH)
    made = np.empty if array.dtype == object else np.zeros  # the one writes a 0 to every place
    longer = made((capacity, *array.shape[1:]), array.dtype)
    longer[: len(array)] = array
    return longer


class MatchTable(NamedTuple):
    """
    The matches of a batch of look-ups.

    Parameters
    ----------
    offsets : ndarray of int64, shape (n_items + 1,)
        Bounds of each item's matches.
    pairs : ndarray of int64, shape (n_matches, 2)
        Row and relation of each match.
    scores : ndarray of float64, shape (n_matches, 4)
        Jaccard similarity, containment, probability, and how good an answer
        each is, in [0, 1]: the share of the item's shingles that the match is
        expected to make redundant.
    """

    offsets: NDArray[np.int64]
    pairs: NDArray[np.int64]
    scores: NDArray[np.float64]

    def only(self, chosen: NDArray[np.bool_]) -> MatchTable:
        """Return some of the matches."""
        offsets = np.concatenate(([0], np.cumsum(chosen)))[self.offsets]
        return MatchTable(offsets, self.pairs[chosen], self.scores[chosen])

    def within(
        self, times: NDArray[np.int64], others: NDArray[np.int64], window: int
    ) -> MatchTable:
        """Leave out matches too far away: `times` of items, `NO_TIME` near to all; by row."""
        if window == UNLIMITED or not len(self.pairs):
            return self
        asked = np.repeat(times, np.diff(self.offsets))
        theirs = others[self.pairs[:, 0]]
        return self.only(np.abs(np.where(asked == NO_TIME, theirs, asked) - theirs) <= window)

    def best(self, most: int) -> MatchTable:
        """Leave out all but the best matches of each item."""
        if len(self.pairs) <= most:
            return self
        counts = np.diff(self.offsets)
        items = np.repeat(np.arange(len(counts)), counts)
        order = np.lexsort((self.pairs[:, 0], -self.scores[:, 0], -self.scores[:, 3], items))
        chosen = np.zeros(len(items), bool)
        chosen[order] = np.arange(len(items)) - self.offsets[items] < most
        return self.only(chosen)


def joined(parts: Sequence[MatchTable]) -> MatchTable:
    """Return the matches of ranges of items as those of all."""
    starts = itertools.accumulate((len(part.pairs) for part in parts), initial=0)
    offsets = [part.offsets[1:] + start for part, start in zip(parts, starts, strict=False)]
    return MatchTable(
        np.concatenate([np.zeros(1, np.int64), *offsets]),
        np.concatenate([part.pairs for part in parts]),
        np.concatenate([part.scores for part in parts]),
    )


class MatchBuffer:
    """Where kernels write matches; kept from one call to the next."""

    def __init__(self) -> None:
        self._matches = Matches(
            np.empty((_FIRST_CAPACITY, 2), np.int64), np.empty((_FIRST_CAPACITY, 4), np.float64)
        )

    def fill(
        self, n_items: int, work: Callable[[int, NDArray[np.int64], Matches], int]
    ) -> MatchTable:
        """Call a kernel with the first item to do, and more space, until all are done."""
        offsets = np.zeros(n_items + 1, np.int64)
        n_done = work(0, offsets, self._matches)
        while n_done < n_items:
            capacity = _GROWTH * len(self._matches.pairs)
            self._matches = Matches(*(grown(array, capacity) for array in self._matches))
            n_done = work(n_done, offsets, self._matches)
        n_matches = int(offsets[-1])
        return MatchTable(
            offsets,
            self._matches.pairs[:n_matches].copy(),
            self._matches.scores[:n_matches].copy(),
        )


def look_up(*arguments: Any) -> int:
    """Look items up; return how many are ready."""
    try:
        return int(index_lookup.look_up(*arguments))
    except TypeError as error:
        # What numba says where an interrupt ends its taking apart of the list.
        if "can't unbox" not in str(error):
            raise
        raise KeyboardInterrupt from None


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
        self._bounds = [0, *itertools.accumulate([len(table.offsets) - 1 for table, _ in parts])]

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
            return [self[at] for at in range(len(self))[place]]
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
    start, stop = table.offsets[item : item + 2].tolist()
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
