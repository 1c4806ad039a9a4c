"""What the library promises of every clustering; each promise has its test."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dedupe_news as dn
import oracles
from dedupe_news import Clustering, Config
from made_up_news import made_up_news
from strategies import configs, feeds, times

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

SEED = 20261123
CYRILLIC = str.maketrans("abdefgiklmnoprstuw", "абдефгиклмнопрстув")
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
CLASSICAL = Config(policy="similar")
NEWS = Config(policy="news")


@pytest.fixture(scope="module", params=[CLASSICAL, NEWS], ids=["similar", "news"])
def config(request: pytest.FixtureRequest) -> Config:
    """Return the default settings of each policy."""
    found: Config = request.param
    return found


@pytest.fixture(scope="module")
def feed(*, interpreted: bool) -> list[str]:
    """Return made-up texts: copies, templates and strangers, in two alphabets."""
    made = made_up_news(10, 5, 6) if interpreted else made_up_news(600, 40, 30)
    texts = [row["text"] for row in made.rows]
    return [text.translate(CYRILLIC) if at % 5 == 0 else text for at, text in enumerate(texts)]


@pytest.fixture(scope="module")
def result(feed: list[str], config: Config) -> Clustering:
    """Return their clustering on one thread, by each policy."""
    return run(feed, config, n_jobs=1)


@pytest.fixture(scope="module")
def similar(feed: list[str]) -> Clustering:
    """Return their clustering by similarity."""
    return run(feed, n_jobs=1)


def run(given_feed: object, config: Config = CLASSICAL, **options: Any) -> Clustering:
    """Cluster without signs of life."""
    return dn.cluster(given_feed, config=config, progress=False, **options)


def partition(result: Clustering, names: Iterable[int] | None = None) -> set[frozenset[int]]:
    """Return the clusters as sets of the documents' names, by default positions."""
    members: dict[int, set[int]] = {}
    for name, label in zip(names or range(len(result)), result.labels.tolist(), strict=True):
        members.setdefault(label, set()).add(name)
    return {frozenset(each) for each in members.values()}


def moments(drawn: Sequence[int | None]) -> list[dt.datetime | None]:
    """Return microseconds since 1970 as datetimes."""
    return [None if each is None else EPOCH + dt.timedelta(microseconds=each) for each in drawn]


def assert_same(one: Clustering, other: Clustering) -> None:
    """Compare everything that does not depend on the clock."""
    np.testing.assert_array_equal(one.labels, other.labels)
    np.testing.assert_array_equal(one.representatives, other.representatives)
    np.testing.assert_array_equal(one.story_of, other.story_of)
    np.testing.assert_array_equal(one.template_of, other.template_of)
    assert list(one.matches) == list(other.matches)
    assert one.bounded == other.bounded
    assert one.n_candidates == other.n_candidates


def test_made_up_feed_has_clusters(result: Clustering) -> None:
    """A made-up feed has clusters, otherwise the other tests would show nothing."""
    assert result.clusters
    assert len(result.matches) > 2


# ---- The same input and settings give the same partition.


@pytest.mark.parametrize("n_jobs", [2, 3, -1, None])
def test_threads_do_not_change_the_result(
    feed: list[str], result: Clustering, n_jobs: int | None
) -> None:
    """Neither clusters nor matches nor what was bounded depend on the number of threads."""
    assert_same(run(feed, result.config, n_jobs=n_jobs), result)


def test_threads_do_not_change_large_buckets(feed: list[str]) -> None:
    """Also where work is bounded."""
    config = CLASSICAL.replace(bucket_limit=2, threshold=0.3)

    assert_same(run(feed, config, n_jobs=2), run(feed, config, n_jobs=1))


