"""Labelled pairs as rows of features, each pair counted within its whole feed."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import gold
from dedupe_news._engine.classifier import features_of
from dedupe_news._engine.segment import Segment
from dedupe_news._engine.segment import count as count_words
from dedupe_news._input.columns import NO_SOURCE, NO_TIME
from dedupe_news._input.reading import read_documents
from dedupe_news.config import Config

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence

    from numpy.typing import NDArray

    from benchmarks.gold import LabelledPair

VARIANTS = ("full", "no_metadata", "no_counts", "neither", "one_day")
"""What is known of a pair: all; no sources and times; no counts of words; neither; one day."""

_FEW_TEXTS = float(np.log(3.0))
"""Logarithm of the number of texts of a batch, plus 1, too small for counts."""


@dataclasses.dataclass(frozen=True, slots=True)
class Counted:
    """A batch with its words counted; `text_of` has the text of each id, or -1."""

    segment: Segment
    text_of: Mapping[Hashable, int]

    def pairs(self, ids: Sequence[tuple[Hashable, Hashable]]) -> NDArray[np.int64]:
        """Return the texts of pairs of ids, shape (n_pairs, 2); -1 for what is not there."""
        rows = [[self.text_of.get(each, -1) for each in pair] for pair in ids]
        return np.array(rows, np.int64).reshape(-1, 2)

    def rows(self, pairs: NDArray[np.int64], variant: str, n_jobs: int) -> NDArray[np.float64]:
        """Return the features of pairs of texts in a variant."""
        return features_of(_vary(self.segment, variant), pairs, n_jobs)


@dataclasses.dataclass(frozen=True, slots=True)
class Examples:
    """Pairs to fit and to judge by, as arrays of one entry a pair."""

    rows: Mapping[str, NDArray[np.float64]]
    label: NDArray[np.int64]
    feed: NDArray[np.str_]
    is_identical: NDArray[np.bool_]
    pairs: list[LabelledPair]

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.label)


def count(feed: Any, n_jobs: int) -> Counted:  # noqa: ANN401 - any feed the library reads
    """Count the words of a feed as a batch does."""
    columns = read_documents(feed, n_jobs=n_jobs)
    counted = count_words(columns, Config(), n_jobs)
    ids = range(len(columns)) if columns.ids is None else columns.ids
    return Counted(counted.segment, dict(zip(ids, counted.text_of.tolist(), strict=True)))


def read_examples(n_jobs: int, announce: Callable[[str], None]) -> Examples:
    """Return all labelled pairs of the feeds that are there, with their features."""
    pairs, kept, parts = gold.read_pairs(), [], []
    identical: list[NDArray[np.bool_]] = []
    for name in gold.present_feeds():
        members = [pair for pair in pairs if pair.feed == name]
        if not members:
            continue
        announce(f"features of {len(members):,} pairs of {name}")
        counted = count(gold.read_feed(name).drop_columns(["lang"]), n_jobs)
        texts = counted.pairs([(pair.first, pair.second) for pair in members])
        there: NDArray[np.bool_] = np.all(texts >= 0, axis=1)
        texts = texts[there]
        kept += [pair for pair, is_there in zip(members, there.tolist(), strict=True) if is_there]
        identical.append(texts[:, 0] == texts[:, 1])
        parts.append({variant: counted.rows(texts, variant, n_jobs) for variant in VARIANTS})
    return Examples(
        rows={variant: np.concatenate([part[variant] for part in parts]) for variant in VARIANTS},
        label=np.array([pair.label for pair in kept], np.int64),
        feed=np.array([pair.feed for pair in kept]),
        is_identical=np.concatenate(identical),
        pairs=kept,
    )


def _vary(segment: Segment, variant: str) -> Segment:
    """Return a segment that knows less."""
    evidence = segment.evidence
    log_texts, days = evidence.totals
    if variant in {"no_metadata", "neither"}:
        days = 0.0
        evidence = evidence._replace(
            times=np.full_like(evidence.times, NO_TIME),
            sources=np.full_like(evidence.sources, NO_SOURCE),
        )
    elif variant in {"no_counts", "one_day"}:
        days = 1.0
    if variant in {"no_counts", "neither"}:
        log_texts = _FEW_TEXTS
    totals = np.array([log_texts, days])
    return dataclasses.replace(segment, evidence=evidence._replace(totals=totals))
