"""What tells duplicates: a threshold of Jaccard similarity, or the classifier."""

from __future__ import annotations

import dataclasses
import functools
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np

from dedupe_news._engine import candidates
from dedupe_news._engine.candidates import BOUNDS, Candidates, fill_buckets, match_buckets
from dedupe_news._engine.classifier import (
    CLASSES,
    DIFFERENT,
    DUPLICATE,
    Classifier,
    load_classifier,
)
from dedupe_news._engine.segment import Segment, make_segment
from dedupe_news._engine.sets import Runs, overlaps, shingle, sort_sets
from dedupe_news._engine.signatures import band_keys
from dedupe_news._kernels.evidence import Evidence
from dedupe_news._kernels.verification import ShingleSets

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from dedupe_news._engine.texts import Texts
    from dedupe_news._input.columns import Columns
    from dedupe_news._kernels.pairing import Bounds
    from dedupe_news._machine.space import Space
    from dedupe_news._text import Tokens
    from dedupe_news.config import Config


class Compared(NamedTuple):
    """
    The texts of a batch, and which of them are to be judged.

    Parameters
    ----------
    order : ndarray of int64, shape (n_texts,)
        The number in `Texts` of each text here.
    runs : Runs
        Their tokens.
    sets : ShingleSets
        Their shingle sets, as far as they share a bucket.
    keys : ndarray of uint32, shape (n_texts, n_bands)
        Their band keys.
    candidates : Candidates
        The pairs to judge.
    n_ruled_out : int
        Pairs that count as compared, though they need not be judged.
    segment : Segment or None
        Their words, counted, where the verdict reads counts.
    """

    order: NDArray[np.int64]
    runs: Runs
    sets: ShingleSets
    keys: NDArray[np.uint32]
    candidates: Candidates
    n_ruled_out: int
    segment: Segment | None


RECORDS = (Compared, Runs, ShingleSets, Candidates, Segment, Evidence)
"""What `Compared` is made of."""


@dataclasses.dataclass(frozen=True)
class Verdict(ABC):
    """What a policy compares of a batch, and how it judges a pair."""

    columns: Columns
    tokens: Tokens
    texts: Texts
    config: Config
    n_jobs: int
    space: Space

    has_probabilities: ClassVar[bool]

    @property
    @abstractmethod
    def bounds(self) -> Bounds:
        """Return the bounds of what is compared."""

    @property
    def in_order(self) -> Callable[[NDArray[np.int64]], NDArray[np.int64]] | None:
        """Return what puts the texts of a large bucket in the order in which they meet."""
        return None

    @abstractmethod
    def compare(self) -> Compared:
        """Return the candidates among all texts of the batch."""

    @abstractmethod
    def probabilities(self, compared: Compared, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the probability of each class for pairs of texts, shape (n_pairs, n_classes)."""

    def among(
        self, compared: Compared, members: NDArray[np.int64], changed: NDArray[np.int64]
    ) -> Candidates:
        """Return the candidates among some texts, in the buckets that `changed` texts are of."""
        buckets = fill_buckets(
            compared.keys,
            self.bounds.bucket_size,
            self.n_jobs,
            members=members,
            in_order=self.in_order,
        )
        return match_buckets(buckets, compared.sets, self.bounds, self.n_jobs, changed)


class JaccardThreshold(Verdict):
    """The policy "similar": a pair is a duplicate from a Jaccard similarity on."""

    has_probabilities = False

    @property
    def bounds(self) -> Bounds:
        """Return those of the settings; containment does not count."""
        return BOUNDS._replace(
            bucket_size=self.config.bucket_limit,
            least_jaccard=self.config.threshold,
            least_containment=np.inf,
        )

    @property
    def in_order(self) -> Callable[[NDArray[np.int64]], NDArray[np.int64]]:
        """Return what puts texts in order of preference."""
        return self.texts.in_order

    def compare(self) -> Compared:
        """Return the pairs that share a bucket of the configured bands and are similar enough."""
        n_jobs, space = self.n_jobs, self.space
        runs = Runs(self.tokens.hashes, self.texts.starts, self.texts.stops)
        shingles, offsets = shingle(runs, self.config.shingle_size, n_jobs, space)
        keys = band_keys(shingles, offsets, self.config, n_jobs, space)
        buckets = fill_buckets(
            keys, self.bounds.bucket_size, n_jobs, in_order=self.in_order, space=space
        )
        sets = sort_sets(shingles, offsets, n_jobs, space, buckets.shared())
        matched = match_buckets(buckets, sets, self.bounds, n_jobs)
        n_ruled_out = matched.n_compared - len(matched.pairs)
        return Compared(np.arange(len(self.texts)), runs, sets, keys, matched, n_ruled_out, None)

    def probabilities(self, compared: Compared, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return 1 for what a pair is, duplicate or different."""
        jaccard = overlaps(rows, compared.sets, compared.runs, self.n_jobs).jaccard
        kinds = np.where(jaccard >= self.config.threshold, DUPLICATE, DIFFERENT)
        certain: NDArray[np.float64] = np.eye(len(CLASSES))[kinds]
        return certain


class ByClassifier(Verdict):
    """The policy "news": the classifier tells duplicates, same story and templates apart."""

    has_probabilities = True

    @property
    def bounds(self) -> Bounds:
        """Return bounds that leave nearly all duplicates, which are no settings."""
        return BOUNDS

    @functools.cached_property
    def _model(self) -> Classifier:
        return load_classifier(self.config)

    def compare(self) -> Compared:
        """Return the pairs that share a bucket or rare shingles, and some of their words."""
        load_classifier(self.config)  # a judge that cannot be used is refused before the work
        segment = make_segment(self.columns, self.tokens, self.texts, self.n_jobs, self.space)
        segment = self.space.keep(segment)
        keys = candidates.find_keys(segment, self.n_jobs, self.space)
        matched = candidates.find_candidates(segment, keys, self.n_jobs, self.space)
        return Compared(segment.order, segment.runs, segment.sets, keys, matched, 0, segment)

    def probabilities(self, compared: Compared, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return what the classifier says."""
        assert compared.segment is not None  # noqa: S101 - `compare` made it
        return self._model.probabilities(compared.segment, rows, self.n_jobs)
