"""
Suite ``soak``: one simulated year of a feed, kept in a file with a window of 30 days.

One process adds the feed batch by batch, and closes and opens the index at the
end of every window. Another process then reads the file, has an index in memory
of the same history, and makes one afresh of the documents that are there. The
first two must answer as the writer does, to the last bit.
"""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
import itertools
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import datasets
from benchmarks.probes import ProbeError
from benchmarks.report import Report, Table, number
from benchmarks.soak_worker import Course, answers

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

SUMMARY = "a year of a feed with a window: memory and file stay flat, answers stay right"
NEEDS = "nothing; matplotlib for the picture"
TAKES = "25 minutes for 5,000,000 items (2 processors)"

_BATCH = 2_000
_AT_ONCE = 50_000
_LEAST_AGREEMENT = 0.95  # of a fresh index, with the policy news: README.md says why
_SETTLED = 4  # windows until the file has its size
_MIB = 2**20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """
    Declare the options of the suite.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Parser of the suite.
    """
    parser.add_argument(
        "--documents", type=int, default=5_000_000, help="items of the feed (default: 5000000)"
    )
    parser.add_argument(
        "--days", type=int, default=365, help="how long the feed runs (default: 365)"
    )
    parser.add_argument(
        "--window-days", type=int, default=30, help="window of the index (default: 30)"
    )
    parser.add_argument(
        "--policy", choices=("news", "similar"), default="news", help="of the index"
    )
    parser.add_argument(
        "--queries",
        type=int,
        default=1_000,
        help="answers to check a window, at most those of a batch (default: 1000)",
    )


