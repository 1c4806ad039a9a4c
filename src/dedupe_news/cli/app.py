"""The commands and their options."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import sys
from typing import Annotated, Any

import typer
from rich.console import Console

from dedupe_news import progress
from dedupe_news.api import cluster
from dedupe_news.cli import reading, terminal, writing
from dedupe_news.cli.choosing import CONVENTIONS, Choice, prepare
from dedupe_news.config import Config
from dedupe_news.documents import read_documents
from dedupe_news.errors import ConfigError
from dedupe_news.index import NewsIndex
from dedupe_news.threads import resolve_jobs

_DEFAULTS = Config()
_MOST_CELLS = 160
_TOP = 10
_CANCELLED = 130

# Versions of typer differ in whether click is a package of its own or a part of theirs.
_UsageError: Any = typer.BadParameter.__bases__[0]

_CLUSTER_HELP = """
Find the near-duplicates in FILE.

On a terminal: figures and the largest clusters. In a pipe, or with --output:
for each document its id, cluster, whether it is the one to keep
(representative), the id of that one (kept_id), and the cluster's size.
"""
_CLUSTER_EXAMPLES = """
[bold]Examples:[/bold]
dedupe-news cluster feed.jsonl
dedupe-news cluster feed.csv.gz --text body --threshold 0.8
dedupe-news cluster feed.parquet --output clusters.parquet
dedupe-news cluster feed.jsonl | jq -r 'select(.representative).id'
grep Reuters lines.txt | dedupe-news cluster -
"""
_QUERY_HELP = """
Search FILE for near-duplicates of one text.

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
    help="Find near-duplicate news items: copies, re-posts, cut-off teasers, revisions.",
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_INPUT = "Input"
_MATCHING = "Matching"
_OUTPUT = "Output"


def _usual(role: str) -> str:
    return " or ".join(CONVENTIONS[role])


