"""Tables of a result whose rows are made when they are looked at: pairs, items kept or removed."""

from __future__ import annotations

import abc
import dataclasses
import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar, overload

import numpy as np

from dedupe_news.results.displayable import Displayable, display
from dedupe_news.results.frames import Framed
from dedupe_news.results.records import KeptItem, Pair, Relation, RemovedItem

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from numpy.typing import NDArray

    from dedupe_news._input.columns import Columns
    from dedupe_news.config import Config
    from dedupe_news.results.grouping import Groups

_Row = TypeVar("_Row")


class Table(Displayable, Framed, Sequence[_Row]):
    """Rows of one type, which are made of columns when they are looked at."""

    __slots__ = ()
    row_type: ClassVar[Any]

    @abc.abstractmethod
    def _columns(self) -> dict[str, list[Any]]:
        """Return the fields of the rows."""

    @abc.abstractmethod
    def _part(self, part: slice) -> Self:
        """Return some of the rows."""

    def to_dict(self) -> dict[str, list[Any]]:
        """
        Return the rows as columns.

        Returns
        -------
        dict of str to list
            The fields of a row.
        """
        return self._columns()

    @overload
    def __getitem__(self, index: int) -> _Row: ...  # numpydoc ignore=GL08

    @overload
    def __getitem__(self, index: slice) -> Self: ...  # numpydoc ignore=GL08

    def __getitem__(self, index: int | slice) -> _Row | Self:
        """Return one row; for a slice, a table of those rows."""
        if isinstance(index, slice):
            return self._part(index)
        at, n_rows = operator.index(index), len(self)
        if not -n_rows <= at < n_rows:
            message = f"row {at:,} is out of bounds: there are {n_rows:,}"
            raise IndexError(message)
        return next(iter(self._part(slice(at % n_rows, at % n_rows + 1))))

    def __iter__(self) -> Iterator[_Row]:
        """Iterate over the rows, in order."""
        for values in zip(*self._columns().values(), strict=True):
            yield self.row_type(*values)


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
        left, right = self.left.tolist(), self.right.tolist()
        sides = (self.left, self.right)
        if self.columns.rows is not None:
            sides = (self.columns.rows[self.left], self.columns.rows[self.right])
        return {
            "left": [*map(self.columns.id_of, left)],
            "right": [*map(self.columns.id_of, right)],
            "jaccard": self.jaccard.tolist(),
            "containment": self.containment.tolist(),
            "relation": [*map(Relation, self.relation.tolist())],
            "probability": self.probability.tolist(),
            "positions": [*zip(*(side.tolist() for side in sides), strict=True)],
        }

    def _part(self, part: slice) -> Self:
        names = ("left", "right", "jaccard", "containment", "relation", "probability")
        return dataclasses.replace(self, **{name: getattr(self, name)[part] for name in names})


class Items(Table[_Row]):
    """Some items of a result; `places` are theirs among the items that were read."""

    __slots__ = ("places", "result")
    verb: ClassVar[str]

    def __init__(self, result: Groups, places: NDArray[np.int64]) -> None:
        self.result = result
        self.places = places

    @property
    def positions(self) -> NDArray[np.int64]:  # numpydoc ignore=RT01
        """The positions of the items in the feed as it was given, increasing."""
        return self.result.in_feed(self.places)

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

    def _about(self) -> dict[str, list[Any]]:
        """Return the columns that say which items these are."""
        return {
            "item": self.ids,
            "position": self.positions.tolist(),
            "text": [*map(self.result.columns.content, self.places.tolist())],
        }

    def __str__(self) -> str:
        """Return the first few items in plain text, a line each."""
        text: str = display("plain").of_items(self)
        return text

    __repr__ = __str__


class Kept(Items[KeptItem]):
    """The items of a result that are kept."""

    __slots__ = ()
    row_type = KeptItem
    verb = "kept"

    def _columns(self) -> dict[str, list[Any]]:
        labels = self.result.labels
        n_others = np.bincount(labels, minlength=len(self.result.representatives)) - 1
        return {**self._about(), "n_duplicates": n_others[labels[self.places]].tolist()}


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
            **self._about(),
            "duplicate_of": [*map(result.columns.id_of, kept.tolist())],
            "duplicate_of_position": result.in_feed(kept).tolist(),
            "relation": [*map(Relation, relation.tolist())],
            "probability": probability.tolist(),
            "score": membership.jaccard[compared].tolist(),
            "why": result.compare.why(representatives, compared, relation, probability),
        }
