"""
One run of suite ``scale``: Parquet to clusters, in a process that tells its own peak of memory.

Run as ``python -m benchmarks.scale_worker JOB``, a JSON object as `Job` has it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import importlib
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

ARRAYS = ("labels", "representatives", "story_of", "template_of")
"""Arrays of the result that are the partition."""


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
    policy : str
        Of the library.
    memory_limit : str
        As the library takes it.
    work_folder : str or None
        As the library takes it.
    n_jobs : int
        Threads, as the library takes them.
    """

    files: list[str]
    warm_up: str
    policy: str
    memory_limit: str
    work_folder: str | None
    n_jobs: int


def run(job: Job) -> dict[str, Any]:
    """
    Cluster on the clock.

    Parameters
    ----------
    job : Job
        What to do.

    Returns
    -------
    dict
        Seconds, peak of memory of the process and of disk, and a digest of the partition.
    """
    space = importlib.import_module("dedupe_news._machine.space")
    disk = _Disk(space.Folder)
    # Kernels are loaded, and compiled where they have to be, before the clock starts.
    _cluster(job, [job.warm_up])
    _forget_peak()
    disk.most = 0
    wall, cpu = time.perf_counter(), time.process_time()
    result = _cluster(job, job.files)
    outcome = {
        "wall_s": time.perf_counter() - wall,
        "cpu_s": time.process_time() - cpu,
        "peak_bytes": _peak(),
        "disk_bytes": disk.most,
        "stages_s": dict(result.seconds),
        "n_documents": len(result.labels),
        "n_kept": len(result.representatives),
        "n_candidates": int(result.n_candidates),
    }
    digest = hashlib.sha256()
    for name in ARRAYS:
        digest.update(np.ascontiguousarray(getattr(result, name)).data)
    return outcome | {"digest": digest.hexdigest()}


def _cluster(job: Job, files: Sequence[str]) -> Any:  # noqa: ANN401 - of the library
    dataset = importlib.import_module("pyarrow.dataset").dataset(list(files))
    # The other columns have the names that the library looks for; the truth it does not read.
    return importlib.import_module("dedupe_news").cluster(
        dataset,
        text="description",
        policy=job.policy,
        n_jobs=job.n_jobs,
        progress=False,
        memory_limit=job.memory_limit,
        work_folder=job.work_folder,
    )


class _Disk:
    """Counts the bytes of the files that are mapped at a time."""

    def __init__(self, folder: Any) -> None:  # noqa: ANN401 - a class of the library
        self.most = 0
        mapped = folder._map  # noqa: SLF001 - the system does not tell

        def count(self_: Any, *arguments: Any) -> NDArray[Any]:  # noqa: ANN401
            array: NDArray[Any] = mapped(self_, *arguments)
            self.most = max(self.most, sum(map(len, list(self_._maps))))  # noqa: SLF001
            return array

        folder._map = count  # noqa: SLF001


def _forget_peak() -> None:
    """Have the system count the peak of memory from now on, where it can."""
    file = Path("/proc/self/clear_refs")
    if file.exists():
        file.write_text("5", encoding="ascii")


def _peak() -> int:
    """Return the most memory that this process held, its mapped files included."""
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    import psutil  # noqa: PLC0415 - only where the system has no such file

    info = psutil.Process().memory_info()
    return int(getattr(info, "peak_wset", info.rss))


def main() -> None:
    """Run the job on the command line, and write the outcome as JSON."""
    json.dump(run(Job(**json.loads(sys.argv[1]))), sys.stdout)


if __name__ == "__main__":
    main()
