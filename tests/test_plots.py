"""Pictures of results: what they show, and what they refuse."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

import dedupe_news as dn
from dedupe_news.display import plots
from shown_feed import make_feed, make_result

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes

    from dedupe_news import Clustering


@pytest.fixture(autouse=True)
def _no_window() -> Iterator[None]:
    mpl.use("Agg")
    yield
    import matplotlib.pyplot as plt  # noqa: PLC0415 - after the backend is chosen

    plt.close("all")


@pytest.fixture(scope="module")
def result() -> Clustering:
    """Return a clustering of the made-up feed."""
    return dn.cluster(make_feed(), policy="similar", threshold=0.5, progress=False, n_jobs=1)


def axes() -> Axes:
    """Return axes of a figure that pyplot does not know."""
    return Figure().subplots()


@pytest.mark.parametrize("kind", plots.PICTURES)
def test_pictures_are_drawn_on_the_given_axes(result: Clustering, kind: str) -> None:
    """Which are returned, with a title."""
    ax = axes()

    assert result.plot(kind, ax) is ax
    assert ax.get_title(loc="left")
    ax.figure.canvas.draw()


@pytest.mark.parametrize("kind", ["similarity", "sizes", "s_curve"])
def test_axes_have_titles(result: Clustering, kind: str) -> None:
    """Both of them."""
    ax = result.plot(kind)

    assert ax.get_xlabel()
    assert ax.get_ylabel()


def test_similarity_counts_every_match_and_shows_the_threshold(result: Clustering) -> None:
    """A bar for each bin and relation."""
    ax = result.plot("similarity")

    heights = [bar.get_height() for bar in ax.patches]
    assert sum(heights) == len(result.matches)
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert "threshold 0.5" in labels
    assert "exact" in labels


def test_similarity_alone_decides_nothing_about_news() -> None:
    """So no threshold is drawn."""
    ax = dn.cluster(make_feed(), progress=False, n_jobs=1).plot("similarity")

    assert ax.get_lines() == []


def test_sizes_count_every_cluster(result: Clustering) -> None:
    """One bar a size."""
    ax = result.plot("sizes")

    assert sum(bar.get_height() for bar in ax.patches) == len(result.clusters)


def test_sizes_count_stories_and_templates_too() -> None:
    """In colours of their own, where there are any."""
    found = make_result()
    ax = found.plot("sizes")

    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == ["clusters", "stories", "templates"]
    assert sum(bar.get_height() for bar in ax.patches) == len(found.clusters) + 1 + 1
    assert ax.get_title(loc="left") == "3 clusters, 1 story, 1 template"


def test_large_sizes_share_the_last_bar() -> None:
    """Its name says so, and no cluster is lost."""
    feed = ["ka lo mi"] * 40 + ["nu ro pa"] * 35 + ["so"] * 2
    ax = dn.cluster(feed, policy="similar", progress=False, n_jobs=1).plot("sizes")

    assert [bar.get_height() for bar in ax.patches][::28] == [1, 2]
    assert [label.get_text() for label in ax.get_xticklabels()][-1] == "30+"


def test_s_curve_is_that_of_the_settings(result: Clustering) -> None:
    """Point by point."""
    curve = result.plot("s_curve").get_lines()[0]

    for jaccard, probability in curve.get_xydata()[::40]:
        assert probability == pytest.approx(result.config.recall_at(jaccard))


def test_spread_shows_each_member_once(result: Clustering) -> None:
    """At its time after the first, in the row of its source."""
    cluster = max(result.clusters, key=len)
    ax = result.plot("spread", cluster=cluster)

    points = np.concatenate([points.get_offsets() for points in ax.collections[1:]])
    assert sorted(points[:, 0].tolist()) == [0, 2, 3]
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == ["Tarnby Post", "Coast News", "(no source)"]
    assert ax.get_xlabel() == "hours after the first document"


def test_spread_chooses_the_cluster_of_the_most_sources(result: Clustering) -> None:
    """Where none is named."""
    assert result.plot("spread").get_title(loc="left") == "Storm"


def test_spread_of_a_story_shows_its_reports() -> None:
    """The lead, its duplicates, and what is related to it."""
    found = make_result()
    ax = found.plot("spread", cluster=found.stories[0])

    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == ["exact", "near", "related", "lead"]
    points = np.concatenate([points.get_offsets() for points in ax.collections[1:]])
    assert sorted(points[:, 0].tolist()) == [0, 2, 3, 6]


def test_many_sources_share_the_last_row() -> None:
    """Whose name says how many they are."""
    feed = [
        {"text": "ka lo mi", "source": f"s{i}", "published": f"2026-03-{1 + i % 28:02d}T00:00Z"}
        for i in range(50)
    ]
    ax = dn.cluster(feed, policy="similar", progress=False, n_jobs=1).plot("spread")

    assert [label.get_text() for label in ax.get_yticklabels()][-1] == "(11 other sources)"
    assert ax.get_xlabel() == "days after the first document"


def test_sources_count_shared_clusters(result: Clustering) -> None:
    """On the diagonal: clusters of two documents of one source."""
    ax = result.plot("sources")

    names = [label.get_text() for label in ax.get_xticklabels()]
    shown = np.nan_to_num(np.ma.filled(ax.images[0].get_array(), 0))
    counts = {(a, b): int(shown[i, j]) for i, a in enumerate(names) for j, b in enumerate(names)}
    assert counts["Coast News", "Tarnby Post"] == counts["Tarnby Post", "Coast News"] == 1
    assert counts["Evil & Sons", "Evil & Sons"] == 1
    assert counts["Coast News", "Coast News"] == 0


def test_few_sources_are_those_in_the_most_clusters(result: Clustering) -> None:
    """As many as asked for."""
    ax = result.plot("sources", most=1)

    assert [label.get_text() for label in ax.get_xticklabels()] == ["Coast News"]


@pytest.mark.parametrize("kind", ["similarity", "sizes", "s_curve"])
def test_results_without_a_match_have_pictures(kind: str) -> None:
    """Empty ones."""
    ax = dn.cluster(["ka", "lo"], policy="similar", progress=False).plot(kind)

    ax.figure.canvas.draw()


def test_pictures_that_cannot_be_drawn_are_refused(result: Clustering) -> None:
    """The message says what is allowed, or what is missing."""
    plain = dn.cluster(["ka lo mi", "ka lo mi"], progress=False)
    timed = dn.cluster({"text": ["ka"], "published": [None]}, progress=False)
    timeless = dn.cluster({"text": ["ka", "ka"], "published": [None] * 2}, progress=False)
    with pytest.raises(dn.InputError, match="kind='pie' is not known; allowed are 'similarity', "):
        result.plot("pie")
    with pytest.raises(dn.InputError, match="'sizes' has no option 'most'; it has no options"):
        result.plot("sizes", most=3)
    with pytest.raises(dn.InputError, match="'spread' has no option 'most'; allowed is 'cluster'"):
        result.plot("spread", most=3)
    with pytest.raises(dn.InputError, match=r"have no times; cluster them with published="):
        plain.plot("spread")
    with pytest.raises(dn.InputError, match=r"there is no cluster to draw"):
        timed.plot("spread")
    with pytest.raises(dn.InputError, match=r"no document of it has a time"):
        timeless.plot("spread")
    with pytest.raises(dn.InputError, match=r"have no sources; cluster them with source="):
        plain.plot("sources")
    with pytest.raises(dn.InputError, match=r"most=0 is out of range; at least 1 source"):
        result.plot("sources", most=0)


def test_missing_matplotlib_is_named(result: Clustering, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the extra that brings it."""
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)

    with pytest.raises(dn.MissingDependencyError, match=r"pip install 'dedupe-news\[plot\]'"):
        result.plot()
