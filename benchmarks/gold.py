"""
Feeds and what was labelled in them by reading: pairs, and whole stretches.

Pairs are lines of JSON with ``pair, feed, id1, id2, label, lang``; a missing feed is
the native one, a missing weight 1. The scores are strict: an `update` is no duplicate.
"""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from benchmarks.datasets import TEASERS, DataMissingError, shared_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pyarrow as pa

_K = TypeVar("_K")
_V = TypeVar("_V")

NATIVE = "newsapi"
"""The feed of pairs that name none."""

FEEDS = {
    NATIVE: TEASERS,
    **{
        name: f"feeds/{name}.parquet"
        for name in (
            "argentina_es",
            "finland_fi",
            "india_gnews",
            "oliberal_pt",
            "romania_pr",
            "wire_en_ja",
        )
    },
}
"""Files of the feeds, by name."""

LABELS = Path(__file__).with_name("labels")
"""The project's own labels."""

CLASSES = {"dup": 0, "update": 1, "series": 2, "different": 3}
"""Labels as columns of the classifier's probabilities; `unsure` is left out."""

DUPLICATE = CLASSES["dup"]

SETS = {
    "shared": ("labelled_pairs.jsonl", "labelled_feeds.jsonl"),
    "proposed": ("labelled_proposed.jsonl",),
    "own": (),
}
"""Where pairs come from; `own` are those of `LABELS`."""


@dataclasses.dataclass(frozen=True, slots=True)
class LabelledPair:
    """A pair of items of one feed, labelled with a class of `CLASSES`."""

    feed: str
    first: str
    second: str
    label: int
    language: str
    weight: float
    origin: str


@dataclasses.dataclass(frozen=True, slots=True)
class Stretch:
    """Consecutive items of a feed, read in full; pairs are frozen sets of two ids."""

    feed: str
    ids: Sequence[str]
    duplicates: frozenset[frozenset[str]]
    unsure_duplicates: frozenset[frozenset[str]]
    stories: frozenset[frozenset[str]]
    unsure_stories: frozenset[frozenset[str]]


def read_pairs() -> list[LabelledPair]:
    """Return all labelled pairs that are not unsure, those of shared files where they are."""
    pairs: list[LabelledPair] = []
    for origin, names in SETS.items():
        for path in [*_present(names), *(_own_files() if origin == "own" else ())]:
            rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
            pairs += [_pair(row, origin) for row in rows if row["label"] in CLASSES]
    return pairs


def labels_digest() -> str:
    """Return a digest of all files of labels, to tell which a figure is of."""
    files = [*_present(itertools.chain(*SETS.values())), *_own_files()]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:16]


def read_stretches() -> list[Stretch]:
    """Return the stretches that were read in full."""
    return [_stretch(path) for path in sorted((LABELS / "stretches").glob("*.json"))]


def present_feeds() -> list[str]:
    """Return the names of the feeds that are on this machine; `DataMissingError` for none."""
    names = [name for name, file in FEEDS.items() if _present([file])]
    if not names:
        shared_file(TEASERS)  # says where it was looked for
    return names


def read_feed(name: str) -> pa.Table:
    """Return a feed with the columns that the library reads, ``lang`` beside them."""
    import pyarrow.parquet as pq  # noqa: PLC0415 - optional, and slow to import

    columns = ["id", "title", "description", "source", "published", "lang"]
    table = pq.read_table(shared_file(FEEDS[name]), columns=columns)
    return table.rename_columns(["text" if each == "description" else each for each in columns])


def rates(rows: Iterable[tuple[bool, bool, float]]) -> dict[str, float]:
    """Return precision, recall and F1 of rows of (is duplicate, called duplicate, weight)."""
    rows = list(rows)
    hits = sum(weight for gold, said, weight in rows if gold and said)
    false = sum(weight for gold, said, weight in rows if said and not gold)
    missed = sum(weight for gold, said, weight in rows if gold and not said)
    return {
        "precision": hits / (hits + false) if hits + false else 1.0,
        "recall": hits / (hits + missed) if hits + missed else 1.0,
        "f1": 2 * hits / (2 * hits + false + missed) if hits else 0.0,
    }


def score(pairs: Sequence[LabelledPair], said: Sequence[bool]) -> dict[str, float]:
    """
    Return the scores of verdicts on pairs, by name.

    ``pooled`` counts every pair once, ``macro_f1`` is the mean over the feeds,
    ``weighted`` counts a pair as often as it stands for others.
    """
    rows = [
        (pair, (pair.label == DUPLICATE, bool(each), 1.0))
        for pair, each in zip(pairs, said, strict=True)
    ]
    found = _named("pooled", [row for _, row in rows])
    by_feed = _grouped((pair.feed, row) for pair, row in rows)
    by_language = _grouped((pair.language, row) for pair, row in rows)
    f1 = [rates(each)["f1"] for each in by_feed.values()]
    found["macro_f1"] = sum(f1) / len(f1)
    for feed, each in sorted(by_feed.items()):
        found |= _named(f"feed.{feed}", each)
    for language, each in sorted(by_language.items()):
        found |= {f"language.{language}.f1": rates(each)["f1"]}
    weighted = [(*row[:2], pair.weight) for pair, row in rows if pair.feed == NATIVE]
    if any(weight != 1 for _, _, weight in weighted):
        found |= _named("weighted", weighted)
    return found


def stretch_pairs(
    stretch: Stretch, group_of: Mapping[str, int], kind: str = "duplicates"
) -> list[tuple[bool, bool, float]]:
    """
    Return what `rates` reads of a grouping of a stretch, by `kind` duplicates or stories.

    `group_of` holds the group of each item by id. Pairs that the readers differ
    on are left out.
    """
    gold, unsure = stretch.duplicates, stretch.unsure_duplicates
    if kind == "stories":  # duplicates are of one story, listed as one or not
        gold, unsure = gold | stretch.stories, unsure | stretch.unsure_stories
    unsure -= gold
    groups = _grouped((group_of[each], each) for each in stretch.ids)
    said = {
        frozenset(pair)
        for members in groups.values()
        for pair in itertools.combinations(members, 2)
    } - unsure
    return [(pair in gold, pair in said, 1.0) for pair in gold | said]


def _named(name: str, rows: list[tuple[bool, bool, float]]) -> dict[str, float]:
    return {f"{name}.{rate}": value for rate, value in rates(rows).items()}


def _grouped(rows: Iterable[tuple[_K, _V]]) -> dict[_K, list[_V]]:
    groups: dict[_K, list[_V]] = {}
    for key, value in rows:
        groups.setdefault(key, []).append(value)
    return groups


def _pair(row: Mapping[str, Any], origin: str) -> LabelledPair:
    return LabelledPair(
        row.get("feed", NATIVE),
        row["id1"],
        row["id2"],
        CLASSES[row["label"]],
        row.get("lang", "?"),
        float(row.get("weight", 1.0)),
        origin,
    )


def _stretch(path: Path) -> Stretch:
    document = json.loads(path.read_text(encoding="utf-8"))
    names = ("duplicates", "unsure_duplicates", "stories", "unsure_stories")
    pairs = {name: frozenset(map(frozenset, document[name])) for name in names}
    return Stretch(path.stem, document["ids"], **pairs)


def _present(names: Iterable[str]) -> list[Path]:
    """Return the shared files that are there."""
    found = []
    for name in names:
        try:
            found.append(shared_file(name))
        except DataMissingError:
            continue
    return found


def _own_files() -> list[Path]:
    return sorted(LABELS.glob("pairs*.jsonl"))
