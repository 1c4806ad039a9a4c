"""
Weigh a run in memory and one within a limit: ``python cost_probe.py POLICY ROOT``.

In a process of its own, with compiled kernels: small inputs would say nothing.
"""

from __future__ import annotations

import json
import sys
import tempfile
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import dedupe_news as dn
from dedupe_news import postings, text
from dedupe_news.documents import read_documents
from dedupe_news.outofcore import ranges, workspace

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from dedupe_news.config import Policy

N = 30_000


def main(policy: Policy, root: str) -> dict[str, float]:
    """Return what each of a document took, and what it was made of."""
    sys.path.insert(0, root)
    from benchmarks.corpora import made_up_feed  # noqa: PLC0415 - found from here on

    made = made_up_feed(N, 1)
    feed: dict[str, Any] = {
        "id": np.arange(N),
        "title": made.title,
        "text": made.description,
        "source": made.source,
        "published": made.published.astype("datetime64[us]").astype(str).tolist(),
    }
    feed["published"] = [f"{time}Z" for time in feed["published"]]
    columns = read_documents(feed)
    tokens = text.tokenize(columns.buffer, columns.offsets, dn.Config())
    pairs, written = [0], list[int]()
    found = {
        "text": len(columns.buffer) / N,
        "words": len(tokens.hashes) / N,
        "peak": _peak(feed, policy, pairs) / N,
        "pairs": pairs[-1] / N,
        "disk": _disk(feed, policy, written) / N,
        "written_pairs": sum(written) / N,
    }
    return {name: float(value) for name, value in found.items()}


def _peak(feed: dict[str, Any], policy: Policy, pairs: list[int]) -> int:
    """Return the most that was allocated, compiled code and the input left out."""
    keep_related: Callable[..., Any] = postings._keep_related  # noqa: SLF001 - counted on its way

    def counted(shared: list[NDArray[np.uint64]], *rest: Any) -> Any:  # noqa: ANN401
        pairs.append(sum(map(len, shared)))
        return keep_related(shared, *rest)

    postings._keep_related = counted  # type: ignore[assignment] # noqa: SLF001 - watched
    dn.cluster(feed, policy=policy, n_jobs=2, progress=False)
    tracemalloc.start()
    dn.cluster(feed, policy=policy, n_jobs=2, progress=False)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    postings._keep_related = keep_related  # noqa: SLF001 - as it was
    return peak


def _disk(feed: dict[str, Any], policy: Policy, written: list[int]) -> int:
    """Return the most that the arrays of a work folder took after any step."""
    after: list[int] = []
    do_step, append = workspace.Workspace.step, ranges.RangedPairs.append

    def step(self: workspace.Workspace, name: str, work: Callable[[], Any]) -> Any:  # noqa: ANN401
        outcome = do_step(self, name, work)
        after.append(
            sum(
                file.stat().st_size
                for file in self.folder.glob("*.array")
                if "token_counts" not in file.name
            )
        )
        return outcome

    def counted(self: ranges.RangedPairs, pairs: NDArray[np.uint64]) -> None:
        written.append(len(pairs))
        append(self, pairs)

    workspace.Workspace.step = step  # type: ignore[method-assign] # watched
    ranges.RangedPairs.append = counted  # type: ignore[method-assign] # watched
    with tempfile.TemporaryDirectory() as folder:
        dn.cluster(
            feed,
            policy=policy,
            progress=False,
            memory_limit="4GB",
            work_folder=Path(folder) / "work",
        )
    return max(after)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1], sys.argv[2])) + "\n")  # type: ignore[arg-type]
