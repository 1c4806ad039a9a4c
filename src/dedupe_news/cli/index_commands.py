"""The commands on an index that a file or a server keeps."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import functools
import sys
from pathlib import Path

import typer

from dedupe_news._index.changes import add_items
from dedupe_news._index.grouped import leads_of
from dedupe_news._machine import progress
from dedupe_news._store.ids import fault_to_keep
from dedupe_news._store.rescue import DamagedFile, Report
from dedupe_news.cli import writing
from dedupe_news.cli.loading import load
from dedupe_news.cli.notes import say
from dedupe_news.cli.options import Matching, Reading, Running, Sought, command, index_app
from dedupe_news.errors import StoreError
from dedupe_news.index import NewsIndex

_DAMAGED = 1
"""Exit code of ``index check`` where something is wrong."""


@command("add", of=index_app)
def _add(
    *,
    location: str,
    reading: Reading,
    matching: Matching,
    window: str | None = None,
    running: Running,
) -> None:
    """
    Add the documents of FILE to an index, which is made if it does not exist.

    In a pipe: JSON Lines of the documents that match earlier ones, with the id of
    the best match and the cluster.

    Examples
    --------
    dedupe-news index add feed.db today.jsonl
    dedupe-news index add 'redis://localhost/0?prefix=feed' today.csv --policy similar
    """
    matching.config(window=window)  # refused before the work begins
    settings = matching.settings(window=window)
    items = load(reading, fault_to_keep=functools.partial(fault_to_keep, objects=None)).items
    with (
        NewsIndex.open(location, **settings) as index,
        progress.stages(("adding",), show=not running.no_progress) as ended,
    ):
        answers = index.add_many(items, n_jobs=running.n_jobs)
        ended("adding")
        ids = list(items.ids)
        places = range(len(ids)) if items.rows is None else items.rows.tolist()
        # One that leads its cluster is no copy, though it matches its copies when it comes again.
        copies = [
            (item, next((match for match in matches if match.id == lead), matches[0]))
            for item, lead, place in zip(ids, leads_of(index, ids), places, strict=True)
            if (matches := answers[place]) and item != lead and item in index
        ]
        rows = [
            {
                "id": item,
                "match": match.id,
                "relation": match.relation.name.lower(),
                "probability": match.probability,
                "cluster": index.cluster_of(item),
            }
            for item, match in copies
        ]
        n_documents = len(index)
    say(
        f"added {len(ids):,} documents, of which {len(rows):,} match earlier ones; "
        f"{n_documents:,} are in the index"
    )
    if not sys.stdout.isatty():
        writing.write_jsonl(rows)


@command("query", of=index_app)
def _query(*, location: str, sought: Sought, include: list[str] | None = None) -> None:
    """Show the documents of an index that match a text, best first, as JSON Lines."""
    words = sought.read()
    with _existing(location, read_only=True) as index:
        rows = [
            {
                **writing.match_row(match),
                "probability": match.probability,
                "cluster": index.cluster_of(match.id),
            }
            for match in index.query(words, limit=sought.limit, include=include or ())
        ]
    writing.write_jsonl(rows)


@command("expire", of=index_app)
def _expire(*, location: str, before: str, quiet: bool = False) -> None:  # noqa: ARG001 - of say
    """Remove all documents from before a time."""
    with _existing(location, read_only=False) as index:
        n_left = index.expire(before=before)
        n_documents = len(index)
    say(f"removed {n_left:,} documents; {n_documents:,} are in the index")


@command("stats", of=index_app)
def _stats(*, location: str) -> None:
    """Show size, age and settings of an index."""
    with _existing(location, read_only=True) as index:
        stats = dataclasses.asdict(index.stats())
        settings = index.config.shown()
    details = stats.pop("details")
    for name, value in {**stats, **details, **settings}.items():
        shown = f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else value
        typer.echo(f"{name:20s} {shown}")


@command("export", of=index_app)
def _export(*, location: str, output: str, quiet: bool = False) -> None:  # noqa: ARG001 - of say
    """Write all documents of an index to a file."""
    with _existing(location, read_only=True) as index:
        n_documents = index.export_to(output)
    say(f"wrote {n_documents:,} documents to {output}")


@command("check", of=index_app)
def _check(*, path: Path) -> None:
    """Read all of an index and say what is wrong: exit code 0 if nothing is, 1 else."""
    with contextlib.closing(DamagedFile(path)) as damaged:
        damaged.examine()
        collections.deque(damaged.items(), maxlen=0)  # reads them all
    _describe(damaged.report)
    if not damaged.report:
        raise typer.Exit(_DAMAGED)


@command("repair", of=index_app)
def _repair(*, path: Path, output: Path, n_jobs: int = -1) -> None:
    """Copy what can be rescued of a damaged index to a new one; INDEX stays as it is."""
    if output.exists():
        message = f"{str(output)!r} exists; give the name of a new file"
        raise StoreError(message)
    with contextlib.closing(DamagedFile(path)) as damaged:
        damaged.examine()
        if damaged.report.config is None:
            say("the settings cannot be read; the new index has the default ones")
        with NewsIndex.open(output, damaged.report.config) as index:
            for rows in damaged.items():
                add_items(index, rows, n_jobs)
            n_documents = len(index)
    _describe(damaged.report)
    say(f"wrote {n_documents:,} documents to {output}")
    if damaged.report.config is None and not n_documents:
        raise typer.Exit(_DAMAGED)


def _existing(location: str, *, read_only: bool) -> NewsIndex:
    """Open an index that must be there already."""
    if "://" not in location and not Path(location).exists():
        message = f"there is no index {location!r}; `dedupe-news index add` makes one"
        raise StoreError(message)
    return NewsIndex.open(location, read_only=read_only)


def _describe(report: Report) -> None:
    """Say what can be read of an index, and what is wrong with it."""
    say(f"{report.n_whole:,} documents are whole")
    if report.n_damaged:
        say(f"{report.n_damaged:,} events are not what was written, and lost")
    for first, last in report.unreadable:
        say(f"events {first:,} to {last:,}, as far as there were any, cannot be read")
    for fault in report.faults:
        say(fault)
    if report:
        say("nothing is wrong")
