"""Clusters, series and pages of them in HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup

from dedupe_news import differences
from dedupe_news.display import documents, marking
from dedupe_news.display.facts import delay, order_of, summary_of
from dedupe_news.phrasing import counted, share
from dedupe_news.records import Relation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dedupe_news.display.page import Page
    from dedupe_news.records import Cluster, Series
    from dedupe_news.results import Clustering

_OPEN_MEMBERS = 3
_MOST_MEMBERS = 30
_CONTEXT = 160
_MOST_EXAMPLES = 10


def page(shown: Page) -> Markup:
    """
    Return a page of a result: its figures, clusters and series.

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
    numbers = {cluster.label: number for number, cluster in enumerate(result.clusters)}
    parts = [_summary(result)]
    if result.clusters:
        heading = _range("Clusters", shown, len(shown.clusters), len(result.clusters))
        parts.append(Markup('<section class="rule">{}').format(heading))
        parts += [
            Markup("<article>{}</article>").format(cluster(one, numbers[one.label]))
            for one in shown.clusters
        ]
        parts.append(Markup("</section>"))
    else:
        parts.append(Markup('<p class="quiet">No two documents are duplicates.</p>'))
    if result.n_series:
        parts.append(_series_of(shown))
    return Markup().join(parts)


def _summary(result: Clustering) -> Markup:
    n_documents, n_kept = len(result), len(result.representatives)
    n_series = int(np.count_nonzero(result.series_of >= 0))
    figures = [
        ("Documents", f"{n_documents:,}", f"in {sum(result.seconds.values()):.1f} s"),
        ("To keep", f"{n_kept:,}", share(n_kept, n_documents)),
        ("Duplicates", f"{n_documents - n_kept:,}", share(n_documents - n_kept, n_documents)),
        ("Clusters", f"{len(result.clusters):,}", ""),
    ]
    if n_series:
        figures.append(("Series", f"{result.n_series:,}", f"of {counted(n_series, 'document')}"))
    parts = [documents.figures(figures)]
    if result.bounded:
        parts.append(
            Markup(
                '<p class="note">Work was bounded: {} of more than {:,} texts; {:,} pairs within '
                "not compared, {:,} representatives passed over.</p>"
            ).format(
                counted(result.bounded.n_large_buckets, "bucket"),
                result.config.bucket_limit,
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
    parts.append(
        Markup("<ol class='members'>{}</ol>").format(Markup().join(members[:_OPEN_MEMBERS]))
    )
    folded = members[_OPEN_MEMBERS:]
    if folded:
        rest = len(others) - len(drawn)
        more = (
            Markup('<p class="quiet small">and {}, at <code>.members</code></p>').format(
                counted(rest, "more document")
            )
            if rest
            else ""
        )
        parts.append(
            Markup(
                '<div class="members"><details><summary class="quiet small">{}</summary>'
                "<ol>{}</ol>{}</details></div>"
            ).format(
                counted(len(others) - _OPEN_MEMBERS, "more document"), Markup().join(folded), more
            )
        )
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


def _series_of(shown: Page) -> Markup:
    result = shown.result
    n_documents = int(np.count_nonzero(result.series_of >= 0))
    here = shown.series
    heading = _range("Series", shown, len(here), result.n_series)
    rows = [Markup("<article>{}</article>").format(series(one)) for one in here]
    return Markup(
        '<section class="rule"><details><summary class="head-line">{}</summary>'
        '<p class="quiet">Recurring templates: the same form with new content. '
        "These {:,} documents are no duplicates of each other.</p>{}{}</details></section>"
    ).format(
        counted(result.n_series, "series", "series"), n_documents, heading, Markup().join(rows)
    )


def series(shown: Series) -> Markup:
    """
    Return a series: its template, and what varies.

    Parameters
    ----------
    shown : Series
        With or without its result.

    Returns
    -------
    markupsafe.Markup
        The first few documents are folded away.
    """
    parts = [Markup('<h4>{}</h4><p class="text">{}</p>').format(summary_of(shown), shown.template)]
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
