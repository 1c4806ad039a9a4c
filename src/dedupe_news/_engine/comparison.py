"""One pair explained: what the verdict is, what decided it, and where the two differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe_news._engine import classifier
from dedupe_news._engine.segment import count, sets_for
from dedupe_news._engine.sets import overlaps
from dedupe_news._engine.texts import within
from dedupe_news._input.columns import to_span
from dedupe_news._kernels.feature_names import FEATURES
from dedupe_news._machine.progress import ready
from dedupe_news._machine.space import MEMORY
from dedupe_news.results import differences
from dedupe_news.results.records import Comparison, Difference, Reason, Relation
from dedupe_news.results.sentences import Circumstances, sentence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from dedupe_news._engine.segment import Segment
    from dedupe_news._input.columns import Columns
    from dedupe_news._machine.space import Space
    from dedupe_news.config import Config
    from dedupe_news.results.differences import Block, Wording

_REASONS = 8  # features that an explanation names
_AGREED = "most texts that are duplicates of either are duplicates of both"
_LABELLED = "a label says that the two are one item"
_JOINED = "a label says that one of them is one item with a duplicate of the other"
_RELATIONS = {"related": Relation.RELATED, "template": Relation.TEMPLATE}


class Explainer:
    """
    Explains pairs of items of a batch with the statistics of all of the batch.

    Parameters
    ----------
    columns : Columns
        The items.
    config : Config
        The settings.
    n_jobs : int
        Threads for the first explanation, which counts the words of the batch again.
    space : Space
        Where its arrays lie.
    group_of : mapping of int to int, optional
        The group of each item that labels join with others.
    """

    def __init__(
        self,
        columns: Columns,
        config: Config,
        n_jobs: int = 1,
        space: Space = MEMORY,
        group_of: Mapping[int, int] | None = None,
    ) -> None:
        self._columns = columns
        self._config = config
        self._n_jobs = n_jobs
        self._space = space
        self._group_of = group_of or {}
        self._counted: tuple[Segment, NDArray[np.int64]] | None = None

    def with_config(self, config: Config) -> Explainer:
        """Return one that judges with settings that leave the texts as they are."""
        other = Explainer(self._columns, config, self._n_jobs, self._space, self._group_of)
        other._counted = self._counted
        return other

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what is made anew when it is asked for."""
        return {**vars(self), "_counted": None, "_space": MEMORY}

    def _segment(self) -> tuple[Segment, NDArray[np.int64]]:
        """Return the texts of the batch, and the text of each item or -1."""
        if self._counted is None:
            counted = count(self._columns, self._config, self._n_jobs, space=self._space)
            self._counted = counted.segment, counted.text_of
        return self._counted

    def _are_apart(self, a: int, b: int) -> bool:
        """Return whether the window parts two items."""
        published, window = self._columns.published, self._config.window
        if published is None or window is None:
            return False
        return not bool(within(published[[a]], published[[b]], to_span(window))[0])

    def _overruled(
        self, a: int, b: int, relation: Relation, probability: float | None
    ) -> str | None:
        """Return what made two items duplicates beside the judge, if anything did."""
        group, other = self._group_of.get(a), self._group_of.get(b)
        if group is not None and group == other:
            is_copy = relation is Relation.EXACT and not self._are_apart(a, b)
            return None if is_copy else _LABELLED
        # Such a match has the least probability that a match may have.
        if self._config.policy != "news" or probability != self._config.min_probability:
            return None
        return _AGREED if group is None and other is None else _JOINED

    def __call__(self, a: int, b: int, match: tuple[Relation, float] | None = None) -> Comparison:
        """Return how the items at two positions are related; `match` is what the result says."""
        with ready("compare", self._config.policy, n_bytes=lambda: self._columns.buffer.nbytes):
            return self._compared(a, b, match)

    def _compared(self, a: int, b: int, match: tuple[Relation, float] | None) -> Comparison:
        segment, text_of = self._segment()
        left, right = self._columns.content(a), self._columns.content(b)
        pair = np.sort(text_of[[a, b]])
        jaccard = containment = 0.0
        relation = None
        probabilities = dict.fromkeys(classifier.CLASSES, 0.0)
        reasons: tuple[Reason, ...] = ()
        are_joined = self._group_of.get(a, -1) == self._group_of.get(b, -2)
        too_far = match is None and not are_joined and self._are_apart(a, b)
        overruled = None
        if pair[0] < 0 or too_far:
            probabilities["different"] = 1.0
        elif pair[0] == pair[1]:
            jaccard = containment = probabilities["duplicate"] = 1.0
            relation = Relation.EXACT
            overruled = self._overruled(a, b, relation, None)
        else:
            jaccard, containment, relation = _scores(segment, pair, self._config)
            if self._config.policy == "news":
                as_duplicates, likely = match or (relation, 1.0 if are_joined else None)
                overruled = self._overruled(a, b, as_duplicates, likely)
                relation, probabilities, reasons = _judge(segment, pair, relation, self._config)
                if overruled is not None and likely is not None:
                    relation, probabilities = as_duplicates, _raised(probabilities, likely)
            else:
                is_duplicate = jaccard >= self._config.threshold
                probabilities["duplicate" if is_duplicate else "different"] = 1.0
                relation = relation if is_duplicate else None
        one, other = differences.read([left, right], self._config, titled=self._columns.titled)
        blocks = differences.aligned(one, other)
        verdict = "different" if relation is None else relation.verdict
        is_judged = self._config.policy == "news" and relation is not Relation.EXACT
        about = self._about(
            a,
            b,
            relation,
            probabilities[verdict] if is_judged else None,
            too_far=too_far,
            overruled=overruled,
        )
        return Comparison(
            relation=relation,
            jaccard=jaccard,
            containment=containment,
            probability=probabilities["duplicate"],
            reasons=reasons,
            differences=_differences(one, other, blocks),
            left=left,
            right=right,
            verdict="none" if relation is None else relation.verdict,
            probabilities=probabilities,
            why=sentence(one, other, blocks, about),
        )

    def why(
        self,
        left: NDArray[np.int64],
        right: NDArray[np.int64],
        relation: NDArray[np.uint8],
        probability: NDArray[np.float64],
    ) -> list[str]:
        """Return a sentence for each pair of items whose relation is known."""
        columns = self._columns
        positions, places = np.unique(np.concatenate((left, right)), return_inverse=True)
        contents = [columns.content(position) for position in positions.tolist()]
        wordings = differences.read(contents, self._config, titled=columns.titled)
        first, second = places[: len(left)].tolist(), places[len(left) :].tolist()
        sentences = []
        for i, j, kind, value in zip(
            first, second, relation.tolist(), probability.tolist(), strict=True
        ):
            one, other = wordings[i], wordings[j]
            is_judged = self._config.policy == "news" and kind != Relation.EXACT
            items = int(positions[i]), int(positions[j])
            about = self._about(
                *items,
                Relation(kind),
                value if is_judged else None,
                overruled=self._overruled(*items, Relation(kind), value),
            )
            sentences.append(sentence(one, other, differences.aligned(one, other), about))
        return sentences

    def _about(
        self,
        a: int,
        b: int,
        relation: Relation | None,
        probability: float | None,
        *,
        too_far: bool = False,
        overruled: str | None = None,
    ) -> Circumstances:
        """Return what is known of two items beside their words."""
        columns = self._columns
        start, stop = columns.published_at(a), columns.published_at(b)
        sources = columns.source_of(a), columns.source_of(b)
        return Circumstances(
            relation,
            probability,
            apart=None if start is None or stop is None else abs(stop - start),
            same_source=None if None in sources else sources[0] == sources[1],
            window=self._config.window if too_far else None,
            overruled=overruled,
        )


