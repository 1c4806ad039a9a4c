"""Spark, against the same documents in memory."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import dedupe_news as dn
from dedupe_news import Config
from made_up_news import WORDS, made_up_news
from spark_marks import MARKS
from strategies import configs, feeds, times

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pyspark.sql import DataFrame, SparkSession

    from dedupe_news.config import Policy

    Make = Callable[[list[dict[str, Any]]], DataFrame]

pytestmark = MARKS

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
BOTH = pytest.mark.parametrize("spark", ["local[2]", "local-cluster[2,1,1024]"], indirect=True)
# Each run takes seconds, whatever its size.
FEW = settings(
    max_examples=4,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
some_configs = st.builds(
    Config.replace,
    configs,
    policy=st.sampled_from(["news", "similar"]),
    window=st.sampled_from([None, None, dt.timedelta(microseconds=1)]),
    bucket_limit=st.sampled_from([2, 1000]),
)


def run(df: DataFrame, config: Config) -> list[Any]:
    """Return the rows of a clustering by id."""
    from dedupe_news.spark import cluster  # noqa: PLC0415 - for those who run these

    return sorted(cluster(df, config=config).collect(), key=lambda row: row["id"])


def assert_same(found: list[Any], rows: list[dict[str, Any]], config: Config) -> None:
    """Hold what Spark found against a run in memory; ids are positions there."""
    names = ("title", "text", "source", "published")
    table = {name: [row.get(name) for row in rows] for name in names}
    table = {name: column for name, column in table.items() if name == "text" or any(column)}
    expected = dn.cluster(table, config=config, progress=False, n_jobs=1)
    kept = expected.representatives[expected.labels].tolist()
    assert [row["id"] for row in found] == list(range(len(rows)))
    assert [row["representative"] for row in found] == kept
    assert [row["relation"] for row in found] == list(expected.to_dict()["relation"])
    n_clusters = len(expected.representatives)
    assert len({row["cluster"] for row in found}) == n_clusters
    both = {(row["cluster"], row["representative"]) for row in found}
    assert len(both) == n_clusters


@st.composite
def documents(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw documents whose times and sources tie and lack."""
    drawn: list[str] = []
    for _ in range(draw(st.integers(1, 4))):
        drawn += draw(feeds())
    moments = [draw(times) for _ in drawn]
    sources = [draw(st.sampled_from([None, "a", "b"])) for _ in drawn]
    return [
        {
            "id": at,
            "text": text,
            "source": source,
            "published": None if moment is None else EPOCH + dt.timedelta(microseconds=moment),
        }
        for at, (text, moment, source) in enumerate(zip(drawn, moments, sources, strict=True))
    ]


@BOTH
@given(rows=documents(), config=some_configs)
@FEW
def test_any_feed_is_clustered_as_in_memory(
    frame_of: Make, rows: list[dict[str, Any]], config: Config
) -> None:
    """Representatives and relations too: texts tie, times lack, buckets overflow."""
    assert_same(run(frame_of(rows), config), rows, config)


@pytest.mark.parametrize(
    "config",
    [
        Config(),
        Config(prefer="latest", window=2 * DAY),
        Config(threshold=0.6, prefer="longest"),
        Config(threshold=0.5, window=DAY, bucket_limit=4),
    ],
    ids=["news", "news-window", "similar", "similar-window"],
)
def test_a_made_up_feed_is_clustered_as_in_memory(frame_of: Make, config: Config) -> None:
    """Stories that were copied, and forms filled in anew."""
    rows = made_up_news(n_stories=40, n_forms=6, n_days=9).rows
    again = [row | {"source": "agency"} for row in rows[::5]]
    numbered = [row | {"id": at} for at, row in enumerate([*rows, *again, {"text": ""}])]

    assert_same(run(frame_of(numbered), config), numbered, config)


