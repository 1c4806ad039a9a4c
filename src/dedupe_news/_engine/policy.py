"""The policy "news": candidates wide, one classifier, three verdicts."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe_news._engine import agreement, candidates, classifier, relations, verification
from dedupe_news._engine.assignment import leaders_of
from dedupe_news._engine.bonds import make_bonds
from dedupe_news._engine.classifier import DIFFERENT, DUPLICATE, RELATED, TEMPLATE
from dedupe_news._engine.judged import Judged, packed, packed_each, rows_of
from dedupe_news._engine.segment import Segment, make_segment, sets_for
from dedupe_news._engine.verification import ShingleSets
from dedupe_news._input.constraints import NONE, Constraints
from dedupe_news._kernels.features import Evidence
from dedupe_news._machine.space import MEMORY
from dedupe_news.errors import ConfigError
from dedupe_news.results.outcome import Outcome
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

_ROUNDS = 12  # mostly two or three are enough
_LEAST_IN_TEMPLATE = 3
_PAIRS_AT_ONCE = 1 << 20

LEAST_PROBABILITY = 0.1
"""Pairs from this probability of a duplicate on are kept, to be grouped anew at another."""


class Grouping:
    """
    Verdicts on the pairs of a segment, and the groups that are made of them.

    Parameters
    ----------
    order : ndarray of int64, shape (n_texts,)
        The text of the batch that each text of the segment is.
    texts : Texts
        The texts of the batch, with their preference and window.
    min_probability : float
        From which on a pair is a duplicate.
    judge_new : callable
        Judges distinct pairs; those that it leaves out stay without a verdict.
    constraints : Constraints
        What a user is sure of, of the texts of the batch.
    space : Space
        Gets the pairs.
    """

    def __init__(
        self,
        order: NDArray[np.int64],
        texts: Texts,
        min_probability: float,
        judge_new: Callable[[NDArray[np.uint64]], Judged],
        constraints: Constraints = NONE,
        space: Space = MEMORY,
    ) -> None:
        self._order = order
        self._texts = texts
        self._min_probability = min_probability
        self._judge_new = judge_new
        self._space = space
        self._number_of = np.empty(len(order), np.int64)
        self._number_of[order] = np.arange(len(order))
        own = Constraints(*(self._number_of[pairs] for pairs in constraints))
        self.bonds = make_bonds(len(order), own, self.in_order) if constraints else None
        self.judged = Judged(np.empty(0, np.uint64), np.empty((0, len(classifier.CLASSES))))

    def judge(self, pairs: NDArray[np.uint64]) -> None:
        """Add verdicts on increasing distinct pairs; those known already cost nothing."""
        at = np.searchsorted(self.judged.pairs, pairs)
        at = np.minimum(at, max(0, len(self.judged.pairs) - 1))
        if len(self.judged.pairs):
            pairs = pairs[self.judged.pairs[at] != pairs]
        if self._texts.times is not None:
            rows = self._order[rows_of(pairs)]
            pairs = pairs[self._texts.are_near(rows[:, 0], rows[:, 1])]
        if not len(pairs):
            return
        self.judged = self.judged.merged(self._judge_new(pairs), self._space)

    def in_order(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return texts in order of preference."""
        return self._number_of[self._texts.in_order(self._order[numbers])]

    def verdicts(self) -> NDArray[np.int64]:
        """Return the class of each judged pair."""
        return classifier.verdicts(self.judged.probabilities, self._min_probability)

    def _others(self) -> NDArray[np.int64]:
        """Return the class of each judged pair that it has as no duplicate."""
        return classifier.verdicts(self.judged.probabilities, np.inf)

    def clusters(self) -> NDArray[np.int64]:
        """Return the representative of each text."""
        probability = self.judged.probabilities[:, DUPLICATE]
        are_matches = probability >= self._min_probability
        rows, scores = self.judged.rows[are_matches], probability[are_matches]
        leader = self._assigned(rows, scores)
        # What was kept of the judged pairs, for `Known.at`.
        is_kept = (probability >= LEAST_PROBABILITY) | (self._others() != DIFFERENT)
        pairs, among = self.judged.pairs[is_kept], are_matches[is_kept]
        refused = rows_of(pairs[~among & (probability[is_kept] >= LEAST_PROBABILITY)])
        for _ in range(_ROUNDS):
            of_leaders = refused[(leader[refused] == refused).all(axis=1)]
            also = agreement.agreed(pairs, among, of_leaders)
            if not len(also):
                break
            rows = np.concatenate((rows, also))
            scores = np.concatenate((scores, np.full(len(also), self._min_probability)))
            leader = self._assigned(rows, scores)
        return leader

    def _assigned(self, rows: NDArray[np.int64], scores: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the representative of each text, of the pairs that match."""
        if self.bonds is None:
            return leaders_of(len(self._order), rows, scores, self.in_order)
        # Texts that must be together are one: what one of them matches, all do.
        head, apart = self.bonds
        rows = head[rows]
        differ = rows[:, 0] != rows[:, 1]
        leader = leaders_of(len(self._order), rows[differ], scores[differ], self.in_order, apart)
        return leader[head]

    def are_matches(
        self,
        pairs: NDArray[np.int64],
        probability: NDArray[np.float64],
        representative: NDArray[np.int64],
    ) -> NDArray[np.bool_]:
        """Return which pairs are duplicates: by the judge, by agreement, or for a user is sure."""
        matches: NDArray[np.bool_] = probability >= self._min_probability
        if self.bonds is not None:
            matches &= self.bonds.allow(pairs)
        represents: NDArray[np.bool_] = (representative[pairs] == pairs[:, ::-1]).any(axis=1)
        return matches | represents

    def as_sure(
        self, pairs: NDArray[np.int64], probability: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return the probabilities of matches, raised where more than the judge made them."""
        sure: NDArray[np.float64] = np.maximum(probability, self._min_probability)
        if self.bonds is not None:
            sure[(self.bonds.head[pairs[:, 0]] == self.bonds.head[pairs[:, 1]])] = 1.0
        return sure

    def groups(self, representative: NDArray[np.int64], kind: int) -> NDArray[np.int64]:
        """
        Return the lead of each representative among those of one kind of verdict.

        Representatives of clusters whose members have that verdict are judged
        themselves, so that each matches its lead directly.
        """
        self.judge(packed(representative[self.judged.rows[self.verdicts() == kind]]))
        rows = self._between(representative, kind)
        return self._leads(rows, kind)

    def forms(self, representative: NDArray[np.int64]) -> NDArray[np.int64]:
        """
        Return the lead of each representative among those of one template.

        A form is filled in more often than its texts can be compared with one
        another: leads whose texts are of one template meet, until none are left
        apart that are of one themselves.
        """
        lead = self.groups(representative, TEMPLATE)
        for _ in range(_ROUNDS):
            between = packed(lead[self._between(representative, TEMPLATE)])
            self.judge(between)
            at = np.searchsorted(self.judged.pairs, between)
            known = at < len(self.judged.pairs)
            known[known] = self.judged.pairs[at[known]] == between[known]
            of_one = self.verdicts()[at[known]] == TEMPLATE
            after = self._leads(rows_of(between[known][of_one]), TEMPLATE)[lead]
            if (after == lead).all():
                break
            lead = after
        return lead

    def _between(self, representative: NDArray[np.int64], kind: int) -> NDArray[np.int64]:
        """Return the pairs of representatives of one kind of verdict."""
        rows = self.judged.rows
        are_representatives = (representative[rows] == rows).all(axis=1)
        between: NDArray[np.int64] = rows[are_representatives & (self.verdicts() == kind)]
        return between

    def _leads(self, rows: NDArray[np.int64], kind: int) -> NDArray[np.int64]:
        """Return the lead of each text among judged pairs."""
        at = np.searchsorted(self.judged.pairs, packed_each(rows))
        scores = self.judged.probabilities[at, kind]
        return leaders_of(len(self._order), rows, scores, self.in_order)


class Compared(NamedTuple):
    """A segment, and which of its texts are to be compared."""

    segment: Segment
    buckets: candidates.Buckets
    found: candidates.Candidates


class Settled(NamedTuple):
    """All verdicts that clusters need, and the representative of each text."""

    judged: Judged
    representative: NDArray[np.int64]


def find(
    columns: Columns,
    tokens: Tokens,
    texts: Texts,
    config: Config,
    n_jobs: int,
    done: Callable[[str], None],
    constraints: Constraints = NONE,
    space: Space = MEMORY,
) -> Outcome:
    """
    Match and group the texts of a batch; the same for any order of documents.

    Neither `n_jobs` nor `space` changes anything.
    """

    def compare() -> Compared:
        segment = space.keep(make_segment(columns, tokens, texts, n_jobs, space))
        buckets = candidates.find_buckets(segment, n_jobs, space)
        return Compared(segment, buckets, candidates.find_candidates(segment, buckets, n_jobs))

    kinds = (Segment, Evidence, ShingleSets, candidates.Buckets, candidates.Candidates, Compared)
    segment, buckets, found = space.stage("candidates", compare, kinds)
    done("candidates")
    model = classifier.load_classifier(config)

    def judge(pairs: NDArray[np.uint64]) -> Judged:
        probabilities = space.empty((len(pairs), len(classifier.CLASSES)), np.float64)
        for start in range(0, len(pairs), _PAIRS_AT_ONCE):
            own = slice(start, start + _PAIRS_AT_ONCE)
            probabilities[own] = model.probabilities(segment, rows_of(pairs[own]), n_jobs)
        return Judged(pairs, probabilities)

    grouping = Grouping(segment.order, texts, config.min_probability, judge, constraints, space)

    def settle() -> Settled:
        grouping.judge(found.pairs)
        representative = _settle(grouping, buckets, segment, found.crowded, n_jobs)
        return Settled(grouping.judged, representative)

    grouping.judged, representative = space.stage("verdicts", settle, (Judged, Settled))
    settled = grouping.judged.pairs
    done("verdicts")
    story = grouping.groups(representative, RELATED)
    template = grouping.forms(representative)
    bounded = Bounded(found.n_large_buckets, found.n_skipped)
    known = space.keep(_keep(grouping, settled, segment, texts, config, n_jobs, constraints, space))
    outcome = known.outcome(grouping, representative, story, template)
    done("assignment")
    return dataclasses.replace(
        outcome, n_candidates=len(grouping.judged.pairs), bounded=bounded, regroup=known.at
    )


def _settle(
    grouping: Grouping,
    buckets: candidates.Buckets,
    segment: Segment,
    crowded: NDArray[np.int64],
    n_jobs: int,
) -> NDArray[np.int64]:
    """
    Return the representatives, once all who may be duplicates have met.

    Leaders of crowded buckets meet the other leaders there; and where a leader
    joins another, its members meet that one.
    """
    representative = grouping.clusters()
    for _ in range(_ROUNDS):
        n_before = len(grouping.judged.pairs)
        leaders = crowded[representative[crowded] == crowded]
        if len(leaders):
            grouping.judge(candidates.find_among(buckets, leaders, segment, n_jobs).pairs)
        after = grouping.clusters()
        moved = np.flatnonzero(after[representative] != representative)
        grouping.judge(packed(np.stack((moved, after[representative[moved]]), axis=1)))
        if len(grouping.judged.pairs) == n_before:
            return after
        representative = grouping.clusters()
    return representative


def _spread(
    order: NDArray[np.int64],
    lead: NDArray[np.int64],
    representative: NDArray[np.int64],
    least: int,
) -> NDArray[np.int64]:
    """Return the lead of each text of the batch, -1 in groups of fewer clusters than `least`."""
    leaders = representative == np.arange(len(representative))
    sizes = np.bincount(lead[leaders], minlength=len(lead))
    spread = np.full(len(order), -1)
    grouped = sizes[lead] >= least
    spread[order[grouped]] = order[lead[grouped]]
    return spread


@dataclasses.dataclass(frozen=True, slots=True)
class Known:
    """
    The judged pairs that matter at some probability, and the scores of possible duplicates.

    Parameters
    ----------
    judged : Judged
        The pairs.
    settled : ndarray of uint64, shape (n_settled,)
        Those of the pairs that were judged before clusters were made.
    matches : ndarray of int64, shape (n_matches,)
        Places in `judged` of the pairs that can be duplicates.
    jaccard, containment, relation : ndarray, shape (n_matches,)
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
    jaccard: NDArray[np.float64]
    containment: NDArray[np.float64]
    relation: NDArray[np.uint8]
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
            jaccard=self.jaccard[chosen],
            containment=self.containment[chosen],
            relation=self.relation[chosen],
            probability=grouping.as_sure(pairs[chosen], probability[chosen]),
            n_candidates=len(self.judged.pairs),
            bounded=Bounded(),
            story_of=_spread(order, story[representative], representative, 2),
            template_of=_spread(
                order, template[representative], representative, _LEAST_IN_TEMPLATE
            ),
        )


def _keep(
    grouping: Grouping,
    settled: NDArray[np.uint64],
    segment: Segment,
    texts: Texts,
    config: Config,
    n_jobs: int,
    constraints: Constraints,
    space: Space,
) -> Known:
    """Return what grouping at other probabilities needs; `settled` are pairs judged early."""
    least = min(LEAST_PROBABILITY, config.min_probability)
    judged = grouping.judged
    may_be_duplicates = judged.probabilities[:, DUPLICATE] >= least
    if grouping.bonds is not None:
        bound = packed(grouping.bonds.reach(rows_of(judged.pairs[may_be_duplicates])))
        judged = judged.joined(bound)
        may_be_duplicates = judged.probabilities[:, DUPLICATE] >= least
        may_be_duplicates |= np.isin(judged.pairs, bound, assume_unique=True)
    others = classifier.verdicts(judged.probabilities, np.inf)
    matters = np.flatnonzero(may_be_duplicates | (others != DIFFERENT))
    kept = Judged(judged.pairs[matters], judged.probabilities[matters])
    matches = np.flatnonzero(may_be_duplicates[matters])
    pairs = kept.pairs[matches]
    rows = rows_of(pairs)
    sets = sets_for(segment, config.shingle_size, np.unique(rows), n_jobs, space)
    shared = verification.count_shared(pairs, sets, n_jobs)
    sizes = sets.sizes[rows].astype(np.int64)
    containment = shared / sizes.min(axis=1)
    evidence = segment.evidence
    return Known(
        judged=kept,
        settled=np.intersect1d(kept.pairs, settled, assume_unique=True),
        matches=matches,
        jaccard=shared / (sizes.sum(axis=1) - shared),
        containment=containment,
        relation=relations.relate(
            evidence.tokens, evidence.starts, evidence.stops, rows[:, 0], rows[:, 1], containment
        ),
        order=segment.order,
        texts=texts,
        least=least,
        constraints=constraints,
    )
