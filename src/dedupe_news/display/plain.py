"""Clusters, stories, templates, pages and items in plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dedupe_news.display import views
from dedupe_news.display.marking import readable
from dedupe_news.results.parts import Template
from dedupe_news.results.phrasing import counted, moment, printable

if TYPE_CHECKING:
    from dedupe_news._input.columns import Columns
    from dedupe_news.display.page import Page
    from dedupe_news.results.parts import Group
    from dedupe_news.results.selection import Items

_MOST_ROWS = 20
_MOST_CHARACTERS = 100


def of_group(group: Group) -> str:
    """Return a group as lines: what it is, its representative, then the others."""
    kind = views.kind_of(group)
    lines = [f"{kind.noun.capitalize()}: {views.summary_of(group)}"]
    if isinstance(group, Template):
        lines.append(f"  {readable(group.pattern)}")
        lines += [f"    … = {variant}" for variant in views.variants_of(group)]
    columns: Columns = group.result.columns
    rows = views.rows_of(group)
    width = max(len(row.role) for row in rows)
    for row in rows[:_MOST_ROWS]:
        when = columns.published_at(row.position)
        stamp = (
            views.delay(columns, group.representative_position, row.position)
            if row.position != group.representative_position
            else moment(when)
            if when is not None
            else ""
        )
        facts = [
            stamp,
            columns.source_of(row.position) or "",
            counted(row.n_duplicates, "duplicate") if row.n_duplicates else "",
            excerpt(columns.content(row.position)),
        ]
        lines.append(f"  {row.role:{width}s}  {' | '.join(fact for fact in facts if fact)}")
    hidden = len(rows) - _MOST_ROWS
    if hidden > 0:
        lines.append(
            f"  and {counted(hidden, f'more {kind.row_noun}')}, at {kind.noun}{kind.where}"
        )
    return "\n".join(map(printable, lines))


def of_page(page: Page) -> str:
    """Return a page as lines: its clusters, then its stories, then its templates."""
    result = page.result
    lines = [result.summary(), f"page {page.number:,} of {page.n_pages:,}, the largest first"]
    groups: list[Any] = [*page.clusters, *page.stories, *page.templates]
    return "\n\n".join(["\n".join(lines), *map(of_group, groups)])


def of_items(items: Items[Any]) -> str:
    """Return the first few items that are kept or removed, a line for each."""
    lines = [f"{counted(len(items), 'item')} {items.verb}"]
    for row in items[:_MOST_ROWS]:
        said = f" (duplicate of {row.duplicate_of})" if hasattr(row, "duplicate_of") else ""
        lines.append(f"  {row.item}{said}  {excerpt(row.text)}")
    if len(items) > _MOST_ROWS:
        hidden = counted(len(items) - _MOST_ROWS, "more item")
        lines.append(f"  and {hidden}; .to_frame() has all")
    return "\n".join(map(printable, lines))


def excerpt(text: str) -> str:
    """Return the beginning of a text in one line."""
    line = " ".join(readable(text).split())
    return line if len(line) <= _MOST_CHARACTERS else line[: _MOST_CHARACTERS - 1] + "…"
