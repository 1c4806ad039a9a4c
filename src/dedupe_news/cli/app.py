"""The application, and the command ``query``."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import sys
from typing import Annotated, Any

import typer

from dedupe_news._input import files
from dedupe_news._input.compression import STDIN
from dedupe_news._input.reading import read_documents
from dedupe_news._machine import progress
from dedupe_news._machine.threads import resolve_jobs
from dedupe_news.cli import deduplicating, label, reporting, terminal, warmup, writing
from dedupe_news.cli.index import index_app
from dedupe_news.cli.options import (
    DEFAULTS,
    DateFormat,
    Encoding,
    File,
    Form,
    Id,
    Ignore,
    Jobs,
    Limit,
    NoProgress,
    OnInvalid,
    Policy,
    Quiet,
    Recall,
    ShingleSize,
    Text,
    Threshold,
    Timezone,
    Title,
)
from dedupe_news.cli.settings import Manner, as_policy, given_settings, read_feed, say
from dedupe_news.errors import ConfigError
from dedupe_news.index import NewsIndex

_CANCELLED = 130

# Versions of typer differ in whether click is a package of its own or a part of theirs.
_UsageError: Any = typer.BadParameter.__bases__[0]

_QUERY_HELP = """
Search FILE for duplicates of one text.

On a terminal: a table, best match first. In a pipe: JSON Lines of id, jaccard,
containment and relation. Where the file has titles, give title and text on two
lines.
"""
_QUERY_EXAMPLES = """
[bold]Examples:[/bold]
dedupe-news query feed.jsonl "Rain floods the old town"
dedupe-news query feed.parquet --text-file teaser.txt --limit 5
pbpaste | dedupe-news query feed.csv --text-file - --threshold 0.5
"""

app = typer.Typer(
    name="dedupe-news",
    help="Find duplicates among news items, and tell them from the same story and from templates.",
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
deduplicating.register(app)
reporting.register(app)
label.register(app)
warmup.register(app)
app.add_typer(index_app)


def run(arguments: list[str]) -> int:
    """
    Run the application.

    Parameters
    ----------
    arguments : list of str
        What stands after the program's name.

    Returns
    -------
    int
        The exit code.

    Raises
    ------
    ConfigError
        If the arguments cannot be understood.
    BrokenPipeError
        If nobody reads what is printed.
    """
    try:
        code = app(arguments, prog_name="dedupe-news", standalone_mode=False)
    except _UsageError as error:
        problem = error.format_message().rstrip(".")
        message = f"{problem}{'' if problem.endswith('?') else ';'} --help explains"
        raise ConfigError(message) from error
    except writing.ReaderGoneError as error:
        raise BrokenPipeError from error  # typer would make exit code 1 of it
    except typer.Abort:
        return _CANCELLED
    return code if isinstance(code, int) else 0


def _show_version(*, asked: bool) -> None:
    if asked:
        try:
            version = importlib.metadata.version("dedupe-news")
        except importlib.metadata.PackageNotFoundError:
            version = "(not installed)"
        typer.echo(f"dedupe-news {version}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=lambda value: _show_version(asked=value),
            is_eager=True,
            help="Show the version and exit.",
        ),
    ] = False,
) -> None:
    pass


@app.command("query", help=_QUERY_HELP, epilog=_QUERY_EXAMPLES)
def _query(
    *,
    file: File,
    wanted: Annotated[
        str | None,
        typer.Argument(metavar="TEXT", show_default=False, help="The text to look for."),
    ] = None,
    text_file: Annotated[
        str | None,
        typer.Option(
            "--text-file",
            metavar="FILE",
            show_default=False,
            help="A file that holds the text to look for, in place of TEXT; - for stdin.",
        ),
    ] = None,
    form: Form = None,
    id_column: Id = None,
    title: Title = None,
    text: Text = None,
    ignore: Ignore = None,
    on_invalid: OnInvalid = "ignore",
    timezone: Timezone = None,
    date_format: DateFormat = None,
    encoding: Encoding = None,
    policy: Policy = None,
    threshold: Threshold = None,
    recall: Recall = None,
    shingle_size: ShingleSize = None,
    n_jobs: Jobs = -1,
    limit: Limit = None,
    no_progress: NoProgress = False,
    quiet: Quiet = False,
) -> None:
    config = DEFAULTS.replace(
        **given_settings(
            policy=policy, threshold=threshold, recall=recall, shingle_size=shingle_size
        )
    )
    threads = resolve_jobs(n_jobs)
    sought = _sought(file, wanted, text_file)
    manner = Manner(as_policy(on_invalid), timezone, date_format, encoding)
    named = {"id": id_column, "title": title, "text": text}
    feed = read_feed(file, form, named, ignore, quiet=quiet, manner=manner)
    with progress.stages(("reading", "searching"), show=not (no_progress or quiet)) as ended:
        columns = read_documents(feed, n_jobs=threads)
        ended("reading")
        # The one text is indexed and the file looked up in it: nothing of the
        # file is kept, and similarity is the same from both sides.
        index = NewsIndex(config)
        index.add(0, sought)
        answers = index.query_many(feed, n_jobs=threads)
        ended("searching")
    found = [
        (position, dataclasses.replace(answer[0], id=columns.id_of(position)))
        for position, answer in enumerate(answers)
        if answer
    ]
    found.sort(key=lambda hit: (-hit[1].jaccard, hit[0]))
    shown = found[:limit]
    if sys.stdout.isatty():
        terminal.show_matches(terminal.console(), columns, shown, len(found) - len(shown))
        return
    if not quiet:
        say(f"{len(found):,} of {len(columns):,} items match")
    writing.write_jsonl(
        {
            "id": [match.id for _, match in shown],
            "jaccard": [match.jaccard for _, match in shown],
            "containment": [match.containment for _, match in shown],
            "relation": [match.relation.name.lower() for _, match in shown],
        }
    )


def _sought(file: str, wanted: str | None, text_file: str | None) -> str:
    if (wanted is None) == (text_file is None):
        message = "the text to look for is given once: as TEXT, or with --text-file FILE"
        raise ConfigError(message)
    if wanted is not None:
        return wanted
    if file == text_file == STDIN:
        message = "standard input cannot be both FILE and --text-file; name one of them"
        raise ConfigError(message)
    return files.read_text(str(text_file))
