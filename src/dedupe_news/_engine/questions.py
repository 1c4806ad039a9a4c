"""Which pairs are worth a person's look: those in doubt, all unlike one another, and some sure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SURE_EVERY = 4  # so many pairs hold one that is sure, to keep the probabilities honest
_MOST_OF_GROUP = 2
_LEAST_WEIGHT = 0.15
_MOST_CONSIDERED = 4000
_MOST_DEVIATIONS = 3.0
_LEAST_LOG = -5.0
_SEED = 20261130


class Pairs(NamedTuple):
    """
    Pairs that could be shown: features, what the judge says, and the groups of the two items.

    Shapes (n_pairs, n_features), (n_pairs, n_classes) and (n_pairs, 2). A group is a template,
    a story or a cluster.
    """

    rows: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    groups: NDArray[np.int64]

    def take(self, chosen: NDArray[np.int64]) -> Pairs:
        """Return some of the pairs."""
        return Pairs(self.rows[chosen], self.probabilities[chosen], self.groups[chosen])


def doubt_of(probabilities: NDArray[np.float64], min_probability: float) -> NDArray[np.float64]:
    """Return how unsure the judge is of each pair, from 0 to 1: of its class, or of duplicates."""
    ranked = np.sort(probabilities, axis=1)
    between = 1 - (ranked[:, -1] - ranked[:, -2])
    away = np.abs(probabilities[:, 0] - min_probability)
    near = 1 - away / max(min_probability, 1 - min_probability)
    doubt: NDArray[np.float64] = np.maximum(between, near)
    return doubt


def thin(
    probabilities: NDArray[np.float64], groups: NDArray[np.int64], min_probability: float
) -> NDArray[np.int64]:
    """Return the places of the pairs to consider, increasing: few of a group, most in doubt."""
    shuffled = np.random.default_rng(_SEED).permutation(len(groups))
    for side in range(2):
        of_side = groups[shuffled, side]
        by_group = np.argsort(of_side, kind="stable")
        starts = np.searchsorted(of_side[by_group], of_side[by_group])
        few = by_group[np.arange(len(of_side)) - starts < 2 * _MOST_OF_GROUP]
        shuffled = shuffled[np.sort(few)]
    n_sure = _MOST_CONSIDERED // _SURE_EVERY
    by_doubt = shuffled[np.argsort(-doubt_of(probabilities[shuffled], min_probability))]
    in_doubt, others = np.split(by_doubt, [_MOST_CONSIDERED - n_sure])
    sure = np.random.default_rng(_SEED).permutation(others)[:n_sure]
    return np.sort(np.concatenate((in_doubt, sure)))


def choose(
    pairs: Pairs, min_probability: float, most: int, labelled: Pairs | None = None
) -> NDArray[np.int64]:
    """
    Return the places of the pairs to show, those from which most is learnt first.

    Each time the pair with the most doubt times distance: from the nearest pair
    shown before, or `labelled`, in features and probabilities. Of a group at
    most two pairs are shown.
    """
    n_pairs = len(pairs.rows)
    if not n_pairs:
        return np.empty(0, np.int64)
    before = pairs.take(np.zeros(0, np.int64)) if labelled is None else labelled
    points, known = np.split(_points(pairs, before), [n_pairs])
    doubt = doubt_of(pairs.probabilities, min_probability)
    weights = doubt + _LEAST_WEIGHT, 1 - doubt + _LEAST_WEIGHT
    numbers = np.unique(np.concatenate((pairs.groups, before.groups)), return_inverse=True)[1]
    numbers = numbers.reshape(-1, 2)
    n_shown = np.bincount(numbers[n_pairs:].ravel(), minlength=numbers.max(initial=0) + 1)
    groups = numbers[:n_pairs]
    distance = np.full(n_pairs, np.inf)
    for point in known:
        distance = np.minimum(distance, _distances(points, point))
    open_ = np.ones(n_pairs, bool)
    chosen: list[int] = []
    while len(chosen) < most:
        open_ &= (n_shown[groups] < _MOST_OF_GROUP).all(axis=1)
        if not open_.any():
            break
        is_sure = len(chosen) % _SURE_EVERY == _SURE_EVERY - 1
        worth = weights[int(is_sure)] * np.where(np.isinf(distance), 1.0, distance)
        best = int(np.argmax(np.where(open_, worth, -1.0)))
        chosen.append(best)
        open_[best] = False
        n_shown[np.unique(groups[best])] += 1
        distance = np.minimum(distance, _distances(points, points[best]))
    return np.array(chosen, np.int64)


def _points(pairs: Pairs, before: Pairs) -> NDArray[np.float64]:
    """Return pairs as points: standardised features, all together as weighty as probabilities."""
    rows = np.concatenate((pairs.rows, before.rows))
    centre, scale = pairs.rows.mean(axis=0), pairs.rows.std(axis=0)
    features = (rows - centre) / np.where(scale > 0, scale, 1.0)
    features = features.clip(-_MOST_DEVIATIONS, _MOST_DEVIATIONS) / np.sqrt(rows.shape[1])
    probabilities = np.concatenate((pairs.probabilities, before.probabilities))
    logs = np.log(np.maximum(probabilities, np.exp(_LEAST_LOG))) / _MOST_DEVIATIONS
    return np.concatenate((features, logs), axis=1)


def _distances(points: NDArray[np.float64], point: NDArray[np.float64]) -> NDArray[np.float64]:
    distances: NDArray[np.float64] = np.sqrt(((points - point) ** 2).sum(axis=1))
    return distances
