"""Parts of a result: clusters of duplicates, stories and templates."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Self

from dedupe_news.displayable import Displayable, display

if TYPE_CHECKING:
    import datetime as dt


class Part(Displayable):
    """A part of a result, which it looks up for the texts that it shows."""

    __slots__ = ("_result",)

    def within(self, result: Any) -> Self:  # noqa: ANN401 - of a layer above
        """
        Remember the result that this is part of.

        Parameters
        ----------
        result : Clustering
            The result. It is no field: not compared, not copied, not pickled.

        Returns
        -------
        Part
            Itself.
        """
        object.__setattr__(self, "_result", result)
        return self

    @property
    def result(self) -> Any:  # noqa: ANN401 - of a layer above
        """
        The result that this is part of.

        Returns
        -------
        Clustering or None
            None where it stands alone, as after pickling.
        """
        return getattr(self, "_result", None)


@dataclasses.dataclass(frozen=True, slots=True)
class Cluster(Part):
    """
    Documents that each match one of them, the representative.

    Parameters
    ----------
    label : int
        Its number in ``Clustering.labels``.
    representative : int
        Position of the document to keep.
    members : tuple of int
        Positions of all, the representative among them, increasing.
    span : datetime.timedelta, optional
        Time from the first to the last publication; None where fewer than two
        members have a time.
    """

    label: int
    representative: int
    members: tuple[int, ...]
    span: dt.timedelta | None

    def __len__(self) -> int:
        """
        Return the number of members.

        Returns
        -------
        int
            At least 2.
        """
        return len(self.members)

    def __str__(self) -> str:
        """
        Return the documents, the one to keep first.

        Returns
        -------
        str
            A line that sums it up and one for each member; the places alone
            without `result`.
        """
        text: str = repr(self) if self.result is None else display().plain.of_cluster(self)
        return text


@dataclasses.dataclass(frozen=True, slots=True)
class Story(Part):
    """
    Documents that report the same event, in words of their own or as duplicates.

    Parameters
    ----------
    lead : int
        Position of the document that the others are related to.
    members : tuple of int
        Positions of all, duplicates included, increasing.
    clusters : tuple of int
        Their numbers in ``Clustering.labels``, increasing; at least two.
    span : datetime.timedelta, optional
        Time from the first to the last publication; None where fewer than two
        members have a time.
    """

    lead: int
    members: tuple[int, ...]
    clusters: tuple[int, ...]
    span: dt.timedelta | None

    def __len__(self) -> int:
        """
        Return the number of members.

        Returns
        -------
        int
            At least 2.
        """
        return len(self.members)

    def __str__(self) -> str:
        """
        Return the reports, the lead first.

        Returns
        -------
        str
            A line that sums it up and one for each cluster or single document;
            the places alone without `result`.
        """
        text: str = repr(self) if self.result is None else display().plain.of_story(self)
        return text


@dataclasses.dataclass(frozen=True, slots=True)
class Template(Part):
    """
    Documents made from one recurring text, filled in anew each time: no duplicates.

    Parameters
    ----------
    representative : int
        Position of the most typical document.
    members : tuple of int
        Positions of all, increasing.
    pattern : str
        The words that nearly all have, with "…" where something varies.
    variants : tuple of str
        What stands there in a few of them.
    span : datetime.timedelta, optional
        Time from the first to the last publication; None where fewer than two
        members have a time.
    """

    representative: int
    members: tuple[int, ...]
    pattern: str
    variants: tuple[str, ...]
    span: dt.timedelta | None

    def __len__(self) -> int:
        """
        Return the number of members.

        Returns
        -------
        int
            At least 3.
        """
        return len(self.members)

    def __str__(self) -> str:
        """
        Return the pattern and what varies in it.

        Returns
        -------
        str
            A line that sums it up, the pattern, and a line for each variant.
        """
        text: str = display().plain.of_template(self)
        return text
