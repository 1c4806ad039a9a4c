"""
A feed with pairs labelled by reading, and the scores of a clustering against them.

The feed is a Parquet file with the columns ``id, title, description, source,
published, lang`` (the last three optional); pairs are lines of JSON with
``id1, id2, label, weight, lang``. A pair labelled ``dup`` is a duplicate;
``series`` and ``different`` are not; other labels are not scored.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import runpy
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.logistic import Rates, rates

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa
    from numpy.typing import NDArray

PAIRS = "labelled_pairs.jsonl"
SYNDICATED = "syndicated_pairs.tsv"

DUPLICATE = "dup"
SCORED = (DUPLICATE, "series", "different")

LEAST_BIGRAM_JACCARD = 0.2
"""Syndicated pairs that share less are all but rewritten; they are counted apart."""

_COLUMNS = ("id", "title", "description", "source", "published", "lang")


@dataclasses.dataclass(frozen=True, slots=True)
class LabelledPairs:
    """
    Pairs of a feed whose relation is known; only those that are scored.

    Attributes
    ----------
    first, second : list of str
        Ids of the two documents.
    is_duplicate : ndarray of bool, shape (n_pairs,)
        The label.
    weights : ndarray of float64, shape (n_pairs,)
        Pairs of the feed that each one stands for.
    languages : list of str
        Language of each pair; empty where it is not given.
    digest : str
        Of the file, to tell which labels a figure is of.
    """

    first: list[str]
    second: list[str]
    is_duplicate: NDArray[np.bool_]
    weights: NDArray[np.float64]
    languages: list[str]
    digest: str

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.first)


@dataclasses.dataclass(frozen=True, slots=True)
class Scores:
    """
    What a clustering is worth on labelled pairs.

    Attributes
    ----------
    sample : Rates
        Every labelled pair counts once.
    feed : Rates
        Every pair counts as often as it stands for others: what a user sees.
    languages : mapping of str to Rates
        The sample by language.
    syndicated : mapping of str to float
        Recall of copies across outlets; empty where they are not known.
    """

    sample: Rates
    feed: Rates
    languages: Mapping[str, Rates]
    syndicated: Mapping[str, float]

    def figures(self) -> dict[str, float]:
        """
        Return every score by name.

        Returns
        -------
        dict of str to float
            Such as ``"sample.f1"`` and ``"sample.fr.f1"``.
        """
        named = {"sample": self.sample, "feed": self.feed}
        named |= {f"sample.{name}": each for name, each in self.languages.items()}
        figures = {
            f"{name}.{rate}": value
            for name, each in named.items()
            for rate, value in dataclasses.asdict(each).items()
        }
        return figures | {f"syndicated.{name}": part for name, part in self.syndicated.items()}


def read_pairs(path: Path) -> LabelledPairs:
    """
    Read labelled pairs.

    Parameters
    ----------
    path : Path
        Lines of JSON.

    Returns
    -------
    LabelledPairs
        Those that are scored, in the order of the file.
    """
    content = path.read_bytes()
    rows = [json.loads(line) for line in content.decode().splitlines() if line.strip()]
    rows = [row for row in rows if row["label"] in SCORED]
    return LabelledPairs(
        first=[row["id1"] for row in rows],
        second=[row["id2"] for row in rows],
        is_duplicate=np.array([row["label"] == DUPLICATE for row in rows], bool),
        weights=np.array([row.get("weight", 1.0) for row in rows], np.float64),
        languages=[row.get("lang", "") for row in rows],
        digest=hashlib.sha256(content).hexdigest()[:16],
    )


def read_feed(path: Path) -> pa.Table:
    """
    Read a feed.

    Parameters
    ----------
    path : Path
        The Parquet file.

    Returns
    -------
    pyarrow.Table
        The columns that this module names, those the file has.
    """
    import pyarrow.parquet as pq  # noqa: PLC0415 - optional, and slow to import

    there = pq.read_schema(path).names
    return pq.read_table(path, columns=[name for name in _COLUMNS if name in there])


def feed_digest(feed: pa.Table) -> str:
    """
    Return a digest of a feed, to tell which feed a figure or a model is of.

    Parameters
    ----------
    feed : pyarrow.Table
        From `read_feed`.

    Returns
    -------
    str
        Of ids, titles and descriptions in order.
    """
    digest = hashlib.sha256()
    for name in ("id", "title", "description"):
        for value in feed[name].to_pylist():
            digest.update(f"{value}\x00".encode())
    return digest.hexdigest()[:16]


def read_syndicated(pairs: Path) -> list[tuple[str, str, float]]:
    """
    Read the copies across outlets beside a file of labelled pairs.

    Parameters
    ----------
    pairs : Path
        The labelled pairs.

    Returns
    -------
    list of (str, str, float)
        Two ids and the Jaccard similarity of their word bigrams; empty where
        there is no such file.
    """
    path = pairs.with_name(SYNDICATED)
    if not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()[1:]
    fields = [line.split("\t") for line in lines]
    return [(first, second, float(jaccard)) for first, second, jaccard in fields]


def score(
    labels: Mapping[str, int],
    pairs: LabelledPairs,
    syndicated: Sequence[tuple[str, str, float]] = (),
) -> Scores:
    """
    Score a clustering of a whole feed.

    Parameters
    ----------
    labels : mapping of str to int
        Cluster by id. A document that is not there is in no cluster.
    pairs : LabelledPairs
        What is known.
    syndicated : sequence of (str, str, float)
        As `read_syndicated` returns them.

    Returns
    -------
    Scores
        A pair counts as predicted where both documents are in one cluster.
    """

    def together(first: str, second: str) -> bool:
        cluster = labels.get(first)
        return cluster is not None and cluster == labels.get(second)

    said = np.array([together(a, b) for a, b in zip(pairs.first, pairs.second, strict=True)], bool)
    languages = np.array(pairs.languages)
    parts: dict[str, list[bool]] = {"all": [], "least_0.2": [], "below_0.2": []}
    for first, second, jaccard in syndicated:
        found = together(first, second)
        parts["all"].append(found)
        parts["least_0.2" if jaccard >= LEAST_BIGRAM_JACCARD else "below_0.2"].append(found)
    return Scores(
        sample=rates(pairs.is_duplicate, said),
        feed=rates(pairs.is_duplicate, said, pairs.weights),
        languages={
            str(name): rates(pairs.is_duplicate[languages == name], said[languages == name])
            for name in np.unique(languages[languages != ""])
        },
        syndicated={name: sum(part) / len(part) for name, part in parts.items() if part},
    )


def write_clusters(path: Path, labels: Mapping[str, int]) -> None:
    """
    Write a clustering as lines of an id, a tab and the number of a cluster.

    Parameters
    ----------
    path : Path
        The file; its folder is made.
    labels : mapping of str to int
        Cluster by id.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="\n") as lines:
        lines.writelines(f"{each}\t{cluster}\n" for each, cluster in labels.items())


