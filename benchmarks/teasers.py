"""Reuters-21578: leads that were cut off seek the story they were cut from."""

from __future__ import annotations

import collections
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

    import pyarrow as pa
    from numpy.typing import NDArray

    from benchmarks.report import Report

LEAST_WORDS, MOST_WORDS = 20, 40
"""Words of a lead that a teaser keeps."""


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
    leads : list of str
        Every story, without its headline, in the order of the stories.
    n_short : int
        Stories whose lead has too few words.
    """

    stories: list[int]
    texts: list[str]
    leads: list[str]
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
    leads: list[str] = []
    titles, bodies = stories["title"].to_pylist(), stories["text"].to_pylist()
    for position, (title, body, length) in enumerate(zip(titles, bodies, lengths, strict=True)):
        leads.append((body or "").removeprefix(title or ""))
        words = leads[-1].split()
        if len(words) > length:
            chosen.append(position)
            texts.append(" ".join(words[:length]) + "...")
    return Teasers(chosen, texts, leads, stories.num_rows - len(chosen))


def seek_stories(report: Report, stories: pa.Table, n_jobs: int) -> None:
    """
    Query an index of all stories with the teasers cut from them, and the other ways round.

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
    texts = [text or "" for text in stories["text"].to_pylist()]
    words = Words.of(teasers, texts)
    outcome = hold(teasers, words, _ask(texts, teasers.texts, n_jobs))
    outcome |= hold_stories(teasers, words, _ask(teasers.texts, texts, n_jobs))
    api = importlib.import_module("dedupe_news.api")
    batch = api.cluster([*texts, *teasers.texts], policy="news", n_jobs=n_jobs, progress=False)
    outcome |= hold_clusters(teasers, words, batch.labels)
    n_teasers = len(teasers.texts)
    rows = []
    for name, share in outcome.items():
        report.figures[name] = share
        rows.append([_WORDS[name], f"{share:.4f}", f"{round(share * n_teasers):,}"])
    report.rows.append({"n_teasers": n_teasers, "n_short": teasers.n_short, **outcome})
    note = (
        f"{n_teasers:,} leads cut at {LEAST_WORDS} to {MOST_WORDS} words, against an index of "
        f"{stories.num_rows:,} stories; {teasers.n_short:,} stories are too short to be cut. A "
        "story that begins with all the teaser's words repeats the lead: where two stories do, "
        "nothing in the teaser tells which it was cut from, and half the time it is the other."
    )
    headings = ("answer", "share of teasers", "teasers")
    report.tables.append(Table("Teaser seeks story", headings, rows, note))


def _ask(indexed: Sequence[str], asked: Sequence[str], n_jobs: int) -> list[list[int]]:
    """Return the positions of the texts that an index of some finds for others, best first."""
    index = importlib.import_module("dedupe_news.index").NewsIndex(policy="news")
    index.add_many([{"id": i, "text": text} for i, text in enumerate(indexed)])
    return [
        [int(match.id) for match in matches]
        for matches in index.query_many(list(asked), n_jobs=n_jobs)
    ]


