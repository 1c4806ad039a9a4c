"""Groups of items in a result: clusters, stories and templates."""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from dedupe_news._input.columns import NO_TIME
from dedupe_news._input.settings import whole_number
from dedupe_news.errors import UnknownIdError, shown
from dedupe_news.results.displayable import Displayable
from dedupe_news.results.membership import gathered, membership_of
from dedupe_news.results.parts import Cluster, Story, Template

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from numpy.typing import NDArray

    from dedupe_news._input.columns import Columns
    from dedupe_news.results.listing import Matches
    from dedupe_news.results.membership import Membership
    from dedupe_news.results.parts import Group
    from dedupe_news.results.records import Comparison, Relation


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


class Groups(Displayable):
    """
    The part of `dedupe_news.Clustering` that says which items belong together.

    A place is the number of an item among those that were read, a position that
    in the feed as it was given; they differ where items were left out.
    """

    columns: Columns
    labels: NDArray[np.int64]
    representatives: NDArray[np.int64]
    matches: Matches
    template_of: NDArray[np.int64]
    story_of: NDArray[np.int64]
    describe: Callable[[int, Sequence[int]], tuple[str, tuple[str, ...]]]
    compare: Explains
    row_labels: Any
    chosen: NDArray[np.int64] | None

    @cached_property
    def clusters(self) -> list[Cluster]:
        """The clusters of two members or more: the largest first, ties by first appearance."""
        sizes = np.bincount(self.labels, minlength=len(self.representatives))
        several = np.where(sizes[self.labels] > 1, self.labels, -1)
        return [self._cluster(members) for members in gathered(several)]

    @cached_property
    def stories(self) -> list[Story]:
        """
        The stories: clusters and single items that report one event, the largest first.

        Ties by first appearance. Items of different clusters are no duplicates: keep
        both, and show them together.
        """
        return [self._story(members) for members in self._in_stories]

    @cached_property
    def templates(self) -> list[Template]:
        """
        The recurring templates: the largest first, ties by first appearance.

        Members are no duplicates of each other, though one may have duplicates.
        """
        return self.templates_between(0, self.n_templates)

    @property
    def n_templates(self) -> int:
        """The length of `templates`, without finding out what they say."""
        return len(self._in_templates)

    def templates_between(self, start: int, stop: int) -> list[Template]:
        """
        Return some of the templates: what each says takes time to find out.

        Parameters
        ----------
        start, stop : int
            Bounds of their places in `templates`, as of a slice.

        Returns
        -------
        list of Template
            The very objects that `templates` holds.
        """
        places = range(self.n_templates)[start:stop]
        for place in places:
            if place not in self._described:
                self._described[place] = self._template(self._in_templates[place])
        return [self._described[place] for place in places]

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
        """
        return [*map(self.columns.id_of, np.flatnonzero(self.labels == cluster).tolist())]

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
        return int(self.in_feed(np.array([self.place_of(item)]))[0])

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
        n_items = len(self.labels)
        position = whole_number(item)
        if position is None or not 0 <= position < n_items:
            allowed = f"whole numbers from 0 to {n_items - 1:,}" if n_items else "none"
            message = (
                f"{shown(item)} is not the position of an item. The feed has no ids, so that "
                f"items are named by their positions: {allowed}"
            )
            raise UnknownIdError(message)
        return position

    def in_feed(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the positions of items in the feed as it was given."""
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

    @property
    def kept_places(self) -> NDArray[np.int64]:
        """The place of the item of each cluster that is kept."""
        return self.representatives if self.chosen is None else self.chosen

    @cached_property
    def membership(self) -> Membership:
        """How each item stands to the representative of its cluster."""
        return membership_of(self.representatives[self.labels], self.matches)

    @cached_property
    def _described(self) -> dict[int, Template]:
        """The templates that were asked for, by their places."""
        return {}

    @cached_property
    def _in_templates(self) -> list[NDArray[np.int64]]:
        """The members of each template."""
        return gathered(self.template_of)

    @cached_property
    def _in_stories(self) -> list[NDArray[np.int64]]:
        """The members of each story; duplicates of one item are no story."""
        groups = gathered(self.story_of)
        return [group for group in groups if (self.labels[group] != self.labels[group[0]]).any()]

    @cached_property
    def _place_of_id(self) -> dict[Hashable, int]:
        """The place of each id."""
        return {id_: place for place, id_ in enumerate(self.columns.ids or ())}

    def _template(self, members: NDArray[np.int64]) -> Template:
        typical = int(self.template_of[members[0]])
        pattern, variants = self.describe(typical, members.tolist())
        fields = self._fields(typical, members)
        return Template(**fields, pattern=pattern, variants=variants).within(self)

    def _story(self, members: NDArray[np.int64]) -> Story:
        clusters = tuple(np.unique(self.labels[members]).tolist())
        first = int(self.story_of[members[0]])
        return Story(**self._fields(first, members), clusters=clusters).within(self)

    def _cluster(self, members: NDArray[np.int64]) -> Cluster:
        label = int(self.labels[members[0]])
        first = int(self.representatives[label])
        return Cluster(**self._fields(first, members), label=label).within(self)

    def _fields(self, representative: int, members: NDArray[np.int64]) -> dict[str, Any]:
        """Return what all groups have."""
        return {
            "representative": self.columns.id_of(representative),
            "members": tuple(map(self.columns.id_of, members.tolist())),
            "representative_position": int(self.in_feed(np.array([representative]))[0]),
            "positions": tuple(self.in_feed(members).tolist()),
            "span": self._span(members),
        }

    def _span(self, members: NDArray[np.int64]) -> dt.timedelta | None:
        if self.columns.published is None:
            return None
        times = self.columns.published[members]
        times = times[times != NO_TIME]
        if len(times) < 2:  # noqa: PLR2004 - from one time to another
            return None
        return dt.timedelta(microseconds=int(times.max() - times.min()))
