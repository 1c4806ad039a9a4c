"""
Suite ``spark``: a whole feed on Spark, beside what is usually done there.

All run in one session on this machine, one after the other, each from the same
Parquet file to the cluster of every document in a Parquet file.

- ours, as `dedupe_news.spark.cluster` does by default;
- "text-dedup": the way of that tool's Spark script, written anew here: word
  shingles, MinHash in bands, an edge from the first document of each bucket to
  every other, connected components; nothing is verified.
- "MLlib": the library's own MinHashLSH and its similarity join, then connected
  components. The join meets every pair of a bucket, and each of its hash tables
  is one hash: it is given fewer documents, since on many it does not end.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import datasets
from benchmarks.datasets import DataMissingError
from benchmarks.labelled import (
    PAIRS,
    feed_digest,
    read_feed,
    read_pairs,
    score,
    scorer_failures,
    write_clusters,
)
from benchmarks.quality import cluster_table, local_folder
from benchmarks.report import Report, Table

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator

    import pyarrow as pa
    from numpy.typing import NDArray
    from pyspark.sql import DataFrame, Row, SparkSession

    Way = Callable[[DataFrame], DataFrame]

SUMMARY = "the whole feed on Spark, beside text-dedup's way and MLlib's MinHashLSH"
NEEDS = "pyspark, Java 17 and the real feed"
TAKES = "10 minutes; 3 with --quick (2 processors)"

QUICK_DOCUMENTS = 20_000
JOINED_DOCUMENTS = 20_000
"""What MLlib's join is given at most."""

_SHINGLE = 3
_THRESHOLD = 0.7
_BANDS, _ROWS = 25, 5
_PRIME = np.uint64((1 << 61) - 1)
_LOW = np.uint64(0xFFFFFFFF)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """
    Declare the options of the suite.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Parser of the suite.
    """
    parser.add_argument(
        "--quick", action="store_true", help=f"{QUICK_DOCUMENTS:,} documents, without quality"
    )
    parser.add_argument("--master", default="local[2]", help="Spark's master (local[2])")
    parser.add_argument("--memory", default="4g", help="memory of the Java process (4g)")


def run(options: argparse.Namespace) -> Iterator[Report]:
    """
    Cluster the feed in each way.

    Parameters
    ----------
    options : argparse.Namespace
        As `add_arguments` declares them.

    Yields
    ------
    Report
        One, of all ways.

    Raises
    ------
    DataMissingError
        If pyspark or the real feed is not there.
    """
    if importlib.util.find_spec("pyspark") is None:
        message = "pyspark is not installed; pip install '.[spark]'"
        raise DataMissingError(message)
    feed = read_feed(datasets.shared_file(datasets.TEASERS))
    whole = not options.quick
    if options.quick:
        feed = feed.slice(0, QUICK_DOCUMENTS)
    report = Report(
        name="spark" if whole else f"spark-{QUICK_DOCUMENTS}",
        title="Spark: the feed end to end, on one machine",
        settings={
            "n_documents": feed.num_rows,
            "feed_digest": feed_digest(feed),
            "master": options.master,
            "memory": options.memory,
            "bands": _BANDS,
            "rows": _ROWS,
            "joined_documents": min(JOINED_DOCUMENTS, feed.num_rows),
        },
    )
    folder = Path(tempfile.mkdtemp(prefix="dedupe-news-spark-"))
    try:
        _measure(report, feed, folder, options, whole=whole)
    finally:
        shutil.rmtree(folder)
    yield report


