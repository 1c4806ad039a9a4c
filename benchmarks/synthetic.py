"""
Pairs made of the feeds' own texts, as rows of features.

Made when a classifier is fitted, with a seed; nothing is stored.
"""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import examples, gold
from benchmarks.datasets import SEED
from benchmarks.item_words import Item, Made, plain
from benchmarks.making import KINDS, Maker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.random import Generator
    from numpy.typing import NDArray

VARIANTS = ("full", "no_metadata")

N_TEXTS = 1000
"""Items of a feed that a batch of made pairs is put into."""

N_FEW_TEXTS = 200
"""The same of a small batch."""

SPREAD = 20
"""Consecutive items of which one is taken, so that a batch is of more than a few days."""

N_BATCHES = {gold.NATIVE: 5, "argentina_es": 3, "wire_en_ja": 3, "oliberal_pt": 2}
"""Batches of each feed; one of the others."""

N_EACH, N_QUICK = 20, 2
"""Pairs of each kind in a batch, and in small."""

_LONG_TEASER = 20  # words of a text that may be printed in many places


@dataclasses.dataclass(frozen=True, slots=True)
class MadeExamples:
    """Rows of features of made pairs, with the class, feed and weight of each row."""

    rows: NDArray[np.float64]
    label: NDArray[np.int64]
    feed: NDArray[np.str_]
    weight: NDArray[np.float64]


def make_examples(
    n_jobs: int, announce: Callable[[str], None], n_each: int = N_EACH
) -> MadeExamples:
    """Return made pairs of all feeds that are there, in large batches and alone."""
    rows: list[NDArray[np.float64]] = []
    used: list[tuple[str, Made]] = []
    for at, name in enumerate(gold.present_feeds()):
        announce(f"made pairs of {name}")
        rng = np.random.default_rng([SEED, at])
        feed = gold.read_feed(name).sort_by([("published", "ascending"), ("id", "ascending")])
        for window in _windows(feed.num_rows, N_BATCHES.get(name, 1), rng):
            # In a small batch the words of a big story are common, and little else is.
            n_items = N_TEXTS if rng.random() < 0.6 else N_FEW_TEXTS  # noqa: PLR2004 - more often
            items = feed.take(window[:: max(1, len(window) // n_items)]).to_pylist()
            pairs = _make(items, rng, n_each)
            for matrix, is_used in itertools.chain(_within(items, pairs, n_jobs), _alone(pairs)):
                rows.append(matrix[is_used])
                used += [(name, pairs[place]) for place in np.flatnonzero(is_used).tolist()]
    return MadeExamples(
        rows=np.concatenate(rows),
        label=np.array([pair.label for _, pair in used], np.int64),
        feed=np.array([name for name, _ in used]),
        weight=np.array([pair.weight for _, pair in used]),
    )


def _windows(n_items: int, n_windows: int, rng: Generator) -> list[list[int]]:
    """Return the items of batches, each of a stretch of the feed."""
    room = n_items // n_windows
    stretch = min(room, SPREAD * N_TEXTS)
    n_texts = min(N_TEXTS, stretch)
    starts = [at * room + int(rng.integers(room - stretch + 1)) for at in range(n_windows)]
    return [sorted((start + rng.permutation(stretch)[:n_texts]).tolist()) for start in starts]


def _make(rows: Sequence[Mapping[str, Any]], rng: Generator, n_each: int) -> list[Made]:
    """Return `n_each` pairs of each kind, each of another item, languages in turn."""
    by_language: dict[str, list[Item]] = {}
    for row in rows:
        item = Item(plain(row["title"]), plain(row["text"]), row["source"], row["published"])
        if item.title or item.text:
            by_language.setdefault(row["lang"], []).append(item)
    items = [
        (maker, item)
        for group in by_language.values()
        if len(group) >= 20  # noqa: PLR2004 - else nothing is rare
        for maker in [Maker(group, rng)]
        for item in group
    ]
    made: list[Made] = []
    for kind in KINDS:
        n_made = 0
        for at in rng.permutation(len(items)).tolist():
            maker, item = items[at]
            pair = kind(maker, item)
            if pair is not None and pair.first != pair.second:
                made.append(pair)
                n_made += 1
            if n_made == n_each:
                break
    for at in rng.permutation(len(items)).tolist():
        maker, item = items[at]
        printings = maker.printings(item) if len(item.words) >= _LONG_TEASER else []
        if printings:
            return made + [pair for pair in printings if pair.first != pair.second]
    return made


def _within(
    rows: Sequence[Mapping[str, Any]], pairs: Sequence[Made], n_jobs: int
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.bool_]]]:
    """Yield the features of pairs in each variant among the other items, and which are usable."""
    feed = [
        {key: row[key] for key in ("id", "title", "text", "source", "published")} for row in rows
    ]
    made = [
        _row(f"{at}/{side}", item) for at, pair in enumerate(pairs) for side, item in _sides(pair)
    ]
    counted = examples.count(feed + made, n_jobs)
    texts = counted.pairs([(f"{at}/0", f"{at}/1") for at in range(len(pairs))])
    is_used = (texts >= 0).all(axis=1) & (texts[:, 0] != texts[:, 1])
    texts[~is_used] = 0
    for variant in VARIANTS:
        yield counted.rows(texts, variant, n_jobs), is_used


def _alone(
    pairs: Sequence[Made],
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.bool_]]]:
    """Yield the features of pairs in each variant in a batch of two."""
    batches = [
        examples.count([_row(side, item) for side, item in _sides(pair)], 1) for pair in pairs
    ]
    texts = [counted.pairs([("0", "1")]) for counted in batches]
    is_used = np.array(
        [
            not pair.needs_counts and bool((each >= 0).all() and each[0, 0] != each[0, 1])
            for pair, each in zip(pairs, texts, strict=True)
        ]
    )
    for variant in VARIANTS:
        rows = [
            counted.rows(each if used else np.zeros_like(each), variant, 1)
            for counted, each, used in zip(batches, texts, is_used, strict=True)
        ]
        yield np.concatenate(rows), is_used


def _sides(pair: Made) -> tuple[tuple[str, Item], tuple[str, Item]]:
    return ("0", pair.first), ("1", pair.second)


def _row(name: str, item: Item) -> dict[str, Any]:
    return {"id": name, **dataclasses.asdict(item)}
