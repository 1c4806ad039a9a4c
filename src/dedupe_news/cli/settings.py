"""What commands make of their options: settings, and the documents of a file."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args

from dedupe_news._input import files, parquet
from dedupe_news._input.arrow import plain_list
from dedupe_news._input.names import find_name
from dedupe_news._input.reading import read_documents
from dedupe_news._input.rules import COMMAND_LINE, OnInvalid, reading, speaking, zone
from dedupe_news.cli.choosing import Choice
from dedupe_news.config import READ_BY_ONE, from_settings
from dedupe_news.documents import AUTO
from dedupe_news.errors import ConfigError
from dedupe_news.results.phrasing import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dedupe_news._input.columns import Columns
    from dedupe_news._input.skipped import Skipped

_ROLES = ("id", "title", "text", "source", "published")


@dataclasses.dataclass(frozen=True, slots=True)
class Manner:
    """
    How the values of a file are read.

    Parameters
    ----------
    on_invalid : {"raise", "ignore", "drop"}
        What becomes of those that cannot be read.
    timezone : str, optional
        The zone of times that say none; UTC by default.
    date_format : str, optional
        How dates are written.
    encoding : str, optional
        Of a file of text.
    """

    on_invalid: OnInvalid = "ignore"
    timezone: str | None = None
    date_format: str | None = None
    encoding: str | None = None


USUAL = Manner()
"""How files are read where nothing is said."""


def as_policy(on_invalid: str) -> OnInvalid:
    """
    Return what becomes of values that cannot be read.

    Parameters
    ----------
    on_invalid : str
        As given.

    Returns
    -------
    {"raise", "ignore", "drop"}
        The same.

    Raises
    ------
    ConfigError
        If it is something else.
    """
    for policy in get_args(OnInvalid):
        if on_invalid == policy:
            return cast("OnInvalid", policy)
    message = f"--on-invalid {on_invalid} is not known; pass raise, ignore or drop"
    raise ConfigError(message)


def as_window(window: str) -> dt.timedelta:
    """
    Return the length of time that an option says.

    Parameters
    ----------
    window : str
        As given.

    Returns
    -------
    datetime.timedelta
        Above 0.

    Raises
    ------
    ConfigError
        If it is no length of time, such as a number without a unit.
    """
    with contextlib.suppress(ConfigError):
        span = from_settings({"window": window}).window
        if span is not None:
            return span
    message = (
        f"--window {window} is no length of time; pass a number with a unit, above 0 and up to "
        "9,998 years, such as --window '30 days' or --window 36h"
    )
    raise ConfigError(message)


def given_settings(**settings: Any) -> dict[str, Any]:
    """
    Return the settings that were given on the command line.

    Parameters
    ----------
    **settings : Any
        All that could be; None for those that were not.

    Returns
    -------
    dict
        Without those.

    Raises
    ------
    ConfigError
        If one is given that the policy does not read.
    """
    given = {name: value for name, value in settings.items() if value is not None}
    policy = given.get("policy", "news")
    for name, value in given.items():
        reader = READ_BY_ONE.get(name, policy)
        if reader != policy:
            option = f"--{name.replace('_', '-')}"
            message = (
                f"{option} {value} is read with --policy {reader} only. Add --policy {reader}, or "
                f"leave {option} out"
            )
            raise ConfigError(message)
    return given


def read_feed(
    file: str,
    form: files.Format | None,
    named: dict[str, str | None],
    ignore: list[str] | None,
    *,
    quiet: bool,
    manner: Manner = USUAL,
) -> Columns:
    """
    Read the items of a file.

    Parameters
    ----------
    file : str
        Its name, or "-".
    form : Format or None
        What it is made of.
    named : dict of str to str
        The column named for each role, or None.
    ignore : list of str or None
        Columns not to take.
    quiet : bool
        Whether to say nothing about it.
    manner : Manner, optional
        How values are read.

    Returns
    -------
    Columns
        The documents. Without a column of ids, the numbers of the lines or
        rows stand for them.
    """
    is_wanted = _choice(named, ignore).is_wanted
    return _read(file, form, named, ignore, manner, is_wanted, quiet=quiet)[0]


def read_rows(
    file: str,
    form: files.Format | None,
    named: dict[str, str | None],
    ignore: list[str] | None,
    *,
    quiet: bool,
    manner: Manner = USUAL,
) -> tuple[Columns, files.Table]:
    """
    Read the items of a file, and all columns that it has.

    Parameters
    ----------
    file, form, named, ignore, quiet, manner : as of `read_feed`
        What is read, and how.

    Returns
    -------
    columns : Columns
        The documents, as from `read_feed`.
    table : Table
        Their rows, with all columns.
    """
    columns, table = _read(file, form, named, ignore, manner, files.everything, quiet=quiet)
    if columns.rows is None:
        return columns, table
    # The rows that are left are the feed, and positions are theirs.
    return dataclasses.replace(columns, rows=None), table.chosen(columns.rows)


def has_ids(
    named: dict[str, str | None],
    ignore: list[str] | None,
    rows: Any,
) -> bool:
    """
    Return whether a file has a column of ids that is taken.

    Parameters
    ----------
    named : dict of str to str
        The column named for each role, or None.
    ignore : list of str or None
        Columns not to take.
    rows : Table or pyarrow.dataset.Dataset
        The columns of the file.

    Returns
    -------
    bool
        Whether ids are those of the file.
    """
    names = rows.names if isinstance(rows, files.Table) else rows.schema.names
    choice = _choice(named, ignore)
    others = {*choice.ignored, *(name for role, name in choice.named.items() if role != "id")}
    return "id" in choice.named or find_name("id", names, others) is not None


def _read(
    file: str,
    form: files.Format | None,
    named: dict[str, str | None],
    ignore: list[str] | None,
    manner: Manner,
    is_wanted: Callable[[str], bool],
    *,
    quiet: bool,
) -> tuple[Columns, files.Table]:
    choice = _choice(named, ignore)
    assumed = _AssumedZone()
    with reading(
        on_invalid=manner.on_invalid,
        timezone=assumed if manner.timezone is None else zone(manner.timezone),
        date_format=manner.date_format,
    ):
        table = files.read_table(file, form, is_wanted, manner.encoding)
        settled = choice.settle(table)
        feed = {column: _filled(table, role, column) for role, column in settled.items()}
        # Who asks for errors gets them for columns that were found by their names too.
        chosen = settled if manner.on_invalid == "raise" else choice.choices(settled)
        choices: dict[str, Any] = {**dict.fromkeys(_ROLES), "text": AUTO, **chosen}
        with speaking(COMMAND_LINE, table.where, table.numbers):
            columns = read_documents(feed or {"text": []}, **choices)
    if columns.ids is None:
        rows = range(len(table)) if columns.rows is None else columns.rows.tolist()
        columns = dataclasses.replace(columns, ids=[table.numbers[row] for row in rows])
    if not quiet:
        _say_used(table, settled)
        if assumed.was_used:
            say(f"{table.label}: times without a zone are taken as UTC; --timezone says otherwise")
        _say_odd_lines(table)
        say_skipped(table.skipped + columns.skipped)
    return columns, table


def _filled(table: files.Table, role: str, column: str) -> Any:
    """Return a column in which what is empty is missing, where a text may not be empty."""
    values = table.columns[column]
    if role not in {"id", "source"} or not isinstance(values, list):
        return values
    return [None if value == "" else value for value in plain_list(values)]


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


def open_feed(
    file: str,
    form: files.Format | None,
    named: dict[str, str | None],
    ignore: list[str] | None,
    *,
    quiet: bool,
    manner: Manner = USUAL,
) -> tuple[Any, dict[str, Any], Any]:
    """
    Return the items of a file that may be larger than memory.

    Parameters
    ----------
    file, form, named, ignore, quiet, manner : object
        As for `read_feed`; the file may also be a folder of Parquet files.

    Returns
    -------
    feed : object
        Parquet to be read a part at a time; the columns of other files.
    options : dict of str to object
        Where the library finds what, in Parquet, and how it reads it.
    rows : Table or pyarrow.dataset.Dataset
        All columns of the file.
    """
    if not Path(file).is_dir() and (form or files.format_of(file)) is not files.Format.PARQUET:
        feed, rows = read_rows(file, form, named, ignore, quiet=quiet, manner=manner)
        return feed, {}, rows
    dataset, n_rows = parquet.open_dataset(file)
    names = list(dataset.schema.names)
    table = files.Table(file, "Parquet", names, dict.fromkeys(names), range(1, n_rows + 1), "row")
    settled = _choice(named, ignore).settle(table)
    if not quiet:
        _say_used(table, settled)
    options = {
        **dict.fromkeys(_ROLES),
        **settled,
        "on_invalid": manner.on_invalid,
        "timezone": manner.timezone or "UTC",
        "date_format": manner.date_format,
    }
    return parquet.narrowed(dataset, dict.fromkeys(settled.values())), options, dataset


def _choice(named: dict[str, str | None], ignore: list[str] | None) -> Choice:
    return Choice(
        named={role: column for role, column in named.items() if column is not None},
        ignored=ignore or [],
        roles=tuple(named),
    )


def _say_used(table: files.Table, settled: dict[str, str]) -> None:
    used = [f"{role} from {column!r}" for role, column in settled.items()]
    if "id" not in settled:
        used.insert(0, f"id from the number of the {table.unit}")
    say(f"{table.label}: {table.kind}, {counted(len(table), 'item')}; {', '.join(used)}")


def _say_odd_lines(table: files.Table) -> None:
    odd: Sequence[int] = table.odd_lines
    if odd:
        lines = "line is" if len(odd) == 1 else "lines are"
        say(
            f"{table.label}: {len(odd):,} {lines} not UTF-8 and read as Windows-1252, the first is "
            f"line {odd[0]}; --encoding says otherwise"
        )


def say_skipped(skipped: Skipped) -> None:
    """
    Print what of a file was passed over on stderr.

    Parameters
    ----------
    skipped : Skipped
        The report; nothing is printed where nothing was.
    """
    for line in str(skipped).splitlines():
        say(line)


def say(line: str) -> None:
    """
    Print a line on stderr.

    Parameters
    ----------
    line : str
        What to say.
    """
    sys.stderr.write(f"dedupe-news: {line}\n")
