"""What every suite asserts of the answers it timed."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import exact_pairs, shingles
from benchmarks.datasets import SEED
from benchmarks.peers import SHINGLES, our_config
from benchmarks.sets import Pairs, pair_keys

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from benchmarks.datasets import Corpus
    from benchmarks.peers import Contestant
    from benchmarks.report import Report
    from benchmarks.sets import ShingleSets
    from dedupe_news.config import Config

N_PLAIN = 5
"""Documents whose neighbours are sought again with plain Python sets."""


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """
    Returned pairs held against all pairs at the threshold.

    Attributes
    ----------
    n_exact : int
        Pairs at or above the threshold.
    n_found : int
        Pairs returned.
    n_right : int
        Pairs returned that are at or above the threshold.
    """

    n_exact: int
    n_found: int
    n_right: int

    @property
    def n_below(self) -> int:
        """Return how many returned pairs are below the threshold."""
        return self.n_found - self.n_right

    @property
    def recall(self) -> float:
        """Return the part of the exact pairs that was returned; 1 where there is none."""
        return self.n_right / self.n_exact if self.n_exact else 1.0

    @property
    def precision(self) -> float:
        """Return the part of the returned pairs that is exact; 1 where there is none."""
        return self.n_right / self.n_found if self.n_found else 1.0

    def as_dict(self) -> dict[str, float | int]:
        """Return counts and rates by name."""
        return {
            **dataclasses.asdict(self),
            "n_below": self.n_below,
            "recall": self.recall,
            "precision": self.precision,
        }


def verdict(exact: Pairs, found: NDArray[np.int64]) -> Verdict:
    """
    Hold returned pairs against the exact ones.

    Parameters
    ----------
    exact : Pairs
        All pairs at or above the threshold.
    found : ndarray of int64
        Keys of the returned pairs, each once.

    Returns
    -------
    Verdict
        Counts.
    """
    right = int(np.isin(found, exact.keys, assume_unique=True).sum())
    return Verdict(len(exact), len(found), right)


def judge(
    corpus: Corpus,
    found: Mapping[Contestant, tuple[int, NDArray[np.int64]]],
    threshold: float,
) -> dict[str, Verdict]:
    """
    Judge every contestant by brute force on its own shingles.

    Parameters
    ----------
    corpus : Corpus
        What all were given, or the beginning of it.
    found : mapping of Contestant to (int, ndarray)
        How many documents each was given, and the pairs it returned.
    threshold : float
        Least Jaccard similarity of a pair.

    Returns
    -------
    dict of str to Verdict
        By the contestant's name.
    """
    truths: dict[tuple[str, int], Pairs] = {}
    verdicts = {}
    for contestant, (n, keys) in found.items():
        key = contestant.shingles, n
        if key not in truths:
            texts = corpus.texts[:n]
            if contestant.is_ours:
                sets = shingles.library_sets(texts, our_config(threshold))
            else:
                sets = shingles.peer_sets(texts, SHINGLES[contestant.shingles])
            truths[key] = exact_pairs.exact_pairs(sets, threshold)
        verdicts[contestant.name] = verdict(truths[key], keys)
    return verdicts


def contest_failures(
    judged: Mapping[str, Verdict], found: Mapping[str, NDArray[np.int64]]
) -> list[str]:
    """
    Return what is wrong with our own answers in a contest.

    Parameters
    ----------
    judged : mapping of str to Verdict
        By contestant.
    found : mapping of str to ndarray
        Pairs by contestant.

    Returns
    -------
    list of str
        Empty where all is well: no pair below the threshold, recall of at
        least 0.99, and the same pairs on any number of threads.
    """
    failures = []
    for name in ("ours", "ours-1"):
        failures += verdict_failures(name, judged[name])
    if not np.array_equal(found["ours"], found["ours-1"]):
        failures.append("the pairs differ between one thread and all")
    return failures


def verdict_failures(name: str, outcome: Verdict, *, least_recall: float = 0.99) -> list[str]:
    """
    Return what is wrong with one answer of ours.

    Parameters
    ----------
    name : str
        What to call it.
    outcome : Verdict
        How it did.
    least_recall : float, default 0.99
        Recall to reach.

    Returns
    -------
    list of str
        Empty where all is well.
    """
    failures = []
    if outcome.n_below:
        failures.append(f"{name}: {outcome.n_below:,} returned pairs are below the threshold")
    if outcome.recall < least_recall:
        failures.append(
            f"{name}: recall {outcome.recall:.4f} of {outcome.n_exact:,} pairs is below "
            f"{least_recall}"
        )
    return failures


def plain_failures(
    texts: Sequence[str], sets: ShingleSets, exact: Pairs, threshold: float, config: Config
) -> list[str]:
    """
    Check brute force itself on a sample, with plain Python sets of words.

    Parameters
    ----------
    texts : sequence of str
        The corpus.
    sets : ShingleSets
        Its shingle sets.
    exact : Pairs
        What brute force made of them.
    threshold : float
        The least Jaccard similarity it was given.
    config : dedupe_news.Config
        Defines the words.

    Returns
    -------
    list of str
        Empty where plain sets agree: on the neighbours of some documents
        among all, and on the similarity of some pairs as sets of words.
    """
    rng = np.random.default_rng(SEED)
    sample = rng.choice(len(sets), min(N_PLAIN, len(sets)), replace=False).tolist()
    failures = exact_pairs.disagreements(sets, exact, threshold, sample)
    chosen = rng.choice(len(exact), min(_SAMPLED_PAIRS, len(exact)), replace=False)
    for key, jaccard in zip(exact.keys[chosen].tolist(), exact.jaccard[chosen], strict=True):
        i, j = divmod(key, exact.n_documents)
        a, b = shingles.plain_set(texts[i], config), shingles.plain_set(texts[j], config)
        if len(a & b) / len(a | b) != jaccard:
            failures.append(f"the words of documents {i} and {j} have another similarity")
    return failures


_SAMPLED_PAIRS = 500


def sample_failures(
    texts: Sequence[str],
    found: NDArray[np.int64],
    threshold: float,
    n_sample: int,
    report: Report,
) -> list[str]:
    """
    Check the pairs of a corpus that is too large for all of brute force.

    Parameters
    ----------
    texts : sequence of str
        The corpus.
    found : ndarray of int64
        Keys of all returned pairs.
    threshold : float
        Least Jaccard similarity of a pair.
    n_sample : int
        Documents whose neighbours are all sought by brute force.
    report : Report
        Gets the figures ``n_below`` and ``sample_recall``.

    Returns
    -------
    list of str
        Empty where every returned pair reaches the threshold and the sampled
        documents' pairs are found with a recall of at least 0.99, up to three
        standard errors.
    """
    sets = shingles.library_sets(texts, our_config(threshold))
    n = len(texts)
    below = int((exact_pairs.jaccard_of(sets, found) < threshold).sum())
    # Most documents have no duplicate: half the sample is of those that have.
    rng = np.random.default_rng(SEED)
    paired = np.unique(np.concatenate([found // n, found % n]))
    picked = rng.choice(paired, min(n_sample // 2, len(paired)), replace=False)
    sample = np.union1d(picked, rng.choice(n, min(n_sample // 2, n), replace=False))
    exact = exact_pairs.exact_pairs(sets, threshold, documents=sample.tolist())
    touched = np.isin(found // n, sample) | np.isin(found % n, sample)
    outcome = verdict(exact, found[touched])
    report.figures["n_below"] = below
    report.figures["n_pairs"] = len(found)
    report.figures["sample_recall"] = outcome.recall
    report.words.append(
        f"Of {len(found):,} returned pairs {below:,} are below the threshold; recall of the "
        f"{outcome.n_exact:,} pairs of {len(sample):,} sampled documents: {outcome.recall:.4f}."
    )
    failures = verdict_failures(report.name, outcome, least_recall=_least(outcome.n_exact))
    if below:
        failures.append(f"{below:,} returned pairs are below the threshold")
    return failures


def index_failures(
    texts: Sequence[str],
    n_indexed: int,
    answers: NDArray[np.int64],
    threshold: float,
    n_sample: int,
    report: Report,
) -> list[str]:
    """
    Check what an index answered to single queries.

    Parameters
    ----------
    texts : sequence of str
        The indexed texts, then those that were queried.
    n_indexed : int
        How many were indexed.
    answers : ndarray of int64, shape (n_answers, 2)
        Position of the query among `texts`, and of a document it returned.
    threshold : float
        Least Jaccard similarity of a match.
    n_sample : int
        Queries to check.
    report : Report
        Gets the figures ``n_below`` and ``sample_recall``.

    Returns
    -------
    list of str
        Empty where all is well, as in `sample_failures`.
    """
    sets = shingles.library_sets(texts, our_config(threshold))
    n = len(texts)
    found = np.unique(pair_keys(answers[:, 0], answers[:, 1], n))
    below = int((exact_pairs.jaccard_of(sets, found) < threshold).sum())
    rng = np.random.default_rng(SEED)
    queried = np.arange(n_indexed, n)
    sample = rng.choice(queried, min(n_sample, len(queried)), replace=False)
    exact = exact_pairs.exact_pairs(sets, threshold, documents=sample.tolist())
    # Queries are not in the index: pairs among them are not to be found.
    kept = exact.keys // n < n_indexed
    exact = Pairs(n, exact.keys[kept], exact.jaccard[kept])
    outcome = verdict(exact, found[np.isin(found % n, sample)])
    report.figures["n_below"] = below
    report.figures["sample_recall"] = outcome.recall
    report.words.append(
        f"{below:,} of {len(found):,} answers are below the threshold; recall of the "
        f"{outcome.n_exact:,} matches of {len(sample):,} sampled queries: {outcome.recall:.4f}."
    )
    failures = verdict_failures(report.name, outcome, least_recall=_least(outcome.n_exact))
    if below:
        failures.append(f"{below:,} answers are below the threshold")
    return failures


def _least(n_pairs: int) -> float:
    """Return the least recall a sample may show: 0.99 less three standard errors."""
    error = math.sqrt(0.99 * 0.01 / max(1, n_pairs))
    return 0.99 - 3 * error
