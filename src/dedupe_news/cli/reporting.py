"""The commands that show something of a file: ``report``, ``compare``, ``explain``, ``query``."""

from __future__ import annotations

import dataclasses
import sys
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

from dedupe_news._input.files import read_text
from dedupe_news._machine.progress import stages
from dedupe_news.api import cluster, compare
from dedupe_news.cli import terminal
from dedupe_news.cli.loading import load
from dedupe_news.cli.notes import say
from dedupe_news.cli.options import STDIN, Matching, Reading, Running, Sought, command
from dedupe_news.cli.writing import check_target, match_row, write_jsonl
from dedupe_news.errors import ConfigError
from dedupe_news.index import NewsIndex

if TYPE_CHECKING:
    from dedupe_news.results.records import Comparison


@command("report")
def _report(
    *,
    reading: Reading,
    matching: Matching,
    prefer: str | None = None,
    output: Path | None = None,
    heading: str | None = None,
    open_page: bool = False,
    running: Running,
) -> None:
    """
    Cluster FILE and write a page to search and review the result in a browser.

    The page is one file that holds everything and asks nothing of the network.

    Examples
    --------
    dedupe-news report feed.jsonl
    dedupe-news report feed.parquet --output clusters.html --open
    dedupe-news report feed.csv --heading "Agency feed, March" --policy similar
    """
    config = matching.config(prefer=prefer)
    is_stdin = reading.file == STDIN
    name = Path(reading.file).name
    target = output or Path(f"{'stdin' if is_stdin else name.partition('.')[0]}.html")
    is_page = target.suffix.lower() in {".html", ".htm"}
    check_target(
        target, reading.file, None if is_page else "a report is an HTML page; end its name in .html"
    )
    result = cluster(load(reading).items, config=config, **running.passed)
    title = "standard input" if is_stdin else name
    result.report(target, title=title if heading is None else heading)
    if sys.stdout.isatty():
        terminal.show_figures(terminal.console(), result)
    else:
        say(result.summary())
    say(f"wrote {target}, {target.stat().st_size / 1e6:.1f} MB; open it in a browser")
    if open_page:
        webbrowser.open(target.resolve().as_uri())


@command("compare", without=("recall",))
def _compare(*, first: str, second: str, files: bool = False, matching: Matching) -> None:
    """
    Explain how two texts are related.

    The verdict in a sentence, which words differ, and the figures behind it. On a
    terminal: both with the differing words marked. In a pipe: one line of JSON. A
    title, where there is one, is the first of several lines.

    Examples
    --------
    dedupe-news compare "Rain floods the old town" "RAIN floods the old town ..."
    dedupe-news compare --files first.txt second.txt
    pbpaste | dedupe-news compare --files - second.txt
    """
    config = matching.config()
    if files:
        if first == second == STDIN:
            message = "standard input cannot be both A and B; name a file for one of them"
            raise ConfigError(message)
        first, second = read_text(first), read_text(second)
    _show(compare(_document(first), _document(second), config=config))


@command("explain")
def _explain(
    *, reading: Reading, first: str, second: str, matching: Matching, running: Running
) -> None:
    """
    Explain how two items of FILE are related.

    The verdict in a sentence, which words differ, and the figures behind it. Unlike
    `compare`, it knows how often words occur in the feed. A and B are ids, or the
    numbers of lines or rows where the file has none.

    Examples
    --------
    dedupe-news explain feed.jsonl item-0012 item-0345
    dedupe-news explain lines.txt 1 4
    """
    config = matching.config()
    items = load(reading).items
    ids = {str(item): item for item in items.ids}
    for wanted in (first, second):
        if wanted not in ids:
            message = (
                f"{reading.file} has no item {wanted!r}; items are named by their ids, or by the "
                "numbers of their lines or rows where the file has no ids"
            )
            raise ConfigError(message)
    result = cluster(items, config=config, **running.passed)
    _show(result.explain(ids[first], ids[second]))


@command("query", without=("source", "published", "timezone", "date_format"))
def _query(*, reading: Reading, sought: Sought, matching: Matching, running: Running) -> None:
    """
    Search FILE for duplicates of one text.

    On a terminal: a table, best match first. In a pipe: JSON Lines of id, jaccard,
    containment and relation. Where the file has titles, give title and text on two
    lines.

    Examples
    --------
    dedupe-news query feed.jsonl "Rain floods the old town"
    dedupe-news query feed.parquet --text-file teaser.txt --limit 5
    pbpaste | dedupe-news query feed.csv --text-file - --threshold 0.5 --policy similar
    """
    config = matching.config()
    if reading.file == sought.text_file == STDIN:
        message = "standard input cannot be both FILE and --text-file; name one of them"
        raise ConfigError(message)
    wanted = sought.read()
    columns = load(reading, ("id", "title", "text")).items
    with stages(("searching",), show=not running.no_progress) as ended:
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
    write_jsonl(match_row(match) for _, match in shown)


def _show(compared: Comparison) -> None:
    """Print a comparison; in a pipe as one line of JSON."""
    if sys.stdout.isatty():
        terminal.show_comparison(terminal.console(), compared)
        return
    relation = None if compared.relation is None else compared.relation.name.lower()
    row = {**dataclasses.asdict(compared), "relation": relation}
    write_jsonl([{name: value for name, value in row.items() if name not in {"left", "right"}}])


def _document(text: str) -> dict[str, str]:
    """Return a text as an item, whose title is the first of several lines."""
    title, _, rest = text.strip().partition("\n")
    return {"title": title, "text": rest} if rest else {"text": title}
