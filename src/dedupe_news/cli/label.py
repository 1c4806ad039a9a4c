"""The commands ``label`` and ``fit``: a feed teaches the judge."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.rule import Rule
from rich.text import Text

from dedupe_news._input.compression import STDIN
from dedupe_news._learning.labelling import KEYS, WORDS
from dedupe_news._learning.learning import fit_judge
from dedupe_news._learning.learning import label as begin
from dedupe_news._machine.threads import resolve_jobs
from dedupe_news.api import cluster
from dedupe_news.cli import options, terminal
from dedupe_news.cli.comparing import marked, show_sides
from dedupe_news.cli.settings import Manner, as_policy, given_settings, read_feed, say
from dedupe_news.errors import ConfigError
from dedupe_news.results.phrasing import counted, moment, printable

if TYPE_CHECKING:
    from rich.console import Console

    from dedupe_news._input.columns import Columns
    from dedupe_news._learning.labelling import Labelling, Question

_UNDO, _SKIP, _STOP = "u", " ", "q"
_LABEL_HELP = """
Label pairs of FILE by hand: those from which the judge learns most.

One key a pair: d duplicate, s same story, t template, x different; u goes back,
space skips, q stops. What you say is written at once, and the next call goes on
with other pairs. The file of labels holds ids alone, no text.
"""
_LABEL_EXAMPLES = """
[bold]Examples:[/bold]
dedupe-news label feed.jsonl
dedupe-news label feed.parquet --labels labels.jsonl
"""
_FIT_HELP = """
Fit the judge to the labels of FILE, and say whether that is better on this feed.

Measured by cross-validation on the labelled pairs. Where the adapted judge is
not better, that of the package is written.
"""
_FIT_EXAMPLES = """
[bold]Examples:[/bold]
dedupe-news fit feed.jsonl --output my-feed.json
dedupe-news cluster feed.jsonl --judge my-feed.json
"""

LabelsFile = Annotated[
    Path | None,
    typer.Option(
        "--labels",
        metavar="FILE",
        show_default=False,
        help="The labels, JSON Lines of id1, id2 and label. Default: FILE's name with "
        ".labels.jsonl.",
    ),
]


def register(app: typer.Typer) -> None:
    """
    Add the commands to an application.

    Parameters
    ----------
    app : typer.Typer
        The application.
    """
    app.command("label", help=_LABEL_HELP, epilog=_LABEL_EXAMPLES)(_label)
    app.command("fit", help=_FIT_HELP, epilog=_FIT_EXAMPLES)(_fit)


def _label(
    *,
    file: options.File,
    labels: LabelsFile = None,
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
    judge: options.Judge = None,
    n_jobs: options.Jobs = -1,
    no_progress: options.NoProgress = False,
    quiet: options.Quiet = False,
) -> None:
    if not sys.stdout.isatty():
        message = "label asks a person, but its output is no terminal; call it in one"
        raise ConfigError(message)
    path = _labels_of(file, labels)
    config = options.DEFAULTS.replace(**given_settings(judge=judge))
    named = {"id": id_column, "title": title, "text": text, "source": source,
             "published": published}  # fmt: skip
    manner = Manner(as_policy(on_invalid), timezone, date_format, encoding)
    feed = read_feed(file, form, named, ignore, quiet=quiet, manner=manner)
    result = cluster(feed, config=config, n_jobs=n_jobs, progress=not (no_progress or quiet))
    session = begin(result, path, n_jobs=resolve_jobs(n_jobs))
    _ask(terminal.console(), session)
    n_labels = len(session.labels)
    say(f"{counted(n_labels, 'label')} in {path}")
    if n_labels and not quiet:
        say(f"next: dedupe-news fit {file} --labels {path} --output judge.json")


def _fit(
    *,
    file: options.File,
    labels: LabelsFile = None,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Where the judge goes, for --judge FILE."
        ),
    ],
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
    n_jobs: options.Jobs = -1,
    quiet: options.Quiet = False,
) -> None:
    path = _labels_of(file, labels)
    named = {"id": id_column, "title": title, "text": text, "source": source,
             "published": published}  # fmt: skip
    manner = Manner(as_policy(on_invalid), timezone, date_format, encoding)
    feed = read_feed(file, form, named, ignore, quiet=quiet, manner=manner)
    typer.echo(str(fit_judge(feed, path, output, n_jobs=n_jobs)))
    if not quiet:
        say(f"wrote {output}; use it with --judge {output}")


def _labels_of(file: str, labels: Path | None) -> Path:
    if labels is not None:
        return labels
    if file == STDIN:
        message = "the feed comes from standard input; name the file of labels with --labels FILE"
        raise ConfigError(message)
    return Path(f"{Path(file).name.partition('.')[0]}.labels.jsonl")


def _ask(console: Console, session: Labelling) -> None:
    """Show pair after pair, until there is none or the person stops."""
    while (question := session.question) is not None:
        _show(console, session, question)
        key = _read_key()
        if key == _STOP:
            return
        if key == _SKIP:
            session.skip()
        elif key == _UNDO:
            session.undo()
        else:
            session.answer(KEYS[key])
    console.print(Text("  That is all for now; call label again for other pairs.", "dim"))


def _read_key() -> str:
    """Wait for a key that means something; Ctrl-C and Ctrl-D stop."""
    while True:
        try:
            # What was typed ahead is of no pair that was seen, and dropped.
            key = typer.getchar()[:1].lower()
        except (KeyboardInterrupt, EOFError):
            return _STOP
        if key in KEYS or key in {_UNDO, _SKIP, _STOP}:
            return key


def _show(console: Console, session: Labelling, question: Question) -> None:
    columns = session.result.columns
    counts = ", ".join(f"{number} {WORDS[name]}" for name, number in session.counts.items())
    console.print(Rule(Text(f"{counted(len(session.labels), 'label')}: {counts}", "dim")))
    changes = session.changes(question)
    left, right = columns.content(question.left), columns.content(question.right)
    gone = [(c.left_start, left[c.left_start : c.left_stop]) for c in changes]
    come = [(c.right_start, right[c.right_start : c.right_stop]) for c in changes]
    show_sides(
        console,
        _headed(columns, question.left, marked(left, gone, "red strike")),
        _headed(columns, question.right, marked(right, come, "green underline")),
    )
    console.print()
    keys = [*((key, WORDS[verdict]) for key, verdict in KEYS.items()),
            (_UNDO, "undo"), ("space", "skip"), (_STOP, "stop")]  # fmt: skip
    line = Text("  ")
    for key, words in keys:
        line.append(f" {key} ", "reverse").append(f" {words}   ")
    console.print(line)


def _headed(columns: Columns, position: int, text: Text) -> Text:
    """Return a document below its source, time and id."""
    published = columns.published_at(position)
    facts = [
        columns.source_of(position),
        None if published is None else f"{moment(published)} UTC",
        f"id {columns.id_of(position)}",
    ]
    about = printable(" · ".join(fact for fact in facts if fact))
    return Text.assemble((about, "dim"), "\n", text)
