"""
What is shown of clusters, stories and templates: one description for every way to show them.

Notebook, plain text, terminal and report draw what is said here, so that they
use the same words. Rows know their items by places in the arrays of the result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe_news._input.columns import NO_SOURCE, NO_TIME
from dedupe_news.results.matches import NO_RELATION
from dedupe_news.results.parts import Cluster, Story, Template
from dedupe_news.results.phrasing import counted, duration, one_line, share
from dedupe_news.results.records import Relation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dedupe_news._input.columns import Columns
    from dedupe_news.results.parts import Group
    from dedupe_news.results.result import Clustering


_LONGEST_VARIANT = 80


class Kind(NamedTuple):
    """What is said of a kind of groups, and of the rows of one."""

    name: str  # where a result has them: result.clusters
    noun: str
    heading: str
    says: str  # what belongs together in one
    row_noun: str
    others: str  # what rows are to the first; empty where each has a relation of its own
    is_marked: bool  # whether the words of a row are marked that differ from the first
    where: str  # where a group has all its rows


KINDS: dict[type[Group], Kind] = {
    Cluster: Kind(
        "clusters",
        "cluster",
        "Duplicates",
        "The others say what the representative says: keep one.",
        "item",
        "",
        is_marked=True,
        where=".members",
    ),
    Story: Kind(
        "stories",
        "story",
        "Same story",
        "Reports of their own on one event are no duplicates: keep them, and show them together.",
        "report",
        "same story",
        is_marked=False,
        where=".clusters",
    ),
    Template: Kind(
        "templates",
        "template",
        "Templates",
        "One text, filled in anew each time: no duplicates, keep all.",
        "item",
        "template",
        is_marked=True,
        where=".members",
    ),
}
"""What is said of each kind, in the order in which they are shown."""


class Row(NamedTuple):
    """An item of a group: its place, what it is there, and how many duplicates it stands for."""

    place: int
    role: str
    n_duplicates: int = 0


def variants_of(template: Template) -> list[str]:
    """Return what varies in a template, for a line."""
    return [one_line(variant, _LONGEST_VARIANT) for variant in template.variants]


def kind_of(group: Group) -> Kind:
    """Return what is said of groups of its kind."""
    return KINDS[type(group)]


def figures_of(result: Clustering) -> list[tuple[str, str, str]]:
    """Return the figures of a result: name, value and remark."""
    n_items, n_kept = len(result), len(result.representatives)
    figures = [
        ("items", f"{n_items:,}", f"in {sum(result.seconds.values()):.1f} s"),
        ("kept", f"{n_kept:,}", share(n_kept, n_items)),
        ("duplicates", f"{n_items - n_kept:,}", share(n_items - n_kept, n_items)),
        ("clusters", f"{len(result.clusters):,}", ""),
    ]
    groups: Sequence[Group]
    for name, groups in (("stories", result.stories), ("templates", result.templates)):
        if groups:
            n_members = sum(map(len, groups))
            figures.append((name, f"{len(groups):,}", f"of {counted(n_members, 'item')}"))
    return figures


def note_on_bounded(result: Clustering) -> str:
    """Return what was not compared; empty where everything was."""
    bounded = result.bounded
    # Only the policy "similar" reads the setting.
    can_raise = bounded.n_representatives_passed_over and result.config.policy == "similar"
    return f"{bounded} A higher bucket_limit compares more." if can_raise else str(bounded)


def summary_of(group: Group) -> str:
    """Return how many items there are, of how many sources, over what time."""
    facts = [counted(len(group), "item")]
    if isinstance(group, Story):
        facts.append(counted(len(group.clusters), "report"))
    sources = n_sources(group)
    if sources:
        facts.append(counted(sources, "source"))
    if group.span is not None:
        facts.append(f"over {duration(group.span)}" if group.span else "at one time")
    return ", ".join(facts)


def n_sources(group: Group) -> int:
    """Return how many sources the items of a group have; 0 where none is known."""
    result: Clustering | None = group.result
    if result is None or result.columns.sources is None:
        return 0
    return len({*result.columns.sources[result.places_of(group)].tolist()} - {NO_SOURCE})


def rows_of(group: Group) -> list[Row]:
    """
    Return the rows of a group: the representative, then the others by time.

    A row of a story is a report: the representative of a cluster stands for its
    duplicates.
    """
    result: Clustering = group.result
    columns, places, first = result.columns, result.places_of(group), result.first_of(group)
    if isinstance(group, Cluster):
        return [Row(at, _role_of(result, at)) for at in _by_time(columns, places, first)]
    others = kind_of(group).others
    n_duplicates = dict.fromkeys(places, 0)
    if isinstance(group, Story):
        n_duplicates = {}
        for at in places:
            report = int(result.representatives[result.labels[at]])
            n_duplicates[report] = n_duplicates.get(report, -1) + 1
        first = int(result.representatives[result.labels[first]])
    return [
        Row(at, "representative" if at == first else others, n_duplicates[at])
        for at in _by_time(columns, [*n_duplicates], first)
    ]


def _role_of(result: Clustering, place: int) -> str:
    """Return what an item is in its cluster."""
    if result.kept_places[result.labels[place]] == place:
        return "kept"
    relation = int(result.membership.relation[place])
    if relation == NO_RELATION:
        return "representative"
    return f"duplicate ({Relation(relation).name.lower()})"


def sentences_of(result: Clustering, first: int, rows: Sequence[Row]) -> list[str]:
    """Return why each row of a cluster is a duplicate of its representative."""
    places = np.array([row.place for row in rows], np.int64)
    membership = result.membership
    return result.compare.why(
        np.full(len(places), first),
        places,
        membership.relation[places],
        membership.probability[places],
    )


def _by_time(columns: Columns, places: Sequence[int], first: int) -> list[int]:
    """Return places by time, a given one before all and those without a time last."""
    times = columns.published

    def key(place: int) -> tuple[bool, bool, int, int]:
        time = NO_TIME if times is None else int(times[place])
        return place != first, time == NO_TIME, time, place

    return sorted(places, key=key)


def delay(columns: Columns, first: int, place: int) -> str:
    """Return how long after the first another was published, as "+2 h" or "−5 min"."""
    start, time = columns.published_at(first), columns.published_at(place)
    if start is None or time is None:
        return ""
    return f"+{duration(time - start)}" if time >= start else f"−{duration(start - time)}"
