"""Clusters, stories, templates, pages and items in plain text."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from dedupe_news.display import views
from dedupe_news.results.keeping import Items
from dedupe_news.results.parts import Group, Page, Template
from dedupe_news.results.phrasing import counted, moment, one_line, single_line

if TYPE_CHECKING:
    from dedupe_news.results.result import Clustering

_MOST_ROWS = 20
MOST_CHARACTERS = 100
"""Characters of a text that stand in a line."""


@functools.singledispatch
def text(shown: object) -> str:
    """Return an object as lines."""
    raise NotImplementedError(type(shown))


@text.register
def _of_group(group: Group) -> str:
    """Return what a group is, its representative, then the others."""
    kind = views.kind_of(group)
    lines = [f"{kind.noun.capitalize()}: {views.summary_of(group)}"]
    if isinstance(group, Template):
        lines.append(f"  {one_line(group.pattern)}")
        lines += [f"    … = {variant}" for variant in views.variants_of(group)]
    if group.result is None:  # taken out of it: the texts are gone
        return "\n".join([*lines, *(f"  {single_line(id_)}" for id_ in group.members)])
    result: Clustering = group.result
    columns, first = result.columns, result.first_of(group)
    rows = views.rows_of(group)
    width = max(len(row.role) for row in rows)
    for row in rows[:_MOST_ROWS]:
        when = columns.published_at(row.place)
        if row.place != first:
            stamp = views.delay(columns, first, row.place)
        else:
            stamp = "" if when is None else moment(when)
        facts = [
            stamp,
            one_line(columns.source_of(row.place) or ""),
            counted(row.n_duplicates, "duplicate") if row.n_duplicates else "",
            one_line(columns.content(row.place), MOST_CHARACTERS),
        ]
        lines.append(f"  {row.role:{width}s}  {' | '.join(filter(None, facts))}")
    n_hidden = len(rows) - _MOST_ROWS
    if n_hidden > 0:
        hidden = counted(n_hidden, f"more {kind.row_noun}")
        lines.append(f"  and {hidden}, at {kind.noun}{kind.where}")
    return "\n".join(lines)


@text.register
def _of_page(page: Page) -> str:
    """Return the clusters of a page, then its stories, then its templates."""
    head = f"{page.result.summary()}\npage {page.number:,} of {page.n_pages:,}, the largest first"
    groups = [*page.clusters, *page.stories, *page.templates]
    return "\n\n".join([head, *map(text, groups)])


@text.register
def _of_items(items: Items) -> str:  # type: ignore[type-arg]
    """Return the first few items that are kept or removed."""
    lines = [f"{counted(len(items), 'item')} {items.verb}"]
    for row in items[:_MOST_ROWS]:
        other = getattr(row, "duplicate_of", None)
        said = "" if other is None else f" (duplicate of {single_line(other)})"
        lines.append(f"  {single_line(row.item)}{said}  {one_line(row.text, MOST_CHARACTERS)}")
    if len(items) > _MOST_ROWS:
        hidden = counted(len(items) - _MOST_ROWS, "more item")
        lines.append(f"  and {hidden}; .to_frame() has all")
    return "\n".join(lines)
