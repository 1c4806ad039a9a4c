"""Results for a person at a terminal, in tables."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from dedupe_news.display import marking, views
from dedupe_news.results.matches import NO_RELATION
from dedupe_news.results.parts import Template
from dedupe_news.results.phrasing import counted, duration, one_line, printable
from dedupe_news.results.records import Relation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import ConsoleOptions, RenderableType, RenderResult

    from dedupe_news._input.columns import Columns
    from dedupe_news.display.marking import Piece
    from dedupe_news.results.differences import Change
    from dedupe_news.results.parts import Group
    from dedupe_news.results.records import Comparison, Difference, Match
    from dedupe_news.results.result import Clustering

_MOST_CELLS = 160
_BAR_CELLS = 24
_NARROW_CELLS = 60
_LEAST_TEXT_CELLS = 24
_SIDE_BY_SIDE_CELLS = 70
_READ_CHARACTERS = 400
_RELATION_STYLES = dict(
    zip(Relation, ["green", "cyan", "yellow", "yellow", "blue", "magenta"], strict=True)
)
_VERDICT_STYLES = {"duplicate": "green", "related": "blue", "template": "magenta", "none": "red"}
_MOST_REASONS = 6
_FIGURE_STYLES = {"kept": "bold green", "duplicates": "bold red"}
_COLUMN_KINDS: dict[str, dict[str, Any]] = {
    "size": {"justify": "right", "no_wrap": True, "style": "bold"},
    "number": {"justify": "right", "no_wrap": True},
    "word": {"no_wrap": True},
    "id": {"no_wrap": True, "overflow": "ellipsis", "max_width": 18, "style": "cyan"},
    "text": {"ratio": 1},
}
_Columns: TypeAlias = "dict[str, tuple[str, Sequence[RenderableType]]]"
_MARK_STYLES = {"same": "", "delete": "red strike", "insert": "green underline"}


class _Lines:
    """A text in no more than so many lines, the last of which then ends in an ellipsis."""

    def __init__(self, text: Text, most: int = 2) -> None:
        self.text, self.most = text, most

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = options.max_width
        lines = list(self.text.wrap(console, width))
        if len(lines) > self.most:
            last = lines[self.most - 1]
            last.rstrip()
            last.append(" ").append_text(lines[self.most])
            last.truncate(width, overflow="ellipsis")
            if not last.plain.endswith("…"):  # the next line is that short
                last.truncate(width - 2)
                last.append(" …")
        yield from lines[: self.most]

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(min(_LEAST_TEXT_CELLS, options.max_width), options.max_width)


def console() -> Console:
    """Return what prints to a person, not so wide that lines are hard to follow."""
    made = Console(highlight=False, soft_wrap=False)
    made.width = min(made.width, _MOST_CELLS)
    return made


def show_clustering(console: Console, result: Clustering, top: int) -> None:
    """Print the figures of a run and its `top` largest clusters, stories and templates."""
    show_figures(console, result)
    for kind in views.KINDS.values():
        every: Sequence[Group] = getattr(result, kind.name)
        if not every:
            continue
        groups = every[:top]
        console.print()
        heading = Text.assemble((kind.heading, "bold"), "  ", (kind.says, "dim"))
        console.print(Padding(heading, (0, 2)))
        if groups:
            console.print(_group_table(groups, narrow=console.width < _NARROW_CELLS))
        if len(every) > len(groups):
            hidden = counted(len(every) - len(groups), f"more {kind.noun}", f"more {kind.name}")
            console.print(Text(f"  and {hidden}; --output FILE for all, --top N for more", "dim"))
    console.print()


def show_figures(console: Console, result: Clustering) -> None:
    """Print the figures of a run, and what of the work was bounded."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim")
    grid.add_column(justify="right", style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value, remark in views.figures_of(result):
        beside = Text(remark, "dim")
        if name == "items":
            beside = _bar(len(result.representatives), len(result))
        elif name == "clusters":
            beside = _relations(result)
        grid.add_row(f"  {name}", Text(value, _FIGURE_STYLES.get(name, "bold")), beside)
    seconds = sum(result.seconds.values())
    pace = f"{len(result) / seconds:,.0f} items a second" if seconds > 0 else ""
    grid.add_row("  time", f"{seconds:.2f} s", Text(pace, "dim"))
    console.print()
    console.print(grid)
    if note := views.note_on_bounded(result):
        console.print()
        console.print(Padding(Text(note, "yellow"), (0, 2)))


def _bar(n_kept: int, n_items: int) -> Text:
    """Return a bar of the items kept and removed."""
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
    there = (relation for relation in Relation if counts[relation])
    return Text(", ", "dim").join(_relation(each, f"{int(counts[each]):,} ") for each in there)


def _group_table(groups: Sequence[Group], *, narrow: bool) -> Table:
    """Return a table of groups of one kind, each with its representative."""
    columns: Columns = groups[0].result.columns
    table: _Columns = {"items": ("size", [f"{len(group):,}" for group in groups])}
    if not narrow and any(group.span is not None for group in groups):
        spans = (group.span for group in groups)
        table["over"] = ("number", ["" if span is None else duration(span) for span in spans])
    if not narrow and columns.sources is not None:
        table["sources"] = ("number", [f"{views.n_sources(group):,}" for group in groups])
    if not narrow:
        table["id"] = ("id", [_id(group.representative) for group in groups])
    table["representative"] = (
        "text",
        [
            _Lines(Text(_one_line(group.pattern)))
            if isinstance(group, Template) and group.pattern.strip("… ")
            else _excerpt(columns, group.result.first_of(group))
            for group in groups
        ],
    )
    return _table(table)


def show_matches(
    console: Console, columns: Columns, matches: Sequence[tuple[int, Match]], n_matches: int
) -> None:
    """Print the first of the items that match a text, with their positions, best first."""
    verb = "matches" if n_matches == 1 else "match"
    items = counted(len(columns), "item")
    console.print()
    console.print(Text.assemble("  ", (f"{n_matches:,}", "bold"), f" of {items} {verb}"))
    if matches:
        found = [match for _, match in matches]
        table: _Columns = {
            "Jaccard": ("size", [f"{match.jaccard:.3f}" for match in found]),
            "contained": ("number", [f"{match.containment:.3f}" for match in found]),
            "relation": ("word", [_relation(match.relation) for match in found]),
            "id": ("id", [_id(match.id) for match in found]),
            "text": ("text", [_excerpt(columns, position) for position, _ in matches]),
        }
        console.print(_table(table))
    if n_matches > len(matches):
        hidden = f"{n_matches - len(matches):,} more; --limit N shows more"
        console.print(Text(f"  and {hidden}", "dim"))
    console.print()


def show_comparison(console: Console, compared: Comparison) -> None:
    """Print how two items are related."""
    shares = ", ".join(f"{name} {value:.3f}" for name, value in compared.probabilities.items())
    verdict, colon, facts = compared.why.partition(":")
    style = f"bold {_VERDICT_STYLES[compared.verdict]}"
    said = Text.assemble((verdict + colon, style), printable(facts))
    scores = f"Jaccard {compared.jaccard:.3f}, containment {compared.containment:.3f}"
    console.print()
    console.print(Padding(said, (0, 2)))
    console.print(Text(f"  probability: {shares}\n  {scores}\n", "dim"))
    show_sides(console, (compared.left, compared.right), compared.differences)
    if compared.reasons:
        console.print()
        console.print(_reasons(compared))
    console.print()


def _reasons(compared: Comparison) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", no_wrap=True)
    table.add_column()
    table.add_column(justify="right", style="dim")
    for reason in compared.reasons[:_MOST_REASONS]:
        style = "green" if reason.contribution > 0 else "red"
        table.add_row(
            Text(f"  {reason.contribution:+.2f}".replace("-", "−"), style),
            reason.feature.replace("_", " "),
            f"{reason.value:.2f}",
        )
    n_hidden = len(compared.reasons) - _MOST_REASONS
    if n_hidden > 0:
        table.add_row("", Text(f"and {n_hidden} that weigh less; in a pipe, all of them", "dim"))
    return table


def show_sides(
    console: Console,
    texts: tuple[str, str],
    changes: Sequence[Change | Difference],
    heads: tuple[str, str] = ("", ""),
    n_lines: int = sys.maxsize,
) -> None:
    """
    Print two texts beside one another, or one above the other where there is no room.

    No more than `n_lines` of either; `changes` are where the words differ.
    """
    left, right = (
        Text.assemble((head and f"{printable(head)}\n", "dim"), *map(_marked, pieces))
        for head, pieces in zip(heads, marking.sides(texts, changes), strict=True)
    )
    grid = Table.grid(padding=(0, 2), expand=True)
    if console.width < _SIDE_BY_SIDE_CELLS:
        for side in (_Lines(left, n_lines // 2), "", _Lines(right, n_lines // 2), ""):
            grid.add_row(side)
    else:
        grid.add_column(width=0)
        grid.add_column(ratio=1)
        grid.add_column(ratio=1)
        grid.add_row("", _Lines(left, n_lines), _Lines(right, n_lines))
    console.print(grid)


def _marked(piece: Piece) -> tuple[str, str]:
    """Return a piece of a text, struck or underlined where another text does not have it."""
    lines = piece.text.split("\n")
    return "\n".join(map(printable, lines)), _MARK_STYLES[piece.kind]


def _table(columns: _Columns) -> Table:
    """Return a table of columns by name, each of a kind."""
    table = Table(box=box.SIMPLE_HEAD, expand=True, padding=(0, 1, 0, 0), header_style="dim")
    table.border_style = "dim"
    for name, (kind, _) in columns.items():
        table.add_column(name, **_COLUMN_KINDS[kind])
    for cells in zip(*(cells for _, cells in columns.values()), strict=True):
        table.add_row(*cells)
    return table


def _excerpt(columns: Columns, position: int) -> RenderableType:
    """Return a title on one line and its text on the next, or a text on two."""
    content = columns.content(position)
    title, _, text = content.partition("\n") if columns.titled else ("", "", content)
    if not title.strip():
        return _Lines(Text(_one_line(text)))
    lines = ((_one_line(title), "bold"), "\n", (_one_line(text), "dim"))
    excerpt = Text.assemble(*lines, no_wrap=True, overflow="ellipsis")
    excerpt.rstrip()
    return excerpt


def _id(value: object) -> Text:
    return Text(printable(str(value)))


def _relation(relation: Relation, words: str = "") -> Text:
    return Text(words + relation.name.lower(), _RELATION_STYLES[relation])


def _one_line(text: str) -> str:
    """Return the beginning of a text in one line, fit for a terminal."""
    return one_line(text[:_READ_CHARACTERS])
