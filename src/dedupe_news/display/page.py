"""A part of a result that is small enough to look at."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

from dedupe_news.errors import InputError
from dedupe_news.results.displayable import Displayable, display

if TYPE_CHECKING:
    from dedupe_news.results.parts import Cluster, Story, Template
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
        """
        The number of pages.

        Returns
        -------
        int
            At least 1.
        """
        result = self.result
        most = max(len(result.clusters), len(result.stories), result.n_templates)
        return max(1, math.ceil(most / self.size))

    @property
    def first(self) -> int:
        """
        The place of its first cluster, story and template, from 0.

        Returns
        -------
        int
            A multiple of `size`.
        """
        return (self.number - 1) * self.size

    @property
    def clusters(self) -> list[Cluster]:
        """
        The clusters on it.

        Returns
        -------
        list of Cluster
            At most `size`.
        """
        return self.result.clusters[self.first : self.first + self.size]

    @property
    def stories(self) -> list[Story]:
        """
        The stories on it.

        Returns
        -------
        list of Story
            At most `size`.
        """
        return self.result.stories[self.first : self.first + self.size]

    @property
    def templates(self) -> list[Template]:
        """
        The templates on it.

        Returns
        -------
        list of Template
            At most `size`.
        """
        return self.result.templates_between(self.first, self.first + self.size)

    def __str__(self) -> str:
        """
        Return its clusters in plain text.

        Returns
        -------
        str
            Several lines for each.
        """
        text: str = display().plain.of_page(self)
        return text
