"""A feed as the judge sees it: distinct texts, their statistics, candidate pairs, features."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.datasets import joined
from dedupe_news import judge, news
from dedupe_news.config import Config
from dedupe_news.documents import read_documents
from dedupe_news.kernels.features import N_FEATURES
from dedupe_news.stars import group, neighbours_of
from dedupe_news.text import tokenize
from dedupe_news.texts import distinct_texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from dedupe_news.news import Examination


@dataclasses.dataclass(frozen=True, slots=True)
class Examined:
    """
    What the library knows of a feed before the judge speaks.

    Attributes
    ----------
    examination : dedupe_news.news.Examination
        Texts in order of time and digest, their evidence, the candidate pairs.
    text_of : ndarray of int64, shape (n_documents,)
        The text of each document, as the examination numbers them; -1 where it
        has no token.
    n_jobs : int
        Threads for more work.
    """

    examination: Examination
    text_of: NDArray[np.int64]
    n_jobs: int

    def __len__(self) -> int:
        """Return the number of distinct texts."""
        return len(self.examination.order)

    def features(self, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.float32]:
        """
        Return the features of pairs of texts.

        Parameters
        ----------
        left, right : ndarray of int64, shape (n_pairs,)
            Texts.

        Returns
        -------
        ndarray of float32, shape (n_pairs, N_FEATURES)
            In the order of ``dedupe_news.kernels.features.FEATURES``; NaN for
            pairs that share too little to be judged.
        """
        # A pair is always seen from its earlier text.
        first, second = np.minimum(left, right), np.maximum(left, right)
        return judge.pair_features(self.examination.evidence, first, second, self.n_jobs)

    def partition(self, margins: NDArray[np.float64]) -> NDArray[np.int64]:
        """
        Return the clusters that the library forms of judged candidates.

        Parameters
        ----------
        margins : ndarray of float64, shape (n_pairs,)
            Logit of each candidate pair less that of the threshold; minus
            infinity for pairs that share too little to be judged.

        Returns
        -------
        ndarray of int64, shape (n_texts,)
            One member of each text's cluster.
        """
        judged = np.isfinite(margins)
        neighbours = neighbours_of(
            self.examination.pairs[judged], margins[judged].astype(np.float32), len(self)
        )
        # Who represents a cluster does not change who is in it.
        return group(neighbours, lambda numbers: numbers)

    def tokens_of(self, text: int) -> NDArray[np.uint32]:
        """
        Return the token hashes of a text.

        Parameters
        ----------
        text : int
            Its number.

        Returns
        -------
        ndarray of uint32
            In order.
        """
        evidence = self.examination.evidence
        return evidence.tokens[evidence.starts[text] : evidence.stops[text]]


def examine_feed(feed: pa.Table, *, with_metadata: bool, n_jobs: int) -> Examined:
    """
    Examine a whole feed, as ``cluster`` does by default.

    Parameters
    ----------
    feed : pyarrow.Table
        From `benchmarks.labelled.read_feed`.
    with_metadata : bool
        Whether sources and times are seen, or the texts alone.
    n_jobs : int
        Threads.

    Returns
    -------
    Examined
        The same for any `n_jobs`.
    """
    config = Config()
    if with_metadata:
        columns = read_documents(
            feed.select([name for name in feed.column_names if name != "lang"]),
            text="description",
            n_jobs=n_jobs,
        )
    else:
        columns = read_documents(bare_texts(feed), n_jobs=n_jobs)
    tokens = tokenize(
        columns.buffer,
        columns.offsets,
        config,
        columns.sources,
        columns.source_names,
        n_jobs=n_jobs,
    )
    texts = distinct_texts(columns, tokens.hashes, tokens.offsets, config.prefer, n_jobs)
    examination = news.examine(columns, tokens, texts, n_jobs)
    number_of = np.empty(len(texts), np.int64)
    number_of[examination.order] = np.arange(len(texts))
    present = texts.text_of >= 0
    text_of = np.full(len(columns), -1, np.int64)
    text_of[present] = number_of[texts.text_of[present]]
    return Examined(examination, text_of, n_jobs)


def bare_texts(feed: pa.Table) -> list[str]:
    """
    Return a feed as one string a document.

    Parameters
    ----------
    feed : pyarrow.Table
        From `benchmarks.labelled.read_feed`.

    Returns
    -------
    list of str
        Title, newline, description.
    """
    return joined(feed["title"].to_pylist(), feed["description"].to_pylist())


def features_among_few(
    feed: pa.Table,
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    n_documents: int,
    n_jobs: int,
) -> NDArray[np.float32]:
    """
    Return the features of pairs as a small batch shows them.

    Parameters
    ----------
    feed : pyarrow.Table
        From `benchmarks.labelled.read_feed`, in order of time.
    first, second : ndarray of int64, shape (n_pairs,)
        Positions of the documents of each pair; each has words.
    n_documents : int
        Size of the batch: the neighbours of both documents in the feed; if
        they are far apart, half of it around each.
    n_jobs : int
        Threads.

    Returns
    -------
    ndarray of float32, shape (n_pairs, N_FEATURES)
        As from `Examined.features`.
    """
    batches: dict[tuple[int, ...], list[int]] = {}
    for pair, ends in enumerate(zip(first.tolist(), second.tolist(), strict=True)):
        bounds = _neighbours(min(ends), max(ends), n_documents, feed.num_rows)
        batches.setdefault(bounds, []).append(pair)
    whole = feed.combine_chunks()
    features = np.empty((len(first), N_FEATURES), np.float32)
    for bounds, pairs in batches.items():
        rows = np.concatenate(
            [np.arange(*each) for each in zip(bounds[::2], bounds[1::2], strict=True)]
        )
        examined = examine_feed(whole.take(rows), with_metadata=True, n_jobs=n_jobs)
        left, right = (
            examined.text_of[np.searchsorted(rows, each[pairs])] for each in (first, second)
        )
        features[pairs] = examined.features(left, right)
    return features


def candidates_among_few(
    feed: pa.Table, starts: Sequence[int], n_documents: int, n_jobs: int
) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.int64]]:
    """
    Return the candidates of small batches as these show them.

    Parameters
    ----------
    feed : pyarrow.Table
        From `benchmarks.labelled.read_feed`, in order of time.
    starts : sequence of int
        Where each batch begins.
    n_documents : int
        Size of a batch.
    n_jobs : int
        Threads.

    Returns
    -------
    features : ndarray of float32, shape (n_pairs, N_FEATURES)
        Of the candidates that share enough to be judged.
    first, second : ndarray of int64, shape (n_pairs,)
        Positions of a document of each of the two texts.
    """
    found = []
    for start in starts:
        examined = examine_feed(feed.slice(start, n_documents), with_metadata=True, n_jobs=n_jobs)
        place = np.empty(len(examined), np.int64)
        present = np.flatnonzero(examined.text_of >= 0)
        place[examined.text_of[present]] = present + start
        left, right = examined.examination.left, examined.examination.right
        features = examined.features(left, right)
        judged = ~np.isnan(features[:, 0])
        found.append((features[judged], place[left[judged]], place[right[judged]]))
    features, first, second = (np.concatenate(each) for each in zip(*found, strict=True))
    return features, first, second


def _neighbours(left: int, right: int, size: int, n_documents: int) -> tuple[int, ...]:
    """Return the bounds of one stretch of a feed around two positions, or of two stretches."""
    if size >= n_documents:
        return 0, n_documents
    if right - left < size:
        start = min(max(0, (left + right - size) // 2), n_documents - size)
        return start, start + size
    half = size // 2
    starts = [min(max(0, at - half // 2), n_documents - half) for at in (left, right)]
    return starts[0], starts[0] + half, starts[1], starts[1] + half


def positions(feed: pa.Table, ids: Sequence[str]) -> NDArray[np.int64]:
    """
    Return where documents stand in a feed.

    Parameters
    ----------
    feed : pyarrow.Table
        From `benchmarks.labelled.read_feed`.
    ids : sequence of str
        Ids of documents.

    Returns
    -------
    ndarray of int64
        One position an id; -1 for those that are not in the feed.
    """
    place = {each: at for at, each in enumerate(feed["id"].to_pylist())}
    return np.array([place.get(each, -1) for each in ids], np.int64)
