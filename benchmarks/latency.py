"""
Suite ``latency``: documents a second, and microseconds a call, of indexes.

Part ``local`` measures an index in memory and one in a file, part ``redis`` one on a server of
this machine that the suite starts, beside datasketch's. Every answer that was timed is compared
with that of the index in memory with the same history, to the last bit.
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
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import checks, datasets, process, timing
from benchmarks.index_probes import (
    BATCH,
    REDIS_BATCH,
    add_all,
    datasketch_worker,
    filled_file,
    in_memory,
    read_batches,
    redis_worker,
    reopened_file,
)
from benchmarks.peers import THRESHOLD, our_config
from benchmarks.report import Report

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

SUMMARY = "documents a second and microseconds a call of indexes in memory, a file, a server"
NEEDS = "nothing; redis-server, redis and datasketch for part redis"
TAKES = "25 minutes at a million documents (2 processors)"

PARTS = ("local", "redis")
POLICIES = ("similar", "news")
QUICK = {"documents": 3_000, "single": 200, "full": 50, "peer_documents": 500}

_SAMPLE = 200
_WORKERS = {"1": ("one",), "2": ("two", "two"), "apart": ("left", "right")}
"""Which index each of some workers adds its share of the documents to."""

_LOCAL = {
    "add_many_per_s": "`add_many`, documents/s",
    "add_many_cpu_s": "`add_many`, processor seconds",
    "add_us.median": "`add`, median, µs",
    "add_us.p99": "`add`, 99 in 100 below, µs",
    "query_us.median": "`query`, median, µs",
    "query_us.p99": "`query`, 99 in 100 below, µs",
    "bytes_per_document": "bytes of memory a document, without the text",
    "add_full_us.median": "`add` that survives a power cut, median, µs",
    "query_reopened_us.median": "`query` of the file opened again, median, µs",
    "reopen_s": "opened again, seconds",
    "file_bytes_per_document": "bytes a document in the file",
    "times_before.add": "the version before, times as long, `add`",
    "times_before.query": "the version before, times as long, `query`",
}
_SERVER = {
    "add_many_per_s.1": "one worker, documents/s",
    "add_many_per_s.2": "two workers on one index, documents/s",
    "add_many_per_s.apart": "two workers with an index each, documents/s",
    "two_workers": "two workers, times one",
    "two_apart": "two workers apart, times one",
    "query_us.median": "`query`, median, µs",
    "query_us.p99": "`query`, 99 in 100 below, µs",
    "datasketch_per_s": "datasketch, documents/s",
    "times.datasketch": "one worker, times datasketch",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the suite."""
    parser.add_argument("--part", action="append", choices=PARTS, help="may be repeated")
    parser.add_argument("--policy", action="append", choices=POLICIES, help="may be repeated")
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
    """Run the chosen parts with the chosen policies."""
    corpus = datasets.made_up(options.documents + options.single)
    with tempfile.TemporaryDirectory(prefix="dedupe-news-latency-") as name:
        folder = Path(name)
        with (folder / "texts.txt").open("w", encoding="utf-8") as lines:
            lines.writelines(json.dumps(text) + "\n" for text in corpus.texts)
        before: dict[str, Report] = {}
        for part, policy in itertools.product(options.part or PARTS, options.policy or POLICIES):
            missing = _missing() if part == "redis" else ""
            title = f"made-up teasers, policy `{policy}`"
            settings = {
                "policy": policy, "texts_file": str(folder / "texts.txt"),
                "n_documents": options.documents, "n_single": options.single,
                "n_full": min(options.full, options.single),
            }  # fmt: skip
            if missing:
                server = f"latency-redis-{policy}-{options.documents}"
                yield Report(server, "An index on a Redis server", {}, notes=[missing])
            elif part == "redis":
                yield _redis(options, settings, folder, title)
            else:
                for report in _local(options, settings, folder, title):
                    before[report.name] = report
                    yield _beside_similar(report, before)


def _beside_similar(report: Report, before: dict[str, Report]) -> Report:
    """Add to the report of the default how much longer it takes, if both were measured."""
    other = before.get(report.name.replace("-news-", "-similar-"))
    if other is not None and other is not report:
        for what in ("add", "query"):
            name = f"{what}_us.median"
            times = report.figures[name] / other.figures[name]
            report.figures[f"times_similar.{what}"] = times
            report.notes.append(f'`{what}` takes {times:.2f} times as long as `policy="similar"`.')
    return report


