"""From candidates to clusters, stories and templates, whatever the verdict."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe_news._engine.classifier import (
    CLASSES,
    DIFFERENT,
    DUPLICATE,
    RELATED,
    verdicts,
)
from dedupe_news._engine.clusters import LEAST_PROBABILITY, Grouping, Judged
from dedupe_news._engine.packing import pack_distinct, rows_of
from dedupe_news._engine.segment import sets_for
from dedupe_news._engine.sets import Overlaps, overlaps
from dedupe_news._engine.verdicts import RECORDS, ByClassifier, Compared, JaccardThreshold, Verdict
from dedupe_news._input.constraints import NONE, Constraints
from dedupe_news._machine.space import MEMORY
from dedupe_news.errors import ConfigError
from dedupe_news.results.records import Bounded

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from dedupe_news._engine.texts import Texts
    from dedupe_news._input.columns import Columns
    from dedupe_news._machine.space import Space
    from dedupe_news._text import Tokens
    from dedupe_news.config import Config

STAGES = ("candidates", "verdicts", "assignment")
"""Stages that `find` announces, in order."""

_VERDICTS: dict[str, type[Verdict]] = {"news": ByClassifier, "similar": JaccardThreshold}
_LEAST_IN_STORY = 2
_LEAST_IN_TEMPLATE = 3
_PAIRS_AT_ONCE = 1 << 20
_BYTES_A_PAIR = 64


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """
    Matches and groups of the texts of a batch, which are numbers of texts.

    `representative` has one for each text; `template_of` the typical text of its template and
    `story_of` the lead text of its story, -1 for none. `left` to `probability` are the matches,
    as in `Matches`. `regroup` groups the same texts at another probability.
    """

    representative: NDArray[np.int64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    jaccard: NDArray[np.float64]
    containment: NDArray[np.float64]
    relation: NDArray[np.uint8]
    probability: NDArray[np.float64]
    n_candidates: int
    bounded: Bounded
    template_of: NDArray[np.int64]
    story_of: NDArray[np.int64]
    regroup: Callable[[float], Outcome] | None = None


class Settled(NamedTuple):
    """All verdicts that clusters need, the representative of each text, and what was bounded."""

    judged: Judged
    representative: NDArray[np.int64]
    n_passed_over: int


def find(
    columns: Columns,
    tokens: Tokens,
    texts: Texts,
    config: Config,
    n_jobs: int,
    announce: Callable[[str], None],
    constraints: Constraints = NONE,
    space: Space = MEMORY,
) -> Outcome:
    """
    Match and group the texts of a batch; the same for any order of documents.

    Neither `n_jobs` nor `space` changes anything.
    """
    verdict = _VERDICTS[config.policy](columns, tokens, texts, config, n_jobs, space)
    compared = space.stage("candidates", verdict.compare, RECORDS)
    candidates = compared.candidates
    announce("candidates")

    def judge(pairs: NDArray[np.uint64]) -> Judged:
        probabilities = space.empty((len(pairs), len(CLASSES)), np.float64)
        n_at_once = max(1, min(_PAIRS_AT_ONCE, space.block_size // _BYTES_A_PAIR))
        for start in range(0, len(pairs), n_at_once):
            part = slice(start, start + n_at_once)
            probabilities[part] = verdict.probabilities(compared, rows_of(pairs[part]))
        return Judged(pairs, probabilities)

    grouping = Grouping(compared.order, texts, config.min_probability, judge, constraints, space)

    def settle() -> Settled:
        n_passed_over, met = 0, candidates.crowded

        def pairs_among(leaders: NDArray[np.int64]) -> NDArray[np.uint64]:
            nonlocal n_passed_over, met
            changed = np.setxor1d(met, leaders, assume_unique=True)
            among = verdict.among(compared, leaders, changed)
            n_passed_over, met = among.n_skipped, leaders
            return among.pairs

        grouping.judge(candidates.pairs)
        representative = grouping.settle(candidates.crowded, pairs_among)
        return Settled(grouping.judged, representative, n_passed_over)

    grouping.judged, representative, n_passed_over = space.stage(
        "verdicts", settle, (Judged, Settled)
    )
    settled = grouping.judged.pairs
    announce("verdicts")
    story = grouping.groups(representative, RELATED)
    template = grouping.forms(representative)
    known = space.keep(_keep(grouping, settled, verdict, compared, constraints))
    outcome = known.outcome(grouping, representative, story, template)
    announce("assignment")
    return dataclasses.replace(
        outcome,
        n_candidates=len(grouping.judged.pairs) + compared.n_ruled_out,
        bounded=Bounded(candidates.n_large_buckets, candidates.n_skipped, n_passed_over),
        regroup=known.at if verdict.has_probabilities else None,
    )


def _spread(
    order: NDArray[np.int64],
    lead: NDArray[np.int64],
    representative: NDArray[np.int64],
    least: int,
) -> NDArray[np.int64]:
    """Return the lead of each text of the batch, -1 in groups of fewer clusters than `least`."""
    spread = np.full(len(order), -1)
    texts = np.arange(len(order))
    if (lead == texts).all():
        return spread
    sizes = np.bincount(lead[representative == texts], minlength=len(lead))
    lead = lead[representative]
    grouped = sizes[lead] >= least
    spread[order[grouped]] = order[lead[grouped]]
    return spread


@dataclasses.dataclass(frozen=True, slots=True)
class Known:
    """
    The judged pairs that matter at some probability, and what possible duplicates share.

    Parameters
    ----------
    judged : Judged
        The pairs.
    settled : ndarray of uint64, shape (n_settled,)
        Those of the pairs that were judged before clusters were made.
    matches : ndarray of int64, shape (n_matches,)
        Places in `judged` of the pairs that can be duplicates.
    shared : Overlaps
        What those have in common.
    order : ndarray of int64, shape (n_texts,)
        The text of the batch that each text of the segment is.
    texts : Texts
        The texts of the batch.
    least : float
        Least probability of `matches`.
    constraints : Constraints
        What a user is sure of, of the texts of the batch.
    """

    judged: Judged
    settled: NDArray[np.uint64]
    matches: NDArray[np.int64]
    shared: Overlaps
    order: NDArray[np.int64]
    texts: Texts
    least: float
    constraints: Constraints

    def at(self, min_probability: float) -> Outcome:
        """Group the pairs anew, without judging any; `ConfigError` below the least probability."""
        if min_probability < self.least:
            message = (
                f"min_probability={min_probability:g} is below {self.least:g}, from which on pairs "
                "are kept to be grouped anew. Cluster again with this min_probability"
            )
            raise ConfigError(message)
        grouping = Grouping(
            self.order, self.texts, min_probability, self.judged.among, self.constraints
        )
        grouping.judge(self.settled)
        representative = grouping.clusters()
        story = grouping.groups(representative, RELATED)
        template = grouping.forms(representative)
        outcome = self.outcome(grouping, representative, story, template)
        return dataclasses.replace(outcome, regroup=self.at)

    def outcome(
        self,
        grouping: Grouping,
        representative: NDArray[np.int64],
        story: NDArray[np.int64],
        template: NDArray[np.int64],
    ) -> Outcome:
        """Return groups of texts of the segment, and the matches, numbered as in the batch."""
        order, probability = self.order, self.judged.probabilities[self.matches, DUPLICATE]
        pairs = rows_of(self.judged.pairs[self.matches])
        chosen = grouping.are_matches(pairs, probability, representative)
        rows = order[pairs[chosen]]
        representatives = np.arange(len(self.texts))
        representatives[order] = order[representative]
        return Outcome(
            representative=representatives,
            left=rows[:, 0],
            right=rows[:, 1],
            jaccard=self.shared.jaccard[chosen],
            containment=self.shared.containment[chosen],
            relation=self.shared.relation[chosen],
            probability=grouping.as_sure(pairs[chosen], probability[chosen]),
            n_candidates=len(self.judged.pairs),
            bounded=Bounded(),
            story_of=_spread(order, story, representative, _LEAST_IN_STORY),
            template_of=_spread(order, template, representative, _LEAST_IN_TEMPLATE),
        )


def _keep(
    grouping: Grouping,
    settled: NDArray[np.uint64],
    verdict: Verdict,
    compared: Compared,
    constraints: Constraints,
) -> Known:
    """Return what grouping at other probabilities needs; `settled` are pairs judged early."""
    least = min(LEAST_PROBABILITY, verdict.config.min_probability)
    judged = grouping.judged
    may_be_duplicates = judged.probabilities[:, DUPLICATE] >= least
    if grouping.bonds is not None:
        bound = pack_distinct(grouping.bonds.reach(rows_of(judged.pairs[may_be_duplicates])))
        judged = judged.joined(bound)
        may_be_duplicates = judged.probabilities[:, DUPLICATE] >= least
        may_be_duplicates |= np.isin(judged.pairs, bound, assume_unique=True)
    others = verdicts(judged.probabilities, np.inf)
    matters = np.flatnonzero(may_be_duplicates | (others != DIFFERENT))
    relevant = Judged(judged.pairs[matters], judged.probabilities[matters])
    matches = np.flatnonzero(may_be_duplicates[matters])
    rows = rows_of(relevant.pairs[matches])
    sets, segment, size = compared.sets, compared.segment, verdict.config.shingle_size
    if segment is not None:
        sets = sets_for(segment, size, np.unique(rows), verdict.n_jobs, verdict.space)
    return Known(
        judged=relevant,
        settled=np.intersect1d(relevant.pairs, settled, assume_unique=True),
        matches=matches,
        shared=overlaps(rows, sets, compared.runs, verdict.n_jobs),
        order=compared.order,
        texts=verdict.texts,
        least=least,
        constraints=constraints,
    )
