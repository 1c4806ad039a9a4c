"""
Reuters-21578: a sample of verdicts to read, and teasers that seek their story.

The stories are long, dated and templated, and nobody labelled them: what is
said of them is for reading. The sample holds texts, and stays on the machine.
"""

from __future__ import annotations

import dataclasses
import importlib
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.datasets import SEED
from benchmarks.report import Table
from benchmarks.shingles import library_tokens

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pyarrow as pa
    from numpy.typing import NDArray

    from benchmarks.report import Report

LEAST_WORDS, MOST_WORDS = 20, 40
"""Words of a lead that a teaser keeps."""

N_READ = 100
"""Predicted duplicates, and as many predicted series, to read."""

_SHOWN_CHARACTERS = 1500
_SERIES_SHOWN = 3


@dataclasses.dataclass(frozen=True, slots=True)
class Teasers:
    """
    Leads that were cut off.

    Attributes
    ----------
    stories : list of int
        Position of the story of each.
    texts : list of str
        The first words of the lead, and three dots.
    n_short : int
        Stories whose lead has too few words.
    """

    stories: list[int]
    texts: list[str]
    n_short: int


def cut_teasers(stories: pa.Table) -> Teasers:
    """
    Cut each story's lead at a random length.

    Parameters
    ----------
    stories : pyarrow.Table
        ``title, text``; a text begins with its title in a line of its own.

    Returns
    -------
    Teasers
        Seeded; of stories whose body has more words than a teaser keeps.
    """
    rng = np.random.default_rng(SEED)
    lengths = rng.integers(LEAST_WORDS, MOST_WORDS + 1, stories.num_rows).tolist()
    chosen: list[int] = []
    texts: list[str] = []
    titles, bodies = stories["title"].to_pylist(), stories["text"].to_pylist()
    for position, (title, body, length) in enumerate(zip(titles, bodies, lengths, strict=True)):
        words = (body or "").removeprefix(title or "").split()
        if len(words) > length:
            chosen.append(position)
            texts.append(" ".join(words[:length]) + "...")
    return Teasers(chosen, texts, stories.num_rows - len(chosen))


def seek_stories(report: Report, stories: pa.Table, n_jobs: int) -> None:
    """
    Query an index of all stories with the teasers cut from them.

    Parameters
    ----------
    report : Report
        Gets the table, rows and figures.
    stories : pyarrow.Table
        ``id, title, text``.
    n_jobs : int
        Threads.
    """
    teasers = cut_teasers(stories)
    index = importlib.import_module("dedupe_news.index").NewsIndex(policy="news")
    ids = list(range(stories.num_rows))
    texts = [text or "" for text in stories["text"].to_pylist()]
    index.add_many([{"id": i, "text": text} for i, text in zip(ids, texts, strict=True)])
    found = index.query_many(teasers.texts, n_jobs=n_jobs)
    answers = [[int(match.id) for match in matches] for matches in found]
    outcome = hold(teasers, answers, texts)
    n_teasers = len(teasers.texts)
    rows = []
    for name, share in outcome.items():
        report.figures[name] = share
        rows.append([_WORDS[name], f"{share:.4f}", f"{round(share * n_teasers):,}"])
    report.rows.append({"n_teasers": n_teasers, "n_short": teasers.n_short, **outcome})
    note = (
        f"{n_teasers:,} leads cut at {LEAST_WORDS} to {MOST_WORDS} words, against an index of "
        f"{stories.num_rows:,} stories; {teasers.n_short:,} stories are too short to be cut."
    )
    headings = ("answer", "share of teasers", "teasers")
    report.tables.append(Table("Teaser seeks story", headings, rows, note))


_WORDS = {
    "own_first": "its story, or one of exactly its words, first",
    "own_found": "its story, or one of exactly its words, at all",
    "contains_first": "a story that has all the teaser's words in a row first",
    "nothing": "nothing",
    "false_first": "first a story without all the teaser's words in a row",
    "false_any": "any story without all the teaser's words in a row",
}


