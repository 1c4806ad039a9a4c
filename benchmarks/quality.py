"""
Suite ``quality``: what the default configuration is worth on real news.

Part ``feed`` clusters the whole feed and scores it against pairs labelled by
reading: with sources and times, as bare strings, a few hundred documents at a
time, and beside it classical MinHash at every threshold. The other parts
measure stretches of the feed, successive versions of articles, verdicts on Reuters stories, and
teasers that seek the story they were cut from.

Scores are deterministic. ``floors.json`` holds the least that each may be:
with ``--check`` a score below its floor fails the suite. Floors only rise.
"""

from __future__ import annotations

import importlib
import json
import math
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import classical, datasets, reuters, revisions, slices, teasers
from benchmarks.curves import Curve, Panel, draw_curves
from benchmarks.fit_judge import add_data_arguments
from benchmarks.labelled import (
    PAIRS,
    feed_digest,
    read_feed,
    read_pairs,
    read_syndicated,
    score,
    scorer_failures,
    write_clusters,
)
from benchmarks.report import Report, Table, read_targets

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence

    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from benchmarks.labelled import LabelledPairs, Scores

SUMMARY = "duplicates told from templates on the labelled feed, beside classical MinHash"
NEEDS = "the real feed and its labelled pairs, or others by path; datasketch, matplotlib"
TAKES = "1 minute with --quick; 12 for all (2 processors)"

PARTS = ("feed", "slices", "revisions", "reuters", "teasers")
FLOORS = Path(__file__).with_name("floors.json")
"""Least scores, as `benchmarks.report.read_targets` reads them."""

THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
QUICK_THRESHOLDS = (0.4, 0.6)
PEER_THRESHOLDS = (0.5, 0.7, 0.9)

N_COLD = 250
"""Labelled pairs whose documents are clustered together, to start cold."""

# Languages of a dozen duplicates are left to the targets: one pair is five points there.
_FLOORED = (
    *(
        f"{who}.{score}"
        for who in ("full", "bare", "cold", "cold_bare")
        for score in ("sample.f1", "feed.f1", "syndicated.least_0.2")
    ),
    *(f"{who}.{size}.f1" for who in ("news", "bare") for size in slices.SIZES),
    "recall.0.2_and_above",
    "own_found",
    "contains_first",
    "own_first",
    "story_finds",
    "batch_found",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """
    Declare the options of the suite.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Parser of the suite.
    """
    add_data_arguments(parser)
    parser.add_argument(
        "--part", choices=(*PARTS, "all"), default="feed", help="what to measure (default: feed)"
    )
    parser.add_argument(
        "--quick", action="store_true", help="leave most of classical MinHash and datasketch out"
    )
    parser.add_argument(
        "--datasketch-seconds",
        type=float,
        default=900.0,
        help="time for datasketch, which is left out beyond it (default: 900)",
    )
    parser.add_argument(
        "--raise-floors", action="store_true", help="record higher scores in floors.json"
    )


def run(options: argparse.Namespace) -> Iterator[Report]:
    """
    Measure the chosen parts.

    Parameters
    ----------
    options : argparse.Namespace
        As `add_arguments` declares them.

    Yields
    ------
    Report
        One a part.
    """
    for part in PARTS if options.part == "all" else (options.part,):
        report = _MEASURE[part](options)
        if options.raise_floors:
            raise_floors(report, FLOORS)
        floor_words = below_floors(report, FLOORS)
        (report.failures if options.check else report.words).extend(floor_words)
        yield report


def below_floors(report: Report, path: Path) -> list[str]:
    """
    Return which scores are below their floors.

    Parameters
    ----------
    report : Report
        With its figures.
    path : Path
        The floors.

    Returns
    -------
    list of str
        In words.
    """
    return [
        f"{floor.figure} is {report.figures[floor.figure]:.4f}, below its floor of {floor.least}"
        for floor in read_targets(report.name, path)
        if floor.met(report.figures) is False
    ]


def raise_floors(report: Report, path: Path) -> None:
    """
    Record the scores of a report as floors, where they are higher.

    Parameters
    ----------
    report : Report
        With its figures.
    path : Path
        The floors, kept in order; a floor is a score cut off after three digits.
    """
    recorded = json.loads(path.read_text(encoding="utf-8"))
    floors = {(each["report"], each["figure"]): each["least"] for each in recorded["targets"]}
    for figure in sorted(set(_FLOORED) & set(report.figures)):
        key = (report.name, figure)
        least = math.floor(report.figures[figure] * 1000) / 1000
        floors[key] = max(least, floors.get(key, 0.0))
    recorded["targets"] = [
        {"report": name, "figure": figure, "least": least}
        for (name, figure), least in floors.items()
    ]
    lines = ",\n".join(f"    {json.dumps(each)}" for each in recorded["targets"])
    body = f'{{\n  "format": {recorded["format"]},\n  "targets": [\n{lines}\n  ]\n}}\n'
    path.write_text(body, encoding="utf-8")


def local_folder(output: Path) -> Path:
    """
    Return the folder for files that must stay on the machine.

    Parameters
    ----------
    output : Path
        Folder of the results.

    Returns
    -------
    Path
        A folder in it that git ignores.
    """
    folder = output / "local"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".gitignore").write_text("*\n", encoding="utf-8")
    return folder


