"""
Suite ``quality``: what the default configuration is worth on real news.

Part ``pairs`` clusters every feed whole, with titles, sources and times and as bare
strings, and scores the clusters strictly against pairs labelled by reading, and against
stretches that were read in full. Beside it classical ways: exact Jaccard similarity at
every threshold, containment, and with ``--peers`` datasketch. With ``--leave-one-out``
each feed is judged by a classifier that has seen no pair of it, too. Parts ``revisions`` and
``teasers`` ask an index for later versions of articles, and for stories by the teasers cut from
them; part ``learn`` has the judge learn from a few labels of a feed that it has not seen.

Scores are deterministic. ``floors.json`` holds the least that each may be: with
``--check`` a score below its floor fails the suite. Floors only rise.
"""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import datasets, examples, gold, learn, recall, seeking, synthetic
from benchmarks.gold import Answer, Scores
from benchmarks.process import say
from benchmarks.report import Report, Table, read_targets
from dedupe_news._engine.classifier import Classifier, read_classifier, use_classifier
from dedupe_news._kernels.feature_names import FEATURES

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator, Mapping

    import pyarrow as pa

SUMMARY = "duplicates told from related items and templates on labelled feeds"
NEEDS = "the real feeds and their labelled pairs; datasketch, scikit-learn"
TAKES = "5 minutes, 9 with --leave-one-out --peers (2 processors)"
QUICK: dict[str, object] = {}

FLOORS = Path(__file__).with_name("floors.json")
"""Least scores, as `benchmarks.report.read_targets` reads them."""

THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
QUICK_THRESHOLDS = (0.5,)
QUICK_ROWS = 2_000
PEER_THRESHOLDS = (0.5, 0.7, 0.9)
CONTAINMENT = 0.8
SYNDICATED = "syndicated_pairs.tsv"

# A language or a feed of a dozen duplicates has no floor: one pair is five points there.
_FLOORED = re.compile(
    r"(full|bare)\.(shared|proposed|own|all)\.(pooled\.f1|macro_f1|weighted\.f1)"
    r"|(full|bare|alone)\.(duplicates|stories)\.all\.f1|full\.syndicated"
    r"|recall\.0\.2_and_above|own_first|batch_found"
)

