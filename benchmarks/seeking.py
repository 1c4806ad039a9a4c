"""Texts that seek what they were made from: versions their article, teasers their story."""

from __future__ import annotations

import collections
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from benchmarks.datasets import SEED, joined
from benchmarks.report import Report, Table
from benchmarks.shingles import library_tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

REVISIONS = "teaser_revisions.parquet"

EDGES = (1.0, 0.8, 0.6, 0.4, 0.2, 0.0)
"""Least word-bigram Jaccard similarity of each class of change."""

LEAST_WORDS, MOST_WORDS = 20, 40
"""Words of a lead that a teaser keeps."""

_OUTCOMES = {
    "own_first": "its story, or one that repeats the lead word for word, first",
    "nothing": "nothing",
    "false_first": "first a story without all the teaser's words in a row",
    "batch_found": "in one batch, in a cluster with its story or one that repeats the lead",
}


def seek_versions(versions: pa.Table, n_jobs: int) -> Report:
    """Index the first version of each article, ask for the others, and tabulate by change."""
    from dedupe_news import NewsIndex  # noqa: PLC0415 - not while the command line is read

    report = Report(
        name="quality-revisions",
        title="Quality: later versions of edited articles",
        settings={"n_versions": versions.num_rows},
    )
    articles, ids = versions["article"].to_pylist(), versions["id"].to_pylist()
    first: dict[str, int] = {}
    for position, article in enumerate(articles):
        first.setdefault(article, position)
    indexed = np.array(list(first.values()), np.int64)
    later = np.setdiff1d(np.arange(len(articles)), indexed)
    columns = ["id", "title", "description", "source", "published"]
    columns = [name for name in columns if name in versions.column_names]
    index = NewsIndex(policy="news")
    index.add_many(versions.select(columns).take(indexed), text="description", n_jobs=n_jobs)
    asked = versions.select(columns[1:]).take(later)
    answers = index.query_many(asked, text="description", n_jobs=n_jobs)
    bigrams = _word_bigrams(versions)
    originals = [first[articles[position]] for position in later.tolist()]
    alike = np.array(
        [
            _similarity(bigrams[a], bigrams[b])
            for a, b in zip(later.tolist(), originals, strict=True)
        ]
    )
    given = [[match.id for match in matches] for matches in answers]
    pairs = list(zip(originals, given, strict=True))
    is_found = np.array([ids[original] in each for original, each in pairs], bool)
    is_first = np.array([each[:1] == [ids[original]] for original, each in pairs], bool)
    classes = {
        "1 (same words in order)" if low == 1 else f"{low:g} to {high:g}": (
            (alike >= low) & (alike < high)
        )
        for high, low in pairwise((np.inf, *EDGES))
    }
    classes |= {"0.2 and above": alike >= EDGES[-2], "all": alike >= 0}
    rows = []
    for name, chosen in classes.items():
        n_versions = int(chosen.sum())
        shares = [
            float(each[chosen].mean()) if n_versions else 1.0 for each in (is_found, is_first)
        ]
        report.figures[f"recall.{name.split(' (')[0].replace(' ', '_')}"] = shares[0]
        rows.append([name, f"{n_versions:,}", *(f"{share:.3f}" for share in shares)])
    headings = ("word-bigram Jaccard", "versions", "recall", "as the first answer")
    note = (
        f"{len(indexed):,} first versions in an index, queried with the later ones. Rewrites and "
        "live blogs are among them: not every version is a duplicate."
    )
    report.tables.append(Table("", headings, rows, note))
    return report


def _word_bigrams(versions: pa.Table) -> list[frozenset[tuple[int, int]]]:
    """Return the pairs of hashes of neighbouring words, as the library folds them."""
    from dedupe_news import Config  # noqa: PLC0415 - as above

    texts = joined(versions["title"].to_pylist(), versions["description"].to_pylist())
    tokens = library_tokens(texts, Config())
    hashes, offsets = tokens.hashes.tolist(), tokens.offsets.tolist()
    return [
        frozenset(zip(hashes[start : stop - 1], hashes[start + 1 : stop], strict=True))
        for start, stop in pairwise(offsets)
    ]


def _similarity(left: frozenset[tuple[int, int]], right: frozenset[tuple[int, int]]) -> float:
    either = len(left | right)
    return len(left & right) / either if either else 1.0


class Teasers(NamedTuple):
    """
    Leads that were cut off, and the story of each by its place.

    The words of stories, of stories without headlines and of teasers are as `words_of` returns
    them, so that ``in`` tells whether one has another's in a row.
    """

    texts: list[str]
    story_of: list[int]
    stories: list[bytes]
    leads: list[bytes]
    teasers: list[bytes]

    def repeats(self, story: int, teaser: int) -> bool:
        """Return whether a story is the teaser's, or begins with all its words."""
        return story == self.story_of[teaser] or self.leads[story].startswith(self.teasers[teaser])


