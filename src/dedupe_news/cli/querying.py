"""The command ``query``."""

from __future__ import annotations

import dataclasses
import sys

from dedupe_news._machine import progress
from dedupe_news.cli import terminal, writing
from dedupe_news.cli.commands import command
from dedupe_news.cli.loading import load
from dedupe_news.cli.notes import say
from dedupe_news.cli.options import STDIN, Matching, Reading, Running, Sought
from dedupe_news.errors import ConfigError
from dedupe_news.index import NewsIndex


@command(
    "query",
    """
    dedupe-news query feed.jsonl "Rain floods the old town"
    dedupe-news query feed.parquet --text-file teaser.txt --limit 5
    pbpaste | dedupe-news query feed.csv --text-file - --threshold 0.5 --policy similar
    """,
    without=("source", "published", "timezone", "date_format"),
)
def _query(*, reading: Reading, sought: Sought, matching: Matching, running: Running) -> None:
    """
    Search FILE for duplicates of one text.

    On a terminal: a table, best match first. In a pipe: JSON Lines of id, jaccard,
    containment and relation. Where the file has titles, give title and text on two
    lines.
    """
    config = matching.config()
    if reading.file == sought.text_file == STDIN:
        message = "standard input cannot be both FILE and --text-file; name one of them"
        raise ConfigError(message)
    wanted = sought.read()
    columns = load(reading, ("id", "title", "text")).items
    with progress.stages(("searching",), show=running.progress) as ended:
        # The one text is indexed and the file looked up in it: nothing of the
        # file is kept, and similarity is the same from both sides.
        index = NewsIndex(config)
        index.add(0, wanted)
        answers = index.query_many(columns, n_jobs=running.n_jobs)
        ended("searching")
    matches = [
        (position, dataclasses.replace(answer[0], id=columns.id_of(position)))
        for position, answer in enumerate(answers)
        if answer
    ]
    matches.sort(key=lambda match: (-match[1].jaccard, match[0]))
    shown = matches[: sought.limit]
    if sys.stdout.isatty():
        terminal.show_matches(terminal.console(), columns, shown, len(matches))
        return
    say(f"{len(matches):,} of {len(columns):,} items match")
    writing.write_jsonl(writing.match_row(match) for _, match in shown)
