"""
Suite ``speed``: documents a second from texts to duplicates, beside the peers.

Its parts are ``contest`` (the peers), ``whole-feed`` (Parquet to clusters),
``million`` (a large made-up feed), ``index`` (`NewsIndex` in memory) and
``start`` (import and first call). Each writes a report of its own.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import checks, datasets, probes, timing
from benchmarks.peers import BANDS, CONTESTANTS, NUM_PERM, ROWS, THRESHOLD, Contestant
from benchmarks.report import Bars, Report, Table, number
from benchmarks.worker import Worker

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from benchmarks.datasets import Corpus

SUMMARY = "documents a second from texts to duplicates, memory, index and start-up, beside peers"
NEEDS = "nothing; the real feed where it is there, and gaoya, rensa, datasketch, matplotlib"
TAKES = "4 minutes for the contest on 100,000 teasers, 8 for all parts (2 processors)"

PARTS = ("contest", "whole-feed", "million", "index", "start")
_MICRO = 1e6
_MIB = 2**20
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


# --- contest -----------------------------------------------------------------------------


@dataclasses.dataclass(slots=True)
class _Entry:
    """A contestant in the ring: its process and what came of it."""

    contestant: Contestant
    worker: Worker
    n_documents: int
    runs: list[dict[str, Any]] = dataclasses.field(default_factory=list)

    def per_document(self) -> list[float]:
        return [run["wall_s"] / self.n_documents for run in self.runs]


def _contest(options: argparse.Namespace, folder: Path) -> Iterator[Report]:
    if options.documents is None and datasets.has_real_data():
        corpus, words = datasets.english_teasers(100_000), []
    elif options.documents is None:
        corpus = datasets.made_up(100_000)
        words = ["The real feed is not on this machine: a made-up feed stands in for it."]
    else:
        corpus, words = datasets.made_up(options.documents), []
    chosen, absent = _chosen(options.contestants.split(","))
    report = Report(
        name=f"speed-{corpus.name}",
        title=f"Speed: {corpus.description}, from str to duplicates",
        settings={
            "corpus": corpus.description,
            "n_documents": len(corpus.texts),
            "n_bytes": corpus.n_bytes,
            "threshold": THRESHOLD,
            "shingle": "3 words",
            "num_perm": NUM_PERM,
            "params": [BANDS, ROWS],
            "repetitions": options.repetitions,
        },
        words=words + absent,
    )
    n_peer = min(options.peer_documents, len(corpus.texts))
    with contextlib.ExitStack() as stack:
        entries = []
        for contestant in chosen:
            n = len(corpus.texts) if contestant.is_ours else n_peer
            file = _texts_file(corpus, n, folder)
            entries.append(_Entry(contestant, stack.enter_context(Worker(contestant, file)), n))
        _take_turns(entries, options.repetitions)
        found = {entry.contestant.name: _keys(entry, folder) for entry in entries}
    judged = checks.judge(
        corpus,
        {e.contestant: (e.n_documents, found[e.contestant.name]) for e in entries},
        THRESHOLD,
    )
    for entry in entries:
        _enter(report, entry, entries, judged[entry.contestant.name])
    report.failures += checks.contest_failures(judged, found)
    _tabulate(report, entries)
    yield report


def _chosen(names: Sequence[str]) -> tuple[list[Contestant], list[str]]:
    """Return the contestants that can run, ours first, and a word on each that cannot."""
    unknown = sorted(set(names) - set(CONTESTANTS))
    if unknown:
        message = f"no contestant {', '.join(unknown)}; there are {', '.join(CONTESTANTS)}"
        raise SystemExit(message)
    chosen, absent = [], []
    for name, contestant in CONTESTANTS.items():
        if contestant.is_ours or name in names:
            if contestant.version() is None:
                absent.append(f"{contestant.label}: skipped, {contestant.package} is absent.")
            else:
                chosen.append(contestant)
    return chosen, absent


def _texts_file(corpus: Corpus, n: int, folder: Path) -> Path:
    file = folder / f"{corpus.name}-{n}.json"
    if not file.exists():
        file.write_text(json.dumps(corpus.texts[:n]), encoding="utf-8")
    return file


def _take_turns(entries: Sequence[_Entry], repetitions: int) -> None:
    """Warm everybody up, then time all in turn, a different one first each round."""
    for entry in entries:
        entry.worker.run()
    for round_ in range(repetitions):
        start = round_ % len(entries)
        for entry in [*entries[start:], *entries[:start]]:
            entry.runs.append(entry.worker.run())


def _keys(entry: _Entry, folder: Path) -> NDArray[np.int64]:
    path = folder / f"{entry.contestant.name}.npy"
    entry.worker.save_keys(path)
    keys: NDArray[np.int64] = np.load(path)
    return keys


def _enter(
    report: Report, entry: _Entry, entries: Sequence[_Entry], verdict: checks.Verdict
) -> None:
    """Add a contestant's row and figures to the report."""
    contestant = entry.contestant
    seconds = entry.per_document()
    rate = timing.summary([1 / second for second in seconds])
    row: dict[str, Any] = {
        "contestant": contestant.name,
        "label": contestant.label,
        "version": contestant.version(),
        "n_documents": entry.n_documents,
        "documents_per_s": rate.as_dict(),
        "microseconds_per_document": timing.summary([s * _MICRO for s in seconds]).as_dict(),
        "cpu_s": timing.summary([run["cpu_s"] for run in entry.runs]).as_dict(),
        "peak_bytes": max(run["peak_bytes"] for run in entry.runs),
        "rest_bytes": entry.runs[0]["rest_bytes"],
        "stages_s": _stages(entry),
        **verdict.as_dict(),
    }
    name = contestant.name
    for rival in entries:
        if rival.contestant.is_ours and not contestant.is_ours:
            ratios = [
                theirs / mine for theirs, mine in zip(seconds, rival.per_document(), strict=True)
            ]
            ratio = timing.summary(ratios)
            row[f"times_{rival.contestant.name}"] = ratio.as_dict()
            if rival.contestant.name == contestant.rival:
                report.figures[f"times.{name}"] = ratio.median
    report.figures[f"documents_per_s.{name}"] = rate.median
    report.figures[f"peak_bytes.{name}"] = row["peak_bytes"]
    report.figures[f"recall.{name}"] = verdict.recall
    report.figures[f"precision.{name}"] = verdict.precision
    report.rows.append(row)


