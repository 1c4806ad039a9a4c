"""The contest of suite ``speed``: this library and its peers in turn, on the same texts."""

from __future__ import annotations

import contextlib
import functools
import json
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import checks, datasets, process, timing
from benchmarks.machine import version_of
from benchmarks.peers import ALL, CONTESTANTS, FEW, KEYS, NUM_PERM, THRESHOLD, contestant
from benchmarks.pictures import Bars
from benchmarks.process import Entry, Process
from benchmarks.report import Report, Table, number

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from benchmarks.datasets import Corpus
    from benchmarks.peers import Contestant

_OURS, _OURS_1 = "ours", "ours-1"
_MIB = 2**20


def run(options: argparse.Namespace, folder: Path) -> Iterator[Report]:
    """Let all contestants run in turn, and judge what they returned."""
    corpus, notes = _corpus(options)
    chosen, absent = _chosen(options)
    report = Report(
        name=f"speed-{corpus.name}",
        title=f"Speed: {corpus.description}, from str to duplicates",
        settings={
            "corpus": corpus.description,
            "n_documents": len(corpus.texts),
            "threshold": THRESHOLD,
            "num_perm": NUM_PERM,
            "banding": {"few": list(FEW), "all": list(ALL)},
            "repetitions": options.repetitions,
        },
        notes=notes + absent,
    )
    counts, returned = {}, {}
    with contextlib.ExitStack() as stack:
        entries, processes = [], {}
        for one in chosen:
            most = len(corpus.texts) if one.is_ours else options.peer_documents
            n = counts[one.name] = min(len(corpus.texts), most, one.most_documents)
            settings = {
                "contestant": one.name,
                "texts_file": str(_texts_file(corpus, n, folder)),
                "keys_file": str(folder / f"{one.name}.npy"),
            }
            start = functools.partial(Process, contestant, settings, dict(one.environment))
            entries.append(Entry(one.name, start))
            process.say(f"warming up {one.label}")
            processes[one.name] = stack.enter_context(start())
            processes[one.name].reply()
        for entry in process.rounds(entries, options.repetitions):
            outcome = processes[entry.name].ask()
            entry.runs.append(outcome | {"wall_s": outcome["wall_s"] / counts[entry.name]})
        for one in chosen:
            processes[one.name].ask(KEYS)
            returned[one] = counts[one.name], np.load(folder / f"{one.name}.npy")
    verdicts = checks.judge(corpus, returned, THRESHOLD)
    keys = {one.name: pairs for one, (_, pairs) in returned.items()}
    for name in (_OURS, _OURS_1):
        report.failures += verdicts[name].failures(name)
    if not np.array_equal(keys[_OURS], keys[_OURS_1]):
        report.failures.append("the pairs differ between one thread and all")
    for one, entry in zip(chosen, entries, strict=True):
        _enter(report, one, entry, entries, counts[one.name], verdicts[one.name])
    _tabulate(report)
    yield report


def _corpus(options: argparse.Namespace) -> tuple[Corpus, list[str]]:
    if options.documents is not None:
        return datasets.made_up(options.documents), []
    if datasets.has_real_data():
        return datasets.english_teasers(100_000), []
    note = "The real feed is not on this machine: a made-up feed stands in for it."
    return datasets.made_up(100_000), [note]


def _texts_file(corpus: Corpus, n: int, folder: Path) -> Path:
    """Return a JSON list of the first texts, for another process to read."""
    file = folder / f"{corpus.name}-{n}.json"
    if not file.exists():
        file.write_text(json.dumps(corpus.texts[:n]), encoding="utf-8")
    return file


def _chosen(options: argparse.Namespace) -> tuple[list[Contestant], list[str]]:
    """Return the contestants that can run, ours first, and a note on each that cannot."""
    chosen, absent = [], []
    for one in CONTESTANTS.values():
        if one.is_ours or options.contestants is None or one.name in options.contestants:
            if version_of(one.package) is None:
                absent.append(f"{one.label}: skipped, {one.package} is absent.")
            else:
                chosen.append(one)
    return chosen, absent


def _enter(
    report: Report, one: Contestant, entry: Entry, entries: Sequence[Entry], n: int,
    verdict: checks.Verdict,
) -> None:  # fmt: skip
    """Add a contestant's row and figures; the seconds of its runs are those of a document."""
    rate = timing.summary([1 / seconds for seconds in entry.seconds()])
    rival = next((other for other in entries if other.name == one.rival), entry)
    times = None if one.name in {_OURS, _OURS_1} else entry.times(rival)
    report.rows.append({
        "contestant": one.name,
        "label": f"{one.label} ({version_of(one.package)})",
        "n_documents": n,
        "documents_per_s": rate.as_dict(),
        "times": None if times is None else times.as_dict(),
        "peak_bytes": max(run["peak_bytes"] for run in entry.runs),
        **verdict.as_dict(),
    })  # fmt: skip
    if times is not None:
        report.figures[f"times.{one.name}"] = times.median
    report.figures |= {
        f"documents_per_s.{one.name}": rate.median,
        f"recall.{one.name}": verdict.recall,
        f"precision.{one.name}": verdict.precision,
    }


def _tabulate(report: Report) -> None:
    """Lay out the rows for people."""

    def spread(rate: Mapping[str, float]) -> str:
        return f"{number(rate['least'])} to {number(rate['most'])}"

    cells = [
        [
            row["label"],
            f"{row['n_documents']:,}",
            number(row["documents_per_s"]["median"]),
            spread(row["documents_per_s"]),
            "" if row["times"] is None else f"{number(row['times']['median'])}×",
            f"{row['recall']:.4f}",
            f"{row['precision']:.4f}",
            f"{row['peak_bytes'] / _MIB:,.0f}",
        ]
        for row in report.rows
    ]
    headings = (
        "contestant", "documents", "documents/s", "range", "we are faster", "recall", "precision",
        "peak MiB",
    )  # fmt: skip
    note = (
        f"Median of {report.settings['repetitions']} runs in turn, each contestant warm in a "
        f"process of its own, texts fresh each time; Jaccard ≥ {THRESHOLD}, word 3-shingles. Those "
        f"named 128 use {ALL[0]} bands × {ALL[1]} rows, all others {FEW[0]} × {FEW[1]}, as we do. "
        "How much faster we are is the median within a round, on as many threads: rensa, but in "
        "bulk, and datasketch use one. Recall and precision are over all pairs, against brute "
        "force on the contestant's own shingles. Peak memory is of the whole process, texts and "
        "interpreter included."
    )
    report.tables.append(Table("", headings, cells, note))
    labels = [
        f"{row['label']}\nrecall {number(row['recall'])}, precision {number(row['precision'])}"
        for row in report.rows
    ]
    rates = [row["documents_per_s"]["median"] for row in report.rows]
    report.picture = Bars(report.title, "documents a second", labels, {"documents/s": rates})
