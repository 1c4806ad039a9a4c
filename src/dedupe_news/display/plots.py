"""Pictures of a result, drawn with matplotlib: each takes and returns an ``Axes``."""

from __future__ import annotations

import importlib
import inspect
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe_news.columns import NO_SOURCE, NO_TIME
from dedupe_news.errors import InputError, MissingDependencyError
from dedupe_news.membership import NO_RELATION
from dedupe_news.parts import Story
from dedupe_news.phrasing import counted
from dedupe_news.records import Relation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from dedupe_news.parts import Cluster
    from dedupe_news.results import Clustering

# Told apart by people who confuse red and green, and in grey: they differ in lightness.
COLOURS = {
    Relation.EXACT: "#1f4e79",
    Relation.NEAR: "#5fa8b8",
    Relation.TRUNCATED: "#e3b34c",
    Relation.CONTAINED: "#a3563f",
    Relation.RELATED: "#8d82c4",
}
_MARKERS = "osD^v"
_GROUP_COLOURS = {
    "clusters": COLOURS[Relation.EXACT],
    "stories": COLOURS[Relation.RELATED],
    "templates": "#c9b27c",
}
_GROUP_NOUNS = {
    "clusters": ("cluster", "clusters"),
    "stories": ("story", "stories"),
    "templates": ("template", "templates"),
}
_INK, _QUIET, _ACCENT = "#2b2d31", "#6b6e75", "#b3372d"
_BINS = 50
_MOST_SIZES = 30
_MOST_SOURCES = 40
_ROW_INCHES = 0.22
_ROWS = {"spread": 1.0, "sources": 1.8}  # pictures of a row a source, and inches beside the rows
_MICROSECONDS_AN_HOUR = 3_600_000_000
_HOURS_A_DAY = 24
_LONG_SPAN_HOURS = 72


def draw(result: Clustering, kind: str, ax: Any, options: Mapping[str, Any]) -> Any:
    """
    Draw a picture of a result.

    Parameters
    ----------
    result : Clustering
        The result.
    kind : str
        A key of `PICTURES`.
    ax : matplotlib.axes.Axes or None
        Where to draw; new ones for None.
    options : mapping of str to Any
        Keyword arguments of the picture.

    Returns
    -------
    matplotlib.axes.Axes
        Where it was drawn.

    Raises
    ------
    InputError
        If `kind` or an option is not known.
    MissingDependencyError
        If matplotlib is not installed.
    """
    if kind not in PICTURES:
        message = f"kind={kind!r} is not known; allowed are {', '.join(map(repr, PICTURES))}"
        raise InputError(message)
    picture = PICTURES[kind]
    known = list(inspect.signature(picture).parameters)[2:]
    for name in options:
        if name not in known:
            allowed = f"allowed is {known[0]!r}" if known else "it has no options"
            message = f"the picture {kind!r} has no option {name!r}; {allowed}"
            raise InputError(message)
    try:
        pyplot = importlib.import_module("matplotlib.pyplot")
    except ImportError as error:
        message = (
            "plots are drawn with matplotlib, which is not installed; "
            "pip install 'dedupe-news[plot]'"
        )
        raise MissingDependencyError(message) from error
    if ax is not None:
        picture(result, ax, **options)
        return ax
    figure, ax = pyplot.subplots(figsize=(6.4, 3.8), layout="constrained")
    picture(result, ax, **options)
    if kind in _ROWS:  # as high as its names need
        figure.set_figheight(max(3.8, _ROW_INCHES * len(ax.get_yticks()) + _ROWS[kind]))
    return ax


