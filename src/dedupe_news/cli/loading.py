"""The items of a file: which columns are read, how, and what is said of that."""

from __future__ import annotations

import dataclasses
import datetime as dt
import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from dedupe_news._input import files, parquet
from dedupe_news._input.arrow import as_list
from dedupe_news._input.names import is_usual
from dedupe_news._input.reading import read_columns
from dedupe_news._input.rules import COMMAND_LINE, reading, using
from dedupe_news._input.tables import ROLES, Items, RawColumns, Table, find_columns
from dedupe_news.cli.notes import say
from dedupe_news.documents import AUTO
from dedupe_news.errors import ColumnError
from dedupe_news.results.phrasing import counted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from dedupe_news._input.rules import OnInvalid
    from dedupe_news._input.values import FaultOfId
    from dedupe_news.cli.options import Reading


@dataclasses.dataclass(frozen=True, slots=True)
class Feed:
    """
    The items of a file.

    `items` are what the library takes, with `choices`; `rows` are all columns of the file, in
    memory or as a data set of Arrow.
    """

    items: Any
    rows: Any
    names: list[str]
    unit: str
    has_ids: bool
    choices: dict[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def is_large(self) -> bool:
        """Return whether the rows are read a part at a time."""
        return not isinstance(self.rows, files.File)

    def records(self) -> Iterable[dict[str, Any]]:
        """Return the rows, without the keys that an object of JSON Lines does not have."""
        if self.is_large:
            return (row for batch in self.rows.to_batches() for row in batch.to_pylist())
        columns = self.rows.columns
        if isinstance(columns, Items):
            return cast("list[dict[str, Any]]", columns.rows)
        values = zip(*(as_list(columns[name]) for name in self.names), strict=True)
        return (dict(zip(self.names, row, strict=True)) for row in values)

    def tables(self) -> Iterator[Any]:
        """Yield the rows as Arrow tables: one, or a part at a time where the file is large."""
        arrow = importlib.import_module("pyarrow")
        if self.is_large:
            yield from (arrow.Table.from_batches([batch]) for batch in self.rows.to_batches())
        else:
            yield arrow.table({name: self.rows.columns[name] for name in self.names})


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
    named = {getattr(options, role) for role in roles}
    ignored = options.ignore or []

    def is_wanted(name: str) -> bool:
        return all_columns or name in named or (is_usual(name) and name not in ignored)

    assumed = _AssumedZone()
    label = files.label_of(options.file)
    with reading(
        on_invalid=cast("OnInvalid", options.on_invalid),  # it is checked there
        timezone=assumed if options.timezone is None else options.timezone,
        date_format=options.date_format,
    ):
        table = files.read_table(options.file, options.format, is_wanted, options.encoding)
        raw = RawColumns({**dict.fromkeys(ROLES), "text": []})
        if len(table):
            raw = _find(Table(table.columns, table.names), options, roles)
        with using(speech=COMMAND_LINE, unit=f"{label}, {table.unit}", numbers=table.numbers):
            items = read_columns(raw, fault_to_keep=fault_to_keep)
    if items.ids is None:
        places = range(len(table)) if items.rows is None else items.rows.tolist()
        items = dataclasses.replace(items, ids=[table.numbers[place] for place in places])
    _say_taken(label, table.kind, len(table), raw, table.unit)
    if assumed.was_used:
        say(f"{label}: times without a zone are taken as UTC; --timezone says otherwise")
    if odd := table.odd_lines:
        say(
            f"{label}: {len(odd):,} {'line is' if len(odd) == 1 else 'lines are'} not UTF-8 "
            f"and read as Windows-1252, the first is line {odd[0]}; --encoding says otherwise"
        )
    skipped = table.skipped + items.skipped
    say(str(skipped))
    if any(column == raw.used.get("published") for column, _ in skipped.counts):
        say("  --date-format dmy, mdy or a format such as '%d/%m/%Y %H:%M' helps")
    return Feed(items, table, table.names, table.unit, "id" in raw.used)


def load_large(options: Reading) -> Feed:
    """Return the items of Parquet to be read a part at a time; other files are read at once."""
    form = options.format or files.format_of(options.file)
    if not Path(options.file).is_dir() and form is not files.Format.PARQUET:
        return load(options, all_columns=True)
    dataset, n_rows = parquet.open_dataset(options.file)
    names = list(dataset.schema.names)
    raw = _find(Table(dataset.schema.empty_table(), names), options, ROLES)
    _say_taken(options.file, "Parquet", n_rows, raw, "row")
    choices = {
        **dict.fromkeys(ROLES),
        **raw.used,
        "on_invalid": options.on_invalid,
        "timezone": options.timezone or "UTC",
        "date_format": options.date_format,
    }
    return Feed(dataset, dataset, names, "row", "id" in raw.used, choices)


def _find(table: Table, options: Reading, roles: Collection[str]) -> RawColumns:
    """Return the columns that were named, or have usual names and are not to be ignored."""
    choices = dict.fromkeys(ROLES) | {role: getattr(options, role) or AUTO for role in roles}
    ignored = {*(options.ignore or ())} - {*choices.values()}
    table.names = [name for name in table.names if name not in ignored]
    try:
        with using(speech=COMMAND_LINE):
            return find_columns(table, choices)
    except ColumnError as error:
        message = f"{files.label_of(options.file)} {error}"
        raise ColumnError(message) from error


def _say_taken(label: str, kind: str, n_items: int, raw: RawColumns, unit: str) -> None:
    used = [f"{role} from {raw.used[role]!r}" for role in ROLES if role in raw.used]
    if "id" not in raw.used:
        used.insert(0, f"id from the number of the {unit}")
    say(f"{label}: {kind}, {counted(n_items, 'item')}; {', '.join(used)}")


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
