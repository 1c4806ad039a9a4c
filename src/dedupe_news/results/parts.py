"""Parts of a result: clusters of duplicates, stories and templates."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Self

from dedupe_news.errors import InputError
from dedupe_news.results.displayable import Displayable, display

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Hashable, Iterator


class _Part(Displayable):
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

    def within(self, result: Any) -> Self:  # numpydoc ignore=PR01,RT01
        """Remember the result that this is part of; return this."""
        object.__setattr__(self, "_result", result)
        return self

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
        if self.result is None:
            name = type(self).__name__.lower()
            message = (
                f"this {name} was taken out of its result, which holds the texts. "
                f"Ask a {name} of the result"
            )
            raise InputError(message)
        return [*map(self.result.columns.content, self.result.places_of(self))]

    def __len__(self) -> int:
        """Return the number of members, at least 2."""
        return len(self.members)

    def __iter__(self) -> Iterator[Hashable]:
        """Iterate over the ids of the members, in the order of the feed."""
        return iter(self.members)

    def __contains__(self, item: object) -> bool:
        """Return whether the item of an id is a member."""
        return item in self.members

    def __str__(self) -> str:
        """Return the members in plain text, the representative first, a line each."""
        text: str = repr(self) if self.result is None else display("plain").of_group(self)
        return text


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


@dataclasses.dataclass(frozen=True, slots=True)
class Template(Group):
    """
    Items made from one recurring text, filled in anew each time: no duplicates.

    Parameters
    ----------
    representative, members, representative_position, positions, span : object
        As of every `Group`; the representative is the most typical item.
    pattern : str
        The words that nearly all have, with "…" where something varies.
    variants : tuple of str
        What stands there in a few of them.
    """

    pattern: str
    variants: tuple[str, ...]
