"""Which items of a result belong together: clusters, stories and templates."""

from __future__ import annotations

import dataclasses
import datetime as dt
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np

from dedupe_news._input.columns import NO_TIME
from dedupe_news._input.settings import whole_number
from dedupe_news.errors import InputTypeError, UnknownIdError, shown
from dedupe_news.results.displayable import Displayable
from dedupe_news.results.matches import membership_of
from dedupe_news.results.parts import Cluster, Group, Story, Template

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from numpy.typing import NDArray

    from dedupe_news._input.columns import Columns
    from dedupe_news.results.matches import Matches, Membership
    from dedupe_news.results.records import Comparison, Relation

_Group = TypeVar("_Group", bound=Group)


class Explains(Protocol):
    """Explains pairs of items of a batch, which it knows by their places."""

    def __call__(self, a: int, b: int, match: tuple[Relation, float] | None = None) -> Comparison:
        """Return how two items are related, of which the result says that they match so."""

    def why(
        self,
        left: NDArray[np.int64],
        right: NDArray[np.int64],
        relation: NDArray[np.uint8],
        probability: NDArray[np.float64],
    ) -> list[str]:
        """Return a sentence for each pair whose relation is known."""


@dataclasses.dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Groups(Displayable):
    """
    The part of `dedupe_news.Clustering` that groups items.

    A place is the number of an item among those that were read, a position that
    in the feed as it was given; they differ where items were left out.

    Parameters
    ----------
    columns, labels, representatives, matches, template_of, story_of, describe, compare : object
        As of a `dedupe_news.Clustering`.
    row_labels, chosen : object, optional
        Likewise.
    """

    columns: Columns
    labels: NDArray[np.int64]
    representatives: NDArray[np.int64]
    matches: Matches
    template_of: NDArray[np.int64]
    story_of: NDArray[np.int64]
    describe: Callable[[int, Sequence[int]], tuple[str, tuple[str, ...]]]
    compare: Explains
    row_labels: Any = None
    chosen: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        """Return the number of items."""
        return len(self.labels)

    @cached_property
    def clusters(self) -> list[Cluster]:
        """The clusters of two members or more: the largest first, ties by first appearance."""
        groups = gathered(np.where(self.sizes[self.labels] > 1, self.labels, -1))
        labels = [int(self.labels[members[0]]) for members in groups]
        return [
            self._group(Cluster, self.representatives[label], members, label=label)
            for label, members in zip(labels, groups, strict=True)
        ]

    @cached_property
    def stories(self) -> list[Story]:
        """
        The stories: clusters and single items that report one event, the largest first.

        Ties by first appearance. Items of different clusters are no duplicates: keep
        both, and show them together.
        """
        labels = [(members, np.unique(self.labels[members])) for members in gathered(self.story_of)]
        return [
            self._group(Story, self.story_of[members[0]], members, clusters=tuple(several.tolist()))
            for members, several in labels
            if len(several) > 1  # duplicates of one item are no story
        ]

    @cached_property
    def templates(self) -> list[Template]:
        """
        The recurring templates: the largest first, ties by first appearance.

        Members are no duplicates of each other, though one may have duplicates.
        """
        return [
            self._group(Template, self.template_of[members[0]], members)
            for members in gathered(self.template_of)
        ]

    def cluster_of(self, item: Hashable) -> int:
        """
        Return the cluster of an item.

        Parameters
        ----------
        item : hashable
            Its id; its position where the feed has no ids.

        Returns
        -------
        int
            Its number in ``Clustering.labels``; `members` says who else is in it.

        Raises
        ------
        UnknownIdError
            If there is no such item.
        """
        return int(self.labels[self.place_of(item)])

    def members(self, cluster: int) -> list[Hashable]:
        """
        Return the items of a cluster.

        Parameters
        ----------
        cluster : int
            Its number, from `cluster_of` or in ``Clustering.labels``.

        Returns
        -------
        list of hashable
            Ids, in the order of the feed; of length 1 for an item without a
            duplicate, and empty for a number that no cluster has.

        Raises
        ------
        InputTypeError
            If `cluster` is no whole number.
        """
        number = whole_number(cluster)
        if number is None:
            message = (
                f"cluster={shown(cluster)} is of type {type(cluster).__name__!r}; pass the number "
                "of a cluster, such as result.cluster_of(id)"
            )
            raise InputTypeError(message)
        return [*map(self.columns.id_of, np.flatnonzero(self.labels == number).tolist())]

    def position_of(self, item: Hashable) -> int:
        """
        Return where an item stands in the feed.

        Parameters
        ----------
        item : hashable
            Its id; its position where the feed has no ids.

        Returns
        -------
        int
            Its position in the feed as it was given, from 0.

        Raises
        ------
        UnknownIdError
            If there is no such item.
        """
        return int(self.in_feed(self.place_of(item)))

    def place_of(self, item: Hashable) -> int:
        """Return the place of the item of an id; of a position where the feed has no ids."""
        if self.columns.ids is not None:
            try:
                return self._place_of_id[item]
            except (KeyError, TypeError) as error:
                message = (
                    f"no item has the id {shown(item)}; ids are those of the feed, of the same type"
                )
                raise UnknownIdError(message) from error
        position = whole_number(item)
        if position is None or not 0 <= position < len(self):
            allowed = f"whole numbers from 0 to {len(self) - 1:,}" if len(self) else "none"
            message = (
                f"{shown(item)} is not the position of an item. The feed has no ids, so that "
                f"items are named by their positions: {allowed}"
            )
            raise UnknownIdError(message)
        return position

    def in_feed(self, places: Any) -> Any:
        """Return the position of an item in the feed as it was given, or those of several."""
        return places if self.columns.rows is None else self.columns.rows[places]

    def places_of(self, group: Group) -> list[int]:
        """Return the places of a group's members."""
        if self.columns.rows is None:
            return list(group.positions)
        places: list[int] = np.searchsorted(self.columns.rows, group.positions).tolist()
        return places

    def first_of(self, group: Group) -> int:
        """Return the place of a group's representative."""
        return self.places_of(group)[group.positions.index(group.representative_position)]

    def description_of(self, template: Template) -> tuple[str, tuple[str, ...]]:
        """Return the pattern of a template, and what varies in it."""
        return self.describe(self.first_of(template), self.places_of(template))

    @property
    def kept_places(self) -> NDArray[np.int64]:
        """The place of the item of each cluster that is kept."""
        return self.representatives if self.chosen is None else self.chosen

    @cached_property
    def sizes(self) -> NDArray[np.int64]:
        """The number of items of each label."""
        return np.bincount(self.labels, minlength=len(self.representatives))

    @cached_property
    def membership(self) -> Membership:
        """How each item stands to the representative of its cluster."""
        return membership_of(self.representatives[self.labels], self.matches)

    @cached_property
    def _place_of_id(self) -> dict[Hashable, int]:
        """The place of each id."""
        return {id_: place for place, id_ in enumerate(self.columns.ids or ())}

    def _group(
        self, kind: type[_Group], first: np.int64, members: NDArray[np.int64], **facts: Any
    ) -> _Group:
        """Return a group of a kind that remembers this result."""
        id_of = self.columns.id_of
        group = kind(
            representative=id_of(int(first)),
            members=tuple(map(id_of, members.tolist())),
            representative_position=int(self.in_feed(first)),
            positions=tuple(self.in_feed(members).tolist()),
            span=self._span(members),
            **facts,
        )
        object.__setattr__(group, "_result", self)
        return group

    def _span(self, members: NDArray[np.int64]) -> dt.timedelta | None:
        if self.columns.published is None:
            return None
        times = self.columns.published[members]
        times = times[times != NO_TIME]
        return dt.timedelta(microseconds=int(np.ptp(times))) if len(times) > 1 else None


def gathered(group_of: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Return the places of each group's items, the largest group first; -1 is no group."""
    members = np.flatnonzero(group_of >= 0)
    if not len(members):
        return []
    order = members[np.argsort(group_of[members], kind="stable")]
    edges = np.flatnonzero(np.diff(group_of[order])) + 1
    groups = np.split(order, edges)
    groups.sort(key=lambda places: (-len(places), places[0]))
    return groups
