"""
The suites checked themselves: what they measure by is right, and the page is of the results.

Nothing is timed, and no real data read. CI runs ``python -m benchmarks self-check``, and
``python -m benchmarks all --quick`` shows that every suite runs.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import itertools
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import checks, corpora, gold, page, quality, shingles, timing, truth
from benchmarks.datasets import ROOT, SEED, joined
from benchmarks.peers import FEW, THRESHOLD, answer_keys, clustering_keys, our_config
from benchmarks.process import say
from benchmarks.publish import RESULTS, publish
from benchmarks.report import TARGETS, Report, Table, Target, number
from dedupe_news._engine.classifier import read_classifier
from dedupe_news._kernels.feature_names import N_FEATURES
from dedupe_news._kernels.trees import fill_probabilities

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

SUMMARY = "that what the suites measure by is right"
NEEDS = "the extra [bench]"
TAKES = "half a minute (2 processors)"

_FEED_DIGEST = "a02b19200fee1fb550092af28d445552fa2023251ae954c36d048ca903fb1667"
_N_FEED = 6_000


class CheckError(AssertionError):
    """A suite would measure wrongly."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``self-check``: none."""
    del parser


def run(options: argparse.Namespace) -> int:
    """Run every check; return 1 if one failed, else 0."""
    del options
    code = 0
    for check in CHECKS:
        try:
            check()
        except CheckError as error:
            code = 1
            say(f"FAILED {check.__name__}: {error}")
        else:
            say(f"right: {check.__name__.replace('_', ' ')}")
    return code


def same(given: object, expected: object) -> None:
    """Fail unless two values are equal."""
    if given != expected:
        message = f"{given!r} instead of {expected!r}"
        raise CheckError(message)


def brute_force_finds_what_plain_sets_find() -> None:
    """No pair is lost, invented or repeated, and every similarity is exact."""
    rng = np.random.default_rng(1)
    for threshold in (0.01, 1 / 3, 0.5, 0.7, 1.0):
        # Shingles from a tiny alphabet, so that documents do share some.
        lists = [rng.integers(0, 8, rng.integers(0, 9)).astype("u8") for _ in range(40)]
        sets, plain = truth.shingle_sets(lists), [set(each.tolist()) for each in lists]
        expected = {
            i * 40 + j: len(plain[i] & plain[j]) / len(plain[i] | plain[j])
            for i, j in itertools.combinations(range(40), 2)
            if plain[i] & plain[j]
        }
        expected = {key: value for key, value in expected.items() if value >= threshold}
        pairs = truth.exact_pairs(sets, threshold)
        same(dict(zip(pairs.keys.tolist(), pairs.jaccard.tolist(), strict=True)), expected)
        same(truth.jaccard_of(sets, pairs.keys).tolist(), pairs.jaccard.tolist())
        of_three = truth.exact_pairs(sets, threshold, np.array([3]))
        same(of_three.keys.tolist(), sorted(key for key in expected if 3 in divmod(key, 40)))


def shingles_are_three_words() -> None:
    """Sets of token hashes and of the peers hold every run of three, or all of a short text."""
    runs = [[], [7], [7, 8], [1, 2, 3, 1, 2, 3], [2**32 - 1, 0, 2**32 - 1, 0]]
    hashes = np.array(list(itertools.chain(*runs)), np.uint32)
    offsets = np.cumsum([0, *map(len, runs)], dtype=np.int64)
    sets = shingles.token_sets(hashes, offsets, 3)
    same([len(sets[document]) for document in range(5)], [0, 1, 1, 3, 2])
    same(len(frozenset().union(*(sets[document] for document in range(5)))), 7)
    same(shingles.word_shingles("A b\nC d"), [b"a b c", b"b c d"])
    same([shingles.word_shingles(text) for text in ("", "A b")], [[], [b"a b"]])
    same(shingles.gaoya_shingles("Don't «Stop»"), ["don t «stop»".encode()])
    same(shingles.gaoya_shingles("two words"), [])


def answers_become_each_pair_once() -> None:
    """Both directions are one pair; equal texts and one match of them stand for every pair."""
    from dedupe_news import cluster  # noqa: PLC0415 - not while the command line is read

    same(answer_keys([[0, 1], [1, 0], [2]], 3).tolist(), [1])
    copy = "rain floods the old town again tonight and the river keeps rising"
    texts = [copy, f"{copy} still", copy, f"{copy} still", copy, "nothing at all like the others"]
    result = cluster(texts, config=our_config(THRESHOLD), progress=False)
    expected = sorted(i * 6 + j for i, j in itertools.combinations(range(5), 2))
    same(clustering_keys(result, 6).tolist(), expected)
    config = our_config(THRESHOLD)
    same((config.bands, config.rows_per_band), FEW)


