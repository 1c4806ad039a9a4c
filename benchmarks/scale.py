"""
Suite ``scale``: Parquet to clusters on made-up feeds of up to tens of millions, within a limit.

Each size has a memory limit. The smallest is clustered within a tight limit and a work folder,
too: the partitions must be equal. Each run has a process of its own, which tells its peak of
memory. Of every size, copies word by word must be in the cluster of what they copy.
"""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import parquet_feeds, process, timing
from benchmarks.corpora import Kind
from benchmarks.datasets import SEED
from benchmarks.report import Report, Table

if TYPE_CHECKING:
    import argparse
    from collections.abc import Generator, Iterator

    from numpy.typing import NDArray

SUMMARY = "batches of up to tens of millions, within a memory limit"
NEEDS = "8 GB of memory and 40 GB of disk for 20,000,000"
TAKES = "8 minutes for 20,000,000, 2 of them to make the feed (2 processors)"
QUICK = {"runs": [(2_000, "6GB"), (4_000, "6GB")]}

RUNS = ((1_000_000, "6GB"), (10_000_000, "2GB"), (20_000_000, "6GB"))
"""Items, and the memory limit that they are clustered within."""

_ARRAYS = ("labels", "representatives", "story_of", "template_of")  # are the partition
_TIGHT = "1GB"
_WARM_UP = 2_000
_HEADINGS = (
    "items", "limit", "seconds", "CPU s a million", "peak memory, GB",
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the suite."""
    parser.add_argument("--policy", choices=("news", "similar"), default="similar")
    parser.add_argument(
        "--runs", type=_items_and_limit, nargs="+", default=list(RUNS), metavar="ITEMS:LIMIT",
        help="sizes and their memory limits (default: 1000000:6GB 10000000:2GB 20000000:6GB)",
    )  # fmt: skip
    parser.add_argument("--folder", type=Path, help="keep the feeds here (default: temporary)")


def _items_and_limit(words: str) -> tuple[int, str]:
    n, _, limit = words.partition(":")
    return int(n), limit


def run(options: argparse.Namespace) -> Iterator[Report]:
    """Measure every size, the smallest within a tight limit, too."""
    plans = [(n, limit, False) for n, limit in sorted(options.runs)]
    least, most = plans[0][0], plans[-1][0]
    plans.insert(1, (least, _TIGHT, True))
    report = Report(
        name=f"scale-{options.policy}-{most}",
        title=f"Scale: Parquet to clusters, policy `{options.policy}`, up to {most:,} "
        "made-up teasers",
        settings={"policy": options.policy, "runs": options.runs, "tight_limit": _TIGHT},
    )
    with tempfile.TemporaryDirectory(prefix="dedupe-news-scale-") as name:
        folder = Path(name)
        feeds = (options.folder or folder / "feeds").resolve()
        process.say(f"making {most:,} items")
        parquet_feeds.feed_files(most, SEED, feeds)
        (warm_up,) = parquet_feeds.feed_files(_WARM_UP, SEED + 1, folder)
        for n, limit, has_folder in plans:
            settings = {
                "files": [str(file) for file in parquet_feeds.feed_files(n, SEED, feeds)],
                "warm_up": str(warm_up),
                "policy": options.policy,
                "memory_limit": limit,
                "work_folder": str(folder / "work") if has_folder else None,
            }
            process.say(f"{n:,} items within {limit}")
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
            progress=False, memory_limit=settings["memory_limit"],
            work_folder=settings["work_folder"],
        )  # fmt: skip

    cluster([settings["warm_up"]])
    yield {}
    timing.forget_peak()
    outcome = timing.timed(lambda: cluster(settings["files"]))
    peak, result, digest = timing.peak_resident_bytes(), outcome.value, hashlib.sha256()
    for name in _ARRAYS:
        digest.update(np.ascontiguousarray(getattr(result, name)).data)
    yield {
        "wall_s": outcome.wall_s,
        "cpu_s": outcome.cpu_s,
        "peak_bytes": peak,
        "n_documents": len(result.labels),
        "digest": digest.hexdigest(),
        "n_apart": _n_apart(result.labels, settings["files"]),
    }


def _n_apart(labels: NDArray[np.integer], files: list[str]) -> int:
    """Return how many copies word by word are not in the cluster of the story's first item."""
    import pyarrow.dataset as ds  # noqa: PLC0415 - optional

    truth = ds.dataset(files).to_table(columns=["story", "kind"])
    story, kind = truth["story"].to_numpy(), truth["kind"].to_numpy()
    _, first = np.unique(story, return_index=True)
    copies = np.flatnonzero(kind == Kind.VERBATIM)
    originals = first[np.searchsorted(story[first], story[copies])]
    return int(np.count_nonzero(labels[copies] != labels[originals]))


def _fill(report: Report) -> None:
    """Write table and figures, and check the partitions."""
    table: list[list[str]] = []
    digests: dict[int, str] = {}
    per_item: dict[int, float] = {}
    for row in report.rows:
        n = row["n_documents"]
        limit = f"{row['limit']}, work folder" if row["has_folder"] else row["limit"]
        table.append([
            f"{n:,}", limit, f"{row['wall_s']:.3g}", f"{row['cpu_s'] / n * 1e6:.3g}",
            f"{row['peak_bytes'] / 1e9:.2f}",
        ])  # fmt: skip
        if digests.setdefault(n, row["digest"]) != row["digest"]:
            report.failures.append(f"the partitions of {n:,} items differ by the limit")
        if row["n_apart"]:
            report.failures.append(f"{row['n_apart']:,} copies of {n:,} items are elsewhere")
        if not row["has_folder"]:
            per_item[n] = row["cpu_s"] / n
            report.figures[f"seconds.{n}"] = row["wall_s"]
            report.figures[f"peak_gb.{n}"] = row["peak_bytes"] / 1e9
    growth = report.figures["growth"] = per_item[max(per_item)] / per_item[min(per_item)]
    note = (
        "Each run in a fresh process that clustered a few items before the clock started. Peak "
        "memory is of the whole process as the system tells it, interpreter, libraries and pages "
        "of mapped files included. An item "
        f"of the largest feed takes {growth:.2f} times the processor time of one of the smallest."
    )
    report.tables.append(Table("", _HEADINGS, table, note))
