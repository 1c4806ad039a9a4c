"""Items as they come to an index: checked, encoded, with their time of arrival."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._input import times, values
from dedupe_news._input.arrow import is_missing
from dedupe_news._input.columns import (
    FIRST_TIME,
    LAST_TIME,
    NO_TIME,
    UNTITLED,
    Columns,
    to_microseconds,
)
from dedupe_news._input.rules import ALONE, using
from dedupe_news._store.stored_items import StoredItems
from dedupe_news.errors import InputTypeError, shown

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

_NO_TIMES = np.array([NO_TIME], np.int64)


def one(
    id: Hashable,  # noqa: A002 - an id, as everywhere
    text: object,
    title: object,
    source: str | None,
    published: object,
) -> StoredItems:
    """Return one item; errors as of `NewsIndex.add`."""
    title_length, content = _content(text, title)
    if source is not None and not (type(source) is str and source and source.isascii()):
        with using(speech=ALONE):
            _, named = values.source_column([source])
        source = named[0] if named else None
    numbers = np.array([0, len(content), title_length, _moment(published)], np.int64)
    offsets = numbers[:2]
    offsets.setflags(write=False)  # as texts are tokenized
    return StoredItems(
        [id], np.frombuffer(content, np.uint8), offsets, numbers[2:3], numbers[3:], _NO_TIMES,
        [source],
    )  # fmt: skip


def _moment(published: object) -> int:
    if type(published) is dt.datetime:
        try:
            microseconds = to_microseconds(published)
        except Exception:  # noqa: BLE001 - a zone of another library may raise anything
            microseconds = NO_TIME
        if FIRST_TIME <= microseconds <= LAST_TIME:
            return microseconds
    return NO_TIME if is_missing(published) else times.moment(published)


def _content(text: object, title: object) -> tuple[int, bytes]:
    """Return the bytes of a title, or `UNTITLED`, and of title and text together."""
    if isinstance(text, str) and (title is None or isinstance(title, str)):
        try:
            if title is None:
                return UNTITLED, text.encode()
            head = title.encode()
            return len(head), b"%b\n%b" % (head, text.encode())
        except UnicodeEncodeError:
            pass  # below, halves of characters are mended
    with using(speech=ALONE):
        body = values.text_column([text], "text").buffer.tobytes()
        if is_missing(title):
            return UNTITLED, body
        head = values.text_column([title], "title").buffer.tobytes()
    return len(head), b"%b\n%b" % (head, body)


def many(columns: Columns, ids: Sequence[Hashable]) -> StoredItems:
    """Return the items of a batch, which arrive when they are added."""
    n_items = len(columns)
    names = [*columns.source_names, None]  # the last stands for NO_SOURCE
    unknown = np.full(n_items, NO_TIME)
    lengths = columns.title_lengths
    return StoredItems(
        ids=list(ids),
        buffer=columns.buffer,
        offsets=columns.offsets,
        title_lengths=np.full(n_items, UNTITLED) if lengths is None else lengths,
        published=unknown if columns.published is None else columns.published,
        arrived=unknown,
        sources=[None] * n_items
        if columns.sources is None
        else [names[code] for code in columns.sources.tolist()],
    )


def as_columns(parts: list[StoredItems]) -> Columns:
    """Return items of an index as the stages of a batch take them."""
    nothing = np.zeros(0, np.int64)
    contents = [content for part in parts for content in part.contents()]
    sources, names = values.source_column([each for part in parts for each in part.sources])
    published = np.concatenate([nothing, *(part.published for part in parts)])
    title_lengths = np.concatenate([nothing, *(part.title_lengths for part in parts)])
    titled = bool((title_lengths != UNTITLED).any())
    return Columns(
        buffer=np.frombuffer(b"".join(contents), np.uint8),
        offsets=np.cumsum([0, *map(len, contents)], dtype=np.int64),
        ids=[each for part in parts for each in part.ids],
        published=published if (published != NO_TIME).any() else None,
        sources=sources,
        source_names=names,
        titled=titled,
        title_lengths=title_lengths if titled else None,
    )


def check_hashable(id: object) -> None:  # noqa: A002 - an id, as everywhere
    """Refuse what no item can have as its id; `InputTypeError` if it is not hashable."""
    try:
        hash(id)
    except (TypeError, RecursionError):
        message = f"the id {shown(id)} is not hashable, so that no document has it; pass str or int"
        raise InputTypeError(message) from None
