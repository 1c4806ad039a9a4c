"""Results for a person at a terminal."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.padding import Padding
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from dedupe_news.display import views
from dedupe_news.display.marking import readable
from dedupe_news.results.membership import NO_RELATION
from dedupe_news.results.parts import Template
from dedupe_news.results.phrasing import counted, duration, printable
from dedupe_news.results.records import Relation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import ConsoleOptions, RenderResult

    from dedupe_news._input.columns import Columns
    from dedupe_news.results.parts import Group
    from dedupe_news.results.records import Match
    from dedupe_news.results.result import Clustering

_MOST_CELLS = 160
_BAR_CELLS = 24
_ID_CELLS = 18
_NARROW_CELLS = 60
_LEAST_TEXT_CELLS = 24
_WRITTEN_CHARACTERS = 400
RELATION_STYLES = {
    Relation.EXACT: "green",
    Relation.NEAR: "cyan",
    Relation.TRUNCATED: "yellow",
    Relation.CONTAINED: "yellow",
    Relation.RELATED: "blue",
    Relation.TEMPLATE: "magenta",
}
"""How each relation is coloured."""

_FIGURE_STYLES = {"kept": "bold green", "duplicates": "bold red"}


@dataclasses.dataclass(frozen=True, slots=True)
class _Excerpt:
    """A title on one line and its text on the next, or a text on two; cut with an ellipsis."""

    title: str
    text: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = options.max_width
        if self.title:
            lines = [Text(self.title, "bold")]
            if self.text:
                lines.append(Text(self.text, "dim"))
        else:
            wrapped = Text(self.text).wrap(console, width)
            lines = list(wrapped[:2])
            if len(wrapped) > len(lines):
                lines[-1].rstrip()
                lines[-1].append(" " + wrapped[2].plain)
        for line in lines:
            line.truncate(width, overflow="ellipsis")
            yield from line.render(console)
            yield Segment.line()

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(min(_LEAST_TEXT_CELLS, options.max_width), options.max_width)


def console() -> Console:
    """
    Return what prints to a person.

    Returns
    -------
    rich.console.Console
        Not so wide that lines are hard to follow.
    """
    made = Console(highlight=False, soft_wrap=False)
    made.width = min(made.width, _MOST_CELLS)
    return made


def show_clustering(console: Console, result: Clustering, top: int) -> None:
    """
    Print the figures of a run and its largest clusters, stories and templates.

    Parameters
    ----------
    console : rich.console.Console
        Where to.
    result : Clustering
        The outcome.
    top : int
        Most clusters to show, and most stories and templates.
    """
    show_figures(console, result)
    narrow = console.width < _NARROW_CELLS
    for kind in views.KINDS.values():
        n_groups = views.n_groups(result, kind)
        if n_groups:
            groups = views.groups_between(result, kind, 0, top)
            console.print()
            heading = Text.assemble((kind.heading, "bold"), "  ", (kind.says, "dim"))
            console.print(Padding(heading, (0, 2)))
            console.print(_groups(result, groups, narrow=narrow))
            _say_hidden(console, n_groups - len(groups), f"more {kind.noun}", f"more {kind.name}")
    console.print()


def _say_hidden(console: Console, count: int, noun: str, plural: str | None = None) -> None:
    if count:
        hidden = counted(count, noun, plural)
        console.print(Text(f"  and {hidden}; --output FILE for all, --top N for more", "dim"))


def show_figures(console: Console, result: Clustering) -> None:
    """
    Print the figures of a run.

    Parameters
    ----------
    console : rich.console.Console
        Where to.
    result : Clustering
        The outcome.
    """
    console.print()
    console.print(_figures(result))
    note = views.note_on_bounded(result)
    if note:
        console.print()
        console.print(Padding(Text(note, "yellow"), (0, 2)))


def _figures(result: Clustering) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim")
    grid.add_column(justify="right", style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value, remark in views.figures_of(result):
        said: Text = Text(remark, "dim")
        if name == "items":
            said = _bar(len(result.representatives), len(result))
        elif name == "clusters":
            said = _relations(result)
        grid.add_row(f"  {name}", Text(value, _FIGURE_STYLES.get(name, "bold")), said)
    seconds = sum(result.seconds.values())
    pace = f"{len(result) / seconds:,.0f} items a second" if seconds > 0 else ""
    grid.add_row("  time", f"{seconds:.2f} s", Text(pace, "dim"))
    return grid


def _bar(n_kept: int, n_items: int) -> Text:
    if n_items == 0:
        return Text()
    cells = round(_BAR_CELLS * n_kept / n_items)
    if n_kept < n_items:
        cells = min(cells, _BAR_CELLS - 1)  # one duplicate among millions is seen
    return Text.assemble(("━" * cells, "green"), ("━" * (_BAR_CELLS - cells), "red"))


def _relations(result: Clustering) -> Text:
    """Return how many of the items removed stand how to their representatives."""
    relations = result.membership.relation
    counts = np.bincount(relations[relations != NO_RELATION], minlength=len(Relation))
    parts = [
        Text(f"{int(counts[relation]):,} {relation.name.lower()}", RELATION_STYLES[relation])
        for relation in Relation
        if counts[relation]
    ]
    return Text(", ", "dim").join(parts)


def _groups(result: Clustering, groups: Sequence[Group], *, narrow: bool) -> Table:
    """Return a table of groups of one kind, each with its representative."""
    columns = result.columns
    has_spans = not narrow and any(group.span is not None for group in groups)
    has_sources = not narrow and columns.sources is not None
    table = _table()
    table.add_column("items", justify="right", no_wrap=True, style="bold")
    if has_spans:
        table.add_column("over", justify="right", no_wrap=True)
    if has_sources:
        table.add_column("sources", justify="right", no_wrap=True)
    if not narrow:
        table.add_column("id", no_wrap=True, overflow="ellipsis", max_width=_ID_CELLS, style="cyan")
    table.add_column("representative", ratio=1)
    for group in groups:
        cells: list[str | Text | _Excerpt] = [f"{len(group):,}"]
        if has_spans:
            cells.append("" if group.span is None else duration(group.span))
        if has_sources:
            names = {columns.source_of(position) for position in group.positions}
            cells.append(f"{len(names - {None}):,}")
        if not narrow:
            cells.append(Text(printable(str(group.representative))))
        cells.append(
            _Excerpt("", one_line(group.pattern))
            if isinstance(group, Template) and group.pattern.strip("… ")
            else _excerpt(columns, group.representative_position)
        )
        table.add_row(*cells)
    return table


def show_matches(
    console: Console, columns: Columns, found: Sequence[tuple[int, Match]], n_hidden: int
) -> None:
    """
    Print the documents that match a text.

    Parameters
    ----------
    console : rich.console.Console
        Where to.
    columns : Columns
        The documents.
    found : sequence of (int, Match)
        Positions and matches, best first.
    n_hidden : int
        Matches beyond the limit.
    """
    n_found = len(found) + n_hidden
    verb = "matches" if n_found == 1 else "match"
    items = counted(len(columns), "item")
    console.print()
    console.print(Text.assemble("  ", (f"{n_found:,}", "bold"), f" of {items} {verb}"))
    if found:
        console.print(_match_table(columns, found))
    if n_hidden:
        console.print(Text(f"  and {n_hidden:,} more; --limit N shows more", "dim"))
    console.print()


def _match_table(columns: Columns, found: Sequence[tuple[int, Match]]) -> Table:
    table = _table()
    table.add_column("Jaccard", justify="right", no_wrap=True, style="bold")
    table.add_column("contained", justify="right", no_wrap=True)
    table.add_column("relation", no_wrap=True)
    table.add_column("id", no_wrap=True, overflow="ellipsis", max_width=_ID_CELLS, style="cyan")
    table.add_column("text", ratio=1)
    for position, match in found:
        table.add_row(
            f"{match.jaccard:.3f}",
            f"{match.containment:.3f}",
            Text(match.relation.name.lower(), RELATION_STYLES[match.relation]),
            Text(printable(str(match.id))),
            _excerpt(columns, position),
        )
    return table


def _table() -> Table:
    return Table(
        box=box.SIMPLE_HEAD,
        expand=True,
        padding=(0, 1, 0, 0),
        header_style="dim",
        border_style="dim",
    )


def _excerpt(columns: Columns, position: int) -> _Excerpt:
    content = columns.content(position)
    title, _, text = content.partition("\n") if columns.titled else ("", "", content)
    return _Excerpt(one_line(title), one_line(text))


def one_line(text: str) -> str:
    """
    Return the beginning of a text in one line, fit for a terminal.

    Parameters
    ----------
    text : str
        Of a document.

    Returns
    -------
    str
        HTML entities are characters, white space is single spaces, and nothing
        would steer the terminal.
    """
    return printable(" ".join(readable(text[:_WRITTEN_CHARACTERS]).split()))
