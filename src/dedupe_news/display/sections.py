"""Clusters, stories, templates and pages of them in HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from dedupe_news.display import items, marking, views
from dedupe_news.results import differences
from dedupe_news.results.parts import Cluster, Template
from dedupe_news.results.phrasing import counted, readable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dedupe_news.display.views import Kind, Row
    from dedupe_news.results.differences import Wording
    from dedupe_news.results.parts import Group, Page
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
        is_serious = result.bounded.n_representatives_passed_over > 0
        parts.append(
            Markup('<p class="{}">{}</p>').format("note" if is_serious else "quiet small", note)
        )
    if not result.clusters:
        parts.append(Markup('<p class="quiet">No two items are duplicates.</p>'))
    parts += [
        _section(shown, kind, groups)
        for kind in views.KINDS.values()
        if (groups := getattr(result, kind.name))
    ]
    return Markup().join(parts)


def _section(shown: Page, kind: Kind, groups: Sequence[Group]) -> Markup:
    """Return the groups of one kind on a page; those that are no duplicates open on demand."""
    here = groups[shown.here]
    articles = Markup().join(
        Markup("<article>{}</article>").format(group(one, number))
        for number, one in enumerate(here, start=shown.here.start)
    )
    inner = Markup('<p class="quiet">{}</p>{}').format(kind.says, articles)
    remark = _range(shown, len(here), len(groups))
    if kind.name == "clusters":
        return Markup(
            '<section class="rule"><div class="head"><h3>{}</h3>{}</div>{}</section>'
        ).format(kind.heading, remark, inner)
    heading = f"{kind.heading}: {counted(len(groups), kind.noun, kind.name)}"
    return Markup(
        '<section class="rule"><details><summary class="head-line">{}</summary>{}{}</details>'
        "</section>"
    ).format(heading, remark, inner)


def _range(shown: Page, n_here: int, n_all: int) -> Markup:
    """Return which of all are here, and how to see the next."""
    if n_here == n_all:
        return Markup()
    said: str | Markup = f"all {n_all:,} are on earlier pages"
    if n_here:
        stop = shown.here.start + n_here
        said = f"{shown.here.start + 1:,}–{stop:,} of {n_all:,}, the largest first"
        if stop < n_all:
            size = "" if shown.size == 20 else f", size={shown.size}"  # noqa: PLR2004 - the default
            said = Markup("{}; next: <code>.page({}{})</code>").format(said, shown.number + 1, size)
    return Markup(' <span class="quiet small">{}</span>').format(said)


def group(shown: Group, number: int | None = None) -> Markup:
    """Return a group, `number` among those of its kind: its representative, then the others."""
    kind = views.kind_of(shown)
    address = "" if number is None else f"result.{kind.name}[{number}]"
    parts = [
        Markup('<div class="head"><h4>{}</h4>{}</div>').format(
            views.summary_of(shown),
            Markup(' <span class="quiet small"><code>{}</code></span>').format(address)
            if address
            else "",
        )
    ]
    if isinstance(shown, Template):
        parts.append(_pattern(shown))
    if shown.result is not None:
        parts.append(_rows(shown, kind))
    return Markup().join(parts)


def _pattern(template: Template) -> Markup:
    """Return the constant words of a template, and what varies."""
    pattern = Markup('<p class="text pattern">{}</p>').format(readable(template.pattern))
    if not template.variants:
        return pattern
    variants = Markup("; ").join(
        Markup("“{}”").format(variant or "nothing") for variant in views.variants_of(template)
    )
    return pattern + Markup('<p class="quiet small">… is {}</p>').format(variants)


def _rows(shown: Group, kind: Kind) -> Markup:
    """Return the items of a group; past a few they are folded away."""
    result: Clustering = shown.result
    rows = views.rows_of(shown)
    drawn = rows[: 1 + _MOST_ROWS]
    columns = result.columns
    contents = [columns.content(row.place) for row in drawn]
    wordings = differences.read(contents, result.config, titled=columns.titled)
    first = Markup('<div class="doc kept">{}{}</div>').format(
        items.line(drawn[0].role, [*items.about(columns, drawn[0].place), _stands_for(drawn[0])]),
        items.content(marking.plain(contents[0]), titled=columns.titled),
    )
    sentences = [""] * len(drawn)
    if isinstance(shown, Cluster):  # other groups have no pairs of known probability
        sentences[1:] = views.sentences_of(result, drawn[0].place, drawn[1:])
    others = [
        Markup('<li class="doc">{}{}</li>').format(
            _head(result, row, drawn[0], why), _text(result, kind, wordings[0], wording)
        )
        for row, wording, why in list(zip(drawn, wordings, sentences, strict=True))[1:]
    ]
    opened = Markup('<ol class="members">{}</ol>').format(Markup().join(others[:_OPEN_ROWS]))
    folded = others[_OPEN_ROWS:]
    if not folded:
        return first + opened
    n_hidden, noun = len(rows) - len(drawn), f"more {kind.row_noun}"
    more: Markup | str = ""
    if n_hidden:
        more = Markup('<p class="quiet small">and {}, at <code>{}</code></p>').format(
            counted(n_hidden, noun), kind.where
        )
    fold = Markup(
        '<div class="members"><details><summary class="quiet small">{}</summary>'
        "<ol>{}</ol>{}</details></div>"
    ).format(counted(len(folded) + n_hidden, noun), Markup().join(folded), more)
    return first + opened + fold


def _stands_for(row: Row) -> str:
    return f"stands for {counted(row.n_duplicates, 'duplicate')}" if row.n_duplicates else ""


def _head(result: Clustering, row: Row, first: Row, why: str) -> Markup:
    """Return what is known of an item beside the representative; it opens to say why."""
    time = views.delay(result.columns, first.place, row.place)
    facts = [*items.about(result.columns, row.place, time=time), _stands_for(row)]
    if not why:
        return items.line(row.role, facts)
    membership = result.membership
    return Markup(
        '<details class="why"><summary class="meta">{}</summary><p>{}</p>'
        '<p class="quiet small">Jaccard {:.2f}, containment {:.2f}, probability {:.2f}</p>'
        "</details>"
    ).format(
        items.facts(row.role, facts),
        why,
        membership.jaccard[row.place],
        membership.containment[row.place],
        membership.probability[row.place],
    )


def _text(result: Clustering, kind: Kind, first: Wording, wording: Wording) -> Markup:
    """Return what an item says, marked where it differs from the representative."""
    titled = result.columns.titled
    if not kind.is_marked:
        return items.content(marking.plain(wording.text), titled=titled)
    changes = differences.changes(first, wording)
    if not changes:
        return Markup('<p class="text quiet">the same words</p>')
    pieces = marking.both(first.text, wording.text, changes)
    return items.content(pieces, titled=titled, context=_CONTEXT)
