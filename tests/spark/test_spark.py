"""DataFrames of Spark's, against the same documents in memory."""

from __future__ import annotations

import datetime as dt
import importlib.util
import logging
import os
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dedupe_news as dn
import strategies
from dedupe_news import Config
from made_up_news import __file__ as made_up_news_file
from made_up_news import made_up_news
from spark_marks import MARKS

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyspark.sql import DataFrame, SparkSession

    from dedupe_news.config import Policy

    Make = Callable[[list[dict[str, Any]]], DataFrame]

pytestmark = MARKS

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
FOUND = pa.schema(
    {"id": pa.int64(), "cluster": pa.int64(), "representative": pa.int64(), "relation": pa.string()}
)
ROWS = [
    {"id": "a", "text": "Rain floods the old town", "published": EPOCH},
    {"id": "b", "text": "Sun at last", "published": EPOCH},
    {"id": "c", "text": "rain floods the old town!", "published": EPOCH + DAY},
]


def rows_of(found: DataFrame) -> list[tuple[Any, ...]]:
    """Return the rows of a result by id."""
    assert found.columns == ["id", "cluster", "representative", "relation"]
    return sorted(map(tuple, found.collect()), key=lambda row: row[0])


@pytest.mark.parametrize(
    "config",
    [
        Config(),
        Config(prefer="latest", window=2 * DAY),
        Config(policy="similar", threshold=0.6, prefer="longest"),
        Config(policy="similar", threshold=0.5, window=DAY, bucket_limit=4),
    ],
    ids=["news", "news-window", "similar", "similar-window"],
)
def test_a_feed_is_clustered_as_in_memory(frame_of: Make, config: Config) -> None:
    """Clusters, representatives and relations are those of memory, in the order of ids."""
    rows = made_up_news(n_stories=40, n_forms=6, n_days=9).rows
    again = [row | {"source": "agency"} for row in rows[::5]]
    numbered = [row | {"id": at} for at, row in enumerate([*rows, *again, {"text": ""}])]

    expected = dn.cluster(numbered, config=config, progress=False)
    found = rows_of(_cluster(frame_of(numbered), config=config))

    assert len(expected.clusters) > 10
    assert found == list(
        zip(
            range(len(numbered)),
            expected.labels.tolist(),
            expected.representatives[expected.labels].tolist(),
            expected.to_dict()["relation"],
            strict=True,
        )
    )


def test_columns_may_have_other_names_and_types(spark: SparkSession) -> None:
    """Ids are given back as they came; times are strings, or moments in any zone."""
    ids: list[tuple[str, list[Any]]] = [
        ("string", ["a", "b", "c"]),
        ("tinyint", [-1, 2, 3]),
        ("long", [1, 2, 2**60]),
        ("decimal(20,2)", [Decimal("1.50"), Decimal("2.25"), Decimal("10.00")]),
        ("binary", [bytearray(b"\xff"), bytearray(b"a"), bytearray(b"b")]),
    ]
    for kind, values in ids:
        df = spark.createDataFrame(
            [
                (values[0], "Rain floods the old town", "2026-03-01T08:00:00+01:00"),
                (values[1], "rain floods the old town!", "2026-03-01T07:30:00Z"),
                (values[2], None, None),
            ],
            f"`the url` {kind}, body string, seen string",
        )
        found = _cluster(
            df, id="the url", text="body", published="seen", policy="similar", threshold=0.9
        )
        by_text = found.join(df, found["id"] == df["the url"]).collect()
        relations = {row["body"]: (row["representative"], row["relation"]) for row in by_text}
        assert found.schema["id"].dataType == df.schema["the url"].dataType
        # An hour east is an hour before.
        assert relations["rain floods the old town!"] == (values[0], "exact"), kind
        assert relations[None] == (values[2], None)


def test_nothing_at_all_is_clustered(frame_of: Make) -> None:
    """A DataFrame without a row has a result without one."""
    assert rows_of(_cluster(frame_of([]))) == []


