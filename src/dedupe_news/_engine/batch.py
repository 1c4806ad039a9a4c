"""The way of a batch: columns to texts, to what a policy finds, to clusters of documents."""

from __future__ import annotations

import dataclasses
import time
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._engine import policy, templates
from dedupe_news._engine.comparison import Explainer
from dedupe_news._engine.texts import copies_of, distinct_texts, preference_of, preferred, within
from dedupe_news._input.columns import to_span
from dedupe_news._input.constraints import NONE, Constraints, of_texts
from dedupe_news._machine.space import MEMORY
from dedupe_news._text import Tokens
from dedupe_news._text.batches import tokens_of
from dedupe_news.results.matches import Matches
from dedupe_news.results.result import Clustering

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from dedupe_news._engine.policy import Outcome
    from dedupe_news._engine.texts import Texts
    from dedupe_news._input.columns import Columns
    from dedupe_news._machine.space import Space
    from dedupe_news.config import Config


STAGES = ("text", *policy.STAGES)
"""Stages of a run, as `cluster_columns` announces them."""


def cluster_columns(
    columns: Columns,
    config: Config,
    n_jobs: int,
    announce: Callable[[str], None],
    constraints: Constraints = NONE,
    space: Space = MEMORY,
    tokens: Tokens | None = None,
) -> Clustering:
    """
    Cluster documents; the same for any `n_jobs` and `space`.

    The partition is the same for any order of the documents. `announce` is called
    with the name of each stage as it ends; `tokens` are those of the documents,
    where they are known already.
    """
    seconds: dict[str, float] = {}
    clock = time.perf_counter()

    def end_stage(stage: str) -> None:
        nonlocal clock
        now = time.perf_counter()
        seconds[stage] = now - clock
        clock = now
        announce(stage)

    if tokens is None:
        tokens = space.stage("text", lambda: tokens_of(columns, config, n_jobs, space), (Tokens,))
    window = None if config.window is None else to_span(config.window)
    texts = space.keep(
        distinct_texts(
            columns,
            tokens.hashes,
            tokens.offsets,
            config.prefer,
            n_jobs,
            window,
            constraints.cannot,
            by_standing=config.policy == "news",
        )
    )
    end_stage("text")
    sure = of_texts(constraints, texts.text_of, columns)
    outcome = policy.find(columns, tokens, texts, config, n_jobs, end_stage, sure, space)
    batch = Batch(
        columns,
        config,
        texts,
        seconds,
        describe=partial(templates.describe, columns, config),
        compare=Explainer(columns, config, n_jobs, space, _groups(texts, sure)),
        bound=np.unique(constraints.must),
    )
    return batch.clustering(outcome)


@dataclasses.dataclass(frozen=True, slots=True)
class Batch:
    """
    What makes clusters of documents of what was found among their texts.

    `bound` are the documents that must be with others, however long between them.
    """

    columns: Columns
    config: Config
    texts: Texts
    seconds: Mapping[str, float]
    describe: Callable[[int, Sequence[int]], tuple[str, tuple[str, ...]]]
    compare: Explainer
    bound: NDArray[np.int64]

    def clustering(self, outcome: Outcome) -> Clustering:
        """Return the documents as their texts were grouped."""
        labels, representatives = _labels(self._representatives(outcome.representative))
        return Clustering(
            columns=self.columns,
            config=self.config,
            labels=labels,
            representatives=representatives,
            matches=self._matches(outcome),
            n_candidates=outcome.n_candidates,
            bounded=outcome.bounded,
            seconds=self.seconds,
            template_of=_of_documents(self.texts, outcome.template_of),
            story_of=_of_documents(self.texts, outcome.story_of),
            describe=self.describe,
            compare=self.compare,
            regroup=None if outcome.regroup is None else partial(self.at, outcome.regroup),
        )

    def at(self, regroup: Callable[[float], Outcome], min_probability: float) -> Clustering:
        """Return the documents grouped at another probability of duplicates."""
        config = self.config.replace(min_probability=min_probability)
        compare = self.compare.with_config(config)
        changed = dataclasses.replace(self, config=config, compare=compare)
        return changed.clustering(regroup(config.min_probability))

    def _matches(self, outcome: Outcome) -> Matches:
        # Documents of the same words, each with the preferred one among them.
        texts = self.texts
        copies = copies_of(texts.text_of, len(texts))
        originals = texts.document[texts.text_of[copies]]
        copies, originals = copies[copies != originals], originals[copies != originals]
        first = np.concatenate((texts.document[outcome.left], originals))
        second = np.concatenate((texts.document[outcome.right], copies))
        ones = np.ones(len(copies))
        lower, upper = np.minimum(first, second), np.maximum(first, second)
        order = np.lexsort((upper, lower))
        return Matches(
            left=lower[order],
            right=upper[order],
            jaccard=np.concatenate((outcome.jaccard, ones))[order],
            containment=np.concatenate((outcome.containment, ones))[order],
            relation=np.concatenate((outcome.relation, np.zeros(len(copies), np.uint8)))[order],
            probability=np.concatenate((outcome.probability, ones))[order],
            columns=self.columns,
            config=self.config,
        )

    def _representatives(self, representative: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the document that represents each document."""
        columns, texts = self.columns, self.texts
        leader = np.arange(len(texts.text_of))  # a document without a token stands alone
        present = texts.text_of >= 0
        leader[present] = texts.document[representative[texts.text_of[present]]]
        if texts.times is None or columns.published is None:
            return leader
        # Texts are near by their preferred documents; others of the same words may be too far.
        times = columns.published
        is_apart = ~within(times, times[leader], texts.window)
        apart = np.setdiff1d(np.flatnonzero(is_apart), self.bound)
        groups = texts.text_of[apart]
        preference = preference_of(columns, self.config.prefer)
        numbers, chosen = preferred(columns, apart, groups, preference)
        leader[apart] = chosen[np.searchsorted(numbers, groups)]
        return leader


def _groups(texts: Texts, constraints: Constraints) -> dict[int, int]:
    """Return the group of each document that must be with others of other words."""
    must = constraints.must
    group = np.full(len(texts), -1)
    group[must[:, 0]] = group[must[:, 1]] = must[:, 1]
    documents = np.flatnonzero(texts.text_of >= 0) if len(must) else np.empty(0, np.int64)
    documents = documents[group[texts.text_of[documents]] >= 0]
    return dict(zip(documents.tolist(), group[texts.text_of[documents]].tolist(), strict=True))


def _of_documents(texts: Texts, text_for: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the document that stands for the group of each document, -1 for none."""
    chosen = np.full(len(texts.text_of), -1)
    member = texts.text_of >= 0
    member[member] = text_for[texts.text_of[member]] >= 0
    chosen[member] = texts.document[text_for[texts.text_of[member]]]
    return chosen


def _labels(leader: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the cluster of each document, numbered by first appearance, and whom to keep."""
    n_documents = len(leader)
    # The first document of each cluster gives the cluster its number.
    first = np.full(n_documents, n_documents, np.int64)
    positions = np.arange(n_documents - 1, -1, -1)
    first[leader[::-1]] = positions
    leads = first[leader] == np.arange(n_documents)
    numbers = np.cumsum(leads) - 1
    return numbers[first[leader]], leader[leads]
