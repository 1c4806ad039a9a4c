"""Successive versions of edited articles: is a new version found to be one, and at what change."""

from __future__ import annotations

import dataclasses
import importlib
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.report import Table
from benchmarks.shingles import library_tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from benchmarks.report import Report

REVISIONS = "teaser_revisions.parquet"

EDGES = (1.0, 0.8, 0.6, 0.4, 0.2, 0.0)
"""Least word-bigram Jaccard similarity of each class of change."""


@dataclasses.dataclass(frozen=True, slots=True)
class Answers:
    """
    What an index said of versions.

    Attributes
    ----------
    alike : ndarray of float64, shape (n_queries,)
        Word-bigram Jaccard similarity of each version and the indexed one.
    is_found : ndarray of bool, shape (n_queries,)
        Whether the indexed version of the article is among the answers.
    is_first : ndarray of bool, shape (n_queries,)
        Whether it is the first answer.
    n_indexed : int
        Versions in the index.
    """

    alike: NDArray[np.float64]
    is_found: NDArray[np.bool_]
    is_first: NDArray[np.bool_]
    n_indexed: int


def query_revisions(versions: pa.Table, n_jobs: int) -> Answers:
    """
    Index the first version of each article, and query with the others.

    Parameters
    ----------
    versions : pyarrow.Table
        ``id, article, title, description, source, published``.
    n_jobs : int
        Threads.

    Returns
    -------
    Answers
        One a later version, in the order of the table.
    """
    index_module = importlib.import_module("dedupe_news.index")
    index = index_module.NewsIndex(policy="news")
    articles = versions["article"].to_pylist()
    first: dict[str, int] = {}
    for position, article in enumerate(articles):
        first.setdefault(article, position)
    kept = np.array(list(first.values()), np.int64)
    later = np.setdiff1d(np.arange(len(articles)), kept)
    columns = [
        name
        for name in ("id", "title", "description", "source", "published")
        if name in versions.column_names
    ]
    index.add_many(versions.select(columns).take(kept), text="description", n_jobs=n_jobs)
    asked = versions.select(columns[1:]).take(later)
    found = index.query_many(asked, text="description", n_jobs=n_jobs)
    ids = versions["id"].to_pylist()
    own = [ids[first[articles[position]]] for position in later.tolist()]
    answers = [[match.id for match in matches] for matches in found]
    bigrams = word_bigrams(versions["title"].to_pylist(), versions["description"].to_pylist())
    originals = [first[articles[position]] for position in later.tolist()]
    return Answers(
        alike=np.array(
            [
                similarity(bigrams[position], bigrams[original])
                for position, original in zip(later.tolist(), originals, strict=True)
            ]
        ),
        is_found=np.array([each in given for each, given in zip(own, answers, strict=True)], bool),
        is_first=np.array(
            [given[:1] == [each] for each, given in zip(own, answers, strict=True)], bool
        ),
        n_indexed=len(kept),
    )


def word_bigrams(
    titles: Sequence[str | None], texts: Sequence[str | None]
) -> list[frozenset[tuple[int, int]]]:
    """
    Return the word bigrams of documents.

    Parameters
    ----------
    titles, texts : sequence of str or None
        The documents.

    Returns
    -------
    list of frozenset
        Pairs of hashes of neighbouring words, as the library folds them.
    """
    config = importlib.import_module("dedupe_news.config").Config()
    joined = [f"{title or ''}\n{text or ''}" for title, text in zip(titles, texts, strict=True)]
    tokens = library_tokens(joined, config)
    hashes, offsets = tokens.hashes.tolist(), tokens.offsets.tolist()
    return [
        frozenset(zip(hashes[start : stop - 1], hashes[start + 1 : stop], strict=True))
        for start, stop in pairwise(offsets)
    ]


def similarity(left: frozenset[tuple[int, int]], right: frozenset[tuple[int, int]]) -> float:
    """
    Return the Jaccard similarity of two sets.

    Parameters
    ----------
    left, right : frozenset
        The sets.

    Returns
    -------
    float
        In [0, 1]; 1 for two empty sets.
    """
    either = len(left | right)
    return len(left & right) / either if either else 1.0


def tabulate(report: Report, answers: Answers) -> None:
    """
    Add recall by how much changed.

    Parameters
    ----------
    report : Report
        Gets the table, rows and figures.
    answers : Answers
        From `query_revisions`.
    """
    rows = []
    above = np.inf
    classes: list[tuple[str, NDArray[np.bool_]]] = []
    for edge in EDGES:
        name = "1 (same words in order)" if edge == 1 else f"{edge:g} to {above:g}"
        classes.append((name, (answers.alike >= edge) & (answers.alike < above)))
        above = edge
    classes.append(("0.2 and above", answers.alike >= EDGES[-2]))
    classes.append(("all", answers.alike >= 0))
    for name, chosen in classes:
        n_versions = int(chosen.sum())
        found = _share(answers.is_found[chosen])
        first = _share(answers.is_first[chosen])
        key = name.split(" (")[0].replace(" ", "_")
        report.figures[f"recall.{key}"] = found
        report.rows.append({"alike": name, "n": n_versions, "recall": found, "first": first})
        rows.append([name, f"{n_versions:,}", f"{found:.3f}", f"{first:.3f}"])
    headings = ("word-bigram Jaccard", "versions", "recall", "as the first answer")
    note = (
        f"{answers.n_indexed:,} first versions in an index, queried with the later ones. Rewrites "
        "and live blogs are among them: not every version is a duplicate."
    )
    report.tables.append(Table("Later versions of an article", headings, rows, note))


def _share(values: Iterable[bool] | NDArray[np.bool_]) -> float:
    each = list(values)
    return float(np.mean(each)) if each else 1.0