@pytest.mark.parametrize(
    "wrap",
    [
        tuple,
        iter,
        lambda texts: np.array(texts, object),
        pd.Series,
        lambda texts: pd.DataFrame({"text": texts}),
        pl.Series,
        lambda texts: pl.LazyFrame({"text": texts}),
        pa.array,
        lambda texts: pa.table({"text": texts}),
        lambda texts: [{"text": text} for text in texts],
        lambda texts: [dn.Document(text) for text in texts],
    ],
    ids=["tuple", "iterator", "numpy", "Series", "DataFrame", "polars Series", "LazyFrame",
         "arrow", "arrow table", "mappings", "documents"],
)  # fmt: skip
def test_kind_of_input_does_not_change_the_result(
    feed: list[str], result: Clustering, wrap: Callable[[list[str]], object]
) -> None:
    """The same texts are the same documents."""
    assert_same(run(wrap(feed), result.config, n_jobs=1), result)


@pytest.mark.parametrize("chunk", [1, 7, 1_000])
def test_chunks_do_not_change_the_result(feed: list[str], result: Clustering, chunk: int) -> None:
    """Chunks do not change the result, however the documents lie in memory."""
    chunks = [feed[start : start + chunk] for start in range(0, len(feed), chunk)]

    assert_same(run(pa.chunked_array(chunks), result.config), result)


@st.composite
def shuffled_feeds(draw: st.DrawFn) -> tuple[list[str], list[int | None], list[int]]:
    """Draw a feed, its times and another order of it."""
    drawn = draw(feeds())
    moments = draw(st.lists(times, min_size=len(drawn), max_size=len(drawn)))
    return drawn, moments, list(draw(st.permutations(range(len(drawn)))))


@given(drawn=shuffled_feeds(), config=configs, bucket_limit=st.sampled_from([2, 3, 1_000]))
def test_any_order_gives_the_same_partition(
    drawn: tuple[list[str], list[int | None], list[int]], config: Config, bucket_limit: int
) -> None:
    """With ties, missing times and bounded work; what is kept is the same item."""
    texts, drawn_times, order = drawn
    config = config.replace(bucket_limit=bucket_limit)

    straight = run(texts, config, published=moments(drawn_times))
    shuffled = run(
        [texts[i] for i in order], config, published=moments([drawn_times[i] for i in order])
    )

    assert partition(shuffled, order) == partition(straight)
    keys = list(zip(texts, drawn_times, strict=True))
    kept = {keys[i] for i in straight.representatives.tolist()}
    assert {keys[order[i]] for i in shuffled.representatives.tolist()} == kept
    assert shuffled.bounded == straight.bounded


@pytest.mark.parametrize("n_parts", [1, 3])
def test_an_index_gives_the_same_partition(
    feed: list[str], similar: Clustering, n_parts: int
) -> None:
    """An index gives the same partition, however its documents arrived."""
    index = dn.NewsIndex(CLASSICAL)
    for part in range(n_parts):
        index.add_many([{"id": i, "text": feed[i]} for i in range(part, len(feed), n_parts)])

    found = index.cluster(progress=False)

    assert partition(found, found.to_dict()["id"]) == partition(similar)


# ---- Precision: every match is true. No chaining: members match whom they follow.


def test_every_match_reaches_the_threshold(feed: list[str], similar: Clustering) -> None:
    """By the exact similarity that `compare` finds on its own way."""
    for pair in similar.matches:
        left, right = pair.positions
        comparison = dn.compare(feed[left], feed[right], config=CLASSICAL)
        assert comparison.jaccard == pair.jaccard >= CLASSICAL.threshold
        assert comparison.containment == pair.containment
        assert comparison.relation is pair.relation


@pytest.mark.parametrize("bucket_limit", [2, 1_000])
def test_every_member_matches_its_representative(feed: list[str], bucket_limit: int) -> None:
    """Every member matches its representative, directly, and never through a chain."""
    config = CLASSICAL.replace(threshold=0.4, bucket_limit=bucket_limit)

    for cluster in run(feed, config).clusters:
        kept = feed[cluster.representative_position]
        for member in cluster.positions:
            comparison = dn.compare(feed[member], kept, config=config)
            assert comparison.jaccard >= config.threshold


