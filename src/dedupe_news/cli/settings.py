"""What commands make of their options: settings, and the documents of a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from dedupe_news.cli import reading
from dedupe_news.cli.choosing import Choice, prepare


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
    Read the documents of a file.

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
    choice = _choice(named, ignore)
    table = reading.read_table(file, form, choice.wanted())
    settled = choice.settle(table)
    feed, zone_assumed = prepare(table, settled)
    if not quiet:
        _say_used(table, settled)
        if zone_assumed:
            say(f"{table.label}: times without a zone are taken as UTC")
    return feed


def open_feed(
    file: str,
    form: reading.Format | None,
    named: dict[str, str | None],
    ignore: list[str] | None,
    *,
    quiet: bool,
) -> tuple[Any, dict[str, str]]:
    """
    Return the documents of a file that may be larger than memory.

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
    """
    if not Path(file).is_dir() and (form or reading.format_of(file)) is not reading.Format.PARQUET:
        return read_feed(file, form, named, ignore, quiet=quiet), {}
    dataset, table = reading.open_parquet(file)
    settled = _choice(named, ignore).settle(table)
    if not quiet:
        _say_used(table, settled)
    return reading.narrowed(dataset, settled.values()), settled


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
    say(f"{table.label}: {table.kind}, {len(table):,} documents; {', '.join(used)}")


def say(line: str) -> None:
    """
    Print a line on stderr.

    Parameters
    ----------
    line : str
        What to say.
    """
    sys.stderr.write(f"dedupe-news: {line}\n")
