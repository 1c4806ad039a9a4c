"""A session in which somebody labels pairs of a feed, in a terminal or in a notebook."""

from __future__ import annotations

import collections
import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe_news._engine import candidates, questions
from dedupe_news._engine.classifier import DUPLICATE, features_of, load_classifier
from dedupe_news._engine.clusters import Grouping, Judged
from dedupe_news._engine.packing import pack, rows_of
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
        """The labels so far, those of earlier sessions first."""
        return list(self._file.labels)

    @property
    def question(self) -> Question | None:
        """The pair that is shown; None at the end."""
        at = len(self._done)
        return self.questions[at] if at < len(self.questions) else None

    @property
    def counts(self) -> dict[Verdict, int]:
        """How many pairs have each label."""
        counted = collections.Counter(label.label for label in self._file.labels)
        return {verdict: counted[verdict] for verdict in VERDICTS}

    @property
    def can_undo(self) -> bool:
        """Whether this session has a pair to go back to."""
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
        Return where the two items of a pair differ, in order.

        Parameters
        ----------
        question : Question
            The pair.

        Returns
        -------
        list of Change
            Where their words differ.
        """
        columns = self.result.columns
        texts = [columns.content(at) for at in (question.left, question.right)]
        return differences.between(texts, self.result.config, titled=columns.titled)

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        """Show the session in a notebook."""
        bundle: dict[str, Any] = display("widget").bundle(self)
        return bundle

    def __repr__(self) -> str:
        """Return how far the session is."""
        counts = ", ".join(f"{number} {WORDS[name]}" for name, number in self.counts.items())
        n_left = len(self.questions) - len(self._done)
        return f"<Labelling: {len(self._file.labels)} labels ({counts}), {n_left} pairs left>"


def _find_questions(result: Clustering, labels: Sequence[Label], n_jobs: int) -> list[Question]:
    """Return the pairs to show, those from which most is learnt first."""
    columns, config = result.columns, result.config
    window = None if config.window is None else to_span(config.window)
    counted = count(columns, config, n_jobs, window)
    segment, texts = counted.segment, counted.texts
    model = load_classifier(config)

    def judge(pairs: NDArray[np.uint64]) -> Judged:
        return Judged(pairs, model.probabilities(segment, rows_of(pairs), n_jobs))

    grouping = Grouping(segment.order, texts, config.min_probability, judge)
    keys = candidates.find_keys(segment, n_jobs)
    grouping.judge(candidates.find_candidates(segment, keys, n_jobs).pairs)
    known, _ = texts_of_labels(counted, columns.ids, labels)
    unknown = ~np.isin(grouping.judged.pairs, pack(known))
    rows = rows_of(grouping.judged.pairs[unknown])
    probabilities = grouping.judged.probabilities[unknown]

    # What each document belongs to: its template, else its story, else its cluster.
    groups = np.where(result.story_of >= 0, result.story_of, result.representatives[result.labels])
    groups = np.where(result.template_of >= 0, result.template_of, groups)
    documents = texts.document[segment.order]

    def as_pairs(rows: NDArray[np.int64], probabilities: NDArray[np.float64]) -> questions.Pairs:
        return questions.Pairs(
            features_of(segment, rows, n_jobs), probabilities, groups[documents[rows]]
        )

    thin = questions.thin(probabilities, groups[documents[rows]], config.min_probability)
    rows, probabilities = rows[thin], probabilities[thin]
    chosen = questions.choose(
        as_pairs(rows, probabilities),
        config.min_probability,
        MOST_QUESTIONS,
        as_pairs(known, model.probabilities(segment, known, n_jobs)),
    )
    places = np.sort(documents[rows[chosen]], axis=1).tolist()
    likely = probabilities[chosen, DUPLICATE].tolist()
    return [
        Question(left, right, probability)
        for (left, right), probability in zip(places, likely, strict=True)
    ]


def texts_of_labels(
    counted: Counted, ids: Sequence[Any] | None, labels: Sequence[Label]
) -> tuple[NDArray[np.int64], list[Label]]:
    """
    Return the texts of the labels that a judge can learn from, and these labels.

    Those are labels of items that are here, by id or position, with words that differ. The texts
    are of the segment, shape (n_labels, 2).
    """
    place = {id_: at for at, id_ in enumerate(range(len(counted.text_of)) if ids is None else ids)}
    rows, useful = [], []
    for label in labels:
        places = [place.get(label.id1), place.get(label.id2)]
        texts = [-1 if at is None else int(counted.text_of[at]) for at in places]
        if min(texts) >= 0 and texts[0] != texts[1]:
            rows.append(texts)
            useful.append(label)
    return np.array(rows, np.int64).reshape(-1, 2), useful