def cut_teasers(stories: pa.Table) -> Teasers:
    """Cut each story's lead at a random length; stories too short for it have no teaser."""
    rng = np.random.default_rng(SEED)
    lengths = rng.integers(LEAST_WORDS, MOST_WORDS + 1, stories.num_rows).tolist()
    bodies = [text or "" for text in stories["text"].to_pylist()]
    titles = stories["title"].to_pylist()
    leads = [body.removeprefix(title or "") for title, body in zip(titles, bodies, strict=True)]
    texts, story_of = [], []
    for story, (lead, length) in enumerate(zip(leads, lengths, strict=True)):
        words = lead.split()
        if len(words) > length:
            story_of.append(story)
            texts.append(" ".join(words[:length]) + "...")
    return Teasers(texts, story_of, words_of(bodies), words_of(leads), words_of(texts))


def seek_stories(stories: pa.Table, n_jobs: int) -> Report:
    """Ask an index of all stories for the teasers cut from them, and cluster both."""
    from dedupe_news import cluster  # noqa: PLC0415 - not while the command line is read

    cut, texts = cut_teasers(stories), [text or "" for text in stories["text"].to_pylist()]
    report = Report(
        name="quality-teasers",
        title="Quality: teasers that seek the story they were cut from",
        settings={"n_stories": len(texts), "n_words": [LEAST_WORDS, MOST_WORDS], "seed": SEED},
    )
    batch = cluster([*texts, *cut.texts], policy="news", n_jobs=n_jobs, progress=False)
    report.figures |= hold(cut, _ask(texts, cut.texts, n_jobs), batch.labels.tolist())
    n = len(cut.texts)
    rows = [
        [words, f"{report.figures[name]:.4f}", f"{round(report.figures[name] * n):,}"]
        for name, words in _OUTCOMES.items()
    ]
    note = (
        f"{n:,} leads cut at {LEAST_WORDS} to {MOST_WORDS} words, against an index of "
        f"{len(texts):,} stories. A story that begins with all the teaser's words repeats the "
        "lead: nothing in the teaser tells which it was cut from."
    )
    report.tables.append(Table("", ("answer", "share of teasers", "teasers"), rows, note))
    return report


def _ask(indexed: Sequence[str], asked: Sequence[str], n_jobs: int) -> list[list[int]]:
    """Return the places of the texts that an index of some finds for others, best first."""
    from dedupe_news import NewsIndex  # noqa: PLC0415 - as above

    index = NewsIndex(policy="news")
    index.add_many([{"id": place, "text": text} for place, text in enumerate(indexed)])
    answers = index.query_many(list(asked), n_jobs=n_jobs)
    return [[int(str(match.id)) for match in matches] for matches in answers]


def hold(cut: Teasers, answers: Sequence[Sequence[int]], labels: Sequence[int]) -> dict[str, float]:
    """
    Return the shares of the teasers that have each outcome.

    Given are the stories found for each teaser, and the cluster of each story, then of each
    teaser.
    """
    counts = dict.fromkeys(_OUTCOMES, 0)
    members = collections.defaultdict(list)
    for story, label in enumerate(labels[: len(cut.stories)]):
        members[label].append(story)
    rows = zip(cut.story_of, cut.teasers, answers, labels[len(cut.stories) :], strict=True)
    for teaser, (origin, words, stories, label) in enumerate(rows):
        counts["nothing"] += not stories
        for story in stories[:1]:
            is_origin = cut.stories[story] == cut.stories[origin] or cut.repeats(story, teaser)
            counts["own_first"] += is_origin
            # Without its headline a lead may fold otherwise at its very ends.
            counts["false_first"] += not is_origin and words not in cut.stories[story]
        counts["batch_found"] += any(cut.repeats(story, teaser) for story in members[label])
    return {name: count / max(1, len(cut.texts)) for name, count in counts.items()}


def words_of(texts: Sequence[str]) -> list[bytes]:
    """Return the hashes of the folded words of texts, in eight digits and a space each."""
    from dedupe_news import Config  # noqa: PLC0415 - as above

    tokens: Any = library_tokens(texts, Config())
    hashes, offsets = tokens.hashes.tolist(), tokens.offsets.tolist()
    return [
        b"".join(b"%08x " % token for token in hashes[start:stop])
        for start, stop in pairwise(offsets)
    ]
