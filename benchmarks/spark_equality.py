"""
Suite ``spark``, part ``equality``: one partition, wherever a feed is clustered.

In memory, out of core, on Spark in one process and on Spark in several, by both
policies: every partition must be that of memory. Each master has a session of
its own; what runs without Spark has processes of its own.
"""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.datasets import ROOT
from benchmarks.labelled import feed_digest
from benchmarks.report import Report, Table, machine
from benchmarks.scale_worker import Job
from benchmarks.spark_ways import clock, ours, same_partition, session, write_feed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pyarrow as pa

    from dedupe_news.config import Policy

    Clustered = tuple[str, Policy, float, list[int]]

MASTERS = ("local[2]", "local-cluster[2,1,1024]")
"""One process of two threads; two processes of one core and 1,024 MB."""

LIMIT = "1GB"
"""Of the run out of core."""

_POLICIES: tuple[Policy, ...] = ("news", "similar")


def measure(feed: pa.Table, suffix: str, folder: Path, memory: str) -> Report:
    """
    Cluster a feed everywhere, and compare.

    Parameters
    ----------
    feed : pyarrow.Table
        From `benchmarks.labelled.read_feed`.
    suffix : str
        What the name of the report ends with.
    folder : Path
        For temporary files.
    memory : str
        Memory of Spark's driver.

    Returns
    -------
    Report
        Its figure ``equal`` is 1 where all partitions are the same.
    """
    report = Report(
        name=f"spark-equality{suffix}",
        title="Spark: the partition of one machine",
        settings={
            "n_documents": feed.num_rows,
            "feed_digest": feed_digest(feed),
            "masters": MASTERS,
            "memory": memory,
            "memory_limit": LIMIT,
        },
    )
    write_feed(feed.slice(0, 1000), folder / "few.parquet")
    write_feed(feed, folder / "feed.parquet")
    expected: dict[Policy, list[int]] = {}
    rows = []
    for where, policy, seconds, labels in _everywhere(feed["id"].to_pylist(), folder, memory):
        n_clusters = len(set(labels))
        is_equal = same_partition(expected.setdefault(policy, labels), labels)
        if not is_equal:
            report.failures.append(
                f'{where}, policy "{policy}": {n_clusters:,} clusters, memory has '
                f"{len(set(expected[policy])):,}, and they are not the same"
            )
        measured = {"policy": policy, "seconds": seconds, "n_clusters": n_clusters}
        report.rows.append({"where": where, **measured, "equal": is_equal})
        is_equal_word = "yes" if is_equal else "no"
        rows.append([where, policy, f"{seconds:.1f}", f"{n_clusters:,}", is_equal_word])
    report.figures["equal"] = float(all(row["equal"] for row in report.rows))
    note = (
        f"{feed.num_rows:,} documents, from a Parquet file to the cluster of each; every partition "
        "beside that of memory with the same policy. Out of core a work folder is kept too; Spark "
        "writes a Parquet file."
    )
    headings = ("where", "policy", "seconds", "clusters", "equal")
    report.tables.append(Table(report.title, headings, rows, note))
    return report


def _everywhere(ids: list[str], folder: Path, memory: str) -> Iterator[Clustered]:
    """Return where, policy, seconds, and the cluster of every document; memory comes first."""
    for where, limit in (("memory", None), (f"out of core, {LIMIT}", LIMIT)):
        for policy in _POLICIES:
            yield (where, policy, *_on_one_machine(policy, limit, folder))
    for master in MASTERS:
        spark = session(master, memory)
        try:
            for policy in _POLICIES:
                way = partial(ours, policy=policy)
                # Workers started, kernels compiled.
                clock(spark, way, folder / "few.parquet", folder / "found")
                seconds, labels = clock(spark, way, folder / "feed.parquet", folder / "found")
                where = f"Spark, {spark.sparkContext.master}"  # as it is
                yield where, policy, seconds, [labels[each] for each in ids]
        finally:
            spark.stop()


def _on_one_machine(policy: Policy, limit: str | None, folder: Path) -> tuple[float, list[int]]:
    """Return the seconds of a run without Spark, and the cluster of every document."""
    own = folder / f"{policy}-{limit}"
    (own / "scratch").mkdir(parents=True)
    job = Job(
        files=[str(folder / "feed.parquet")],
        warm_up=str(folder / "few.parquet"),
        policy=policy,
        memory_limit=limit or machine()["memory_bytes"],
        n_jobs=-1,
        scratch=str(own / "scratch"),
        is_kept=limit is not None,  # which is never done in memory
        output=str(own),
    )
    command = [sys.executable, "-m", "benchmarks.scale_worker", json.dumps(dataclasses.asdict(job))]
    subprocess.run(command, cwd=ROOT, check=True)  # noqa: S603 - ourselves
    outcome = json.loads((own / "outcome.json").read_text(encoding="utf-8"))
    return outcome["wall_s"], np.load(own / "labels.npy").tolist()
