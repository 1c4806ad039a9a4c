"""A session in which somebody labels pairs of a feed, in a terminal or in a notebook."""

from __future__ import annotations

import collections
import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe_news._engine import candidates, questions
from dedupe_news._engine.classifier import DUPLICATE, features_of, load_classifier
from dedupe_news._engine.clusters import Grouping, Judged
from dedupe_news._engine.packing import rows_of
from dedupe_news._engine.segment import count
from dedupe_news._input.columns import to_span
from dedupe_news._input.labels import VERDICTS, Label, LabelFile, Verdict
from dedupe_news.errors import ConfigError, InputError
from dedupe_news.results import differences
from dedupe_news.results.displayable import display

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dedupe_news._engine.segment import Counted
    from dedupe_news.results.differences import Change
    from dedupe_news.results.result import Clustering

MOST_QUESTIONS = 200
"""Pairs of a session; the next session has others."""

KEYS: dict[str, Verdict] = dict(zip("dstx", VERDICTS, strict=True))
"""The key of each label."""

WORDS: dict[Verdict, str] = {
    "duplicate": "duplicate",
    "related": "same story",
    "template": "template",
    "different": "different",
}
"""What each label is called."""


@dataclasses.dataclass(frozen=True, slots=True)
class Question:
    """
    A pair to label.

    Parameters
    ----------
    left, right : int
        Positions of the two items in the feed.
    probability : float
        Probability that they are duplicates, in [0, 1], by the judge so far.
    """

    left: int
    right: int
    probability: float


class Labelling:
    """
    A session that shows pairs of a feed and writes down what somebody says of them.

    Parameters
    ----------
    result : Clustering
        The feed, as it was clustered.
    labels : str, path-like or None
        The file of labels: what is in it is not asked again. None to keep them
        in memory alone.
    n_jobs : int
        Threads, at least 1.

    Attributes
    ----------
    result : Clustering
        The feed.
    questions : list of Question
        The pairs of this session, those from which most is learnt first.

    Raises
    ------
    ConfigError
        If the feed was clustered by similarity alone.
    InputError
        If the file holds something else than labels.
    """

    def __init__(
        self, result: Clustering, labels: str | os.PathLike[str] | None, n_jobs: int
    ) -> None:
        if result.config.policy != "news":
            message = (
                f"the feed was clustered by the policy {result.config.policy!r}, which has no "
                "judge that could learn. Cluster it by the policy 'news'"
            )
            raise ConfigError(message)
        self.result = result
        self._file = LabelFile(labels)
        self.questions = _find_questions(result, self._file.labels, n_jobs)
        self._done: list[bool] = []  # of each pair shown: was it labelled

    @property
    def labels(self) -> list[Label]:
        """
        The labels so far.

        Returns
        -------
        list of Label
            Those of earlier sessions first.
        """
        return list(self._file.labels)

    @property
    def question(self) -> Question | None:
        """
        The pair that is shown.

        Returns
        -------
        Question or None
            None at the end.
        """
        at = len(self._done)
        return self.questions[at] if at < len(self.questions) else None

    @property
    def counts(self) -> dict[Verdict, int]:
        """
        How many pairs have each label.

        Returns
        -------
        dict of str to int
            In the order of `VERDICTS`.
        """
        counted = collections.Counter(label.label for label in self._file.labels)
        return {verdict: counted[verdict] for verdict in VERDICTS}

    @property
    def can_undo(self) -> bool:
        """
        Whether there is a pair to go back to.

        Returns
        -------
        bool
            Of this session.
        """
        return bool(self._done)

    def answer(self, verdict: Verdict) -> None:
        """
        Label the pair that is shown, and go on to the next.

        Parameters
        ----------
        verdict : {"duplicate", "related", "template", "different"}
            What the two items are.

        Raises
        ------
        InputError
            If no pair is shown, or the file cannot be written.
        """
        question = self._shown()
        id_of = self.result.columns.id_of
        self._file.append(Label(id_of(question.left), id_of(question.right), verdict))
        self._done.append(True)

    def skip(self) -> None:
        """
        Go on to the next pair.

        Raises
        ------
        InputError
            If no pair is shown.
        """
        self._shown()
        self._done.append(False)

    def undo(self) -> bool:
        """
        Go back to the pair before, and take back its label.

        Returns
        -------
        bool
            Whether there was one in this session.

        Raises
        ------
        InputError
            If the file cannot be written.
        """
        if not self._done:
            return False
        if self._done[-1]:
            self._file.undo()
        self._done.pop()
        return True

    def _shown(self) -> Question:
        question = self.question
        if question is None:
            message = "no pair is left; label(result) finds others"
            raise InputError(message)
        return question

    def changes(self, question: Question) -> list[Change]:
        """
        Return where the two items of a pair differ.

        Parameters
        ----------
        question : Question
            The pair.

        Returns
        -------
        list of Change
            In order.
        """
        columns = self.result.columns
        texts = [columns.content(at) for at in (question.left, question.right)]
        return differences.between(texts, self.result.config, titled=columns.titled)

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        """Show the session in a notebook."""
        bundle: dict[str, Any] = display("widget").bundle(self)
        return bundle

    def __repr__(self) -> str:
        """
        Return how far the session is.

        Returns
        -------
        str
            One line.
        """
        counts = ", ".join(f"{number} {WORDS[name]}" for name, number in self.counts.items())
        n_left = len(self.questions) - len(self._done)
        return f"<Labelling: {len(self._file.labels)} labels ({counts}), {n_left} pairs left>"


