"""What every suite asserts of the answers it timed."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

import numpy as np
import xxhash

from benchmarks import shingles, truth
from benchmarks.datasets import SEED
from benchmarks.peers import SHINGLES, our_config

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from benchmarks.datasets import Corpus
    from benchmarks.peers import Contestant
    from benchmarks.report import Report
    from benchmarks.truth import Pairs, ShingleSets
    from dedupe_news import Match

LEAST_RECALL = 0.99


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """Returned pairs held against all pairs at the threshold."""

    n_exact: int
    n_returned: int
    n_right: int

    @property
    def n_below(self) -> int:
        """Return how many returned pairs are below the threshold."""
        return self.n_returned - self.n_right

    @property
    def recall(self) -> float:
        """Return the share of the exact pairs that was returned; 1 where there is none."""
        return self.n_right / self.n_exact if self.n_exact else 1.0

    @property
    def precision(self) -> float:
        """Return the share of the returned pairs that is exact; 1 where there is none."""
        return self.n_right / self.n_returned if self.n_returned else 1.0

    def as_dict(self) -> dict[str, float | int]:
        """Return counts and rates by name."""
        rates = {"n_below": self.n_below, "recall": self.recall, "precision": self.precision}
        return dataclasses.asdict(self) | rates

    def failures(self, name: str, least_recall: float = LEAST_RECALL) -> list[str]:
        """Return what is wrong with an answer of ours."""
        failures = []
        if self.n_below:
            failures.append(f"{name}: {self.n_below:,} returned pairs are below the threshold")
        if self.recall < least_recall:
            failures.append(
                f"{name}: recall {self.recall:.4f} of {self.n_exact:,} pairs is below "
                f"{least_recall:.4f}"
            )
        return failures


def verdict(exact: Pairs, returned: NDArray[np.int64]) -> Verdict:
    """Hold the distinct keys of returned pairs against the exact ones."""
    right = int(np.isin(returned, exact.keys, assume_unique=True).sum())
    return Verdict(len(exact), len(returned), right)


def judge(
    corpus: Corpus, returned: Mapping[Contestant, tuple[int, NDArray[np.int64]]], threshold: float
) -> dict[str, Verdict]:
    """Judge each contestant, given so many texts, by brute force on its own shingles."""
    truths: dict[tuple[str, int], Pairs] = {}
    verdicts = {}
    for contestant, (n, keys) in returned.items():
        key = contestant.shingles, n
        if key not in truths:
            texts = corpus.texts[:n]
            if contestant.is_ours:
                sets = shingles.library_sets(texts, our_config(threshold))
            else:
                sets = shingles.peer_sets(texts, SHINGLES[contestant.shingles])
            truths[key] = truth.exact_pairs(sets, threshold)
        verdicts[contestant.name] = verdict(truths[key], keys)
    return verdicts


def sample_failures(
    report: Report, texts: Sequence[str], returned: NDArray[np.int64], threshold: float, n: int
) -> list[str]:
    """
    Return what is wrong with the pairs of a corpus that is too large for all of brute force.

    Every returned pair must reach the threshold, and the pairs of `n` sampled documents must
    be found.
    """
    # Most documents have no duplicate: half the sample is of those that have.
    rng, n_texts = np.random.default_rng(SEED), len(texts)
    paired = np.unique(np.concatenate(np.divmod(returned, n_texts)))
    picked = rng.choice(paired, min(n // 2, len(paired)), replace=False)
    sample = np.union1d(picked, rng.choice(n_texts, min(n // 2, n_texts), replace=False))
    touched = np.isin(returned // n_texts, sample) | np.isin(returned % n_texts, sample)
    sets = shingles.library_sets(texts, our_config(threshold))
    exact = truth.exact_pairs(sets, threshold, sample)
    return _hold_sample(report, sets, exact, returned, touched, threshold)


def index_failures(
    report: Report, texts: Sequence[str], n_indexed: int, answers: NDArray[np.int64],
    threshold: float, n: int,
) -> list[str]:  # fmt: skip
    """
    Return what is wrong with answers to single queries.

    `texts` are the indexed ones, then those that were asked for; `answers`, shape
    (n_answers, 2), are the places of queries and of what they found; `n` queries are checked.
    """
    n_texts = len(texts)
    returned = np.unique(truth.pair_keys(answers[:, 0], answers[:, 1], n_texts))
    rng = np.random.default_rng(SEED)
    asked = np.arange(n_indexed, n_texts)
    sample = rng.choice(asked, min(n, len(asked)), replace=False)
    sets = shingles.library_sets(texts, our_config(threshold))
    exact = truth.exact_pairs(sets, threshold, sample)
    # Queries are not in the index: pairs among them are not to be found.
    exact = exact.where(exact.keys // n_texts < n_indexed)
    touched = np.isin(returned % n_texts, sample)
    return _hold_sample(report, sets, exact, returned, touched, threshold)


def _hold_sample(
    report: Report, sets: ShingleSets, exact: Pairs, returned: NDArray[np.int64],
    touched: NDArray[np.bool_], threshold: float,
) -> list[str]:  # fmt: skip
    """Hold all returned pairs against the threshold, and the touched ones against a sample."""
    below = int((truth.jaccard_of(sets, returned) < threshold).sum())
    outcome = verdict(exact, returned[touched])
    report.figures |= {
        "n_below": below, "n_pairs": len(returned), "sample_recall": outcome.recall,
    }  # fmt: skip
    report.notes.append(
        f"Of {len(returned):,} returned pairs {below:,} are below the threshold; recall of the "
        f"{outcome.n_exact:,} pairs of a sample: {outcome.recall:.4f}."
    )
    # A sample may miss the recall by three standard errors.
    error = math.sqrt(LEAST_RECALL * (1 - LEAST_RECALL) / max(1, outcome.n_exact))
    failures = outcome.failures(report.name, LEAST_RECALL - 3 * error)
    return [*failures, *([f"{below:,} returned pairs are below the threshold"] if below else [])]


def digests(answers: Sequence[list[Match]]) -> NDArray[np.uint64]:
    """Return a digest of each answer of an index, to the last bit of its figures."""
    return np.array([xxhash.xxh64_intdigest(repr(answer).encode()) for answer in answers], "u8")


def compare(
    report: Report, what: str, given: NDArray[np.uint64], expected: NDArray[np.uint64]
) -> int:
    """Hold digests of answers against those of another index; return how many were compared."""
    if len(given) != len(expected):
        report.failures.append(f"{what}: {len(given):,} answers instead of {len(expected):,}")
    elif n_other := int((given != expected).sum()):
        report.failures.append(f"{what}: {n_other:,} of {len(expected):,} answers differ")
    return len(expected)