def _measure(
    report: Report, feed: pa.Table, folder: Path, options: argparse.Namespace, *, whole: bool
) -> None:
    from dedupe_news.spark import local_session  # noqa: PLC0415 - optional

    os.environ["PYTHONPATH"] = str(datasets.ROOT)  # workers import this module too
    settings = {"spark.driver.memory": options.memory, "spark.sql.shuffle.partitions": "8"}
    spark = local_session(options.master, settings)
    spark.sparkContext.setLogLevel("ERROR")
    report.settings["spark"] = spark.version
    ways: dict[str, Way] = {"ours": _ours, "text-dedup": _text_dedup, "MLlib": _mllib}
    try:
        _write(feed.slice(0, 1000), folder / "few.parquet")
        for way in ways.values():  # workers started, kernels compiled
            _time(spark, way, folder / "few.parquet", folder / "few")
        _write(feed, folder / "feed.parquet")
        _write(feed.slice(0, JOINED_DOCUMENTS), folder / "joined.parquet")
        rows = []
        for name, way in ways.items():
            source = "joined" if name == "MLlib" else "feed"
            seconds, labels = _time(spark, way, folder / f"{source}.parquet", folder / name)
            report.figures[f"seconds.{name}"] = seconds
            report.figures[f"documents_per_s.{name}"] = len(labels) / seconds
            report.rows.append({"way": name, "n_documents": len(labels), "seconds": seconds})
            row = [name, f"{len(labels):,}", f"{seconds:.1f}", f"{len(labels) / seconds:,.0f}"]
            if whole and len(labels) == feed.num_rows:
                row += _quality(report, name, labels, options.output)
            else:
                row += ["", "", ""]
            rows.append(row)
            if name == "ours":
                _check(report, feed, labels)
    finally:
        spark.stop()
    for name in ("text-dedup", "MLlib"):
        ours = report.figures["documents_per_s.ours"]
        report.figures[f"times.{name}"] = ours / report.figures[f"documents_per_s.{name}"]
    headings = ("way", "documents", "seconds", "documents/s", "precision", "recall", "F1")
    note = (
        "From a Parquet file to a cluster for every document. Precision, recall and F1 are of the "
        "labelled pairs, each counted as often as it stands for others. MLlib's join is given "
        "fewer documents, on which alone it ends in reasonable time."
    )
    report.tables.append(Table(report.title, headings, rows, note))


def _write(feed: pa.Table, path: Path) -> None:
    import pyarrow as pa  # noqa: PLC0415 - optional
    import pyarrow.parquet as pq  # noqa: PLC0415 - optional

    plain = feed.drop_columns(["lang"])
    at = plain.column_names.index("source")
    plain = plain.set_column(at, "source", plain["source"].cast(pa.string()))
    pq.write_table(plain, path)


def _time(
    spark: SparkSession, way: Way, source: Path, target: Path
) -> tuple[float, dict[str, int]]:
    """Return seconds from file to file, and the cluster of each id."""
    import pyarrow.parquet as pq  # noqa: PLC0415 - optional

    start = time.perf_counter()
    df = spark.read.parquet(str(source)).repartition(spark.sparkContext.defaultParallelism)
    way(df).write.mode("overwrite").parquet(str(target))
    seconds = time.perf_counter() - start
    table = pq.read_table(target)
    return seconds, dict(zip(table["id"].to_pylist(), table["cluster"].to_pylist(), strict=True))


def _quality(report: Report, name: str, labels: dict[str, int], output: Path) -> list[str]:
    pairs_path = datasets.shared_file(PAIRS)
    scores = score(labels, read_pairs(pairs_path))
    path = local_folder(output) / f"{report.name}-{name}.tsv"
    write_clusters(path, labels)
    report.failures += scorer_failures(scores, path, pairs_path) or []
    for rate, value in scores.figures().items():
        if rate.startswith(("feed.", "sample.")) and rate.count(".") == 1:
            report.figures[f"{name}.{rate}"] = value
    return [f"{each:.3f}" for each in (scores.feed.precision, scores.feed.recall, scores.feed.f1)]


def _check(report: Report, feed: pa.Table, labels: dict[str, int]) -> None:
    """Hold our partition against that of a run in memory."""
    expected = cluster_table(feed, -1)
    found = [labels[each] for each in feed["id"].to_pylist()]
    both = len(set(zip(expected.tolist(), found, strict=True)))
    n_expected, n_found = len(set(expected.tolist())), len(set(found))
    if not both == n_expected == n_found:
        report.failures.append(
            f"Spark finds {n_found:,} clusters, memory {n_expected:,}, and they are not the same"
        )
    report.figures["equals_memory"] = float(both == n_expected == n_found)


def _ours(df: DataFrame) -> DataFrame:
    from dedupe_news.spark import cluster  # noqa: PLC0415 - optional

    return cluster(df, text="description").select("id", "cluster")


def _text_dedup(df: DataFrame) -> DataFrame:
    """Bands of MinHash values, an edge to the first of each bucket, components."""
    numbered = _numbered(df)
    buckets = (
        numbered.rdd.flatMap(_bands)
        .groupByKey()
        .flatMap(lambda bucket: _star(bucket[1]))
        .distinct()
    )
    return _components(numbered, buckets.toDF("a long, b long"))


