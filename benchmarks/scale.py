"""
Suite ``scale``: Parquet to clusters on made-up feeds of up to tens of millions, within a limit.

Every size is clustered within one memory limit, and one size within a tight one, too, also
with a work folder. Each run has a process of its own, which tells its peak of memory. The
partitions of one size must be equal.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from benchmarks import parquet_feeds, process, timing
from benchmarks.datasets import SEED
from benchmarks.report import Report, Table

if TYPE_CHECKING:
    import argparse
    from collections.abc import Generator, Iterator

SUMMARY = "batches of up to tens of millions, within a memory limit"
NEEDS = "pyarrow; 8 GB of memory and 60 GB of disk for 20,000,000"
TAKES = "an hour for 20,000,000 (2 processors)"
QUICK = {"sizes": [2_000, 4_000], "tight_limit": "64GB"}

SIZES = (1_000_000, 5_000_000, 10_000_000, 20_000_000)

_ARRAYS = ("labels", "representatives", "story_of", "template_of")  # are the partition
_WARM_UP = 2_000
_MIB = 1 << 20
_HEADINGS = (
    "documents", "limit", "seconds", "CPU s", "CPU s a million", "peak memory, MiB", "disk, MiB",
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the suite."""
    parser.add_argument("--policy", choices=("news", "similar"), default="news")
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=list(SIZES), help="documents (default: 1 to 20 M)"
    )
    parser.add_argument("--memory-limit", default="6GB", help="of all sizes (default: 6GB)")
    parser.add_argument(
        "--tight-limit", default="2GB", help="of two more runs of the last size but one"
    )
    parser.add_argument("--jobs", type=int, default=-1, help="threads (default: all processors)")
    parser.add_argument("--folder", type=Path, help="keep the feeds here (default: temporary)")


def run(options: argparse.Namespace) -> Iterator[Report]:
    """Measure every size, the last but one within a tight limit, too."""
    sizes = sorted(set(options.sizes))
    tight = sizes[max(0, len(sizes) - 2)]
    report = Report(
        name=f"scale-{options.policy}-{sizes[-1]}",
        title=f"Scale: Parquet to clusters, policy `{options.policy}`, "
        f"up to {sizes[-1]:,} made-up teasers",
        settings={
            "policy": options.policy,
            "sizes": sizes,
            "memory_limit": options.memory_limit,
            "tight_limit": options.tight_limit,
            "n_jobs": options.jobs,
        },
    )
    plans = [(n, options.memory_limit, False) for n in sizes]
    plans += [(tight, options.tight_limit, has_folder) for has_folder in (False, True)]
    with tempfile.TemporaryDirectory(prefix="dedupe-news-scale-") as name:
        folder = Path(name)
        feeds = (options.folder or folder / "feeds").resolve()
        (warm_up,) = parquet_feeds.feed_files(_WARM_UP, SEED + 1, folder)
        for n, limit, has_folder in plans:
            settings = {
                "files": [str(file) for file in parquet_feeds.feed_files(n, SEED, feeds)],
                "warm_up": str(warm_up),
                "policy": options.policy,
                "memory_limit": limit,
                "work_folder": str(folder / "work") if has_folder else None,
                "folder": name,
                "n_jobs": options.jobs,
            }
            process.say(f"{n:,} documents within {limit}")
            (outcome,) = process.measure(within_limit, settings)
            report.rows.append({"limit": limit, "has_folder": has_folder, **outcome})
    _fill(report)
    yield report


def within_limit(settings: dict[str, Any]) -> Generator[dict[str, Any], str, None]:
    """Probe: cluster Parquet files within a memory limit."""
    import pyarrow.dataset as ds  # noqa: PLC0415 - optional

    import dedupe_news as dn  # noqa: PLC0415 - what is measured is loaded here

    def cluster(files: list[str]) -> Any:  # noqa: ANN401 - of the library
        # The other columns have the names that the library looks for.
        return dn.cluster(
            ds.dataset(files), text="description", policy=settings["policy"],
            n_jobs=settings["n_jobs"], progress=False,
            memory_limit=settings["memory_limit"], work_folder=settings["work_folder"],
        )  # fmt: skip

    cluster([settings["warm_up"]])
    yield {}
    timing.forget_peak()
    with _Disk(settings["folder"]) as disk:
        outcome = timing.timed(lambda: cluster(settings["files"]))
    peak, result, digest = timing.peak_resident_bytes(), outcome.value, hashlib.sha256()
    for name in _ARRAYS:
        digest.update(np.ascontiguousarray(getattr(result, name)).data)
    yield {
        "wall_s": outcome.wall_s,
        "cpu_s": outcome.cpu_s,
        "peak_bytes": peak,
        "disk_bytes": disk.most_bytes,
        "stages_s": dict(result.seconds),
        "n_documents": len(result.labels),
        "n_representatives": len(result.representatives),
        "digest": digest.hexdigest(),
    }


class _Disk:
    """Looks several times a second how much less is free, as the files have no names."""

    def __init__(self, folder: str) -> None:
        self.most_bytes = 0
        self._folder = folder
        self._free = shutil.disk_usage(folder).free
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        """Begin to look."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Look no more."""
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.2):
            used = self._free - shutil.disk_usage(self._folder).free
            self.most_bytes = max(self.most_bytes, used)


def _fill(report: Report) -> None:
    """Write table and figures, and compare the partitions of each size."""
    table: list[list[str]] = []
    digests: dict[int, str] = {}
    cpu_s: dict[int, float] = {}
    for row in report.rows:
        n = row["n_documents"]
        is_first = cpu_s.setdefault(n, row["cpu_s"]) is row["cpu_s"]
        limit = f"{row['limit']}, work folder" if row["has_folder"] else row["limit"]
        table.append([
            f"{n:,}", limit, f"{row['wall_s']:.3g}", f"{row['cpu_s']:.3g}",
            f"{row['cpu_s'] / n * 1e6:.3g}", f"{row['peak_bytes'] / _MIB:,.0f}",
            f"{row['disk_bytes'] / _MIB:,.0f}",
        ])  # fmt: skip
        if digests.setdefault(n, row["digest"]) != row["digest"]:
            report.failures.append(f"the partitions of {n:,} documents differ by the limit")
        mark = "" if is_first else ".folder" if row["has_folder"] else ".tight"
        report.figures[f"seconds.{n}{mark}"] = row["wall_s"]
        report.figures[f"peak_bytes.{n}{mark}"] = row["peak_bytes"]
    per_document = [seconds / n for n, seconds in sorted(cpu_s.items())]
    report.figures["growth"] = per_document[-1] / per_document[0]
    note = (
        "Each run in a fresh process that clustered a few documents before the clock started. "
        "Peak memory is of the whole process as the system tells it, interpreter, libraries and "
        "pages of mapped files included; disk is what the file system had less while it ran."
    )
    report.tables.append(Table("", _HEADINGS, table, note))