def _local(
    options: argparse.Namespace, settings: dict[str, Any], folder: Path, title: str
) -> Iterator[Report]:
    """Measure an index in memory and one in a file, with the same documents and calls."""
    n, n_single, policy = settings["n_documents"], settings["n_single"], settings["policy"]
    files = {name: str(folder / f"{policy}-{name}") for name in ("memory", "file", "again")}
    outcomes: dict[str, dict[str, dict[str, Any]]] = {}
    for version, environment in process.against(options.against).items():
        place = {name: f"{file}{version}.npz" for name, file in files.items()}
        index_file = f"{files['file']}{version}.db"
        memory = {**settings, "answers_file": place["memory"], "again_file": place["again"]}
        in_file = {**settings, "answers_file": place["file"], "index_file": index_file}
        reopened = {**in_file, "answers_file": f"{place['file']}-reopened.npz"}
        outcomes[version] = {
            "memory": process.measure(in_memory, memory, environment=environment)[0],
            "file": process.measure(filled_file, in_file, environment=environment)[0],
            "again": process.measure(reopened_file, reopened, environment=environment)[0],
        }
    kinds = {
        "memory": "Bytes are what the process grew by, ids included, texts left out.",
        "file": (
            'The file is filled with `durability="normal"`. Another process opens it, which the '
            f"system has in its cache, and makes {settings['n_full']:,} calls of each kind with "
            '`durability="full"`: they wait for the disk.'
        ),
    }
    for kind, words in kinds.items():
        report = Report(
            name=f"latency-{kind}-{policy}-{n}",
            title=f"An index in {'memory' if kind == 'memory' else 'a file'}, {n:,} {title}",
            settings={name: value for name, value in settings.items() if name != "texts_file"},
        )
        report.figures |= _figures(outcomes[""], kind, n)
        for what in ("add", "query") if "before" in outcomes else ():
            name, theirs = f"{what}_us.median", _figures(outcomes["before"], kind, n)
            report.figures[f"times_before.{what}"] = theirs[name] / report.figures[name]
        report.rows.append({version: each[kind] for version, each in outcomes.items()})
        with np.load(f"{files['memory']}.npz") as expected:
            if kind == "memory" and policy == "similar":
                texts = datasets.made_up(n + n_single).texts
                report.failures += checks.index_failures(
                    report, texts, n, expected["pairs"], THRESHOLD, _SAMPLE
                )
            if kind == "memory" and not len(expected["pairs"]):
                report.failures.append("no query was answered, though the feed repeats itself")
            if kind == "file":
                _compare_file(report, expected, files)
        note = f"`add_many` in batches of {BATCH:,}, then {n_single:,} single calls of each kind. "
        report.tabulate_figures("", note + words, _LOCAL)
        yield report


def _figures(outcomes: dict[str, dict[str, Any]], kind: str, n: int) -> dict[str, float]:
    outcome, again = outcomes[kind], outcomes["again"]
    # An index in memory has the texts; the file has them for the other.
    text_bytes = outcome["text_bytes"] if kind == "memory" else 0
    figures = {
        "add_many_per_s": n / outcome["add_many_s"],
        "add_many_cpu_s": outcome["add_many_cpu_s"],
        **timing.latencies("add_us", outcome["add_us"]),
        **timing.latencies("query_us", outcome["query_us"]),
        "bytes_per_document": (outcome["grown_bytes"] - text_bytes) / n,
        "peak_bytes": outcome["peak_bytes"],
    }
    if kind == "memory":
        return figures
    return figures | {
        **timing.latencies("add_full_us", again["add_us"]),
        **timing.latencies("query_reopened_us", again["query_us"]),
        "reopen_s": again["reopen_s"],
        "reopen_cpu_s": again["reopen_cpu_s"],
        "file_bytes_per_document": outcome["file_bytes"] / n,
    }


def _compare_file(report: Report, expected: Any, files: dict[str, str]) -> None:  # noqa: ANN401 - of numpy
    """Hold the answers of the file, and of the file opened again, against those of memory."""
    n_compared = 0
    with (
        np.load(f"{files['file']}.npz") as filled,
        np.load(f"{files['file']}.npz-reopened.npz") as reopened,
        np.load(f"{files['again']}.npz") as again,
    ):
        for name in ("add_many", "query", "add"):
            n_compared += checks.compare(report, name, filled[name], expected[name])
        for name in ("query", "add"):
            n_compared += checks.compare(report, f"again, {name}", reopened[name], again[name])
    report.notes.append(f"{n_compared:,} answers compared with those of the index in memory.")


