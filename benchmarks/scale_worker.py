"""
One run of suite ``scale``: Parquet to clusters, in a process that is watched from outside.

Run as ``python -m benchmarks.scale_worker JOB``, a JSON object as `Job` has it.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dedupe_news.config import Policy
    from dedupe_news.results import Clustering

ARRAYS = ("labels", "representatives", "template_of", "story_of")
"""Arrays of the result that are written for the caller; together they are the partition."""


@dataclasses.dataclass(frozen=True, slots=True)
class Job:
    """
    What to cluster, and how.

    Attributes
    ----------
    files : list of str
        Parquet files of the feed, in order.
    warm_up : str
        A small Parquet file that is clustered before the clock starts.
    policy : {"news", "similar"}
        Of the library.
    memory_limit : int or str or None
        As the library takes it.
    n_jobs : int
        Threads, as the library takes them.
    scratch : str
        Folder for what the library keeps on disk.
    is_kept : bool
        Whether it is named to the library as a work folder, so that the run could
        be gone on with; else it is where temporary folders go.
    output : str
        Folder for the arrays of the result and ``outcome.json``.
    """

    files: list[str]
    warm_up: str
    policy: Policy
    memory_limit: int | str | None
    n_jobs: int
    scratch: str
    is_kept: bool
    output: str


def run(job: Job) -> None:
    """
    Cluster on the clock, and write what came out.

    Parameters
    ----------
    job : Job
        What to do.
    """
    # Kernels are loaded, and compiled where they have to be, before the clock starts.
    tempfile.tempdir = job.scratch
    for folder in (None, Path(job.scratch) / "warm-up"):
        _cluster(job, [job.warm_up], folder)
    wall, cpu = time.perf_counter(), time.process_time()
    result = _cluster(job, job.files, Path(job.scratch) / "run" if job.is_kept else None)
    outcome = {
        "wall_s": time.perf_counter() - wall,
        "cpu_s": time.process_time() - cpu,
        "stages_s": dict(result.seconds),
        "n_documents": len(result.labels),
        "n_kept": len(result.representatives),
        "n_matches": len(result.matches),
        "n_candidates": int(result.n_candidates),
        "bounded": str(result.bounded) if result.bounded else "",
    }
    folder = Path(job.output)
    # Written as they are: nothing is gathered that would count as memory of the run.
    for name in ARRAYS:
        np.save(folder / f"{name}.npy", getattr(result, name))
    (folder / "outcome.json").write_text(json.dumps(outcome), encoding="utf-8")


def _cluster(job: Job, files: Sequence[str], work_folder: Path | None) -> Clustering:
    import pyarrow.dataset  # noqa: PLC0415 - optional, and slow to import

    import dedupe_news as dn  # noqa: PLC0415 - not while the command line is read

    # The other columns have the names that the library looks for; the truth it does not read.
    return dn.cluster(
        pyarrow.dataset.dataset(files),
        text="description",
        policy=job.policy,
        n_jobs=job.n_jobs,
        progress=False,
        memory_limit=job.memory_limit,
        work_folder=work_folder,
    )


def main() -> None:
    """Run the job on the command line."""
    settings: dict[str, Any] = json.loads(sys.argv[1])
    run(Job(**settings))


if __name__ == "__main__":
    main()