def _scores(
    segment: Segment, pair: NDArray[np.int64], config: Config
) -> tuple[float, float, Relation]:
    """Return exact Jaccard similarity, containment and the relation of two texts as duplicates."""
    sets = sets_for(segment, config.shingle_size, pair, 1)
    shared = overlaps(pair[np.newaxis], sets, segment.runs, 1)
    jaccard, containment, relation = (values[0].item() for values in shared)
    return jaccard, containment, Relation(relation)


def _judge(
    segment: Segment, pair: NDArray[np.int64], relation: Relation, config: Config
) -> tuple[Relation | None, dict[str, float], tuple[Reason, ...]]:
    """Return the verdict on a pair, the probability of each class, and what decided."""
    model = classifier.load_classifier(config)
    pairs = pair[np.newaxis]
    probabilities = model.probabilities(segment, pairs, 1)
    verdict = classifier.CLASSES[int(classifier.verdicts(probabilities, config.min_probability)[0])]
    row = classifier.features_of(segment, pairs, 1)[0]
    contributions = model.contributions(row)
    # What speaks for a duplicate, beside what speaks for the others on average.
    weights = contributions[:, classifier.DUPLICATE] - contributions[:, 1:].mean(axis=1)
    weightiest = np.argsort(-np.abs(weights), kind="stable")[:_REASONS]
    reasons = tuple(
        Reason(FEATURES[which], float(row[which]), float(weights[which]))
        for which in weightiest.tolist()
        if weights[which] != 0
    )
    if classifier.is_standing(segment, pairs)[0]:
        reasons = ()  # the trees did not decide
    named = dict(zip(classifier.CLASSES, probabilities[0].tolist(), strict=True))
    if verdict == "duplicate":
        return relation, named, reasons
    return _RELATIONS.get(verdict), named, reasons


def _raised(probabilities: dict[str, float], probability: float) -> dict[str, float]:
    """Return probabilities with another of duplicates, the others in proportion."""
    share = (1.0 - probability) / max(1.0 - probabilities["duplicate"], np.finfo(float).tiny)
    others = {name: share * value for name, value in probabilities.items()}
    return {**others, "duplicate": probability}


def _differences(left: Wording, right: Wording, blocks: Sequence[Block]) -> tuple[Difference, ...]:
    return tuple(
        Difference(
            change.kind,
            left.text[change.left_start : change.left_stop],
            right.text[change.right_start : change.right_stop],
            change.left_start,
            change.right_start,
        )
        for change in differences.changes(left, right, blocks)
    )
