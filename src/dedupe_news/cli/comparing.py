"""One pair for a person at a terminal: the verdict, what decided, which words differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from dedupe_news.display.marking import readable
from dedupe_news.results.phrasing import printable, verdict_in_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from dedupe_news.results.records import Comparison

_VERDICT_STYLES = {
    "duplicate": "bold green",
    "related": "bold blue",
    "template": "bold magenta",
    "none": "bold red",
}
_MOST_REASONS = 6
_NARROW_CELLS = 70


def show_comparison(console: Console, found: Comparison) -> None:
    """
    Print how two documents are related.

    Parameters
    ----------
    console : rich.console.Console
        Where to.
    found : Comparison
        The verdict.
    """
    shares = ", ".join(f"{name} {value:.3f}" for name, value in found.probabilities.items())
    scores = f"Jaccard {found.jaccard:.3f}, containment {found.containment:.3f}"
    words = verdict_in_words(found.verdict, found.relation)
    console.print()
    verdict, colon, facts = (found.why or words).partition(":")
    style = _VERDICT_STYLES[found.verdict]
    console.print(Padding(Text.assemble((verdict + colon, style), printable(facts)), (0, 2)))
    console.print(Text(f"  probability: {shares}", "dim"))
    console.print(Text(f"  {scores}", "dim"))
    console.print()
    gone = [(d.left_start, d.left) for d in found.differences]
    come = [(d.right_start, d.right) for d in found.differences]
    show_sides(
        console,
        marked(found.left, gone, "red strike"),
        marked(found.right, come, "green underline"),
    )
    if found.reasons:
        console.print()
        console.print(_reasons(found))
    console.print()


def show_sides(console: Console, left: Text, right: Text) -> None:
    """
    Print two texts beside one another; one above the other where there is no room.

    Parameters
    ----------
    console : rich.console.Console
        Where to.
    left, right : rich.text.Text
        The texts.
    """
    grid = Table.grid(padding=(0, 2), expand=True)
    if console.width < _NARROW_CELLS:
        grid.add_column(ratio=1)
        for text in (left, right):
            grid.add_row(text)
            grid.add_row()
    else:
        grid.add_column(width=0)
        grid.add_column(ratio=1)
        grid.add_column(ratio=1)
        grid.add_row("", left, right)
    console.print(grid)


def marked(text: str, places: Iterable[tuple[int, str]], style: str) -> Text:
    """
    Return a text with some of its words marked.

    Parameters
    ----------
    text : str
        Of a document.
    places : iterable of (int, str)
        Where the words begin, and the words.
    style : str
        How they are marked.

    Returns
    -------
    rich.text.Text
        Without characters that would steer the terminal.
    """
    shown = Text()
    at = 0
    for start, words in places:
        shown.append(_shown(text[at:start]))
        shown.append(_shown(words), style)
        at = start + len(words)
    return shown.append(_shown(text[at:]))


def _shown(text: str) -> str:
    """Return a text for a terminal, its lines kept apart."""
    return "\n".join(printable(readable(line)) for line in text.split("\n"))


def _reasons(found: Comparison) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", no_wrap=True)
    table.add_column()
    table.add_column(justify="right", style="dim")
    for reason in found.reasons[:_MOST_REASONS]:
        style = "green" if reason.contribution > 0 else "red"
        table.add_row(
            Text(f"  {reason.contribution:+.2f}".replace("-", "−"), style),
            reason.feature.replace("_", " "),
            f"{reason.value:.2f}",
        )
    n_hidden = len(found.reasons) - _MOST_REASONS
    if n_hidden > 0:
        table.add_row("", Text(f"and {n_hidden} that weigh less; in a pipe, all of them", "dim"))
    return table
