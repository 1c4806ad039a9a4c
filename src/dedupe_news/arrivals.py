"""Documents as they come to an index: checked, encoded, with their time of arrival."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._input import times, values
from dedupe_news._input.python import is_missing
from dedupe_news._input.rules import ALONE, speaking
from dedupe_news.columns import NO_TIME, Columns
from dedupe_news.errors import InputTypeError, shown
from dedupe_news.stores.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

_TITLED = np.ones(1, np.uint8)
_UNTITLED = np.zeros(1, np.uint8)


def one(
    id: Hashable,  # noqa: A002 - an id, as everywhere
    text: object,
    title: object,
    source: str | None,
    published: object,
) -> Rows:
    """
    Return one document.

    Parameters
    ----------
    id : hashable
        Its id.
    text, title : str or None
        As for `dedupe_news.NewsIndex.add`.
    source : str or None
        Likewise.
    published : datetime, str, struct_time or None
        Likewise.

    Returns
    -------
    Rows
        Of this document.

    Raises
    ------
    InputTypeError
        If a value is of a type that cannot be used.
    InputError
        If a value cannot be used.
    """
    content = _content(text, title)
    if source is not None and not (type(source) is str and source.isascii()):
        with speaking(ALONE):
            _, named = values.source_column([source])
        source = named[0] if named else None
    time = NO_TIME if is_missing(published) else times.moment(published)
    numbers = np.array([0, len(content), time, times.now()], np.int64)  # made once, for speed
    offsets = numbers[:2]
    offsets.setflags(write=False)  # as texts are tokenised
    return Rows(
        [id],
        np.frombuffer(content, np.uint8),
        offsets,
        _UNTITLED if title is None else _TITLED,
        numbers[2:3],
        numbers[3:],
        [source],
    )


def _content(text: object, title: object) -> bytes:
    if isinstance(text, str) and (title is None or isinstance(title, str)):
        try:
            return (text if title is None else f"{title}\n{text}").encode()
        except UnicodeEncodeError:
            pass  # below, halves of characters are mended
    with speaking(ALONE):
        columns = [values.text_column([text], "text")]
        if title is not None:
            columns.insert(0, values.text_column([title], "title"))
    return b"\n".join(column.buffer.tobytes() for column in columns)


def many(columns: Columns, ids: Sequence[Hashable]) -> Rows:
    """
    Return the documents of a batch.

    Parameters
    ----------
    columns : Columns
        The documents.
    ids : sequence of hashable
        Their ids.

    Returns
    -------
    Rows
        All have arrived now.
    """
    n_documents = len(columns)
    names = [*columns.source_names, None]  # the last stands for NO_SOURCE
    return Rows(
        ids=list(ids),
        buffer=columns.buffer,
        offsets=columns.offsets,
        titled=np.full(n_documents, columns.titled, np.uint8),
        published=np.full(n_documents, NO_TIME) if columns.published is None else columns.published,
        arrived=np.full(n_documents, times.now()),
        sources=[None] * n_documents
        if columns.sources is None
        else [names[code] for code in columns.sources.tolist()],
    )


def as_columns(parts: list[Rows]) -> Columns:
    """
    Return documents of an index as the stages of a batch take them.

    Parameters
    ----------
    parts : list of Rows
        The documents.

    Returns
    -------
    Columns
        All of them, in order.
    """
    n_bytes = np.cumsum([0, *(int(part.offsets[-1] - part.offsets[0]) for part in parts)])
    sources, names = values.source_column([each for part in parts for each in part.sources])
    published = np.concatenate([np.zeros(0, np.int64), *(part.published for part in parts)])
    return Columns(
        buffer=np.concatenate(
            [
                np.zeros(0, np.uint8),
                *(part.buffer[part.offsets[0] : part.offsets[-1]] for part in parts),
            ]
        ),
        offsets=np.concatenate(
            [
                np.zeros(1, np.int64),
                *(
                    part.offsets[1:] - part.offsets[0] + begin
                    for part, begin in zip(parts, n_bytes[:-1], strict=True)
                ),
            ]
        ),
        ids=[each for part in parts for each in part.ids],
        published=published if (published != NO_TIME).any() else None,
        sources=sources,
        source_names=names,
    )


def check_hashable(id: object) -> None:  # noqa: A002 - an id, as everywhere
    """
    Refuse what no document can have as its id.

    Parameters
    ----------
    id : object
        What was asked for.

    Raises
    ------
    InputTypeError
        If it is not hashable.
    """
    try:
        hash(id)
    except TypeError:
        message = f"the id {shown(id)} is not hashable, so that no document has it; pass str or int"
        raise InputTypeError(message) from None