_WORDS = {
    "own_first": "its story, or one that repeats the lead word for word, first",
    "same_first": "its story, or one of the same words throughout, first",
    "tied": "several stories repeat the lead: which comes first is chance",
    "own_found": "its story, or one of the same words throughout, at all",
    "contains_first": "a story that has all the teaser's words in a row first",
    "nothing": "nothing",
    "false_first": "first a story without all the teaser's words in a row",
    "false_any": "any story without all the teaser's words in a row",
    "story_finds": "asked the other way round, its story finds it",
    "batch_found": "in one batch, in a cluster with its story or one that repeats the lead",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Words:
    """
    What texts say, as `runs` returns it.

    Attributes
    ----------
    stories, leads, teasers : list of bytes
        Words of the whole stories, of the stories without headlines, and of
        the teasers.
    """

    stories: list[bytes]
    leads: list[bytes]
    teasers: list[bytes]

    @classmethod
    def of(cls, teasers: Teasers, texts: Sequence[str]) -> Words:
        """Return the words of teasers and of the stories they were cut from."""
        config = importlib.import_module("dedupe_news.config").Config()
        return cls(runs(texts, config), runs(teasers.leads, config), runs(teasers.texts, config))

    def repeats(self, story: int, teaser: int, own: int) -> bool:
        """Return whether a story is the teaser's own, or begins with all its words."""
        return story == own or self.leads[story].startswith(self.teasers[teaser])


def hold(teasers: Teasers, words: Words, answers: Sequence[Sequence[int]]) -> dict[str, float]:
    """
    Hold answers against the stories the teasers were cut from.

    Parameters
    ----------
    teasers : Teasers
        What was asked.
    words : Words
        The words.
    answers : sequence of sequence of int
        Positions of the stories found for each, best first.

    Returns
    -------
    dict of str to float
        Shares of the teasers. A false answer is a story that does not have
        the teaser's words, one after another.
    """
    counts = dict.fromkeys(_WORDS, 0)
    del counts["story_finds"], counts["batch_found"]
    n_same = collections.Counter(words.stories)
    by_start: dict[bytes, list[int]] = {}
    shortest = min(map(len, words.teasers), default=0)
    for story, lead in enumerate(words.leads):
        by_start.setdefault(lead[:shortest], []).append(story)
    for at, (own, run, found) in enumerate(
        zip(teasers.stories, words.teasers, answers, strict=True)
    ):
        whole = words.stories[own]
        is_own = [position == own or words.stories[position] == whole for position in found]
        repeats = [words.repeats(position, at, own) for position in found[:1]]
        has_all = [
            # Without its headline a lead may fold otherwise at its very ends.
            mine or run in words.stories[position] or words.repeats(position, at, own)
            for mine, position in zip(is_own, found, strict=True)
        ]
        alike = sum(
            words.leads[other].startswith(run) for other in by_start.get(run[:shortest], ())
        )
        counts["tied"] += alike > n_same[whole]
        counts["nothing"] += not found
        counts["own_first"] += is_own[:1] == [True] or repeats == [True]
        counts["same_first"] += is_own[:1] == [True]
        counts["own_found"] += any(is_own)
        counts["contains_first"] += has_all[:1] == [True]
        counts["false_first"] += has_all[:1] == [False]
        counts["false_any"] += not all(has_all)
    return {name: count / max(1, len(answers)) for name, count in counts.items()}


def hold_stories(
    teasers: Teasers, words: Words, answers: Sequence[Sequence[int]]
) -> dict[str, float]:
    """
    Hold what stories found against the teasers cut from them.

    Parameters
    ----------
    teasers : Teasers
        What was indexed.
    words : Words
        The words.
    answers : sequence of sequence of int
        Positions of the teasers found for each story.

    Returns
    -------
    dict of str to float
        Share of the teasers that their story finds, or finds in the same words.
    """
    n_found = sum(
        any(words.teasers[each] == run for each in answers[own])
        for own, run in zip(teasers.stories, words.teasers, strict=True)
    )
    return {"story_finds": n_found / max(1, len(teasers.texts))}


def hold_clusters(teasers: Teasers, words: Words, labels: NDArray[np.int64]) -> dict[str, float]:
    """
    Hold clusters of stories and teasers together against what belongs together.

    Parameters
    ----------
    teasers : Teasers
        The teasers.
    words : Words
        The words.
    labels : ndarray of int64, shape (n_stories + n_teasers,)
        Cluster of each story, then of each teaser.

    Returns
    -------
    dict of str to float
        Share of the teasers that are in one cluster with their story, or one
        that repeats the lead.
    """
    n_stories = len(words.stories)
    members: dict[int, list[int]] = {}
    for story, label in enumerate(labels[:n_stories].tolist()):
        members.setdefault(label, []).append(story)
    n_found = sum(
        any(words.repeats(story, at, own) for story in members.get(label, ()))
        for at, (own, label) in enumerate(
            zip(teasers.stories, labels[n_stories:].tolist(), strict=True)
        )
    )
    return {"batch_found": n_found / max(1, len(teasers.texts))}


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
