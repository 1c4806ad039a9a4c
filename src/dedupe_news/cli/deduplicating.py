"""The commands ``cluster`` and ``dedupe``."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dedupe_news._engine.outofcore import parse_limit
from dedupe_news._input.arrow import as_list
from dedupe_news.api import cluster
from dedupe_news.cli import terminal, writing
from dedupe_news.cli.loading import Feed, load, load_large
from dedupe_news.cli.notes import say
from dedupe_news.cli.options import STDOUT, Keeping, Matching, Reading, Running, command
from dedupe_news.errors import ConfigError
from dedupe_news.results.keeping import RULES
from dedupe_news.results.phrasing import counted

if TYPE_CHECKING:
    from dedupe_news.results.result import Clustering


@command("cluster")
def _cluster(
    *,
    reading: Reading,
    matching: Matching,
    keeping: Keeping,
    memory_limit: str | None = None,
    work_folder: Path | None = None,
    top: int = 10,
    running: Running,
) -> None:
    r"""
    Find the duplicates, stories and templates in FILE.

    On a terminal: figures and the largest of each. In a pipe, or with --output: the
    rows of FILE with columns beside its own: the number of the cluster, of the story
    and of the template (empty for none), how the item stands to the representative
    of its cluster (relation, probability), whether it is kept, and of which item it
    is a duplicate where it is not (duplicate_of). Where FILE has no ids, the number
    of the line or row stands for one.

    Examples
    --------
    dedupe-news cluster feed.jsonl
    dedupe-news cluster feed.csv.gz --text body --min-probability 0.8
    dedupe-news cluster feed.parquet --output clusters.parquet
    dedupe-news cluster feeds/ --memory-limit 2GB --work-folder work --output clusters.parquet
    dedupe-news cluster feed.jsonl | jq -r 'select(.kept | not) | "\(.id) \(.duplicate_of)"'
    grep Reuters lines.txt | dedupe-news cluster -
    """
    output = keeping.output
    limits = memory_limit, work_folder
    feed, result = _clustered(reading, matching, keeping, running, limits)
    if feed.is_large:  # other files have been read before
        say(str(result.skipped))
    is_shown = sys.stdout.isatty() and output != STDOUT
    if output is not None or not is_shown:
        columns = writing.computed_columns(result, feed)
        replaced = [name for name in feed.names if name in columns]
        if replaced:
            say(f"the file's own {', '.join(map(repr, replaced))} gives way to what was found")
        writing.write(output or STDOUT, writing.Rows(feed, columns, result.columns.rows))
    if is_shown:
        terminal.show_clustering(terminal.console(), result, top)
    else:
        say(result.summary())
    if output not in (None, STDOUT):
        say(f"wrote {counted(len(result), 'row')} to {output}")


@command("dedupe")
def _dedupe(*, reading: Reading, matching: Matching, keeping: Keeping, running: Running) -> None:
    """
    Write the rows of FILE that are kept: without the duplicates.

    To standard output as JSON Lines, or with --output to a file.

    Examples
    --------
    dedupe-news dedupe feed.csv --output unique.csv
    dedupe-news dedupe feed.jsonl --keep longest > unique.jsonl
    dedupe-news dedupe feed.parquet --keep views --output unique.parquet
    """
    target = keeping.output or STDOUT
    feed, result = _clustered(reading, matching, keeping, running)
    writing.write(target, writing.Rows(feed, {}, result.kept.positions))
    say(result.summary())
    place = "" if target == STDOUT else f" to {target}"
    say(f"wrote {counted(len(result.kept), 'row')} of {len(result):,}{place}")


def _clustered(
    reading: Reading,
    matching: Matching,
    keeping: Keeping,
    running: Running,
    limits: tuple[str | None, Path | None] = (None, None),
) -> tuple[Feed, Clustering]:
    """Cluster a file; everything that can be refused is refused before the work begins."""
    config = matching.config(prefer=keeping.prefer)
    writing.check_rows_target(keeping.output or STDOUT, reading.file)
    memory_limit, work_folder = limits
    if limits == (None, None):
        feed = load(reading, all_columns=True)
    else:
        parse_limit(memory_limit)
        feed = load_large(reading)
    keep = keeping.keep
    names = [] if feed.is_large else feed.names
    if keep not in (*RULES, *names) and (names or feed.is_large):
        known = f"; its columns are {', '.join(map(repr, names))}" if names else ""
        message = (
            f"--keep {keep} is neither a rule nor a column of the file{known}. Rules are "
            f"{', '.join(RULES)}"
        )
        raise ConfigError(message)
    result = cluster(
        feed.items,
        config=config,
        memory_limit=memory_limit,
        work_folder=work_folder,
        **feed.choices,
        **running.passed,
    )
    columns = None
    if keep in names and keep not in RULES:
        columns = {keep: _as_numbers(as_list(feed.rows.columns[keep]))}
    return feed, result.keeping(keep, columns)


def _as_numbers(values: list[Any]) -> list[Any]:
    """Return the values to choose by as numbers, where all of them are texts of such."""
    if all(isinstance(value, str) for value in values):
        with contextlib.suppress(ValueError):
            return [float(value) if value.strip() else None for value in values]
    return values
