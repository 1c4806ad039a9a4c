"""
The processes that suite ``latency`` measures: indexes in memory, in a file, on a server.

What an index answered is kept as one digest an answer, so that every answer can be compared
with that of the index in memory.
"""

from __future__ import annotations

import gc
import itertools
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xxhash

from benchmarks import checks, timing
from benchmarks.peers import FEW, THRESHOLD, our_config
from benchmarks.shingles import word_shingles

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from numpy.typing import NDArray

    from dedupe_news import NewsIndex

BATCH = 10_000
"""Documents in one call of ``add_many``."""

REDIS_BATCH = 2_000
"""The same of a worker on a server."""

N_THREADS = 4
"""Threads of ``query_many`` beside one."""

_REPETITIONS = 5
_WARM_UP, _N_WORDS = 1_000, 40
_NOTHING = "warm up the kernels before the clock starts"


def filled(settings: dict[str, Any]) -> Generator[dict[str, Any], str, None]:
    """
    Probe: fill an index in memory, or in the file that the settings name, and call it.

    A file is safe once the process cannot be killed. An index in memory is called again off
    the clock, as `reopened` calls a file.
    """
    from dedupe_news import NewsIndex  # noqa: PLC0415 - what is measured is loaded here

    config, file = our_config(THRESHOLD, settings["policy"]), settings["index_file"]

    def open_index(mark: str = "") -> NewsIndex:
        if not file:
            return NewsIndex(config)
        return NewsIndex.open(f"{file}{mark}", config, durability="normal")

    with open_index("-warm") as index:
        _warm(index)
    gc.collect()
    yield {}
    before = timing.resident_bytes()
    with open_index() as index:
        outcome = _fill(index, settings, before)
        if not file:
            # An index in a file has its texts there.
            outcome["grown_bytes"] -= outcome["text_bytes"]
            _exercise(index, settings, settings["n_full"], settings["again_file"])
    yield outcome | ({"file_bytes": Path(file).stat().st_size} if file else {})


def reopened(settings: dict[str, Any]) -> Generator[dict[str, Any], str, None]:
    """Probe: open a file that another process filled, and call it, safe from power cuts."""
    from dedupe_news import NewsIndex  # noqa: PLC0415 - what is measured is loaded here

    file = settings["index_file"]
    with NewsIndex.open(f"{file}-warm") as index:
        _warm(index, fresh="again-")
    yield {}
    opened = timing.timed(lambda: NewsIndex.open(file, durability="full"))
    with opened.value as index:
        spent = _exercise(index, settings, settings["n_full"], settings["again_file"])
    yield {**spent, "reopen_s": opened.wall_s}


def _fill(index: NewsIndex, settings: dict[str, Any], before: int) -> dict[str, Any]:
    """Add batches, then call singly; keep the digests of all answers."""
    batches = read_batches(settings["texts_file"], 0, settings["n_documents"], BATCH)
    outcome, answered = add_all(index, batches)
    gc.collect()
    outcome["grown_bytes"] = timing.resident_bytes() - before - answered.nbytes
    file, n_single = settings["answers_file"], settings["n_single"]
    outcome |= _exercise(index, settings, n_single, file, add_many=answered)
    outcome["one_thread_s"] = _ask_many(index, settings, 1)
    outcome["threads_s"] = _ask_many(index, settings, N_THREADS)
    return outcome


def _ask_many(index: NewsIndex, settings: dict[str, Any], n_jobs: int) -> float:
    """Return the seconds of one `query_many` of all texts that were asked for singly."""
    n, n_single = settings["n_documents"], settings["n_single"]
    (items,) = read_batches(settings["texts_file"], n, n + n_single, n_single)
    texts = [item["text"] for item in items]

    def ask() -> None:
        index.query_many(texts, n_jobs=n_jobs)

    return timing.summary([timing.timed(ask).wall_s for _ in range(_REPETITIONS)]).median


def _exercise(
    index: NewsIndex, settings: dict[str, Any], n_calls: int, file: str, **arrays: NDArray[Any]
) -> dict[str, list[float]]:
    """Return microseconds of single queries and additions, and write what they answered."""
    n = settings["n_documents"]
    (items,) = read_batches(settings["texts_file"], n, n + n_calls, max(1, n_calls))
    texts = [item["text"] for item in items]
    query_us, found = timing.single_calls(texts, lambda _at, text: index.query(text))
    add_us, added = timing.single_calls(texts, lambda at, text: index.add(str(n + at), text))
    pairs = [(n + at, int(match.id)) for at, each in enumerate(found) for match in each]
    np.savez(
        file, allow_pickle=False, query=checks.digests(found), add=checks.digests(added),
        pairs=np.array(pairs, np.int64).reshape(-1, 2), **arrays,
    )  # fmt: skip
    return {"query_us": query_us, "add_us": add_us}


