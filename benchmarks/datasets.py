"""
The corpora the suites run on: real files where they are, made-up feeds anywhere.

Real files are read from ``../shared/data`` beside the repository, or from the
folder that the environment variable ``DEDUPE_NEWS_SHARED`` names. They belong
to their publishers: nothing of them is written to a result.
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
"""Root of the repository; every subprocess is started here."""

TEASERS = "newsapi_teasers.parquet"
STORIES = "reuters21578.parquet"
SHARED_VARIABLE = "DEDUPE_NEWS_SHARED"
SEED = 20261123
"""Seed of every made-up corpus and every sample."""


class DataMissingError(Exception):
    """A suite needs a file that is not on this machine."""


@dataclasses.dataclass(frozen=True, slots=True)
class Corpus:
    """
    Texts to measure on, and how to name them in a table.

    Attributes
    ----------
    name : str
        Short name, fit for a file name.
    description : str
        What the texts are, in one line.
    texts : list of str
        One text a document: title, newline, description.
    """

    name: str
    description: str
    texts: list[str]

    @property
    def n_bytes(self) -> int:
        """Return the size of the texts as UTF-8."""
        return sum(len(text.encode()) for text in self.texts)


def shared_file(name: str) -> Path:
    """
    Return the path of a real data file.

    Parameters
    ----------
    name : str
        Name of the file.

    Returns
    -------
    Path
        An existing file.

    Raises
    ------
    DataMissingError
        If it is not there; the message says where it was looked for.
    """
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
    """
    Return whether the real files are on this machine.

    Returns
    -------
    bool
        True when both the teasers and the stories are there.
    """
    try:
        shared_file(TEASERS)
        shared_file(STORIES)
    except DataMissingError:
        return False
    return True


def english_teasers(n: int) -> Corpus:
    """
    Return the first English teasers of the real feed.

    Parameters
    ----------
    n : int
        How many; fewer where the feed ends.

    Returns
    -------
    Corpus
        In the order of the feed, which is by time.
    """
    import pyarrow.compute as pc  # noqa: PLC0415 - optional, and slow to import

    table = _read(TEASERS, ["title", "description", "lang"])
    table = table.filter(pc.equal(table["lang"].cast("string"), "en")).slice(0, n)
    texts = joined(table["title"].to_pylist(), table["description"].to_pylist())
    return Corpus(f"real-{len(texts)}", f"first {len(texts):,} English teasers of the feed", texts)


def teasers(n: int, *, n_stretches: int = 3) -> Corpus:
    """
    Return teasers of the real feed from stretches all over its time.

    Parameters
    ----------
    n : int
        How many; fewer where the feed ends.
    n_stretches : int, default 3
        Runs of consecutive teasers to take, evenly spread: within a run the
        copies of a story are together, and all languages of the feed occur.

    Returns
    -------
    Corpus
        In the order of the feed.
    """
    table = _read(TEASERS, ["title", "description"])
    n = min(n, table.num_rows)
    titles, descriptions = table["title"].to_pylist(), table["description"].to_pylist()
    positions: list[int] = []
    for stretch in range(n_stretches):
        start = table.num_rows * stretch // n_stretches
        positions += range(start, start + n * (stretch + 1) // n_stretches - len(positions))
    texts = joined([titles[i] for i in positions], [descriptions[i] for i in positions])
    return Corpus("teasers", f"{len(texts):,} teasers in {n_stretches} stretches", texts)


def stories(n: int) -> Corpus:
    """
    Return the first Reuters stories of 1987.

    Parameters
    ----------
    n : int
        How many; fewer where the collection ends.

    Returns
    -------
    Corpus
        Whole texts, headline first, in the order of the collection.
    """
    texts = _read(STORIES, ["text"])["text"].slice(0, n).to_pylist()
    return Corpus("stories", f"first {len(texts):,} Reuters stories", texts)


def made_up(n: int) -> Corpus:
    """
    Return a made-up feed of any size, the same on every machine.

    Parameters
    ----------
    n : int
        How many teasers.

    Returns
    -------
    Corpus
        Seeded with `SEED`.
    """
    feed = corpora.made_up_feed(n, SEED)
    texts = joined(feed.title, feed.description)
    return Corpus(f"made-up-{n}", f"{n:,} made-up teasers, seed {SEED}", texts)


def joined(titles: Sequence[str | None], texts: Sequence[str | None]) -> list[str]:
    """
    Return titles and texts as the contestants get them.

    Parameters
    ----------
    titles, texts : sequence of str or None
        As many of the one as of the other.

    Returns
    -------
    list of str
        Title, newline, text.
    """
    return [f"{title or ''}\n{text or ''}" for title, text in zip(titles, texts, strict=True)]


def _read(name: str, columns: list[str]) -> pa.Table:
    import pyarrow.parquet as pq  # noqa: PLC0415 - optional, and slow to import

    return pq.read_table(shared_file(name), columns=columns)
