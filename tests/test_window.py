"""Windows of time: what is published too far apart is no duplicate."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dedupe_news as dn
from dedupe_news import Config, NewsIndex
from dedupe_news._store.limits import Limits
from limited import in_memory
from strategies import feeds

DAY = dt.timedelta(days=1)
FIRST = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
STORM = "a storm shut the northern harbour on monday evening"
SIMILAR = Config(policy="similar", threshold=0.4, num_perm=8, params=(8, 1), window=3 * DAY)
NEWS = Config(window=3 * DAY)

days = st.none() | st.integers(0, 9)


@st.composite
def dated(draw: st.DrawFn) -> list[dn.Document]:
    """Draw a feed with times, some of them missing."""
    return [
        dn.Document(text, id=i, published=None if day is None else FIRST + day * DAY)
        for i, (text, day) in enumerate((text, draw(days)) for text in draw(feeds(max_size=12)))
    ]


def moment(document: dn.Document) -> dt.datetime | None:
    """Return when a document was published."""
    assert not isinstance(document.published, str)
    return document.published


def apart(a: dn.Document, b: dn.Document) -> dt.timedelta:
    """Return how far two documents are apart; nothing where a time is missing."""
    one, other = moment(a), moment(b)
    return abs(one - other) if one and other else dt.timedelta()


@given(feed=dated(), config=st.sampled_from([SIMILAR, NEWS, SIMILAR.replace(bucket_limit=2)]))
def test_no_cluster_holds_what_is_too_far_from_its_representative(
    feed: list[dn.Document], config: Config
) -> None:
    """Nor is any such pair a match, and every cluster has its representative in it."""
    result = dn.cluster(feed, config=config, n_jobs=1, progress=False)

    kept = result.representatives[result.labels]
    assert (kept[kept] == kept).all()
    for at, representative in enumerate(kept.tolist()):
        assert apart(feed[at], feed[representative]) <= 3 * DAY
    for left, right in zip(
        result.matches.left.tolist(), result.matches.right.tolist(), strict=True
    ):
        assert apart(feed[left], feed[right]) <= 3 * DAY


@given(feed=dated(), config=st.sampled_from([SIMILAR, NEWS]), data=st.data())
def test_order_does_not_matter(feed: list[dn.Document], config: Config, data: Any) -> None:  # noqa: ANN401
    """With a window neither."""
    order = data.draw(st.permutations(range(len(feed))))
    result = dn.cluster(feed, config=config, n_jobs=1, progress=False)
    shuffled = dn.cluster([feed[at] for at in order], config=config, n_jobs=1, progress=False)

    one = result.labels[:, None] == result.labels
    other = np.empty_like(one)
    other[np.ix_(order, order)] = shuffled.labels[:, None] == shuffled.labels
    assert (one == other).all()


@given(feed=dated(), config=st.sampled_from([SIMILAR, NEWS]))
def test_a_window_that_holds_all_changes_nothing(feed: list[dn.Document], config: Config) -> None:
    """As if there were none."""
    wide = dn.cluster(feed, config=config.replace(window=99 * DAY), n_jobs=1, progress=False)
    none = dn.cluster(feed, config=config.replace(window=None), n_jobs=1, progress=False)

    assert wide.labels.tolist() == none.labels.tolist()
    assert wide.matches.left.tolist() == none.matches.left.tolist()


def test_copies_that_come_again_later_are_another_cluster() -> None:
    """The same words, week after week; exactly the window apart is near enough."""
    text = (
        f"{STORM}, as the keepers of three lighthouses had feared since they read the letters of "
    )
    text += "the harbour master wrote to his brother in the capital when nobody believed in autumn"
    feed = [dn.Document(text, id=day, published=FIRST + day * DAY) for day in (0, 3, 7, 8, 20)]

    for config in (SIMILAR, NEWS):
        result = dn.cluster(feed, config=config, progress=False)
        assert result.labels.tolist() == [0, 0, 1, 1, 2]


@pytest.mark.parametrize("config", [SIMILAR, NEWS])
def test_an_index_matches_within_the_window_alone(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Older documents leave by themselves; late ones match their own time."""
    monkeypatch.setattr("dedupe_news._input.times.now", lambda: int(1e15) * 2)
    index = NewsIndex(config)
    found = {}
    for day in (0, 3, 5, 8, 4, 30):
        matches = index.add(day, STORM, published=FIRST + day * DAY)
        found[day] = sorted(int(str(match.id)) for match in matches)

    assert found == {0: [], 3: [0], 5: [3], 8: [5], 4: [5], 30: []}
    assert list(index) == [30]


def test_a_query_is_bound_by_its_time_if_it_has_one() -> None:
    """Without one everything that is there is near."""
    index = NewsIndex(SIMILAR)
    for day in (0, 2, 3):
        index.add(day, STORM, published=FIRST + day * DAY)

    assert [match.id for match in index.query(STORM)] == [0, 2, 3]
    at = FIRST + 5 * DAY
    assert [match.id for match in index.query(STORM, published=at)] == [2, 3]


def test_times_of_arrival_stand_in_for_missing_and_future_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A date in the future must not make everything else leave."""
    now = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
    monkeypatch.setattr("dedupe_news._input.times.now", lambda: int(now.timestamp() * 1e6))
    index = NewsIndex(SIMILAR)
    index.add("missing", STORM)
    index.add("future", STORM, published="2035-01-01T00:00Z")
    index.add("past", STORM, published=now - DAY)

    assert list(index) == ["missing", "future", "past"]
    assert index.stats().newest == now
    now += 3 * DAY
    assert [match.id for match in index.add("later", STORM)] == ["missing", "future"]


def test_memory_stays_flat_with_a_window(*, interpreted: bool) -> None:
    """Documents that left are dropped once they are as many as the others."""
    index = in_memory(SIMILAR, Limits(removed=20))
    sizes = []
    for day in range(20 if interpreted else 60):
        rows = [
            {
                "id": f"{day}-{i}",
                "text": f"{STORM} {day} {i} {i * day}",
                "published": FIRST + day * DAY,
            }
            for i in range(10)
        ]
        index.add_many(rows, n_jobs=1)
        sizes.append(len(index) + index.stats().n_removed)

    assert max(sizes) <= 2 * max(len(index), 20) + 10
    assert len(index) <= 40


@pytest.mark.parametrize(
    ("before", "message"),
    [
        (dt.datetime(2026, 1, 1), "^the time before which documents expire .* no time zone"),  # noqa: DTZ001
        ("soon", "^the time before which documents expire is 'soon', which is no date"),
        (5, "^the time before which documents expire is 5, which is too small a number"),
    ],
)
def test_bad_times_of_expiry_are_refused(before: object, message: str) -> None:
    """With the remedy."""
    with pytest.raises(dn.DedupeNewsError, match=message):
        NewsIndex().expire(before=before)


def test_expiry_says_how_many_left() -> None:
    """What is from that very moment stays."""
    index = NewsIndex(SIMILAR)
    for day in range(4):
        index.add(day, STORM, published=FIRST + day * DAY)

    assert index.expire(before=FIRST + 2 * DAY) == 2
    assert list(index) == [2, 3]
    assert index.expire(before="2026-01-01T00:00Z") == 0


def test_windows_can_be_stored() -> None:
    """With their unit, exactly."""
    config = Config(window=dt.timedelta(days=30, microseconds=1))

    assert config.to_dict()["window"] == "2592000000001 microseconds"
    assert Config(window=dt.timedelta(days=30)).to_dict()["window"] == "30 days"
    assert Config.from_dict(config.to_dict()) == config
