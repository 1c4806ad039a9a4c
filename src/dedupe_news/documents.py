"""Every accepted input, turned into columns."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict

import numpy as np

from dedupe_news import fields, foreign, times
from dedupe_news.columns import UNTITLED, Columns
from dedupe_news.errors import ColumnError, InputError, InputTypeError
from dedupe_news.kernels.columns import join_lines
from dedupe_news.threads import run, shares

if TYPE_CHECKING:
    import datetime as dt

    from numpy.typing import NDArray

    from dedupe_news.fields import TextColumn

_NAMES = ("id", "title", "text", "source", "published")
_MOST_DOCUMENTS = 2**32 - 1

ColumnChoice: TypeAlias = str | Sequence[Any] | None
"""A column's name in a table or in mappings, or its values beside a sequence of texts."""


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


def read_documents(
    feed: object,
    *,
    id: ColumnChoice = None,  # noqa: A002 - the settled public name
    title: ColumnChoice = None,
    text: ColumnChoice = None,
    source: ColumnChoice = None,
    published: ColumnChoice = None,
    n_jobs: int = 1,
) -> Columns:
    """
    Turn any accepted input into columns.

    Parameters
    ----------
    feed : iterable of str, mapping or Document; array, Series, DataFrame or Arrow data
        The documents. Missing values are empty texts.
    id, title, text, source, published : str or sequence, optional
        Names of the columns of a table or keys of mappings; by default the
        columns of these names where the input has them. Beside a sequence of
        texts: the values themselves, as many as there are texts.
    n_jobs : int, default 1
        Threads.

    Returns
    -------
    Columns
        Documents in input order; title and text joined by a newline where
        there is a column of titles.

    Raises
    ------
    InputTypeError
        If the feed or a value is of a type that cannot be used.
    InputError
        If a value cannot be used, ids repeat or lengths differ.
    ColumnError
        If a named column does not exist.
    """
    choices = dict(zip(_NAMES, (id, title, text, source, published), strict=True))
    found = {
        name: None if values is None else foreign.sized(values)
        for name, values in _find_columns(feed, choices).items()
    }
    texts = fields.text_column(found["text"], "text")
    n_documents = len(texts.offsets) - 1
    if n_documents > _MOST_DOCUMENTS:
        message = (
            f"the feed has {n_documents:,} documents, but one batch holds at most "
            f"{_MOST_DOCUMENTS:,}. Split it and add the parts to a NewsIndex"
        )
        raise InputError(message)
    for name, values in found.items():
        if values is not None and len(values) != n_documents:
            message = (
                f"column {name!r} has {len(values):,} values, but there are {n_documents:,} "
                "texts; every column needs one value a document. Pass None for a missing value"
            )
            raise InputError(message)
    titled = found["title"] is not None
    title_lengths = None
    if titled:
        titles = fields.text_column(found["title"], "title")
        given = fields.are_given(found["title"])
        title_lengths = np.where(given, np.diff(titles.offsets), UNTITLED)
        texts = _join(titles, given, texts, n_jobs)
    sources, source_names = fields.source_column(found["source"])
    return Columns(
        buffer=texts.buffer,
        offsets=texts.offsets,
        ids=fields.id_column(found["id"]),
        published=times.time_column(found["published"]),
        sources=sources,
        source_names=source_names,
        titled=titled,
        title_lengths=title_lengths,
    )


