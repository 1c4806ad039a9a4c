"""Clusters, stories, templates and pages in plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dedupe_news.display.facts import delay, order_of, reports_of, summary_of
from dedupe_news.phrasing import counted, moment
from dedupe_news.records import Relation

if TYPE_CHECKING:
    from dedupe_news.columns import Columns
    from dedupe_news.display.page import Page
    from dedupe_news.parts import Cluster, Story, Template

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


def of_story(story: Story) -> str:
    """
    Return a story as lines of text.

    Parameters
    ----------
    story : Story
        With its result.

    Returns
    -------
    str
        What it is, then its reports, the lead first; past twenty, how many more
        there are.
    """
    columns: Columns = story.result.columns
    lines = [f"Story: {summary_of(story)}"]
    reports = reports_of(story)
    for kept, n_documents in reports[:_MOST_MEMBERS]:
        verdict = "lead" if kept == reports[0].kept else "related"
        when = columns.published_at(kept)
        facts = [
            moment(when) if when is not None else "",
            columns.source_of(kept) or "",
            counted(n_documents - 1, "duplicate") if n_documents > 1 else "",
            _excerpt(columns, kept),
        ]
        lines.append(f"  {verdict:14s} {' | '.join(fact for fact in facts if fact)}")
    hidden = len(reports) - _MOST_MEMBERS
    if hidden > 0:
        lines.append(f"  and {counted(hidden, 'more report')}, at story.clusters")
    return "\n".join(lines)


def of_template(template: Template) -> str:
    """
    Return a template as lines of text.

    Parameters
    ----------
    template : Template
        With or without its result.

    Returns
    -------
    str
        What it is, its pattern, and what varies in a few documents.
    """
    lines = [f"Template: {summary_of(template)}", f"  {template.pattern}"]
    lines += [f"    … = {variant}" for variant in template.variants]
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
        Its clusters, then its stories, then its templates.
    """
    result = page.result
    heading = (
        f"{result.summary()}\npage {page.number:,} of {page.n_pages:,}: "
        f"{counted(len(page.clusters), 'cluster')}, "
        f"{counted(len(page.stories), 'story', 'stories')} and "
        f"{counted(len(page.templates), 'template')}, the largest first"
    )
    groups = [
        *map(of_cluster, page.clusters),
        *map(of_story, page.stories),
        *map(of_template, page.templates),
    ]
    return "\n\n".join([heading, *groups])


def _excerpt(columns: Columns, position: int) -> str:
    text = " ".join(columns.content(position).split())
    return text if len(text) <= _MOST_CHARACTERS else text[: _MOST_CHARACTERS - 1] + "…"
