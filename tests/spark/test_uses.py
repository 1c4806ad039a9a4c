"""Pipelines, batch after batch, and what is refused."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dedupe_news as dn
from made_up_news import made_up_news
from spark_marks import MARKS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pyspark.sql import DataFrame, SparkSession

    from dedupe_news.config import Policy

    Make = Callable[[list[dict[str, Any]]], DataFrame]

pytestmark = MARKS

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
LOCAL = pytest.mark.parametrize("spark", ["local[2]"], indirect=True)
ROWS = [
    {"id": "a", "text": "Rain floods the old town", "published": EPOCH},
    {"id": "b", "text": "Sun at last", "published": EPOCH},
    {"id": "c", "text": "rain floods the old town!", "published": EPOCH + dt.timedelta(days=1)},
]


def partition(clusters: dict[Any, Any]) -> set[frozenset[Any]]:
    """Return which ids share a cluster."""
    members: dict[Any, set[Any]] = {}
    for each, cluster in clusters.items():
        members.setdefault(cluster, set()).add(each)
    return {frozenset(each) for each in members.values()}


@LOCAL
def test_deduplicator_is_saved_and_loaded(frame_of: Make, tmp_path: Path) -> None:
    """In a Pipeline, with its settings and the names of its columns."""
    from pyspark.ml import Pipeline, PipelineModel  # noqa: PLC0415 - for those who run these

    from dedupe_news.spark import Deduplicator  # noqa: PLC0415

    window = dt.timedelta(days=2)
    stage = Deduplicator(idCol="key", clusterCol="label", threshold=0.8, window=window)
    df = frame_of(ROWS).withColumnRenamed("id", "key")
    pipeline = Pipeline(stages=[stage]).fit(df)
    pipeline.save(str(tmp_path / "pipeline"))
    loaded = PipelineModel.load(str(tmp_path / "pipeline"))

    stages: Any = loaded.stages
    assert stages[0].config == dn.Config(threshold=0.8, window=window)
    transformed = loaded.transform(df)
    found = {row["key"]: row for row in transformed.collect()}
    assert transformed.columns == [*df.columns, "label", "representative", "relation"]
    assert found["a"]["label"] == found["c"]["label"] != found["b"]["label"]
    assert found["c"]["representative"] == "a"
    assert found["c"]["relation"] == "exact"


@LOCAL
def test_deduplicator_leaves_one_of_a_cluster(frame_of: Make) -> None:
    """All columns of the documents that are kept."""
    from dedupe_news.spark import Deduplicator  # noqa: PLC0415

    df = frame_of(ROWS)
    kept = Deduplicator(dropDuplicates=True).transform(df)

    assert kept.columns == [*df.columns, "cluster"]
    assert {row["id"] for row in kept.collect()} == {"a", "b"}


@LOCAL
def test_deduplicator_overwrites_nothing(frame_of: Make) -> None:
    """A column of the name of one that is to be added."""
    from dedupe_news.spark import Deduplicator  # noqa: PLC0415

    df = frame_of(ROWS).withColumnRenamed("title", "cluster")
    with pytest.raises(dn.InputError, match=r"has a column 'cluster' already.*clusterCol"):
        Deduplicator().transform(df)


@LOCAL
def test_params_that_are_no_settings_are_refused(spark: SparkSession) -> None:
    """As a value that somebody set to the Param."""
    from dedupe_news.spark import Deduplicator  # noqa: PLC0415

    stage = Deduplicator()
    stage.set(stage.getParam("settings"), "threshold=0.8")
    with pytest.raises(dn.ConfigError, match=r"'threshold=0.8', which is no JSON"):
        stage.transform(spark.range(3))


@pytest.mark.parametrize(
    ("query", "arguments", "error", "message"),
    [
        ("SELECT 1 AS id", {}, dn.ColumnError, "no column 'text' to take the text from"),
        ("SELECT 'x' AS text", {}, dn.ColumnError, "no column 'id' to take the id from"),
        (
            "SELECT 1 AS id, 'x' AS text",
            {"title": "head"},
            dn.ColumnError,
            "no column 'head' to take the title from; the columns are 'id', 'text'",
        ),
        (
            "SELECT 1 AS id, 'x' AS text",
            {"title": 3},
            dn.InputTypeError,
            "title=3 is of type 'int'",
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
        (
            "SELECT 1 AS id, 'x' AS text, TIMESTAMP_NTZ '2030-01-01 00:00:00' AS published",
            {},
            dn.InputError,
            "no time zone",
        ),
        (
            "SELECT 'n' AS id, 'x' AS text, '2030-01-01 08:00' AS published",
            {},
            dn.InputError,
            "no time zone.*begins",
        ),
        (
            "SELECT CAST(NULL AS STRING) AS id, 'x' AS text",
            {},
            dn.InputError,
            "id is null in 1 of the documents.*dropna",
        ),
        (
            "SELECT 7 AS id, 'x' AS text FROM range(3)",
            {},
            dn.DuplicateIdError,
            "3 documents share the id 7.*dropDuplicates",
        ),
    ],
)
@LOCAL
def test_what_cannot_be_used_is_refused(
    spark: SparkSession,
    query: str,
    arguments: dict[str, Any],
    error: type[Exception],
    message: str,
) -> None:
    """Columns, types, times and ids, with a remedy."""
    from dedupe_news.spark import cluster  # noqa: PLC0415

    df = spark.sql(query)
    with pytest.raises(error, match=message):
        cluster(df, **arguments)


@LOCAL
def test_other_input_is_refused(spark: SparkSession) -> None:
    """What is no DataFrame of Spark's, and no Config."""
    from dedupe_news.spark import cluster  # noqa: PLC0415

    with pytest.raises(dn.InputTypeError, match=r"df is of type 'list'.*dedupe_news.cluster"):
        cluster(["Rain"])  # type: ignore[arg-type]
    with pytest.raises(dn.ConfigError, match=r"pass a dn\.Config"):
        cluster(spark.range(1), config=0.8)  # type: ignore[arg-type]