def scorer_failures(scores: Scores, clusters: Path, pairs: Path) -> list[str] | None:
    """
    Hold our scores against those of the scorer that came with the labels.

    Parameters
    ----------
    scores : Scores
        From `score`.
    clusters : Path
        The same clustering, from `write_clusters`.
    pairs : Path
        The labelled pairs; the scorer is ``eval/score.py`` beside their folder.

    Returns
    -------
    list of str or None
        Differences, in words; None where there is no scorer.
    """
    path = pairs.parent.parent / "eval" / "score.py"
    if not path.is_file():
        return None
    scorer = runpy.run_path(str(path))  # leaves no compiled file beside it
    theirs: dict[str, Any] = scorer["score"](scorer["read_clusters"](clusters), pairs)
    expected = {
        f"{kind}.{rate}": theirs[kind][rate]
        for kind in ("sample", "feed")
        for rate in ("precision", "recall", "f1")
    }
    ours = scores.figures()
    failures = [
        f"{name} is {ours[name]:.6f} here and {value:.6f} by {path.name}"
        for name, value in expected.items()
        if abs(ours[name] - value) > _ROUNDING
    ]
    if theirs["ids_missing"]:
        failures.append(f"{theirs['ids_missing']:,} ids of labelled pairs are in no cluster")
    return failures


_ROUNDING = 1e-9
