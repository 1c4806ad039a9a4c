"""Where the columns of a feed are: in a table, in mappings, in documents, or beside texts."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe_news._input import arrow
from dedupe_news._input.names import ENVELOPES, find_name
from dedupe_news._input.python import is_missing
from dedupe_news._input.rules import Faults, UnusableError
from dedupe_news.documents import AUTO, Auto, Document
from dedupe_news.errors import ColumnError, InputError, InputTypeError, listed, shown

if TYPE_CHECKING:
    from dedupe_news.documents import ColumnChoice

ROLES = ("id", "title", "text", "source", "published")

_DEEPEST_ENVELOPE = 4
_OF_FEEDS = ("description", "summary", None)  # which a feed may have itself


@dataclasses.dataclass(slots=True)
class Found:
    """The values of each role, None where there are none, and which columns they are."""

    values: dict[str, Any]
    used: dict[str, Hashable] = dataclasses.field(default_factory=dict)
    by_name: set[str] = dataclasses.field(default_factory=set)
    odd_items: Faults = dataclasses.field(default_factory=lambda: Faults("item"))


def find_columns(feed: object, choices: Mapping[str, ColumnChoice]) -> Found:
    """Return the columns of any feed."""
    if isinstance(feed, (str, bytes, bytearray)):
        message = (
            f"the feed is one {type(feed).__name__}, not a collection of documents. "
            "Pass a list of texts, such as [text]; dn.compare(a, b) compares two"
        )
        raise InputTypeError(message)
    if isinstance(feed, Mapping):
        items = unwrapped(feed, choices["text"])
        if items is not None:
            return find_columns(items, choices)
    if isinstance(feed, Items):
        return _from_items(feed, choices)
    feed = arrow.opened(feed)
    table = table_of(feed)
    if table is not None:
        return _from_table(*table, choices)
    values = _as_values(feed)
    kind = _kind_of(values)
    if kind is Document:
        return _from_documents(values, choices)
    if kind is Mapping:
        return _from_items(items_of(values), choices)
    return _from_texts(values, choices)


def unwrapped(
    feed: Mapping[Any, Any], text: ColumnChoice = AUTO, depth: int = _DEEPEST_ENVELOPE
) -> Any:
    """Return the items that the answer of a server holds, None for a dict of columns."""
    named = find_name("text", feed) if isinstance(text, Auto) else text
    held = feed.get(named) if isinstance(named, (str, int, tuple)) else None
    if _is_column(held) or (held and named not in _OF_FEEDS):
        return None
    for key in ENVELOPES:
        inside = feed.get(key)
        if isinstance(inside, Mapping) and depth:
            found = unwrapped(inside, text, depth - 1)
            if found is not None:
                return found
        if isinstance(inside, (list, tuple)) and any(map(_is_item, inside)):
            return inside
    return None


def _is_item(value: object) -> bool:
    return isinstance(value, Mapping) and any(find_name(role, value) for role in ("text", "title"))


def _is_column(value: object) -> bool:
    return value is not None and not isinstance(value, (str, bytes, Mapping))


def table_of(feed: Any) -> tuple[Any, list[Hashable]] | None:
    """Return a table that answers ``table[name]``, and its names; None for other input."""
    if isinstance(feed, Mapping):
        return feed, list(feed)
    if hasattr(feed, "column_names") and hasattr(feed, "schema"):  # pyarrow Table, RecordBatch
        return feed, list(feed.column_names)
    if not hasattr(type(feed), "columns"):
        return None
    if type(feed).__module__.partition(".")[0] == "pandas":
        return feed, list(feed.columns)
    import narwhals as nw  # noqa: PLC0415 - not needed for lists

    try:
        frame = nw.from_native(feed, pass_through=True)
    except ValueError as error:  # several columns of one name
        message = f"the table cannot be read: {error}. Rename its columns, or drop some"
        raise InputError(message) from error
    if isinstance(frame, nw.LazyFrame):
        frame = frame.collect()
    if isinstance(frame, nw.DataFrame):
        return frame.to_native(), list(frame.columns)
    return None


def _from_table(table: Any, names: list[Hashable], choices: Mapping[str, ColumnChoice]) -> Found:
    found = Found(dict.fromkeys(ROLES))
    chosen = {role: choice for role, choice in choices.items() if _is_name(choice, names)}
    for role, choice in choices.items():
        if isinstance(choice, Auto):
            column = find_name(role, names, tuple(chosen.values()))
            if column is None or (names.count(column) > 1 and role != "text"):
                continue
            found.by_name.add(role)
        elif role in chosen:
            column = chosen[role]
        else:
            found.values[role] = choice
            continue
        found.used[role] = column
        found.values[role] = _column(table, names, column, role)
    if found.values["text"] is None:
        _settle_text(table, names, found, choices["text"])
    if isinstance(table, Mapping):
        _require_columns(found)
    return found


def _is_name(choice: ColumnChoice, names: list[Hashable]) -> bool:
    """Return whether a choice is the name of a column, and not the values themselves."""
    if isinstance(choice, (str, int)) and not isinstance(choice, Auto):
        return True
    return isinstance(choice, tuple) and any(isinstance(name, tuple) for name in names)


def _column(table: Any, names: list[Hashable], column: Hashable, role: str) -> Any:
    if names.count(column) > 1:
        message = (
            f"the table has {names.count(column)} columns of the name {shown(column)}, so that it "
            f"is not clear which is the {role}. Rename its columns, or drop some"
        )
        raise InputError(message)
    if column not in names:
        raise ColumnError(_no_column(column, names, role))
    return table[column]


def _settle_text(table: Any, names: list[Hashable], found: Found, choice: ColumnChoice) -> None:
    """Take the titles for texts, or the only column, where no column is the text."""
    if found.values["title"] is not None:
        found.values["text"], found.values["title"] = found.values["title"], None
        if "title" in found.used:
            found.used["text"] = found.used.pop("title")
        found.by_name.discard("title")
    elif isinstance(choice, Auto) and len(names) == 1 and not found.used:
        found.used["text"] = names[0]
        found.values["text"] = _column(table, names, names[0], "text")
    else:
        raise ColumnError(_no_column("text", names, "text"))


def _require_columns(found: Found) -> None:
    """Refuse a mapping that is one item, or has a text for each id: no table."""
    for role, column in found.used.items():
        value = found.values[role]
        if value is not None and not _is_column(value):
            message = (
                f"the feed is a mapping whose {shown(column)} is {shown(value)}, not a column of "
                "values. Pass a list of items, such as [item]; of texts by id: "
                "list(feed.values()), id=list(feed)"
            )
            raise InputTypeError(message)


def _no_column(column: Hashable, names: Sequence[Hashable], role: str) -> str:
    return (
        f"there is no column {shown(column)} to take the {role} from; the columns are "
        f"{listed(names)}. Name the right one, as in {role}='...'"
    )


def _as_values(feed: object) -> Any:
    """Return a sequence of documents; lists, arrays and Series as they are."""
    if isinstance(feed, (list, tuple)) or hasattr(feed, "dtype") or hasattr(feed, "type"):
        return feed
    if isinstance(feed, Iterable):
        return list(feed)
    message = (
        f"a feed of type {type(feed).__name__!r} cannot be read; allowed are iterables of str, "
        "of mappings or of dn.Document, Series, DataFrames and Arrow tables"
    )
    raise InputTypeError(message)


def _kind_of(values: Any) -> type:
    is_array = getattr(values, "dtype", None) == np.dtype(object) and values.ndim == 1
    if is_array or isinstance(values, (list, tuple)):
        for position, value in enumerate(values):
            if isinstance(value, Document):
                return Document
            if isinstance(value, Mapping):
                return Mapping
            if isinstance(value, (list, tuple, set, frozenset)):
                message = (
                    f"document {position} is a {type(value).__name__}, {shown(value)}; a document "
                    "is a text, a mapping or a dn.Document. Pass mappings, such as "
                    "[{'id': ..., 'text': ...}], or the columns, such as (texts, id=ids)"
                )
                raise InputTypeError(message)
            if not is_missing(value):
                return str
    return str


def _from_texts(values: Any, choices: Mapping[str, ColumnChoice]) -> Found:
    found = Found({**dict.fromkeys(ROLES), "text": values})
    for role, choice in choices.items():
        if isinstance(choice, (str, int)) and not isinstance(choice, Auto):
            message = (
                f"{role}={shown(choice)} names a column, but the feed is a sequence of texts, "
                "which has none. Pass the values themselves, or a table, or mappings"
            )
            raise ColumnError(message)
        if choice is None or choice is AUTO:
            continue
        if role == "text":
            message = "the feed is a sequence of texts already; text=... cannot be given beside it"
            raise InputError(message)
        found.values[role] = choice
    return found


def _from_documents(values: Sequence[Any], choices: Mapping[str, ColumnChoice]) -> Found:
    given = [role for role, choice in choices.items() if choice not in (None, AUTO)]
    if given:
        message = (
            f"{given[0]}=... cannot be given beside a feed of dn.Document, which say "
            "themselves what they are. Leave it out"
        )
        raise InputError(message)
    found = _from_items(items_of(values, Document), {**choices, "text": AUTO})
    found.by_name.clear()
    return found


@dataclasses.dataclass(slots=True)
class Items:
    """Mappings as a table."""

    items: Sequence[Mapping[Hashable, Any]]
    names: list[Any]
    odd: Faults

    def __getitem__(self, name: Hashable) -> list[Any]:
        return [item.get(name) for item in self.items]


def items_of(values: Sequence[Any], kind: type = Mapping) -> Items:
    """Return mappings, and documents as such, as a table, with empty ones in place of others."""
    faults = Faults("item")
    allowed = "mappings" if kind is Mapping else "dn.Document"
    names: dict[Hashable, None] = {}
    items: list[Mapping[Hashable, Any]] = []
    for position, value in enumerate(values):
        item: Any = value
        if isinstance(value, Document):
            held = {role: getattr(value, role) for role in ROLES}
            item = {role: it for role, it in held.items() if role == "text" or it is not None}
        elif (type(value) is not dict or kind is not Mapping) and not isinstance(value, kind):
            reason = f"is of type {type(value).__name__!r}, but the feed began with {allowed}"
            remedy = "A feed holds one kind of documents; convert it first"
            faults.add(position, value, UnusableError(reason, remedy, InputTypeError))
            item = {}
        keys = item.keys() if type(item) is dict else set(item)
        if not names.keys() >= keys:  # most have the keys of the first
            names.update(dict.fromkeys(item))
        items.append(item)
    return Items(items, list(names), faults)


def _from_items(table: Items, choices: Mapping[str, ColumnChoice]) -> Found:
    found = _from_table(table, table.names, choices)
    found.odd_items = table.odd
    return found
