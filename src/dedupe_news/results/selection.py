"""Which items are kept, which are removed, and why: tables of a result."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self, TypeAlias, TypeVar, overload

import numpy as np

from dedupe_news._input.columns import NO_TIME
from dedupe_news._input.python import is_missing, numbered
from dedupe_news.errors import InputError, shown
from dedupe_news.results import frames
from dedupe_news.results.displayable import Displayable, display
from dedupe_news.results.membership import gathered
from dedupe_news.results.records import Relation

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

    from numpy.typing import NDArray

    from dedupe_news._input.columns import Columns
    from dedupe_news.results.grouping import Groups

    Keep: TypeAlias = str | Callable[[Any], Any]
    """Which item of a cluster is kept: a rule, a column, or a function of an item."""

RULES = ("preferred", "earliest", "latest", "longest")
"""Rules that need no column."""

_Row = TypeVar("_Row", bound="KeptItem | RemovedItem")


@dataclasses.dataclass(frozen=True, slots=True)
class KeptItem:
    """
    An item that is kept.

    Parameters
    ----------
    item : hashable
        Its id; its position where the feed has no ids.
    position : int
        Its position in the feed.
    text : str
        What it says, title and text on lines of their own.
    n_duplicates : int
        How many items are removed for it.
    """

    item: Hashable
    position: int
    text: str
    n_duplicates: int


@dataclasses.dataclass(frozen=True, slots=True)
class RemovedItem:
    """
    An item that is removed as a duplicate.

    Parameters
    ----------
    item : hashable
        Its id; its position where the feed has no ids.
    position : int
        Its position in the feed.
    text : str
        What it says, title and text on lines of their own.
    duplicate_of : hashable
        Id of the item that is kept in its place.
    duplicate_of_position : int
        Position of that item.
    relation : Relation
        How it stands to the representative of its cluster. That is the item
        which is kept, unless another was asked for; then that other one's
        duplicates are compared with the representative all the same.
    probability : float
        Probability that it is a duplicate of the representative, in [0, 1].
    score : float
        Exact Jaccard similarity with the representative, in [0, 1].
    why : str
        The same in a sentence.
    """

    item: Hashable
    position: int
    text: str
    duplicate_of: Hashable
    duplicate_of_position: int
    relation: Relation
    probability: float
    score: float
    why: str


class Items(Displayable, Sequence[_Row]):
    """
    Some items of a result, as rows or as a table.

    Parameters
    ----------
    result : Clustering
        The result.
    positions : ndarray of int64, shape (n_items,)
        Their positions in the feed, increasing.
    """

    def __init__(self, result: Groups, positions: NDArray[np.int64]) -> None:
        self.result = result
        self.positions = positions

    @property
    def ids(self) -> list[Hashable]:
        """
        The ids of the items.

        Returns
        -------
        list of hashable
            In the order of the feed; positions where it has no ids.
        """
        return [*map(self.result.columns.id_of, self.positions.tolist())]

    def to_dict(self) -> dict[str, list[Any]]:
        """
        Return the items as columns.

        Returns
        -------
        dict of str to list
            The fields of a row.
        """
        raise NotImplementedError

    def to_frame(self, library: str = "pandas") -> Any:
        """
        Return the items as a DataFrame.

        Parameters
        ----------
        library : {"pandas", "polars"}, default "pandas"
            The library of the DataFrame.

        Returns
        -------
        DataFrame
            One row an item. One of pandas has the index of the feed, where that
            was one of pandas' too.

        Raises
        ------
        InputError
            If `library` is another.
        MissingDependencyError
            If the library is not installed.
        """
        labels = self.result.row_labels
        rows = labels if labels is None else labels[self.positions]
        columns = self.to_dict()
        if "relation" in columns:
            columns["relation"] = [each.name.lower() for each in columns["relation"]]
        return frames.data_frame(columns, library, rows)

    def __len__(self) -> int:
        """
        Return the number of items.

        Returns
        -------
        int
            At least 0.
        """
        return len(self.positions)

    @overload
    def __getitem__(self, index: int) -> _Row: ...  # numpydoc ignore=GL08

    @overload
    def __getitem__(self, index: slice) -> Self: ...  # numpydoc ignore=GL08

    def __getitem__(self, index: int | slice) -> _Row | Self:
        """
        Return one row, or several.

        Parameters
        ----------
        index : int or slice
            Its place; negative ones count from the end.

        Returns
        -------
        KeptItem, RemovedItem or Items
            The row; for a slice, a table of those rows.
        """
        if isinstance(index, slice):
            return type(self)(self.result, self.positions[index])
        return next(iter(type(self)(self.result, self.positions[[index]])))

    def __iter__(self) -> Iterator[_Row]:
        """
        Iterate over the rows.

        Returns
        -------
        iterator of KeptItem or RemovedItem
            In the order of the feed.
        """
        for values in zip(*self.to_dict().values(), strict=True):
            yield self.row_type(*values)

    def __str__(self) -> str:
        """
        Return the first few rows in plain text.

        Returns
        -------
        str
            A line for each.
        """
        text: str = display().plain.of_items(self)
        return text

    __repr__ = __str__
    row_type: Any
    verb: str


class Kept(Items[KeptItem]):
    """The items of a result that are kept."""

    row_type = KeptItem
    verb = "kept"

    def to_dict(self) -> dict[str, list[Any]]:
        """
        Return the items as columns.

        Returns
        -------
        dict of str to list
            ``item``, ``position``, ``text`` and ``n_duplicates``, as in `KeptItem`.
        """
        result, positions = self.result, self.positions.tolist()
        sizes = np.bincount(result.labels, minlength=len(result.representatives))
        return {
            "item": self.ids,
            "position": positions,
            "text": [*map(result.columns.content, positions)],
            "n_duplicates": (sizes[result.labels[self.positions]] - 1).tolist(),
        }


class Removed(Items[RemovedItem]):
    """The items of a result that are removed as duplicates."""

    row_type = RemovedItem
    verb = "removed"

    def to_dict(self) -> dict[str, list[Any]]:
        """
        Return the items as columns.

        Returns
        -------
        dict of str to list
            ``item``, ``position``, ``text``, ``duplicate_of``,
            ``duplicate_of_position``, ``relation``, ``probability``, ``score``
            and ``why``, as in `RemovedItem`.
        """
        result, positions = self.result, self.positions
        kept = result.kept_positions[result.labels[positions]]
        compared = result.representatives[result.labels[positions]]
        # The representative is no item removed, unless another item is kept in its place.
        other = np.where(compared == positions, kept, positions)
        membership = result.membership
        relation = membership.relation[other]
        probability = membership.probability[other]
        return {
            "item": self.ids,
            "position": positions.tolist(),
            "text": [*map(result.columns.content, positions.tolist())],
            "duplicate_of": [*map(result.columns.id_of, kept.tolist())],
            "duplicate_of_position": kept.tolist(),
            "relation": [*map(Relation, relation.tolist())],
            "probability": probability.tolist(),
            "score": membership.jaccard[other].tolist(),
            "why": result.compare.why(compared, other, relation, probability),
        }


def choose(
    columns: Columns,
    labels: NDArray[np.int64],
    representatives: NDArray[np.int64],
    keep: Keep,
    value_of: Callable[[int], Any] | None,
) -> NDArray[np.int64]:
    """
    Return the position of the item that is kept of each cluster.

    Parameters
    ----------
    columns : Columns
        The items.
    labels : ndarray of int64, shape (n_items,)
        Cluster of each.
    representatives : ndarray of int64, shape (n_labels,)
        The representative of each cluster, which is kept where several are equal.
    keep : {"preferred", "earliest", "latest", "longest"}, callable or str
        The rule.
    value_of : callable or None
        What a callable or a column says of the item at a position; the item of
        the largest is kept, one without a value only if the others have none
        either. None for rules.

    Returns
    -------
    ndarray of int64, shape (n_labels,)
        Positions.

    Raises
    ------
    InputError
        If the items have no times, or values cannot be compared.
    """
    if keep == "preferred":
        return representatives
    rank: Callable[[int], Any]
    if value_of is not None:
        rank = value_of
    elif keep == "longest":
        rank = lambda at: len(columns.content(at))  # noqa: E731
    else:
        times = columns.published
        if times is None:
            message = (
                f"keep={keep!r} needs to know when items were published; name the column, "
                "as in published='...'"
            )
            raise InputError(message)
        sign = -1 if keep == "earliest" else 1
        rank = lambda at: None if times[at] == NO_TIME else sign * int(times[at])  # noqa: E731
    kept = representatives.copy()
    sizes = np.bincount(labels, minlength=len(representatives))
    for members in gathered(np.where(sizes[labels] > 1, labels, -1)):
        label = labels[members[0]]
        kept[label] = _largest(members.tolist(), int(representatives[label]), rank)
    return kept


def _largest(members: list[int], first: int, rank: Callable[[int], Any]) -> int:
    """Return the member of the largest rank; `first` where several are equal."""
    best, highest = first, rank(first)
    for member in members:
        value = rank(member)
        if is_missing(value):
            continue
        try:
            if is_missing(highest) or value > highest:
                best, highest = member, value
        except TypeError as error:
            message = (
                f"keep cannot choose between {shown(value)} of item {numbered(member)} and "
                f"{shown(highest)}, which cannot be compared. Give values of one type"
            )
            raise InputError(message) from error
    return best
