"""
Suite ``spark``: a DataFrame to clusters on local executors, beside `dedupe_news.cluster` and MLlib.

MLlib's way is word shingles, its MinHashLSH and its similarity join: the pairs alone,
which are the dear part, without clusters.
"""

from __future__ import annotations

import importlib
import time
from typing import TYPE_CHECKING, Any

from benchmarks import datasets
from benchmarks.report import Report, Table

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    import pyarrow as pa
    from pyspark.sql import DataFrame

SUMMARY = "clusters of a Spark DataFrame, beside memory and MLlib's MinHashLSH"
NEEDS = "the extra [spark], Java 17, and the real feed"
TAKES = "15 minutes for 100,000 items (2 processors)"

_SHINGLE = 3
_THRESHOLD = 0.7


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """
    Declare the options of the suite.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Parser of the suite.
    """
    parser.add_argument("--documents", type=int, default=100_000, help="of the real feed")
    parser.add_argument("--master", default="local[2]", help="of Spark (default: local[2])")
    parser.add_argument("--no-mllib", action="store_true", help="leave MLlib out, which is slow")


def run(options: argparse.Namespace) -> Iterator[Report]:
    """
    Run the suite.

    Parameters
    ----------
    options : argparse.Namespace
        As `add_arguments` declares them.

    Yields
    ------
    Report
        One.
    """
    library = importlib.import_module("dedupe_news")
    spark_library = importlib.import_module("dedupe_news.integrations.spark")
    path = datasets.shared_file(datasets.TEASERS)
    table: pa.Table = importlib.import_module("pyarrow.parquet").read_table(path)
    # Spark numbers them as they stand, so that ties go the same way.
    table = table.slice(0, options.documents).drop_columns(["id"])
    numbers = importlib.import_module("pyarrow").array(range(table.num_rows))
    table = table.append_column("id", numbers).select(["id", "title", "description", "source",
                                                       "published"])  # fmt: skip
    spark = spark_library.local_session(options.master, {"spark.driver.memory": "4g"})
    feed = spark.createDataFrame(table.to_pandas()).repartition(8).cache()
    feed.count()

    def in_memory() -> list[int]:
        found = library.cluster(table, text="description", progress=False)
        kept: list[int] = found.representatives[found.labels].tolist()
        return kept

    def on_spark() -> list[int]:
        rows = spark_library.cluster(feed, text="description").orderBy("id").collect()
        return [row["representative"] for row in rows]

    ways: dict[str, Callable[[], Any]] = {"dedupe_news.cluster": in_memory, "ours": on_spark}
    if not options.no_mllib:
        ways["MLlib"] = lambda: _mllib(feed)
    report = Report(
        name=f"spark-{table.num_rows}",
        title=f"Spark: {table.num_rows:,} teasers on {options.master}",
        settings={"documents": table.num_rows, "master": options.master},
    )
    found = {}
    for name, way in ways.items():
        if name != "MLlib":
            way()  # kernels are loaded, workers started
        started = time.perf_counter()
        found[name] = way()
        report.figures[f"seconds.{name}"] = time.perf_counter() - started
    spark.stop()
    if found["ours"] != found["dedupe_news.cluster"]:
        report.failures.append("Spark keeps other documents than memory")
    seconds = [report.figures[f"seconds.{name}"] for name in ways]
    rows = [
        [name, f"{each:.3g}", f"{each / seconds[0]:.3g}"]
        for name, each in zip(ways, seconds, strict=True)
    ]
    report.figures["times_memory"] = seconds[1] / seconds[0]
    report.rows.append(dict(report.figures))
    report.tables.append(Table("Ways", ("way", "seconds", "times memory"), rows, ""))
    yield report


def _mllib(feed: DataFrame) -> int:
    """Return how many pairs MLlib's join finds."""
    from pyspark.ml import Pipeline  # noqa: PLC0415 - optional
    from pyspark.ml.feature import HashingTF, MinHashLSH, NGram, RegexTokenizer  # noqa: PLC0415
    from pyspark.sql import functions as F  # noqa: N812, PLC0415 - optional

    texts = feed.select("id", F.concat_ws(" ", "title", "description").alias("text"))
    prepared = Pipeline(
        stages=[
            RegexTokenizer(inputCol="text", outputCol="words", pattern=r"\W+"),
            NGram(n=_SHINGLE, inputCol="words", outputCol="shingles"),
            HashingTF(inputCol="shingles", outputCol="features", binary=True, numFeatures=1 << 20),
        ]
    )
    featured = prepared.fit(texts).transform(texts).where(F.size("shingles") > 0)
    featured = featured.select("id", "features").cache()
    lsh = MinHashLSH(inputCol="features", outputCol="hashes", numHashTables=5, seed=42)
    joined = lsh.fit(featured).approxSimilarityJoin(featured, featured, 1 - _THRESHOLD)
    return int(joined.where("datasetA.id < datasetB.id").count())