def _numbered(df: DataFrame) -> DataFrame:
    from pyspark.sql import functions as F  # noqa: N812, PLC0415 - optional

    content = F.concat_ws("\n", "title", "description")
    return df.select("id", F.monotonically_increasing_id().alias("number"), content.alias("text"))


def _bands(row: Row) -> Iterator[tuple[tuple[int, bytes], int]]:
    import hashlib  # noqa: PLC0415 - in a worker

    words = row["text"].lower().split()
    if not words:
        return
    shingles = {
        " ".join(words[at : at + _SHINGLE]).encode()
        for at in range(max(1, len(words) - _SHINGLE + 1))
    }
    hashes = np.array(
        [int.from_bytes(hashlib.sha1(each).digest()[:4], "little") for each in shingles],  # noqa: S324
        np.uint64,
    )
    multipliers, increments = _permutations()
    values = ((hashes[:, None] * multipliers + increments) % _PRIME & _LOW).min(axis=0)
    for band in range(_BANDS):
        yield (band, values[band * _ROWS : (band + 1) * _ROWS].tobytes()), row["number"]


def _permutations() -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    rng = np.random.RandomState(42)
    draw = rng.randint(1, 1 << 31, (2, _BANDS * _ROWS)).astype(np.uint64)
    return draw[0], draw[1]


def _star(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    members = list(numbers)
    if len(members) > 1:
        first = min(members)
        for member in members:
            if member != first:
                yield first, member


def _mllib(df: DataFrame) -> DataFrame:
    """MLlib's MinHashLSH and its similarity join, components."""
    from pyspark.ml import Pipeline  # noqa: PLC0415 - optional
    from pyspark.ml.feature import HashingTF, MinHashLSH, NGram, RegexTokenizer  # noqa: PLC0415
    from pyspark.sql import functions as F  # noqa: N812, PLC0415 - optional

    numbered = _numbered(df)
    prepared = Pipeline(
        stages=[
            RegexTokenizer(inputCol="text", outputCol="words", pattern=r"\W+"),
            NGram(n=_SHINGLE, inputCol="words", outputCol="shingles"),
            HashingTF(inputCol="shingles", outputCol="features", binary=True, numFeatures=1 << 20),
        ]
    )
    featured = prepared.fit(numbered).transform(numbered).where(F.size("shingles") > 0)
    featured = featured.select("number", "features").cache()
    lsh = MinHashLSH(inputCol="features", outputCol="hashes", numHashTables=5, seed=42)
    joined = lsh.fit(featured).approxSimilarityJoin(featured, featured, 1 - _THRESHOLD)
    edges = joined.select(F.col("datasetA.number").alias("a"), F.col("datasetB.number").alias("b"))
    return _components(numbered, edges.where("a < b"))


def _components(numbered: DataFrame, edges: DataFrame) -> DataFrame:
    """Give all documents that edges connect the least number among them."""
    from pyspark.sql import functions as F  # noqa: N812, PLC0415 - optional

    edges = edges.localCheckpoint()
    size = -1
    while True:
        # Large stars, small stars (Kiveris et al. 2014), as DataFrames.
        both = edges.select("a", "b").union(edges.select("b", "a"))
        least = both.groupBy("a").agg(F.min("b").alias("m"))
        least = least.select("a", F.least("a", "m").alias("m"))
        large = both.where("b > a").join(least, "a").select(F.col("m").alias("a"), "b").distinct()
        lesser = large.groupBy("b").agg(F.min("a").alias("m"))
        moved = (
            large.join(lesser, "b")
            .where("a > m")
            .select(F.col("m").alias("a"), F.col("a").alias("b"))
        )
        small = lesser.select(F.col("m").alias("a"), "b").union(moved).distinct()
        following = small.where("a < b").localCheckpoint()
        summed = following.agg(F.count("*"), F.sum(F.xxhash64("a", "b").cast("decimal(38,0)")))
        state = hash(tuple(summed.first() or ()))
        edges = following
        if state == size:
            break
        size = state
    labels = edges.select(F.col("b").alias("number"), F.col("a").alias("label"))
    return numbered.join(labels, "number", "left").select(
        "id", F.coalesce("label", "number").alias("cluster")
    )