def _missing() -> str:
    for name in ("redis", "datasketch"):
        if importlib.util.find_spec(name) is None:
            return f"Skipped: {name} is not installed."
    return "" if shutil.which("redis-server") else "Skipped: redis-server is not installed."


def _redis(
    options: argparse.Namespace, settings: dict[str, Any], folder: Path, title: str
) -> Report:
    """Measure one worker, two on one index, two with one each, and datasketch."""
    n, policy = options.documents, settings["policy"]
    n_peer = min(n, options.peer_documents)
    report = Report(
        name=f"latency-redis-{policy}-{n}",
        title=f"An index on a Redis server, {n:,} {title}",
        settings={"policy": policy, "n_documents": n, "n_peer": n_peer, "batch": REDIS_BATCH},
    )
    figures = report.figures
    with _server(folder) as port:
        for name, prefixes in _WORKERS.items():
            bounds = np.linspace(0, n, len(prefixes) + 1).astype(int).tolist()
            shares = [
                {
                    **settings, "start": start, "stop": stop,
                    "address": f"redis://127.0.0.1:{port}/0?prefix={policy}-{prefix}",
                    "n_single": min(2_000, options.single) if name == "1" else 0,
                    "answers_file": str(folder / f"{policy}-{name}-{start}.npy"),
                }
                for prefix, (start, stop) in zip(prefixes, itertools.pairwise(bounds), strict=True)
            ]  # fmt: skip
            done = process.measure(redis_worker, *shares)
            spent_s = max(each["ended"] for each in done) - min(each["began"] for each in done)
            figures[f"add_many_per_s.{name}"] = n / spent_s
            figures[f"add_many_cpu_s.{name}"] = sum(each["add_many_cpu_s"] for each in done)
            report.rows.append({"workers": name, "outcomes": done})
            if name == "1":
                figures |= timing.latencies("query_us", done[0]["query_us"])
            if len(set(prefixes)) == 1:
                _compare_redis(report, settings, shares)
        (peer,) = process.measure(datasketch_worker, {**settings, "n_peer": n_peer, "port": port})
    if peer["n_found"] < peer["n_asked"]:
        report.failures.append(f"datasketch finds {peer['n_found']} of {peer['n_asked']} documents")
    figures["datasketch_per_s"] = n_peer / peer["insert_s"]
    figures["two_workers"] = figures["add_many_per_s.2"] / figures["add_many_per_s.1"]
    figures["two_apart"] = figures["add_many_per_s.apart"] / figures["add_many_per_s.1"]
    figures["times.datasketch"] = figures["add_many_per_s.1"] / figures["datasketch_per_s"]
    note = (
        "The server is on this machine and writes nothing to disk. Workers are processes that "
        f"add batches of {REDIS_BATCH:,} on one thread and get their matches. Two apart have an "
        "index each, of half of the documents: what this machine has to give two. datasketch's "
        f"MinHashLSH on the same server inserts the first {n_peer:,} in sessions of as many, with "
        "the same number of permutations, and is not asked for matches."
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

    n, what = settings["n_documents"], f"{len(shares)} workers"
    with NewsIndex.open(shares[0]["address"], read_only=True) as index:
        order = np.array([int(str(name)) for name in index], np.int64)
    if not np.array_equal(np.sort(order), np.arange(n)):
        report.failures.append(f"{what}: documents are lost or there twice")
        return
    items = [item for batch in read_batches(settings["texts_file"], 0, n, BATCH) for item in batch]
    ordered = ([items[at] for at in order[start : start + BATCH]] for start in range(0, n, BATCH))
    _, answered = add_all(NewsIndex(our_config(THRESHOLD, settings["policy"])), ordered)
    expected = np.empty(n, np.uint64)
    expected[order] = answered
    given = np.concatenate([np.load(share["answers_file"]) for share in shares])
    n_compared = checks.compare(report, what, given, expected)
    report.notes.append(
        f"{n_compared:,} answers to {what} compared with those of the index in memory, in the "
        "order that the server settled."
    )
