"""Where the columns of a feed are: in a table, in mappings, in documents, or beside texts."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dedupe_news._input import arrow
from dedupe_news._input.arrow import is_missing
from dedupe_news._input.names import ENVELOPES, NAMES, find_name, is_usual
from dedupe_news._input.rules import COMMAND_LINE, in_force
from dedupe_news._input.skipped import Faults, UnusableError
from dedupe_news.documents import AUTO, Auto, Document
from dedupe_news.errors import ColumnError, InputError, InputTypeError, listed, shown

if TYPE_CHECKING:
    from dedupe_news.documents import ColumnChoice

ROLES = ("id", "title", "text", "source", "published")

_DEEPEST_ENVELOPE = 4
_OF_FEEDS = ("description", "summary", None)  # which a feed may have itself


@dataclasses.dataclass(slots=True)
class Table:
    """Columns by name, of whatever library, and what of its rows is no item."""

    columns: Any  # answers columns[name]
    names: list[Any]
    odd_items: Faults = dataclasses.field(default_factory=lambda: Faults("item"))


@dataclasses.dataclass(slots=True)
class Items:
    """Mappings as columns."""

    rows: Sequence[Mapping[Hashable, Any]]

    def __getitem__(self, name: Hashable) -> list[Any]:
        return [row.get(name) for row in self.rows]


@dataclasses.dataclass(slots=True)
class RawColumns:
    """The plain values of each role, None where there are none, and which columns they are."""

    values: dict[str, Any]
    used: dict[str, Hashable] = dataclasses.field(default_factory=dict)
    by_name: set[str] = dataclasses.field(default_factory=set)
    odd_items: Faults = dataclasses.field(default_factory=lambda: Faults("item"))


def find_columns(feed: object, choices: Mapping[str, ColumnChoice]) -> RawColumns:
    """Return the columns of any feed."""
    if isinstance(feed, (str, bytes, bytearray)):
        message = (
            f"the feed is one {type(feed).__name__}, not a collection of documents. "
            "Pass a list of texts, such as [text]; dn.compare(a, b) compares two"
        )
        raise InputTypeError(message)
    if isinstance(feed, Mapping) and (items := unwrapped(feed, choices["text"])) is not None:
        feed = items
    feed = arrow.opened(feed)
    table = table_of(feed)
    if table is None:
        if not isinstance(feed, Iterable):
            message = (
                f"a feed of type {type(feed).__name__!r} cannot be read; allowed are iterables of "
                "str, of mappings or of dn.Document, Series, DataFrames and Arrow tables"
            )
            raise InputTypeError(message)
        values = arrow.plain(feed)
        kind = _kind_of(values)
        if kind is str:
            return _from_texts(values, choices)
        table = items_of(values, kind)
        if kind is Document:
            choices = _choices_of_documents(choices, table.names)
    return _from_table(table, choices)


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
            items = unwrapped(inside, text, depth - 1)
            if items is not None:
                return items
        if isinstance(inside, (list, tuple)) and any(map(_is_item, inside)):
            return inside
    return None


def _is_item(value: object) -> bool:
    return isinstance(value, Mapping) and any(find_name(role, value) for role in ("text", "title"))


def _is_column(value: object) -> bool:
    return value is not None and not isinstance(value, (str, bytes, Mapping))


def table_of(feed: Any) -> Table | None:
    """Return the columns of a table of any library; None for other input."""
    if isinstance(feed, Table):
        return feed
    if isinstance(feed, Mapping):
        return Table(feed, list(feed))
    if hasattr(feed, "column_names") and hasattr(feed, "schema"):  # pyarrow Table, RecordBatch
        return Table(feed, list(feed.column_names))
    if not hasattr(type(feed), "columns"):
        return None
    if type(feed).__module__.partition(".")[0] == "pandas":
        feed = _with_index(feed)
        return Table(feed, list(feed.columns))
    import narwhals as nw  # noqa: PLC0415 - not needed for lists

    try:
        frame = nw.from_native(feed, pass_through=True)
    except ValueError as error:  # several columns of one name
        message = f"the table cannot be read: {error}. Rename its columns, or drop some"
        raise InputError(message) from error
    if isinstance(frame, nw.LazyFrame):
        frame = frame.collect()
    is_frame = isinstance(frame, nw.DataFrame)
    return Table(frame.to_native(), list(frame.columns)) if is_frame else None


def _with_index(frame: Any) -> Any:
    """Return a frame of pandas in which an index that is named as a column would be is one."""
    name = frame.index.name
    named = isinstance(name, str) and name not in frame.columns and is_usual(name)
    # The only column of data is the text whatever its name, so it is left the only one.
    if named and any(isinstance(column, str) and is_usual(column) for column in frame.columns):
        return frame.reset_index()
    return frame


def columns_of(
    choices: Mapping[str, ColumnChoice], names: Sequence[Hashable]
) -> dict[str, Hashable]:
    """Return the column of each role that is named, or has one of a usual name."""
    named: dict[str, Any] = {
        role: choice for role, choice in choices.items() if _is_name(choice, names)
    }
    taken = tuple(named.values())
    for role, choice in choices.items():
        if isinstance(choice, Auto) and (column := find_name(role, names, taken)) is not None:
            named[role] = column
    return {role: named[role] for role in choices if role in named}


def _is_name(choice: ColumnChoice, names: Sequence[Hashable]) -> bool:
    """Return whether a choice is the name of a column, and not the values themselves."""
    if isinstance(choice, (str, int)) and not isinstance(choice, Auto):
        return True
    return isinstance(choice, tuple) and any(isinstance(name, tuple) for name in names)


def _from_table(table: Table, choices: Mapping[str, ColumnChoice]) -> RawColumns:
    names = table.names
    raw = RawColumns(dict.fromkeys(choices), odd_items=table.odd_items)
    for role, column in columns_of(choices, names).items():
        if isinstance(choices[role], Auto):
            if role != "text" and names.count(column) > 1:
                continue
            raw.by_name.add(role)
        raw.used[role] = column
        raw.values[role] = _column(table, column, role)
    for role, choice in choices.items():
        if role not in raw.used and choice is not None and not isinstance(choice, Auto):
            raw.values[role] = arrow.plain(choice)
    if raw.values["text"] is None:
        _settle_text(table, raw, choices["text"])
    return raw


def _column(table: Table, column: Hashable, role: str) -> Any:
    n_columns = table.names.count(column)
    if n_columns > 1:
        message = (
            f"the table has {n_columns} columns of the name {shown(column)}, so that it "
            f"is not clear which is the {role}. Rename its columns, or drop some"
        )
        raise InputError(message)
    if not n_columns:
        raise _no_column(table, shown(column), role)
    values = table.columns[column]
    # One item, or a text for each id, is no table.
    if isinstance(table.columns, Mapping) and values is not None and not _is_column(values):
        message = (
            f"the feed is a mapping whose {shown(column)} is {shown(values)}, not a column of "
            "values. Pass a list of items, such as [item]; of texts by id: "
            "list(feed.values()), id=list(feed)"
        )
        raise InputTypeError(message)
    return None if values is None else arrow.plain(values)


def _settle_text(table: Table, raw: RawColumns, choice: ColumnChoice) -> None:
    """Take the titles for texts, or the only column of data, where no column is the text."""
    is_file = in_force().speech is COMMAND_LINE
    if raw.values["title"] is not None:
        raw.values["text"], raw.values["title"] = raw.values["title"], None
        if "title" in raw.used:
            raw.used["text"] = raw.used.pop("title")
        raw.by_name.discard("title")
    elif isinstance(choice, Auto) and len(table.names) == 1 and not raw.used and not is_file:
        raw.used["text"] = table.names[0]
        raw.values["text"] = _column(table, table.names[0], "text")
    else:
        usual = ", ".join(map(repr, NAMES["text"][:4]))
        raise _no_column(table, f"{usual} or the like", "text")


def _no_column(table: Table, column: str, role: str) -> ColumnError:
    words = in_force().speech.no_column
    return ColumnError(words.format(column=column, role=role, columns=listed(table.names)))


def _kind_of(values: Any) -> type:
    """Return what documents are: texts, mappings or `Document`."""
    for position, value in enumerate(values if isinstance(values, list) else ()):
        for kind in (Document, Mapping):
            if isinstance(value, kind):
                return kind
        if isinstance(value, (list, tuple, set, frozenset)):
            message = (
                f"document {position} is a {type(value).__name__}, {shown(value)}; a document "
                "is a text, a mapping or a dn.Document. Pass mappings, such as "
                "[{'id': ..., 'text': ...}], or the columns, such as (texts, id=ids)"
            )
            raise InputTypeError(message)
        if not is_missing(value):
            break
    return str


def _from_texts(values: Any, choices: Mapping[str, ColumnChoice]) -> RawColumns:
    raw = RawColumns({**dict.fromkeys(ROLES), "text": values})
    for role, choice in choices.items():
        if choice is None or isinstance(choice, Auto):
            continue
        if isinstance(choice, (str, int)):
            message = (
                f"{role}={shown(choice)} names a column, but the feed is a sequence of texts, "
                "which has none. Pass the values themselves, or a table, or mappings"
            )
            raise ColumnError(message)
        if role == "text":
            message = "the feed is a sequence of texts already; text=... cannot be given beside it"
            raise InputError(message)
        raw.values[role] = arrow.plain(choice)
    return raw


def _choices_of_documents(
    choices: Mapping[str, ColumnChoice], names: Sequence[Hashable]
) -> dict[str, ColumnChoice]:
    """Return the columns of documents, which have names of their own; one can be opted out of."""
    for role, choice in choices.items():
        if choice is not None and not isinstance(choice, Auto):
            message = (
                f"{role}=... cannot be given beside a feed of dn.Document, which say "
                "themselves what they are. Leave it out"
            )
            raise InputError(message)
    wanted = {"text", *(role for role, choice in choices.items() if choice is not None)}
    return {role: role if role in wanted and role in names else None for role in choices}


def items_of(values: Sequence[Any], kind: type = Mapping) -> Table:
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
    return Table(Items(items), list(names), faults)
