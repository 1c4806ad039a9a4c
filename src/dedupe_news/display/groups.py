"""Clusters, stories, templates and pages of them in HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from dedupe_news.display import items, marking, views
from dedupe_news.results import differences
from dedupe_news.results.parts import Cluster, Template
from dedupe_news.results.phrasing import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dedupe_news.display.page import Page
    from dedupe_news.display.views import Kind, Row
    from dedupe_news.results.differences import Wording
    from dedupe_news.results.parts import Group
    from dedupe_news.results.result import Clustering

_OPEN_ROWS = 3
_MOST_ROWS = 30
_CONTEXT = 160


def page(shown: Page) -> Markup:
    """Return a page of a result: its figures, clusters, stories and templates."""
    result = shown.result
    parts = [items.figures(views.figures_of(result))]
    note = views.note_on_bounded(result)
    if note:
        parts.append(Markup('<p class="note">{}</p>').format(note))
    if not result.clusters:
        parts.append(Markup('<p class="quiet">No two items are duplicates.</p>'))
    parts += [
        _section(shown, kind) for kind in views.KINDS.values() if views.n_groups(result, kind)
    ]
    return Markup().join(parts)


def _section(shown: Page, kind: Kind) -> Markup:
    """Return the groups of one kind on a page; those that are no duplicates open on demand."""
    n_all = views.n_groups(shown.result, kind)
    here = views.groups_between(shown.result, kind, shown.first, shown.first + shown.size)
    articles = Markup().join(
        Markup("<article>{}</article>").format(group(one, place))
        for place, one in enumerate(here, start=shown.first)
    )
    inner = Markup('<p class="quiet">{}</p>{}').format(kind.says, articles)
    remark = _range(shown, len(here), n_all)
    if kind.name == "clusters":
        return Markup(
            '<section class="rule"><div class="head"><h3>{}</h3>{}</div>{}</section>'
        ).format(kind.heading, remark, inner)
    heading = f"{kind.heading}: {counted(n_all, kind.noun, kind.name)}"
    return Markup(
        '<section class="rule"><details><summary class="head-line">{}</summary>{}{}</details>'
        "</section>"
    ).format(heading, remark, inner)


def _range(shown: Page, n_here: int, n_all: int) -> Markup:
    """Return which of all are here, and how to see the next."""
    if n_here == n_all:
        said: str | Markup = ""
    elif not n_here:
        said = f"all {n_all:,} are on earlier pages"
    else:
        said = f"{shown.first + 1:,}–{shown.first + n_here:,} of {n_all:,}, the largest first"
        if shown.first + n_here < n_all:
            size = "" if shown.size == 20 else f", size={shown.size}"  # noqa: PLR2004 - the default
            said = Markup("{}; next: <code>.page({}{})</code>").format(said, shown.number + 1, size)
    return Markup(' <span class="quiet small">{}</span>').format(said) if said else Markup()


def group(shown: Group, number: int | None = None) -> Markup:
    """
    Return a group: its representative, then the others; past a few they are folded away.

    `number` is its place among those of its kind.
    """
    kind = views.kind_of(shown)
    place = (
        Markup()
        if number is None
        else Markup(' <span class="quiet small"><code>result.{}[{}]</code></span>').format(
            kind.name, number
        )
    )
    parts = [Markup('<div class="head"><h4>{}</h4>{}</div>').format(views.summary_of(shown), place)]
    if isinstance(shown, Template):
        parts.append(_pattern(shown))
    if shown.result is not None:
        parts.append(_rows(shown, kind))
    return Markup().join(parts)


def _pattern(template: Template) -> Markup:
    """Return the constant words of a template, and what varies."""
    pattern = Markup('<p class="text pattern">{}</p>').format(marking.readable(template.pattern))
    if not template.variants:
        return pattern
    variants = Markup("; ").join(
        Markup("“{}”").format(variant or "nothing") for variant in views.variants_of(template)
    )
    return pattern + Markup('<p class="quiet small">… is {}</p>').format(variants)


def _rows(shown: Group, kind: Kind) -> Markup:
    """Return the items of a group."""
    result = shown.result
    columns = result.columns
    rows = views.rows_of(shown)
    drawn = rows[: 1 + _MOST_ROWS]
    contents = [columns.content(row.position) for row in drawn]
    wordings = differences.read(contents, result.config, titled=columns.titled)
    first = Markup('<div class="doc kept">{}{}</div>').format(
        items.line(
            drawn[0].role, [*items.about(columns, drawn[0].position), _stands_for(drawn[0])]
        ),
        items.content(marking.plain(contents[0]), titled=columns.titled),
    )
    sentences = _sentences(shown, drawn[1:])
    others = [
        _row(shown, row, wordings[0], wording, why)
        for row, wording, why in zip(drawn[1:], wordings[1:], sentences, strict=True)
    ]
    n_hidden = len(rows) - len(drawn)
    noun = f"more {kind.row_noun}"
    opened = Markup("<ol class='members'>{}</ol>").format(Markup().join(others[:_OPEN_ROWS]))
    folded = others[_OPEN_ROWS:]
    if not folded:
        return first + opened
    more = (
        Markup('<p class="quiet small">and {}, at <code>{}</code></p>').format(
            counted(n_hidden, noun), kind.where
        )
        if n_hidden
        else ""
    )
    return (
        first
        + opened
        + Markup(
            '<div class="members"><details><summary class="quiet small">{}</summary>'
            "<ol>{}</ol>{}</details></div>"
        ).format(counted(len(folded) + n_hidden, noun), Markup().join(folded), more)
    )


def _stands_for(row: Row) -> str:
    return f"stands for {counted(row.n_duplicates, 'duplicate')}" if row.n_duplicates else ""


def _row(shown: Group, row: Row, first: Wording, wording: Wording, why: str) -> Markup:
    """Return an item beside the representative of its group."""
    result, position = shown.result, row.position
    columns = result.columns
    time = views.delay(columns, shown.representative_position, position)
    facts: list[Markup | str] = [*items.about(columns, position, time=time), _stands_for(row)]
    if isinstance(shown, Cluster) and position != shown.representative_position:
        facts += _scores(result, position)
    is_marked = views.kind_of(shown).is_marked
    found = (
        differences.changes(first, wording, differences.aligned(first, wording))
        if is_marked
        else []
    )
    if found:
        marked = marking.both(first.text, wording.text, found)
        text = items.content(marking.shorten(marked, _CONTEXT), titled=columns.titled)
    elif is_marked:
        text = Markup('<p class="text quiet">the same words</p>')
    else:
        text = items.content(marking.plain(wording.text), titled=columns.titled)
    reason = (
        Markup(
            '<details class="why"><summary class="quiet small">why?</summary><p>{}</p></details>'
        ).format(why)
        if why
        else ""
    )
    return Markup('<li class="doc">{}{}{}</li>').format(items.line(row.role, facts), text, reason)


def _scores(result: Clustering, position: int) -> list[str]:
    membership = result.membership
    return [
        f"Jaccard {membership.jaccard[position]:.2f}",
        f"probability {membership.probability[position]:.2f}",
    ]


def _sentences(shown: Group, rows: Sequence[Row]) -> list[str]:
    """Return why each row is a duplicate; other groups have no pairs of known probability."""
    if not isinstance(shown, Cluster):
        return [""] * len(rows)
    return views.sentences_of(shown.result, shown.representative_position, rows)
