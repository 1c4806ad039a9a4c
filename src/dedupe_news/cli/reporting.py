"""The commands ``report``, ``compare`` and ``explain``."""

from __future__ import annotations

import dataclasses
import json
import sys
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dedupe_news._input.compression import STDIN
from dedupe_news._input.files import read_text
from dedupe_news._machine.threads import resolve_jobs
from dedupe_news.api import cluster, compare
from dedupe_news.cli import comparing, options, terminal
from dedupe_news.cli.options import DEFAULTS
from dedupe_news.cli.settings import Manner, as_policy, given_settings, read_feed, say
from dedupe_news.errors import ConfigError

if TYPE_CHECKING:
    from dedupe_news.results.records import Comparison

_OUTPUT = "Output"
_REPORT_HELP = """
Cluster FILE and write a page to search and review the result in a browser.

The page is one file that holds everything and asks nothing of the network.
"""
_REPORT_EXAMPLES = """
[bold]Examples:[/bold]
dedupe-news report feed.jsonl
dedupe-news report feed.parquet --output clusters.html --open
dedupe-news report feed.csv --title "Agency feed, March" --policy similar
"""
_COMPARE_HELP = """
Explain how two texts are related: the verdict in a sentence, which words
differ, and the figures behind it.

On a terminal: both with the differing words marked. In a pipe: one line of
JSON. A title, where there is one, is the first of several lines.
"""
_COMPARE_EXAMPLES = """
[bold]Examples:[/bold]
dedupe-news compare "Rain floods the old town" "RAIN floods the old town ..."
dedupe-news compare --files first.txt second.txt
pbpaste | dedupe-news compare --files - second.txt
"""


_EXPLAIN_HELP = """
Explain how two items of FILE are related: the verdict in a sentence, which
words differ, and the figures behind it.

Unlike `compare`, it knows how often words occur in the feed. A and B are ids,
or the numbers of lines or rows where the file has none.
"""
_EXPLAIN_EXAMPLES = """
[bold]Examples:[/bold]
dedupe-news explain feed.jsonl item-0012 item-0345
dedupe-news explain lines.txt 1 4
"""


def register(app: typer.Typer) -> None:
    """
    Add the commands to an application.

    Parameters
    ----------
    app : typer.Typer
        The application.
    """
    app.command("report", help=_REPORT_HELP, epilog=_REPORT_EXAMPLES)(_report)
    app.command("compare", help=_COMPARE_HELP, epilog=_COMPARE_EXAMPLES)(_compare)
    app.command("explain", help=_EXPLAIN_HELP, epilog=_EXPLAIN_EXAMPLES)(_explain)


def _report(
    *,
    file: options.File,
    form: options.Form = None,
    id_column: options.Id = None,
    title_column: options.Title = None,
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
    n_jobs: options.Jobs = -1,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            show_default=False,
            help="The page. Default: FILE's name with .html; one that is there is replaced.",
            rich_help_panel=_OUTPUT,
        ),
    ] = None,
    heading: Annotated[
        str | None,
        typer.Option(
            "--heading",
            metavar="TEXT",
            show_default=False,
            help="Heading of the page. Default: FILE's name.",
            rich_help_panel=_OUTPUT,
        ),
    ] = None,
    open_page: Annotated[
        bool,
        typer.Option("--open", help="Open it in the browser.", rich_help_panel=_OUTPUT),
    ] = False,
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
    target = _target(file, output)
    manner = Manner(as_policy(on_invalid), timezone, date_format, encoding)
    named = {
        "id": id_column,
        "title": title_column,
        "text": text,
        "source": source,
        "published": published,
    }
    feed = read_feed(file, form, named, ignore, quiet=quiet, manner=manner)
    result = cluster(feed, config=config, n_jobs=n_jobs, progress=not (no_progress or quiet))
    name = "standard input" if file == STDIN else Path(file).name
    result.report(target, title=name if heading is None else heading)
    if sys.stdout.isatty():
        terminal.show_figures(terminal.console(), result)
    elif not quiet:
        say(result.summary())
    if not quiet:
        say(f"wrote {target}, {target.stat().st_size / 1e6:.1f} MB; open it in a browser")
    if open_page:
        webbrowser.open(target.resolve().as_uri())