_File = Annotated[
    str,
    typer.Argument(
        metavar="FILE", help="JSON Lines, CSV, Parquet or plain lines, gzip or zstd; - for stdin."
    ),
]
_Form = Annotated[
    reading.Format | None,
    typer.Option(
        "--format",
        show_default=False,
        help="What FILE is made of. By default its suffix or content tells.",
        rich_help_panel=_INPUT,
    ),
]
_Id = Annotated[
    str | None,
    typer.Option(
        "--id",
        metavar="COLUMN",
        show_default=False,
        help=f"Ids. Default {_usual('id')}, else the number of the line or row.",
        rich_help_panel=_INPUT,
    ),
]
_Title = Annotated[
    str | None,
    typer.Option(
        "--title",
        metavar="COLUMN",
        show_default=False,
        help=f"Headlines. Default {_usual('title')}.",
        rich_help_panel=_INPUT,
    ),
]
_Text = Annotated[
    str | None,
    typer.Option(
        "--text",
        metavar="COLUMN",
        show_default=False,
        help=f"Texts. Default {_usual('text')}.",
        rich_help_panel=_INPUT,
    ),
]
_Source = Annotated[
    str | None,
    typer.Option(
        "--source",
        metavar="COLUMN",
        show_default=False,
        help=f"Publishers. Default {_usual('source')}.",
        rich_help_panel=_INPUT,
    ),
]
_Published = Annotated[
    str | None,
    typer.Option(
        "--published",
        metavar="COLUMN",
        show_default=False,
        help=f"Times, UTC where no zone is given. Default {_usual('published')}.",
        rich_help_panel=_INPUT,
    ),
]
_Ignore = Annotated[
    list[str] | None,
    typer.Option(
        "--ignore",
        metavar="COLUMN",
        show_default=False,
        help="Do not take this column by its name. May be repeated.",
        rich_help_panel=_INPUT,
    ),
]
_Threshold = Annotated[
    float | None,
    typer.Option(
        "--threshold",
        metavar="JACCARD",
        show_default=False,
        help=f"Least Jaccard similarity of a match, in (0, 1]. Default {_DEFAULTS.threshold:g}.",
        rich_help_panel=_MATCHING,
    ),
]
_Recall = Annotated[
    float | None,
    typer.Option(
        "--recall",
        metavar="PROBABILITY",
        show_default=False,
        help=(
            "Least probability of finding a pair exactly at the threshold. "
            f"Default {_DEFAULTS.recall:g}."
        ),
        rich_help_panel=_MATCHING,
    ),
]
_ShingleSize = Annotated[
    int | None,
    typer.Option(
        "--shingle-size",
        metavar="TOKENS",
        show_default=False,
        help=f"Words in a shingle. Default {_DEFAULTS.shingle_size}.",
        rich_help_panel=_MATCHING,
    ),
]
_Policy = Annotated[
    str | None,
    typer.Option(
        "--policy",
        metavar="news|similar",
        show_default=False,
        help=f"Judge items as news, or by similarity alone. Default {_DEFAULTS.policy}.",
        rich_help_panel=_MATCHING,
    ),
]
_Prefer = Annotated[
    str | None,
    typer.Option(
        "--prefer",
        metavar="earliest|latest|longest",
        show_default=False,
        help=f"Which document of a cluster to keep. Default {_DEFAULTS.prefer}.",
        rich_help_panel=_MATCHING,
    ),
]
_Jobs = Annotated[
    int,
    typer.Option(
        "--n-jobs",
        metavar="THREADS",
        show_default=False,
        help="Threads. Default -1: one a processor. The result is the same.",
        rich_help_panel=_MATCHING,
    ),
]
_Output = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        show_default=False,
        help=".jsonl, .csv or .parquet by suffix, .gz too; - for JSON Lines on stdout.",
        rich_help_panel=_OUTPUT,
    ),
]
_Top = Annotated[
    int,
    typer.Option(
        "--top",
        metavar="N",
        min=0,
        show_default=False,
        help=f"Clusters to show. Default {_TOP}.",
        rich_help_panel=_OUTPUT,
    ),
]
_Limit = Annotated[
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
_NoProgress = Annotated[
    bool,
    typer.Option("--no-progress", help="No bar on long runs.", rich_help_panel=_OUTPUT),
]
_Quiet = Annotated[
    bool,
    typer.Option("--quiet", "-q", help="Nothing on stderr but errors.", rich_help_panel=_OUTPUT),
]


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


@app.command("cluster", help=_CLUSTER_HELP, epilog=_CLUSTER_EXAMPLES)
def _cluster(
    *,
    file: _File,
    form: _Form = None,
    id_column: _Id = None,
    title: _Title = None,
    text: _Text = None,
    source: _Source = None,
    published: _Published = None,
    ignore: _Ignore = None,
    policy: _Policy = None,
    threshold: _Threshold = None,
    recall: _Recall = None,
    shingle_size: _ShingleSize = None,
    prefer: _Prefer = None,
    n_jobs: _Jobs = -1,
    output: _Output = None,
    top: _Top = _TOP,
    no_progress: _NoProgress = False,
    quiet: _Quiet = False,
) -> None:
    # Everything that can be refused is refused before the work begins.
    config = _config(
        policy=policy,
        threshold=threshold,
        recall=recall,
        shingle_size=shingle_size,
        prefer=prefer,
    )
    resolve_jobs(n_jobs)
    if output is not None:
        writing.check_target(output, file)
    named = {"id": id_column, "title": title, "text": text, "source": source,
             "published": published}  # fmt: skip
    feed = _read(file, form, named, ignore, quiet=quiet)
    result = cluster(feed, config=config, n_jobs=n_jobs, progress=not (no_progress or quiet))
    rows = result.to_dict()
    if output is not None:
        writing.write(output, rows)
    elif not sys.stdout.isatty():
        writing.write_jsonl(rows)
    if sys.stdout.isatty() and output != writing.STDOUT:
        terminal.show_clustering(_console(), result, top)
    elif not quiet:
        _say(result.summary())
    if output not in (None, writing.STDOUT) and not quiet:
        _say(f"wrote {len(result):,} rows to {output}")


@app.command("query", help=_QUERY_HELP, epilog=_QUERY_EXAMPLES)
def _query(
    *,
    file: _File,
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
    form: _Form = None,
    id_column: _Id = None,
    title: _Title = None,
    text: _Text = None,
    ignore: _Ignore = None,
    policy: _Policy = None,
    threshold: _Threshold = None,
    recall: _Recall = None,
    shingle_size: _ShingleSize = None,
    n_jobs: _Jobs = -1,
    limit: _Limit = None,
    no_progress: _NoProgress = False,
    quiet: _Quiet = False,
) -> None:
    config = _config(policy=policy, threshold=threshold, recall=recall, shingle_size=shingle_size)
    threads = resolve_jobs(n_jobs)
    sought = _sought(file, wanted, text_file)
    named = {"id": id_column, "title": title, "text": text}
    feed = _read(file, form, named, ignore, quiet=quiet)
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
        terminal.show_matches(_console(), columns, shown, len(found) - len(shown))
        return
    if not quiet:
        _say(f"{len(found):,} of {len(columns):,} documents match")
    writing.write_jsonl(
        {
            "id": [match.id for _, match in shown],
            "jaccard": [match.jaccard for _, match in shown],
            "containment": [match.containment for _, match in shown],
            "relation": [match.relation.name.lower() for _, match in shown],
        }
    )


def _config(**settings: Any) -> Config:
    return _DEFAULTS.replace(
        **{name: value for name, value in settings.items() if value is not None}
    )


def _read(
    file: str,
    form: reading.Format | None,
    named: dict[str, str | None],
    ignore: list[str] | None,
    *,
    quiet: bool,
) -> dict[str, Any]:
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
        _say(f"{table.label}: {table.kind}, {len(table):,} documents; {', '.join(used)}")
        if zone_assumed:
            _say(f"{table.label}: times without a zone are taken as UTC")
    return feed


def _sought(file: str, wanted: str | None, text_file: str | None) -> str:
    if (wanted is None) == (text_file is None):
        message = "the text to look for is given once: as TEXT, or with --text-file FILE"
        raise ConfigError(message)
    if wanted is not None:
        return wanted
    if file == text_file == reading.STDIN:
        message = "standard input cannot be both FILE and --text-file; name one of them"
        raise ConfigError(message)
    return reading.read_text(str(text_file))


def _console() -> Console:
    console = Console(highlight=False, soft_wrap=False)
    console.width = min(console.width, _MOST_CELLS)
    return console


def _say(line: str) -> None:
    sys.stderr.write(f"dedupe-news: {line}\n")
