"""Groups of documents in a result: clusters, stories and templates."""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from dedupe_news.columns import NO_TIME
from dedupe_news.displayable import Displayable
from dedupe_news.membership import gathered, membership_of
from dedupe_news.parts import Cluster, Story, Template

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from dedupe_news.columns import Columns
    from dedupe_news.matches import Matches
    from dedupe_news.membership import Membership


class Groups(Displayable):
    """The part of `dedupe_news.Clustering` that says which documents belong together."""

    columns: Columns
    labels: NDArray[np.int64]
    representatives: NDArray[np.int64]
    matches: Matches
    template_of: NDArray[np.int64]
    story_of: NDArray[np.int64]
    describe: Callable[[int, Sequence[int]], tuple[str, tuple[str, ...]]]

    @cached_property
    def clusters(self) -> list[Cluster]:
        """
        The clusters of two members or more: duplicates.

        Returns
        -------
        list of Cluster
            The largest first, ties by first appearance.
        """
        sizes = np.bincount(self.labels, minlength=len(self.representatives))
        several = np.where(sizes[self.labels] > 1, self.labels, -1)
        return [self._cluster(members) for members in gathered(several)]

    @cached_property
    def stories(self) -> list[Story]:
        """
        The stories: clusters and single documents that report one event.

        Returns
        -------
        list of Story
            The largest first, ties by first appearance. Documents of different
            clusters are no duplicates: keep both, and show them together.
        """
        return [self._story(members) for members in self._in_stories]

    @cached_property
    def templates(self) -> list[Template]:
        """
        The recurring templates.

        Returns
        -------
        list of Template
            The largest first, ties by first appearance. Members are no
            duplicates of each other, though one may have duplicates of its own.
        """
        return self.templates_between(0, self.n_templates)

    @property
    def n_templates(self) -> int:
        """
        The number of recurring templates.

        Returns
        -------
        int
            The length of `templates`, without finding out what they say.
        """
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

    @cached_property
    def _described(self) -> dict[int, Template]:
        """The templates that were asked for, by their places."""
        return {}

    @cached_property
    def membership(self) -> Membership:
        """
        How each document stands to the one that is kept of its cluster.

        Returns
        -------
        Membership
            Relation and scores of each, missing for those that are kept.
        """
        return membership_of(self.representatives[self.labels], self.matches)

    @cached_property
    def _in_templates(self) -> list[NDArray[np.int64]]:
        """The members of each template."""
        return gathered(self.template_of)

    @cached_property
    def _in_stories(self) -> list[NDArray[np.int64]]:
        """The members of each story; duplicates of one document are no story."""
        groups = gathered(self.story_of)
        return [group for group in groups if (self.labels[group] != self.labels[group[0]]).any()]

    def _template(self, members: NDArray[np.int64]) -> Template:
        typical = int(self.template_of[members[0]])
        positions = tuple(members.tolist())
        pattern, variants = self.describe(typical, positions)
        template = Template(typical, positions, pattern, variants, self._span(members))
        return template.within(self)

    def _story(self, members: NDArray[np.int64]) -> Story:
        lead = int(self.story_of[members[0]])
        clusters = tuple(np.unique(self.labels[members]).tolist())
        return Story(lead, tuple(members.tolist()), clusters, self._span(members)).within(self)

    def _cluster(self, members: NDArray[np.int64]) -> Cluster:
        label = int(self.labels[members[0]])
        kept = int(self.representatives[label])
        cluster = Cluster(label, kept, tuple(members.tolist()), self._span(members))
        return cluster.within(self)

    def _span(self, members: NDArray[np.int64]) -> dt.timedelta | None:
        if self.columns.published is None:
            return None
        times = self.columns.published[members]
        times = times[times != NO_TIME]
        if len(times) < 2:  # noqa: PLR2004 - from one time to another
            return None
        return dt.timedelta(microseconds=int(times.max() - times.min()))

    def cluster_of(self, position: int) -> int:
        """
        Return the cluster of a document, as an index does.

        Parameters
        ----------
        position : int
            Position of a document in the input.

        Returns
        -------
        int
            Its number: ``labels[position]``.
        """
        return int(self.labels[position])

    def members(self, cluster: int) -> list[int]:
        """
        Return the documents of a cluster, as an index does.

        Parameters
        ----------
        cluster : int
            Its number, from `cluster_of`.

        Returns
        -------
        list of int
            Their positions, increasing; of length 1 for a document that stands
            alone, empty if there is no such cluster.
        """
        members: list[int] = np.flatnonzero(self.labels == cluster).tolist()
        return members
