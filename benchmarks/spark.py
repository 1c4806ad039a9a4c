"""
Suite ``spark``: a DataFrame to clusters on local executors, beside `dedupe_news.cluster` and MLlib.

MLlib's way is word shingles, its MinHashLSH and its similarity join: the pairs alone,
which are the dear part, without clusters. It runs once; the others take turns.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import datasets, parquet_feeds, process, timing
from benchmarks.report import Report, Table, number

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

SUMMARY = "clusters of a Spark DataFrame, beside memory and MLlib's MinHashLSH"
NEEDS = "Java 17; the real feed where it is there"
TAKES = "6 minutes for 100,000 items and the whole feed (2 processors)"
QUICK = {"documents": [1_000], "repetitions": 1}

WHOLE_FEED = 417_359
_WARM_UP = 1_000
_SHINGLE = 3
_THRESHOLD = 0.7


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the suite."""
    parser.add_argument(
        "--documents", type=int, nargs="+", default=[100_000, WHOLE_FEED], help="of the real feed"
    )
    parser.add_argument("--repetitions", type=int, default=2, help="runs in turn (default: 2)")
    parser.add_argument("--master", default="local[2]", help="of Spark (default: local[2])")


def run(options: argparse.Namespace) -> Iterator[Report]:
    """Measure every size in one session, after a small feed that is not counted."""
    for package in ("pyspark", "pandas"):
        if importlib.util.find_spec(package) is None:
            note = f"Skipped: {package} is not installed."
            yield Report(f"spark-{options.documents[0]}", "Spark", {}, notes=[note])
            return
    # It says on every call that pandas 3 is new to it.
    os.environ["PYTHONWARNINGS"] = "ignore::FutureWarning"
    warnings.simplefilter("ignore", FutureWarning)
    from dedupe_news import cluster  # noqa: PLC0415 - not while the command line is read
    from dedupe_news.integrations import spark as on_spark  # noqa: PLC0415 - optional

    session = on_spark.local_session(options.master, {"spark.driver.memory": "4g"})
    session.sparkContext.setLogLevel("ERROR")
    few, _ = _table(_WARM_UP)
    cluster(few, text="description", progress=False)
    _representatives(session.createDataFrame(few.to_pandas()))
    for n in options.documents:
        yield _measure(session, n, options)
    session.stop()


def _measure(session: SparkSession, n: int, options: argparse.Namespace) -> Report:
    """Measure every way on a feed."""
    from dedupe_news import cluster  # noqa: PLC0415 - not while the command line is read

    table, name = _table(n)
    report = Report(
        name=f"spark-{table.num_rows}",
        title=f"Spark: {table.num_rows:,} {name} on {options.master}",
        settings={
            "n_documents": table.num_rows,
            "master": options.master,
            "repetitions": options.repetitions,
        },
    )
    feed = session.createDataFrame(table.to_pandas()).repartition(8).cache()
    feed.count()

    def in_memory() -> list[int]:
        result = cluster(table, text="description", progress=False)
        representatives: list[int] = result.representatives[result.labels].tolist()
        return representatives

    ours, memory = [], []
    for turn in range(options.repetitions):
        process.say(f"round {turn + 1} of {options.repetitions}")
        memory.append(timing.timed(in_memory))
        ours.append(timing.timed(lambda: _representatives(feed)))
        if ours[-1].value != memory[-1].value:
            report.failures.append("Spark has other representatives than memory")
    process.say("MLlib")
    mllib = timing.timed(lambda: _mllib(feed))
    feed.unpersist()
    ways = {"`dedupe_news.cluster`": memory, "`dedupe_news` on Spark": ours, "MLlib": [mllib]}
    seconds = {way: timing.summary([run.wall_s for run in runs]) for way, runs in ways.items()}
    in_turn = [a.wall_s / b.wall_s for a, b in zip(ours, memory, strict=True)]
    in_memory_s, ours_s, mllib_s = (each.median for each in seconds.values())
    report.figures |= {
        "seconds.memory": in_memory_s,
        "seconds.spark": ours_s,
        "seconds.mllib": mllib_s,
        "times_memory": timing.summary(in_turn).median,
        "times_mllib": mllib_s / ours_s,
    }
    report.rows += [{"way": way, "seconds": each.as_dict()} for way, each in seconds.items()]
    rows = [
        [way, number(each.median), f"{number(each.median / in_memory_s)}×"]
        for way, each in seconds.items()
    ]
    note = f"Clusters by default, the same in both; MLlib finds pairs alone, {mllib.value:,} here."
    report.tables.append(Table("", ("way", "seconds", "times memory"), rows, note))
    return report


def _representatives(feed: DataFrame) -> list[int]:
    """Return the representative of each item, clustered on Spark."""
    from dedupe_news.integrations import spark as on_spark  # noqa: PLC0415 - optional

    rows = on_spark.cluster(feed, text="description").orderBy("id").collect()
    return [row["representative"] for row in rows]


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
    n_pairs = int(joined.where("datasetA.id < datasetB.id").count())
    featured.unpersist()
    return n_pairs
