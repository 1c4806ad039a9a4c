"""One news item, and how the columns of many are chosen."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict

if TYPE_CHECKING:
    import datetime as dt


class Auto(enum.Enum):
    """Stands for a column that is found by its name, where there is one."""

    BY_NAME = "by name"

    def __repr__(self) -> str:
        """Return it as signatures show it."""
        return "<by name>"


AUTO = Auto.BY_NAME
"""The column that has one of the usual names, if any has."""

ColumnChoice: TypeAlias = Auto | Hashable | Sequence[Any] | None
"""
A column's name in a table or in mappings, or its values beside a sequence of texts.

None for no column, also where there is one of a usual name.
"""


class Choices(TypedDict):
    """Where the columns of a feed are, as `read_documents` takes it."""

    id: ColumnChoice
    title: ColumnChoice
    text: ColumnChoice
    source: ColumnChoice
    published: ColumnChoice


@dataclasses.dataclass(frozen=True, slots=True)
class Document:
    """
    One news item.

    Parameters
    ----------
    text : str
        Its text: teaser, description or body.
    title : str, optional
        Its headline.
    id : hashable, optional
        The user's id; its position stands for it where there is none.
    source : str, optional
        Where it was published.
    published : datetime.datetime, optional
        When, with a time zone.
    """

    text: str
    title: str | None = None
    id: Hashable = None
    source: str | None = None
    published: dt.datetime | str | None = None
