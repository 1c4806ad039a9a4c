"""The commands on an index that a file or a server keeps."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import Annotated

import typer

from dedupe_news._index.changes import add_items
from dedupe_news._index.clusters import leads_of
from dedupe_news._input import files
from dedupe_news._machine import progress
from dedupe_news._machine.threads import resolve_jobs
from dedupe_news._store.rescue import DamagedFile, Report
from dedupe_news.cli import writing
from dedupe_news.cli.options import (
    DateFormat,
    Encoding,
    Form,
    Id,
    Ignore,
    Jobs,
    Judge,
    Limit,
    NoProgress,
    OnInvalid,
    Policy,
    Published,
    Quiet,
    Recall,
    ShingleSize,
    Source,
    Text,
    Threshold,
    Timezone,
    Title,
)
from dedupe_news.cli.settings import Manner, as_policy, as_window, given_settings, read_feed, say
from dedupe_news.errors import ConfigError, StoreError
from dedupe_news.index import NewsIndex

DAMAGED = 1
"""Exit code of ``index check`` where something is wrong."""

index_app = typer.Typer(
    name="index",
    help="Keep an index in a file or on a Redis server.",
    rich_markup_mode="rich",
    no_args_is_help=True,
)

_ADD_HELP = """
Add the documents of FILE to an index, which is made if it does not exist.