def _join(
    titles: TextColumn, given: NDArray[np.bool_], texts: TextColumn, n_jobs: int
) -> TextColumn:
    n_documents = len(texts.offsets) - 1
    lengths = np.diff(titles.offsets) + np.diff(texts.offsets) + given
    offsets = np.zeros(n_documents + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    joined = np.empty(offsets[-1], np.uint8)

    def join(bounds: tuple[int, int]) -> None:
        join_lines(
            titles.buffer, titles.offsets, texts.buffer, texts.offsets, *bounds, offsets, joined
        )

    run(join, shares(n_documents, n_jobs), n_jobs)
    return fields.TextColumn(joined, offsets)


def _find_columns(feed: object, choices: dict[str, ColumnChoice]) -> dict[str, Any]:
    """Return the values of each column, None where there is none."""
    if isinstance(feed, (str, bytes, bytearray)):
        message = (
            f"the feed is one {type(feed).__name__}, not a collection of documents. "
            "Pass a list of texts, such as [text]; dn.compare(a, b) compares two"
        )
        raise InputTypeError(message)
    if isinstance(feed, Mapping):
        return _from_table(dict(feed), list(feed), choices)
    table = _as_table(feed)
    if table is not None:
        return _from_table(*table, choices)
    values = _as_values(feed)
    kind = _kind_of(values)
    if kind is Document:
        return _from_documents(values, choices)
    if kind is Mapping:
        return _from_mappings(values, choices)
    return _from_texts(values, choices)


def _as_table(feed: object) -> tuple[Any, list[str]] | None:
    """Return a table that answers ``table[name]``, and its names; None for other input."""
    if hasattr(feed, "column_names") and hasattr(feed, "schema"):  # pyarrow Table, RecordBatch
        return feed, list(feed.column_names)
    # Of the class: a LazyFrame warns when it is asked itself.
    if not hasattr(type(feed), "columns"):
        is_capsule = hasattr(feed, "__arrow_c_stream__") or hasattr(feed, "__arrow_c_array__")
        if is_capsule and not hasattr(feed, "dtype"):
            return _from_capsule(feed)
        return None
    # Only now: narwhals is not needed for lists.
    import narwhals as nw  # noqa: PLC0415

    try:
        frame = nw.from_native(feed, pass_through=True)
    except ValueError as error:  # several columns of one name
        message = f"the table cannot be read: {error}. Rename its columns, or drop some"
        raise InputError(message) from error
    if isinstance(frame, nw.LazyFrame):
        frame = frame.collect()
    if isinstance(frame, nw.DataFrame):
        native = frame.to_native()
        return native, list(frame.columns)
    return None


def _from_capsule(feed: object) -> tuple[Any, list[str]] | None:
    pyarrow = foreign.require_pyarrow("read Arrow data by the PyCapsule interface")
    try:
        table = pyarrow.table(feed)
    except (pyarrow.ArrowException, TypeError):
        return None  # one column, not a table
    return table, list(table.column_names)


def _from_table(table: Any, names: list[str], choices: dict[str, ColumnChoice]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, choice in choices.items():
        column = name if choice is None else choice
        if not isinstance(column, str):
            found[name] = column
            continue
        if names.count(column) > 1:
            message = (
                f"the table has {names.count(column)} columns of the name {column!r}, so that it "
                f"is not clear which is the {name}. Rename its columns, or drop some"
            )
            raise InputError(message)
        if choice is not None and column not in names:
            raise ColumnError(_no_column(column, names, name))
        found[name] = table[column] if column in names else None
    if found["text"] is None:
        raise ColumnError(_no_column("text", names, "text"))
    return found


def _no_column(column: str, names: Sequence[str], role: str) -> str:
    known = ", ".join(map(repr, names)) if names else "none at all"
    return (
        f"there is no column {column!r} to take the {role} from; the columns are {known}. "
        f"Name the right one, as in {role}='...'"
    )


def _as_values(feed: object) -> Any:
    """Return a sequence of documents; lists, arrays and Series as they are."""
    if isinstance(feed, (list, tuple)) or hasattr(feed, "dtype") or hasattr(feed, "type"):
        return feed
    if isinstance(feed, Iterable):
        return list(feed)
    if hasattr(feed, "__arrow_c_array__") or hasattr(feed, "__arrow_c_stream__"):
        return foreign.require_pyarrow("read Arrow data").chunked_array(feed)
    message = (
        f"a feed of type {type(feed).__name__!r} cannot be read; allowed are iterables of str, "
        "of mappings or of dn.Document, Series, DataFrames and Arrow tables"
    )
    raise InputTypeError(message)


def _kind_of(values: Any) -> type:
    is_array = getattr(values, "dtype", None) == np.dtype(object) and values.ndim == 1
    if is_array or isinstance(values, (list, tuple)):
        for value in values:
            if isinstance(value, Document):
                return Document
            if isinstance(value, Mapping):
                return Mapping
            if not foreign.is_missing(value):
                return str
    return str


def _from_texts(values: Any, choices: dict[str, ColumnChoice]) -> dict[str, Any]:
    for name, choice in choices.items():
        if isinstance(choice, str):
            message = (
                f"{name}={choice!r} names a column, but the feed is a sequence of texts, which "
                f"has none. Pass the values themselves, or a table, or mappings"
            )
            raise ColumnError(message)
    if choices["text"] is not None:
        message = "the feed is a sequence of texts already; text=... cannot be given beside it"
        raise InputError(message)
    return {**choices, "text": values}


def _from_documents(values: Sequence[Any], choices: dict[str, ColumnChoice]) -> dict[str, Any]:
    given = [name for name, choice in choices.items() if choice is not None]
    if given:
        message = (
            f"{given[0]}=... cannot be given beside a feed of dn.Document, which say "
            "themselves what they are. Leave it out"
        )
        raise InputError(message)
    for position, value in enumerate(values):
        if not isinstance(value, Document):
            raise InputTypeError(_mixed(position, value, "dn.Document"))
    found: dict[str, Any] = {name: [getattr(value, name) for value in values] for name in _NAMES}
    for name in ("id", "title", "source", "published"):
        if all(value is None for value in found[name]):
            found[name] = None
    return found


def _from_mappings(values: Sequence[Any], choices: dict[str, ColumnChoice]) -> dict[str, Any]:
    names: dict[str, None] = {}
    for position, value in enumerate(values):
        if not isinstance(value, (dict, Mapping)):
            raise InputTypeError(_mixed(position, value, "mappings"))
        keys = value.keys() if type(value) is dict else set(value)
        if not names.keys() >= keys:  # most have the keys of the first
            names.update(dict.fromkeys(value))

    class Table:
        def __getitem__(self, name: str) -> list[Any]:
            return [value.get(name) for value in values]

    return _from_table(Table(), list(names), choices)


def _mixed(position: int, value: object, kind: str) -> str:
    return (
        f"document {foreign.numbered(position)} is of type {type(value).__name__!r}, but the feed "
        f"began with {kind}; a feed holds one kind of documents. Convert it first"
    )
