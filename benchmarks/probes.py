"""
Measurements that need a process of their own: peak memory, start-up, the index.

Run as ``python -m benchmarks.probes PROBE ARGUMENTS``, which prints one JSON
object; `launch` is the other end.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import datasets, timing
from benchmarks.peers import THRESHOLD, clustering_keys, our_config

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pyarrow as pa

    from dedupe_news.config import Policy

BATCH = 10_000
"""Documents in one call of ``add_many``."""

NOTHING = "warm up the kernels before the clock starts"
"""A text for calls that are not timed."""

_ADD_SUFFIX = "-again"


class ProbeError(RuntimeError):
    """A probe's process failed; the message has its last words."""


def launch(probe: str, *arguments: str, cache: Path | None = None) -> dict[str, Any]:
    """
    Run a probe in a fresh process.

    Parameters
    ----------
    probe : str
        Its name; ``"start"`` is the module `benchmarks.start`.
    *arguments : str
        Its arguments.
    cache : Path, optional
        Folder of compiled kernels to use instead of the usual one.

    Returns
    -------
    dict
        What it printed; ``said`` tells whether standard error had a word.

    Raises
    ------
    ProbeError
        If the process failed.
    """
    module = ["benchmarks.start"] if probe == "start" else ["benchmarks.probes", probe]
    environment = dict(os.environ)
    if cache is not None:
        environment["NUMBA_CACHE_DIR"] = str(cache)
    done = subprocess.run(  # noqa: S603 - this very interpreter and module
        [sys.executable, "-m", *module, *arguments],
        cwd=datasets.ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        message = f"the probe {probe} failed with exit code {done.returncode}:\n{done.stderr}"
        raise ProbeError(message)
    outcome: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    outcome["said"] = bool(done.stderr.strip())
    return outcome


def read_feed(path: Path) -> pa.Table:
    """
    Return the columns of a feed that clustering uses.

    Parameters
    ----------
    path : Path
        A Parquet file.

    Returns
    -------
    pyarrow.Table
        id, title, description, source, published.
    """
    import pyarrow.parquet as pq  # noqa: PLC0415 - optional, and slow to import

    columns = ["id", "title", "description", "source", "published"]
    return pq.read_table(path, columns=columns)


def feed_texts(path: Path) -> list[str]:
    """
    Return the texts of a feed, joined as the library joins them.

    Parameters
    ----------
    path : Path
        A Parquet file.

    Returns
    -------
    list of str
        Title, newline, description.
    """
    table = read_feed(path)
    return datasets.joined(table["title"].to_pylist(), table["description"].to_pylist())


def _whole_feed(path: str, keys_file: str, policy: Policy) -> dict[str, Any]:
    """Time Parquet to clusters."""
    import dedupe_news as dn  # noqa: PLC0415 - what is measured is loaded here

    config = our_config(THRESHOLD, policy)
    few = read_feed(Path(path)).slice(0, 100)
    # The other columns have the names that the library looks for.
    dn.cluster(few, text="description", config=config, progress=False)
    done = timing.timed(
        lambda: dn.cluster(read_feed(Path(path)), text="description", config=config, progress=False)
    )
    return _outcome(done, keys_file)


def _batch(path: str, keys_file: str) -> dict[str, Any]:
    """Time a list of texts to clusters."""
    import dedupe_news as dn  # noqa: PLC0415 - what is measured is loaded here

    config = our_config(THRESHOLD)
    texts = json.loads(Path(path).read_text(encoding="utf-8"))
    dn.cluster(texts[:100], config=config, progress=False)
    done = timing.timed(lambda: dn.cluster(texts, config=config, progress=False))
    return _outcome(done, keys_file)


def _outcome(done: timing.Timed, keys_file: str) -> dict[str, Any]:
    peak = timing.peak_resident_bytes()  # before the check below takes memory of its own
    result = done.value
    np.save(keys_file, clustering_keys(result, len(result.labels)))
    return {
        "wall_s": done.wall_s,
        "cpu_s": done.cpu_s,
        "peak_bytes": peak,
        "stages_s": dict(result.seconds),
        "n_documents": len(result.labels),
        "n_clusters": len(result.clusters),
        "n_duplicates": len(result.labels) - len(result.representatives),
        "bounded": str(result.bounded) if result.bounded else "",
    }


def _index(path: str, n: str, answers_file: str, policy: Policy) -> dict[str, Any]:
    """Time the index in memory: filling it in batches, then single calls."""
    import dedupe_news as dn  # noqa: PLC0415 - what is measured is loaded here

    n_indexed = int(n)
    config = our_config(THRESHOLD, policy)
    warm = dn.NewsIndex(config)
    warm.add_many([{"id": "a", "text": NOTHING}, {"id": "b", "text": NOTHING}])
    warm.add("c", NOTHING)
    warm.query(NOTHING)
    gc.collect()
    before = timing.resident_bytes()
    index = dn.NewsIndex(config)
    add_many_s, text_bytes, position = 0.0, 0, 0
    with Path(path).open(encoding="utf-8") as lines:
        # The texts are streamed: the process holds what the index keeps, no more.
        for batch in _batches(lines, n_indexed):
            items = [{"id": str(position + at), "text": text} for at, text in enumerate(batch)]
            started = time.perf_counter()
            index.add_many(items)
            add_many_s += time.perf_counter() - started
            text_bytes += sum(len(text.encode()) for text in batch)
            position += len(batch)
        del items, batch
        gc.collect()
        grown = timing.resident_bytes() - before
        fresh = [json.loads(line) for line in lines]
    query_us, found = each(fresh, lambda _position, text: index.query(text))
    add_us, _ = each(fresh, lambda at, text: index.add(f"{at}{_ADD_SUFFIX}", text))
    answers = [
        (n_indexed + query, int(match.id))
        for query, matches in enumerate(found)
        for match in matches
    ]
    np.save(answers_file, np.array(answers, dtype=np.int64).reshape(-1, 2))
    return {
        "query_us": query_us,
        "add_us": add_us,
        "add_many_s": add_many_s,
        "add_many_per_s": n_indexed / add_many_s,
        "grown_bytes": grown,
        "text_bytes": text_bytes,
        "bytes_per_document": (grown - text_bytes) / n_indexed,
        "peak_bytes": timing.peak_resident_bytes(),
    }


def _batches(lines: Iterator[str], n: int) -> Iterator[list[str]]:
    for start in range(0, n, BATCH):
        yield [json.loads(next(lines)) for _ in range(min(BATCH, n - start))]


def each(texts: list[str], call: Callable[[int, str], Any]) -> tuple[list[float], list[Any]]:
    """
    Time single calls, the collector at work as in real use.

    Parameters
    ----------
    texts : list of str
        One a call.
    call : callable
        Takes position and text.

    Returns
    -------
    tuple of list of float and list
        Microseconds of each call, and what it returned.
    """
    spent, answers = [], []
    clock = time.perf_counter_ns
    for position, text in enumerate(texts):
        started = clock()
        answer = call(position, text)
        spent.append((clock() - started) / 1e3)
        answers.append(answer)
    return spent, answers


_PROBES: dict[str, Callable[..., dict[str, Any]]] = {
    "whole-feed": _whole_feed,
    "batch": _batch,
    "index": _index,
}


def main() -> None:
    """Run the probe named on the command line."""
    probe, *arguments = sys.argv[1:]
    sys.stdout.write(json.dumps(_PROBES[probe](*arguments)) + "\n")


if __name__ == "__main__":
    main()
