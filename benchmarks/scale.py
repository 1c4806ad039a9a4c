"""
Suite ``scale``: Parquet to clusters on made-up feeds of up to tens of millions, within a limit.

Every size is clustered within one memory limit; one size also without a limit
that it could reach, within a tight one, and within it with a work folder to go on
from. Each run has a process of its own,
whose memory and disk are measured from outside, and finds its files in the
memory of the system where they fit. Where a size ran within several
limits, the partitions must be equal, and every partition is held against the
truth of its feed.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xxhash

from benchmarks import parquet_feeds, scale_picture, truth, watching
from benchmarks.datasets import SEED
from benchmarks.report import Report, machine
from benchmarks.scale_report import Measured, Plan, fill
from benchmarks.scale_worker import ARRAYS, Job

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from benchmarks.parquet_feeds import Made
    from benchmarks.truth import Score

SUMMARY = "batches of up to tens of millions, within a memory limit"
NEEDS = "pyarrow; 8 GB of memory and 20 GB of disk for 20,000,000; matplotlib for the picture"
TAKES = "25 minutes a policy for 20,000,000 (2 processors)"

SIZES = (1_000_000, 2_000_000, 5_000_000, 10_000_000, 20_000_000)
POLICIES = ("news", "similar")

_WARM_UP = 2_000
_BLOCK_BYTES = 1 << 20
_UNLIMITED_BYTES = 2_000  # a document, in memory: what a run without a limit must have


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """
    Declare the options of the suite.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Parser of the suite.
    """
    parser.add_argument(
        "--policy", choices=(*POLICIES, "both"), default="both", help="of the library"
    )
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=list(SIZES), help="documents (default: 1 to 20 M)"
    )
    parser.add_argument(
        "--memory-limit", default="8GB", help="of the runs of all sizes (default: 8GB)"
    )
    parser.add_argument(
        "--tight-limit", default="2GB", help="of a further run of one size (default: 2GB)"
    )
    parser.add_argument(
        "--tight-size",
        type=int,
        help="that size, run without a limit too (default: the last but one)",
    )
    parser.add_argument(
        "--repetitions", type=int, default=1, help="runs of each, of which the median counts"
    )
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
        One a policy.
    """
    sizes = sorted(set(options.sizes))
    tight_size = options.tight_size or sizes[max(0, len(sizes) - 2)]
    plans = [Plan(n, options.memory_limit) for n in sizes]
    plans += [
        Plan(tight_size, "", "unlimited"),
        Plan(tight_size, options.tight_limit, "tight"),
        Plan(tight_size, options.tight_limit, "kept"),
    ]
    policies = POLICIES if options.policy == "both" else (options.policy,)
    with contextlib.ExitStack() as stack:
        own = stack.enter_context(tempfile.TemporaryDirectory(prefix="dedupe-news-scale-"))
        feeds = options.folder or Path(own) / "feeds"
        made = {n: parquet_feeds.feed_files(n, SEED, feeds) for n in sorted({*sizes, tight_size})}
        for policy in policies:
            report = Report(
                name=f"scale-{policy}-{sizes[-1]}",
                title=f'Scale: Parquet to clusters, policy `"{policy}"`, '
                f"up to {sizes[-1]:,} made-up teasers",
                settings={
                    "policy": policy,
                    "sizes": sizes,
                    "memory_limit": options.memory_limit,
                    "tight_limit": options.tight_limit,
                    "tight_size": tight_size,
                    "repetitions": options.repetitions,
                    "n_jobs": options.jobs,
                    "seed": SEED,
                },
            )
            _say_made(report, made)
            bench = _Bench(policy, made, Path(own), options)
            measured = _measure(bench, plans, report)
            fill(report, measured)
            if not scale_picture.draw(report, options.output / f"{report.name}.png"):
                report.words.append("No picture: matplotlib is not installed.")
            yield report