def _target(file: str, output: Path | None) -> Path:
    """Return where the page goes, or refuse before the work begins."""
    target = output
    if target is None:
        stem = "stdin" if file == STDIN else Path(file).name.partition(".")[0]
        target = Path(f"{stem}.html")
    problem = None
    if target.suffix.lower() not in {".html", ".htm"}:
        problem = "a report is an HTML page; end its name in .html"
    elif not target.parent.is_dir():
        problem = f"there is no folder {str(target.parent)!r}"
    elif target.is_dir():
        problem = "it is a folder"
    elif file != STDIN and target.exists() and target.samefile(file):
        problem = "it is the file that is read"
    if problem is not None:
        message = f"cannot write {target}: {problem}"
        raise ConfigError(message)
    return target


def _compare(
    *,
    first: Annotated[str, typer.Argument(metavar="A", show_default=False, help="A text.")],
    second: Annotated[str, typer.Argument(metavar="B", show_default=False, help="Another.")],
    files: Annotated[
        bool, typer.Option("--files", help="A and B are files that hold the texts; - for stdin.")
    ] = False,
    policy: options.Policy = None,
    min_probability: options.MinProbability = None,
    threshold: options.Threshold = None,
    shingle_size: options.ShingleSize = None,
    judge: options.Judge = None,
) -> None:
    config = DEFAULTS.replace(
        **given_settings(
            policy=policy,
            min_probability=min_probability,
            threshold=threshold,
            shingle_size=shingle_size,
            judge=judge,
        )
    )
    if files:
        if first == second == STDIN:
            message = "standard input cannot be both A and B; name a file for one of them"
            raise ConfigError(message)
        first, second = read_text(first), read_text(second)
    _show(compare(_document(first), _document(second), config=config))


def _explain(
    *,
    file: options.File,
    first: Annotated[str, typer.Argument(metavar="A", show_default=False, help="An id.")],
    second: Annotated[str, typer.Argument(metavar="B", show_default=False, help="Another.")],
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
    n_jobs: options.Jobs = -1,
    no_progress: options.NoProgress = False,
    quiet: options.Quiet = False,
) -> None:
    config = DEFAULTS.replace(
        **given_settings(policy=policy, min_probability=min_probability, threshold=threshold)
    )
    resolve_jobs(n_jobs)
    manner = Manner(as_policy(on_invalid), timezone, date_format, encoding)
    named = {"id": id_column, "title": title, "text": text, "source": source,
             "published": published}  # fmt: skip
    feed = read_feed(file, form, named, ignore, quiet=quiet, manner=manner)
    ids = {str(each): each for each in feed.ids or ()}
    for wanted in (first, second):
        if wanted not in ids:
            message = f"{file} has no item {wanted!r}; items are named by their ids, or by the "
            message += "numbers of their lines or rows where the file has no ids"
            raise ConfigError(message)
    result = cluster(feed, config=config, n_jobs=n_jobs, progress=not (no_progress or quiet))
    _show(result.explain(ids[first], ids[second]))


def _show(found: Comparison) -> None:
    """Print a comparison; in a pipe as one line of JSON."""
    if sys.stdout.isatty():
        comparing.show_comparison(terminal.console(), found)
        return
    row: dict[str, Any] = dataclasses.asdict(found)
    row["relation"] = None if found.relation is None else found.relation.name.lower()
    for name in ("left", "right"):
        del row[name]
    sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")


def _document(text: str) -> dict[str, str]:
    title, _, rest = text.strip().partition("\n")
    return {"title": title, "text": rest} if rest else {"text": title}