def similarity(result: Clustering, ax: Any) -> None:
    """
    Draw how similar matches are, by relation.

    Parameters
    ----------
    result : Clustering
        The result. By similarity alone, its threshold is drawn too; where items
        are judged as news, similarity decides nothing by itself.
    ax : matplotlib.axes.Axes
        Where to draw.
    """
    matches = result.matches
    shown = [relation for relation in COLOURS if (matches.relation == relation).any()]
    ax.hist(
        [matches.jaccard[matches.relation == relation] for relation in shown] or [[]],
        bins=np.linspace(0, 1, _BINS + 1),
        stacked=True,
        color=[COLOURS[relation] for relation in shown] or None,
        label=[relation.name.lower() for relation in shown] or None,
        rwidth=0.9,
    )
    if result.config.policy == "similar":
        _threshold(result, ax)
    if ax.get_legend_handles_labels()[0]:
        ax.legend(frameon=False, loc="upper center")
    _dress(ax, "Jaccard similarity", "matches", counted(len(matches), "match", "matches"))
    ax.set_xlim(0, 1)
    _thousands(ax)


def sizes(result: Clustering, ax: Any) -> None:
    """
    Draw how many clusters, stories and templates have how many documents.

    Parameters
    ----------
    result : Clustering
        The result.
    ax : matplotlib.axes.Axes
        Where to draw; the last bars stand for all larger ones where there are
        very large ones.
    """
    groups = {
        "clusters": [len(cluster) for cluster in result.clusters],
        "stories": [len(story) for story in result.stories],
        "templates": np.unique(result.template_of[result.template_of >= 0], return_counts=True)[
            1
        ].tolist(),
    }
    present = {name: values for name, values in groups.items() if values} or {"clusters": []}
    most = max((max(values) for values in present.values() if values), default=2)
    last = min(most, _MOST_SIZES)
    places = np.arange(2, last + 1)
    width = 0.85 / len(present)
    counts = np.zeros(0, np.int64)
    for number, (name, values) in enumerate(present.items()):
        clipped = np.minimum(np.array(values, np.int64), last)
        bars = np.bincount(clipped, minlength=last + 1)[2:]
        shift = (number - (len(present) - 1) / 2) * width
        ax.bar(places + shift, bars, color=_GROUP_COLOURS[name], width=width, label=name)
        counts = np.concatenate((counts, bars))
    if len(present) > 1:
        ax.legend(frameon=False)
    if most > last:
        ax.set_xticks([*range(5, last, 5), last], [*map(str, range(5, last, 5)), f"{last}+"])
    else:
        ax.xaxis.get_major_locator().set_params(integer=True)
    if len(counts) and counts.max() > 100:  # noqa: PLR2004 - a linear axis would hide the rest
        ax.set_yscale("log")
        ax.set_ylim(bottom=0.7)
    title = ", ".join(counted(len(values), *_GROUP_NOUNS[name]) for name, values in present.items())
    _dress(ax, "documents in one", " and ".join(present), title)
    _thousands(ax)


def s_curve(result: Clustering, ax: Any) -> None:
    """
    Draw the probability that the chosen bands find a pair, above the pairs found.

    Parameters
    ----------
    result : Clustering
        The result.
    ax : matplotlib.axes.Axes
        Where to draw; the pairs of the result lie beneath the curve, to a scale
        of their own.
    """
    config = result.config
    grid = np.linspace(0, 1, 201)
    counts, edges = np.histogram(result.matches.jaccard, bins=np.linspace(0, 1, _BINS + 1))
    if counts.any():
        heights = counts / counts.max() * 0.9
        ax.bar(edges[:-1], heights, np.diff(edges) * 0.9, align="edge", color="#cfd6dc",
               label=f"matches here (at most {counts.max():,} a bar)")  # fmt: skip
    ax.plot(grid, [config.recall_at(jaccard) for jaccard in grid], color=COLOURS[Relation.EXACT],
            linewidth=2.2, label=f"{config.bands} bands × {config.rows_per_band} rows")  # fmt: skip
    _threshold(result, ax)
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1.02)
    ax.legend(loc="center right", fontsize="small", edgecolor="none")
    title = "Probability that a pair is found"
    if config.policy == "news":
        title += "\n(if policy were “similar”; news are found by rare shingles)"
    _dress(ax, "Jaccard similarity of the pair", "probability of becoming a candidate", title)