In a pipe: JSON Lines of the documents that match earlier ones, with the id of
the best match and the cluster.
"""
_ADD_EXAMPLES = """
[bold]Examples:[/bold]
dedupe-news index add feed.db today.jsonl
dedupe-news index add 'redis://localhost/0?prefix=feed' today.csv --policy similar
"""

Location = Annotated[
    str,
    typer.Argument(metavar="INDEX", help="A file, or redis://host/0?prefix=name."),
]
_Documents = Annotated[
    str,
    typer.Argument(
        metavar="FILE", help="JSON Lines, CSV, Parquet or plain lines, gzip or zstd; - for stdin."
    ),
]


def _existing(location: str, *, read_only: bool) -> NewsIndex:
    """Open an index that must be there already."""
    if "://" not in location and not Path(location).exists():
        message = f"there is no index {location!r}; `dedupe-news index add` makes one"
        raise StoreError(message)
    return NewsIndex.open(location, read_only=read_only)


@index_app.command("add", help=_ADD_HELP, epilog=_ADD_EXAMPLES)
def _add(
    *,
    location: Location,
    file: _Documents,
    form: Form = None,
    id_column: Id = None,
    title: Title = None,
    text: Text = None,
    source: Source = None,
    published: Published = None,
    ignore: Ignore = None,
    on_invalid: OnInvalid = "ignore",
    timezone: Timezone = None,
    date_format: DateFormat = None,
    encoding: Encoding = None,
    policy: Policy = None,
    threshold: Threshold = None,
    recall: Recall = None,
    shingle_size: ShingleSize = None,
    judge: Judge = None,
    window: Annotated[
        str | None,
        typer.Option(
            "--window",
            metavar="TIME",
            show_default=False,
            help="Only items so near in time can be duplicates, such as '30 days' or 36h; older "
            "ones leave the index.",
            rich_help_panel="Matching",
        ),
    ] = None,
    n_jobs: Jobs = -1,
    no_progress: NoProgress = False,
    quiet: Quiet = False,
) -> None:
    settings = given_settings(
        policy=policy,
        threshold=threshold,
        recall=recall,
        shingle_size=shingle_size,
        judge=judge,
        window=None if window is None else as_window(window),
    )
    threads = resolve_jobs(n_jobs)
    manner = Manner(as_policy(on_invalid), timezone, date_format, encoding)
    named = {
        "id": id_column, "title": title, "text": text, "source": source, "published": published,
    }  # fmt: skip
    feed = read_feed(file, form, named, ignore, quiet=quiet, manner=manner)
    with (
        NewsIndex.open(location, **settings) as index,
        progress.stages(("adding",), show=not (no_progress or quiet)) as ended,
    ):
        found = index.add_many(feed, n_jobs=threads)
        ended("adding")
        ids = list(feed.ids or ())
        # One that leads its cluster is no copy, though it matches its copies when it comes again.
        copies = [
            (each, next((match for match in matches if match.id == lead), matches[0]))
            for each, lead, matches in zip(ids, leads_of(index, ids), found, strict=True)
            if matches and each != lead and each in index
        ]
        clusters = [index.cluster_of(each) for each, _ in copies]
        n_documents = len(index)
    if not quiet:
        say(
            f"added {len(found):,} documents, of which {len(copies):,} match earlier ones; "
            f"{n_documents:,} are in the index"
        )
    if not sys.stdout.isatty():
        writing.write_jsonl(
            {
                "id": [each for each, _ in copies],
                "match": [match.id for _, match in copies],
                "relation": [match.relation.name.lower() for _, match in copies],
                "probability": [match.probability for _, match in copies],
                "cluster": clusters,
            }
        )


@index_app.command("query")
def _query(
    *,
    location: Location,
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
    limit: Limit = None,
    include: Annotated[
        list[str] | None,
        typer.Option(
            "--include",
            metavar="VERDICT",
            show_default=False,
            help="Show related documents or those of the same template too: related, template. "
            "May be given twice.",
        ),
    ] = None,
) -> None:
    """Show the documents of an index that match a text, best first, as JSON Lines."""
    if (wanted is None) == (text_file is None):
        message = "the text to look for is given once: as TEXT, or with --text-file FILE"
        raise ConfigError(message)
    sought = wanted if text_file is None else files.read_text(text_file)
    with _existing(location, read_only=True) as index:
        matches = index.query(sought, limit=limit, include=include or ())
        clusters = [index.cluster_of(match.id) for match in matches]
    writing.write_jsonl(
        {
            "id": [match.id for match in matches],
            "jaccard": [match.jaccard for match in matches],
            "containment": [match.containment for match in matches],
            "relation": [match.relation.name.lower() for match in matches],
            "probability": [match.probability for match in matches],
            "cluster": clusters,
        }
    )


@index_app.command("expire")
def _expire(
    *,
    location: Location,
    before: Annotated[
        str,
        typer.Option(
            "--before", metavar="TIME", help="ISO 8601 with a time zone: 2026-11-01T00:00Z."
        ),
    ],
    quiet: Quiet = False,
) -> None:
    """Remove all documents from before a time."""
    with _existing(location, read_only=False) as index:
        n_left = index.expire(before=before)
        n_documents = len(index)
    if not quiet:
        say(f"removed {n_left:,} documents; {n_documents:,} are in the index")


@index_app.command("stats")
def _stats(*, location: Location) -> None:
    """Show size, age and settings of an index."""
    with _existing(location, read_only=True) as index:
        stats = dataclasses.asdict(index.stats())
        settings = index.config.shown()
    details = stats.pop("details")
    for name, value in {**stats, **details, **settings}.items():
        shown = f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else value
        typer.echo(f"{name:20s} {shown}")


@index_app.command("export")
def _export(
    *,
    location: Location,
    output: Annotated[
        str, typer.Argument(metavar="FILE", help=".jsonl, .jsonl.gz or .parquet by suffix.")
    ],
    quiet: Quiet = False,
) -> None:
    """Write all documents of an index to a file."""
    with _existing(location, read_only=True) as index:
        n_documents = index.export_to(output)
    if not quiet:
        say(f"wrote {n_documents:,} documents to {output}")


_File = Annotated[str, typer.Argument(metavar="INDEX", help="The file of an index.")]


@index_app.command("check")
def _check(*, location: _File) -> None:
    """Read all of an index and say what is wrong: exit code 0 if nothing is, 1 else."""
    damaged = DamagedFile(Path(location))
    try:
        damaged.examine()
        for _ in damaged.items():
            pass
    finally:
        damaged.close()
    _describe(damaged.report)
    if not damaged.report:
        raise typer.Exit(DAMAGED)


@index_app.command("repair")
def _repair(
    *,
    location: _File,
    output: Annotated[str, typer.Argument(metavar="OUT", help="A new file for what is whole.")],
    n_jobs: Jobs = -1,
) -> None:
    """Copy what is whole of a damaged index to a new one; INDEX stays as it is."""
    threads = resolve_jobs(n_jobs)
    if Path(output).exists():
        message = f"{output!r} exists; give the name of a new file"
        raise StoreError(message)
    damaged = DamagedFile(Path(location))
    try:
        damaged.examine()
        if damaged.report.config is None:
            say("the settings cannot be read; the new index has the default ones")
        with NewsIndex.open(output, damaged.report.config) as index:
            for rows in damaged.items():
                add_items(index, rows, threads)
            n_documents = len(index)
    finally:
        damaged.close()
    _describe(damaged.report)
    say(f"wrote {n_documents:,} documents to {output}")
    if damaged.report.config is None and not n_documents:
        raise typer.Exit(DAMAGED)


def _describe(report: Report) -> None:
    say(f"{report.n_whole:,} documents are whole")
    if report.n_damaged:
        say(f"{report.n_damaged:,} events are not what was written, and lost")
    for first, last in report.unreadable:
        say(f"events {first:,} to {last:,}, as far as there were any, cannot be read")
    for fault in report.faults:
        say(fault)
    if report:
        say("nothing is wrong")