def _stages(entry: _Entry) -> dict[str, float]:
    names = entry.runs[0]["details"]
    return {
        name: timing.summary([run["details"][name] for run in entry.runs]).median for name in names
    }


def _tabulate(report: Report, entries: Sequence[_Entry]) -> None:
    """Lay out the rows for people."""
    ours = [entry.contestant.name for entry in entries if entry.contestant.is_ours]
    cells = []
    for row in report.rows:
        rate = row["documents_per_s"]
        factors = [
            number(row[f"times_{name}"]["median"]) + "×" if f"times_{name}" in row else "—"
            for name in ours
        ]
        cells.append(
            [
                f"{row['label']} {row['version']}",
                f"{row['n_documents']:,}",
                number(rate["median"]),
                f"{number(rate['least'])} to {number(rate['most'])}",
                number(row["microseconds_per_document"]["median"]),
                *factors,
                f"{row['recall']:.4f}",
                f"{row['precision']:.4f}",
                f"{row['n_found']:,}",
                f"{row['peak_bytes'] / _MIB:,.0f}",
            ]
        )
    headings = [
        "contestant",
        "documents",
        "documents/s",
        "range",
        "µs/document",
        *[f"we are faster ({CONTESTANTS[name].label})" for name in ours],
        "recall",
        "precision",
        "pairs returned",
        "peak MiB",
    ]
    n = report.settings["repetitions"]
    note = (
        f"Median of {n} runs in turn, each contestant warm in a process of its own, texts fresh "
        f"each time; Jaccard ≥ {THRESHOLD}, word 3-shingles. Settings: {BANDS} × {ROWS} of at most "
        f"{NUM_PERM} permutations, “all 128” as named. Factors are medians of the factors within a "
        "round. Recall and precision are against brute force on the contestant's own shingles, "
        "over all pairs. Peak memory is the whole process, texts and interpreter included."
    )
    report.tables.append(Table("Contest", headings, cells, note))
    stages = [row for row in report.rows if row["stages_s"]]
    if stages:
        names = list(stages[0]["stages_s"])
        lines = [
            [row["label"], *[number(row["stages_s"][name] * 1e3) for name in names]]
            for row in stages
        ]
        report.tables.append(Table("Where our time goes, ms", ["", *names], lines))
    report.bars = Bars(
        report.title,
        "documents a second (log scale)",
        [f"{row['label']} {row['version']}" for row in report.rows],
        {"documents/s": [row["documents_per_s"]["median"] for row in report.rows]},
        logarithmic=True,
    )


