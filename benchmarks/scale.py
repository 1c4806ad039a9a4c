"""
Suite ``scale``: Parquet to clusters on made-up feeds of up to tens of millions, within a limit.

Every size is clustered within one memory limit, and one size within a tight one, too,
also with a work folder. Each run has a process of its own, which tells its peak of
memory. The partitions of one size must be equal.
"""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import parquet_feeds
from benchmarks.datasets import SEED
from benchmarks.report import Report, Table
from benchmarks.scale_worker import Job

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

SUMMARY = "batches of up to tens of millions, within a memory limit"
NEEDS = "pyarrow; 8 GB of memory and 60 GB of disk for 20,000,000"
TAKES = "an hour for 20,000,000 (2 processors)"

SIZES = (1_000_000, 5_000_000, 10_000_000, 20_000_000)

_WARM_UP = 2_000
_HEADINGS = (
    "documents", "limit", "seconds", "CPU s", "CPU s a million", "peak memory, MiB", "disk, MiB",
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """
    Declare the options of the suite.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Parser of the suite.
    """
    parser.add_argument("--policy", choices=("news", "similar"), default="news")
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=list(SIZES), help="documents (default: 1 to 20 M)"
    )
    parser.add_argument("--memory-limit", default="6GB", help="of all sizes (default: 6GB)")
    parser.add_argument(
        "--tight-limit", default="2GB", help="of further runs of one size (default: 2GB)"
    )
    parser.add_argument("--tight-size", type=int, help="that size (default: the last but one)")
    parser.add_argument("--jobs", type=int, default=-1, help="threads (default: all processors)")
    parser.add_argument(
        "--folder", type=Path, help="keep the feeds here (default: a temporary folder)"
    )


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
    sizes = sorted(set(options.sizes))
    tight = options.tight_size or sizes[max(0, len(sizes) - 2)]
    report = Report(
        name=f"scale-{options.policy}-{sizes[-1]}",
        title=f'Scale: Parquet to clusters, policy `"{options.policy}"`, '
        f"up to {sizes[-1]:,} made-up teasers",
        settings={
            "policy": options.policy,
            "sizes": sizes,
            "memory_limit": options.memory_limit,
            "tight_limit": options.tight_limit,
            "tight_size": tight,
            "n_jobs": options.jobs,
            "seed": SEED,
        },
    )
    plans = [(n, options.memory_limit, False) for n in sizes]
    plans += [(tight, options.tight_limit, kept) for kept in (False, True)]
    with tempfile.TemporaryDirectory(prefix="dedupe-news-scale-") as own:
        feeds = options.folder or Path(own) / "feeds"
        warm_up = parquet_feeds.feed_files(_WARM_UP, SEED + 1, Path(own)).files[0]
        for n, limit, is_kept in plans:
            job = Job(
                files=[str(file.resolve()) for file in
                       parquet_feeds.feed_files(n, SEED, feeds).files],
                warm_up=str(warm_up),
                policy=options.policy,
                memory_limit=limit,
                work_folder=str(Path(own) / "work") if is_kept else None,
                n_jobs=options.jobs,
            )  # fmt: skip
            report.rows.append({"limit": limit, "work_folder": is_kept, **_in_process(job)})
    _fill(report)
    yield report


def _in_process(job: Job) -> dict[str, Any]:
    """Return the outcome of a run in a process of its own."""
    arguments = [sys.executable, "-m", "benchmarks.scale_worker"]
    done = subprocess.run(  # noqa: S603 - our own interpreter and module
        [*arguments, json.dumps(dataclasses.asdict(job))], stdout=subprocess.PIPE, check=True
    )
    outcome: dict[str, Any] = json.loads(done.stdout)
    return outcome


def _fill(report: Report) -> None:
    """Write the table and the figures, and compare the partitions of each size."""
    table: list[list[str]] = []
    digests: dict[int, str] = {}
    for row in report.rows:
        n, mib = row["n_documents"], 1 << 20
        limit = f"{row['limit']}, work folder" if row["work_folder"] else row["limit"]
        table.append([
            f"{n:,}", limit, f"{row['wall_s']:.3g}", f"{row['cpu_s']:.3g}",
            f"{row['cpu_s'] / n * 1e6:.3g}", f"{row['peak_bytes'] / mib:,.0f}",
            f"{row['disk_bytes'] / mib:,.0f}",
        ])  # fmt: skip
        if digests.setdefault(n, row["digest"]) != row["digest"]:
            report.failures.append(f"the partitions of {n:,} documents differ by the limit")
        mark = ".tight" if row["limit"] == report.settings["tight_limit"] else ""
        report.figures[f"seconds.{n}{mark}"] = row["wall_s"]
        report.figures[f"peak_bytes.{n}{mark}"] = row["peak_bytes"]
    first, last = (
        [row["cpu_s"] / row["n_documents"] for row in report.rows if not row["work_folder"]][at]
        for at in (0, len(report.settings["sizes"]) - 1)
    )
    report.figures["growth"] = last / first
    note = (
        "Each run in a fresh process that clustered a few documents before the clock started. "
        "Peak memory is of the whole process as the system tells it, interpreter, libraries and "
        "pages of mapped files included; disk is the most that its files held."
    )
    report.tables.append(Table("Runs", _HEADINGS, table, note))
