"""What commands make of their options: settings, and the documents of a file."""

from __future__ import annotations

import sys
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
    choice = Choice(
        named={role: column for role, column in named.items() if column is not None},
        ignored=ignore or [],
        roles=tuple(named),
    )
    table = reading.read_table(file, form, choice.wanted())
    settled = choice.settle(table)
    feed, zone_assumed = prepare(table, settled)
    if not quiet:
        used = [f"{role} from {column!r}" for role, column in settled.items()]
        if "id" not in settled:
            used.insert(0, f"id from the number of the {table.unit}")
        say(f"{table.label}: {table.kind}, {len(table):,} documents; {', '.join(used)}")
        if zone_assumed:
            say(f"{table.label}: times without a zone are taken as UTC")
    return feed


def say(line: str) -> None:
    """
    Print a line on stderr.

    Parameters
    ----------
    line : str
        What to say.
    """
    sys.stderr.write(f"dedupe-news: {line}\n")
