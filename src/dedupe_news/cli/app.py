"""The commands on files, and the application."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import sys
from typing import Annotated, Any

import typer

from dedupe_news import progress
from dedupe_news.api import cluster
from dedupe_news.cli import label, reading, reporting, terminal, writing
from dedupe_news.cli.index import index_app
from dedupe_news.cli.options import (
    DEFAULTS,
    TOP,
    File,
    Form,
    Id,
    Ignore,
    Jobs,
    Judge,
    Limit,
    MemoryLimit,
    NoProgress,
    Output,
    Policy,
    Prefer,
    Published,
    Quiet,
    Recall,
    ShingleSize,
    Source,
    Text,
    Threshold,
    Title,
    Top,
    WorkFolder,
)
from dedupe_news.cli.settings import given_settings, open_feed, read_feed, say
from dedupe_news.documents import read_documents
from dedupe_news.errors import ConfigError
from dedupe_news.index import NewsIndex
from dedupe_news.outofcore import parse_limit
from dedupe_news.threads import resolve_jobs

_CANCELLED = 130

# Versions of typer differ in whether click is a package of its own or a part of theirs.
_UsageError: Any = typer.BadParameter.__bases__[0]

_CLUSTER_HELP = """
Find the near-duplicates in FILE.

On a terminal: figures and the largest clusters, stories and templates. In a
pipe, or with --output: for each document its id, cluster, whether it is the one
to keep (representative), the id of that one (kept_id), the cluster's size, how
it stands to the kept one (relation, jaccard, containment, probability), and the
numbers of the story and the template that it belongs to.
"""
_CLUSTER_EXAMPLES = """
[bold]Examples:[/bold]
dedupe-news cluster feed.jsonl
dedupe-news cluster feed.csv.gz --text body --threshold 0.8
dedupe-news cluster feed.parquet --output clusters.parquet
dedupe-news cluster feeds/ --memory-limit 2GB --work-folder work --output clusters.parquet
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
reporting.register(app)
label.register(app)
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


@app.command("cluster", help=_CLUSTER_HELP, epilog=_CLUSTER_EXAMPLES)
def _cluster(
    *,
    file: File,
    form: Form = None,
    id_column: Id = None,
    title: Title = None,
    text: Text = None,
    source: Source = None,
    published: Published = None,
    ignore: Ignore = None,
    policy: Policy = None,
    threshold: Threshold = None,
    recall: Recall = None,
    shingle_size: ShingleSize = None,
    prefer: Prefer = None,
    judge: Judge = None,
    n_jobs: Jobs = -1,
    memory_limit: MemoryLimit = None,
    work_folder: WorkFolder = None,
    output: Output = None,
    top: Top = TOP,
    no_progress: NoProgress = False,
    quiet: Quiet = False,
) -> None:
    # Everything that can be refused is refused before the work begins.
    config = DEFAULTS.replace(
        **given_settings(
            policy=policy,
            threshold=threshold,
            recall=recall,
            shingle_size=shingle_size,
            prefer=prefer,
            judge=judge,
        )
    )
    resolve_jobs(n_jobs)
    if output is not None:
        writing.check_target(output, file)
    named = {"id": id_column, "title": title, "text": text, "source": source,
             "published": published}  # fmt: skip
    feed: Any
    columns: dict[str, Any] = {}
    if memory_limit is not None or work_folder is not None:
        parse_limit(memory_limit)
        feed, columns = open_feed(file, form, named, ignore, quiet=quiet)
    else:
        feed = read_feed(file, form, named, ignore, quiet=quiet)
    result = cluster(
        feed,
        **columns,
        config=config,
        n_jobs=n_jobs,
        progress=not (no_progress or quiet),
        memory_limit=memory_limit,
        work_folder=work_folder,
    )
    rows = result.to_dict()
    if result.columns.ids is None:  # the numbers of rows stand for ids, as those of lines do
        rows["id"], rows["kept_id"] = rows["id"] + 1, rows["kept_id"] + 1
    if output is not None:
        writing.write(output, rows)
    elif not sys.stdout.isatty():
        writing.write_jsonl(rows)
    if sys.stdout.isatty() and output != writing.STDOUT:
        terminal.show_clustering(terminal.console(), result, top)
    elif not quiet:
        say(result.summary())
    if output not in (None, writing.STDOUT) and not quiet:
        say(f"wrote {len(result):,} rows to {output}")


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
    named = {"id": id_column, "title": title, "text": text}
    feed = read_feed(file, form, named, ignore, quiet=quiet)
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
        say(f"{len(found):,} of {len(columns):,} documents match")
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
    if file == text_file == reading.STDIN:
        message = "standard input cannot be both FILE and --text-file; name one of them"
        raise ConfigError(message)
    return reading.read_text(str(text_file))
