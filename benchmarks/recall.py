"""
Suite ``recall``: what is found of all pairs there are.

Report ``recall`` holds real texts against brute force over exact shingle sets at several
thresholds, beside datasketch with the banding that it chooses, on the very same sets. Report
``threshold`` asks everyone, with its defaults, for made-up copies of every similarity.
"""

from __future__ import annotations

import importlib
import importlib.util
import random
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import checks, datasets, shingles, truth
from benchmarks.datasets import SEED
from benchmarks.peers import NUM_PERM, THRESHOLD, answer_keys, clustering_keys, our_config
from benchmarks.pictures import Bars
from benchmarks.report import Report, Table
from benchmarks.shingles import SHINGLE_SIZE, word_shingles

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from benchmarks.datasets import Corpus
    from benchmarks.truth import Pairs, ShingleSets
    from dedupe_news import Clustering

SUMMARY = "recall and precision against all pairs, by brute force, beside the peers"
NEEDS = "nothing; the real feed and Reuters stories where they are there, and the peers"
TAKES = "2 minutes (2 processors)"
QUICK = {"documents": 2_000, "pairs": 500}

THRESHOLDS = (0.5, 0.7, 0.9)
BINS = ((0.8, 1.0), (THRESHOLD, 0.8), (0.6, THRESHOLD), (0.3, 0.6))
"""Ranges of similarity, the lower bound inclusive; from the threshold up all are to be found."""

