"""The contest of suite ``speed``: this library and its peers in turn, on the same texts."""

from __future__ import annotations

import contextlib
import dataclasses
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import checks, datasets, timing
from benchmarks.peers import ALL, CONTESTANTS, FEW, NUM_PERM, THRESHOLD, Contestant
from benchmarks.report import Bars, Report, Table, number
from benchmarks.worker import Worker, texts_file

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

_MICRO = 1e6
_MIB = 2**20


@dataclasses.dataclass(slots=True)
class _Entry:
    """A contestant in the ring: its process and what came of it."""

    contestant: Contestant
    worker: Worker
    n_documents: int
    runs: list[dict[str, Any]] = dataclasses.field(default_factory=list)

    def per_document(self) -> list[float]:
        return [run["wall_s"] / self.n_documents for run in self.runs]


def run(options: argparse.Namespace, folder: Path) -> Iterator[Report]:
    """
    Let all contestants run in turn, and judge what they found.

    Parameters
    ----------
    options : argparse.Namespace
        As `benchmarks.speed` declares them.
    folder : Path
        For temporary files.

    Yields
    ------
    Report
        One.
    """
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
            "params": {"few": list(FEW), "all": list(ALL)},
            "repetitions": options.repetitions,
        },
        words=words + absent,
    )
    n_peer = min(options.peer_documents, len(corpus.texts))
    with contextlib.ExitStack() as stack:
        entries = []
        for contestant in chosen:
            n = len(corpus.texts) if contestant.is_ours else min(n_peer, contestant.most_documents)
            file = texts_file(corpus, n, folder)
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


def _take_turns(entries: Sequence[_Entry], repetitions: int) -> None:
    """Warm everybody up, then time all in turn, a different one first each round."""
    for entry in entries:
        _say(f"warming up {entry.contestant.label}")
        entry.worker.run()
    for round_ in range(repetitions):
        _say(f"round {round_ + 1} of {repetitions}")
        start = round_ % len(entries)
        for entry in [*entries[start:], *entries[:start]]:
            entry.runs.append(entry.worker.run())


def _say(word: str) -> None:
    sys.stderr.write(f"{word} …\n")
    sys.stderr.flush()


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
                f"{row['label']} ({row['version']})",
                f"{row['n_documents']:,}",
                number(rate["median"]),
                f"{row['recall']:.4f}",
                f"{row['precision']:.4f}",
                *factors,
                f"{number(rate['least'])} to {number(rate['most'])}",
                number(row["microseconds_per_document"]["median"]),
                f"{row['n_found']:,}",
                f"{row['peak_bytes'] / _MIB:,.0f}",
            ]
        )
    headings = [
        "contestant",
        "documents",
        "documents/s",
        "recall",
        "precision",
        *[f"we are faster ({CONTESTANTS[name].label})" for name in ours],
        "documents/s, range",
        "µs/document",
        "pairs returned",
        "peak MiB",
    ]
    n = report.settings["repetitions"]
    note = (
        f"Median of {n} runs in turn, each contestant warm in a process of its own, texts fresh "
        f"each time; Jaccard ≥ {THRESHOLD}, word 3-shingles. Those named 128 use {ALL[0]} bands × "
        f"{ALL[1]} rows, all others {FEW[0]} × {FEW[1]}, as we do. Factors are medians of the "
        "factors within a round. "
        "Recall and precision are over all pairs, against brute force on the contestant's own "
        "shingles. Peak memory is of the whole process, texts and interpreter included."
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
        "documents a second",
        [
            f"{row['label']} ({row['version']})\n"
            f"recall {number(row['recall'])}, precision {number(row['precision'])}"
            for row in report.rows
        ],
        {"documents/s": [row["documents_per_s"]["median"] for row in report.rows]},
    )