@given(
    rows=strategies.feeds(12),
    days=st.lists(st.none() | st.integers(0, 6), min_size=12, max_size=12),
    n_rows=st.integers(1, 5),
    policy=st.sampled_from(["news", "similar"]),
    window=st.none() | st.just(2 * DAY),
)
@settings(max_examples=40)
def test_drawn_feeds_are_clustered_as_in_memory(
    rows: list[str], days: list[int | None], n_rows: int, policy: Policy, window: dt.timedelta
) -> None:
    """What workers do is what is done in memory, however many rows come at a time."""
    from dedupe_news.integrations.spark import tasks  # noqa: PLC0415 - for those who run these

    config = Config(policy=policy, window=window)
    feed = {
        "text": rows,
        "source": ["Herald" if at % 3 else None for at in range(len(rows))],
        "published": [None if day is None else EPOCH + day * DAY for day in days[: len(rows)]],
    }
    kinds = {"text": pa.string(), "source": pa.string(), "published": pa.timestamp("us", "UTC")}
    table = pa.table({name: pa.array(values, kinds[name]) for name, values in feed.items()})
    numbered = table.append_column("id", pa.array(range(len(rows)), pa.int64()))

    batches = iter(numbered.to_batches(n_rows))
    options = {"config": config, "n_jobs": 1}
    found = pa.Table.from_batches(tasks.clustered(batches, "id", options), FOUND).to_pydict()

    expected = dn.cluster(table, config=config, progress=False)
    kept = expected.representatives[expected.labels].tolist()
    assert found["cluster"] == expected.labels.tolist()
    assert found["representative"] == kept
    assert found["relation"] == expected.to_dict()["relation"]


def test_work_that_was_bounded_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """As `Clustering.bounded` has it in memory, by the worker."""
    from dedupe_news.integrations.spark import tasks  # noqa: PLC0415 - for those who run these

    texts = [f"Rain floods the old town {'x ' * (n % 7)}" for n in range(40)]
    config = Config(policy="similar", threshold=0.3, bucket_limit=2)
    batch = pa.RecordBatch.from_pydict({"id": list(range(40)), "text": texts})
    with caplog.at_level(logging.WARNING, "dedupe_news"):
        list(tasks.clustered(iter([batch]), "id", {"config": config, "n_jobs": 1}))

    assert dn.cluster(texts, config=config, progress=False).bounded
    assert "Work was bounded: " in caplog.text


def test_deduplicator_is_saved_and_loaded(frame_of: Make, tmp_path: Path) -> None:
    """A Pipeline comes back with its settings and the names of its columns."""
    from pyspark.ml import Pipeline, PipelineModel  # noqa: PLC0415 - for those who run these

    from dedupe_news.integrations.spark import Deduplicator  # noqa: PLC0415

    window = 2 * DAY
    stage = Deduplicator(
        idCol="key", clusterCol="label", policy="similar", threshold=0.8, window=window
    )
    df = frame_of(ROWS).withColumnRenamed("id", "key")
    pipeline = Pipeline(stages=[stage]).fit(df)
    pipeline.save(str(tmp_path / "pipeline"))
    loaded = PipelineModel.load(str(tmp_path / "pipeline"))

    stages: Any = loaded.stages
    assert stages[0].config == dn.Config(policy="similar", threshold=0.8, window=window)
    transformed = loaded.transform(df)
    found = {row["key"]: row for row in transformed.collect()}
    assert transformed.columns == [*df.columns, "label", "representative", "relation"]
    assert found["a"]["label"] == found["c"]["label"] != found["b"]["label"]
    assert found["c"]["representative"] == "a"
    assert found["c"]["relation"] == "exact"


def test_deduplicator_leaves_one_of_a_cluster(frame_of: Make) -> None:
    """All columns of the documents that are kept are there."""
    from dedupe_news.integrations.spark import Deduplicator  # noqa: PLC0415

    df = frame_of(ROWS)
    kept = Deduplicator(dropDuplicates=True).transform(df)

    assert kept.columns == [*df.columns, "cluster"]
    assert {row["id"] for row in kept.collect()} == {"a", "b"}


