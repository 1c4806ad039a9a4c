"""Parts of a result: clusters of duplicates, stories and templates, and pages of these."""

from __future__ import annotations

import dataclasses
import math
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dedupe_news._input.settings import whole_number
from dedupe_news.errors import InputError, shown
from dedupe_news.results.displayable import Printable

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Hashable, Iterator


class _Part(Printable):
    """Something that remembers its result; the result is no field: not compared, not pickled."""

    __slots__ = ("_result",)


@dataclasses.dataclass(frozen=True, slots=True)
class Group(_Part):
    """
    Items that belong together: iterable, with ids for elements.

    Parameters
    ----------
    representative : hashable
        Id of the item that stands for the others; its position where the feed
        has no ids.
    members : tuple of hashable
        Ids of all, the representative among them, in the order of the feed.
    representative_position : int
        Position of the representative in the feed as it was given.
    positions : tuple of int
        Positions of all, increasing: as many as there are members.
    span : datetime.timedelta, optional
        Time from the first to the last publication; None where fewer than two
        members have a time.
    """

    representative: Hashable
    members: tuple[Hashable, ...]
    representative_position: int
    positions: tuple[int, ...]
    span: dt.timedelta | None

    @property
    def result(self) -> Any:  # numpydoc ignore=RT01
        """The `Clustering` that this is part of; None where it stands alone, as after pickling."""
        return getattr(self, "_result", None)

    @property
    def texts(self) -> list[str]:
        """
        What the members say.

        Returns
        -------
        list of str
            As many as there are members; title and text on lines of their own.

        Raises
        ------
        InputError
            If it stands alone, as after pickling: the result holds the texts.
        """
        result = self._source()
        return [*map(result.columns.content, result.places_of(self))]

    def _source(self) -> Any:
        """Return the result, which holds the texts; `InputError` where it is gone."""
        if self.result is None:
            name = type(self).__name__.lower()
            message = (
                f"this {name} was taken out of its result, which holds the texts. "
                f"Ask a {name} of the result"
            )
            raise InputError(message)
        return self.result

    def __len__(self) -> int:
        """Return the number of members, at least 2."""
        return len(self.members)

    def __iter__(self) -> Iterator[Hashable]:
        """Iterate over the ids of the members, in the order of the feed."""
        return iter(self.members)

    def __contains__(self, item: object) -> bool:
        """Return whether the item of an id is a member."""
        return item in self.members


@dataclasses.dataclass(frozen=True, slots=True)
class Cluster(Group):
    """
    Duplicates: items that each match one of them, the representative.

    Parameters
    ----------
    representative, members, representative_position, positions, span : object
        As of every `Group`.
    label : int
        Its number in ``Clustering.labels``.
    """

    label: int


@dataclasses.dataclass(frozen=True, slots=True)
class Story(Group):
    """
    Items that report the same event, in words of their own or as duplicates.

    Parameters
    ----------
    representative, members, representative_position, positions, span : object
        As of every `Group`; the others are related to the representative, or
        duplicates of one that is.
    clusters : tuple of int
        Their numbers in ``Clustering.labels``, increasing; at least two.
    """

    clusters: tuple[int, ...]


@dataclasses.dataclass(frozen=True)  # with a dictionary, for what was asked for
class Template(Group):
    """
    Items made from one recurring text, filled in anew each time: no duplicates.

    Parameters
    ----------
    representative, members, representative_position, positions, span : object
        As of every `Group`; the representative is the most typical item.
    """

    @property
    def pattern(self) -> str:  # numpydoc ignore=RT01
        """The words that nearly all have, with "…" where something varies."""
        return self._said[0]

    @property
    def variants(self) -> tuple[str, ...]:  # numpydoc ignore=RT01
        """What stands there in a few of them."""
        return self._said[1]

    @cached_property
    def _said(self) -> tuple[str, tuple[str, ...]]:
        """Pattern and variants: a feed has thousands of templates, and each takes time."""
        said: tuple[str, tuple[str, ...]] = self._source().description_of(self)
        return said

    def __getstate__(self) -> dict[str, Any]:
        """Return the fields, and what it says."""
        names = [field.name for field in dataclasses.fields(self)]
        return {name: getattr(self, name) for name in (*names, "_said")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore what `__getstate__` returned."""
        for name, value in state.items():
            object.__setattr__(self, name, value)


@dataclasses.dataclass(frozen=True, slots=True)
class Page(Printable):
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

    result: Any
    number: int = 1
    size: int = 20

    def __post_init__(self) -> None:
        """Refuse pages that are not there."""
        size, number = whole_number(self.size), whole_number(self.number)
        if size is None or size < 1:
            message = f"size={shown(self.size)} is out of range; pass a whole number from 1"
            raise InputError(message)
        if number is None or not 1 <= number <= self.n_pages:
            message = (
                f"there is no page {shown(self.number)}; at {self.size} clusters a page, "
                f"pages are numbered 1 to {self.n_pages:,}"
            )
            raise InputError(message)

    @property
    def n_pages(self) -> int:  # numpydoc ignore=RT01
        """The number of pages, at least 1."""
        result = self.result
        most = max(map(len, (result.clusters, result.stories, result.templates)))
        return max(1, math.ceil(most / self.size))

    @property
    def here(self) -> slice:  # numpydoc ignore=RT01
        """Which clusters, stories and templates are on it."""
        return slice((self.number - 1) * self.size, self.number * self.size)

    @property
    def clusters(self) -> list[Cluster]:  # numpydoc ignore=RT01
        """The clusters on it."""
        clusters: list[Cluster] = self.result.clusters[self.here]
        return clusters

    @property
    def stories(self) -> list[Story]:  # numpydoc ignore=RT01
        """The stories on it."""
        stories: list[Story] = self.result.stories[self.here]
        return stories

    @property
    def templates(self) -> list[Template]:  # numpydoc ignore=RT01
        """The templates on it."""
        templates: list[Template] = self.result.templates[self.here]
        return templates
