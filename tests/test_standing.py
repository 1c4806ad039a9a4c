"""Few words that come again day by day are a standing title: its items are kept."""

from __future__ import annotations

from typing import Any

import pytest

import dedupe_news as dn
from printings import Writer, shuffled, strangers

TITLE = "Your stars today"


def at(day: int, hour: int = 6) -> str:
    """Return a time of a day of March."""
    return f"2026-03-{day:02}T{hour:02}:00:00+00:00"


def titled(title: str, published: str, text: str = "") -> dict[str, Any]:
    """Return an item of one outlet."""
    return {"title": title, "text": text, "source": "Velden Post", "published": published}


def clusters_of(feed: list[dict[str, Any]], **settings: Any) -> set[frozenset[int]]:
    """Return the clusters of a feed by position."""
    result = dn.cluster(feed, progress=False, **settings)
    return {frozenset(each.positions) for each in result.clusters}


def test_a_title_that_comes_every_day_is_a_template() -> None:
    """The days are apart, copies of one day are duplicates, and all are one template."""
    feed = [titled(TITLE, at(day)) for day in range(2, 8)]
    feed.append(titled(TITLE.upper(), at(4, 9)))
    result = dn.cluster([*feed, *strangers(20)], progress=False)

    assert {frozenset(each.positions) for each in result.clusters} == {frozenset({2, 6})}
    assert [set(each.positions) for each in result.templates] == [set(range(7))]
    explained = result.explain(0, 1)
    assert (explained.verdict, explained.reasons) == ("template", ())
    assert result.explain(2, 6).relation is dn.Relation.EXACT


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_the_feed_changes_nothing(seed: int) -> None:
    """Standing titles are parted by time, not by place."""
    feed = [titled(TITLE, at(day, hour)) for day in range(2, 7) for hour in (6, 11)]
    mixed, order = shuffled(feed, seed)

    found = clusters_of(mixed)

    assert {frozenset(order[place] for place in each) for each in found} == clusters_of(feed)
    assert len(found) == 5


@pytest.mark.parametrize(
    "feed",
    [
        [titled(TITLE, at(2)), titled(TITLE, at(3))],
        [titled(TITLE, at(2, hour)) for hour in range(6, 20)],
        [{"title": TITLE, "text": ""} for _ in range(6)],
        [titled("News", at(day), Writer(5).article(6).text) for day in range(2, 8)],
        [titled(TITLE, at(day)) | {"source": f"Echo {day}"} for day in range(2, 7)],
    ],
    ids=["twice", "on one day", "without times", "long", "of many outlets within days"],
)
def test_other_words_that_come_again_are_duplicates(feed: list[dict[str, Any]]) -> None:
    """Few returns, one day, no times, a text that carries a story, or news that travels."""
    assert clusters_of(feed) == {frozenset(range(len(feed)))}


def test_many_outlets_that_keep_a_title_for_weeks_have_a_template() -> None:
    """An aggregator names the outlet of a column in several ways."""
    feed = [titled(TITLE, at(day)) | {"source": f"Echo {day % 2}"} for day in (2, 9, 16, 23)]

    assert clusters_of(feed) == set()


def test_the_policy_similar_goes_by_words_alone() -> None:
    """Equal words are duplicates there, whenever they come."""
    feed = [titled(TITLE, at(day)) for day in range(2, 8)]

    assert clusters_of(feed, policy="similar") == {frozenset(range(6))}