def test_deduplicator_overwrites_nothing(frame_of: Make) -> None:
    """A column of the name of one that is to be added is refused."""
    from dedupe_news.integrations.spark import Deduplicator  # noqa: PLC0415

    df = frame_of(ROWS).withColumnRenamed("title", "cluster")
    with pytest.raises(dn.InputError, match=r"has a column 'cluster' already.*clusterCol"):
        Deduplicator().transform(df)


def test_params_that_are_no_settings_are_refused(spark: SparkSession) -> None:
    """A value that somebody set to the Param may be no JSON."""
    from dedupe_news.integrations.spark import Deduplicator  # noqa: PLC0415

    stage = Deduplicator()
    stage.set(stage.getParam("settings"), "threshold=0.8")
    with pytest.raises(dn.ConfigError, match=r"'threshold=0.8', which is no JSON"):
        stage.transform(spark.range(3))


@pytest.mark.parametrize(
    ("query", "arguments", "error", "message"),
    [
        ("SELECT 1 AS id", {}, dn.ColumnError, "there is no column 'text'"),
        ("SELECT 'x' AS text", {}, dn.ColumnError, "no column to take the id from.*id='...'"),
        (
            "SELECT 1 AS id, 'x' AS text",
            {"title": "head"},
            dn.ColumnError,
            "no column 'head' to take the title from; the columns are 'id', 'text'",
        ),
        (
            "SELECT 1 AS id, 'x' AS text",
            {"title": 3},
            dn.ColumnError,
            "no column 3 to take the title from",
        ),
        (
            "SELECT 1 AS id, 'x' AS text",
            {"on_invalid": "pass"},
            dn.ConfigError,
            "on_invalid='pass' is not known",
        ),
        (
            "SELECT 1 AS id, 2 AS text",
            {},
            dn.InputTypeError,
            "'text' is of type 'int', which cannot be the text; it must hold strings",
        ),
        ("SELECT 1.5D AS id, 'x' AS text", {}, dn.InputTypeError, "cannot be the id"),
        (
            "SELECT 1 AS id, 'x' AS text, 'y' AS text",
            {},
            dn.InputError,
            "2 columns of the name 'text'",
        ),
    ],
)
def test_what_cannot_be_used_is_refused(
    spark: SparkSession,
    query: str,
    arguments: dict[str, Any],
    error: type[Exception],
    message: str,
) -> None:
    """Columns, types, times and ids are refused with a remedy."""
    df = spark.sql(query)
    with pytest.raises(error, match=message):
        _cluster(df, **arguments)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            "SELECT 'n' AS id, 'x' AS text, '2030-01-01 08:00' AS seen",
            'InputError: .*document 0 .*no time zone.*timezone="UTC".*in the order of their ids',
        ),
        (
            "SELECT 1 AS id, 'x' AS text, TIMESTAMP_NTZ '2030-01-01 00:00:00' AS seen",
            "InputError: .*no time zone",
        ),
        (
            "SELECT CAST(NULL AS STRING) AS id, 'x' AS text, NULL AS seen",
            "InputError: the id of a document is null.*dropna",
        ),
        (
            "SELECT 7 AS id, 'x' AS text, NULL AS seen FROM range(3) UNION ALL SELECT 8, 'y', NULL",
            "DuplicateIdError: 3 documents share the id 7.*dropDuplicates",
        ),
    ],
)
def test_values_that_cannot_be_used_are_refused(
    spark: SparkSession, query: str, message: str
) -> None:
    """When the result is computed, Spark's exception ends with this library's."""
    from pyspark.errors import PythonException  # noqa: PLC0415 - for those who run these

    found = _cluster(spark.sql(query), published="seen")
    with pytest.raises(PythonException, match=message):
        found.collect()


def test_values_that_cannot_be_used_are_left_out_where_that_is_said(spark: SparkSession) -> None:
    """Columns are found by their usual names, and values read by the rules of memory."""
    df = spark.sql(
        "SELECT * FROM VALUES ('a', 'Rain floods the old town', '2030-01-01 08:00'), "
        "('b', 'rain floods the old town!', '2030-02-30 08:00'), "
        "('c', 'Rain floods the old town', '2030-01-01 07:00') AS feed(guid, description, pubDate)"
    )

    found = _cluster(df, published="pubDate", timezone="UTC", on_invalid="drop")

    assert rows_of(found) == [("a", 0, "c", "exact"), ("c", 0, "c", None)]


