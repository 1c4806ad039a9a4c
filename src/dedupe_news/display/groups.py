"""Clusters, stories, templates and pages of them in HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup

from dedupe_news import differences
from dedupe_news.display import documents, marking
from dedupe_news.display.facts import delay, order_of, reports_of, summary_of
from dedupe_news.phrasing import counted, share
from dedupe_news.records import Relation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dedupe_news.display.page import Page
    from dedupe_news.parts import Cluster, Story, Template
    from dedupe_news.results import Clustering

_OPEN_MEMBERS = 3
_MOST_MEMBERS = 30
_CONTEXT = 160
_MOST_EXAMPLES = 10


def page(shown: Page) -> Markup:
    """
    Return a page of a result: its figures, clusters, stories and templates.

    Parameters
    ----------
    shown : Page
        The page.

    Returns
    -------
    markupsafe.Markup
        With every text escaped.
    """
    result = shown.result
    parts = [_summary(result)]
    if result.clusters:
        heading = _range("Clusters", shown, len(shown.clusters), len(result.clusters))
        parts.append(Markup('<section class="rule">{}').format(heading))
        parts += [
            Markup("<article>{}</article>").format(cluster(one, place))
            for place, one in enumerate(shown.clusters, start=shown.first)
        ]
        parts.append(Markup("</section>"))
    else:
        parts.append(Markup('<p class="quiet">No two documents are duplicates.</p>'))
    if result.stories:
        parts.append(_stories_of(shown))
    if result.n_templates:
        parts.append(_templates_of(shown))
    return Markup().join(parts)


def _summary(result: Clustering) -> Markup:
    n_documents, n_kept = len(result), len(result.representatives)
    figures = [
        ("Documents", f"{n_documents:,}", f"in {sum(result.seconds.values()):.1f} s"),
        ("To keep", f"{n_kept:,}", share(n_kept, n_documents)),
        ("Duplicates", f"{n_documents - n_kept:,}", share(n_documents - n_kept, n_documents)),
        ("Clusters", f"{len(result.clusters):,}", ""),
    ]
    if result.stories:
        remark = f"of {counted(_n_in_stories(result), 'document')}"
        figures.append(("Stories", f"{len(result.stories):,}", remark))
    if result.n_templates:
        remark = f"of {counted(_n_in_templates(result), 'document')}"
        figures.append(("Templates", f"{result.n_templates:,}", remark))
    parts = [documents.figures(figures)]
    if result.bounded:
        parts.append(
            Markup(
                '<p class="note">Work was bounded: {}; {:,} pairs within not compared, '
                "{:,} representatives passed over.</p>"
            ).format(
                counted(result.bounded.n_large_buckets, "large bucket"),
                result.bounded.n_pairs_not_compared,
                result.bounded.n_representatives_passed_over,
            )
        )
    return Markup().join(parts)


def _range(noun: str, shown: Page, n_shown: int, n_all: int) -> Markup:
    if n_shown == n_all:
        return Markup('<div class="head"><h3>{}</h3></div>').format(noun)
    if not n_shown:
        return Markup(
            '<div class="head"><h3>{}</h3> <span class="quiet small">all {:,} are on earlier '
            "pages</span></div>"
        ).format(noun, n_all)
    here = f"{shown.first + 1:,}–{shown.first + n_shown:,} of {n_all:,}, the largest first"
    size = "" if shown.size == 20 else f", size={shown.size}"  # noqa: PLR2004 - the default
    following: str | Markup = ""
    if shown.first + n_shown < n_all:
        following = Markup("; next: <code>.page({}{})</code>").format(shown.number + 1, size)
    return Markup(
        '<div class="head"><h3>{}</h3> <span class="quiet small">{}{}</span></div>'
    ).format(noun, here, following)


def cluster(shown: Cluster, number: int | None = None) -> Markup:
    """
    Return a cluster: the document to keep, then how the others differ from it.

    Parameters
    ----------
    shown : Cluster
        With its result.
    number : int, optional
        Its place in ``result.clusters``.

    Returns
    -------
    markupsafe.Markup
        Past a few documents, the others are folded away.
    """
    result = shown.result
    columns = result.columns
    kept, *others = order_of(shown)
    drawn = others[:_MOST_MEMBERS]
    contents = [columns.content(member) for member in (kept, *drawn)]
    wording, *wordings = differences.read(contents, result.config, titled=columns.titled)
    place = "" if number is None else Markup("<code>.clusters[{}]</code>").format(number)
    parts = [
        Markup(
            '<div class="head"><h4>{}</h4> <span class="quiet small">{}</span></div>'
            '<div class="doc kept">{}{}</div>'
        ).format(
            summary_of(shown),
            place,
            documents.line("keep", documents.about(columns, kept)),
            documents.content([marking.Piece("same", wording.text)], titled=columns.titled),
        )
    ]
    members = [
        _member(result, kept, member, wording, other)
        for member, other in zip(drawn, wordings, strict=True)
    ]
    parts.append(_members(members, len(others), "document", ".members"))
    return Markup().join(parts)


def _member(
    result: Clustering,
    kept: int,
    member: int,
    wording: differences.Wording,
    other: differences.Wording,
) -> Markup:
    columns, own = result.columns, result.membership
    found = differences.changes(wording, other)
    marked = marking.both(wording.text, other.text, found)
    text = (
        documents.content(marking.shorten(marked, _CONTEXT), titled=columns.titled)
        if found
        else Markup('<p class="text quiet">the same words</p>')
    )
    facts = [
        *documents.about(columns, member, time=delay(columns, kept, member) or None),
        f"Jaccard {own.jaccard[member]:.2f}" if found else "",
        f"probability {own.probability[member]:.2f}",
    ]
    relation = Relation(int(own.relation[member])).name.lower()
    return Markup('<li class="doc">{}{}</li>').format(documents.line(relation, facts), text)


def _n_in_stories(result: Clustering) -> int:
    return sum(map(len, result.stories))


def _n_in_templates(result: Clustering) -> int:
    return int(np.count_nonzero(result.template_of >= 0))


def _folded(heading: str, remark: str, range_: Markup, items: Sequence[Markup]) -> Markup:
    """Return a section of a page that opens on demand."""
    rows = Markup().join(Markup("<article>{}</article>").format(item) for item in items)
    return Markup(
        '<section class="rule"><details><summary class="head-line">{}</summary>'
        '<p class="quiet">{}</p>{}{}</details></section>'
    ).format(heading, remark, range_, rows)


def _stories_of(shown: Page) -> Markup:
    result = shown.result
    here = shown.stories
    return _folded(
        counted(len(result.stories), "story", "stories"),
        "The same event in reports of their own, which are no duplicates of each other. "
        f"These {_n_in_stories(result):,} documents belong together.",
        _range("Stories", shown, len(here), len(result.stories)),
        [story(one, place) for place, one in enumerate(here, start=shown.first)],
    )


def _templates_of(shown: Page) -> Markup:
    result = shown.result
    here = shown.templates
    return _folded(
        counted(result.n_templates, "template"),
        "One text, filled in anew each time. "
        f"These {_n_in_templates(result):,} documents are no duplicates of each other.",
        _range("Templates", shown, len(here), result.n_templates),
        [template(one) for one in here],
    )


def story(shown: Story, number: int | None = None) -> Markup:
    """
    Return a story: its lead, then the reports that are related to it.

    Parameters
    ----------
    shown : Story
        With its result.
    number : int, optional
        Its place in ``result.stories``.

    Returns
    -------
    markupsafe.Markup
        Past a few reports, the others are folded away.
    """
    columns = shown.result.columns
    reports = reports_of(shown)
    items = []
    for kept, n_documents in reports[:_MOST_MEMBERS]:
        is_lead = kept == reports[0].kept
        facts = [
            *documents.about(columns, kept),
            counted(n_documents - 1, "duplicate") if n_documents > 1 else "",
        ]
        items.append(
            Markup("{}{}").format(
                documents.line("lead" if is_lead else "related", facts),
                documents.content(
                    [marking.Piece("same", columns.content(kept))], titled=columns.titled
                ),
            )
        )
    lead, *others = items
    place = "" if number is None else Markup("<code>.stories[{}]</code>").format(number)
    return Markup(
        '<div class="head"><h4>{}</h4> <span class="quiet small">{}</span></div>'
        '<div class="doc kept">{}</div>{}'
    ).format(
        summary_of(shown),
        place,
        lead,
        _members(
            [Markup('<li class="doc">{}</li>').format(item) for item in others],
            len(reports) - 1,
            "report",
            ".clusters",
        ),
    )


def _members(items: Sequence[Markup], n_all: int, noun: str, where: str) -> Markup:
    """Return the members beside the first; past a few they are folded away and counted."""
    opened = Markup("<ol class='members'>{}</ol>").format(Markup().join(items[:_OPEN_MEMBERS]))
    folded = items[_OPEN_MEMBERS:]
    if not folded:
        return opened
    rest = n_all - len(items)
    more = (
        Markup('<p class="quiet small">and {}, at <code>{}</code></p>').format(
            counted(rest, f"more {noun}"), where
        )
        if rest
        else ""
    )
    return opened + Markup(
        '<div class="members"><details><summary class="quiet small">{}</summary>'
        "<ol>{}</ol>{}</details></div>"
    ).format(counted(n_all - _OPEN_MEMBERS, f"more {noun}"), Markup().join(folded), more)


def template(shown: Template) -> Markup:
    """
    Return a template: its pattern, and what varies.

    Parameters
    ----------
    shown : Template
        With or without its result.

    Returns
    -------
    markupsafe.Markup
        The first few documents are folded away.
    """
    parts = [Markup('<h4>{}</h4><p class="text">{}</p>').format(summary_of(shown), shown.pattern)]
    if shown.variants:
        parts.append(
            Markup('<p class="quiet small">… is {}</p>').format(
                Markup("; ").join(
                    Markup("“{}”").format(variant or "nothing") for variant in shown.variants
                )
            )
        )
    if shown.result is not None:
        parts.append(_examples(shown.result, shown.members))
    return Markup().join(parts)


def _examples(result: Clustering, members: Sequence[int]) -> Markup:
    columns = result.columns
    drawn = members[:_MOST_EXAMPLES]
    items = [
        Markup('<li class="doc">{}{}</li>').format(
            documents.line("", documents.about(columns, member)),
            documents.content(
                [marking.Piece("same", columns.content(member))], titled=columns.titled
            ),
        )
        for member in drawn
    ]
    label = (
        counted(len(members), "document")
        if len(drawn) == len(members)
        else f"{len(drawn)} of {counted(len(members), 'document')}; all at .members"
    )
    return Markup('<details><summary class="quiet small">{}</summary><ol>{}</ol></details>').format(
        label, Markup().join(items)
    )
