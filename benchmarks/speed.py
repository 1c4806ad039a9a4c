"""
Suite ``speed``: documents a second from texts to duplicates, beside the peers.

Its parts are ``contest`` (the peers), ``whole-feed`` (Parquet to clusters),
``million`` (a large made-up feed), ``index`` (`NewsIndex` in memory) and
``start`` (import and first call). Each writes a report of its own.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import checks, contest, datasets, probes, timing
from benchmarks.peers import CONTESTANTS, THRESHOLD
from benchmarks.report import Bars, Report, Table, number
from benchmarks.worker import texts_file

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence


SUMMARY = "documents a second from texts to duplicates, memory, index and start-up, beside peers"
NEEDS = "nothing; the real feed where it is there, and gaoya, rensa, datasketch, matplotlib"
TAKES = "5 minutes for the contest on 100,000 teasers, 15 for all parts (2 processors)"

PARTS = ("contest", "whole-feed", "million", "index", "start")
_SAMPLE = 200


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """
    Declare the options of the suite.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Parser of the suite.
    """
    parser.add_argument(
        "--part",
        action="append",
        choices=[*PARTS, "all"],
        help="what to measure; may be repeated (default: contest)",
    )
    parser.add_argument(
        "--documents",
        type=int,
        help="use a made-up feed of this many teasers instead of the real one",
    )
    parser.add_argument(
        "--repetitions", type=int, default=5, help="timed runs of each, in turn (default: 5)"
    )
    parser.add_argument(
        "--contestants",
        default=",".join(CONTESTANTS),
        help="names, with commas between them; ours always runs (default: all)",
    )
    parser.add_argument(
        "--peer-documents",
        type=int,
        default=100_000,
        help="give peers at most this many documents (default: 100000)",
    )
    parser.add_argument(
        "--index-queries",
        type=int,
        default=20_000,
        help="single calls to time on the index (default: 20000)",
    )
    parser.add_argument(
        "--no-cold", action="store_true", help="start: do not compile anew, which takes longest"
    )
    parser.add_argument("--parquet", type=Path, help="another feed for whole-feed")


def run(options: argparse.Namespace) -> Iterator[Report]:
    """
    Run the chosen parts.

    Parameters
    ----------
    options : argparse.Namespace
        As `add_arguments` declares them.

    Yields
    ------
    Report
        One a part, as it ends.
    """
    parts = options.part or ["contest"]
    if "all" in parts:
        parts = list(PARTS)
    with tempfile.TemporaryDirectory(prefix="dedupe-news-bench-") as folder:
        for part in PARTS:
            if part in parts:
                yield from _PARTS[part](options, Path(folder))


def _whole_feed(options: argparse.Namespace, folder: Path) -> Iterator[Report]:
    try:
        path = options.parquet or datasets.shared_file(datasets.TEASERS)
    except datasets.DataMissingError as error:
        yield Report("speed-whole-feed", "Speed: the whole real feed", {}, words=[str(error)])
        return
    report = Report(
        name="speed-whole-feed" if options.parquet is None else "speed-parquet",
        title="Speed: a whole feed, from Parquet to clusters",
        settings={"policy": "similar", "threshold": THRESHOLD, "repetitions": options.repetitions},
    )
    keys_file = folder / "whole-feed.npy"
    # In turn, so that what else the machine does slows both down alike.
    runs, news = [], []
    for _ in range(options.repetitions):
        news.append(probes.launch("whole-feed", str(path), str(keys_file), "news"))
        runs.append(probes.launch("whole-feed", str(path), str(keys_file), "similar"))
    texts = probes.feed_texts(path)
    report.failures += checks.sample_failures(texts, np.load(keys_file), THRESHOLD, _SAMPLE, report)
    yield _batch_report(report, runs)
    own = Report(
        name=f"{report.name}-news",
        title="Speed: a whole feed, from Parquet to clusters, by default",
        settings={"policy": "news", "repetitions": options.repetitions},
    )
    _batch_report(own, news)
    own.figures["times_similar"] = own.figures["seconds"] / report.figures["seconds"]
    own.words.append(
        f'Takes {own.figures["times_similar"]:.2f} times as long as `policy="similar"`, '
        "timed in turn with it."
    )
    yield own


def _million(options: argparse.Namespace, folder: Path) -> Iterator[Report]:
    corpus = datasets.made_up(options.documents or 1_000_000)
    report = Report(
        name=f"speed-batch-{corpus.name}",
        title=f"Speed: {corpus.description}, from str to clusters",
        settings={
            "policy": "similar",
            "threshold": THRESHOLD,
            "repetitions": options.repetitions,
            "n_bytes": corpus.n_bytes,
        },
    )
    file = texts_file(corpus, len(corpus.texts), folder)
    keys_file = folder / "million.npy"
    runs = [probes.launch("batch", str(file), str(keys_file)) for _ in range(options.repetitions)]
    report.failures += checks.sample_failures(
        corpus.texts, np.load(keys_file), THRESHOLD, _SAMPLE, report
    )
    yield _batch_report(report, runs)


def _batch_report(report: Report, runs: Sequence[dict[str, Any]]) -> Report:
    seconds = timing.summary([run["wall_s"] for run in runs])
    peak = max(run["peak_bytes"] for run in runs)
    n = runs[0]["n_documents"]
    stages = {
        name: timing.summary([run["stages_s"][name] for run in runs]).median
        for name in runs[0]["stages_s"]
    }
    report.settings["n_documents"] = n
    report.figures.update(
        seconds=seconds.median,
        peak_bytes=peak,
        documents_per_s=n / seconds.median,
        **{f"stage_s.{name}": value for name, value in stages.items()},
    )
    report.rows.append({"seconds": seconds.as_dict(), "runs": list(runs)})
    if runs[0]["bounded"]:
        report.words.append(f"Bounded: {runs[0]['bounded']}.")
    note = (
        f"Median of {len(runs)} runs, each in a fresh process that clustered a few documents "
        "before the clock started, so that nothing compiles on it. Peak memory is of the whole "
        "process, input included."
    )
    rows = [
        ["documents", f"{n:,}"],
        ["seconds", number(seconds.median)],
        ["range", f"{number(seconds.least)} to {number(seconds.most)}"],
        ["documents/s", number(n / seconds.median)],
        ["peak memory, GiB", number(peak / 2**30)],
        ["clusters of two or more", f"{runs[0]['n_clusters']:,}"],
        ["duplicates", f"{runs[0]['n_duplicates']:,}"],
    ]
    report.tables.append(Table("Batch", ("", "value"), rows, note))
    report.bars = Bars(
        "Where the time goes", "seconds", list(stages), {"seconds": list(stages.values())}
    )
    return report


def _index(options: argparse.Namespace, folder: Path) -> Iterator[Report]:
    n, n_single = options.documents or 1_000_000, options.index_queries
    corpus = datasets.made_up(n + n_single)
    file = folder / "index.txt"
    with file.open("w", encoding="utf-8") as lines:
        lines.writelines(json.dumps(text) + "\n" for text in corpus.texts)
    answers_file = folder / "index.npy"
    outcome = probes.launch("index", str(file), str(n), str(answers_file), "similar")
    report = Report(
        name=f"speed-index-{n}",
        title=f"Speed: NewsIndex in memory, {n:,} made-up teasers",
        settings={"n_documents": n, "n_single": n_single, "threshold": THRESHOLD},
    )
    report.failures += checks.index_failures(
        corpus.texts, n, np.load(answers_file), THRESHOLD, _SAMPLE, report
    )
    yield _index_report(report, outcome)
    outcome = probes.launch("index", str(file), str(n), str(answers_file), "news")
    own = Report(
        name=f"{report.name}-news",
        title=f"Speed: NewsIndex in memory by default, {n:,} made-up teasers",
        settings={"n_documents": n, "n_single": n_single, "policy": "news"},
    )
    if not len(np.load(answers_file)):
        own.failures.append("no query was answered, though the feed repeats itself")
    _index_report(own, outcome)
    for what in ("query", "add"):
        figure = f"{what}_us.median"
        own.figures[f"times_similar.{what}"] = own.figures[figure] / report.figures[figure]
    yield own


def _index_report(report: Report, outcome: dict[str, Any]) -> Report:
    n, n_single = report.settings["n_documents"], report.settings["n_single"]
    rows = []
    for what in ("query", "add"):
        spent = outcome[f"{what}_us"]
        for label, value in (
            ("median", timing.summary(spent).median),
            ("p99", timing.percentile(spent, 99)),
        ):
            report.figures[f"{what}_us.{label}"] = value
            rows.append([f"{what}, {label}, µs", number(value)])
    for name in ("add_many_per_s", "bytes_per_document", "peak_bytes"):
        report.figures[name] = outcome[name]
        rows.append([name.replace("_", " "), number(outcome[name])])
    report.rows.append(
        {
            **{name: value for name, value in outcome.items() if not name.endswith("_us")},
            **{
                f"{what}_us": {
                    str(percent): timing.percentile(outcome[f"{what}_us"], percent)
                    for percent in (1, 10, 50, 90, 99, 99.9, 100)
                }
                for what in ("query", "add")
            },
        }
    )
    note = (
        f"One process; `add_many` in batches of {probes.BATCH:,}, then {n_single:,} single calls "
        "of each kind. Bytes a document are what the process grew by, ids included, "
        f"the UTF-8 of the texts, {outcome['text_bytes'] / n:.0f} bytes each, left out."
    )
    report.tables.append(Table("Index", ("", "value"), rows, note))
    return report


def _start(options: argparse.Namespace, folder: Path) -> Iterator[Report]:
    report = Report(
        name="speed-start",
        title="Speed: import and first call of a process",
        settings={"repetitions": options.repetitions},
    )
    # Compiling takes many seconds and varies little: twice is enough.
    n_cold = 0 if options.no_cold else 2
    cold: list[dict[str, Any]] = []
    warm: list[dict[str, Any]] = []
    if options.no_cold:
        probes.launch("start")
    for repetition in range(options.repetitions):
        if repetition < n_cold:
            cold.append(probes.launch("start", cache=folder / f"cache-{repetition}"))
        warm.append(probes.launch("start", cache=folder / "cache-0" if cold else None))
    rows = []
    for label, name, runs in (
        ("import dedupe_news", "import_s", warm),
        ("import and first cluster(), warm cache", "first_cluster_s", warm),
        ("import and first cluster(), cold cache", "first_cluster_s", cold),
    ):
        if not runs:
            continue
        seconds = timing.summary([run[name] for run in runs])
        figure = "import_s" if name == "import_s" else "warm_s" if runs is warm else "cold_s"
        report.figures[figure] = seconds.median
        report.rows.append({"what": figure, "seconds": seconds.as_dict()})
        spread = f"{number(seconds.least)} to {number(seconds.most)}"
        rows.append([label, number(seconds.median), spread, str(seconds.n)])
    headings = ("", "median s", "range", "processes")
    report.tables.append(Table("Start", headings, rows))
    if cold:
        report.figures["cold_said"] = float(all(run["said"] for run in cold))
        said = "is" if report.figures["cold_said"] else "is not"
        report.words.append(f"Compilation {said} said to the user, on standard error.")
    yield report


_PARTS = {
    "contest": contest.run,
    "whole-feed": _whole_feed,
    "million": _million,
    "index": _index,
    "start": _start,
}
