"""What commands share: settings from options, a feed from a file, what is said."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from rich.console import Console

from dedupe_news.cli import reading
from dedupe_news.cli.choosing import Choice, prepare
from dedupe_news.cli.options import DEFAULTS

if TYPE_CHECKING:
    from dedupe_news.config import Config

_MOST_CELLS = 160


def config_of(**settings: Any) -> Config:
    """
    Return the settings that options give.

    Parameters
    ----------
    **settings : Any
        Those of `Config`; None for an option that was left out.

    Returns
    -------
    Config
        The defaults elsewhere.
    """
    return DEFAULTS.replace(
        **{name: value for name, value in settings.items() if value is not None}
    )


def read_feed(
    file: str,
    form: reading.Format | None,
    named: dict[str, str | None],
    ignore: list[str] | None,
    *,
    quiet: bool,
) -> dict[str, Any]:
    """
    Return the columns of a file, and say which were taken.

    Parameters
    ----------
    file : str
        Its name, or ``"-"``.
    form : Format or None
        What it is made of; None where its suffix or content tells.
    named : dict of str to str or None
        The column named for each role of interest.
    ignore : list of str or None
        Columns that are not taken.
    quiet : bool
        Whether to say nothing.

    Returns
    -------
    dict of str to sequence
        As `dedupe_news.cluster` takes it.
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


def console_of_terminal() -> Console:
    """
    Return what prints to a person.

    Returns
    -------
    rich.console.Console
        Not so wide that lines are hard to follow.
    """
    console = Console(highlight=False, soft_wrap=False)
    console.width = min(console.width, _MOST_CELLS)
    return console


def say(line: str) -> None:
    """
    Print a line beside the output.

    Parameters
    ----------
    line : str
        What to say.
    """
    sys.stderr.write(f"dedupe-news: {line}\n")
