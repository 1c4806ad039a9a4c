"""
The stages of the policy "news" the slow way.

Nothing here imports ``dedupe_news``: sets, dictionaries and loops over all
pairs, of the few texts that a test has.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CLIP = 4.0
LARGEST_COUNT = 4095


def code(count: int) -> int:
    """Return the byte that stands for a count."""
    return round(16 * math.log(min(count, LARGEST_COUNT))) if count else 0


def n_texts_with(runs: Sequence[Sequence[int]]) -> Counter[int]:
    """Return in how many runs each shingle is."""
    return Counter(shingle for run in runs for shingle in set(run))


def n_days_with(runs: Sequence[Sequence[int]], days: Sequence[int]) -> Counter[int]:
    """Return on how many days each shingle came; a day below 0 is not known."""
    return Counter(
        shingle
        for shingle, _ in {
            (shingle, day)
            for run, day in zip(runs, days, strict=True)
            for shingle in run
            if day >= 0
        }
    )


def related(
    runs: Sequence[Sequence[int]],
    lengths: Sequence[int],
    *,
    most: int,
) -> set[tuple[int, int]]:
    """Return the pairs that share enough shingles of at most `most` texts."""
    frequency = n_texts_with(runs)
    rare = [{shingle for shingle in run if frequency[shingle] <= most} for run in runs]
    return {
        (i, j)
        for i, j in itertools.combinations(range(len(runs)), 2)
        if len(rare[i] & rare[j]) >= least_shared(min(lengths[i], lengths[j]))
    }


def least_shared(shorter: int) -> int:
    """Return the rare shingles to share, by the length of the shorter text."""
    return 1 + sum(shorter > limit for limit in (10, 40, 60))


def of_one_template(
    runs: Sequence[Sequence[int]], *, most: int, share: float
) -> set[tuple[int, int]]:
    """Return the texts of common shingles, each with the first and the last before it of a key."""
    frequency = n_texts_with(runs)
    chains: dict[int, list[int]] = {}
    for text, run in enumerate(runs):
        common = [shingle for shingle in run if frequency[shingle] > most]
        if common and len(common) >= share * len(run):
            for key in {min(common), max(common)}:
                chains.setdefault(key, []).append(text)
    found = set()
    for texts in chains.values():
        found |= {(texts[0], text) for text in texts[1:]}
        found |= set(itertools.pairwise(texts))
    return found


def score_of(scores: Mapping[tuple[int, int], float], i: int, j: int) -> float:
    """Return the score of two texts; minus infinity for those that are no candidates."""
    return scores.get((min(i, j), max(i, j)), -math.inf)


def centrality(scores: Mapping[tuple[int, int], float], text: int) -> int:
    """Return the summed probabilities of a text's matches, in ten-thousandths."""
    return sum(
        int(10_000 / (1 + math.exp(-score)))
        for pair, score in scores.items()
        if text in pair and score >= 0
    )


def stars(scores: Mapping[tuple[int, int], float], n_texts: int) -> list[int]:
    """Return the centre of each text: the most central that matches none before it."""
    weights = [centrality(scores, text) for text in range(n_texts)]
    order = sorted(range(n_texts), key=lambda text: -weights[text])
    centres: list[int] = []
    for text in order:
        if not any(score_of(scores, text, centre) >= 0 for centre in centres):
            centres.append(text)
    return [
        text
        if text in centres
        else max(sorted(centres), key=lambda centre: score_of(scores, text, centre))
        for text in range(n_texts)
    ]


def refined(
    scores: Mapping[tuple[int, int], float], centre: Sequence[int], rounds: int
) -> list[int]:
    """Return where members go when each may move to the star that its neighbours speak for."""
    found = list(centre)
    n_texts = len(found)
    for _ in range(rounds):
        before = list(found)
        for text in range(n_texts):
            if found[text] == text and found.count(text) > 1:
                continue
            support: dict[int, float] = {}
            for other in range(n_texts):
                score = score_of(scores, text, other)
                if other != text and score > -math.inf:
                    star = found[other]
                    support[star] = support.get(star, 0.0) + min(CLIP, max(-CLIP, score))
            best, most = text, 0.0
            for other in range(n_texts):
                star = found[other]
                is_open = score_of(scores, text, other) > -math.inf and star != text
                if is_open and score_of(scores, text, star) >= 0 and support[star] > most + 1e-9:
                    best, most = star, support[star]
            found[text] = best
        if found == before:
            break
    return found


def elected(
    scores: Mapping[tuple[int, int], float], centre: Sequence[int], order: Sequence[int]
) -> list[int]:
    """Return each text's representative: the first in order that matches all of its star."""
    found = []
    for text in range(len(centre)):
        star = [other for other in range(len(centre)) if centre[other] == centre[text]]
        fit = [
            each
            for each in order
            if each in star
            and all(other == each or score_of(scores, each, other) >= 0 for other in star)
        ]
        found.append(fit[0] if fit else centre[text])
    return found