def test_drifting_texts_do_not_chain() -> None:
    """Of forty texts, each a word away from the last, the ends share nothing."""
    words = [f"word{i}" for i in range(60)]
    drift = [" ".join(words[i : i + 20]) for i in range(40)]

    result = run(drift)

    assert all(dn.compare(drift[left], drift[right], config=CLASSICAL).relation is not None
               for left, right in zip(range(39), range(1, 40), strict=True))  # fmt: skip
    assert result.labels[0] != result.labels[-1]
    assert max(len(cluster) for cluster in result.clusters) <= 2 * 3 + 1


# ---- Recall: a pair at the threshold is found with at least the configured probability.


def test_pairs_at_the_threshold_are_found(*, interpreted: bool) -> None:
    """Pairs at the threshold are found."""
    n_pairs = 20 if interpreted else 2_000
    shared, alone = 14, 6
    config = Config(policy="similar", threshold=shared / (shared + alone), shingle_size=1)
    texts = []
    for i in range(n_pairs):
        common = [f"c{i}x{j}" for j in range(shared)]
        sides = [[f"{side}{i}x{j}" for j in range(alone // 2)] for side in "lr"]
        texts += [" ".join(common + side) for side in sides]

    found = len(run(texts, config).matches) / n_pairs

    deviation = np.sqrt(config.recall * (1 - config.recall) / n_pairs)
    assert found >= config.recall - 5 * deviation


# ---- Short and empty texts.


def test_texts_without_a_token_match_nothing() -> None:
    """Texts without a token match nothing, not even one another."""
    feed = ["", "", "...", "!?", " \n ", None, "ka", "[…]"]

    result = run(feed, threshold=0.1)

    assert result.labels.tolist() == list(range(8))
    assert len(result.matches) == 0


def test_feed_of_empty_texts_alone() -> None:
    """No stage needs a text."""
    assert run(["", None, ""]).labels.tolist() == [0, 1, 2]


def test_text_shorter_than_a_shingle_is_one_shingle() -> None:
    """Text shorter than a shingle is one shingle; it matches the same words, and no others."""
    feed = ["ka", "lo", "ka lo", "Ka!", "ka lo mi", "lo ka", "KA LO"]

    assert run(feed, shingle_size=3).labels.tolist() == [0, 1, 2, 0, 3, 4, 2]


def test_threshold_one_means_equal_shingles() -> None:
    """A word more is no match."""
    feed = ["ka lo mi nu", "ka lo mi nu po", "KA lo, mi nu", "ka lo mi"]

    assert run(feed, threshold=1.0).labels.tolist() == [0, 1, 0, 2]


def test_threshold_is_inclusive() -> None:
    """Seven of ten single words shared are 0.7."""
    words = [f"word{i}" for i in range(10)]
    feed = [" ".join(words), " ".join(words[:7])]

    assert run(feed, threshold=0.7, shingle_size=1).labels.tolist() == [0, 0]
    above = float(np.nextafter(0.7, 1))
    assert run(feed, threshold=above, shingle_size=1).labels.tolist() == [0, 1]


# ---- Who represents a cluster.

COPIES = ["ka lo mi nu po ra", "ka lo mi nu po ra xo", "ka lo mi nu po", "ka lo mi nu po ra xo yu"]


@pytest.mark.parametrize(
    ("prefer", "days", "kept"),
    [
        ("earliest", [3, 1, 2, 4], 1),
        ("latest", [3, 1, 2, 4], 3),
        ("longest", [1, 2, 3, 4], 3),
        ("longest", [None, None, None, None], 3),
        ("earliest", [None, None, 2, 4], 2),
        ("latest", [None, 5, 2, None], 1),
        ("earliest", [None, None, None, None], 3),
        ("latest", [None, None, None, None], 3),
        ("earliest", [1, 1, 1, 2], 1),
        ("latest", [2, 1, 2, 1], 0),
        ("earliest", [0, 0, -1, 0], 2),
    ],
)
def test_representative_is_the_preferred(prefer: str, days: list[int | None], kept: int) -> None:
    """By time, then length; a document without a time comes last."""
    published = [None if day is None else EPOCH + dt.timedelta(days=day) for day in days]

    result = run(COPIES, threshold=0.3, prefer=prefer, published=published)

    assert result.representatives.tolist() == [kept]


@pytest.mark.parametrize(("prefer", "kept"), [("earliest", 1), ("latest", 2), ("longest", 1)])
def test_representative_of_equal_words_is_the_preferred(prefer: str, kept: int) -> None:
    """Representative of equal words is the preferred; copies differ in time alone."""
    published = [EPOCH + dt.timedelta(days=day) for day in (2, 1, 3)]

    result = run(["ka lo mi"] * 3, prefer=prefer, published=published)

    assert result.representatives.tolist() == [kept]


def test_most_preferred_representative_is_joined() -> None:
    """Where a text matches two that do not match each other."""
    feed = ["a b c d", "c d e f", "b c d e"]

    def kept(days: list[int]) -> list[int]:
        published = [EPOCH + dt.timedelta(days=day) for day in days]
        result = run(feed, threshold=0.5, shingle_size=1, published=published)
        return result.representatives[result.labels].tolist()  # type: ignore[no-any-return]

    assert kept([1, 2, 3]) == [0, 1, 0]
    assert kept([2, 1, 3]) == [0, 1, 1]
    assert kept([2, 3, 1]) == [2, 2, 2]


# ---- Bounded work.


def near_identical(n: int) -> list[str]:
    """Return texts of forty words that differ in one of them."""
    before, after = (" ".join(f"w{i}" for i in part) for part in (range(20), range(20, 40)))
    return [f"{before} x{i} {after}" for i in range(n)]


def test_huge_bucket_is_one_cluster_in_linear_work(*, interpreted: bool) -> None:
    """Every text matches the representative; matches and comparisons are one a text."""
    n = 120 if interpreted else 100_000
    config = CLASSICAL.replace(bucket_limit=20 if interpreted else 1_000)

    result = run(near_identical(n), config)

    assert len(result.clusters) == 1
    assert len(result.clusters[0]) == n
    assert n - 1 <= len(result.matches) <= 20 * n
    assert result.n_candidates <= config.bands * n * 20
    assert result.bounded.n_large_buckets > 0
    assert result.bounded.n_representatives_passed_over == 0


def test_identical_texts_are_one_cluster_in_linear_work(*, interpreted: bool) -> None:
    """Identical texts are one cluster in linear work."""
    n = 300 if interpreted else 100_000

    result = run(["ka lo mi nu po"] * n)

    assert [len(cluster) for cluster in result.clusters] == [n]
    assert len(result.matches) == n - 1
    assert result.n_candidates == 0
    assert not result.bounded


def test_representatives_passed_over_are_counted() -> None:
    """Strangers that share a bucket of more than the limit may stay apart, and it is said."""
    # One band of one row over single words: whoever shares the least hash shares the bucket.
    config = Config(
        policy="similar", threshold=0.9, shingle_size=1, params=(1, 1), num_perm=1, bucket_limit=2
    )
    words = min((f"w{i}" for i in range(50)), key=lambda word: run_key(word, config))
    feed = [f"{words} s{i} t{i} u{i}" for i in range(200)]

    result = run(feed, config)

    assert result.bounded.n_large_buckets == 1
    assert result.bounded.n_representatives_passed_over > 0
    assert result.bounded.n_pairs_not_compared > 0


def run_key(word: str, config: Config) -> int:
    """Return the signature value of a text of one word."""
    shingles = oracles.shingle_hashes(oracles.tokens_of(word), 1)
    return oracles.signature(shingles, config.num_perm, config.seed)[0]
