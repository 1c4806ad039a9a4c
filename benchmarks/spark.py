"""
Suite ``spark``: a DataFrame to clusters on local executors, beside `dedupe_news.cluster` and MLlib.

MLlib's way is word shingles, its MinHashLSH and its similarity join: the pairs alone,
which are the dear part, without clusters.
"""

from __future__ import annotations

import importlib
import importlib.util
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import datasets, parquet_feeds, timing
from benchmarks.report import Report, Table, number

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    import pyarrow as pa
    from pyspark.sql import DataFrame

SUMMARY = "clusters of a Spark DataFrame, beside memory and MLlib's MinHashLSH"
NEEDS = "the extra [spark] and Java 17; the real feed where it is there"
TAKES = "15 minutes for 100,000 items (2 processors)"
QUICK = {"documents": 1_000}

MEMORY, OURS, MLLIB = "dedupe_news.cluster", "dedupe_news on Spark", "MLlib"

_SHINGLE = 3
_THRESHOLD = 0.7


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the suite."""
    parser.add_argument("--documents", type=int, default=100_000, help="of the real feed")
    parser.add_argument("--master", default="local[2]", help="of Spark (default: local[2])")


def run(options: argparse.Namespace) -> Iterator[Report]:
    """Measure every way, each but MLlib after a run that is not counted."""
    for package in ("pyspark", "pandas"):
        if importlib.util.find_spec(package) is None:
            note = f"Skipped: {package} is not installed."
            yield Report(f"spark-{options.documents}", "Spark", {}, notes=[note])
            return
    from dedupe_news import cluster  # noqa: PLC0415 - not while the command line is read
    from dedupe_news.integrations import spark as on_spark  # noqa: PLC0415 - optional

    table, name = _table(options.documents)
    session = on_spark.local_session(options.master, {"spark.driver.memory": "4g"})
    feed = session.createDataFrame(table.to_pandas()).repartition(8).cache()
    feed.count()

    def in_memory() -> list[int]:
        result = cluster(table, text="description", progress=False)
        representatives: list[int] = result.representatives[result.labels].tolist()
        return representatives

    def distributed() -> list[int]:
        rows = on_spark.cluster(feed, text="description").orderBy("id").collect()
        return [row["representative"] for row in rows]

    ways: dict[str, Callable[[], Any]] = {
        MEMORY: in_memory, OURS: distributed, MLLIB: lambda: _mllib(feed),
    }  # fmt: skip
    report = Report(
        name=f"spark-{table.num_rows}",
        title=f"Spark: {table.num_rows:,} {name} on {options.master}",
        settings={"n_documents": table.num_rows, "master": options.master},
    )
    answers = {}
    for way, call in ways.items():
        if way != MLLIB:
            call()  # kernels are loaded, workers started
        outcome = timing.timed(call)
        answers[way] = outcome.value
        report.figures[f"seconds.{way}"] = outcome.wall_s
        report.figures[f"times_memory.{way}"] = outcome.wall_s / report.figures[f"seconds.{MEMORY}"]
    session.stop()
    if answers[OURS] != answers[MEMORY]:
        report.failures.append("Spark has other representatives than memory")
    rows = [
        [
            way,
            *(number(report.figures[f"{figure}.{way}"]) for figure in ("seconds", "times_memory")),
        ]
        for way in ways
    ]
    report.tables.append(Table("", ("way", "seconds", "times memory"), rows))
    yield report


def _table(n: int) -> tuple[pa.Table, str]:
    """Return the first items of the real feed, or of a made-up one, numbered as they stand."""
    columns = ["title", "description", "source", "published"]
    if datasets.has_real_data():
        table, name = datasets.read(datasets.TEASERS, columns), "teasers"
    else:
        with tempfile.TemporaryDirectory() as folder:
            files = parquet_feeds.feed_files(n, datasets.SEED, Path(folder))
            table, name = datasets.read(files[0], columns), "made-up teasers"
    table = table.slice(0, n)
    # Spark orders by the number, so that ties go the same way.
    numbers = importlib.import_module("pyarrow").array(range(table.num_rows))
    return table.append_column("id", numbers), name


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
