"""Which item of a cluster is kept, and the items kept and removed as tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeAlias, TypeVar

import numpy as np

from dedupe_news._input import native
from dedupe_news._input.arrow import is_missing
from dedupe_news._input.columns import NO_TIME
from dedupe_news.errors import InputError, InputTypeError, shown
from dedupe_news.results.displayable import Printable
from dedupe_news.results.frames import Table
from dedupe_news.results.grouping import Groups, gathered
from dedupe_news.results.records import KeptItem, Relation, RemovedItem

if TYPE_CHECKING:
    from collections.abc import Hashable

    from numpy.typing import NDArray

_Row = TypeVar("_Row")

Keep: TypeAlias = str | Callable[[Any], Any]
"""A rule, a column, or a function of an item."""

RULES = ("preferred", "earliest", "latest", "longest")
"""Rules that need no column."""


def choose(result: Groups, keep: Keep, feed: Any) -> NDArray[np.int64]:
    """Return the place of the item of each cluster that is kept; `feed` may be None."""
    if isinstance(keep, str) and keep == "preferred":
        return result.representatives
    rank = _ranking(result, keep, feed)
    kept = result.representatives.copy()
    for members in gathered(np.where(result.sizes[result.labels] > 1, result.labels, -1)):
        label = result.labels[members[0]]
        kept[label] = _largest(result, members.tolist(), int(kept[label]), rank)
    return kept


def _ranking(result: Groups, keep: Keep, feed: Any) -> Callable[[int], Any]:
    """Return what ranks the item at a place; the one of the highest rank is kept."""
    columns = result.columns
    if callable(keep):
        if feed is None:
            return lambda place: keep(columns.content(place))
        row_of = native.row_getter(feed)
        return lambda place: keep(row_of(int(result.in_feed(place))))
    if not isinstance(keep, str):
        message = (
            f"keep={shown(keep)} is no rule, column or function; rules are "
            f"{', '.join(map(repr, RULES))}"
        )
        raise InputTypeError(message)
    if keep not in RULES:
        value_of = native.value_getter([] if feed is None else feed, keep)
        return lambda place: value_of(int(result.in_feed(place)))
    if keep == "longest":
        return lambda place: len(columns.content(place))
    times = columns.published
    if times is None:
        message = (
            f"keep={shown(keep)} needs to know when items were published; name the column, "
            "as in published='...'"
        )
        raise InputError(message)
    sign = -1 if keep == "earliest" else 1
    return lambda place: None if times[place] == NO_TIME else sign * int(times[place])


def _largest(result: Groups, members: list[int], first: int, rank: Callable[[int], Any]) -> int:
    """Return the member of the highest rank; `first` where several are equal."""
    best, highest = first, rank(first)
    for member in members:
        value = rank(member)
        if is_missing(value):
            continue
        try:
            if is_missing(highest) or value > highest:
                best, highest = member, value
        except TypeError as error:
            position = int(result.in_feed(member))
            message = (
                f"keep cannot choose between {shown(value)} of item {position} and "
                f"{shown(highest)}, which cannot be compared. Give values of one type"
            )
            raise InputError(message) from error
    return best


class Items(Printable, Table[_Row]):
    """Some items of a result; `places` are theirs among the items that were read."""

    __slots__ = ("places", "result")
    verb: ClassVar[str]

    def __init__(self, result: Groups, places: NDArray[np.int64]) -> None:
        self.result = result
        self.places = places

    @property
    def positions(self) -> NDArray[np.int64]:  # numpydoc ignore=RT01
        """The positions of the items in the feed as it was given, increasing."""
        positions: NDArray[np.int64] = self.result.in_feed(self.places)
        return positions

    @property
    def ids(self) -> list[Hashable]:  # numpydoc ignore=RT01
        """The ids of the items, in the order of the feed; positions where it has no ids."""
        return [*map(self.result.columns.id_of, self.places.tolist())]

    def __len__(self) -> int:
        """Return the number of items."""
        return len(self.places)

    def _part(self, part: slice) -> Self:
        return type(self)(self.result, self.places[part])

    def _row_names(self) -> Any:
        labels = self.result.row_labels
        return labels if labels is None else labels[self.places]

    def _columns(self) -> dict[str, list[Any]]:
        return {
            "item": self.ids,
            "position": self.positions.tolist(),
            "text": [*map(self.result.columns.content, self.places.tolist())],
        }

    __repr__ = Printable.__str__


class Kept(Items[KeptItem]):
    """The items of a result that are kept."""

    __slots__ = ()
    row_type = KeptItem
    verb = "kept"

    def _columns(self) -> dict[str, list[Any]]:
        n_duplicates = self.result.sizes[self.result.labels[self.places]] - 1
        return {**super()._columns(), "n_duplicates": n_duplicates.tolist()}


class Removed(Items[RemovedItem]):
    """The items of a result that are removed as duplicates."""

    __slots__ = ()
    row_type = RemovedItem
    verb = "removed"

    def _columns(self) -> dict[str, list[Any]]:
        result = self.result
        labels = result.labels[self.places]
        kept, representatives = result.kept_places[labels], result.representatives[labels]
        # The representative is no item removed, unless another item is kept in its place.
        compared = np.where(representatives == self.places, kept, self.places)
        membership = result.membership
        relation = membership.relation[compared]
        probability = membership.probability[compared]
        return {
            **super()._columns(),
            "duplicate_of": [*map(result.columns.id_of, kept.tolist())],
            "duplicate_of_position": result.in_feed(kept).tolist(),
            "relation": [*map(Relation, relation.tolist())],
            "probability": probability.tolist(),
            "score": membership.jaccard[compared].tolist(),
            "why": result.compare.why(representatives, compared, relation, probability),
        }
