"""
The processes that suite ``latency`` measures: an index in a file or on a server.

Run as ``python -m benchmarks.durable PROBE SETTINGS``, with SETTINGS as JSON; each
says ``ready`` once its kernels are warm, begins at a line on standard input, and
prints one JSON object. `launch` is the other end: it starts several at once.

What an index answered is kept as one digest an answer, so that every answer can
be compared with that of the index in memory.
"""

from __future__ import annotations

import gc
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xxhash

from benchmarks import datasets, timing
from benchmarks.peers import FEW, THRESHOLD, our_config
from benchmarks.probes import BATCH, NOTHING, ProbeError, each
from benchmarks.shingles import word_shingles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from dedupe_news import Config, Match, NewsIndex

REDIS_BATCH = 2_000
"""Documents in one call of ``add_many`` of a worker."""


def launch(probe: str, settings: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """
    Run a probe in fresh processes that begin together.

    Parameters
    ----------
    probe : str
        Its name.
    settings : sequence of dict
        Those of each process.

    Returns
    -------
    list of dict
        What each printed.

    Raises
    ------
    ProbeError
        If one failed.
    """
    processes = [
        subprocess.Popen(  # noqa: S603 - this very interpreter and module
            [sys.executable, "-m", "benchmarks.durable", probe, json.dumps(each_settings)],
            cwd=datasets.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for each_settings in settings
    ]  # fmt: skip
    try:
        for process in processes:
            if process.stdout is None or process.stdout.readline() != "ready\n":
                message = f"the probe {probe} did not begin: its last words are above"
                raise ProbeError(message)
        for process in processes:
            if process.stdin is not None:
                process.stdin.write("begin\n")
                process.stdin.flush()
        outcomes = [process.communicate()[0] for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    if any(process.returncode for process in processes):
        message = f"the probe {probe} failed: its last words are above"
        raise ProbeError(message)
    return [json.loads(outcome.splitlines()[-1]) for outcome in outcomes]


def config_of(policy: str) -> Config:
    """
    Return the settings that are measured.

    Parameters
    ----------
    policy : {"news", "similar"}
        Their policy.

    Returns
    -------
    dedupe_news.Config
        The defaults of the policy.
    """
    from dedupe_news.config import Config  # noqa: PLC0415 - not in a peer's process

    return our_config(THRESHOLD) if policy == "similar" else Config()


def digests(answers: Sequence[list[Match]]) -> NDArray[np.uint64]:
    """
    Return a digest of each answer, to the last bit of its figures.

    Parameters
    ----------
    answers : sequence of list of Match
        What an index answered.

    Returns
    -------
    ndarray of uint64, shape (n_answers,)
        Equal where the answers are.
    """
    return np.array(
        [xxhash.xxh64_intdigest(repr(answer).encode()) for answer in answers], np.uint64
    )


def read_batches(path: str, start: int, stop: int, size: int) -> Iterator[list[dict[str, str]]]:
    """
    Read documents of a file of texts, a JSON string a line.

    Parameters
    ----------
    path : str
        The file.
    start, stop : int
        Lines to read, from 0.
    size : int
        Documents of a batch.

    Yields
    ------
    list of dict
        Documents whose ids are their lines.
    """
    with Path(path).open(encoding="utf-8") as lines:
        wanted = itertools.islice(lines, start, stop)
        for begin in range(start, stop, size):
            some = itertools.islice(wanted, size)
            yield [
                {"id": str(begin + at), "text": json.loads(line)} for at, line in enumerate(some)
            ]


def add_all(
    index: NewsIndex, batches: Iterator[list[dict[str, str]]], *, n_jobs: int = -1
) -> tuple[timing.Timed, NDArray[np.uint64]]:
    """
    Add batches, and time nothing else.

    Parameters
    ----------
    index : dedupe_news.NewsIndex
        Where to.
    batches : iterator of list of dict
        The documents.
    n_jobs : int, default -1
        Threads of a call.

    Returns
    -------
    tuple of Timed and ndarray of uint64
        Seconds of all together, and the digests of the answers.
    """
    wall_s = cpu_s = 0.0
    found = [np.empty(0, np.uint64)]
    for batch in batches:
        cpu, wall = time.process_time(), time.perf_counter()
        answers = index.add_many(batch, n_jobs=n_jobs)
        wall_s, cpu_s = wall_s + time.perf_counter() - wall, cpu_s + time.process_time() - cpu
        found.append(digests(answers))
    return timing.Timed(None, wall_s, cpu_s), np.concatenate(found)


def exercise(
    index: NewsIndex, texts: list[str], first: int, n_queries: int
) -> dict[str, tuple[list[float], NDArray[np.uint64]]]:
    """
    Query and add documents one at a time.

    Parameters
    ----------
    index : dedupe_news.NewsIndex
        Where to.
    texts : list of str
        The documents: all are added.
    first : int
        The first one's id.
    n_queries : int
        How many of them are asked for, before any is added.

    Returns
    -------
    dict
        ``query`` and ``add``: microseconds of each call, and digests of the answers.
    """
    query_us, found = each(texts[:n_queries], lambda _at, text: index.query(text))
    add_us, added = each(texts, lambda at, text: index.add(str(first + at), text))
    return {"query": (query_us, digests(found)), "add": (add_us, digests(added))}


def _warm(location: str, policy: str) -> None:
    """Let every kernel be there before the clock starts."""
    from dedupe_news import NewsIndex  # noqa: PLC0415 - not in a peer's process

    with NewsIndex.open(location, config_of(policy)) as index:
        index.add_many([{"id": "a", "text": NOTHING}, {"id": "b", "text": NOTHING}])
        index.add("c", NOTHING)
        index.query(NOTHING)
    with NewsIndex.open(location) as index:
        index.query(NOTHING)


def _begin() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    gc.collect()


def _fill(settings: dict[str, Any]) -> dict[str, Any]:
    """Fill a file with `add_many`; then single calls, safe once the process cannot be killed."""
    from dedupe_news import NewsIndex  # noqa: PLC0415 - what is measured is loaded here

    n, texts_file = settings["n_documents"], settings["texts_file"]
    fresh = [
        item["text"]
        for batch in read_batches(texts_file, n, n + settings["n_single"], BATCH)
        for item in batch
    ]
    with tempfile.TemporaryDirectory() as folder:
        _warm(str(Path(folder) / "warm.db"), settings["policy"])
    _begin()
    before = timing.resident_bytes()
    with NewsIndex.open(
        settings["index_file"], config_of(settings["policy"]), durability="normal"
    ) as index:
        added, found = add_all(index, read_batches(texts_file, 0, n, BATCH))
        gc.collect()
        grown = timing.resident_bytes() - before
        single = exercise(index, fresh, n, len(fresh))
    np.savez(
        settings["answers_file"],
        allow_pickle=False,
        add_many=found,
        **{name: answered for name, (_, answered) in single.items()},
    )
    return {
        "add_many_s": added.wall_s,
        "add_many_cpu_s": added.cpu_s,
        "grown_bytes": grown,
        "file_bytes": os.path.getsize(settings["index_file"]),  # noqa: PTH202 - a str
        **{f"{name}_us": spent for name, (spent, _) in single.items()},
    }


def _reopen(settings: dict[str, Any]) -> dict[str, Any]:
    """Open a file that another process filled; then single calls that survive a power cut."""
    from dedupe_news import NewsIndex  # noqa: PLC0415 - what is measured is loaded here

    n, n_full = settings["n_documents"], settings["n_full"]
    (fresh,) = read_batches(settings["texts_file"], n, n + n_full, n_full)
    with tempfile.TemporaryDirectory() as folder:
        _warm(str(Path(folder) / "warm.db"), settings["policy"])
    _begin()
    opened = timing.timed(lambda: NewsIndex.open(settings["index_file"], durability="full"))
    index = opened.value
    single = exercise(index, [item["text"] for item in fresh], n, n_full)
    index.close()
    np.savez(
        settings["answers_file"],
        allow_pickle=False,
        **{name: answered for name, (_, answered) in single.items()},
    )
    return {
        "reopen_s": opened.wall_s,
        "reopen_cpu_s": opened.cpu_s,
        "add_us": single["add"][0],
        "query_us": single["query"][0],
    }


def _work(settings: dict[str, Any]) -> dict[str, Any]:
    """Add a worker's share to an index on a server, then ask it."""
    from dedupe_news import NewsIndex  # noqa: PLC0415 - what is measured is loaded here

    start, stop, n_single = settings["start"], settings["stop"], settings["n_single"]
    _warm(f"{settings['address']}-warm-{start}", settings["policy"])
    batches = list(read_batches(settings["texts_file"], start, stop, REDIS_BATCH))
    fresh: list[str] = []
    if n_single:
        place = settings["fresh_from"]
        (items,) = read_batches(settings["texts_file"], place, place + n_single, n_single)
        fresh = [item["text"] for item in items]
    index = NewsIndex.open(settings["address"], config_of(settings["policy"]))
    _begin()
    began = time.time()
    added, found = add_all(index, iter(batches), n_jobs=1)
    ended = time.time()
    query_us: list[float] = []
    if fresh:
        query_us, _ = each(fresh, lambda _at, text: index.query(text))
    index.close()
    np.savez(settings["answers_file"], allow_pickle=False, add_many=found)
    return {"add_many_cpu_s": added.cpu_s, "began": began, "ended": ended, "query_us": query_us}


def _datasketch(settings: dict[str, Any]) -> dict[str, Any]:
    """Give the same texts to datasketch's index on a server; answers are not asked for."""
    import datasketch  # noqa: PLC0415 - takes a second and 87 MB

    n = settings["n_documents"]
    batches = list(read_batches(settings["texts_file"], 0, n, REDIS_BATCH))
    bands, rows = FEW

    def signatures(batch: list[dict[str, str]]) -> list[Any]:
        made: list[Any] = datasketch.MinHash.bulk(
            [word_shingles(item["text"]) for item in batch],
            num_perm=bands * rows,
            hashfunc=xxhash.xxh32_intdigest,
        )
        return made

    storage = {
        "type": "redis",
        "basename": b"datasketch",
        "redis": {"host": "127.0.0.1", "port": settings["port"]},
    }
    index = datasketch.MinHashLSH(
        num_perm=bands * rows, params=(bands, rows), storage_config=storage
    )
    signatures(batches[0][:10])
    _begin()
    started = time.perf_counter()
    for batch in batches:
        with index.insertion_session(buffer_size=REDIS_BATCH) as session:
            for item, signature in zip(batch, signatures(batch), strict=True):
                session.insert(item["id"], signature, check_duplication=False)
    insert_s = time.perf_counter() - started
    found = [index.query(signature) for signature in signatures(batches[0][:200])]
    return {
        "insert_s": insert_s,
        "n_found": sum(item["id"] in ids for item, ids in zip(batches[0], found, strict=False)),
        "n_asked": len(found),
    }


_PROBES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "fill": _fill,
    "reopen": _reopen,
    "work": _work,
    "datasketch": _datasketch,
}


def main() -> None:
    """Run the probe named on the command line."""
    probe, settings = sys.argv[1:]
    sys.stdout.write(json.dumps(_PROBES[probe](json.loads(settings))) + "\n")


if __name__ == "__main__":
    main()