# --- parts measured in fresh processes ---------------------------------------------------


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
    runs = [
        probes.launch("whole-feed", str(path), str(keys_file)) for _ in range(options.repetitions)
    ]
    texts = probes.feed_texts(path)
    report.failures += checks.sample_failures(texts, np.load(keys_file), THRESHOLD, _SAMPLE, report)
    yield _batch_report(report, runs)


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
    file = _texts_file(corpus, len(corpus.texts), folder)
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
    outcome = probes.launch("index", str(file), str(n), str(answers_file))
    report = Report(
        name=f"speed-index-{n}",
        title=f"Speed: NewsIndex in memory, {n:,} made-up teasers",
        settings={"n_documents": n, "n_single": n_single, "threshold": THRESHOLD},
    )
    report.failures += checks.index_failures(
        corpus.texts, n, np.load(answers_file), THRESHOLD, _SAMPLE, report
    )
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
    yield report


def _start(options: argparse.Namespace, folder: Path) -> Iterator[Report]:
    report = Report(
        name="speed-start",
        title="Speed: import and first call of a process",
        settings={"repetitions": options.repetitions},
    )
    cold, warm = [], []
    for repetition in range(options.repetitions):
        cache = folder / f"cache-{repetition}"
        # Compiling takes many seconds and varies little: twice is enough.
        if repetition < 2:  # noqa: PLR2004 - said above
            cold.append(probes.launch("start", cache=cache))
        else:
            cache = folder / "cache-0"
        warm.append(probes.launch("start", cache=cache))
    rows = []
    for label, name, runs in (
        ("import dedupe_news", "import_s", warm),
        ("import and first cluster(), warm cache", "first_cluster_s", warm),
        ("import and first cluster(), cold cache", "first_cluster_s", cold),
    ):
        seconds = timing.summary([run[name] for run in runs])
        figure = "import_s" if name == "import_s" else "warm_s" if runs is warm else "cold_s"
        report.figures[figure] = seconds.median
        report.rows.append({"what": figure, "seconds": seconds.as_dict()})
        spread = f"{number(seconds.least)} to {number(seconds.most)}"
        rows.append([label, number(seconds.median), spread, str(seconds.n)])
    headings = ("", "median s", "range", "processes")
    report.tables.append(Table("Start", headings, rows))
    report.figures["cold_said"] = float(all(run["said"] for run in cold))
    said = "is" if report.figures["cold_said"] else "is NOT"
    report.words.append(f"Compilation {said} said to the user (standard error).")
    yield report


_PARTS = {
    "contest": _contest,
    "whole-feed": _whole_feed,
    "million": _million,
    "index": _index,
    "start": _start,
}