def _measure_feed(options: argparse.Namespace) -> Report:
    pairs_path = options.pairs or datasets.shared_file(PAIRS)
    pairs = read_pairs(pairs_path)
    feed = read_feed(options.feed or datasets.shared_file(datasets.TEASERS))
    syndicated = read_syndicated(pairs_path)
    is_given = options.pairs is not None or options.feed is not None
    report = Report(
        # Floors and targets are of the feed that is shared.
        name="quality-given" if is_given else "quality",
        title="Quality: the whole feed clustered, held against labelled pairs",
        settings={
            "n_documents": feed.num_rows,
            "n_pairs": len(pairs),
            "pairs_digest": pairs.digest,
            "feed_digest": feed_digest(feed),
            "quick": options.quick,
        },
    )
    ids = feed["id"].to_pylist()
    folder = local_folder(options.output)
    ours = {"full": cluster_table(feed, options.jobs), "bare": cluster_texts(feed, options.jobs)}
    for name, labels in ours.items():
        by_id = dict(zip(ids, labels.tolist(), strict=True))
        scores = score(by_id, pairs, syndicated)
        path = folder / f"{report.name}-{name}.tsv"
        write_clusters(path, by_id)
        failures = scorer_failures(scores, path, pairs_path)
        if failures is None:
            report.words.append("The scorer of the labels is not there: scored here alone.")
        else:
            report.failures += [f"{name}: {failure}" for failure in failures]
        _enter(report, name, scores)
    for name, with_metadata in (("cold", True), ("cold_bare", False)):
        by_id = cluster_cold(feed, pairs, options.jobs, with_metadata=with_metadata)
        _enter(report, name, score(by_id, pairs))
    _measure_classical(report, options, feed, pairs, syndicated)
    _tabulate(report)
    if not draw_curves(_panels(report), options.output / f"{report.name}.png"):
        report.words.append("No picture: matplotlib is not installed.")
    return report


def cluster_table(feed: pa.Table, n_jobs: int) -> NDArray[np.int64]:
    """
    Cluster a feed by default.

    Parameters
    ----------
    feed : pyarrow.Table
        From `benchmarks.labelled.read_feed`.
    n_jobs : int
        Threads.

    Returns
    -------
    ndarray of int64
        Cluster of each document; id, title, description, source and time are seen.
    """
    api = importlib.import_module("dedupe_news.api")
    columns = [name for name in feed.column_names if name != "lang"]
    result = api.cluster(
        feed.select(columns), text="description", policy="news", n_jobs=n_jobs, progress=False
    )
    labels: NDArray[np.int64] = result.labels
    return labels


def cluster_texts(
    feed: pa.Table, n_jobs: int, policy: str = "news", threshold: float = 0.7
) -> NDArray[np.int64]:
    """
    Cluster a feed given as bare strings.

    Parameters
    ----------
    feed : pyarrow.Table
        From `benchmarks.labelled.read_feed`.
    n_jobs : int
        Threads.
    policy : {"news", "similar"}
        As in ``Config``.
    threshold : float
        Least Jaccard similarity, for ``"similar"``.

    Returns
    -------
    ndarray of int64
        Cluster of each document.
    """
    api = importlib.import_module("dedupe_news.api")
    result = api.cluster(
        datasets.joined(feed["title"].to_pylist(), feed["description"].to_pylist()),
        policy=policy,
        threshold=threshold,
        n_jobs=n_jobs,
        progress=False,
    )
    labels: NDArray[np.int64] = result.labels
    return labels


