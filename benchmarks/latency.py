"""
Suite ``latency``: documents a second, and microseconds a call, of indexes.

Part ``local`` measures indexes in memory and in a file, part ``redis`` one on a server of this
machine that the suite starts, beside datasketch's. Every answer of a file or a server that was
timed is compared with that of the index in memory with the same history, to the last bit.
"""

from __future__ import annotations

import contextlib
import importlib.util
import itertools
import json
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from benchmarks import checks, datasets, process, timing
from benchmarks.index_probes import (
    BATCH,
    N_THREADS,
    REDIS_BATCH,
    add_all,
    datasketch_worker,
    filled,
    read_batches,
    redis_worker,
    reopened,
)
from benchmarks.peers import THRESHOLD, our_config
from benchmarks.report import Report, Table, number

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from dedupe_news.config import Policy

SUMMARY = "documents a second and microseconds a call of indexes in memory, a file, a server"
NEEDS = "nothing; redis-server for part redis"
TAKES = "9 minutes at a million documents (2 processors)"

PARTS = ("local", "redis")
QUICK = {"documents": 3_000, "single": 200, "full": 50, "peer_documents": 500}

_SAMPLE = 200
_WORKERS = {1: "one", 2: "two"}
"""The index that some workers add their shares of the documents to, by their number."""


class Place(NamedTuple):
    """Where an index is, and how it judges."""

    label: str
    policy: Policy
    in_file: bool


PLACES = {
    "similar": Place("memory, policy `similar`", "similar", in_file=False),
    "memory": Place("memory", "news", in_file=False),
    "file": Place("file", "news", in_file=True),
}

