"""
Suite ``latency``: documents a second, and microseconds a call, of durable indexes.

Its parts are ``sqlite`` (an index in a file) and ``redis`` (an index on a server
of this machine that the suite starts, beside datasketch's). Every answer that
was timed is compared with that of an index in memory with the same history.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import importlib.util
import itertools
import json
import runpy
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import datasets, durable, timing
from benchmarks.durable import REDIS_BATCH, launch
from benchmarks.probes import BATCH
from benchmarks.report import Report, Table, number

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

SUMMARY = "documents a second and microseconds a call of indexes in a file and on a server"
NEEDS = "nothing for sqlite; redis-server, redis and datasketch for redis"
TAKES = "20 minutes for all at a million documents (2 processors)"

PARTS = ("sqlite", "redis")
POLICIES = ("news", "similar")
_PERCENTILES = (1, 10, 50, 90, 99, 99.9, 100)


@dataclasses.dataclass(frozen=True, slots=True)
class _Texts:
    """A made-up feed in a file: documents to index, then those of single calls."""

    file: str
    n_documents: int
    n_bytes: int


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """
    Declare the options of the suite.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Parser of the suite.
    """
    parser.add_argument(
        "--part", action="append", choices=PARTS, help="may be repeated (default: both)"
    )
    parser.add_argument(
        "--policy", action="append", choices=POLICIES, help="may be repeated (default: both)"
    )
    parser.add_argument(
        "--documents", type=int, default=1_000_000, help="made-up teasers (default: 1000000)"
    )
    parser.add_argument(
        "--single", type=int, default=20_000, help="single calls of each kind (default: 20000)"
    )
    parser.add_argument(
        "--full", type=int, default=2_000, help="of these with durability='full' (default: 2000)"
    )
    parser.add_argument(
        "--peer-documents",
        type=int,
        default=20_000,
        help="give datasketch at most this many documents (default: 20000)",
    )


def run(options: argparse.Namespace) -> Iterator[Report]:
    """
    Run the chosen parts with the chosen policies.

    Parameters
    ----------
    options : argparse.Namespace
        As `add_arguments` declares them.

    Yields
    ------
    Report
        One a part and policy, as it ends.
    """
    with tempfile.TemporaryDirectory(prefix="dedupe-news-latency-") as folder:
        texts = _write_texts(options, Path(folder))
        for part in options.part or PARTS:
            missing = _missing() if part == "redis" else ""
            for policy in options.policy or POLICIES:
                place = Path(folder) / f"{part}-{policy}"
                place.mkdir()
                name = f"latency-{part}-{policy}-{options.documents}"
                if missing:
                    yield Report(name, "Latency: a server", {}, words=[missing])
                else:
                    yield _PARTS[part](options, texts, policy, place)


def _write_texts(options: argparse.Namespace, folder: Path) -> _Texts:
    corpus = datasets.made_up(options.documents + options.single)
    file = folder / "texts.txt"
    with file.open("w", encoding="utf-8") as lines:
        lines.writelines(json.dumps(text) + "\n" for text in corpus.texts)
    n_bytes = sum(len(text.encode()) for text in corpus.texts[: options.documents])
    return _Texts(str(file), options.documents, n_bytes)


def _missing() -> str:
    for name in ("redis", "datasketch"):
        if importlib.util.find_spec(name) is None:
            return f"Skipped: {name} is not installed."
    if shutil.which("redis-server") is None:
        return "Skipped: redis-server is not installed."
    return ""


def _sqlite(options: argparse.Namespace, texts: _Texts, policy: str, folder: Path) -> Report:
    n, n_single = options.documents, options.single
    n_full = min(options.full, n_single)
    settings = {
        "policy": policy, "n_documents": n, "n_single": n_single, "n_full": n_full,
        "texts_file": texts.file, "index_file": str(folder / "feed.db"),
    }  # fmt: skip
    (filled,) = launch("fill", [{**settings, "answers_file": str(folder / "fill.npz")}])
    (opened,) = launch("reopen", [{**settings, "answers_file": str(folder / "reopen.npz")}])
    report = Report(
        name=f"latency-sqlite-{policy}-{n}",
        title=f"Latency: an index in a file, policy {policy}, {n:,} made-up teasers",
        settings={"policy": policy, "n_documents": n, "n_single": n_single, "n_full": n_full},
    )
    figures = {
        "add_many_per_s": n / filled["add_many_s"],
        "add_many_cpu_s": filled["add_many_cpu_s"],
        **_latencies("add_us", filled["add_us"]),
        **_latencies("query_us", filled["query_us"]),
        **_latencies("add_full_us", opened["add_us"]),
        **_latencies("query_reopened_us", opened["query_us"]),
        "reopen_s": opened["reopen_s"],
        "reopen_cpu_s": opened["reopen_cpu_s"],
        "file_bytes_per_document": filled["file_bytes"] / (n + n_single),
        "memory_bytes_per_document": filled["grown_bytes"] / n,
    }
    report.figures.update(figures)
    report.rows.append(
        {
            **figures,
            **{
                f"{what}.percentiles": {str(p): timing.percentile(spent, p) for p in _PERCENTILES}
                for what, spent in (
                    ("add_us", filled["add_us"]),
                    ("query_us", filled["query_us"]),
                    ("add_full_us", opened["add_us"]),
                )
            },
        }
    )
    _compare_sqlite(texts, policy, (n_single, n_full), folder, report)
    note = (
        f'`add_many` in batches of {BATCH:,} with `durability="normal"`, then {n_single:,} '
        f"single calls of each kind; another process opens the file (which the system has in its "
        f'cache) and adds {n_full:,} documents again with `durability="full"`. The file has '
        f"the texts, {texts.n_bytes / n:.0f} bytes each; memory does without."
    )
    report.tables.append(Table("In a file", ("", "value"), _table(figures), note))
    return report


def _latencies(what: str, spent: Sequence[float]) -> dict[str, float]:
    return {
        f"{what}.median": timing.summary(spent).median,
        f"{what}.p99": timing.percentile(spent, 99),
    }


def _table(figures: dict[str, float]) -> list[list[str]]:
    return [[name.replace("_", " "), number(value)] for name, value in figures.items()]


def _compare_sqlite(
    texts: _Texts, policy: str, singles: tuple[int, int], folder: Path, report: Report
) -> None:
    """Do the same in memory; all answers must be the same to the last bit."""
    import dedupe_news as dn  # noqa: PLC0415 - not while the command line is read

    n = texts.n_documents
    n_single, n_full = singles
    index = dn.NewsIndex(durable.config_of(policy))
    _, found = durable.add_all(index, durable.read_batches(texts.file, 0, n, BATCH))
    (items,) = durable.read_batches(texts.file, n, n + n_single, max(1, n_single))
    fresh = [item["text"] for item in items]
    single = durable.exercise(index, fresh, n, n_single)
    again = durable.exercise(index, fresh[:n_full], n, n_full)
    expected = {
        "fill": {"add_many": found, **{name: answers for name, (_, answers) in single.items()}},
        "reopen": {name: answers for name, (_, answers) in again.items()},
    }
    n_compared = 0
    for process, answers in expected.items():
        with np.load(folder / f"{process}.npz") as given:
            for name, wanted in answers.items():
                n_compared += compare(f"{process}, {name}", given[name], wanted, report)
    report.words.append(f"{n_compared:,} answers compared with those of the index in memory.")


def compare(
    what: str, given: NDArray[np.uint64], wanted: NDArray[np.uint64], report: Report
) -> int:
    """
    Hold answers against those of the index in memory.

    Parameters
    ----------
    what : str
        What was asked.
    given, wanted : ndarray of uint64
        Digests of the answers.
    report : Report
        Gets a failure where they differ.

    Returns
    -------
    int
        How many were compared.
    """
    if len(given) != len(wanted):
        report.failures.append(f"{what}: {len(given):,} answers instead of {len(wanted):,}")
    elif n_other := int((given != wanted).sum()):
        report.failures.append(f"{what}: {n_other:,} of {len(wanted):,} answers differ")
    return len(wanted)


def _redis(options: argparse.Namespace, texts: _Texts, policy: str, folder: Path) -> Report:
    n = options.documents
    n_peer = min(n, options.peer_documents)
    report = Report(
        name=f"latency-redis-{policy}-{n}",
        title=f"Latency: an index on a Redis server, policy {policy}, {n:,} made-up teasers",
        settings={"policy": policy, "n_documents": n, "n_peer": n_peer, "batch": REDIS_BATCH},
    )
    figures: dict[str, float] = {}
    with _server(folder) as server:
        for name, addresses in _WORKERS.items():
            bounds = np.linspace(0, n, len(addresses) + 1).astype(int).tolist()
            shares = [
                {
                    "policy": policy,
                    "texts_file": texts.file,
                    "fresh_from": n,
                    "address": server.url(address),
                    "start": start,
                    "stop": stop,
                    "n_single": min(2_000, options.single) if len(addresses) == 1 else 0,
                    "answers_file": str(folder / f"{name}-{start}.npz"),
                }
                for address, (start, stop) in zip(
                    addresses, itertools.pairwise(bounds), strict=True
                )
            ]
            done = launch("work", shares)
            spent_s = max(d["ended"] for d in done) - min(d["began"] for d in done)
            figures[f"add_many_per_s.{name}"] = n / spent_s
            figures[f"add_many_cpu_s.{name}"] = sum(d["add_many_cpu_s"] for d in done)
            if len(addresses) == 1:
                figures.update(_latencies("query_us", done[0]["query_us"]))
            if len(set(addresses)) == 1:
                _compare_redis(texts, policy, shares, report)
        peer = {"texts_file": texts.file, "n_documents": n_peer, "port": server.port}
        (peer_done,) = launch("datasketch", [peer])
    if peer_done["n_found"] < peer_done["n_asked"]:
        report.failures.append(
            f"datasketch finds {peer_done['n_found']:,} of {peer_done['n_asked']:,} documents"
        )
    figures["datasketch_per_s"] = n_peer / peer_done["insert_s"]
    figures["two_workers"] = figures["add_many_per_s.2"] / figures["add_many_per_s.1"]
    figures["two_apart"] = figures["add_many_per_s.apart"] / figures["add_many_per_s.1"]
    figures["times.datasketch"] = figures["add_many_per_s.1"] / figures["datasketch_per_s"]
    report.figures.update(figures)
    report.rows.append(dict(figures))
    note = (
        "The server is on this machine and writes nothing to disk. Workers are processes that "
        f"add batches of {REDIS_BATCH:,} on one thread and get their matches; two share the "
        "documents. Two apart have an index each, of half of them, and nothing to learn of one "
        "another: what this machine has to give two. datasketch's MinHashLSH on the same server "
        f"inserts the first {n_peer:,} in sessions of as many with the same number of "
        "permutations, and is not asked for matches."
    )
    report.tables.append(Table("On a server", ("", "value"), _table(figures), note))
    return report


@contextlib.contextmanager
def _server(folder: Path) -> Iterator[Any]:
    """Run the server that the tests run, without its log on disk."""
    helper = runpy.run_path(str(datasets.ROOT / "tests" / "redis_server.py"))
    server = helper["RedisServer"](folder)
    try:
        server.start(persistent=False)
        yield server
    finally:
        server.stop(kill=True)


def _compare_redis(
    texts: _Texts, policy: str, shares: list[dict[str, Any]], report: Report
) -> None:
    """Add the documents to an index in memory in the order that the server gave them."""
    import dedupe_news as dn  # noqa: PLC0415 - not while the command line is read

    with dn.NewsIndex.open(shares[0]["address"], read_only=True) as index:
        order = np.array([int(str(name)) for name in index], np.int64)
    n = texts.n_documents
    if not np.array_equal(np.sort(order), np.arange(n)):
        report.failures.append(f"{len(shares)} workers: documents are lost or there twice")
        return
    items = [item for batch in durable.read_batches(texts.file, 0, n, BATCH) for item in batch]
    memory = dn.NewsIndex(durable.config_of(policy))
    ordered = ([items[at] for at in order[b : b + BATCH]] for b in range(0, n, BATCH))
    _, found = durable.add_all(memory, ordered)
    wanted = np.empty(n, np.uint64)
    wanted[order] = found
    given = []
    for share in shares:
        with np.load(share["answers_file"]) as answers:
            given.append(answers["add_many"])
    n_compared = compare(f"{len(shares)} workers", np.concatenate(given), wanted, report)
    report.words.append(
        f"{n_compared:,} answers to {len(shares)} workers compared with those of the index in "
        "memory, in the order that the server settled."
    )


_WORKERS = {"1": ("one",), "2": ("two", "two"), "apart": ("left", "right")}
"""Which index each of some workers adds its share of the documents to."""

_PARTS = {"sqlite": _sqlite, "redis": _redis}