@pytest.mark.parametrize("spark", ["local[2]"], indirect=True)
@pytest.mark.parametrize("policy", ["news", "similar"])
def test_many_blocks_are_one_feed(
    frame_of: Make, policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blocks, partitions, chunks and components of a few texts each, in several rounds."""
    from dedupe_news.spark import components, numbering, workspace  # noqa: PLC0415

    monkeypatch.setattr(numbering, "_TOKENS_A_BLOCK", 400)
    monkeypatch.setattr(workspace, "_TOKENS_A_PARTITION", 700)
    monkeypatch.setattr(components.label, "__defaults__", (0,))
    rows = [row | {"id": at} for at, row in enumerate(made_up_news(60, 7, 6).rows)]

    config = Config(policy=policy)
    assert_same(run(frame_of(rows), config), rows, config)


@BOTH
@pytest.mark.parametrize("policy", ["news", "similar"])
def test_the_real_feed_is_clustered_as_in_memory(
    spark: SparkSession, is_local: bool, shared_data: Path, policy: Policy, tmp_path: Path
) -> None:
    """Every representative and relation: of much of it locally, of less on clusters."""
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    from dedupe_news.spark import cluster  # noqa: PLC0415

    table = pq.read_table(shared_data / "newsapi_teasers.parquet")
    table = table.drop_columns(["id", "lang"]).append_column("id", pa.array(np.arange(len(table))))
    table = table.set_column(2, "source", table["source"].cast(pa.string()))
    table = table.slice(0, 60_000 if is_local else 20_000)
    pq.write_table(table, tmp_path / "feed.parquet")
    config = Config(policy=policy)
    expected = dn.cluster(table, text="description", config=config, progress=False)

    df = spark.read.parquet(str(tmp_path / "feed.parquet"))
    rows = cluster(df, text="description", config=config).collect()
    found = sorted(rows, key=lambda row: int(row["id"]))

    kept = expected.representatives[expected.labels].tolist()
    assert [row["representative"] for row in found] == kept
    assert [row["relation"] for row in found] == list(expected.to_dict()["relation"])
    assert len({row["cluster"] for row in found}) == len(expected.representatives)


@pytest.mark.parametrize("spark", ["local-cluster[2,1,1024]"], indirect=True)
@pytest.mark.parametrize("policy", ["news", "similar"])
def test_a_hundred_thousand_copies_are_no_burden(spark: SparkSession, policy: Policy) -> None:
    """Executors of 1 GB survive wire copies, half of them nearly identical."""
    from pyspark.sql import functions as F  # noqa: N812, PLC0415

    from dedupe_news.spark import cluster  # noqa: PLC0415

    base = " ".join(np.random.default_rng(3).choice(WORDS, 40).tolist())
    n = 100_000
    edition = F.when(F.col("id") % 2 == 1, F.concat(F.lit(f"{base} edition"), "id"))
    df = spark.range(n).withColumn("text", F.coalesce(edition, F.lit(base)))

    found = cluster(df, policy=policy).groupBy("cluster").count().collect()

    exact = max(row["count"] for row in found)
    assert exact >= n // 2
    assert sum(row["count"] for row in found) == n


@BOTH
@pytest.mark.parametrize("policy", ["news", "similar"])
def test_a_bucket_of_bulletins_is_clustered_as_in_memory(frame_of: Make, policy: Policy) -> None:
    """2,000 of one form, hour after hour, of which many share all their bands."""
    form = " ".join(np.random.default_rng(4).choice(WORDS, 30).tolist())
    rows = [
        {
            "id": at,
            "text": f"{form} hour{at} temp{at % 40}",
            "source": "office",
            "published": EPOCH + dt.timedelta(hours=at),
        }
        for at in range(2000)
    ]

    config = Config(policy=policy)
    assert_same(run(frame_of(rows), config), rows, config)


@BOTH
def test_bounded_work_is_said_as_in_memory(
    frame_of: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """Counts of all parts together; an update compares nothing in a large bucket."""
    from dedupe_news.spark import update  # noqa: PLC0415

    form = " ".join(np.random.default_rng(4).choice(WORDS, 30).tolist())
    texts = [row["text"] for row in made_up_news(40, 6, 9).rows]
    texts += [f"{form} hour{at} temp{at % 40}" for at in range(60)]
    config = Config(policy="similar", threshold=0.7, bucket_limit=3)
    bounded = dn.cluster(texts, config=config, progress=False).bounded
    assert bounded.n_representatives_passed_over > 0
    bare = frame_of([{"id": at, "text": text} for at, text in enumerate(texts)])

    run(bare, config)
    run(bare, config.replace(bucket_limit=1000))
    update(bare, config=config)

    said = [record.getMessage() for record in caplog.records if record.name == "dedupe_news"]
    assert said[0] == (
        f"work was bounded: {bounded.n_large_buckets:,} buckets of more than 3 texts, "
        f"{bounded.n_pairs_not_compared:,} pairs within not compared, "
        f"{bounded.n_representatives_passed_over:,} representatives passed over"
    )
    assert said[1].startswith(f"work was bounded: {bounded.n_large_buckets:,} buckets")
    assert said[1].endswith("not compared, 0 representatives passed over")
    assert len(said) == 2