@dataclasses.dataclass(frozen=True, slots=True)
class _Bench:
    policy: str
    made: dict[int, Made]
    folder: Path
    options: argparse.Namespace

    def run(self, plan: Plan) -> Measured:
        """Run a plan as often as it is to be, and check what came out."""
        runs = [self._once(plan) for _ in range(self.options.repetitions)]
        return Measured(
            outcomes=[outcome for outcome, *_ in runs],
            watched=[watched for _, watched, *_ in runs],
            checksums={checksum for *_, checksum, _ in runs},
            score=runs[-1][-1],
        )

    def _once(self, plan: Plan) -> tuple[dict[str, Any], watching.Watched, str, Score]:
        files = self.made[plan.n].files
        with tempfile.TemporaryDirectory(dir=self.folder) as name:
            scratch, output = Path(name) / "scratch", Path(name) / "output"
            scratch.mkdir()
            output.mkdir()
            job = Job(
                files=[str(file.resolve()) for file in files],
                warm_up=str(warm_up_file(self.folder)),
                policy=self.policy,  # type: ignore[arg-type] # one of `POLICIES`
                memory_limit=plan.limit or machine()["memory_bytes"],
                n_jobs=self.options.jobs,
                scratch=str(scratch),
                is_kept=plan.mark == "kept",
                output=str(output),
            )
            arguments = [json.dumps(dataclasses.asdict(job))]
            read_through(files)
            watched = watching.watch("benchmarks.scale_worker", arguments, scratch)
            outcome = json.loads((output / "outcome.json").read_text(encoding="utf-8"))
            labels = np.load(output / "labels.npy", mmap_mode="r")
            return outcome, watched, checksum_of(output), truth.score(files, labels)


def read_through(files: Sequence[Path]) -> None:
    """
    Read files, so that they lie in the memory that the system spares for those read last.

    Where it has room for them, a run measures the library and not the disk, and
    a feed made a moment ago is not ahead of one made long before.

    Parameters
    ----------
    files : sequence of Path
        The files.
    """
    block = memoryview(bytearray(_BLOCK_BYTES))
    for path in files:
        with path.open("rb", buffering=0) as file:
            while file.readinto(block):
                pass


def warm_up_file(folder: Path) -> Path:
    """
    Return a small feed that is clustered before the clock starts.

    Parameters
    ----------
    folder : Path
        Where it is made, once.

    Returns
    -------
    Path
        A Parquet file.
    """
    return parquet_feeds.feed_files(_WARM_UP, SEED + 1, folder / "warm-up").files[0]


def checksum_of(folder: Path) -> str:
    """
    Return a digest of the partition that a run wrote.

    Parameters
    ----------
    folder : Path
        Where `benchmarks.scale_worker` wrote its arrays.

    Returns
    -------
    str
        Equal for equal files alone, but for chance.
    """
    digest = xxhash.xxh3_128()
    for name in ARRAYS:
        with (folder / f"{name}.npy").open("rb") as file:
            while block := file.read(2**20):
                digest.update(block)
    return digest.hexdigest()


def _measure(bench: _Bench, plans: Sequence[Plan], report: Report) -> dict[Plan, Measured]:
    # Once, so that nothing compiles on the clock or counts as memory of a run.
    smallest = min(plans, key=lambda plan: plan.n)
    bench.run(dataclasses.replace(smallest, limit=bench.options.memory_limit, mark=""))
    measured = {}
    for plan in plans:
        free = free_bytes()
        needed = plan.n * _UNLIMITED_BYTES
        if not plan.limit and 0 < free < needed:
            report.words.append(
                f"{plan}: skipped, as it may take {needed / 1e9:.0f} GB and "
                f"{free / 1e9:.0f} GB are free."
            )
            continue
        sys.stderr.write(f"{report.settings['policy']}: {plan}\n")
        measured[plan] = bench.run(plan)
    return measured


def free_bytes() -> int:
    """
    Return the memory that can be had without swapping.

    Returns
    -------
    int
        Bytes; 0 where the system does not say.
    """
    path = Path("/proc/meminfo")
    if not path.is_file():
        return 0
    fields = dict(line.split(":") for line in path.read_text(encoding="ascii").splitlines())
    return int(fields["MemAvailable"].split()[0]) * 1024


def _say_made(report: Report, made: dict[int, Made]) -> None:
    n_made = sum(each.n_made for each in made.values())
    if n_made:
        seconds = sum(each.seconds for each in made.values())
        report.figures["made_per_s"] = n_made / seconds
        report.words.append(
            f"{n_made:,} items were made in {seconds:.0f} s, "
            f"{n_made / seconds:,.0f} a second by {os.cpu_count()} processes."
        )
