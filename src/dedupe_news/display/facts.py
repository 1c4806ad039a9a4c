"""What is said of clusters and documents wherever they are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dedupe_news.columns import NO_TIME
from dedupe_news.parts import Story
from dedupe_news.phrasing import counted, duration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dedupe_news.columns import Columns
    from dedupe_news.parts import Cluster, Template


class Report(NamedTuple):
    """
    A cluster or single document within a story.

    Parameters
    ----------
    kept : int
        Position of the document to keep.
    n_documents : int
        How many documents of the story it stands for, itself included.
    """

    kept: int
    n_documents: int


def summary_of(group: Cluster | Story | Template) -> str:
    """
    Return how many documents there are, of how many sources, over what time.

    Parameters
    ----------
    group : Cluster, Story or Template
        With its result, or without: then without sources.

    Returns
    -------
    str
        Such as ``"3 documents, 2 sources, over 5 h"``.
    """
    facts = [counted(len(group), "document")]
    if isinstance(group, Story):
        facts.append(counted(len(group.clusters), "report"))
    if group.result is not None:
        columns: Columns = group.result.columns
        sources = {columns.source_of(member) for member in group.members} - {None}
        if sources:
            facts.append(counted(len(sources), "source"))
    if group.span is not None:
        facts.append(f"over {duration(group.span)}" if group.span else "at one time")
    return ", ".join(facts)


def order_of(cluster: Cluster) -> list[int]:
    """
    Return the members in the order to read them.

    Parameters
    ----------
    cluster : Cluster
        With its result.

    Returns
    -------
    list of int
        The one to keep, then the others by time; those without a time last.
    """
    return _by_time(cluster.result.columns, cluster.members, cluster.representative)


def reports_of(story: Story) -> list[Report]:
    """
    Return the reports of a story in the order to read them.

    Parameters
    ----------
    story : Story
        With its result.

    Returns
    -------
    list of Report
        The one that holds the lead first, then the others by time.
    """
    result = story.result
    kept: dict[int, int] = {}
    n_documents: dict[int, int] = {}
    for member in story.members:
        label = int(result.labels[member])
        kept.setdefault(label, int(result.representatives[label]))
        n_documents[label] = n_documents.get(label, 0) + 1
    label_of = {position: label for label, position in kept.items()}
    first = kept[int(result.labels[story.lead])]
    order = _by_time(result.columns, list(label_of), first)
    return [Report(position, n_documents[label_of[position]]) for position in order]


def _by_time(columns: Columns, positions: Sequence[int], first: int) -> list[int]:
    """Return positions by time, a given one before all and those without a time last."""
    times = columns.published

    def key(position: int) -> tuple[bool, bool, int, int]:
        time = NO_TIME if times is None else int(times[position])
        return position != first, time == NO_TIME, time, position

    return sorted(positions, key=key)


def delay(columns: Columns, kept: int, member: int) -> str:
    """
    Return how long after the kept document another was published.

    Parameters
    ----------
    columns : Columns
        The documents.
    kept, member : int
        Their positions.

    Returns
    -------
    str
        Such as ``"+2 h"``, or ``"−5 min"`` where it was before; empty where
        one of the two has no time.
    """
    start, time = columns.published_at(kept), columns.published_at(member)
    if start is None or time is None:
        return ""
    return f"+{duration(time - start)}" if time >= start else f"−{duration(start - time)}"
