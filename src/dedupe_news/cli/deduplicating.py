"""The commands ``cluster`` and ``dedupe``."""

from __future__ import annotations

import sys
from typing import Any

import typer  # noqa: TC002 - typer reads the annotations

from dedupe_news._engine.outofcore import parse_limit
from dedupe_news._input.files import Table
from dedupe_news._machine.threads import resolve_jobs
from dedupe_news.api import cluster
from dedupe_news.cli import options, terminal, writing
from dedupe_news.cli.options import DEFAULTS, TOP
from dedupe_news.cli.rows import Rows, found_columns, spread
from dedupe_news.cli.settings import (
    Manner,
    as_policy,
    given_settings,
    has_ids,
    open_feed,
    read_rows,
    say,
    say_skipped,
)
from dedupe_news.errors import ConfigError
from dedupe_news.results.keeping import RULES
from dedupe_news.results.phrasing import counted

_CLUSTER_HELP = """
Find the duplicates, stories and templates in FILE.

On a terminal: figures and the largest of each. In a pipe, or with --output: the
rows of FILE with columns beside its own: the number of the cluster, of the story
and of the template (empty for none), how the item stands to the representative
of its cluster (relation, probability), whether it is kept, and of which item it
is a duplicate where it is not (duplicate_of). Where FILE has no ids, the number
of the line or row stands for one.
"""
_CLUSTER_EXAMPLES = """
[bold]Examples:[/bold]
dedupe-news cluster feed.jsonl
dedupe-news cluster feed.csv.gz --text body --min-probability 0.8
dedupe-news cluster feed.parquet --output clusters.parquet
dedupe-news cluster feeds/ --memory-limit 2GB --work-folder work --output clusters.parquet
dedupe-news cluster feed.jsonl | jq -r 'select(.kept | not) | "\\(.id) \\(.duplicate_of)"'
grep Reuters lines.txt | dedupe-news cluster -
"""
_DEDUPE_HELP = """
Write the rows of FILE that are kept: without the duplicates.

To standard output as JSON Lines, or with --output to a file.
"""
_DEDUPE_EXAMPLES = """
[bold]Examples:[/bold]
dedupe-news dedupe feed.csv --output unique.csv
dedupe-news dedupe feed.jsonl --keep longest > unique.jsonl
dedupe-news dedupe feed.parquet --keep views --output unique.parquet
"""


def register(app: typer.Typer) -> None:
    """
    Add the commands to an application.

    Parameters
    ----------
    app : typer.Typer
        The application.
    """
    app.command("cluster", help=_CLUSTER_HELP, epilog=_CLUSTER_EXAMPLES)(_cluster)
    app.command("dedupe", help=_DEDUPE_HELP, epilog=_DEDUPE_EXAMPLES)(_dedupe)