def run(options: argparse.Namespace) -> Iterator[Report]:
    """
    Run the suite.

    Parameters
    ----------
    options : argparse.Namespace
        As `add_arguments` declares them.

    Yields
    ------
    Report
        One.
    """
    with tempfile.TemporaryDirectory(prefix="dedupe-news-soak-") as folder:
        course = Course(
            file=str(Path(folder) / "feed.db"),
            policy=options.policy,
            n_items=options.documents,
            days=options.days,
            window_days=options.window_days,
            batch=min(_BATCH, max(1, options.documents // (4 * options.days))),
            n_queries=options.queries,
        )
        report = Report(
            name=f"soak-{options.policy}-{options.documents}",
            title=f"Soak: {options.documents:,} made-up items in {options.days} days, "
            f"a window of {options.window_days} days",
            settings={**dataclasses.asdict(course), "file": "feed.db"},
        )
        samples = _follow(course, report)
    _figures(report, samples, course)
    if not _draw(samples, course, options.output / f"{report.name}.png"):
        report.words.append("No picture: matplotlib is not installed.")
    yield report


def _follow(course: Course, report: Report) -> list[dict[str, float]]:
    """Run the writer, and check it at the end of every window."""
    from dedupe_news import NewsIndex  # noqa: PLC0415 - not while the command line is read

    command = [
        sys.executable,
        "-m",
        "benchmarks.soak_worker",
        json.dumps(dataclasses.asdict(course)),
    ]
    samples: list[dict[str, float]] = []
    opened: list[float] = []
    n_asked = n_agreed = 0
    memory, items = NewsIndex(course.config()), course.items()
    with subprocess.Popen(  # noqa: S603 - this very interpreter and module
        command, cwd=datasets.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdin is not None and writer.stdout is not None  # noqa: S101, PT018 - pipes
        for line in writer.stdout:
            outcome = json.loads(line)
            samples += outcome["samples"]
            if outcome["open_s"]:
                opened.append(outcome["open_s"])
            for n_added in (int(sample["n_added"]) for sample in outcome["samples"]):
                memory.add_many(list(itertools.islice(items, n_added)))
            if outcome["queries"]:
                if answers(memory, outcome["queries"]) != outcome["answers"]:
                    message = f"day {outcome['day']}: an index in memory answers otherwise"
                    report.failures.append(message)
                n_asked += len(outcome["queries"])
                n_agreed += _check(course, outcome, report)
            sys.stderr.write(f"day {outcome['day']} of {course.days}\n")
            writer.stdin.write("\n")
            writer.stdin.flush()
    if writer.returncode:
        message = f"the writer failed with exit code {writer.returncode}; its words are above"
        raise ProbeError(message)
    if n_asked:
        report.figures["agreement"] = n_agreed / n_asked
        report.words.append(
            f"Of {n_asked:,} answers at the ends of windows, an index made afresh of what is there "
            f"gives {n_agreed:,} too."
        )
    if opened:
        report.figures["reopen_s"] = max(opened)
    return samples


def _check(course: Course, outcome: dict[str, Any], report: Report) -> int:
    """Hold answers against a reader's, and return how many a fresh index gives too."""
    import dedupe_news as dn  # noqa: PLC0415 - not while the command line is read

    day, queries = outcome["day"], outcome["queries"]
    fresh = dn.NewsIndex(course.config())
    with dn.NewsIndex.open(course.file, read_only=True) as reader:
        if answers(reader, queries) != outcome["answers"]:
            report.failures.append(f"day {day}: a reader of the file answers otherwise")
        documents = reader.documents()
        while part := list(itertools.islice(documents, _AT_ONCE)):
            fresh.add_many(part)
    found = answers(fresh, queries)
    answered = zip(outcome["answers"], found, strict=True)
    agreed = sum(bool(ours == theirs) for ours, theirs in answered)
    least = 1.0 if course.policy == "similar" else _LEAST_AGREEMENT
    if agreed < least * len(queries):
        report.failures.append(
            f"day {day}: a fresh index gives {agreed:,} of {len(queries):,} answers"
        )
    return agreed


def _figures(report: Report, samples: list[dict[str, float]], course: Course) -> None:
    """Say how flat memory and file are once a few windows ended."""
    report.rows += samples
    settled = _SETTLED * course.window_days
    early = [s for s in samples if course.window_days < s["day"] <= settled]
    later = [s for s in samples if s["day"] > settled]
    rows = []
    for name, label in (("resident_bytes", "resident memory"), ("file_bytes", "file")):
        report.figures[f"{name}.peak"] = max(sample[name] for sample in samples)
        rows.append([f"{label}, peak, MiB", number(report.figures[f"{name}.peak"] / _MIB)])
        if early and later:
            before, after = (max(sample[name] for sample in part) for part in (early, later))
            report.figures[f"{name}.growth"] = after / before
            rows += [
                [f"{label}, peak of windows 2 to 4, MiB", number(before / _MIB)],
                [f"{label}, peak after it, MiB", number(after / _MIB)],
                [f"{label}, growth", number(after / before)],
            ]
    add_s = sum(sample["add_s"] for sample in samples)
    n_added = sum(sample["n_added"] for sample in samples)
    report.figures["add_many_per_s"] = n_added / add_s
    report.figures["n_documents.last"] = samples[-1]["n_documents"]
    rows += [
        ["items added", number(n_added)],
        ["items/s", number(n_added / add_s)],
        ["documents at the end", number(samples[-1]["n_documents"])],
        ["longest reopening, s", number(report.figures.get("reopen_s"))],
        ["answers that a fresh index gives too", number(report.figures.get("agreement"))],
    ]
    if n_added != course.n_items:
        report.failures.append(f"{n_added:,} items were added of {course.n_items:,}")
    note = (
        f"One process adds batches of {course.batch:,} for the whole time, and opens the file "
        f"again every {course.window_days} days. Documents that left stay until they are as many "
        "as the others, so that two windows pass before memory is at its height and documents are "
        "dropped from the file for the first time: growth is the peak after the fourth window over "
        "that from the second to the fourth. The file is counted with its "
        "write-ahead log."
    )
    report.tables.append(Table("Soak", ("", "value"), rows, note))


def _draw(samples: Sequence[dict[str, float]], course: Course, path: Path) -> bool:
    """Draw memory, file and documents over time."""
    if importlib.util.find_spec("matplotlib") is None:
        return False
    # The Figure itself, not pyplot: no display, no global state.
    figure = importlib.import_module("matplotlib.figure").Figure(
        figsize=(8, 4.2), layout="constrained"
    )
    axes = figure.subplots()
    days = [sample["day"] for sample in samples]
    for name, label in (("resident_bytes", "resident memory"), ("file_bytes", "file and log")):
        axes.plot(days, [sample[name] / _MIB for sample in samples], label=label)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("day of the feed")
    axes.set_ylabel("MiB")
    other = axes.twinx()
    n_documents = [sample["n_documents"] for sample in samples]
    other.plot(days, n_documents, color="0.7", linestyle=":", label="documents (right)")
    other.set_ylim(bottom=0)
    axes.axvline(course.window_days, color="black", linewidth=0.8, linestyle="--")
    axes.set_title("An index with a window, over time", loc="left", fontsize=11)
    axes.spines[["top"]].set_visible(False)
    other.spines[["top"]].set_visible(False)
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)
    return True
