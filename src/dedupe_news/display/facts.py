"""What is said of clusters and documents wherever they are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dedupe_news.columns import NO_TIME
from dedupe_news.phrasing import counted, duration

if TYPE_CHECKING:
    from dedupe_news.columns import Columns
    from dedupe_news.records import Cluster, Series


def summary_of(group: Cluster | Series) -> str:
    """
    Return how many documents there are, of how many sources, over what time.

    Parameters
    ----------
    group : Cluster or Series
        With its result, or without: then without sources.

    Returns
    -------
    str
        Such as ``"3 documents, 2 sources, over 5 h"``.
    """
    facts = [counted(len(group), "document")]
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
    times = cluster.result.columns.published

    def key(member: int) -> tuple[bool, bool, int, int]:
        time = NO_TIME if times is None else int(times[member])
        return member != cluster.representative, time == NO_TIME, time, member

    return sorted(cluster.members, key=key)


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