def _find_questions(result: Clustering, labels: Sequence[Label], n_jobs: int) -> list[Question]:
    """Return the pairs to show, those from which most is learnt first."""
    columns, config = result.columns, result.config
    window = None if config.window is None else to_span(config.window)
    counted = count(columns, config, n_jobs, window)
    segment, texts = counted.segment, counted.texts
    keys = candidates.find_keys(segment, n_jobs)
    model = load_classifier(config)

    def judge(found: NDArray[np.uint64]) -> Judged:
        return Judged(found, model.probabilities(segment, rows_of(found), n_jobs))

    grouping = Grouping(segment.order, texts, config.min_probability, judge)
    grouping.judge(candidates.find_candidates(segment, keys, n_jobs).pairs)
    group = _groups(result)
    known = _texts_of(counted, columns.ids, labels)
    rows, probabilities = _without(grouping, known)
    documents = texts.document[segment.order[rows]]
    kept = questions.thin(probabilities, group[documents], config.min_probability)
    rows, probabilities, documents = rows[kept], probabilities[kept], documents[kept]
    pairs = questions.Pairs(features_of(segment, rows, n_jobs), probabilities, group[documents])
    before = questions.Pairs(
        features_of(segment, known, n_jobs),
        model.probabilities(segment, known, n_jobs),
        group[texts.document[segment.order[known]]],
    )
    chosen = questions.choose(pairs, config.min_probability, MOST_QUESTIONS, before)
    return [
        Question(
            int(documents[at].min()), int(documents[at].max()), float(probabilities[at, DUPLICATE])
        )
        for at in chosen.tolist()
    ]


def _without(
    grouping: Grouping, known: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the judged pairs that are not known, and their probabilities."""
    rows = rows_of(grouping.judged.pairs)
    n_texts = np.int64(rows.max(initial=0) + known.max(initial=0) + 1)
    is_new = ~np.isin(rows @ [n_texts, 1], np.sort(known, axis=1) @ [n_texts, 1])
    return rows[is_new], grouping.judged.probabilities[is_new]


def _groups(result: Clustering) -> NDArray[np.int64]:
    """Return what each document belongs to: its template, else its story, else its cluster."""
    kept = result.representatives[result.labels]
    story = np.where(result.story_of >= 0, result.story_of, kept)
    groups: NDArray[np.int64] = np.where(result.template_of >= 0, result.template_of, story)
    return groups


def _texts_of(
    counted: Counted, ids: Sequence[Any] | None, labels: Sequence[Label]
) -> NDArray[np.int64]:
    """Return the two texts of each label whose items are here and differ, shape (n_pairs, 2)."""
    return texts_of_labels(counted, ids, labels)[0]


def texts_of_labels(
    counted: Counted, ids: Sequence[Any] | None, labels: Sequence[Label]
) -> tuple[NDArray[np.int64], list[Label]]:
    """
    Return the texts of the labels that a judge can learn from, and these labels.

    Parameters
    ----------
    counted : Counted
        The feed.
    ids : sequence of hashable or None
        Its ids; positions for None.
    labels : sequence of Label
        Some labels.

    Returns
    -------
    texts : ndarray of int64, shape (n_pairs, 2)
        Texts of the segment, of the labels whose items are there with words
        that are not the same.
    labels : list of Label
        These labels.
    """
    place = {id_: at for at, id_ in enumerate(range(len(counted.text_of)) if ids is None else ids)}
    rows, kept = [], []
    for label in labels:
        at = [place.get(each) for each in (label.id1, label.id2)]
        texts = [-1 if each is None else int(counted.text_of[each]) for each in at]
        if min(texts) >= 0 and texts[0] != texts[1]:
            rows.append(texts)
            kept.append(label)
    return np.array(rows, np.int64).reshape(-1, 2), kept
