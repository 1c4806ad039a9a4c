"""The way of a batch, against brute force."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import dedupe_news as dn
import oracles
from dedupe_news import Clustering, Config
from dedupe_news._engine import batch, policy
from dedupe_news._engine.comparison import Explainer
from dedupe_news._engine.texts import distinct_texts
from dedupe_news._input.reading import read_documents
from dedupe_news._text import tokenize
from strategies import configs, feeds, times

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def moments(drawn: list[int | None]) -> list[dt.datetime | None]:
    """Return microseconds since 1970 as datetimes."""
    return [None if each is None else EPOCH + dt.timedelta(microseconds=each) for each in drawn]


def run(feed: list[str], config: Config, drawn: list[int | None] | None = None) -> Clustering:
    """Cluster a feed on one thread."""
    published: Any = None if drawn is None else moments(drawn)
    return dn.cluster(feed, config=config, published=published, progress=False, n_jobs=1)


def kept(result: Clustering) -> list[int]:
    """Return the representative of every document."""
    found: list[int] = result.representatives[result.labels].tolist()
    return found


def pairs(result: Clustering) -> list[tuple[int, int, float, float, int]]:
    """Return the matches as plain values."""
    return [
        (*pair.positions, pair.jaccard, pair.containment, int(pair.relation))
        for pair in result.matches
    ]


@st.composite
def timed(draw: st.DrawFn) -> tuple[list[str], list[int | None]]:
    """Draw a feed and its times."""
    feed = draw(feeds())
    return feed, draw(st.lists(times, min_size=len(feed), max_size=len(feed)))


@given(feed=feeds(), config=configs)
def test_partition_is_that_of_the_oracle(feed: list[str], config: Config) -> None:
    """Labels and representatives, without times."""
    result = run(feed, config)

    expected = oracles.cluster(feed, config)
    assert kept(result) == expected.kept
    assert result.labels.tolist() == expected.labels


@given(drawn=timed(), config=configs)
def test_partition_by_time_is_that_of_the_oracle(
    drawn: tuple[list[str], list[int | None]], config: Config
) -> None:
    """Times tie and lack; whichever is preferred."""
    feed, drawn_times = drawn

    result = run(feed, config, drawn_times)

    assert kept(result) == oracles.cluster(feed, config, drawn_times).kept


@given(drawn=timed(), config=configs)
def test_matches_are_those_of_the_oracle(
    drawn: tuple[list[str], list[int | None]], config: Config
) -> None:
    """Precise, and complete among pairs that share a band; with exact scores."""
    feed, drawn_times = drawn

    result = run(feed, config, drawn_times)

    assert pairs(result) == oracles.cluster(feed, config, drawn_times).pairs


@given(feed=feeds(), config=configs)
def test_candidates_are_the_pairs_of_texts_that_share_a_band(
    feed: list[str], config: Config
) -> None:
    """Copies are one text, which is compared once."""
    distinct = {oracles.tokens_of(text): text for text in feed if text.split()}
    keys = [oracles.signed(text, config).keys for text in distinct.values()]

    assert run(feed, config).n_candidates == len(oracles.candidate_pairs(keys))


@given(drawn=timed(), config=configs, bucket_limit=st.integers(2, 3))
def test_clusters_of_large_buckets_do_not_chain(
    drawn: tuple[list[str], list[int | None]], config: Config, bucket_limit: int
) -> None:
    """Members match their representatives, which match one another only where that is said."""
    feed, drawn_times = drawn

    bounded = run(feed, config.replace(bucket_limit=bucket_limit), drawn_times)

    matches = {pair[:2] for pair in oracles.cluster(feed, config, drawn_times).pairs}
    sets = [oracles.signed(text, config).shingles for text in feed]
    for item, leader in enumerate(kept(bounded)):
        assert item == leader or oracles.jaccard(sets[item], sets[leader]) >= config.threshold
    if bounded.bounded.n_representatives_passed_over == 0:
        assert not matches & set(itertools.combinations(bounded.representatives.tolist(), 2))


@given(drawn=timed(), config=configs, bucket_limit=st.integers(2, 3))
def test_large_buckets_invent_no_match(
    drawn: tuple[list[str], list[int | None]], config: Config, bucket_limit: int
) -> None:
    """What is found there is exact, and found once."""
    feed, drawn_times = drawn

    bounded = pairs(run(feed, config.replace(bucket_limit=bucket_limit), drawn_times))

    assert bounded == sorted(set(bounded))
    assert set(bounded) <= set(oracles.cluster(feed, config, drawn_times).pairs)


@given(feed=feeds(max_size=14), config=configs, bucket_limit=st.integers(2, 3))
def test_what_was_bounded_is_said(feed: list[str], config: Config, bucket_limit: int) -> None:
    """As many large buckets as there are, and nothing else is left out."""
    distinct = {oracles.tokens_of(text): text for text in feed if text.split()}
    keys = [oracles.signed(text, config).keys for text in distinct.values()]
    sizes = [
        sum(row[band] == key for row in keys)
        for band in range(config.bands)
        for key in {row[band] for row in keys}
    ]
    n_large = sum(size > bucket_limit for size in sizes)

    result = run(feed, config.replace(bucket_limit=bucket_limit))

    assert result.bounded.n_large_buckets == n_large
    if n_large == 0:
        assert result.bounded == dn.Bounded()
        assert pairs(result) == oracles.cluster(feed, config).pairs


def test_nothing_is_bounded_in_an_ordinary_feed() -> None:
    """The result is then complete."""
    result = run(["ka lo mi", "ka lo mi nu"], Config(policy="similar"))

    assert result.bounded == dn.Bounded()
    assert not result.bounded


@given(feed=feeds())
def test_stages_are_announced_as_they_end(feed: list[str]) -> None:
    """In the order of the batch, each with its time."""
    stages = ["text", "candidates", "verdicts", "assignment"]

    assert list(run(feed, Config(policy="similar", params=(1, 1))).seconds) == stages


@given(order=st.permutations(range(6)))
def test_sources_decide_between_documents_that_else_are_equal(order: list[int]) -> None:
    """Not the order of the input; of the same source the first is kept."""
    feed = ["ka lo mi nu po"] * 6
    sources = ["a", "b", None, "a", "c", "b"]

    result = dn.cluster(feed, source=[sources[at] for at in order], progress=False, n_jobs=1)

    (kept,) = result.representatives.tolist()
    assert sources[order[kept]] is None


def test_stories_of_texts_are_stories_of_documents() -> None:
    """Copies of a text belong to its story; a document without a word belongs to none."""
    feed = ["ka lo mi", "", "nu ro", "KA LO MI", "so fa", "ka lo mi"]
    config = Config(policy="similar")
    columns = read_documents(feed)
    tokens = tokenize(columns.buffer, columns.offsets, config)
    texts = distinct_texts(columns, tokens.hashes, tokens.offsets, config.prefer, 1)
    outcome = policy.find(columns, tokens, texts, config, 1, lambda _: None)
    first, second = texts.text_of[[0, 2]].tolist()
    story_of = np.full(len(texts), -1)
    story_of[[first, second]] = second
    told = dataclasses.replace(outcome, story_of=story_of)

    def unused(*_: object) -> Any:  # noqa: ANN401 - nothing is described here
        raise AssertionError

    compare, bound = Explainer(columns, config), np.empty(0, np.int64)
    result = batch.Batch(columns, config, texts, {}, unused, compare, bound).clustering(told)

    assert result.story_of.tolist() == [2, -1, 2, 2, -1, 2]
    (story,) = result.stories
    assert (story.representative, story.positions, story.clusters) == (2, (0, 2, 3, 5), (0, 2))
    assert result.templates == []
