"""
The corpora that the suites run on: real files where they are, made-up feeds anywhere.

Real files are read from ``../shared/data`` beside the repository, or from the folder that the
environment variable ``DEDUPE_NEWS_SHARED`` names. They belong to their publishers: nothing of
them is written to a result.
"""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import corpora

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

ROOT = Path(__file__).resolve().parent.parent
"""Root of the repository; every process is started here."""

TEASERS = "newsapi_teasers.parquet"
STORIES = "reuters21578.parquet"
SHARED_VARIABLE = "DEDUPE_NEWS_SHARED"
SEED = 20261123
"""Seed of every made-up corpus and every sample."""


class DataMissingError(Exception):
    """A suite needs a file that is not on this machine."""


@dataclasses.dataclass(frozen=True, slots=True)
class Corpus:
    """Texts to measure on, their name in file names, and what they are in one line."""

    name: str
    description: str
    texts: list[str]


def shared_file(name: str) -> Path:
    """Return the path of a real data file."""
    given = os.environ.get(SHARED_VARIABLE)
    base = Path(given) if given else ROOT.parent / "shared"
    for path in (base / "data" / name, base / name):
        if path.is_file():
            return path
    message = (
        f"the real data file {name} is in neither {base / 'data'} nor {base}; "
        f"set {SHARED_VARIABLE} to its folder, or choose the made-up feed"
    )
    raise DataMissingError(message)


def has_real_data() -> bool:
    """Return whether the teasers and the stories are on this machine."""
    try:
        shared_file(TEASERS)
        shared_file(STORIES)
    except DataMissingError:
        return False
    return True


def read(file: Path | str, columns: list[str] | None = None) -> pa.Table:
    """Return a Parquet file, or some of its columns; a real one by its name."""
    import pyarrow.parquet as pq  # noqa: PLC0415 - optional, and slow to import

    return pq.read_table(shared_file(file) if isinstance(file, str) else file, columns=columns)


def english_teasers(n: int) -> Corpus:
    """Return the first `n` English teasers of the real feed, which is sorted by time."""
    import pyarrow.compute as pc  # noqa: PLC0415 - optional, and slow to import

    table = read(TEASERS, ["title", "description", "lang"])
    table = table.filter(pc.equal(table["lang"].cast("string"), "en")).slice(0, n)
    texts = joined(table["title"].to_pylist(), table["description"].to_pylist())
    return Corpus(f"real-{len(texts)}", f"first {len(texts):,} English teasers of the feed", texts)


def teasers(n: int, n_stretches: int = 3) -> Corpus:
    """Return `n` teasers of the real feed in stretches that are spread over its time."""
    table = read(TEASERS, ["title", "description"])
    length = min(n, table.num_rows) // n_stretches
    texts: list[str] = []
    for stretch in range(n_stretches):
        part = table.slice(table.num_rows * stretch // n_stretches, length)
        texts += joined(part["title"].to_pylist(), part["description"].to_pylist())
    return Corpus("teasers", f"{len(texts):,} teasers in {n_stretches} stretches", texts)


def stories(n: int) -> Corpus:
    """Return the first `n` Reuters stories of 1987, headline first."""
    texts = read(STORIES, ["text"])["text"].slice(0, n).to_pylist()
    return Corpus("stories", f"first {len(texts):,} Reuters stories", texts)


def made_up(n: int) -> Corpus:
    """Return a made-up feed of any size, the same on every machine."""
    feed = corpora.made_up_feed(n, SEED)
    texts = joined(feed.title, feed.description)
    return Corpus(f"made-up-{n}", f"{n:,} made-up teasers, seed {SEED}", texts)


def joined(titles: Sequence[str | None], texts: Sequence[str | None]) -> list[str]:
    """Return titles and texts as the contestants get them: title, newline, text."""
    return [f"{title or ''}\n{text or ''}" for title, text in zip(titles, texts, strict=True)]