_LOCAL = {
    "add_many_per_s": "`add_many`, documents/s",
    "add_us.median": "`add`, median, µs",
    "add_us.p99": "`add`, 99 in 100 below, µs",
    "query_us.median": "`query`, median, µs",
    "query_us.p99": "`query`, 99 in 100 below, µs",
    "times_threads": f"`query_many` on {N_THREADS} threads, times as fast as on one",
    "bytes_per_document": "bytes of memory a document, without the text",
    "file_bytes_per_document": "bytes a document in the file",
    "reopen_s": "opened again, seconds",
    "query_reopened_us.median": "`query` of the file opened again, median, µs",
    "add_full_us.median": "`add` that survives a power cut, median, µs",
    "times_before.add": "the version before, times as long, `add`",
    "times_before.query": "the version before, times as long, `query`",
}
_SERVER = {
    "add_many_per_s.1": "one worker, documents/s",
    "add_many_per_s.2": "two workers on one index, documents/s",
    "two_workers": "two workers, times one",
    "query_us.median": "`query`, median, µs",
    "query_us.p99": "`query`, 99 in 100 below, µs",
    "datasketch_per_s": "datasketch, documents/s",
    "times.datasketch": "one worker, times datasketch",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the suite."""
    parser.add_argument("--part", action="append", choices=PARTS, help="may be repeated")
    parser.add_argument(
        "--documents", type=int, default=1_000_000, help="made-up teasers (default: 1000000)"
    )
    parser.add_argument("--single", type=int, default=20_000, help="single calls of each kind")
    parser.add_argument("--full", type=int, default=2_000, help="of these, safe from power cuts")
    parser.add_argument("--peer-documents", type=int, default=20_000, help="for datasketch")
    parser.add_argument(
        "--against", type=Path, help="a checkout of another version, measured beside this"
    )


def run(options: argparse.Namespace) -> Iterator[Report]:
    """Run the chosen parts."""
    texts = datasets.made_up(options.documents + options.single).texts
    with tempfile.TemporaryDirectory(prefix="dedupe-news-latency-") as name:
        folder = Path(name)
        with (folder / "texts.txt").open("w", encoding="utf-8") as lines:
            lines.writelines(json.dumps(text) + "\n" for text in texts)
        settings = {
            "texts_file": str(folder / "texts.txt"), "n_documents": options.documents,
            "n_single": options.single, "n_full": min(options.full, options.single),
        }  # fmt: skip
        for part in options.part or PARTS:
            if part == "local":
                yield _local(options, settings, folder, texts)
            else:
                yield _redis(options, settings, folder)


def _local(
    options: argparse.Namespace, settings: dict[str, Any], folder: Path, texts: Sequence[str]
) -> Report:
    """Measure indexes in memory and in a file, with the same documents and calls."""
    n, n_single = settings["n_documents"], settings["n_single"]
    report = Report(
        name=f"latency-local-{n}",
        title=f"An index of {n:,} made-up teasers, in memory and in a file",
        settings={name: settings[name] for name in ("n_documents", "n_single", "n_full")},
    )
    before: dict[str, dict[str, float]] = {}
    for name, place in PLACES.items():
        for version, environment in process.against(options.against).items():
            process.say(f"an index in {place.label} {version}")
            outcome, again = _measure(place, settings, folder / f"{name}{version}", environment)
            figures = _figures(outcome, again, n)
            if version:
                before[name] = figures
                continue
            report.rows.append({"place": name, "outcome": outcome, "again": again})
            report.figures |= {f"{name}.{figure}": value for figure, value in figures.items()}
    for what in ("add", "query"):
        figure = f"{what}_us.median"
        default, similar = (report.figures[f"{name}.{figure}"] for name in ("memory", "similar"))
        report.figures[f"times_similar.{what}"] = default / similar
        report.notes.append(
            f'In memory `{what}` takes {default / similar:.2f} times as long as with `"similar"`.'
        )
        for name, figures in before.items():
            times = figures[figure] / report.figures[f"{name}.{figure}"]
            report.figures[f"{name}.times_before.{what}"] = times
    _check_local(report, folder, texts, n)
    rows = [
        [words, *(number(report.figures.get(f"{name}.{figure}")) for name in PLACES)]
        for figure, words in _LOCAL.items()
        if any(f"{name}.{figure}" in report.figures for name in PLACES)
    ]
    note = (
        f"The default policy where none is named. `add_many` in batches of {BATCH:,}, then "
        f"{n_single:,} single calls of each kind. Memory is what the process grew by, ids "
        'included. The file is filled with `durability="normal"`; another process opens it, which '
        f"the system has in its cache, and makes {settings['n_full']:,} calls of each kind with "
        '`durability="full"`: they wait for the disk.'
    )
    headings = ("", *(place.label for place in PLACES.values()))
    report.tables.append(Table("", headings, rows, note))
    return report


def _measure(
    place: Place, settings: dict[str, Any], file: Path, environment: dict[str, str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what came of filling an index, and of opening it again where it is a file."""
    chosen = {
        **settings,
        "policy": place.policy,
        "index_file": f"{file}.db" if place.in_file else "",
        "answers_file": f"{file}.npz",
        "again_file": f"{file}-again.npz",
    }
    (outcome,) = process.measure(filled, chosen, environment=environment)
    if not place.in_file:
        return outcome, {}
    (again,) = process.measure(reopened, chosen, environment=environment)
    return outcome, again


def _figures(outcome: dict[str, Any], again: dict[str, Any], n: int) -> dict[str, float]:
    """Return the figures of an index, and of the same opened again."""
    figures = {
        "add_many_per_s": n / outcome["add_many_s"],
        **timing.latencies("add_us", outcome["add_us"]),
        **timing.latencies("query_us", outcome["query_us"]),
        "times_threads": outcome["one_thread_s"] / outcome["threads_s"],
        "bytes_per_document": outcome["grown_bytes"] / n,
    }
    if again:
        figures |= {
            **timing.latencies("add_full_us", again["add_us"]),
            **timing.latencies("query_reopened_us", again["query_us"]),
            "reopen_s": again["reopen_s"],
            "file_bytes_per_document": outcome["file_bytes"] / n,
        }
    return figures


def _check_local(report: Report, folder: Path, texts: Sequence[str], n: int) -> None:
    """Hold answers against brute force, and those of the file against those of memory."""
    with np.load(folder / "similar.npz") as answers:
        report.failures += checks.index_failures(
            report, texts, n, answers["pairs"], THRESHOLD, _SAMPLE
        )
    n_compared = 0
    with (
        np.load(folder / "memory.npz") as expected,
        np.load(folder / "file.npz") as given,
        np.load(folder / "memory-again.npz") as expected_again,
        np.load(folder / "file-again.npz") as given_again,
    ):
        if not len(expected["pairs"]):
            report.failures.append("no query was answered, though the feed repeats itself")
        for name in ("add_many", "query", "add"):
            n_compared += checks.compare(report, name, given[name], expected[name])
        for name in ("query", "add"):
            again = given_again[name], expected_again[name]
            n_compared += checks.compare(report, f"again, {name}", *again)
    report.notes.append(
        f"{n_compared:,} answers of the file compared with those of the index in memory."
    )


def _redis(options: argparse.Namespace, settings: dict[str, Any], folder: Path) -> Report:
    """Measure one worker, two on one index, and datasketch."""
    n = options.documents
    n_peer = min(n, options.peer_documents)
    report = Report(
        name=f"latency-redis-{n}",
        title=f"An index of {n:,} made-up teasers, on a Redis server",
        settings={"n_documents": n, "n_peer": n_peer, "batch": REDIS_BATCH},
    )
    if importlib.util.find_spec("redis") is None or shutil.which("redis-server") is None:
        report.notes.append("Skipped: redis or redis-server is not installed.")
        return report
    figures = report.figures
    with _server(folder) as port:
        for n_workers, prefix in _WORKERS.items():
            process.say(f"workers on a Redis server: {n_workers}")
            bounds = np.linspace(0, n, n_workers + 1).astype(int).tolist()
            shares = [
                {
                    **settings, "start": start, "stop": stop,
                    "address": f"redis://127.0.0.1:{port}/0?prefix={prefix}",
                    "n_single": min(2_000, options.single) if n_workers == 1 else 0,
                    "answers_file": str(folder / f"{prefix}-{start}.npy"),
                }
                for start, stop in itertools.pairwise(bounds)
            ]  # fmt: skip
            outcomes = process.measure(redis_worker, *shares)
            began, ended = (
                [outcome[moment] for outcome in outcomes] for moment in ("began", "ended")
            )
            figures[f"add_many_per_s.{n_workers}"] = n / (max(ended) - min(began))
            report.rows.append({"workers": n_workers, "outcomes": outcomes})
            if n_workers == 1:
                figures |= timing.latencies("query_us", outcomes[0]["query_us"])
            _compare_redis(report, settings, shares)
        (peer,) = process.measure(datasketch_worker, {**settings, "n_peer": n_peer, "port": port})
    if peer["n_found"] < peer["n_asked"]:
        report.failures.append(f"datasketch finds {peer['n_found']} of {peer['n_asked']} documents")
    figures["datasketch_per_s"] = n_peer / peer["insert_s"]
    figures["two_workers"] = figures["add_many_per_s.2"] / figures["add_many_per_s.1"]
    figures["times.datasketch"] = figures["add_many_per_s.1"] / figures["datasketch_per_s"]
    note = (
        "By default. The server is on this machine and writes nothing to disk. Workers are "
        f"processes that add batches of {REDIS_BATCH:,} on one thread and get their matches. "
        f"datasketch's MinHashLSH on the same server inserts the first {n_peer:,} in sessions of "
        "as many, and is not asked for matches."
    )
    report.tabulate_figures("", note, _SERVER)
    return report


@contextlib.contextmanager
def _server(folder: Path) -> Iterator[int]:
    """Run a server that writes nothing to disk, on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = shutil.which("redis-server") or "redis-server"
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    command += ["--dir", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:  # noqa: S603 - as found
        try:
            for _ in range(1000):
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                time.sleep(0.02)
            yield port
        finally:
            server.kill()


def _compare_redis(
    report: Report, settings: dict[str, Any], shares: Sequence[dict[str, Any]]
) -> None:
    """Add the documents to an index in memory in the order that the server gave them."""
    from dedupe_news import NewsIndex  # noqa: PLC0415 - not while the command line is read

    n, what = settings["n_documents"], "1 worker" if len(shares) == 1 else f"{len(shares)} workers"
    with NewsIndex.open(shares[0]["address"], read_only=True) as index:
        order = np.array([int(str(name)) for name in index], np.int64)
    if not np.array_equal(np.sort(order), np.arange(n)):
        report.failures.append(f"{what}: documents are lost or there twice")
        return
    items = [item for batch in read_batches(settings["texts_file"], 0, n, BATCH) for item in batch]
    ordered = ([items[at] for at in order[start : start + BATCH]] for start in range(0, n, BATCH))
    _, answered = add_all(NewsIndex(our_config(THRESHOLD, "news")), ordered)
    expected = np.empty(n, np.uint64)
    expected[order] = answered
    given = np.concatenate([np.load(share["answers_file"]) for share in shares])
    n_compared = checks.compare(report, what, given, expected)
    report.notes.append(
        f"{n_compared:,} answers to {what} compared with those of the index in memory, in the "
        "order that the server settled."
    )
