"""The items of a file: which columns are read, how, and what is said of that."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from dedupe_news._input import files, parquet
from dedupe_news._input.arrow import plain_list
from dedupe_news._input.names import NAMES, find_name, is_usual
from dedupe_news._input.reading import read_documents
from dedupe_news._input.rules import COMMAND_LINE, reading, speaking
from dedupe_news.cli.notes import say
from dedupe_news.documents import AUTO
from dedupe_news.errors import ColumnError, listed
from dedupe_news.results.phrasing import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from dedupe_news._input.rules import OnInvalid
    from dedupe_news._input.values import FaultOfId
    from dedupe_news.cli.options import Reading

ROLES = ("id", "title", "text", "source", "published")
"""What is read of an item."""


@dataclasses.dataclass(frozen=True, slots=True)
class Feed:
    """
    The items of a file.

    `items` are what the library takes, with `choices`; `rows` are all columns of the file, in
    memory or as a data set of Arrow.
    """

    items: Any
    rows: Any
    choices: dict[str, Any]
    has_ids: bool
    is_large: bool = False

    @property
    def names(self) -> list[str]:
        """Return the names of the columns of the file."""
        return list(self.rows.schema.names if self.is_large else self.rows.names)

    @property
    def unit(self) -> str:
        """Return what an item is in the file: a line, or a row."""
        return "row" if self.is_large else str(self.rows.unit)


def load(
    options: Reading,
    roles: Collection[str] = ROLES,
    *,
    all_columns: bool = False,
    fault_to_keep: FaultOfId | None = None,
) -> Feed:
    """
    Read a file; where it has no ids, the numbers of its lines or rows stand for them.

    For an index, `fault_to_keep` says which ids it cannot keep.
    """
    named = _named(options, roles)
    ignored = options.ignore or []

    def is_wanted(name: str) -> bool:
        return name in named.values() or (is_usual(name) and name not in ignored)

    assumed = _AssumedZone()
    with reading(
        on_invalid=cast("OnInvalid", options.on_invalid),  # it is checked there
        timezone=assumed if options.timezone is None else options.timezone,
        date_format=options.date_format,
    ):
        wanted: Callable[[str], bool] = files.everything if all_columns else is_wanted
        table = files.read_table(options.file, options.format, wanted, options.encoding)
        taken = _columns_taken(table, options, roles)
        values = {column: _filled(table, role, column) for role, column in taken.items()}
        # Whoever asks for errors gets them for columns that were found by their names too.
        is_strict = options.on_invalid == "raise"
        choices: dict[str, Any] = {**dict.fromkeys(ROLES), "text": AUTO} | {
            role: column if role in named or is_strict else AUTO for role, column in taken.items()
        }
        with speaking(COMMAND_LINE, table.where, table.numbers):
            items = read_documents(values or {"text": []}, fault_to_keep=fault_to_keep, **choices)
    if items.ids is None:
        places = range(len(table)) if items.rows is None else items.rows.tolist()
        items = dataclasses.replace(items, ids=[table.numbers[place] for place in places])
    _say_taken(table, taken)
    if assumed.was_used:
        say(f"{table.label}: times without a zone are taken as UTC; --timezone says otherwise")
    if odd := table.odd_lines:
        say(
            f"{table.label}: {len(odd):,} {'line is' if len(odd) == 1 else 'lines are'} not UTF-8 "
            f"and read as Windows-1252, the first is line {odd[0]}; --encoding says otherwise"
        )
    skipped = table.skipped + items.skipped
    say(str(skipped))
    if any(column == taken.get("published") for column, _ in skipped.counts):
        say("  --date-format dmy, mdy or a format such as '%d/%m/%Y %H:%M' helps")
    rows = table if items.rows is None else table.chosen(items.rows)
    return Feed(items, rows, {}, "id" in taken)


def load_large(options: Reading) -> Feed:
    """Return the items of Parquet to be read a part at a time; other files are read at once."""
    form = options.format or files.format_of(options.file)
    if not Path(options.file).is_dir() and form is not files.Format.PARQUET:
        return load(options, all_columns=True)
    dataset, n_rows = parquet.open_dataset(options.file)
    names = list(dataset.schema.names)
    table = files.Table(
        options.file, "Parquet", names, dict.fromkeys(names), range(1, n_rows + 1), "row"
    )
    taken = _columns_taken(table, options, ROLES)
    _say_taken(table, taken)
    choices = {
        **dict.fromkeys(ROLES),
        **taken,
        "on_invalid": options.on_invalid,
        "timezone": options.timezone or "UTC",
        "date_format": options.date_format,
    }
    items = parquet.narrowed(dataset, dict.fromkeys(taken.values()))
    return Feed(items, dataset, choices, "id" in taken, is_large=True)


def _named(options: Reading, roles: Collection[str]) -> dict[str, str]:
    """Return the columns that were named, by their roles."""
    return {role: column for role in roles if (column := getattr(options, role)) is not None}


def _columns_taken(table: files.Table, options: Reading, roles: Collection[str]) -> dict[str, str]:
    """Return the column of each role that has one: the one named, or one of a usual name."""
    named = _named(options, roles)
    passed_over = {*(options.ignore or ()), *named.values()}
    their_names = f"its columns are {listed(table.names)}"
    taken = {}
    for role in roles:
        column: object = named.get(role)
        if column is None:
            column = find_name(role, table.names, passed_over)
        elif column not in table.names and len(table) > 0:
            message = f"{table.label} has no column {column!r}; {their_names}"
            raise ColumnError(message)
        if isinstance(column, str) and column in table.columns:
            taken[role] = column
    if "text" not in taken and "title" in taken:
        taken["text"] = taken.pop("title")
    if "text" not in taken and len(table) > 0:
        message = (
            f"{table.label} has no column {', '.join(map(repr, NAMES['text'][:4]))} or the "
            f"like for the text; {their_names}. Name it with --text COLUMN"
        )
        raise ColumnError(message)
    return taken


def _filled(table: files.Table, role: str, column: str) -> Any:
    """Return a column in which what is empty is missing, where a text may not be empty."""
    values = table.columns[column]
    if role not in {"id", "source"} or not isinstance(values, list):
        return values
    return [None if value == "" else value for value in plain_list(values)]


def _say_taken(table: files.Table, taken: dict[str, str]) -> None:
    used = [f"{role} from {column!r}" for role, column in taken.items()]
    if "id" not in taken:
        used.insert(0, f"id from the number of the {table.unit}")
    say(f"{table.label}: {table.kind}, {counted(len(table), 'item')}; {', '.join(used)}")


class _AssumedZone(dt.tzinfo):
    """UTC for times that say no zone, which knows whether there were some."""

    was_used = False

    def utcoffset(self, _: dt.datetime | None) -> dt.timedelta:
        self.was_used = True
        return dt.timedelta()

    dst = utcoffset

    def tzname(self, _: dt.datetime | None) -> str:
        return str(self)

    def __str__(self) -> str:
        self.was_used = True
        return "UTC"
