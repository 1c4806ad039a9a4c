"""
Suite ``soak``: one simulated year of a feed, kept in a file with a window of 30 days.

One process adds the feed batch by batch, and closes and opens the index at the end of every
window. This one then reads the file, has an index in memory of the same history, and makes one
afresh of the documents that are there. The first two must answer as the writer does, to the
last bit.
"""

from __future__ import annotations

import datetime as dt
import gc
import itertools
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks import corpora, process, timing
from benchmarks.datasets import SEED
from benchmarks.peers import THRESHOLD, our_config
from benchmarks.report import Report

if TYPE_CHECKING:
    import argparse
    from collections.abc import Generator, Iterator

    from dedupe_news import Config, NewsIndex

SUMMARY = "a year of a feed with a window: memory and file stay flat, answers stay right"
NEEDS = "nothing"
TAKES = "5 minutes for 1,000,000 items (2 processors)"
QUICK = {"documents": 800, "days": 18, "window_days": 4, "queries": 20}

DAY_US = 86_400_000_000
"""Microseconds of a day."""

_BATCH = 2_000
_AT_ONCE = 50_000
_LEAST_AGREEMENT = 0.95  # of a fresh index, with the policy news: README.md says why
_SETTLED = 4  # windows until the file has its size
_MIB = 2**20
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_UNITS = {
    "resident_mib.peak": "resident memory, peak, MiB",
    "resident_bytes.growth": "resident memory, growth",
    "file_mib.peak": "file, peak, MiB",
    "file_bytes.growth": "file, growth",
    "n_added": "items added",
    "add_many_per_s": "items/s",
    "n_documents.last": "documents at the end",
    "reopen_s": "longest reopening, seconds",
    "agreement": "answers that a fresh index gives too",
}


