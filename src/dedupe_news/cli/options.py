"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dedupe_news._input.files import Format
from dedupe_news._input.names import NAMES
from dedupe_news._machine.progress import silence
from dedupe_news.config import Config

DEFAULTS = Config()
"""Settings that hold where nothing is said."""

TOP = 10
"""Clusters to show."""

_INPUT = "Input"
_MATCHING = "Matching"
_OUTPUT = "Output"


def _usual(role: str) -> str:
    return ", ".join(NAMES[role][:4]) + " or the like"


File = Annotated[
    str,
    typer.Argument(
        metavar="FILE", help="JSON, CSV, Parquet or plain lines, compressed or not; - for stdin."
    ),
]
Form = Annotated[
    Format | None,
    typer.Option(
        "--format",
        show_default=False,
        help="What FILE is made of. By default its suffix or content tells.",
        rich_help_panel=_INPUT,
    ),
]
Id = Annotated[
    str | None,
    typer.Option(
        "--id",
        metavar="COLUMN",
        show_default=False,
        help=f"Ids. Default {_usual('id')}, else the number of the line or row.",
        rich_help_panel=_INPUT,
    ),
]
Title = Annotated[
    str | None,
    typer.Option(
        "--title",
        metavar="COLUMN",
        show_default=False,
        help=f"Headlines. Default {_usual('title')}.",
        rich_help_panel=_INPUT,
    ),
]
Text = Annotated[
    str | None,
    typer.Option(
        "--text",
        metavar="COLUMN",
        show_default=False,
        help=f"Texts. Default {_usual('text')}.",
        rich_help_panel=_INPUT,
    ),
]
Source = Annotated[
    str | None,
    typer.Option(
        "--source",
        metavar="COLUMN",
        show_default=False,
        help=f"Publishers. Default {_usual('source')}.",
        rich_help_panel=_INPUT,
    ),
]
Published = Annotated[
    str | None,
    typer.Option(
        "--published",
        metavar="COLUMN",
        show_default=False,
        help=f"Times of publication. Default {_usual('published')}.",
        rich_help_panel=_INPUT,
    ),
]
Ignore = Annotated[
    list[str] | None,
    typer.Option(
        "--ignore",
        metavar="COLUMN",
        show_default=False,
        help="Do not take this column by its name. May be repeated.",
        rich_help_panel=_INPUT,
    ),
]
OnInvalid = Annotated[
    str,
    typer.Option(
        "--on-invalid",
        metavar="raise|ignore|drop",
        help="What becomes of a value that cannot be read: an error, a missing value, or no item.",
        rich_help_panel=_INPUT,
    ),
]
Timezone = Annotated[
    str | None,
    typer.Option(
        "--timezone",
        metavar="ZONE",
        show_default=False,
        help="The zone of times that say none, such as Europe/Berlin. Default UTC.",
        rich_help_panel=_INPUT,
    ),
]
DateFormat = Annotated[
    str | None,
    typer.Option(
        "--date-format",
        metavar="FORMAT",
        show_default=False,
        help="How dates are written: dmy, mdy, or a format such as '%d/%m/%Y %H:%M'.",
        rich_help_panel=_INPUT,
    ),
]
Encoding = Annotated[
    str | None,
    typer.Option(
        "--encoding",
        metavar="NAME",
        show_default=False,
        help="Of a file of text, such as windows-1252. By default UTF-8, or what its beginning "
        "tells.",
        rich_help_panel=_INPUT,
    ),
]
Threshold = Annotated[
    float | None,
    typer.Option(
        "--threshold",
        metavar="JACCARD",
        show_default=False,
        help=(
            "Least Jaccard similarity of a match, in (0, 1]. With --policy similar. "
            f"Default {DEFAULTS.threshold:g}."
        ),
        rich_help_panel=_MATCHING,
    ),
]
MinProbability = Annotated[
    float | None,
    typer.Option(
        "--min-probability",
        metavar="PROBABILITY",
        show_default=False,
        help=(
            "Least probability of a duplicate, in (0, 1): more makes fewer mistakes and finds "
            f"less. Default {DEFAULTS.min_probability:g}."
        ),
        rich_help_panel=_MATCHING,
    ),
]
Keep = Annotated[
    str,
    typer.Option(
        "--keep",
        metavar="RULE",
        show_default=False,
        help=(
            "Which item of a cluster to keep: preferred, earliest, latest, longest, or a column, "
            "whose largest value is kept. Default preferred."
        ),
        rich_help_panel=_MATCHING,
    ),
]
Recall = Annotated[
    float | None,
    typer.Option(
        "--recall",
        metavar="PROBABILITY",
        show_default=False,
        help=(
            "Least probability of finding a pair exactly at the threshold. With --policy similar. "
            f"Default {DEFAULTS.recall:g}."
        ),
        rich_help_panel=_MATCHING,
    ),
]
ShingleSize = Annotated[
    int | None,
    typer.Option(
        "--shingle-size",
        metavar="TOKENS",
        show_default=False,
        help=f"Words in a shingle. Default {DEFAULTS.shingle_size}.",
        rich_help_panel=_MATCHING,
    ),
]
Policy = Annotated[
    str | None,
    typer.Option(
        "--policy",
        metavar="news|similar",
        show_default=False,
        help=f"Judge items as news, or by similarity alone. Default {DEFAULTS.policy}.",
        rich_help_panel=_MATCHING,
    ),
]
Judge = Annotated[
    Path | None,
    typer.Option(
        "--judge",
        metavar="FILE",
        show_default=False,
        help="Weights that `dedupe-news fit` fitted to a feed. Default those of the package.",
        rich_help_panel=_MATCHING,
    ),
]
Prefer = Annotated[
    str | None,
    typer.Option(
        "--prefer",
        metavar="earliest|latest|longest",
        show_default=False,
        help=f"Which item of a cluster to prefer as its representative. Default {DEFAULTS.prefer}.",
        rich_help_panel=_MATCHING,
    ),
]
MemoryLimit = Annotated[
    str | None,
    typer.Option(
        "--memory-limit",
        metavar="SIZE",
        help="Memory that the process may hold, such as 2GB; what is free by default. A feed that "
        "needs more is worked on in files on disk.",
        rich_help_panel=_MATCHING,
    ),
]
WorkFolder = Annotated[
    Path | None,
    typer.Option(
        "--work-folder",
        metavar="FOLDER",
        help="Keep files in this folder while the command runs; a run that was killed goes on "
        "from there.",
        rich_help_panel=_MATCHING,
    ),
]
Jobs = Annotated[
    int,
    typer.Option(
        "--n-jobs",
        metavar="THREADS",
        show_default=False,
        help="Threads. Default -1: one a processor. The result is the same.",
        rich_help_panel=_MATCHING,
    ),
]
Output = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        show_default=False,
        help=".jsonl, .csv, .tsv or .parquet by suffix, .gz too; - for JSON Lines on stdout.",
        rich_help_panel=_OUTPUT,
    ),
]
Top = Annotated[
    int,
    typer.Option(
        "--top",
        metavar="N",
        min=0,
        show_default=False,
        help=f"Clusters to show. Default {TOP}.",
        rich_help_panel=_OUTPUT,
    ),
]
Limit = Annotated[
    int | None,
    typer.Option(
        "--limit",
        metavar="N",
        min=1,
        show_default=False,
        help="Most matches to show. Default all.",
        rich_help_panel=_OUTPUT,
    ),
]
NoProgress = Annotated[
    bool,
    typer.Option("--no-progress", help="No bar on long runs.", rich_help_panel=_OUTPUT),
]


def _silenced(context: typer.Context, quiet: bool) -> bool:  # noqa: FBT001 - as typer calls it
    """Keep the library silent too until the command has ended."""
    if quiet:
        context.with_resource(silence())
    return quiet


Quiet = Annotated[
    bool,
    typer.Option(
        "--quiet",
        "-q",
        callback=_silenced,
        help="Nothing on stderr but errors.",
        rich_help_panel=_OUTPUT,
    ),
]