@LOCAL
def test_settings_of_the_session_are_left_as_they_were(spark: SparkSession, frame_of: Make) -> None:
    """Also where a run fails; and nothing is kept."""
    from dedupe_news.spark import cluster  # noqa: PLC0415

    names = ("spark.sql.adaptive.enabled", "spark.sql.shuffle.partitions",
             "spark.sql.execution.arrow.maxRecordsPerBatch",
             "spark.sql.autoBroadcastJoinThreshold")  # fmt: skip
    before = [spark.conf.get(name) for name in names]
    held = spark.sparkContext._jsc.getPersistentRDDs  # noqa: SLF001
    held_before = set(held())

    result = cluster(frame_of(ROWS))
    with pytest.raises(dn.DuplicateIdError):
        cluster(frame_of([*ROWS, *ROWS]))

    assert [spark.conf.get(name) for name in names] == before
    assert len(set(held()) - held_before) == 1, "the result is kept, and nothing else"
    assert result.count() == len(ROWS)


@LOCAL
@pytest.mark.parametrize("policy", ["news", "similar"])
def test_a_folder_of_checkpoints_keeps_all_that_steps_read(
    spark: SparkSession, frame_of: Make, policy: Policy, tmp_path: Path
) -> None:
    """No executor does, so that one may be lost; errors are still ours."""
    from dedupe_news.spark import cluster  # noqa: PLC0415

    rows = made_up_news(n_stories=12, n_forms=3, n_days=4).rows
    context = spark.sparkContext
    expected = {row["id"]: row for row in cluster(frame_of(rows), policy=policy).collect()}
    held_before = set(context._jsc.getPersistentRDDs())  # noqa: SLF001
    context.setCheckpointDir(str(tmp_path))
    try:
        result = cluster(frame_of(rows), policy=policy)
        held = set(context._jsc.getPersistentRDDs())  # noqa: SLF001
        with pytest.raises(dn.InputError, match="2024-13-01"):
            cluster(
                spark.createDataFrame(
                    [("a", "Rain", "2024-13-01")], "id string, text string, published string"
                )
            )
    finally:
        # There is no other way to go without one again.
        java, jvm = context._jsc.sc(), context._jvm  # noqa: SLF001
        assert jvm is not None
        getattr(java, "checkpointDir_$eq")(jvm.scala.Option.empty())

    assert {row["id"]: row for row in result.collect()} == expected
    assert held <= held_before  # some may have been let go meanwhile
    assert sum(path.name.startswith("rdd-") for path in tmp_path.rglob("*")) > 5


@LOCAL
@pytest.mark.parametrize("policy", ["news", "similar"])
def test_batches_join_the_clusters_that_there_are(
    spark: SparkSession, frame_of: Make, policy: Policy, tmp_path: Path
) -> None:
    """Numbers stay; stories go together over the days; an index reads what was written."""
    from dedupe_news.spark import read_state, update  # noqa: PLC0415

    rows = made_up_news(n_stories=12, n_forms=3, n_days=4).rows
    days = [rows[0::2], [*rows[1::2], {"id": "empty", "text": ""}]]
    path = str(tmp_path / "first.parquet")
    update(frame_of(days[0]), policy=policy).write.parquet(path)
    first = {row["id"]: row["cluster"] for row in read_state(spark, path).collect()}
    second_path = str(tmp_path / "second.parquet")
    state = read_state(spark, path)
    update(frame_of(days[1]), state, policy=policy).write.parquet(second_path)
    second = {row["id"]: row for row in read_state(spark, second_path).collect()}

    assert {each: second[each]["cluster"] for each in first} == first
    index = dn.NewsIndex(policy=policy)
    index.add_many(days[0])
    index.add_many(days[1])
    expected = partition({each: index.cluster_of(each) for each in second})
    assert partition({each: row["cluster"] for each, row in second.items()}) == expected
    for row in second.values():
        if row["representative"] is not None:
            assert second[row["representative"]]["founder"]
            assert second[row["representative"]]["cluster"] == row["cluster"]
            assert row["founder"] == (row["representative"] == row["id"])
    reopened = dn.NewsIndex(policy=policy)
    assert reopened.import_from(second_path) == len(rows) + 1
    assert set(reopened) == set(second)
    assert {each.id: each.published for each in reopened.documents()} == {
        each.id: each.published for each in index.documents()
    }