def spread(result: Clustering, ax: Any, cluster: Cluster | Story | None = None) -> None:
    """
    Draw how a cluster or a story spread over time and sources.

    Parameters
    ----------
    result : Clustering
        The result.
    ax : matplotlib.axes.Axes
        Where to draw.
    cluster : Cluster or Story, optional
        By default the cluster of the most sources.

    Raises
    ------
    InputError
        If the documents have no times, or there is no cluster.
    """
    columns = result.columns
    if columns.published is None:
        message = "the documents have no times; cluster them with published=..."
        raise InputError(message)
    if cluster is None:
        cluster = _widest(result)
    members = np.array(cluster.members)
    times = columns.published[members]
    members, times = members[times != NO_TIME], times[times != NO_TIME]
    if not len(members):
        message = "no document of it has a time, so that it has no spread"
        raise InputError(message)
    order = np.argsort(times, kind="stable")
    members, times = members[order], times[order]
    hours = (times - times[0]) / _MICROSECONDS_AN_HOUR
    in_days = bool(hours[-1] > _LONG_SPAN_HOURS)
    names = [columns.source_of(int(member)) or "(no source)" for member in members]
    found = list(dict.fromkeys(names))
    if len(found) > _MOST_SOURCES:  # one row for those that came last
        others = f"({len(found) - _MOST_SOURCES + 1} other sources)"
        rows = {name: min(row, _MOST_SOURCES - 1) for row, name in enumerate(found)}
        labels = [*found[: _MOST_SOURCES - 1], others]
    else:
        rows = {name: row for row, name in enumerate(found)}
        labels = found
    heights = np.array([rows[name] for name in names])
    lead, relation = _standing(result, cluster, members)
    offsets = hours / (_HOURS_A_DAY if in_days else 1)
    ax.hlines(range(len(labels)), 0, offsets[-1], color="#e4e4e0", linewidth=1, zorder=1)
    for value, marker in zip(COLOURS, _MARKERS, strict=True):
        chosen = relation == value
        if chosen.any():
            ax.scatter(offsets[chosen], heights[chosen], marker=marker, s=42, zorder=3,
                       color=COLOURS[value], label=value.name.lower())  # fmt: skip
    first = members == lead
    ax.scatter(offsets[first], heights[first], marker="*", s=150, zorder=4, color=_INK,
               label="lead" if isinstance(cluster, Story) else "kept")  # fmt: skip
    ax.set_yticks(range(len(labels)), map(_short, labels))
    ax.tick_params(axis="y", labelsize="small")
    ax.invert_yaxis()
    ax.margins(y=0.08)
    ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    unit = "days" if in_days else "hours"
    text = " ".join(columns.content(lead).partition("\n")[0].split())
    _dress(ax, f"{unit} after the first document", "", _short(text, 48))


def sources(result: Clustering, ax: Any, most: int = 15) -> None:
    """
    Draw which sources carry the same items, as a heat map.

    Parameters
    ----------
    result : Clustering
        The result.
    ax : matplotlib.axes.Axes
        Where to draw.
    most : int, default 15
        Sources to show: those in the most clusters.

    Raises
    ------
    InputError
        If the documents have no sources, or `most` is below 1.
    """
    if result.columns.sources is None:
        message = "the documents have no sources; cluster them with source=..."
        raise InputError(message)
    if most < 1:
        message = f"most={most} is out of range; at least 1 source is shown"
        raise InputError(message)
    shared, chosen = _shared_clusters(result, most)
    names = [_short(result.columns.source_names[code]) for code in chosen]
    top = max(1, int(shared.max(initial=0)))
    picture = ax.imshow(np.where(shared > 0, shared, np.nan), cmap="Blues", vmin=0, vmax=top)
    ax.set_xticks(range(len(names)), names, rotation=45, ha="right", rotation_mode="anchor")
    ax.set_yticks(range(len(names)), names)
    if len(names) <= 16:  # noqa: PLR2004 - figures are legible
        for i, j in zip(*np.nonzero(shared), strict=True):
            ax.text(j, i, f"{shared[i, j]:,}", ha="center", va="center", fontsize="xx-small",
                    color="white" if shared[i, j] > 0.55 * top else _INK)  # fmt: skip
    bar = ax.figure.colorbar(picture, ax=ax, shrink=0.8)
    bar.set_label("clusters")
    bar.outline.set_visible(False)
    bar.locator = importlib.import_module("matplotlib.ticker").MaxNLocator(integer=True)
    ax.set_title("Clusters that two sources share", fontsize="medium", loc="left")
    ax.tick_params(length=0, labelsize="small")
    ax.spines[:].set_visible(False)


