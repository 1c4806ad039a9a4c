"""
The ways of clustering on Spark that suite ``spark`` measures, each from a DataFrame to clusters.

- `ours`, as `dedupe_news.spark.cluster` does;
- `text_dedup`: the way of that tool's Spark script, written anew here: word
  shingles, MinHash in bands, an edge from the first document of each bucket to
  every other, connected components; nothing is verified;
- `mllib`: the library's own MinHashLSH and its similarity join, then connected
  components. The join meets every pair of a bucket, and each of its hash tables
  is one hash: its time grows with the square of the documents.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import datasets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa
    from numpy.typing import NDArray
    from pyspark.sql import DataFrame, Row, SparkSession

    from dedupe_news.config import Policy

    Way = Callable[[DataFrame], DataFrame]

BANDS, ROWS = 25, 5
"""Of `text_dedup`."""

_SHINGLE = 3
_THRESHOLD = 0.7
_PRIME = np.uint64((1 << 61) - 1)
_LOW = np.uint64(0xFFFFFFFF)


def session(master: str, memory: str) -> SparkSession:
    """
    Start Spark.

    Parameters
    ----------
    master : str
        Spark's master, such as ``local[2]`` or ``local-cluster[2,1,1024]``.
    memory : str
        Memory of the Java process of the driver, which the first session settles.

    Returns
    -------
    SparkSession
        Of this machine; executors have 1 GB, where they are processes.
    """
    from dedupe_news.spark import local_session  # noqa: PLC0415 - optional

    # Workers import this package too.
    known = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys([str(datasets.ROOT), *known]))
    settings = {
        "spark.driver.memory": memory,
        "spark.executor.memory": "1g",
        "spark.sql.shuffle.partitions": "8",
    }
    spark = local_session(master, settings)
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def write_feed(feed: pa.Table, path: Path) -> None:
    """
    Write a feed as all read it.

    Parameters
    ----------
    feed : pyarrow.Table
        From `benchmarks.labelled.read_feed`.
    path : Path
        The Parquet file.
    """
    import pyarrow as pa  # noqa: PLC0415 - optional
    import pyarrow.parquet as pq  # noqa: PLC0415 - optional

    plain = feed.drop_columns(["lang"])
    at = plain.column_names.index("source")
    plain = plain.set_column(at, "source", plain["source"].cast(pa.string()))
    pq.write_table(plain, path)


def clock(
    spark: SparkSession, way: Way, source: Path, target: Path
) -> tuple[float, dict[str, int]]:
    """
    Cluster a feed on the clock.

    Parameters
    ----------
    spark : SparkSession
        The session.
    way : callable
        One of this module, or a partial of one.
    source, target : Path
        Parquet: the feed, and the clusters to be written.

    Returns
    -------
    seconds : float
        From file to file.
    labels : dict of str to int
        The cluster of each id.
    """
    import pyarrow.parquet as pq  # noqa: PLC0415 - optional

    start = time.perf_counter()
    df = spark.read.parquet(str(source)).repartition(spark.sparkContext.defaultParallelism)
    way(df).write.mode("overwrite").parquet(str(target))
    seconds = time.perf_counter() - start
    table = pq.read_table(target)
    return seconds, dict(zip(table["id"].to_pylist(), table["cluster"].to_pylist(), strict=True))


def same_partition(left: Sequence[int], right: Sequence[int]) -> bool:
    """
    Return whether two clusterings are one partition, whatever the labels.

    Parameters
    ----------
    left, right : sequence of int
        Clusters of the same documents, in the same order.

    Returns
    -------
    bool
        True where every cluster of the one is a cluster of the other.
    """
    both = len(set(zip(left, right, strict=True)))
    return both == len(set(left)) == len(set(right))


def ours(df: DataFrame, policy: Policy = "news") -> DataFrame:
    """
    Cluster as this library does.

    Parameters
    ----------
    df : DataFrame
        The feed.
    policy : {"news", "similar"}
        As in `Config`.

    Returns
    -------
    DataFrame
        The columns ``id`` and ``cluster``.
    """
    from dedupe_news.spark import cluster  # noqa: PLC0415 - optional

    return cluster(df, text="description", policy=policy).select("id", "cluster")


def text_dedup(df: DataFrame) -> DataFrame:
    """
    Cluster by bands of MinHash values, an edge to the first of each bucket, and components.

    Parameters
    ----------
    df : DataFrame
        The feed.

    Returns
    -------
    DataFrame
        The columns ``id`` and ``cluster``.
    """
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
    numbered = df.select("id", F.monotonically_increasing_id(), content)
    # Numbers differ from one computation to the next, as rows arrive in another order.
    return numbered.toDF("id", "number", "text").localCheckpoint()


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
    for band in range(BANDS):
        yield (band, values[band * ROWS : (band + 1) * ROWS].tobytes()), row["number"]


def _permutations() -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    rng = np.random.RandomState(42)
    draw = rng.randint(1, 1 << 31, (2, BANDS * ROWS)).astype(np.uint64)
    return draw[0], draw[1]


def _star(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    members = list(numbers)
    if len(members) > 1:
        first = min(members)
        for member in members:
            if member != first:
                yield first, member


def mllib(df: DataFrame) -> DataFrame:
    """
    Cluster by MLlib's MinHashLSH, its similarity join, and components.

    Parameters
    ----------
    df : DataFrame
        The feed.

    Returns
    -------
    DataFrame
        The columns ``id`` and ``cluster``.
    """
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
