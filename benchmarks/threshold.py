"""
Suite ``threshold``: what a threshold of 0.7 means to this library and to its peers.

Made-up pairs of every similarity, each of a text and a copy in which some words
are replaced. Everybody gets the texts, or the same word 3-shingles of them, and
is asked which copies it finds, with its own defaults, and 128 permutations
where it leaves the choice.
"""

from __future__ import annotations

import importlib
import importlib.util
import random
from typing import TYPE_CHECKING

from benchmarks.datasets import SEED
from benchmarks.peers import NUM_PERM, THRESHOLD
from benchmarks.report import Bars, Report, Table
from benchmarks.shingles import SHINGLE_SIZE, word_shingles

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence

SUMMARY = "which pairs each finds at, above and below a threshold of 0.7, with its own defaults"
NEEDS = "nothing; datasketch, gaoya, rensa, matplotlib"
TAKES = "1 minute (2 processors)"

BINS = ((0.8, 1.0), (THRESHOLD, 0.8), (0.6, THRESHOLD), (0.3, 0.6))
"""Ranges of similarity, the lower bound inclusive; those from the threshold up are to be found."""

_N_WORDS = 40
_N_VOCABULARY = 20_000
_MOST_REPLACED = 12
_RENSA_BANDS = 32
_RENSA_SEED = 42
"""Its deduplicator's own."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """
    Declare the options of the suite.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Parser of the suite.
    """
    parser.add_argument("--pairs", type=int, default=10_000, help="made-up pairs (default: 10000)")


def run(options: argparse.Namespace) -> Iterator[Report]:
    """
    Ask everybody who is installed.

    Parameters
    ----------
    options : argparse.Namespace
        As `add_arguments` declares them.

    Yields
    ------
    Report
        One.
    """
    pairs = made_up_pairs(options.pairs, SEED)
    texts, copies = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    similarity = [jaccard(*pair) for pair in pairs]
    members = [
        [at for at, value in enumerate(similarity) if low <= value < high or value == high == 1]
        for low, high in BINS
    ]
    report = Report(
        name="threshold",
        title="Threshold: what 0.7 means to each",
        settings={
            "n_pairs": len(pairs),
            "seed": SEED,
            "threshold": THRESHOLD,
            "num_perm": NUM_PERM,
            "n_in_bins": [len(each) for each in members],
        },
    )
    for name, (package, find) in FINDERS.items():
        if importlib.util.find_spec(package) is None:
            report.words.append(f"{name}: skipped, {package} is absent.")
            continue
        found = find(texts, copies)
        shares = [sum(found[at] for at in each) / max(1, len(each)) for each in members]
        report.rows.append(
            {"who": name, "bins": [list(bounds) for bounds in BINS], "found": shares}
        )
        report.figures |= {
            f"found.{name}.{low}": share for (low, _), share in zip(BINS, shares, strict=True)
        }
    own = report.rows[0]["found"]
    if any(share > 0 for (low, _), share in zip(BINS, own, strict=True) if low < THRESHOLD):
        report.failures.append("dedupe_news returned a pair below the threshold")
    _tabulate(report, members)
    yield report


def made_up_pairs(n: int, seed: int) -> list[tuple[str, str]]:
    """
    Return pairs of texts of random words.

    Parameters
    ----------
    n : int
        How many.
    seed : int
        Of the words.

    Returns
    -------
    list of tuple of str and str
        A text, and a copy in which up to `_MOST_REPLACED` words are others.
    """
    source = random.Random(seed)  # noqa: S311 - made-up texts, no secret
    pairs = []
    for number in range(n):
        words = [f"w{source.randrange(_N_VOCABULARY)}" for _ in range(_N_WORDS)]
        copy = list(words)
        for at in source.sample(range(_N_WORDS), number % (_MOST_REPLACED + 1)):
            copy[at] = f"x{source.randrange(10**9)}"
        pairs.append((" ".join(words), " ".join(copy)))
    return pairs


def jaccard(first: str, second: str) -> float:
    """
    Return the exact similarity of two texts, by plain sets of word 3-shingles.

    Parameters
    ----------
    first, second : str
        The texts.

    Returns
    -------
    float
        In [0, 1].
    """
    left, right = set(word_shingles(first)), set(word_shingles(second))
    return len(left & right) / len(left | right)


def _ours(texts: Sequence[str], copies: Sequence[str]) -> list[bool]:
    library = importlib.import_module("dedupe_news")
    index = library.NewsIndex(policy="similar", threshold=THRESHOLD)
    index.add_many([{"id": at, "text": text} for at, text in enumerate(texts)])
    answers = index.query_many(list(copies))
    return [any(match.id == at for match in matches) for at, matches in enumerate(answers)]


def _datasketch(texts: Sequence[str], copies: Sequence[str]) -> list[bool]:
    datasketch = importlib.import_module("datasketch")
    index = datasketch.MinHashLSH(threshold=THRESHOLD, num_perm=NUM_PERM)
    signatures = datasketch.MinHash.bulk(
        [word_shingles(text) for text in (*texts, *copies)], num_perm=NUM_PERM
    )
    for at in range(len(texts)):
        index.insert(at, signatures[at])
    return [at in index.query(signatures[len(texts) + at]) for at in range(len(copies))]


def _gaoya(texts: Sequence[str], copies: Sequence[str]) -> list[bool]:
    minhash = importlib.import_module("gaoya.minhash")
    index = minhash.MinHashStringIndex(
        jaccard_threshold=THRESHOLD, ngram_range=(SHINGLE_SIZE, SHINGLE_SIZE)
    )
    for at, text in enumerate(texts):
        index.insert_document(at, text)
    return [at in index.query(copy) for at, copy in enumerate(copies)]


def _rensa_signature(text: str) -> object:
    rensa = importlib.import_module("rensa")
    signature = rensa.RMinHash(num_perm=NUM_PERM, seed=_RENSA_SEED)
    signature.update(word_shingles(text))
    return signature


def _rensa_index(texts: Sequence[str], copies: Sequence[str]) -> list[bool]:
    rensa = importlib.import_module("rensa")
    index = rensa.RMinHashLSH(threshold=THRESHOLD, num_perm=NUM_PERM, num_bands=_RENSA_BANDS)
    for at, text in enumerate(texts):
        index.insert(at, _rensa_signature(text))
    return [at in index.query(_rensa_signature(copy)) for at, copy in enumerate(copies)]


def _rensa_deduplicator(texts: Sequence[str], copies: Sequence[str]) -> list[bool]:
    rensa = importlib.import_module("rensa")
    found = []
    for text, copy in zip(texts, copies, strict=True):
        pair = rensa.RMinHashDeduplicator(THRESHOLD, NUM_PERM, True)  # noqa: FBT003 - its order
        pair.add("text", _rensa_signature(text))
        found.append(not pair.add("copy", _rensa_signature(copy)))
    return found


FINDERS: dict[str, tuple[str, Callable[[Sequence[str], Sequence[str]], list[bool]]]] = {
    "dedupe_news": ("dedupe_news", _ours),
    "datasketch": ("datasketch", _datasketch),
    "gaoya": ("gaoya", _gaoya),
    "rensa, RMinHashLSH": ("rensa", _rensa_index),
    "rensa, RMinHashDeduplicator": ("rensa", _rensa_deduplicator),
}
"""Who is asked: the package, and how."""


def _tabulate(report: Report, members: Sequence[Sequence[int]]) -> None:
    names = [f"{low:g} to {high:g}" for low, high in BINS]
    rows = [
        ["pairs", *(f"{len(each):,}" for each in members)],
        *([row["who"], *(f"{share:.3f}" for share in row["found"])] for row in report.rows),
    ]
    note = (
        f"Share of the pairs of a text and its copy that is returned, by their exact Jaccard "
        f"similarity. From {THRESHOLD} up all should be, below it none. Each runs with its "
        f"own defaults, and {NUM_PERM} permutations where it leaves the choice; RMinHashLSH, which "
        f"leaves the bands too, with {_RENSA_BANDS}."
    )
    report.tables.append(Table("Found", ("", *names), rows, note))
    report.bars = Bars(
        report.title,
        "share of pairs that is returned",
        [
            f"{name}\n{'to be found' if low >= THRESHOLD else 'not to be returned'}"
            for name, (low, _) in zip(names, BINS, strict=True)
        ],
        {row["who"]: row["found"] for row in report.rows},
    )
