"""What commands make of their options: settings, and the items of a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from dedupe_news.cli import reading
from dedupe_news.cli.choosing import CONVENTIONS, Choice, prepare
from dedupe_news.phrasing import counted


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
    """
    return {name: value for name, value in settings.items() if value is not None}


def read_feed(
    file: str,
    form: reading.Format | None,
    named: dict[str, str | None],
    ignore: list[str] | None,
    *,
    quiet: bool,
) -> dict[str, Any]:
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

    Returns
    -------
    dict of str to sequence
        The columns, as the library takes them.
    """
    return _read(file, form, named, ignore, quiet=quiet, wanted=_choice(named, ignore).wanted())[0]


def read_rows(
    file: str,
    form: reading.Format | None,
    named: dict[str, str | None],
    ignore: list[str] | None,
    *,
    quiet: bool,
) -> tuple[dict[str, Any], reading.Table]:
    """Read the items of a file as `read_feed` does, and all columns that it has."""
    return _read(file, form, named, ignore, quiet=quiet, wanted=None)


def has_ids(
    named: dict[str, str | None],
    ignore: list[str] | None,
    rows: Any,  # noqa: ANN401 - pyarrow ships no types
) -> bool:
    """Return whether a table or a data set has a column of ids that is taken."""
    table = rows if isinstance(rows, reading.Table) else None
    names = rows.schema.names if table is None else table.names
    choice = _choice(named, ignore)
    return "id" in choice.named or any(
        name in names and name not in choice.ignored for name in CONVENTIONS["id"]
    )


def _read(
    file: str,
    form: reading.Format | None,
    named: dict[str, str | None],
    ignore: list[str] | None,
    *,
    quiet: bool,
    wanted: set[str] | None,
) -> tuple[dict[str, Any], reading.Table]:
    table = reading.read_table(file, form, wanted)
    settled = _choice(named, ignore).settle(table)
    feed, zone_assumed = prepare(table, settled)
    if not quiet:
        _say_used(table, settled)
        if zone_assumed:
            say(f"{table.label}: times without a zone are taken as UTC")
    return feed, table


def open_feed(
    file: str,
    form: reading.Format | None,
    named: dict[str, str | None],
    ignore: list[str] | None,
    *,
    quiet: bool,
) -> tuple[Any, dict[str, str], Any]:
    """
    Return the items of a file that may be larger than memory.

    Parameters
    ----------
    file, form, named, ignore, quiet : object
        As for `read_feed`; the file may also be a folder of Parquet files.

    Returns
    -------
    feed : object
        Parquet to be read a part at a time; the columns of other files.
    columns : dict of str to str
        Where the library finds what, in Parquet.
    rows : reading.Table or pyarrow.dataset.Dataset
        All columns of the file.
    """
    if not Path(file).is_dir() and (form or reading.format_of(file)) is not reading.Format.PARQUET:
        feed, table = read_rows(file, form, named, ignore, quiet=quiet)
        return feed, {}, table
    dataset, table = reading.open_parquet(file)
    settled = _choice(named, ignore).settle(table)
    if not quiet:
        _say_used(table, settled)
    return reading.narrowed(dataset, settled.values()), settled, dataset


def _choice(named: dict[str, str | None], ignore: list[str] | None) -> Choice:
    return Choice(
        named={role: column for role, column in named.items() if column is not None},
        ignored=ignore or [],
        roles=tuple(named),
    )


def _say_used(table: reading.Table, settled: dict[str, str]) -> None:
    used = [f"{role} from {column!r}" for role, column in settled.items()]
    if "id" not in settled:
        used.insert(0, f"id from the number of the {table.unit}")
    say(f"{table.label}: {table.kind}, {counted(len(table), 'item')}; {', '.join(used)}")


def say(line: str) -> None:
    """
    Print a line on stderr.

    Parameters
    ----------
    line : str
        What to say.
    """
    sys.stderr.write(f"dedupe-news: {line}\n")