def hold(
    teasers: Teasers, answers: Sequence[Sequence[int]], texts: Sequence[str]
) -> dict[str, float]:
    """
    Hold answers against the stories the teasers were cut from.

    Parameters
    ----------
    teasers : Teasers
        What was asked.
    answers : sequence of sequence of int
        Positions of the stories found for each, best first.
    texts : sequence of str
        The stories.

    Returns
    -------
    dict of str to float
        Shares of the teasers. A false answer is a story that does not have
        the teaser's words, one after another.
    """
    config = importlib.import_module("dedupe_news.config").Config()
    stories, cut = runs(texts, config), runs(teasers.texts, config)
    counts = dict.fromkeys(_WORDS, 0)
    for own, run, found in zip(teasers.stories, cut, answers, strict=True):
        whole = stories[own]
        is_own = [position == own or stories[position] == whole for position in found]
        # Without its headline and dateline a lead may fold otherwise at its very ends.
        has_all = [mine or run in stories[at] for mine, at in zip(is_own, found, strict=True)]
        counts["nothing"] += not found
        counts["own_first"] += is_own[:1] == [True]
        counts["own_found"] += any(is_own)
        counts["contains_first"] += has_all[:1] == [True]
        counts["false_first"] += has_all[:1] == [False]
        counts["false_any"] += not all(has_all)
    return {name: count / max(1, len(answers)) for name, count in counts.items()}


def runs(texts: Sequence[str], config: Any) -> list[bytes]:  # noqa: ANN401 - loaded late
    """
    Return the words of texts so that ``in`` tells whether one has another's in a row.

    Parameters
    ----------
    texts : sequence of str
        The texts.
    config : dedupe_news.Config
        Defines the words.

    Returns
    -------
    list of bytes
        Hashes of the folded words, each in eight hexadecimal digits and a space.
    """
    tokens = library_tokens(texts, config)
    hashes, offsets = tokens.hashes.tolist(), tokens.offsets.tolist()
    return [
        b"".join(b"%08x " % token for token in hashes[start:stop])
        for start, stop in pairwise(offsets)
    ]


def sample_verdicts(report: Report, stories: pa.Table, path: Path, n_jobs: int) -> None:
    """
    Cluster the stories, and write verdicts to read.

    Parameters
    ----------
    report : Report
        Gets the counts.
    stories : pyarrow.Table
        ``title, text, date``.
    path : Path
        The file to read; it holds texts and must not be passed on.
    n_jobs : int
        Threads.
    """
    api = importlib.import_module("dedupe_news.api")
    texts = stories["text"].to_pylist()
    result = api.cluster(texts, policy="news", n_jobs=n_jobs, progress=False)
    rng = np.random.default_rng(SEED)
    matches = result.matches
    pairs = rng.permutation(len(matches))[:N_READ].tolist()
    parts = [
        f"DUPLICATE {number} of {len(pairs)}: {matches[pair].relation.name} "
        f"p={matches[pair].probability:.3f} J={matches[pair].jaccard:.2f}\n"
        + _shown(stories, [matches[pair].left, matches[pair].right])
        for number, pair in enumerate(pairs, 1)
    ]
    series = result.series
    chosen = rng.permutation(len(series))[:N_READ].tolist()
    for number, place in enumerate(chosen, 1):
        each = series[place]
        members = rng.permutation(np.array(each.members))[:_SERIES_SHOWN].tolist()
        parts.append(
            f"SERIES {number} of {len(chosen)}: {len(each.members)} stories\n"
            + _shown(stories, sorted(members))
        )
    path.write_text("\n".join(parts), encoding="utf-8")
    counts = {
        "n_stories": stories.num_rows,
        "n_clusters": len(result.clusters),
        "n_duplicates": stories.num_rows - len(result.representatives),
        "n_matches": len(matches),
        "n_series": len(series),
        "n_in_series": sum(len(each.members) for each in series),
    }
    report.rows.append(counts)
    report.figures |= {name: float(count) for name, count in counts.items()}
    words = {
        "n_stories": "stories",
        "n_clusters": "clusters of two and more",
        "n_duplicates": "duplicates to leave out",
        "n_matches": "matching pairs",
        "n_series": "series",
        "n_in_series": "stories in a series",
    }
    rows = [[words[name], f"{count:,}"] for name, count in counts.items()]
    rows += [
        [f"pairs: {name}", f"{count:,}"] for name, count in _by_relation(matches.relation).items()
    ]
    note = f"No gold: read {path.name} and count. Texts alone, without times."
    report.tables.append(Table("Reuters-21578", ("", "count"), rows, note))


def _by_relation(relation: NDArray[np.uint8]) -> dict[str, int]:
    names = importlib.import_module("dedupe_news.records").Relation
    values, counts = np.unique(relation, return_counts=True)
    pairs = zip(values.tolist(), counts.tolist(), strict=True)
    return {names(value).name: count for value, count in pairs}


def _shown(stories: pa.Table, positions: Sequence[int]) -> str:
    shown = []
    for position in positions:
        text = " ".join((stories["text"][position].as_py() or "").split())
        date = stories["date"][position].as_py() if "date" in stories.column_names else ""
        shown.append(f"  [{position}, {date}] {text[:_SHOWN_CHARACTERS]}\n")
    return "".join(shown)
