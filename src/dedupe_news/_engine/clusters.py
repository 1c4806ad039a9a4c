"""Verdicts on pairs of texts, and the groups that are made of them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._engine.assignment import agreed, leaders_of, make_bonds
from dedupe_news._engine.classifier import CLASSES, DIFFERENT, DUPLICATE, TEMPLATE, verdicts
from dedupe_news._engine.packing import pack, pack_distinct, rows_of
from dedupe_news._input.constraints import NONE, Constraints
from dedupe_news._machine.space import MEMORY

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from dedupe_news._engine.texts import Texts
    from dedupe_news._machine.space import Space

LEAST_PROBABILITY = 0.1
"""Pairs from this probability of a duplicate on are kept, to be grouped anew at another."""

_ROUNDS = 12  # mostly two or three are enough


@dataclasses.dataclass(frozen=True, slots=True)
class Judged:
    """
    Pairs of texts with their probabilities.

    Parameters
    ----------
    pairs : ndarray of uint64, shape (n_pairs,)
        ``text << 32 | later text``, increasing.
    probabilities : ndarray of float64, shape (n_pairs, n_classes)
        In the order of `classifier.CLASSES`.
    """

    pairs: NDArray[np.uint64]
    probabilities: NDArray[np.float64]

    def joined(self, pairs: NDArray[np.uint64]) -> Judged:
        """Return these with further increasing pairs, which count as different where new."""
        new = np.setdiff1d(pairs, self.pairs, assume_unique=True)
        different = np.eye(len(CLASSES))[np.full(len(new), DIFFERENT)]
        merged = np.concatenate((self.pairs, new))
        order = np.argsort(merged, kind="stable")
        return Judged(merged[order], np.concatenate((self.probabilities, different))[order])

    def among(self, pairs: NDArray[np.uint64]) -> Judged:
        """Return those of some increasing pairs that are judged here."""
        at = np.flatnonzero(np.isin(self.pairs, pairs, assume_unique=True))
        return Judged(self.pairs[at], self.probabilities[at])

    def merged(self, others: Judged, space: Space) -> Judged:
        """Return these and others, of which none is here."""
        if not len(self.pairs):
            return others
        n_pairs = len(self.pairs) + len(others.pairs)
        at = np.searchsorted(self.pairs, others.pairs) + np.arange(len(others.pairs))
        are_old = np.ones(n_pairs, bool)
        are_old[at] = False
        pairs = space.empty(n_pairs, np.uint64)
        probabilities = space.empty((n_pairs, len(CLASSES)), np.float64)
        pairs[at], probabilities[at] = others.pairs, others.probabilities
        pairs[are_old], probabilities[are_old] = self.pairs, self.probabilities
        return Judged(pairs, probabilities)


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
        renumbered = Constraints(*(self._number_of[pairs] for pairs in constraints))
        self.bonds = make_bonds(len(order), renumbered, self.in_order) if constraints else None
        self.judged = Judged(np.empty(0, np.uint64), np.empty((0, len(CLASSES))))

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

    def _others(self) -> NDArray[np.int64]:
        """Return the class of each judged pair that it has as no duplicate."""
        return verdicts(self.judged.probabilities, np.inf)

    def clusters(self) -> NDArray[np.int64]:
        """Return the representative of each text."""
        probability = self.judged.probabilities[:, DUPLICATE]
        are_matches = probability >= self._min_probability
        rows, scores = rows_of(self.judged.pairs[are_matches]), probability[are_matches]
        leader = self._assigned(rows, scores)
        may_be_duplicates = probability >= LEAST_PROBABILITY
        if (are_matches == may_be_duplicates).all():
            return leader
        # What a result remembers of the judged pairs, to be grouped anew.
        matter = may_be_duplicates | (self._others() != DIFFERENT)
        pairs, among = self.judged.pairs[matter], are_matches[matter]
        refused = rows_of(pairs[~among & may_be_duplicates[matter]])
        for _ in range(_ROUNDS):
            of_leaders = refused[(leader[refused] == refused).all(axis=1)]
            also = agreed(pairs, among, of_leaders)
            if not len(also):
                break
            rows = np.concatenate((rows, also))
            scores = np.concatenate((scores, np.full(len(also), self._min_probability)))
            before, leader = leader, self._assigned(rows, scores)
            if (leader == before).all():  # a user keeps them apart
                break
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

    def settle(
        self,
        crowded: NDArray[np.int64],
        pairs_among: Callable[[NDArray[np.int64]], NDArray[np.uint64]],
    ) -> NDArray[np.int64]:
        """
        Return the representatives, once all who may be duplicates have met.

        Leaders among the `crowded` meet the other leaders there, as `pairs_among`
        finds them; and where a leader joins another, its members meet that one.
        """
        representative = self.clusters()
        for _ in range(_ROUNDS):
            n_before = len(self.judged.pairs)
            leaders = crowded[representative[crowded] == crowded]
            if len(leaders):
                self.judge(pairs_among(leaders))
            if len(self.judged.pairs) == n_before:
                break
            n_before = len(self.judged.pairs)
            after = self.clusters()
            moved = np.flatnonzero(after[representative] != representative)
            self.judge(pack_distinct(np.stack((moved, after[representative[moved]]), axis=1)))
            representative = after if len(self.judged.pairs) == n_before else self.clusters()
        return representative

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
        self.judge(pack_distinct(representative[self._of_kind(kind)]))
        return self._leads(self._between(representative, kind), kind)

    def forms(self, representative: NDArray[np.int64]) -> NDArray[np.int64]:
        """
        Return the lead of each representative among those of one template.

        A form is filled in more often than its texts can be compared with one
        another: leads whose texts are of one template meet, until none are left
        apart that are of one themselves.
        """
        lead = self.groups(representative, TEMPLATE)
        between = pack_distinct(lead[self._between(representative, TEMPLATE)])
        for _ in range(_ROUNDS):
            self.judge(between)
            at = np.searchsorted(self.judged.pairs, between)
            known = at < len(self.judged.pairs)
            known[known] = self.judged.pairs[at[known]] == between[known]
            kinds = verdicts(self.judged.probabilities[at[known]], self._min_probability)
            joined = self._leads(rows_of(between[known][kinds == TEMPLATE]), TEMPLATE)
            if (joined[lead] == lead).all():
                break
            lead = joined[lead]
            between = pack_distinct(joined[rows_of(between)])
        return lead

    def _of_kind(self, kind: int) -> NDArray[np.int64]:
        """Return the judged pairs of one kind of verdict."""
        kinds = verdicts(self.judged.probabilities, self._min_probability)
        return rows_of(self.judged.pairs[kinds == kind])

    def _between(self, representative: NDArray[np.int64], kind: int) -> NDArray[np.int64]:
        """Return the pairs of representatives of one kind of verdict."""
        rows = self._of_kind(kind)
        between: NDArray[np.int64] = rows[(representative[rows] == rows).all(axis=1)]
        return between

    def _leads(self, rows: NDArray[np.int64], kind: int) -> NDArray[np.int64]:
        """Return the lead of each text among judged pairs."""
        at = np.searchsorted(self.judged.pairs, pack(rows))
        scores = self.judged.probabilities[at, kind]
        return leaders_of(len(self._order), rows, scores, self.in_order)
