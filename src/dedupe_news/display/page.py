"""A part of a result that is small enough to look at."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

from dedupe_news.display import plain, views
from dedupe_news.errors import InputError
from dedupe_news.results.displayable import Displayable
from dedupe_news.results.parts import Cluster, Story, Template

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dedupe_news.results.result import Clustering


@dataclasses.dataclass(frozen=True, slots=True)
class Page(Displayable):
    """
    Some clusters, stories and templates of a result, the largest first.

    Parameters
    ----------
    result : Clustering
        The result.
    number : int
        Which page, from 1.
    size : int
        Most clusters on a page, and most stories and templates.

    Raises
    ------
    InputError
        If there is no such page, or `size` is below 1.
    """

    result: Clustering
    number: int = 1
    size: int = 20

    def __post_init__(self) -> None:
        """Refuse pages that are not there."""
        if self.size < 1:
            message = f"size={self.size} is out of range; a page has at least 1 cluster"
            raise InputError(message)
        if not 1 <= self.number <= self.n_pages:
            message = (
                f"there is no page {self.number}; at {self.size} clusters a page, "
                f"pages are numbered 1 to {self.n_pages:,}"
            )
            raise InputError(message)

    @property
    def n_pages(self) -> int:
        """The number of pages, at least 1."""
        most = max(views.n_groups(self.result, kind) for kind in views.KINDS.values())
        return max(1, math.ceil(most / self.size))

    @property
    def first(self) -> int:
        """The number of its first cluster, story and template, from 0."""
        return (self.number - 1) * self.size

    def groups(self, kind: views.Kind) -> Sequence[Any]:
        """Return the groups of a kind on it."""
        return views.groups_between(self.result, kind, self.first, self.first + self.size)

    @property
    def clusters(self) -> Sequence[Cluster]:
        """The clusters on it."""
        return self.groups(views.KINDS[Cluster])

    @property
    def stories(self) -> Sequence[Story]:
        """The stories on it."""
        return self.groups(views.KINDS[Story])

    @property
    def templates(self) -> Sequence[Template]:
        """The templates on it."""
        return self.groups(views.KINDS[Template])

    def __str__(self) -> str:
        """Return its clusters, stories and templates in plain text."""
        return plain.of_page(self)