@LOCAL
def test_spark_goes_on_with_the_clusters_of_an_index(
    spark: SparkSession, frame_of: Make, tmp_path: Path
) -> None:
    """Their numbers, and those of new ones above them."""
    from dedupe_news.spark import read_state, update  # noqa: PLC0415

    rows = made_up_news(n_stories=10, n_forms=2, n_days=4).rows
    index = dn.NewsIndex()
    index.add_many(rows)
    index.remove(rows[5]["id"])
    index.export_to(tmp_path / "index.parquet")
    again = [row | {"id": f"{row['id']}-again"} for row in rows[:4]]
    new = {"id": "new", "text": "an item that was never there before, about nothing"}

    found = update(frame_of([*again, new]), read_state(spark, str(tmp_path / "index.parquet")))

    clusters = {row["id"]: row["cluster"] for row in found.collect()}
    assert {each: clusters[each] for each in index} == {
        each: index.cluster_of(each) for each in index
    }
    for row in rows[:4]:
        assert clusters[f"{row['id']}-again"] == clusters[row["id"]]
    assert clusters["new"] > max(index.cluster_of(each) for each in index)


@LOCAL
def test_a_state_that_is_none_is_refused(
    spark: SparkSession, frame_of: Make, tmp_path: Path
) -> None:
    """Columns that lack, and ids of two types."""
    from dedupe_news.spark import read_state, update  # noqa: PLC0415

    frame_of(ROWS).write.parquet(str(tmp_path / "rows.parquet"))
    with pytest.raises(dn.ColumnError, match="the state has no column 'arrived'"):
        read_state(spark, str(tmp_path / "rows.parquet"))
    state = update(frame_of([{"id": 1, "text": "x"}]))
    with pytest.raises(
        dn.InputTypeError, match=r"'bigint', but those of the batch of type 'string'"
    ):
        update(frame_of(ROWS), state)


def test_without_java_it_is_said_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """No Java, a folder without one, and one that is too old."""
    from dedupe_news.spark.session import check_java  # noqa: PLC0415

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
    """By the import, in a process of its own."""
    code = (
        "import sys; sys.modules['pyspark'] = None\n"
        "import importlib.util as u; real = u.find_spec\n"
        "u.find_spec = lambda name, *rest: None if name == 'pyspark' else real(name, *rest)\n"
        "import dedupe_news.spark"
    )
    said = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=os.environ
    )
    assert "MissingDependencyError: dedupe_news.spark needs pyspark" in said.stderr
    assert "pip install 'dedupe-news[spark]'" in said.stderr


edges = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=14)


@given(drawn=edges)
def test_contracted_edges_connect_what_edges_connect(drawn: list[tuple[int, int]]) -> None:
    """From the least of each component to every other, once."""
    from dedupe_news.spark.components import contract  # noqa: PLC0415

    least = {each: each for pair in drawn for each in pair}
    for _ in drawn:
        for a, b in drawn:
            least[a] = least[b] = min(least[a], least[b])
    left, right = np.array(drawn, np.int64).reshape(-1, 2).T.copy()

    found = contract(left, right)

    expected = sorted((each, to) for each, to in least.items() if each != to)
    assert list(zip(found[1].tolist(), found[0].tolist(), strict=True)) == expected


arrays = st.lists(
    st.tuples(
        st.sampled_from(["u1", "u4", "u8", "i4", "i8", "f4", "f8"]),
        st.lists(st.integers(0, 99), max_size=5),
    ),
    max_size=4,
)


@given(drawn=arrays)
def test_arrays_are_unpacked_as_they_were_packed(drawn: list[tuple[str, list[int]]]) -> None:
    """Types and values, and they may be written to."""
    from dedupe_news.spark.messages import pack, unpack  # noqa: PLC0415

    packed = [np.array(values, dtype) for dtype, values in drawn]

    found = unpack(pack(packed))

    assert [each.dtype for each in found] == [each.dtype for each in packed]
    assert [each.tolist() for each in found] == [each.tolist() for each in packed]
    assert all(each.flags.writeable for each in found)


@LOCAL
def test_groups_are_spread_over_all_partitions(spark: SparkSession) -> None:
    """Spark's hash brings each key where it is meant to go."""
    from dedupe_news.spark.messages import Message, regroup  # noqa: PLC0415

    def count(key: int, messages: list[Message]) -> list[Message]:
        return [Message(key, 0, len(messages), [])]

    keys = spark.sql(
        "SELECT id AS key, 0 AS kind, id AS `order`, X'0000000000000000' AS payload FROM range(14)"
    )
    found = regroup(keys, 7, count)

    assert sorted(row["order"] for row in found.collect()) == [1] * 14
    sizes = found.rdd.glom().map(len).collect()
    assert sizes == [2] * 7
