"""Lists of documents, a part at a time, read as the whole would be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dedupe_news import foreign
from dedupe_news.documents import Document, read_documents
from dedupe_news.errors import InputError, InputTypeError
from dedupe_news.outofcore.slicing import slices_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dedupe_news.columns import Columns
    from dedupe_news.documents import Choices

_NAMES = ("id", "title", "text", "source", "published")
_FROM_THE_FIRST_ON = ("title", "id")


class ItemReader:
    """
    Reads texts, mappings or documents, and keeps in mind which keys they have.

    Parameters
    ----------
    choices : mapping
        The columns.
    """

    def __init__(self, choices: Choices) -> None:
        self._choices = choices
        self._keys: dict[str, None] = {}

    def look_ahead(self, items: Sequence[Any]) -> None:
        """
        Learn the keys of all documents before any is read.

        Parameters
        ----------
        items : sequence
            All of them.
        """
        if isinstance(_first(items), (Mapping, Document)):
            self._learn([_as_mapping(item) for item in items], 0)

    def read(self, items: list[Any], start: int, n_jobs: int) -> Columns:
        """
        Read some documents.

        Parameters
        ----------
        items : list
            The documents.
        start : int
            Position of the first in the feed.
        n_jobs : int
            Threads.

        Returns
        -------
        Columns
            With a column for every key that a document before had.

        Raises
        ------
        InputTypeError
            If they are of several kinds.
        InputError
            If titles or ids begin after the first part of the feed.
        """
        choices = slices_of(self._choices, start, start + len(items))
        first = _first(items)
        is_document = isinstance(first, Document) and not any(self._choices.values())
        with foreign.counting_from(start):
            if not (is_document or isinstance(first, Mapping)):
                return read_documents(items, **choices, n_jobs=n_jobs)
            items = [_as_mapping(item) for item in items]
            for position, item in enumerate(items):
                if not isinstance(item, Mapping):
                    raise InputTypeError(_mixed(position, item))
            self._learn(items, start)
            columns = {key: [item.get(key) for item in items] for key in self._keys}
            return read_documents(columns, **choices, n_jobs=n_jobs)

    def _learn(self, items: list[Any], start: int) -> None:
        for name, choice in self._choices.items():
            if choice is not None and not isinstance(choice, str):
                continue  # its values are given
            key = choice or name
            if key in self._keys or not any(key in item for item in items if item is not None):
                continue
            if start and name in _FROM_THE_FIRST_ON:
                message = (
                    f"the first {name} is among the documents from {start} on, and those before "
                    f"had none. Give every document one, be it empty"
                )
                raise InputError(message)
            self._keys[key] = None


def _first(items: Sequence[Any]) -> object:
    return next((item for item in items if not foreign.is_missing(item)), None)


def _as_mapping(item: object) -> object:
    if not isinstance(item, Document):
        return item
    values = {name: getattr(item, name) for name in _NAMES}
    return {name: value for name, value in values.items() if name == "text" or value is not None}


def _mixed(position: int, item: object) -> str:
    return (
        f"document {foreign.numbered(position)} is of type {type(item).__name__!r}, but the feed "
        "began with mappings; a feed holds one kind of documents. Convert it first"
    )