def test_other_input_is_refused(spark: SparkSession) -> None:
    """What is no DataFrame of Spark's, and no Config, is refused."""
    not_a_frame: Any = ["Rain"]
    with pytest.raises(dn.InputTypeError, match=r"df is of type 'list'.*dedupe_news.cluster"):
        _cluster(not_a_frame)
    with pytest.raises(dn.ConfigError, match=r"pass a dn\.Config"):
        _cluster(spark.range(1), config=0.8)


def test_nothing_private_to_the_jvm_is_used(root: Path) -> None:
    """Spark Connect has neither RDDs nor Java's objects."""
    private = re.compile(r"\.rdd\b|\._j\w+|_jvm|sparkContext|\._sc\b")
    for file in sorted((root / "src" / "dedupe_news" / "integrations" / "spark").glob("*.py")):
        assert not private.search(file.read_text(encoding="utf-8")), file.name


@pytest.mark.parametrize(
    "session",
    [
        pytest.param(
            'SparkSession.builder.remote("local[1]").getOrCreate()',
            id="connect",
            marks=pytest.mark.skipif(
                importlib.util.find_spec("grpc") is None, reason="needs pyspark[connect]"
            ),
        ),
        pytest.param('local_session("local-cluster[2,1,1024]")', id="local-cluster"),
    ],
)
def test_other_sessions_give_the_same(session: str) -> None:
    """Spark Connect, and executors that are processes of their own; each in a new process."""
    code = f"""
from pyspark.sql import SparkSession
import dedupe_news as dn
from dedupe_news.integrations.spark import cluster, local_session
from made_up_news import made_up_news
rows = [row | {{"id": at}} for at, row in enumerate(made_up_news(40, 6, 9).rows)]
spark = {session}
values = [(row["id"], row["text"], row["source"], row["published"]) for row in rows]
schema = "id long, text string, source string, published timestamp"
feed = spark.createDataFrame(values, schema).repartition(3)
found = {{row["id"]: (row["representative"], row["relation"]) for row in cluster(feed).collect()}}
expected = dn.cluster(rows).to_dict()
assert found == dict(enumerate(zip(expected["kept_id"], expected["relation"]))), found
spark.stop()
"""
    paths = os.pathsep.join([str(Path(made_up_news_file).parent), *sys.path])
    environment = {**os.environ, "PYSPARK_PYTHON": sys.executable, "PYTHONPATH": paths}
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr


def test_without_java_it_is_said_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """No Java, a folder without one, and one that is too old are told apart."""
    from dedupe_news.integrations.spark.session import check_java  # noqa: PLC0415

    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(dn.MissingDependencyError, match=r"no java on the PATH.*openjdk-17"):
        check_java()
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(dn.MissingDependencyError, match="JAVA_HOME is"):
        check_java()
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n")
    java.chmod(0o755)
    with pytest.raises(dn.MissingDependencyError, match=r"Java 17 or later, but .*11.0.2"):
        check_java()


def test_without_pyspark_it_is_said_what_to_install() -> None:
    """The import says which extra to install, in a process of its own."""
    code = (
        "import sys; sys.modules['pyspark'] = None\n"
        "import importlib.util as u; real = u.find_spec\n"
        "u.find_spec = lambda name, *rest: None if name == 'pyspark' else real(name, *rest)\n"
        "import dedupe_news.integrations.spark"
    )
    said = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=os.environ
    )
    assert "MissingDependencyError: dedupe_news.integrations.spark needs pyspark" in said.stderr
    assert "pip install 'dedupe-news[spark]'" in said.stderr


def _cluster(df: DataFrame, **arguments: Any) -> DataFrame:
    from dedupe_news.integrations.spark import cluster  # noqa: PLC0415 - for those who run these

    return cluster(df, **arguments)