PICTURES: dict[str, Callable[..., None]] = {
    "similarity": similarity,
    "sizes": sizes,
    "s_curve": s_curve,
    "spread": spread,
    "sources": sources,
}
"""The pictures, by name."""


def _standing(
    result: Clustering, group: Cluster | Story, members: NDArray[np.int64]
) -> tuple[int, NDArray[np.uint8]]:
    """Return which document leads a cluster or story, and how each member stands to it."""
    relation = result.membership.relation[members]
    if not isinstance(group, Story):
        return group.representative, relation
    is_report = (relation == NO_RELATION) & (members != group.lead)
    return group.lead, np.where(is_report, np.uint8(Relation.RELATED), relation)


def _widest(result: Clustering) -> Cluster:
    if not result.clusters:
        message = "there is no cluster to draw: no two documents are duplicates"
        raise InputError(message)
    source_of = result.columns.source_of

    def width(cluster: Cluster) -> tuple[int, int, int]:
        return len({*map(source_of, cluster.members)} - {None}), len(cluster), -cluster.label

    return max(result.clusters, key=width)


def _shared_clusters(result: Clustering, most: int) -> tuple[NDArray[np.int64], list[int]]:
    """Return, for the sources in the most clusters, how many clusters each two share."""
    codes = result.columns.sources
    assert codes is not None  # noqa: S101 - checked by the caller
    size = np.bincount(result.labels)
    at = np.flatnonzero((codes != NO_SOURCE) & (size[result.labels] > 1))
    pairs, counts = np.unique(np.stack((result.labels[at], codes[at])), axis=1, return_counts=True)
    n_clusters = np.bincount(pairs[1], minlength=len(result.columns.source_names))
    chosen = np.argsort(-n_clusters, kind="stable")[:most]
    chosen = chosen[n_clusters[chosen] > 0]
    rows = np.unique(pairs[0], return_inverse=True)[1]
    place = np.full(len(result.columns.source_names), -1)
    place[chosen] = np.arange(len(chosen))
    shared = np.zeros((len(chosen), len(chosen)), np.int64)
    kept = place[pairs[1]] >= 0
    column = place[pairs[1]][kept]
    row = rows[kept]
    order = np.argsort(row, kind="stable")
    for group in np.split(column[order], np.flatnonzero(np.diff(row[order])) + 1):
        shared[np.ix_(group, group)] += 1
    # Within one source: clusters of two or more of its documents.
    np.fill_diagonal(shared, np.bincount(column[counts[kept] > 1], minlength=len(chosen)))
    return shared, chosen.tolist()


def _threshold(result: Clustering, ax: Any) -> None:
    threshold = result.config.threshold
    style = {"color": _ACCENT, "linewidth": 1.4, "linestyle": (0, (4, 3))}
    ax.axvline(threshold, label=f"threshold {threshold:g}", **style)


def _dress(ax: Any, x: str, y: str, title: str) -> None:
    ax.set_xlabel(x)
    ax.set_ylabel(y)
    ax.set_title(title, fontsize="medium", loc="left")
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(_QUIET)
    ax.tick_params(color=_QUIET)


def _thousands(ax: Any) -> None:
    ticker = importlib.import_module("matplotlib.ticker")
    ax.yaxis.set_major_formatter(ticker.StrMethodFormatter("{x:,.0f}"))


def _short(text: str, most: int = 28) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