def add_all(
    index: NewsIndex, batches: Iterable[list[dict[str, str]]], n_jobs: int = -1
) -> tuple[dict[str, Any], NDArray[np.uint64]]:
    """Return the seconds of all `add_many` together, and the digests of their answers."""
    wall_s, text_bytes = 0.0, 0
    answered = [np.empty(0, np.uint64)]
    for batch in batches:
        started = time.perf_counter()
        answers = index.add_many(batch, n_jobs=n_jobs)
        wall_s += time.perf_counter() - started
        answered.append(checks.digests(answers))
        text_bytes += sum(len(item["text"].encode()) for item in batch)
    return {"add_many_s": wall_s, "text_bytes": text_bytes}, np.concatenate(answered)


def read_batches(path: str, start: int, stop: int, size: int) -> Iterator[list[dict[str, str]]]:
    """Yield documents of a file of texts, a JSON string a line; their ids are their lines."""
    with Path(path).open(encoding="utf-8") as lines:
        chosen = enumerate(itertools.islice(lines, start, stop), start)
        while batch := list(itertools.islice(chosen, size)):
            yield [{"id": str(number), "text": json.loads(line)} for number, line in batch]


def _warm(index: NewsIndex, fresh: str = "") -> None:
    """Let every kernel be there before the clock starts: a few short texts are interpreted."""
    words = [f"word{number}" for number in range(_WARM_UP + _N_WORDS)]
    texts = [" ".join(words[at : at + _N_WORDS]) for at in range(_WARM_UP)]
    index.add_many([{"id": f"{fresh}{at}", "text": text} for at, text in enumerate(texts)])
    index.query_many(texts)
    index.add(f"{fresh}last", _NOTHING)
    index.query(_NOTHING)


def redis_worker(settings: dict[str, Any]) -> Generator[dict[str, Any], str, None]:
    """Probe: add a share of the documents to an index on a server, then ask it."""
    from dedupe_news import NewsIndex  # noqa: PLC0415 - what is measured is loaded here

    config = our_config(THRESHOLD, "news")
    start, stop, n = settings["start"], settings["stop"], settings["n_documents"]
    with NewsIndex.open(f"{settings['address']}-warm-{start}", config) as index:
        _warm(index)
    batches = list(read_batches(settings["texts_file"], start, stop, REDIS_BATCH))
    fresh = list(read_batches(settings["texts_file"], n, n + settings["n_single"], BATCH))
    with NewsIndex.open(settings["address"], config) as index:
        yield {}
        began = time.time()
        outcome, answered = add_all(index, batches, n_jobs=1)
        ended = time.time()
        texts = [item["text"] for batch in fresh for item in batch]
        query_us, _ = timing.single_calls(texts, lambda _at, text: index.query(text))
    np.save(settings["answers_file"], answered)
    yield {**outcome, "began": began, "ended": ended, "query_us": query_us}


def datasketch_worker(settings: dict[str, Any]) -> Generator[dict[str, Any], str, None]:
    """Probe: give the same texts to datasketch's index on a server; matches are not asked for."""
    import datasketch  # noqa: PLC0415 - optional

    batches = list(read_batches(settings["texts_file"], 0, settings["n_peer"], REDIS_BATCH))
    bands, rows = FEW

    def signatures(batch: list[dict[str, str]]) -> list[Any]:
        texts = [word_shingles(item["text"]) for item in batch]
        bulk = datasketch.MinHash.bulk
        return list(bulk(texts, num_perm=bands * rows, hashfunc=xxhash.xxh32_intdigest))

    server = {"host": "127.0.0.1", "port": settings["port"]}
    storage = {"type": "redis", "basename": b"datasketch", "redis": server}
    index = datasketch.MinHashLSH(
        num_perm=bands * rows, params=(bands, rows), storage_config=storage
    )
    signatures(batches[0][:10])
    yield {}
    started = time.perf_counter()
    for batch in batches:
        with index.insertion_session(buffer_size=REDIS_BATCH) as session:
            for item, signature in zip(batch, signatures(batch), strict=True):
                session.insert(item["id"], signature, check_duplication=False)
    insert_s = time.perf_counter() - started
    answers = [index.query(signature) for signature in signatures(batches[0][:200])]
    n_found = sum(item["id"] in ids for item, ids in zip(batches[0], answers, strict=False))
    yield {"insert_s": insert_s, "n_found": n_found, "n_asked": len(answers)}
