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
    from collections.abc import Iterable, Iterator, Mapping, Sequence

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
        "f1": 2 * hits / (2 * hits + false + missed) if hits + false + missed else 1.0,
    }


def score(pairs: Sequence[LabelledPair], said: Sequence[bool]) -> dict[str, float]:
    """Return the scores of verdicts on pairs, by name."""
    rows = [
        (pair, (pair.label == DUPLICATE, bool(each), 1.0))
        for pair, each in zip(pairs, said, strict=True)
    ]
    found = _named("pooled", [row for _, row in rows])
    by_feed = _grouped((pair.feed, row) for pair, row in rows)
    by_language = _grouped((pair.language, row) for pair, row in rows)
    found["macro_f1"] = _mean_f1(by_feed)
    if others := {feed: each for feed, each in by_feed.items() if feed != NATIVE}:
        found |= _named("others", [row for each in others.values() for row in each])
        found["others.macro_f1"] = _mean_f1(others)
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
    """Return what `rates` reads of a grouping of a stretch, by `kind` duplicates or stories."""
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


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """What a clustering says: the cluster and the story of each id of a feed."""

    cluster: Mapping[str, int]
    story: Mapping[str, int]

    def together(self, pairs: Iterable[tuple[str, str]]) -> list[bool]:
        """Return which pairs are in one cluster; an id that is not there is in none."""
        return [a in self.cluster and self.cluster[a] == self.cluster.get(b) for a, b in pairs]


class Scores:
    """Collects what each way says of labelled pairs and stretches."""

    def __init__(self, pairs: list[LabelledPair], stretches: list[Stretch]) -> None:
        self._pairs = pairs
        self._stretches = {stretch.feed: stretch for stretch in stretches}
        self._said: dict[str, dict[int, bool]] = {}
        self._read: dict[tuple[str, str], dict[str, list[tuple[bool, bool, float]]]] = {}

    def of_feed(self, feed: str) -> tuple[list[int], list[tuple[str, str]]]:
        """Return the places and the ids of the pairs of a feed."""
        places = [at for at, pair in enumerate(self._pairs) if pair.feed == feed]
        return places, [(self._pairs[at].first, self._pairs[at].second) for at in places]

    def enter(self, who: str, feed: str, answer: Answer) -> None:
        """Score a clustering of a feed on its pairs, and on its stretch where it has one."""
        places, ids = self.of_feed(feed)
        self.enter_pairs(who, places, answer.together(ids))
        self.enter_stretch(who, feed, answer)

    def enter_pairs(self, who: str, places: list[int], said: list[bool]) -> None:
        """Add verdicts on pairs."""
        self._said.setdefault(who, {}).update(zip(places, said, strict=True))

    def enter_stretch(self, who: str, feed: str, answer: Answer) -> None:
        """Add a clustering of a stretch."""
        stretch = self._stretches.get(feed)
        if stretch is None or not answer.cluster.keys() >= set(stretch.ids):
            return  # a feed of this name that is another
        for kind, groups in (("duplicates", answer.cluster), ("stories", answer.story)):
            rows = stretch_pairs(stretch, groups, kind)
            self._read.setdefault((who, kind), {})[feed] = rows

    def figures(self) -> Iterator[tuple[str, dict[str, float]]]:
        """Yield the scores of each way on pairs: of each origin, and all."""
        for who, said in self._said.items():
            scores: dict[str, float] = {}
            for origin in (*SETS, "all"):
                places = [at for at in said if origin in {"all", self._pairs[at].origin}]
                if places:
                    members = [self._pairs[at] for at in places]
                    values = score(members, [said[at] for at in places])
                    scores |= {f"{origin}.{name}": value for name, value in values.items()}
            yield who, scores

    def stretch_figures(self) -> Iterator[tuple[str, str, dict[str, float]]]:
        """Yield the scores of each way on stretches: of each feed, and all."""
        for (who, kind), by_feed in self._read.items():
            rows = {**by_feed, "all": [row for each in by_feed.values() for row in each]}
            for feed, each in rows.items():
                yield who, f"{kind}.{feed}", rates(each)


def _named(name: str, rows: list[tuple[bool, bool, float]]) -> dict[str, float]:
    return {f"{name}.{rate}": value for rate, value in rates(rows).items()}


def _mean_f1(groups: Mapping[str, list[tuple[bool, bool, float]]]) -> float:
    return sum(rates(rows)["f1"] for rows in groups.values()) / len(groups)


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
