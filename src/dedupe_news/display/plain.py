"""Clusters, series and pages in plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dedupe_news.display.facts import delay, order_of, summary_of
from dedupe_news.phrasing import counted, moment
from dedupe_news.records import Relation

if TYPE_CHECKING:
    from dedupe_news.columns import Columns
    from dedupe_news.display.page import Page
    from dedupe_news.records import Cluster, Series

_MOST_MEMBERS = 20
_MOST_CHARACTERS = 100


def of_cluster(cluster: Cluster) -> str:
    """
    Return a cluster as lines of text.

    Parameters
    ----------
    cluster : Cluster
        With its result.

    Returns
    -------
    str
        What it is, then the document to keep, then the others; past twenty,
        how many more there are.
    """
    result = cluster.result
    columns: Columns = result.columns
    lines = [f"Cluster {cluster.label}: {summary_of(cluster)}"]
    own = result.membership
    for member in order_of(cluster)[:_MOST_MEMBERS]:
        if member == cluster.representative:
            verdict, when = "keep", columns.published_at(member)
            stamp = moment(when) if when is not None else ""
        else:
            verdict = (
                f"{Relation(int(own.relation[member])).name.lower()} {own.jaccard[member]:.2f}"
            )
            stamp = delay(columns, cluster.representative, member)
        facts = [stamp, columns.source_of(member) or "", _excerpt(columns, member)]
        lines.append(f"  {verdict:14s} {' | '.join(fact for fact in facts if fact)}")
    hidden = len(cluster) - _MOST_MEMBERS
    if hidden > 0:
        lines.append(f"  and {counted(hidden, 'more document')}, at cluster.members")
    return "\n".join(lines)


def of_series(series: Series) -> str:
    """
    Return a series as lines of text.

    Parameters
    ----------
    series : Series
        With or without its result.

    Returns
    -------
    str
        What it is, the template, and what varies in a few documents.
    """
    lines = [f"Series: {summary_of(series)}", f"  {series.template}"]
    lines += [f"    … = {variant}" for variant in series.variants]
    return "\n".join(lines)


def of_page(page: Page) -> str:
    """
    Return a page as lines of text.

    Parameters
    ----------
    page : Page
        The page.

    Returns
    -------
    str
        Its clusters, then its series.
    """
    result = page.result
    heading = (
        f"{result.summary()}\npage {page.number:,} of {page.n_pages:,}: "
        f"{counted(len(page.clusters), 'cluster')} and "
        f"{counted(len(page.series), 'series', 'series')}, the largest first"
    )
    groups = [*map(of_cluster, page.clusters), *map(of_series, page.series)]
    return "\n\n".join([heading, *groups])


def _excerpt(columns: Columns, position: int) -> str:
    text = " ".join(columns.content(position).split())
    return text if len(text) <= _MOST_CHARACTERS else text[: _MOST_CHARACTERS - 1] + "…"