def cluster_cold(
    feed: pa.Table, pairs: LabelledPairs, n_jobs: int, *, with_metadata: bool
) -> dict[str, int]:
    """
    Cluster the documents of the labelled pairs alone, some hundred at a time.

    Parameters
    ----------
    feed : pyarrow.Table
        From `benchmarks.labelled.read_feed`.
    pairs : LabelledPairs
        The documents of `N_COLD` pairs make a batch.
    n_jobs : int
        Threads.
    with_metadata : bool
        Whether sources and times are seen.

    Returns
    -------
    dict of str to int
        Cluster by id. A document of several batches keeps that of the last,
        so that such a pair may seem missed.
    """
    place = {each: at for at, each in enumerate(feed["id"].to_pylist())}
    found: dict[str, int] = {}
    for start in range(0, len(pairs), N_COLD):
        own = slice(start, start + N_COLD)
        ids = list(dict.fromkeys([*pairs.first[own], *pairs.second[own]]))
        part = feed.take([place[each] for each in ids if each in place])
        labels = cluster_table(part, n_jobs) if with_metadata else cluster_texts(part, n_jobs)
        named = zip(part["id"].to_pylist(), labels.tolist(), strict=True)
        found |= {each: start * feed.num_rows + label for each, label in named}
    return found


def _measure_classical(
    report: Report,
    options: argparse.Namespace,
    feed: pa.Table,
    pairs: LabelledPairs,
    syndicated: Sequence[tuple[str, str, float]],
) -> None:
    ids = feed["id"].to_pylist()

    def enter(name: str, labels: NDArray[np.int64]) -> None:
        by_id = dict(zip(ids, labels.tolist(), strict=True))
        _enter(report, name, score(by_id, pairs, syndicated))

    for threshold in QUICK_THRESHOLDS if options.quick else THRESHOLDS:
        labels = cluster_texts(feed, options.jobs, "similar", threshold)
        enter(f"similar at {threshold}", labels)
    if options.quick or not classical.has_datasketch():
        report.words.append("datasketch: skipped.")
        return
    texts = datasets.joined(feed["title"].to_pylist(), feed["description"].to_pylist())
    try:
        for each in classical.datasketch_partitions(
            texts, PEER_THRESHOLDS, options.datasketch_seconds
        ):
            enter(f"{each.name} at {each.threshold}", each.labels)
    except classical.OutOfTimeError:
        report.words.append(
            f"datasketch: out of the {options.datasketch_seconds:g} s it was given; "
            "what is missing was left out."
        )


def _enter(report: Report, name: str, scores: Scores) -> None:
    figures = scores.figures()
    report.rows.append({"who": name, **figures})
    report.figures |= {f"{name}.{figure}": value for figure, value in figures.items()}


_NAMES = {
    "full": "**dedupe_news, default**",
    "bare": "**dedupe_news, bare strings**",
    "cold": f"the documents of {N_COLD} labelled pairs at a time",
    "cold_bare": "the same as bare strings",
}


def _tabulate(report: Report) -> None:
    rates = [
        f"{kind}.{rate}" for kind in ("sample", "feed") for rate in ("precision", "recall", "f1")
    ]
    languages = sorted(
        name
        for name in report.rows[0]
        if name.startswith("sample.") and name.count(".") == 2  # noqa: PLR2004 - kind, language, rate
        if name.endswith(".f1")
    )
    others = [*languages, "syndicated.least_0.2", "syndicated.all"]
    rows = [
        [
            _NAMES.get(row["who"], row["who"]),
            *(f"{row[name]:.3f}" for name in rates),
            *(f"{row[name]:.3f}" if name in row else "" for name in others),
        ]
        for row in report.rows
    ]
    headings = (
        "",
        "sample: precision",
        "recall",
        "F1",
        "feed: precision",
        "recall",
        "F1",
        *(f"F1, {name.split('.')[1]}" for name in languages),
        "syndicated, bigram Jaccard ≥ 0.2",
        "syndicated, all",
    )
    note = (
        "Sample: every labelled pair once. Feed: each as often as it stands for others. "
        "Syndicated: recall of copies across outlets. The judge was fitted to these very pairs: "
        'suite `fit-judge` has the figures for pairs unseen. *similar*: `policy="similar"`, '
        "whose clusters do not chain; *datasketch*: connected components of what it proposes."
    )
    report.tables.append(Table("Labelled pairs", headings, rows, note))