class Course(NamedTuple):
    """A feed, evenly spread over its days, and how it is kept."""

    file: str
    n_items: int
    days: int
    window_days: int
    batch: int
    n_queries: int

    def config(self) -> Config:
        """Return the settings of the index, with the window."""
        window = dt.timedelta(days=self.window_days)
        return our_config(THRESHOLD, "news").replace(window=window)

    def open(self) -> NewsIndex:
        """Open the index, or make it."""
        from dedupe_news import NewsIndex  # noqa: PLC0415 - not while the command line is read

        return NewsIndex.open(self.file, self.config(), durability="normal")

    def items(self) -> Iterator[dict[str, Any]]:
        """Yield the items as `dedupe_news.NewsIndex.add_many` takes them."""
        first = corpora.FIRST_PUBLISHED
        stretch = self.days * DAY_US / max(1, self.n_items * corpora.INTERVAL)
        number = itertools.count()
        for chunk in corpora.feed_chunks(self.n_items, SEED):
            moments = first + ((chunk.published - first) * stretch).astype("int64")
            columns = chunk.title, chunk.description, chunk.source, moments.tolist()
            for title, text, source, moment in zip(*columns, strict=True):
                published = (_EPOCH + dt.timedelta(microseconds=moment)).isoformat()
                yield {
                    "id": str(next(number)), "title": title, "text": text, "source": source,
                    "published": published,
                }  # fmt: skip

    def day_of(self, item: dict[str, Any]) -> int:
        """Return the day of the feed that an item is of."""
        since = dt.datetime.fromisoformat(item["published"]) - _EPOCH
        return (since // dt.timedelta(microseconds=1) - corpora.FIRST_PUBLISHED) // DAY_US


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the suite."""
    parser.add_argument(
        "--documents", type=int, default=1_000_000, help="items of the feed (default: 1000000)"
    )
    parser.add_argument("--days", type=int, default=365, help="of the feed (default: 365)")
    parser.add_argument("--window-days", type=int, default=30, help="of the index (default: 30)")
    parser.add_argument(
        "--queries", type=int, default=1_000, help="answers to check a window (default: 1000)"
    )


def run(options: argparse.Namespace) -> Iterator[Report]:
    """Follow the writer through the year."""
    with tempfile.TemporaryDirectory(prefix="dedupe-news-soak-") as folder:
        course = Course(
            file=str(Path(folder) / "feed.db"),
            n_items=options.documents,
            days=options.days,
            window_days=options.window_days,
            batch=min(_BATCH, max(1, options.documents // (4 * options.days))),
            n_queries=options.queries,
        )
        report = Report(
            name=f"soak-news-{options.documents}",
            title=f"Soak: {options.documents:,} made-up items in {options.days} days, "
            f"a window of {options.window_days} days",
            settings={**course._asdict(), "file": "feed.db"},
        )
        report.rows += _follow(course, report)
    _tabulate(report, course)
    yield report


def _follow(course: Course, report: Report) -> list[dict[str, float]]:
    """Return the samples of the writer, which is checked at the end of every window."""
    from dedupe_news import NewsIndex  # noqa: PLC0415 - not while the command line is read

    samples: list[dict[str, float]] = []
    n_asked = n_agreed = day = 0
    memory, items = NewsIndex(course.config()), course.items()
    with process.Process(writer, course._asdict()) as probe:
        probe.reply()
        while day < course.days:
            outcome = probe.ask()
            day, queries = outcome["day"], outcome["queries"]
            samples += outcome["samples"]
            report.figures["reopen_s"] = max(outcome["open_s"], report.figures.get("reopen_s", 0.0))
            for sample in outcome["samples"]:
                memory.add_many(list(itertools.islice(items, sample["n_added"])))
            if queries:
                if answers(memory, queries) != outcome["answers"]:
                    report.failures.append(f"day {day}: an index in memory answers otherwise")
                n_asked += len(queries)
                n_agreed += _check(course, outcome, report)
            process.say(f"day {day} of {course.days}")
    if n_asked:
        report.figures["agreement"] = n_agreed / n_asked
        report.notes.append(
            f"Of {n_asked:,} answers at the ends of windows, an index made afresh of what is there "
            f"gives {n_agreed:,} too."
        )
    return samples


def _check(course: Course, outcome: dict[str, Any], report: Report) -> int:
    """Hold answers against a reader's, and return how many a fresh index gives too."""
    from dedupe_news import NewsIndex  # noqa: PLC0415 - not while the command line is read

    day, queries = outcome["day"], outcome["queries"]
    fresh = NewsIndex(course.config())
    with NewsIndex.open(course.file, read_only=True) as reader:
        if answers(reader, queries) != outcome["answers"]:
            report.failures.append(f"day {day}: a reader of the file answers otherwise")
        documents = reader.documents()
        while part := list(itertools.islice(documents, _AT_ONCE)):
            fresh.add_many(part)
    pairs = zip(outcome["answers"], answers(fresh, queries), strict=True)
    n_agreed = sum(bool(given == expected) for given, expected in pairs)
    if n_agreed < _LEAST_AGREEMENT * len(queries):
        report.failures.append(
            f"day {day}: a fresh index gives {n_agreed:,} of {len(queries):,} answers"
        )
    return n_agreed


def answers(index: NewsIndex, queries: list[dict[str, Any]]) -> list[list[list[Any]]]:
    """Return id, Jaccard similarity and relation of the matches of each query."""
    matches_of = index.query_many(queries)
    return [[[m.id, m.jaccard, m.relation.name] for m in matches] for matches in matches_of]


def writer(settings: dict[str, Any]) -> Generator[dict[str, Any], str, None]:
    """
    Probe: keep an index of the feed; a reply at the end of every window, and of the feed.

    It holds a sample for every day, and the answers to a few items that are still to come.
    """
    course = Course(**settings)
    items, index = course.items(), course.open()
    yield {}
    samples: list[dict[str, float]] = []
    add_s, n_added, open_s, day, period = 0.0, 0, 0.0, 0, 0
    while batch := list(itertools.islice(items, course.batch)):
        today = course.day_of(batch[0])
        if today > day:
            day = today
            samples.append(_sample(course, day, index, n_added=n_added, add_s=add_s))
            add_s, n_added = 0.0, 0
        if today // course.window_days > period:
            period = today // course.window_days
            queries = batch[: course.n_queries]
            yield {
                "day": day, "open_s": open_s, "samples": samples, "queries": queries,
                "answers": answers(index, queries),
            }  # fmt: skip
            samples = []
            index.close()
            del index  # or its memory would be there beside that of the next
            started = time.perf_counter()
            index = course.open()
            open_s = time.perf_counter() - started
        started = time.perf_counter()
        index.add_many(batch)
        add_s += time.perf_counter() - started
        n_added += len(batch)
    samples.append(_sample(course, course.days, index, n_added=n_added, add_s=add_s))
    index.close()
    yield {"day": course.days, "open_s": open_s, "samples": samples, "queries": []}


def _sample(
    course: Course, day: int, index: NewsIndex, *, n_added: int, add_s: float
) -> dict[str, float]:
    gc.collect()
    file = Path(course.file)
    files = [file, file.with_name(f"{file.name}-wal")]
    return {
        "day": day,
        "n_documents": len(index),
        "resident_bytes": timing.resident_bytes(),
        "file_bytes": sum(each.stat().st_size for each in files if each.exists()),
        "n_added": n_added,
        "add_s": add_s,
    }


def _tabulate(report: Report, course: Course) -> None:
    """Say how flat memory and file are once a few windows ended."""
    samples, figures = report.rows, report.figures
    settled = _SETTLED * course.window_days
    early = [each for each in samples if course.window_days < each["day"] <= settled]
    later = [each for each in samples if each["day"] > settled]
    for name in ("resident", "file"):
        size = f"{name}_bytes"
        figures[f"{name}_mib.peak"] = max(each[size] for each in samples) / _MIB
        if early and later:
            before, after = (max(each[size] for each in part) for part in (early, later))
            figures[f"{size}.growth"] = after / before
    figures["n_added"] = sum(each["n_added"] for each in samples)
    figures["add_many_per_s"] = figures["n_added"] / sum(each["add_s"] for each in samples)
    figures["n_documents.last"] = samples[-1]["n_documents"]
    if figures["n_added"] != course.n_items:
        report.failures.append(f"{figures['n_added']:,.0f} items were added of {course.n_items:,}")
    note = (
        f"One process adds batches of {course.batch:,} for the whole time, and opens the file "
        f"again every {course.window_days} days. Documents that left stay until they are as many "
        "as the others, so that two windows pass before memory is at its height and documents are "
        "dropped from the file for the first time: growth is the peak after the fourth window "
        "over that from the second to the fourth. The file is counted with its write-ahead log."
    )
    report.tabulate_figures("", note, _UNITS)
