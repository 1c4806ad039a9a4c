"""Results for a person at a terminal."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from dedupe_news.phrasing import counted, duration, share
from dedupe_news.records import Relation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import ConsoleOptions, RenderResult

    from dedupe_news.columns import Columns
    from dedupe_news.parts import Cluster, Story, Template
    from dedupe_news.records import Match
    from dedupe_news.results import Clustering

_MOST_CELLS = 160
_BAR_CELLS = 24
_ID_CELLS = 18
_NARROW_CELLS = 60
_LEAST_TEXT_CELLS = 24
_JOINERS = "\u200c\u200d"  # Devanagari and emoji need them
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
    columns = result.columns
    if result.clusters:
        rows = [(cluster, cluster.representative) for cluster in result.clusters[:top]]
        console.print(_groups(columns, rows, "kept", narrow=narrow))
        _say_hidden(console, len(result.clusters) - len(rows), "more cluster")
    if result.stories:
        stories = [(story, story.lead) for story in result.stories[:top]]
        console.print()
        console.print(Text("  the same story: related, and no duplicates", "dim"))
        console.print(_groups(columns, stories, "lead", narrow=narrow))
        _say_hidden(console, len(result.stories) - len(stories), "more story", "more stories")
    if result.n_templates:
        templates = result.templates_between(0, top)
        console.print()
        console.print(Text("  the same template, filled in anew", "dim"))
        console.print(_templates(templates))
        _say_hidden(console, result.n_templates - len(templates), "more template")
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
    if result.bounded:
        console.print()
        console.print(_bounded(result))


def _figures(result: Clustering) -> Table:
    n_documents, n_kept = len(result), len(result.representatives)
    n_duplicates = n_documents - n_kept
    seconds = sum(result.seconds.values())
    sizes = [len(cluster) for cluster in result.clusters]
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim")
    grid.add_column(justify="right", style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row("  documents", f"{n_documents:,}", _bar(n_kept, n_documents))
    grid.add_row("  to keep", Text(f"{n_kept:,}", "bold green"), _share(n_kept, n_documents))
    grid.add_row(
        "  duplicates", Text(f"{n_duplicates:,}", "bold red"), _share(n_duplicates, n_documents)
    )
    grid.add_row("  clusters", f"{len(sizes):,}", _size_range(sizes))
    if result.stories:
        n_related = sum(map(len, result.stories))
        grid.add_row("  stories", f"{len(result.stories):,}", _of(n_related, "the same event"))
    if result.n_templates:
        n_formed = int(np.count_nonzero(result.template_of >= 0))
        grid.add_row("  templates", f"{result.n_templates:,}", _of(n_formed, "filled in anew"))
    grid.add_row("  matches", f"{len(result.matches):,}", _relations(result))
    pace = f"{n_documents / seconds:,.0f} documents a second" if seconds > 0 else ""
    grid.add_row("  time", f"{seconds:.2f} s", Text(pace, "dim"))
    return grid


def _of(n_documents: int, shared: str) -> Text:
    return Text(f"of {counted(n_documents, 'document')}: {shared}", "dim")


def _bar(n_kept: int, n_documents: int) -> Text:
    if n_documents == 0:
        return Text()
    cells = round(_BAR_CELLS * n_kept / n_documents)
    if n_kept < n_documents:
        cells = min(cells, _BAR_CELLS - 1)  # one duplicate among millions is seen
    return Text.assemble(("━" * cells, "green"), ("━" * (_BAR_CELLS - cells), "red"))


def _share(part: int, whole: int) -> Text:
    return Text(share(part, whole), "dim")


def _size_range(sizes: Sequence[int]) -> Text:
    if not sizes:
        return Text()
    least, most = min(sizes), max(sizes)
    extent = f"{least:,}" if least == most else f"{least:,} to {most:,}"
    return Text(f"of {extent} documents", "dim")


def _relations(result: Clustering) -> Text:
    counts = np.bincount(result.matches.relation, minlength=len(Relation))
    parts = [
        Text(f"{int(counts[relation]):,} {relation.name.lower()}", RELATION_STYLES[relation])
        for relation in Relation
        if counts[relation]
    ]
    return Text(", ", "dim").join(parts)


def _bounded(result: Clustering) -> Text:
    bounded = result.bounded
    return Text(
        f"  Work was bounded: {counted(bounded.n_large_buckets, 'large bucket')}, "
        f"{bounded.n_pairs_not_compared:,} pairs within not compared, "
        f"{bounded.n_representatives_passed_over:,} representatives passed over.",
        "yellow",
    )


def _groups(
    columns: Columns, rows: Sequence[tuple[Cluster | Story, int]], lead: str, *, narrow: bool
) -> Table:
    """Return a table of clusters or stories, each with the document that leads it."""
    has_spans = not narrow and any(group.span is not None for group, _ in rows)
    has_sources = not narrow and columns.sources is not None
    table = _table()
    table.add_column("size", justify="right", no_wrap=True, style="bold")
    if has_spans:
        table.add_column("span", justify="right", no_wrap=True)
    if has_sources:
        table.add_column("sources", justify="right", no_wrap=True)
    table.add_column(lead, no_wrap=True, overflow="ellipsis", max_width=_ID_CELLS, style="cyan")
    table.add_column("text", ratio=1)
    for group, first in rows:
        cells: list[str | Text | _Excerpt] = [f"{len(group):,}"]
        if has_spans:
            cells.append("" if group.span is None else duration(group.span))
        if has_sources:
            names = {columns.source_of(member) for member in group.members}
            cells.append(f"{len(names - {None}):,}")
        cells += [Text(printable(str(columns.id_of(first)))), _excerpt(columns, first)]
        table.add_row(*cells)
    return table


def _templates(templates: Sequence[Template]) -> Table:
    table = _table()
    table.add_column("size", justify="right", no_wrap=True, style="bold")
    table.add_column("template", ratio=1)
    for template in templates:
        table.add_row(f"{len(template):,}", _Excerpt("", _one_line(template.pattern)))
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
    documents = counted(len(columns), "document")
    console.print()
    console.print(Text.assemble("  ", (f"{n_found:,}", "bold"), f" of {documents} {verb}"))
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
    return _Excerpt(_one_line(title), _one_line(text))


def _one_line(text: str) -> str:
    return printable(" ".join(text[:_WRITTEN_CHARACTERS].split()))


def printable(text: str) -> str:
    """
    Return a text without characters that would steer the terminal.

    Parameters
    ----------
    text : str
        Of a document.

    Returns
    -------
    str
        As long; each such character is a space.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in _JOINERS else " " for c in text)