def _panels(report: Report) -> list[Panel]:
    groups: dict[str, list[dict[str, float]]] = {}
    settings: dict[str, list[str]] = {}
    for row in report.rows:
        name, _, setting = row["who"].partition(" at ")
        groups.setdefault(name, []).append(row)
        settings.setdefault(name, []).append(setting)
    named = {
        "full": "dedupe_news",
        "bare": "dedupe_news, bare strings",
        "similar": "MinHash, exact",
    }
    return [
        Panel(
            title,
            [
                Curve(
                    named.get(name, name),
                    [row[f"{kind}.recall"] for row in rows],
                    [row[f"{kind}.precision"] for row in rows],
                    settings[name],
                )
                for name, rows in groups.items()
                if not name.startswith("cold")
            ],
        )
        for title, kind in (("labelled pairs", "sample"), ("weighted to the feed", "feed"))
    ]


def _measure_slices(options: argparse.Namespace) -> Report:
    feed = read_feed(options.feed or datasets.shared_file(datasets.TEASERS))
    report = Report(
        name="quality-slices-given" if options.feed else "quality-slices",
        title="Quality: stretches of the feed, held against the whole",
        settings={"n_documents": feed.num_rows, "feed_digest": feed_digest(feed)},
    )
    ways: dict[str, Callable[[pa.Table], NDArray[np.int64]]] = {
        "news": partial(cluster_table, n_jobs=options.jobs),
        "bare": partial(cluster_texts, n_jobs=options.jobs),
    }
    for threshold in QUICK_THRESHOLDS:
        ways[f"similar_{threshold}"] = partial(
            cluster_texts, n_jobs=options.jobs, policy="similar", threshold=threshold
        )
    slices.tabulate(report, feed, cluster_table(feed, options.jobs), ways)
    return report


def _measure_revisions(options: argparse.Namespace) -> Report:
    versions = read_feed_with(datasets.shared_file(revisions.REVISIONS), "article")
    report = Report(
        name="quality-revisions",
        title="Quality: later versions of edited articles",
        settings={"n_versions": versions.num_rows},
    )
    revisions.tabulate(report, revisions.query_revisions(versions, options.jobs))
    return report


def _measure_reuters(options: argparse.Namespace) -> Report:
    stories = _stories()
    report = Report(
        name="quality-reuters",
        title="Quality: verdicts on Reuters stories, to be read",
        settings={"n_stories": stories.num_rows, "seed": datasets.SEED},
    )
    path = local_folder(options.output) / f"{report.name}.txt"
    reuters.sample_verdicts(report, stories, path, options.jobs)
    return report


def _measure_teasers(options: argparse.Namespace) -> Report:
    stories = _stories()
    report = Report(
        name="quality-teasers",
        title="Quality: teasers that seek the story they were cut from",
        settings={
            "n_stories": stories.num_rows,
            "n_words": [teasers.LEAST_WORDS, teasers.MOST_WORDS],
            "seed": datasets.SEED,
        },
    )
    teasers.seek_stories(report, stories, options.jobs)
    return report


def read_feed_with(path: Path, *columns: str) -> pa.Table:
    """
    Read a feed and more of its columns.

    Parameters
    ----------
    path : Path
        The Parquet file.
    *columns : str
        Columns beside those of `benchmarks.labelled.read_feed`.

    Returns
    -------
    pyarrow.Table
        The feed.
    """
    import pyarrow.parquet as pq  # noqa: PLC0415 - optional, and slow to import

    feed = read_feed(path)
    more = pq.read_table(path, columns=list(columns))
    for name in columns:
        feed = feed.append_column(name, more[name])
    return feed


def _stories() -> pa.Table:
    import pyarrow.parquet as pq  # noqa: PLC0415 - optional, and slow to import

    return pq.read_table(datasets.shared_file(datasets.STORIES))


_MEASURE = {
    "feed": _measure_feed,
    "slices": _measure_slices,
    "revisions": _measure_revisions,
    "reuters": _measure_reuters,
    "teasers": _measure_teasers,
}
