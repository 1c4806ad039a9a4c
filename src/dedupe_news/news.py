"""The policy "news": candidates wide, judgement sharp, templates kept apart."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from dedupe_news import judge, postings, shingling
from dedupe_news.columns import NO_SOURCE, NO_TIME
from dedupe_news.judgement import group_judged, judge_candidates
from dedupe_news.kernels.features import FEATURES, SHINGLE_SIZE, Evidence
from dedupe_news.outcome import Outcome
from dedupe_news.records import Bounded, Reason
from dedupe_news.texts import by_time, days_of, distinct_texts, preferred_values

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from dedupe_news.columns import Columns
    from dedupe_news.config import Config
    from dedupe_news.text import Tokens
    from dedupe_news.texts import Texts

STAGES = ("candidates", "judgement", "clustering")
"""Stages that `find` announces, in order."""

REASONS = 8
"""Features that an explanation names."""

_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


@dataclasses.dataclass(frozen=True, slots=True)
class Examination:
    """
    What is known of the texts of a batch before the judge speaks.

    Parameters
    ----------
    order : ndarray of int64, shape (n_texts,)
        The texts by time and digest; everything here numbers them so.
    evidence : Evidence
        Their tokens and statistics.
    pairs : ndarray of uint64, shape (n_pairs,)
        Candidates, ``text << 32 | later text``, increasing.
    """

    order: NDArray[np.int64]
    evidence: Evidence
    pairs: NDArray[np.uint64]

    @property
    def left(self) -> NDArray[np.int64]:
        """
        The first text of each pair.

        Returns
        -------
        ndarray of int64, shape (n_pairs,)
            In the numbers of `order`.
        """
        return (self.pairs >> _HALF).astype(np.int64)

    @property
    def right(self) -> NDArray[np.int64]:
        """
        The second text of each pair.

        Returns
        -------
        ndarray of int64, shape (n_pairs,)
            In the numbers of `order`.
        """
        return (self.pairs & _LOW).astype(np.int64)


def examine(columns: Columns, tokens: Tokens, texts: Texts, n_jobs: int) -> Examination:
    """
    Count the shingles of a batch and pair the texts that share rare ones.

    Parameters
    ----------
    columns : Columns
        The documents.
    tokens : Tokens
        Their tokens.
    texts : Texts
        The distinct texts.
    n_jobs : int
        Threads.

    Returns
    -------
    Examination
        The same for any `n_jobs` and any order of the documents.
    """
    times = preferred_values(columns.published, texts, NO_TIME)
    order = by_time(times, texts.digests)
    times = times[order]
    sources = preferred_values(columns.sources, texts, NO_SOURCE)[order].astype(np.int32)
    starts, stops = texts.starts[order], texts.stops[order]
    shingles, offsets = shingling.shingle(tokens.hashes, starts, stops, SHINGLE_SIZE, n_jobs)
    found = postings.find_related(shingles, offsets, stops - starts, days_of(times), n_jobs)
    evidence = Evidence(
        tokens=tokens.hashes,
        flags=tokens.flags,
        commonness=postings.token_commonness(tokens.hashes, n_jobs),
        starts=starts,
        stops=stops,
        frequency=found.frequency,
        spread=found.spread,
        shingles=shingles,
        shingle_offsets=offsets,
        cut_off=tokens.cut_off[texts.document[order]],
        sources=sources,
        times=times,
        log_texts=np.array([np.log(len(order) + 1.0)]),
    )
    return Examination(order, evidence, found.pairs)


def find(
    columns: Columns,
    tokens: Tokens,
    texts: Texts,
    config: Config,
    n_jobs: int,
    done: Callable[[str], None],
) -> Outcome:
    """
    Match and cluster texts by the judge's verdict.

    Parameters
    ----------
    columns : Columns
        The documents.
    tokens : Tokens
        Their tokens.
    texts : Texts
        The distinct texts.
    config : Config
        The settings.
    n_jobs : int
        Threads, at least 1.
    done : callable
        Called with the name of each stage as it ends.

    Returns
    -------
    Outcome
        The same for any `n_jobs` and any order of the documents.
    """
    examination = examine(columns, tokens, texts, n_jobs)
    order = examination.order
    if texts.times is not None:
        near = texts.are_near(order[examination.left], order[examination.right])
        examination = dataclasses.replace(examination, pairs=examination.pairs[near])
    done("candidates")
    n_texts = len(texts)
    pairs = examination.pairs
    judgement = judge_candidates(examination.evidence, pairs, config.shingle_size, n_texts, n_jobs)
    done("judgement")
    grouped = group_judged(
        pairs[judgement.judged],
        judgement.margins,
        judgement.overlap,
        n_texts,
        lambda numbers: _in_order(texts, order, numbers),
    )
    representative = np.arange(n_texts)
    representative[order[grouped.texts]] = order[grouped.representative]
    template_of = np.full(n_texts, -1)
    template_of[order[grouped.of_series]] = order[grouped.typical]
    outcome = Outcome(
        representative=representative,
        left=order[examination.left[judgement.matched]],
        right=order[examination.right[judgement.matched]],
        jaccard=judgement.scores.jaccard,
        containment=judgement.scores.containment,
        relation=judgement.scores.relation,
        probability=judgement.probability,
        n_candidates=len(pairs),
        bounded=Bounded(),
        template_of=template_of,
        story_of=np.full(n_texts, -1),
    )
    done("clustering")
    return outcome


def _in_order(
    texts: Texts, order: NDArray[np.int64], numbers: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return texts, as `order` numbers them, in order of preference."""
    number_of = np.empty(len(order), np.int64)
    number_of[order] = np.arange(len(order))
    return number_of[texts.in_order(order[numbers])]


def explain(
    columns: Columns, tokens: Tokens, config: Config
) -> tuple[float, bool, tuple[Reason, ...]]:
    """
    Judge two documents by themselves.

    Parameters
    ----------
    columns : Columns
        The two documents.
    tokens : Tokens
        Their tokens.
    config : Config
        The settings.

    Returns
    -------
    probability : float
        That they are duplicates, in [0, 1].
    is_duplicate : bool
        The verdict.
    reasons : tuple of Reason
        What the features of the pair add to it, the weightiest first; empty
        for pairs that share too little, or all their words.
    """
    if (tokens.offsets[:-1] == tokens.offsets[1:]).any():
        return 0.0, False, ()
    texts = distinct_texts(columns, tokens.hashes, tokens.offsets, config.prefer, 1)
    if len(texts) == 1:
        return 1.0, True, ()
    evidence = examine(columns, tokens, texts, 1).evidence
    left, right = np.array([0]), np.array([1])
    models = judge.load_judge().models(len(texts))
    verdicts = judge.judge_pairs(evidence, left, right, models, 1)
    if not np.isfinite(verdicts.logits[0]):
        return 0.0, False, ()
    features = judge.pair_features(evidence, left, right, 1)[0].astype(np.float64)
    has_metadata = bool((evidence.times != NO_TIME).all() and (evidence.sources >= 0).all())
    contributions = features * models.weights[0 if has_metadata else 1]
    weightiest = np.argsort(-np.abs(contributions), kind="stable")[:REASONS]
    return (
        float(1.0 / (1.0 + np.exp(-np.float64(verdicts.logits[0])))),
        bool(verdicts.margins[0] >= 0),
        tuple(
            Reason(FEATURES[which], float(features[which]), float(contributions[which]))
            for which in weightiest.tolist()
            if contributions[which] != 0
        ),
    )
