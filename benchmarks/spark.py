"""
Suite ``spark``: a whole feed on Spark.

- Part ``ways``: beside what is usually done there, `benchmarks.spark_ways`. All
  run in one session on this machine, one after the other, each from the same
  Parquet file to the cluster of every document in a Parquet file; then a part
  of the feed, as fixed costs and what grows with the square weigh otherwise there.
- Part ``equality``: `benchmarks.spark_equality` holds the partition of one
  machine against that of Spark, in one process and in several.
"""

from __future__ import annotations

import importlib.util
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import datasets, spark_equality
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
from benchmarks.spark_ways import (
    BANDS,
    ROWS,
    clock,
    mllib,
    ours,
    same_partition,
    session,
    text_dedup,
    write_feed,
)

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    import pyarrow as pa

    from benchmarks.spark_ways import Way

SUMMARY = "the whole feed on Spark, beside text-dedup's way and MLlib's MinHashLSH"
NEEDS = "pyspark, Java 17 and the real feed"
TAKES = "40 minutes for both parts, a few with --quick (2 processors)"

PARTS = ("ways", "equality")
QUICK_DOCUMENTS = 20_000
PART_DOCUMENTS = 100_000
"""What is clustered beside a larger feed."""

_WAYS: dict[str, Way] = {"ours": ours, "text-dedup": text_dedup, "MLlib": mllib}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """
    Declare the options of the suite.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Parser of the suite.
    """
    parser.add_argument("--part", choices=(*PARTS, "all"), default="ways", help="(ways)")
    parser.add_argument("--documents", type=int, help="cluster so many, without quality (all)")
    parser.add_argument(
        "--quick",
        action="store_const",
        dest="documents",
        const=QUICK_DOCUMENTS,
        help=f"--documents {QUICK_DOCUMENTS}",
    )
    parser.add_argument("--master", default="local[2]", help="Spark's master for ways (local[2])")
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
        One a part.

    Raises
    ------
    DataMissingError
        If pyspark or the real feed is not there.
    """
    if importlib.util.find_spec("pyspark") is None:
        message = "pyspark is not installed; pip install '.[spark]'"
        raise DataMissingError(message)
    feed = read_feed(datasets.shared_file(datasets.TEASERS))
    n_whole = feed.num_rows
    feed = feed.slice(0, options.documents)
    suffix = "" if feed.num_rows == n_whole else f"-{feed.num_rows}"
    for part in PARTS if options.part == "all" else (options.part,):
        folder = Path(tempfile.mkdtemp(prefix="dedupe-news-spark-"))
        try:
            if part == "equality":
                yield spark_equality.measure(feed, suffix, folder, options.memory)
            else:
                yield _measure(feed, suffix, folder, options)
        finally:
            shutil.rmtree(folder)


def _measure(feed: pa.Table, suffix: str, folder: Path, options: argparse.Namespace) -> Report:
    n_part = min(PART_DOCUMENTS, feed.num_rows)
    report = Report(
        name=f"spark{suffix}",
        title="Spark: the feed end to end, on one machine",
        settings={
            "n_documents": feed.num_rows,
            "feed_digest": feed_digest(feed),
            "master": options.master,
            "memory": options.memory,
            "bands": BANDS,
            "rows": ROWS,
            "part_documents": n_part,
        },
    )
    spark = session(options.master, options.memory)
    report.settings["spark"] = spark.version
    rows = []
    try:
        write_feed(feed.slice(0, 1000), folder / "few.parquet")
        for way in _WAYS.values():  # workers started, kernels compiled
            clock(spark, way, folder / "few.parquet", folder / "few")
        for n in sorted({feed.num_rows, n_part}, reverse=True):
            is_whole = n == feed.num_rows
            write_feed(feed.slice(0, n), folder / "feed.parquet")
            beside_s = 0.0
            for name, way in _WAYS.items():
                seconds, labels = clock(spark, way, folder / "feed.parquet", folder / name)
                mark = "" if is_whole else ".part"
                report.figures[f"seconds.{name}{mark}"] = seconds
                report.figures[f"documents_per_s.{name}{mark}"] = n / seconds
                if name == "ours":
                    beside_s = seconds
                else:
                    report.figures[f"times.{name}{mark}"] = seconds / beside_s
                report.rows.append({"way": name, "n_documents": n, "seconds": seconds})
                row = [name, f"{n:,}", f"{seconds:.1f}", f"{n / seconds:,.0f}"]
                row.append(f"{seconds / beside_s:.2f}")
                if is_whole and not suffix:
                    row += _quality(report, name, labels, options.output)
                else:
                    row += ["", "", ""]
                rows.append(row)
                if is_whole and name == "ours":
                    _check(report, feed, labels)
    finally:
        spark.stop()
    headings = (
        *("way", "documents", "seconds", "documents/s", "times our seconds"),
        *("precision", "recall", "F1"),
    )
    note = (
        "From a Parquet file to a cluster for every document. Each way has fixed costs of some "
        "seconds, whatever the number of documents; MLlib's join meets every pair of a bucket, so "
        "that its time grows with the square. Compare rows of equal numbers. Precision, recall and "
        "F1 are of the labelled pairs, each counted as often as it stands for others."
    )
    report.tables.append(Table(report.title, headings, rows, note))
    return report


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
    expected = cluster_table(feed, -1).tolist()
    found = [labels[each] for each in feed["id"].to_pylist()]
    is_same = same_partition(expected, found)
    if not is_same:
        report.failures.append(
            f"Spark finds {len(set(found)):,} clusters, memory {len(set(expected)):,}, and they "
            "are not the same"
        )
    report.figures["equals_memory"] = float(is_same)
