"""The commands ``label`` and ``fit``: a feed teaches the judge."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.rule import Rule
from rich.text import Text

from dedupe_news._learning.labelling import KEYS, WORDS
from dedupe_news._learning.learning import fit_judge
from dedupe_news._learning.learning import label as begin
from dedupe_news.api import cluster
from dedupe_news.cli.loading import load
from dedupe_news.cli.notes import say
from dedupe_news.cli.options import STDIN, Reading, Running, command
from dedupe_news.cli.terminal import console, show_sides
from dedupe_news.cli.writing import check_target
from dedupe_news.config import Config
from dedupe_news.errors import ConfigError
from dedupe_news.results.phrasing import counted, moment

if TYPE_CHECKING:
    from rich.console import Console

    from dedupe_news._input.columns import Columns
    from dedupe_news._learning.labelling import Labelling, Question

_LEAST_LINES = 8  # of an item, on a screen however low
_UNDO, _SKIP, _STOP = "u", " ", "q"


@command("label")
def _label(
    *, reading: Reading, labels: Path | None = None, judge: Path | None = None, running: Running
) -> None:
    """
    Label pairs of FILE by hand: those from which the judge learns most.

    One key a pair: d duplicate, s same story, t template, x different; u goes back,
    space skips, q stops. What you say is written at once, and the next call goes on
    with other pairs. The file of labels holds ids alone, no text.

    Examples
    --------
    dedupe-news label feed.jsonl
    dedupe-news label feed.parquet --labels labels.jsonl
    """
    if not sys.stdout.isatty():
        message = "label asks a person, but its output is no terminal; call it in one"
        raise ConfigError(message)
    path = _labels_of(reading.file, labels)
    config = Config(judge=judge)
    result = cluster(load(reading).items, config=config, **running.passed)
    session = begin(result, path, n_jobs=running.n_jobs)
    _ask(console(), session)
    say(f"{counted(len(session.labels), 'label')} in {path}")
    if session.labels:
        fit = f"dedupe-news fit {reading.file} --labels {path} --output judge.json"
        say(f"next, with the same options for columns and dates: {fit}")


@command("fit", without=("no_progress",))
def _fit(
    *,
    reading: Reading,
    labels: Path | None = None,
    output: Path,
    running: Running,
) -> None:
    """
    Fit the judge to the labels of FILE, and say whether that is better on this feed.

    Measured by cross-validation on the labelled pairs. Where the adapted judge is
    worse, that of the package is written.

    Examples
    --------
    dedupe-news fit feed.jsonl --output my-feed.json
    dedupe-news cluster feed.jsonl --judge my-feed.json
    """
    path = _labels_of(reading.file, labels)
    check_target(output, reading.file)
    typer.echo(str(fit_judge(load(reading).items, path, output, n_jobs=running.n_jobs)))
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
    console.print(
        Rule(Text(f"{counted(len(session.labels), 'label')}: {counts}", "dim"), style="dim")
    )
    changes = session.changes(question)
    texts = columns.content(question.left), columns.content(question.right)
    heads = _about(columns, question.left), _about(columns, question.right)
    show_sides(console, texts, changes, heads, max(_LEAST_LINES, console.height - 5))
    line = Text("\n  ")
    for key, words in (
        *((key, WORDS[verdict]) for key, verdict in KEYS.items()),
        (_UNDO, "undo"),
        ("space", "skip"),
        (_STOP, "stop"),
    ):
        line.append(f" {key} ", "reverse").append(f" {words}   ")
    console.print(line)


def _about(columns: Columns, position: int) -> str:
    """Return source, time and id of an item."""
    published = columns.published_at(position)
    time = None if published is None else f"{moment(published)} UTC"
    facts = (columns.source_of(position), time, f"id {columns.id_of(position)}")
    return " · ".join(fact for fact in facts if fact)
