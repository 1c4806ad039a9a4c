"""
The process that keeps an index of a feed for as long as the feed runs.

Run as ``python -m benchmarks.soak_worker SETTINGS``, where SETTINGS are those of
`Course` as JSON. At the end of every period it prints one JSON object, what it
measured and what it answered to a few items that are still to come, and waits
for a line before it closes the index, opens it again and goes on.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import gc
import itertools
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import corpora, timing
from benchmarks.datasets import SEED
from benchmarks.peers import THRESHOLD, our_config

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dedupe_news import Config, NewsIndex

DAY_US = 86_400_000_000
"""Microseconds of a day."""

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclasses.dataclass(frozen=True, slots=True)
class Course:
    """
    A feed, and how it is kept.

    Attributes
    ----------
    file : str
        The index.
    policy : str
        Of its configuration.
    n_items : int
        Items of the whole feed.
    days : int
        How long the feed runs.
    window_days : int
        Its window; the index is opened again as often.
    batch : int
        Items that arrive together.
    n_queries : int
        Items to ask for at the end of every period.
    """

    file: str
    policy: str
    n_items: int
    days: int
    window_days: int
    batch: int
    n_queries: int

    def config(self) -> Config:
        """
        Return the settings of the index.

        Returns
        -------
        dedupe_news.Config
            With the window.
        """
        from dedupe_news import Config  # noqa: PLC0415 - not while the command line is read

        base = our_config(THRESHOLD) if self.policy == "similar" else Config()
        return base.replace(window=dt.timedelta(days=self.window_days))

    def open(self) -> NewsIndex:
        """
        Open the index, or make it.

        Returns
        -------
        dedupe_news.NewsIndex
            Ready to write.
        """
        from dedupe_news import NewsIndex  # noqa: PLC0415 - as above

        return NewsIndex.open(self.file, self.config(), durability="normal")

    def items(self) -> Iterator[dict[str, Any]]:
        """
        Make the feed, evenly spread over its days.

        Yields
        ------
        dict
            As `dedupe_news.NewsIndex.add_many` takes it; ``published`` is in UTC.
        """
        first = corpora.FIRST_PUBLISHED
        made_us = max(1, self.n_items * corpora.INTERVAL)
        number = itertools.count()
        for chunk in corpora.feed_chunks(self.n_items, SEED):
            offsets = (chunk.published - first) * (self.days * DAY_US / made_us)
            moments = (first + offsets.astype("int64")).tolist()
            columns = zip(chunk.title, chunk.description, chunk.source, moments, strict=True)
            for title, text, source, moment in columns:
                published = _EPOCH + dt.timedelta(microseconds=moment)
                yield {
                    "id": str(next(number)), "title": title, "text": text, "source": source,
                    "published": published,
                }  # fmt: skip


def answers(index: NewsIndex, queries: list[dict[str, Any]]) -> list[list[list[Any]]]:
    """
    Ask an index for items that it does not have.

    Parameters
    ----------
    index : dedupe_news.NewsIndex
        The index.
    queries : list of dict
        The items.

    Returns
    -------
    list of list of list
        For each item id, Jaccard similarity and relation of its matches.
    """
    found = index.query_many(queries)
    return [[[m.id, m.jaccard, m.relation.name] for m in matches] for matches in found]


class _Measured:
    """A sample a day: documents, memory, size of the file, speed since the last one."""

    def __init__(self, course: Course) -> None:
        self._file = Path(course.file)
        self.samples: list[dict[str, float]] = []
        self.add_s, self.n_added = 0.0, 0

    def sample(self, day: int, index: NewsIndex) -> None:
        gc.collect()
        files = [self._file, self._file.with_name(self._file.name + "-wal")]
        self.samples.append(
            {
                "day": day,
                "n_documents": len(index),
                "resident_bytes": timing.resident_bytes(),
                "file_bytes": sum(file.stat().st_size for file in files if file.exists()),
                "n_added": self.n_added,
                "add_s": self.add_s,
            }
        )
        self.add_s, self.n_added = 0.0, 0


def _keep(course: Course) -> None:
    items = course.items()
    measured = _Measured(course)
    index = course.open()
    open_s, day, period = 0.0, 0, 0
    while batch := list(itertools.islice(items, course.batch)):
        moment = (batch[0]["published"] - _EPOCH) // dt.timedelta(microseconds=1)
        today = (moment - corpora.FIRST_PUBLISHED) // DAY_US
        if today > day:
            day = today
            measured.sample(day, index)
        if today // course.window_days > period:
            period = today // course.window_days
            queries = batch[: course.n_queries]
            _report(
                measured, day=day, open_s=open_s, queries=queries, found=answers(index, queries)
            )
            index.close()
            del index  # or its memory would be there beside that of the next
            started = time.perf_counter()
            index = course.open()
            open_s = time.perf_counter() - started
        started = time.perf_counter()
        index.add_many(batch)
        measured.add_s += time.perf_counter() - started
        measured.n_added += len(batch)
    measured.sample(course.days, index)
    _report(measured, day=course.days, open_s=open_s, queries=[], found=[])
    index.close()


def _report(
    measured: _Measured,
    *,
    day: int,
    open_s: float,
    queries: list[dict[str, Any]],
    found: list[list[list[Any]]],
) -> None:
    outcome = {
        "day": day, "open_s": open_s, "samples": measured.samples, "answers": found,
        "queries": [{**item, "published": item["published"].isoformat()} for item in queries],
    }  # fmt: skip
    sys.stdout.write(json.dumps(outcome) + "\n")
    sys.stdout.flush()
    measured.samples = []
    sys.stdin.readline()


def main() -> None:
    """Keep the index that the command line describes."""
    _keep(Course(**json.loads(sys.argv[1])))


if __name__ == "__main__":
    main()