_COLUMNS = ["id", "title", "text", "source", "published"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the suite."""
    parser.add_argument("--jobs", type=int, default=2, help="threads (default: 2)")
    parser.add_argument(
        "--part", action="append", choices=[*_MEASURE], help="may be repeated (default: all)"
    )
    parser.add_argument("--peers", action="store_true", help="datasketch too")
    parser.add_argument(
        "--leave-one-out",
        action="store_true",
        help="each feed also by a classifier that has seen no pair of it",
    )
    parser.add_argument(
        "--raise-floors", action="store_true", help="record higher scores in floors.json"
    )


def run(options: argparse.Namespace) -> Iterator[Report]:
    """Measure the chosen parts."""
    for part in options.part or _MEASURE:
        report = _MEASURE[part](options)
        if options.raise_floors:
            raise_floors(report, FLOORS)
        below = below_floors(report, FLOORS)
        (report.failures if options.check else report.notes).extend(below)
        yield report


def below_floors(report: Report, path: Path) -> list[str]:
    """Return which scores are below their floors, in words."""
    return [
        f"{floor.figure} is {report.figures[floor.figure]:.4f}, below its floor of {floor.least}"
        for floor in read_targets(report.name, path)
        if floor.met(report.figures) is False
    ]


def raise_floors(report: Report, path: Path) -> None:
    """Record the scores of a report, cut off after three digits, where they are higher."""
    recorded = json.loads(path.read_text(encoding="utf-8"))
    floors = {(each["report"], each["figure"]): each["least"] for each in recorded["targets"]}
    for figure in sorted(filter(_FLOORED.fullmatch, report.figures)):
        key = (report.name, figure)
        least = math.floor(report.figures[figure] * 1000) / 1000
        floors[key] = max(least, floors.get(key, 0.0))
    lines = ",\n".join(
        "    " + json.dumps({"report": name, "figure": figure, "least": least})
        for (name, figure), least in floors.items()
    )
    body = f'{{\n  "format": {recorded["format"]},\n  "targets": [\n{lines}\n  ]\n}}\n'
    path.write_text(body, encoding="utf-8")


def cluster_table(feed: pa.Table, n_jobs: int) -> Answer:
    """Cluster a feed by default: title, text, source and time are seen."""
    return _answer(feed, feed.select(_COLUMNS), n_jobs)


def cluster_texts(
    feed: pa.Table, n_jobs: int, policy: str = "news", threshold: float = 0.7
) -> Answer:
    """Cluster a feed given as bare strings."""
    texts = datasets.joined(feed["title"].to_pylist(), feed["text"].to_pylist())
    settings = {"threshold": threshold} if policy == "similar" else {}
    return _answer(feed, texts, n_jobs, policy=policy, **settings)


def _answer(feed: pa.Table, given: Any, n_jobs: int, **settings: Any) -> Answer:  # noqa: ANN401 - any feed, any setting
    from dedupe_news import cluster  # noqa: PLC0415 - not while the command line is read

    result = cluster(given, n_jobs=n_jobs, progress=False, **settings)
    ids = feed["id"].to_pylist()
    # An item of no story is one of its cluster's.
    story = np.where(result.story_of >= 0, result.story_of, -1 - result.labels)
    return Answer(
        dict(zip(ids, result.labels.tolist(), strict=True)),
        dict(zip(ids, story.tolist(), strict=True)),
    )


def _measure_pairs(options: argparse.Namespace) -> Report:
    stretches = gold.read_stretches()
    pairs = gold.read_pairs()
    names = gold.present_feeds()
    scores = Scores([pair for pair in pairs if pair.feed in names], stretches)
    report = Report(
        name="quality",
        title="Quality: whole feeds clustered, held against what people read",
        settings={
            "feeds": names,
            "n_pairs": len(pairs),
            "n_stretches": len(stretches),
            "labels_digest": gold.labels_digest(),
            "quick": options.quick,
        },
    )
    unseen = _classifiers_without(options.jobs, report) if options.leave_one_out else {}
    for name in names:
        say(f"clustering {name}")
        feed = gold.read_feed(name)
        full = cluster_table(feed, options.jobs)
        scores.enter("full", name, full)
        if name == gold.NATIVE:
            report.figures["full.syndicated"] = _syndicated(full)
        if not (options.quick and name == gold.NATIVE):
            scores.enter("bare", name, cluster_texts(feed, options.jobs))
        for stretch in stretches:
            if stretch.feed == name:
                alone = cluster_table(_items(feed, stretch.ids), options.jobs)
                scores.enter_stretch("alone", name, alone)
        if name in unseen:
            with use_classifier(unseen[name]):
                scores.enter("unseen", name, cluster_table(feed, options.jobs))
                scores.enter("unseen bare", name, cluster_texts(feed, options.jobs))
        _enter_classical(scores, name, feed, options)
    _tabulate(report, scores)
    return report


def _enter_classical(
    scores: Scores, name: str, feed: pa.Table, options: argparse.Namespace
) -> None:
    """Score ways that look at one number."""
    for threshold in QUICK_THRESHOLDS if options.quick else THRESHOLDS:
        answer = cluster_texts(feed, options.jobs, "similar", threshold)
        scores.enter(f"similar at {threshold}", name, answer)
    places, ids = scores.of_feed(name)
    if not options.quick:
        counted = examples.count(feed.select(_COLUMNS), options.jobs)
        texts = counted.pairs(ids)
        rows = counted.rows(np.maximum(texts, 0), "full", options.jobs)
        contained = rows[:, FEATURES.index("containment")] >= CONTAINMENT
        said = ((texts[:, 0] == texts[:, 1]) | contained) & (texts >= 0).all(axis=1)
        scores.enter_pairs(f"containment at {CONTAINMENT}", places, said.tolist())
    if options.peers:
        part = _items(feed, {each for pair in ids for each in pair})
        texts_of = datasets.joined(part["title"].to_pylist(), part["text"].to_pylist())
        for threshold in PEER_THRESHOLDS:
            labels = recall.datasketch_clusters(texts_of, threshold).tolist()
            cluster = dict(zip(part["id"].to_pylist(), labels, strict=True))
            answer = Answer(cluster, {})
            scores.enter_pairs(f"datasketch at {threshold}", places, answer.together(ids))


def _classifiers_without(n_jobs: int, report: Report) -> dict[str, Classifier]:
    """Return for each feed a classifier that has seen no pair of it; add how it judges pairs."""
    from benchmarks import fitting  # noqa: PLC0415 - scikit-learn is optional

    unseen = fitting.unseen(n_jobs, synthetic.N_EACH)
    labelled, probabilities = unseen.labelled, fitting.judged(unseen)
    said = fitting.duplicates(probabilities).tolist()
    native = [
        (pair, call)
        for pair, call in zip(labelled.pairs, said, strict=True)
        if pair.feed == gold.NATIVE and pair.origin == "shared"
    ]
    report.figures["judge.three.f1"] = fitting.f1_of_classes(labelled.label, probabilities)
    report.figures["judge.native.f1"] = gold.score(*map(list, zip(*native, strict=True)))[
        "pooled.f1"
    ]
    return {name: read_classifier(fitting.export(model)) for name, model in unseen.models.items()}


def _items(feed: pa.Table, ids: Iterable[str]) -> pa.Table:
    """Return the items of some ids, in the order of the feed."""
    wanted = set(ids)
    return feed.filter([each in wanted for each in feed["id"].to_pylist()])


def _syndicated(answer: Answer) -> float:
    """Return the share of the pairs with one article behind them that are in one cluster."""
    lines = datasets.shared_file(SYNDICATED).read_text(encoding="utf-8").splitlines()
    pairs = [(fields[0], fields[1]) for fields in (line.split("\t") for line in lines)]
    return float(np.mean(answer.together([pair for pair in pairs if pair[0] in answer.cluster])))


_NAMES = {
    "full": "**dedupe_news, default**",
    "bare": "**dedupe_news, bare strings**",
    "unseen": "default, fitted without the feed",
    "unseen bare": "bare strings, fitted without the feed",
    "alone": "**500 items as a batch of their own**",
}

_SHOWN = {
    "shared.pooled.precision": "precision",
    "shared.pooled.recall": "recall",
    "shared.pooled.f1": "F1",
    "shared.macro_f1": "mean F1 of the feeds",
    "all.pooled.f1": "F1, pairs in doubt too",
    "all.macro_f1": "mean F1 of the feeds, pairs in doubt too",
}

_LOST = {
    "f1": "shared.others.f1",
    "macro_f1": "shared.others.macro_f1",
    "native.f1": f"shared.feed.{gold.NATIVE}.f1",
}
"""What bare strings lose of, on feeds unseen."""


def _tabulate(report: Report, scores: Scores) -> None:
    """Add tables, rows and figures."""
    for who, figures in scores.figures():
        report.rows.append({"who": who, **figures})
        report.figures |= {f"{_key(who)}.{name}": value for name, value in figures.items()}
    for name, figure in _LOST.items():
        if f"unseen_bare.{figure}" in report.figures:
            full, bare = (report.figures[f"{who}.{figure}"] for who in ("unseen", "unseen_bare"))
            report.figures[f"bare_loses.{name}"] = full - bare
    rows = [
        [_NAMES.get(row["who"], row["who"]), *(_cell(row, name) for name in _SHOWN)]
        for row in report.rows
        if "all.pooled.f1" in row
    ]
    note = (
        "Strict: an `update` is no duplicate. The classifier was fitted to these pairs, but for "
        "the rows that say otherwise. *Pairs in doubt*: more pairs, drawn where verdicts differ."
    )
    report.tables.append(Table("Labelled pairs", ("", *_SHOWN.values()), rows, note))
    if "judge.three.f1" in report.figures:
        report.notes.append(
            "Judged pair by pair by a classifier that has seen no pair of the feed (of the native "
            "feed, none of a fifth of its pairs): mean F1 of duplicate, related and template "
            f"{report.figures['judge.three.f1']:.3f}; F1 of the native feed's labelled pairs "
            f"{report.figures['judge.native.f1']:.3f}."
        )
    groups = [
        name.removeprefix("all.").removesuffix(".f1")
        for name in report.rows[0]
        if re.fullmatch(r"all\.(feed|language)\..*\.f1", name)
    ]
    columns = [row for row in report.rows if row["who"] in _NAMES]
    rows = [
        [group.replace(".", " "), *(_cell(row, f"all.{group}.f1") for row in columns)]
        for group in groups
    ]
    headings = ("F1, pairs in doubt too", *(_NAMES[row["who"]] for row in columns))
    report.tables.append(Table("Feeds and languages", headings, rows))
    _tabulate_stretches(report, scores)


def _key(who: str) -> str:
    """Return the name of a way as figures have it."""
    return who.replace(" at ", "_").replace(" ", "_")


def _cell(row: Mapping[str, Any], name: str) -> str:
    """Return a score for people, nothing where it was not measured."""
    return f"{row[name]:.3f}" if name in row else ""


def _tabulate_stretches(report: Report, scores: Scores) -> None:
    rows = []
    for who, what, rates in scores.stretch_figures():
        report.figures |= {f"{_key(who)}.{what}.{name}": value for name, value in rates.items()}
        is_ours, kind = who in _NAMES, what.partition(".")[0]
        if (kind == "duplicates" and who == "full") or (
            what.endswith(".all") and (is_ours or kind == "duplicates")
        ):
            cells = [f"{value:.3f}" for value in rates.values()]
            rows.append([f"{_NAMES.get(who, who)}: {what.replace('.', ', ')}", *cells])
    note = (
        "500 consecutive items of a feed, in which two readers listed every duplicate and every "
        "story: true recall. Pairs on which they differ are left out. The whole feed was "
        "clustered, but for the batches of their own. Duplicates count as one story, too."
    )
    headings = ("", "precision", "recall", "F1")
    report.tables.append(Table("Stretches read in full", headings, rows, note))


def _measure_learn(options: argparse.Namespace) -> Report:
    return learn.measure(options.jobs, quick=options.quick)


def _measure_revisions(options: argparse.Namespace) -> Report:
    versions = datasets.read(seeking.REVISIONS)
    return seeking.seek_versions(versions[:QUICK_ROWS] if options.quick else versions, options.jobs)


def _measure_teasers(options: argparse.Namespace) -> Report:
    stories = datasets.read(datasets.STORIES)
    return seeking.seek_stories(stories[:QUICK_ROWS] if options.quick else stories, options.jobs)


_MEASURE: dict[str, Callable[[argparse.Namespace], Report]] = {
    "pairs": _measure_pairs,
    "revisions": _measure_revisions,
    "teasers": _measure_teasers,
    "learn": _measure_learn,
}