def _cluster(
    *,
    file: options.File,
    form: options.Form = None,
    id_column: options.Id = None,
    title: options.Title = None,
    text: options.Text = None,
    source: options.Source = None,
    published: options.Published = None,
    ignore: options.Ignore = None,
    on_invalid: options.OnInvalid = "ignore",
    timezone: options.Timezone = None,
    date_format: options.DateFormat = None,
    encoding: options.Encoding = None,
    policy: options.Policy = None,
    min_probability: options.MinProbability = None,
    threshold: options.Threshold = None,
    recall: options.Recall = None,
    shingle_size: options.ShingleSize = None,
    prefer: options.Prefer = None,
    judge: options.Judge = None,
    keep: options.Keep = "preferred",
    n_jobs: options.Jobs = -1,
    memory_limit: options.MemoryLimit = None,
    work_folder: options.WorkFolder = None,
    output: options.Output = None,
    top: options.Top = TOP,
    no_progress: options.NoProgress = False,
    quiet: options.Quiet = False,
) -> None:
    # Everything that can be refused is refused before the work begins.
    config = DEFAULTS.replace(
        **given_settings(
            policy=policy,
            min_probability=min_probability,
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
    manner = Manner(as_policy(on_invalid), timezone, date_format, encoding)
    named = {"id": id_column, "title": title, "text": text, "source": source,
             "published": published}  # fmt: skip
    feed: Any
    rows: Any
    read: dict[str, Any] = {}
    if memory_limit is not None or work_folder is not None:
        parse_limit(memory_limit)
        feed, read, rows = open_feed(file, form, named, ignore, quiet=quiet, manner=manner)
    else:
        feed, rows = read_rows(file, form, named, ignore, quiet=quiet, manner=manner)
    _check_keep(keep, rows)
    result = cluster(
        feed,
        **read,
        config=config,
        n_jobs=n_jobs,
        progress=not (no_progress or quiet),
        memory_limit=memory_limit,
        work_folder=work_folder,
    ).keeping(keep, rows.columns if isinstance(rows, Table) else None)
    if read and not quiet:  # else the file has been read before
        say_skipped(result.skipped)
    shown = sys.stdout.isatty() and output != writing.STDOUT
    if output is not None or not sys.stdout.isatty():
        unit = rows.unit if isinstance(rows, Table) else "row"
        number = None if has_ids(named, ignore, rows) else unit
        written = Rows(rows, found_columns(result, number))
        left = result.columns.rows
        if left is not None and not isinstance(rows, Table):  # a table holds the others no more
            written = Rows(rows, spread(written.found, left), left)
        _say_replaced(written, quiet=quiet)
        writing.write(writing.STDOUT if output is None else output, written)
    if shown:
        terminal.show_clustering(terminal.console(), result, top)
    elif not quiet:
        say(result.summary())
    if output not in (None, writing.STDOUT) and not quiet:
        say(f"wrote {counted(len(result), 'row')} to {output}")


def _dedupe(
    *,
    file: options.File,
    form: options.Form = None,
    id_column: options.Id = None,
    title: options.Title = None,
    text: options.Text = None,
    source: options.Source = None,
    published: options.Published = None,
    ignore: options.Ignore = None,
    on_invalid: options.OnInvalid = "ignore",
    timezone: options.Timezone = None,
    date_format: options.DateFormat = None,
    encoding: options.Encoding = None,
    policy: options.Policy = None,
    min_probability: options.MinProbability = None,
    threshold: options.Threshold = None,
    recall: options.Recall = None,
    shingle_size: options.ShingleSize = None,
    prefer: options.Prefer = None,
    judge: options.Judge = None,
    keep: options.Keep = "preferred",
    n_jobs: options.Jobs = -1,
    output: options.Output = None,
    no_progress: options.NoProgress = False,
    quiet: options.Quiet = False,
) -> None:
    config = DEFAULTS.replace(
        **given_settings(
            policy=policy,
            min_probability=min_probability,
            threshold=threshold,
            recall=recall,
            shingle_size=shingle_size,
            prefer=prefer,
            judge=judge,
        )
    )
    resolve_jobs(n_jobs)
    target = writing.STDOUT if output is None else output
    writing.check_target(target, file)
    manner = Manner(as_policy(on_invalid), timezone, date_format, encoding)
    named = {"id": id_column, "title": title, "text": text, "source": source,
             "published": published}  # fmt: skip
    feed, rows = read_rows(file, form, named, ignore, quiet=quiet, manner=manner)
    _check_keep(keep, rows)
    result = cluster(feed, config=config, n_jobs=n_jobs, progress=not (no_progress or quiet))
    kept = result.keeping(keep, rows.columns).kept.positions
    writing.write(target, Rows(rows, {}, kept))
    if not quiet:
        say(result.summary())
        place = "" if target == writing.STDOUT else f" to {target}"
        say(f"wrote {counted(len(kept), 'row')} of {len(result):,}{place}")


def _check_keep(keep: str, rows: Any) -> None:  # noqa: ANN401 - a table or a data set
    """Refuse a rule that is not known, before the work is done."""
    if keep in RULES:
        return
    names = rows.names if isinstance(rows, Table) else []
    if keep not in names and (names or not isinstance(rows, Table)):
        known = f"; its columns are {', '.join(map(repr, names))}" if names else ""
        message = (
            f"--keep {keep} is neither a rule nor a column of the file{known}. Rules are "
            f"{', '.join(RULES)}"
        )
        raise ConfigError(message)


def _say_replaced(rows: Rows, *, quiet: bool) -> None:
    source = rows.source
    names = source.names if isinstance(source, Table) else source.schema.names
    replaced = [name for name in names if name in rows.found]
    if replaced and not quiet:
        say(f"the file's own {', '.join(map(repr, replaced))} gives way to what was found")
