"""
Suite ``recall``: what is found of all pairs there are, at several thresholds.

Truth is brute force over exact shingle sets (`benchmarks.exact_pairs`), itself
checked with plain Python sets. Beside it: datasketch with the banding it
chooses by default, on the very same sets.
"""

from __future__ import annotations

import importlib
import importlib.util
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import checks, datasets, shingles
from benchmarks.exact_pairs import exact_pairs
from benchmarks.peers import NUM_PERM, answer_keys, clustering_keys, our_config
from benchmarks.report import Bars, Report, Table

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from benchmarks.datasets import Corpus
    from benchmarks.sets import Pairs, ShingleSets
    from dedupe_news.results.result import Clustering

SUMMARY = "recall and precision against all pairs, by brute force, beside datasketch's defaults"
NEEDS = "nothing; the real feed and Reuters stories where they are there, datasketch, matplotlib"
TAKES = "1 minute (2 processors)"

THRESHOLDS = (0.5, 0.7, 0.9)
LEAST_RECALL = 0.99
_NEAR = 0.05
"""Width of the band of similarities just above a threshold that is looked at apart."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """
    Declare the options of the suite.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Parser of the suite.
    """
    parser.add_argument(
        "--documents",
        type=int,
        help="use a made-up feed of this many teasers instead of the real texts",
    )
    parser.add_argument(
        "--no-datasketch", action="store_true", help="leave datasketch out, which takes longest"
    )


def run(options: argparse.Namespace) -> Iterator[Report]:
    """
    Measure every corpus at every threshold.

    Parameters
    ----------
    options : argparse.Namespace
        As `add_arguments` declares them.

    Yields
    ------
    Report
        One, over all corpora.
    """
    words: list[str] = []
    if options.documents is not None:
        corpora, name = [datasets.made_up(options.documents)], f"recall-made-up-{options.documents}"
    elif datasets.has_real_data():
        corpora, name = [datasets.teasers(50_000), datasets.stories(5_000)], "recall"
    else:
        corpora, name = [datasets.made_up(50_000)], "recall-made-up-50000"
        words.append("The real texts are not on this machine: a made-up feed stands in for them.")
    peer = not options.no_datasketch and importlib.util.find_spec("datasketch") is not None
    if not peer:
        words.append("datasketch: skipped.")
    report = Report(
        name=name,
        title="Recall: what is found of all pairs",
        settings={
            "corpora": {corpus.name: corpus.description for corpus in corpora},
            "thresholds": list(THRESHOLDS),
            "num_perm": NUM_PERM,
            "shingle": "3 words",
        },
        words=words,
    )
    for corpus in corpora:
        _measure(report, corpus, peer=peer)
    _tabulate(report)
    yield report


def _measure(report: Report, corpus: Corpus, *, peer: bool) -> None:
    """Add the rows of one corpus."""
    api = importlib.import_module("dedupe_news.api")
    config = our_config(min(THRESHOLDS))
    sets = shingles.library_sets(corpus.texts, config)
    every = exact_pairs(sets, min(THRESHOLDS))
    report.failures += checks.plain_failures(corpus.texts, sets, every, min(THRESHOLDS), config)
    signatures = _signatures(sets) if peer else None
    for threshold in THRESHOLDS:
        exact = every.at_least(threshold)
        config = our_config(threshold)
        result = api.cluster(corpus.texts, config=config, progress=False)
        found = clustering_keys(result, len(corpus.texts))
        outcome = checks.verdict(exact, found)
        name = f"{corpus.name} at {threshold}"
        report.failures += checks.verdict_failures(name, outcome, least_recall=LEAST_RECALL)
        report.failures += _unequal(name, exact, result, len(corpus.texts))
        if result.bounded:
            report.words.append(f"{name}: {result.bounded}.")
        banding = config.bands, config.rows_per_band
        _enter(report, corpus, threshold, "dedupe_news", banding, exact, found)
        if signatures is not None:
            banding, found = _datasketch(signatures, sets, threshold)
            _enter(report, corpus, threshold, "datasketch", banding, exact, found)


def _enter(
    report: Report,
    corpus: Corpus,
    threshold: float,
    who: str,
    banding: tuple[int, int],
    exact: Pairs,
    found: NDArray[np.int64],
) -> None:
    outcome = checks.verdict(exact, found)
    near = exact.keys[exact.jaccard < threshold + _NEAR]
    n_near_found = int(np.isin(near, found, assume_unique=True).sum())
    recall_near = n_near_found / len(near) if len(near) else 1.0
    report.rows.append(
        {
            "corpus": corpus.name,
            "threshold": threshold,
            "who": who,
            "params": list(banding),
            "n_near": len(near),
            "recall_near": recall_near,
            **outcome.as_dict(),
        }
    )
    prefix = f"{who}.{corpus.name}.{threshold}"
    report.figures[f"recall.{prefix}"] = outcome.recall
    report.figures[f"recall_near.{prefix}"] = recall_near
    report.figures[f"n_below.{prefix}"] = outcome.n_below
    report.figures[f"n_exact.{prefix}"] = outcome.n_exact


def _unequal(name: str, exact: Pairs, result: Clustering, n: int) -> list[str]:
    """Return a word if the similarities that were returned are not the exact ones."""
    left, right = np.asarray(result.matches.left), np.asarray(result.matches.right)
    keys = np.minimum(left, right).astype(np.int64) * n + np.maximum(left, right)
    places = np.searchsorted(exact.keys, keys)
    places[places == len(exact)] = 0
    known = exact.keys[places] == keys if len(exact) else np.zeros(len(keys), dtype=bool)
    wrong = int((exact.jaccard[places[known]] != result.matches.jaccard[known]).sum())
    return [f"{name}: {wrong:,} similarities are not exact"] if wrong else []


def _signatures(sets: ShingleSets) -> list[Any]:
    datasketch = importlib.import_module("datasketch")
    # The shingles are hashes already.
    documents = (sorted(sets[document]) for document in range(len(sets)))
    signatures: list[Any] = datasketch.MinHash.bulk(documents, num_perm=NUM_PERM, hashfunc=int)
    return signatures


def _datasketch(
    signatures: list[Any], sets: ShingleSets, threshold: float
) -> tuple[tuple[int, int], NDArray[np.int64]]:
    """Return the banding that datasketch chooses and the pairs it proposes."""
    datasketch = importlib.import_module("datasketch")
    index = datasketch.MinHashLSH(threshold=threshold, num_perm=NUM_PERM)
    empty = np.diff(sets.offsets) == 0
    for document in np.flatnonzero(~empty).tolist():
        index.insert(document, signatures[document], check_duplication=False)
    answers = [
        [] if empty[document] else index.query(signature)
        for document, signature in enumerate(signatures)
    ]
    return (index.b, index.r), answer_keys(answers, len(sets))


def _tabulate(report: Report) -> None:
    rows = [
        [
            f"{row['corpus']}, {row['threshold']}, {row['who']}",
            f"{row['params'][0]} × {row['params'][1]}",
            f"{row['n_exact']:,}",
            f"{row['n_found']:,}",
            f"{row['n_below']:,}",
            f"{row['recall']:.5f}",
            f"{row['recall_near']:.5f} of {row['n_near']:,}",
        ]
        for row in report.rows
    ]
    headings = (
        "corpus, threshold",
        "bands × rows",
        "pairs there are",
        "pairs returned",
        "of them below",
        "recall",
        f"recall up to {_NEAR} above",
    )
    note = (
        "All pairs of documents, copies written out. Both see the same shingle sets; datasketch "
        "proposes candidates and verifies none."
    )
    report.tables.append(Table("Recall", headings, rows, note))
    labels = [
        f"{row['corpus']} at {row['threshold']}"
        for row in report.rows
        if row["who"] == "dedupe_news"
    ]
    names = list(dict.fromkeys(row["who"] for row in report.rows))
    series = {who: [row["recall"] for row in report.rows if row["who"] == who] for who in names}
    report.bars = Bars(report.title, "recall of all pairs", labels, series, line=LEAST_RECALL)