def verdicts_count_what_is_found_and_what_is_wrong() -> None:
    """Recall and precision are of pairs, and answers that differ fail."""
    from dedupe_news import Match, Relation  # noqa: PLC0415 - as above

    exact = truth.Pairs(10, np.array([1, 2, 3, 4]), np.ones(4))
    outcome = checks.verdict(exact, np.array([2, 3, 7]))
    same((outcome.recall, outcome.n_below, outcome.precision), (0.5, 1, 2 / 3))
    same(len(outcome.failures("x")), 2)
    same(checks.verdict(exact, exact.keys).failures("x"), [])
    match = Match("a", 0.7, 0.9, Relation.NEAR, 0.99)
    other = Match("a", 0.7, 0.9, Relation.NEAR, float(np.nextafter(0.99, 1.0)))
    report, expected = Report("x", "X", {}), checks.digests([[match], []])
    for what, answers in (("same", [[match], []]), ("other", [[other], []]), ("few", [[match]])):
        checks.compare(report, what, checks.digests(answers), expected)
    same(report.failures, ["other: 1 of 2 answers differ", "few: 1 answers instead of 2"])


def the_made_up_feed_is_what_it_says() -> None:
    """The same on every machine, a prefix of longer ones, and its truth is that of its texts."""
    feed = corpora.made_up_feed(_N_FEED, SEED)
    digest = hashlib.sha256()
    for place in range(_N_FEED):
        item = {
            "id": place, "title": feed.title[place], "description": feed.description[place],
            "source": feed.source[place], "published": int(feed.published[place]),
        }  # fmt: skip
        digest.update(repr(sorted(item.items())).encode())
    for column in (feed.story, feed.template, feed.kind):
        digest.update(column.astype("<i8").tobytes())
    same(digest.hexdigest(), _FEED_DIGEST)
    longer = corpora.made_up_feed(corpora.CHUNK + 10, SEED)
    same((len(longer.title), longer.title[:_N_FEED]), (corpora.CHUNK + 10, feed.title))
    first = {int(story): place for place, story in reversed(list(enumerate(feed.story)))}
    is_kept = {corpora.Kind.VERBATIM, corpora.Kind.RETITLED}
    for place in np.flatnonzero(feed.kind >= corpora.Kind.VERBATIM).tolist():
        original = first[int(feed.story[place])]
        same(original < place, True)
        same(
            feed.description[place] == feed.description[original],
            corpora.Kind(int(feed.kind[place])) in is_kept,
        )
    texts = joined(feed.title, feed.description)
    same(200 < np.mean([len(text) for text in texts]) < 260, True)


def scores_are_strict() -> None:
    """A related pair called a duplicate is wrong; pairs that readers differ on do not count."""
    rows = (("newsapi", "dup"), ("newsapi", "update"), ("x", "dup"), ("x", "dup"))
    pairs = [
        gold.LabelledPair(feed, "a", "b", gold.CLASSES[label], "en", 1.0, "shared")
        for feed, label in rows
    ]
    scores = gold.score(pairs, [True, True, False, True])
    same((scores["pooled.precision"], scores["pooled.recall"]), (2 / 3, 2 / 3))
    same(round(scores["macro_f1"], 9), round(2 / 3, 9))
    ab, ac, bc, bd = (frozenset(pair) for pair in ("ab", "ac", "bc", "bd"))
    none: frozenset[frozenset[str]] = frozenset()
    stretch = gold.Stretch("x", "abcd", frozenset([ab]), frozenset([ac, bc]), frozenset([bd]), none)
    groups = {"a": 0, "b": 0, "c": 0, "d": 1}
    same(gold.stretch_pairs(stretch, groups), [(True, True, 1.0)])
    recall = gold.rates(gold.stretch_pairs(stretch, groups, "stories"))["recall"]
    same(recall, 0.5)


def exported_trees_say_what_scikit_learn_says() -> None:
    """The file of a fitted model gives its very probabilities."""
    from benchmarks import fitting  # noqa: PLC0415 - scikit-learn is optional

    rng = np.random.default_rng(1)
    rows = rng.random((400, N_FEATURES))
    label = (rows[:, 0] * 4).astype(np.int64)
    model = fitting.fit(fitting.Training(rows, label, np.ones(400)))
    classifier = read_classifier(json.loads(json.dumps(fitting.export(model))))
    probabilities = np.empty(len(gold.CLASSES))
    for row, expected in zip(rows[:20], model.predict_proba(rows[:20]), strict=True):
        fill_probabilities(classifier.trees, row, probabilities)
        same(bool(np.abs(probabilities - expected).max() < 1e-4), True)


