"""A part of a result that is small enough to look at."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

from dedupe_news.displayable import Displayable, display
from dedupe_news.errors import InputError

if TYPE_CHECKING:
    from dedupe_news.records import Cluster, Series
    from dedupe_news.results import Clustering


@dataclasses.dataclass(frozen=True, slots=True)
class Page(Displayable):
    """
    Some clusters and series of a result, the largest first.

    Parameters
    ----------
    result : Clustering
        The result.
    number : int
        Which page, from 1.
    size : int
        Most clusters on a page, and most series.

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
        most = max(len(self.result.clusters), self.result.n_series)
        return max(1, math.ceil(most / self.size))

    @property
    def first(self) -> int:
        """
        The place of its first cluster and series, from 0.

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
        largest = sorted(self.result.clusters, key=lambda cluster: (-len(cluster), cluster.label))
        return largest[self.first : self.first + self.size]

    @property
    def series(self) -> list[Series]:
        """
        The series on it.

        Returns
        -------
        list of Series
            At most `size`.
        """
        return self.result.series_between(self.first, self.first + self.size)

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