_BITS = 2**32 - 1
_N_WORDS, _N_VOCABULARY, _MOST_REPLACED = 40, 20_000, 12  # of a made-up text
_RENSA_BANDS, _RENSA_SEED = 32, 42  # the seed is its deduplicator's own


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the suite."""
    parser.add_argument("--documents", type=int, help="of a made-up feed in place of real texts")
    parser.add_argument("--pairs", type=int, default=10_000, help="made-up pairs (default: 10000)")


def run(options: argparse.Namespace) -> Iterator[Report]:
    """Measure every corpus at every threshold, then ask everyone for copies."""
    yield _recall(options)
    yield _threshold(options)


def _recall(options: argparse.Namespace) -> Report:
    notes = []
    if options.documents is None and datasets.has_real_data():
        corpora, name = [datasets.teasers(50_000), datasets.stories(5_000)], "recall"
    else:
        n = options.documents or 50_000
        corpora, name = [datasets.made_up(n)], f"recall-made-up-{n}"
        notes.append("A made-up feed stands in for the real texts.")
    report = Report(
        name=name,
        title="Recall: what is found of all pairs",
        settings={
            "corpora": {corpus.name: corpus.description for corpus in corpora},
            "thresholds": list(THRESHOLDS),
            "num_perm": NUM_PERM,
        },
        notes=notes,
    )
    for corpus in corpora:
        _measure(report, corpus)
    _tabulate(report)
    return report


def _measure(report: Report, corpus: Corpus) -> None:
    """Add the rows of one corpus."""
    from dedupe_news import cluster  # noqa: PLC0415 - not while the command line is read

    config = our_config(min(THRESHOLDS))
    sets = shingles.library_sets(corpus.texts, config)
    every = truth.exact_pairs(sets, min(THRESHOLDS))
    signatures = _signatures(sets)
    for threshold in THRESHOLDS:
        exact = every.where(every.jaccard >= threshold)
        config = our_config(threshold)
        result = cluster(corpus.texts, config=config, progress=False)
        returned = clustering_keys(result, len(corpus.texts))
        name = f"{corpus.name} at {threshold}"
        report.failures += checks.verdict(exact, returned).failures(name)
        report.failures += _inexact(name, exact, result)
        if result.bounded:
            report.notes.append(f"{name}: {result.bounded}")
        banding = config.bands, config.rows_per_band
        _enter(report, corpus.name, threshold, "dedupe_news", banding, exact, returned)
        banding, returned = _datasketch_pairs(signatures, sets, threshold)
        _enter(report, corpus.name, threshold, "datasketch", banding, exact, returned)


def _enter(
    report: Report, corpus: str, threshold: float, who: str, banding: tuple[int, int],
    exact: Pairs, returned: NDArray[np.int64],
) -> None:  # fmt: skip
    outcome = checks.verdict(exact, returned)
    report.rows.append(
        {
            "corpus": corpus, "threshold": threshold, "who": who, "banding": list(banding),
            **outcome.as_dict(),
        }
    )  # fmt: skip
    for name in ("recall", "n_below", "n_exact"):
        report.figures[f"{name}.{who}.{corpus}.{threshold}"] = outcome.as_dict()[name]


def _inexact(name: str, exact: Pairs, result: Clustering) -> list[str]:
    """Return a failure if similarities that were returned are not the exact ones."""
    left, right = np.asarray(result.matches.left), np.asarray(result.matches.right)
    keys = truth.pair_keys(left.astype(np.int64), right.astype(np.int64), exact.n_documents)
    places = np.minimum(np.searchsorted(exact.keys, keys), max(0, len(exact) - 1))
    is_known = exact.keys[places] == keys if len(exact) else np.zeros(len(keys), bool)
    returned = result.matches.jaccard[is_known]
    n_wrong = int((exact.jaccard[places[is_known]] != returned).sum())
    return [f"{name}: {n_wrong:,} similarities are not exact"] if n_wrong else []


def _signatures(sets: ShingleSets) -> list[Any]:
    datasketch = importlib.import_module("datasketch")
    # The shingles are hashes already, of more bits than it takes.
    documents = (sorted(shingle & _BITS for shingle in sets[at]) for at in range(len(sets)))
    return list(datasketch.MinHash.bulk(documents, num_perm=NUM_PERM, hashfunc=int))


def datasketch_answers(
    signatures: Sequence[Any], sizes: NDArray[np.int64], threshold: float
) -> tuple[Any, list[list[int]]]:
    """Return an index with the banding that datasketch chooses, and what it finds for each."""
    datasketch = importlib.import_module("datasketch")
    index = datasketch.MinHashLSH(threshold=threshold, num_perm=NUM_PERM)
    for document in np.flatnonzero(sizes).tolist():
        index.insert(document, signatures[document], check_duplication=False)
    answers = [
        index.query(signature) if sizes[document] else []
        for document, signature in enumerate(signatures)
    ]
    return index, answers


def datasketch_clusters(texts: Sequence[str], threshold: float) -> NDArray[np.int64]:
    """
    Return the connected component of each text, as is customary with MinHash LSH.

    datasketch sees the shingles of this library, so that only its way of comparing differs.
    """
    sets = shingles.library_sets(texts, our_config(threshold))
    _, answers = datasketch_answers(_signatures(sets), sets.sizes(), threshold)
    left = np.repeat(np.arange(len(sets)), [len(answer) for answer in answers])
    right = np.concatenate([np.empty(0, np.int64), *map(np.array, answers)]).astype(np.int64)
    return truth.components(left, right, len(sets))


def _datasketch_pairs(
    signatures: Sequence[Any], sets: ShingleSets, threshold: float
) -> tuple[tuple[int, int], NDArray[np.int64]]:
    index, answers = datasketch_answers(signatures, sets.sizes(), threshold)
    return (index.b, index.r), answer_keys(answers, len(sets))


def _tabulate(report: Report) -> None:
    rows = [
        [
            f"{row['corpus']}, {row['threshold']}, {row['who']}",
            " × ".join(map(str, row["banding"])),
            *(f"{row[name]:,}" for name in ("n_exact", "n_returned", "n_below")),
            f"{row['recall']:.5f}",
        ]
        for row in report.rows
    ]
    headings = (
        "corpus, threshold", "bands × rows", "pairs there are", "pairs returned",
        "of them below", "recall",
    )  # fmt: skip
    note = (
        "All pairs of documents, copies written out. Both see the same shingle sets; datasketch "
        "proposes candidates and verifies none."
    )
    report.tables.append(Table("", headings, rows, note))


def _threshold(options: argparse.Namespace) -> Report:
    pairs = made_up_pairs(options.pairs)
    texts, copies = [list(part) for part in zip(*pairs, strict=True)]
    similarity = [jaccard(*pair) for pair in pairs]
    members = [
        [at for at, value in enumerate(similarity) if low <= value < high or value == high == 1]
        for low, high in BINS
    ]
    report = Report(
        name="threshold",
        title=f"Threshold: what {THRESHOLD} means to each",
        settings={"n_pairs": len(pairs), "threshold": THRESHOLD, "num_perm": NUM_PERM},
    )
    for name, find in FINDERS.items():
        package = name.partition(",")[0]
        if importlib.util.find_spec(package) is None:
            report.notes.append(f"{name}: skipped, {package} is absent.")
            continue
        returned = find(texts, copies)
        shares = [sum(returned[at] for at in each) / max(1, len(each)) for each in members]
        report.rows.append({"who": name, "returned": shares})
        for (low, _), share in zip(BINS, shares, strict=True):
            report.figures[f"found.{name}.{low}"] = share
            if name == "dedupe_news" and low < THRESHOLD and share > 0:
                report.failures.append("dedupe_news returned a pair below the threshold")
    names = [f"{low:g} to {high:g}" for low, high in BINS]
    rows = [
        ["pairs", *(f"{len(each):,}" for each in members)],
        *([row["who"], *(f"{share:.3f}" for share in row["returned"])] for row in report.rows),
    ]
    note = (
        "Share of the pairs of a text and its copy that is returned, by their exact Jaccard "
        f"similarity. From {THRESHOLD} up all should be, below it none. Each runs with its "
        f"own defaults, and {NUM_PERM} permutations where it leaves the choice; RMinHashLSH, which "
        f"leaves the bands too, with {_RENSA_BANDS}."
    )
    report.tables.append(Table("", ("", *names), rows, note))
    labels = [
        f"{name}\n{'to be returned' if low >= THRESHOLD else 'not to be returned'}"
        for name, (low, _) in zip(names, BINS, strict=True)
    ]
    shares_by = {row["who"]: row["returned"] for row in report.rows}
    report.picture = Bars(report.title, "share of pairs that is returned", labels, shares_by)
    return report


def made_up_pairs(n: int) -> list[tuple[str, str]]:
    """Return texts of random words, and copies in which up to `_MOST_REPLACED` are others."""
    source = random.Random(SEED)  # noqa: S311 - made-up texts, no secret
    pairs = []
    for number in range(n):
        words = [f"w{source.randrange(_N_VOCABULARY)}" for _ in range(_N_WORDS)]
        copy = list(words)
        for at in source.sample(range(_N_WORDS), number % (_MOST_REPLACED + 1)):
            copy[at] = f"x{source.randrange(10**9)}"
        pairs.append((" ".join(words), " ".join(copy)))
    return pairs


def jaccard(first: str, second: str) -> float:
    """Return the exact similarity of two texts, by plain sets of word 3-shingles."""
    left, right = set(word_shingles(first)), set(word_shingles(second))
    return len(left & right) / len(left | right)


def _ours(texts: list[str], copies: list[str]) -> list[bool]:
    index = importlib.import_module("dedupe_news").NewsIndex(policy="similar", threshold=THRESHOLD)
    index.add_many([{"id": at, "text": text} for at, text in enumerate(texts)])
    answers = index.query_many(copies)
    return [any(match.id == at for match in matches) for at, matches in enumerate(answers)]


def _datasketch(texts: list[str], copies: list[str]) -> list[bool]:
    datasketch = importlib.import_module("datasketch")
    index = datasketch.MinHashLSH(threshold=THRESHOLD, num_perm=NUM_PERM)
    all_shingles = [word_shingles(text) for text in (*texts, *copies)]
    signatures = datasketch.MinHash.bulk(all_shingles, num_perm=NUM_PERM)
    for at in range(len(texts)):
        index.insert(at, signatures[at])
    return [at in index.query(signatures[len(texts) + at]) for at in range(len(copies))]


def _gaoya(texts: list[str], copies: list[str]) -> list[bool]:
    minhash = importlib.import_module("gaoya.minhash")
    ngrams = SHINGLE_SIZE, SHINGLE_SIZE
    index = minhash.MinHashStringIndex(jaccard_threshold=THRESHOLD, ngram_range=ngrams)
    for at, text in enumerate(texts):
        index.insert_document(at, text)
    return [at in index.query(copy) for at, copy in enumerate(copies)]


def _rensa_signature(text: str) -> object:
    rensa = importlib.import_module("rensa")
    signature = rensa.RMinHash(num_perm=NUM_PERM, seed=_RENSA_SEED)
    signature.update(word_shingles(text))
    return signature


def _rensa_index(texts: list[str], copies: list[str]) -> list[bool]:
    rensa = importlib.import_module("rensa")
    index = rensa.RMinHashLSH(threshold=THRESHOLD, num_perm=NUM_PERM, num_bands=_RENSA_BANDS)
    for at, text in enumerate(texts):
        index.insert(at, _rensa_signature(text))
    return [at in index.query(_rensa_signature(copy)) for at, copy in enumerate(copies)]


def _rensa_deduplicator(texts: list[str], copies: list[str]) -> list[bool]:
    rensa = importlib.import_module("rensa")
    is_returned = []
    for text, copy in zip(texts, copies, strict=True):
        pair = rensa.RMinHashDeduplicator(THRESHOLD, NUM_PERM, True)  # noqa: FBT003 - its order
        pair.add("text", _rensa_signature(text))
        is_returned.append(not pair.add("copy", _rensa_signature(copy)))
    return is_returned


FINDERS: dict[str, Callable[[list[str], list[str]], list[bool]]] = {
    "dedupe_news": _ours,
    "datasketch": _datasketch,
    "gaoya": _gaoya,
    "rensa, RMinHashLSH": _rensa_index,
    "rensa, RMinHashDeduplicator": _rensa_deduplicator,
}
"""Who is asked, by its package, and how."""