def labels_are_ids_and_labels() -> None:
    """Labels hold no text, and every pair of a stretch is of two of its items."""
    keys = {"pair", "feed", "lang", "id1", "id2", "stratum", "label"}
    for path in gold.LABELS.glob("pairs*.jsonl"):
        for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
            same(set(row), keys)
            same(row["label"] in {*gold.CLASSES, "unsure"} and row["feed"] in gold.FEEDS, True)
    for stretch in gold.read_stretches():
        ids = set(stretch.ids)
        same(len(ids), len(stretch.ids))
        same(stretch.duplicates & stretch.unsure_duplicates, frozenset())
        for pair in stretch.duplicates | stretch.unsure_duplicates | stretch.stories:
            same((len(pair), pair <= ids), (2, True))


def floors_rise_and_never_fall() -> None:
    """A higher score is recorded, a lower one reported."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "floors.json"
        path.write_text('{"format": 1, "targets": []}', encoding="utf-8")
        report = Report("quality", "", {}, figures={"full.all.macro_f1": 0.8765, "full.x": 1.0})
        quality.raise_floors(report, path)
        same(quality.below_floors(report, path), [])
        report.figures["full.all.macro_f1"] = 0.5
        quality.raise_floors(report, path)
        below = ["full.all.macro_f1 is 0.5000, below its floor of 0.876"]
        same(quality.below_floors(report, path), below)


def figures_are_read_as_they_are_written() -> None:
    """Three figures, thousands parted, no recall rounded up; a percentile is a value."""
    values = (None, 0.5, 12.345, 123.4, 1_234_567.8, 0.999996)
    same([number(value) for value in values], ["—", "0.5", "12.3", "123", "1,234,568", "0.99999"])
    measured = [5.0, 1.0, 4.0, 2.0, 3.0]
    ranks = [timing.percentile(measured, percent) for percent in (1, 50, 99, 100)]
    same(ranks, [1.0, 3.0, 5.0, 5.0])
    same(Target("r", "f", least=8).met({"f": 8.0}), True)
    same([Target("r", "f", most=3).met(each) for each in ({"f": 3.1}, {})], [False, None])
    recorded = json.loads(TARGETS.read_text(encoding="utf-8"))["targets"]
    same(all({"least", "most", "words"} & set(target) for target in recorded), True)


def the_page_shows_every_report() -> None:
    """With tables, failures, notes and machine; and the documentation's is of the results."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table = Table("Rows", ("who", "value"), [("ours", "1")], "A note.")
        failing = Report("recall", "Of recall", {}, [table], failures=["one pair is below"])
        with contextlib.redirect_stdout(io.StringIO()):
            same(publish([failing], folder, check=False), 1)
            same(publish([Report("soak-x", "Of soak", {}, [table])], folder, check=True), 0)
        text = page.render(folder)
        for words in ("### Of recall", "| ours | 1 |", "- one pair is below", "### Of soak"):
            same(words in text, True)
        written = folder / "page.md"
        written.write_text(f"Before.\n{page.BEGIN}\nold\n{page.END}\nAfter.\n", encoding="utf-8")
        page.write(folder, written)
        same(written.read_text("utf-8"), f"Before.\n{page.BEGIN}\n{text}{page.END}\nAfter.\n")
    shown = page.PAGE.read_text(encoding="utf-8").partition(f"{page.BEGIN}\n")[2]
    same(shown.partition(page.END)[0], page.render(RESULTS))


def every_module_is_described() -> None:
    """The guide to the benchmarks names each."""
    guide = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    modules = {path.stem for path in Path(__file__).parent.glob("*.py")} - {"__init__"}
    same([name for name in sorted(modules) if f"`{name}`" not in guide], [])


CHECKS: tuple[Callable[[], None], ...] = (
    brute_force_finds_what_plain_sets_find,
    shingles_are_three_words,
    answers_become_each_pair_once,
    verdicts_count_what_is_found_and_what_is_wrong,
    the_made_up_feed_is_what_it_says,
    scores_are_strict,
    exported_trees_say_what_scikit_learn_says,
    labels_are_ids_and_labels,
    floors_rise_and_never_fall,
    figures_are_read_as_they_are_written,
    the_page_shows_every_report,
    every_module_is_described,
)
