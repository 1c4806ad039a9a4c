"""The yardstick: labels are sound, scores count as they say, and models are fitted and measured."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks import datasets, examples, fit_classifier, fitting, gold, quality, synthetic
from benchmarks.__main__ import main
from benchmarks.corpora import made_up_feed
from benchmarks.report import Report
from dedupe_news._engine.classifier import load_classifier, read_classifier, use_classifier
from dedupe_news._kernels import trees as kernels
from dedupe_news._kernels.features import N_FEATURES

if TYPE_CHECKING:
    from pathlib import Path

N_ITEMS = 300
CLASSES = list(gold.CLASSES)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder like that of the real data, of a made-up feed with made-up labels."""
    folder = tmp_path_factory.mktemp("shared")
    feed = made_up_feed(N_ITEMS, datasets.SEED)
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    ids = [f"i{number:03d}" for number in range(N_ITEMS)]
    table = pa.table(
        {
            "id": ids,
            "title": feed.title,
            "description": feed.description,
            "source": [f"source {number % 5}" for number in range(N_ITEMS)],
            "published": [start + dt.timedelta(hours=number) for number in range(N_ITEMS)],
            "lang": ["en"] * N_ITEMS,
        }
    )
    (folder / "feeds").mkdir()
    pq.write_table(table, folder / gold.FEEDS[gold.NATIVE])
    pq.write_table(table, folder / gold.FEEDS["romania_pr"])
    rows = [
        {"pair": f"p{at}", "feed": feed_name, "id1": a, "id2": b, "label": label, "lang": "en"}
        for feed_name in (gold.NATIVE, "romania_pr")
        for at, (a, b, label) in enumerate(
            zip(ids[:-1], ids[1:], itertools.cycle([*CLASSES, "unsure"]), strict=False)
        )
    ]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "labelled_pairs.jsonl").write_text(lines, encoding="utf-8")
    (folder / quality.SYNDICATED).write_text("id1\tid2\tbigram_jaccard\ni000\ti001\t1.0\n")
    return folder


@pytest.fixture
def at_hand(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the suites read the made-up feed, and no label but its own."""
    monkeypatch.setenv(datasets.SHARED_VARIABLE, str(shared))
    monkeypatch.setattr(gold, "LABELS", shared / "labels")


def pair(feed: str, label: str, language: str = "en", weight: float = 1.0) -> gold.LabelledPair:
    """Return a labelled pair."""
    return gold.LabelledPair(feed, "a", "b", gold.CLASSES[label], language, weight, "shared")


def test_scores_are_strict_pooled_and_by_feed() -> None:
    """A related pair called a duplicate is wrong, and a small feed counts as a large one."""
    pairs = [
        pair(gold.NATIVE, "dup", weight=3.0),
        pair(gold.NATIVE, "update"),
        pair("romania_pr", "dup", "ro"),
        pair("romania_pr", "dup", "ro"),
    ]

    scores = gold.score(pairs, [True, True, False, True])

    assert scores["pooled.precision"] == pytest.approx(2 / 3)
    assert scores["pooled.recall"] == pytest.approx(2 / 3)
    assert scores["macro_f1"] == pytest.approx((2 / 3 + 2 / 3) / 2)
    assert scores["weighted.precision"] == pytest.approx(3 / 4)
    assert scores["language.ro.f1"] == pytest.approx(2 / 3)


def test_what_readers_differ_on_counts_for_nothing() -> None:
    """A pair that one reader saw is neither right nor wrong; a duplicate is of one story."""
    ab, ac, bc, bd = (frozenset(each) for each in ("ab", "ac", "bc", "bd"))
    stretch = gold.Stretch(
        feed="x",
        ids="abcd",
        duplicates=frozenset([ab]),
        unsure_duplicates=frozenset([ac, bc]),
        stories=frozenset([bd]),
        unsure_stories=frozenset(),
    )
    groups = {"a": 0, "b": 0, "c": 0, "d": 1}

    assert gold.stretch_pairs(stretch, groups) == [(True, True, 1.0)]
    rates = gold.rates(gold.stretch_pairs(stretch, groups, "stories"))
    assert rates == {"precision": 1.0, "recall": 0.5, "f1": pytest.approx(2 / 3)}


def test_labels_are_ids_and_labels() -> None:
    """Labels hold no text, and each of their pairs is of two items of the stretch."""
    keys = {"pair", "feed", "lang", "id1", "id2", "stratum", "label"}
    for path in gold.LABELS.glob("pairs*.jsonl"):
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        assert all(set(row) == keys for row in rows)
        assert {row["label"] for row in rows} <= {*CLASSES, "unsure"}
        assert {row["feed"] for row in rows} <= set(gold.FEEDS)
    for stretch in gold.read_stretches():
        ids = set(stretch.ids)
        assert len(ids) == len(stretch.ids) == 500
        assert not stretch.duplicates & stretch.unsure_duplicates
        for each in (*stretch.duplicates, *stretch.unsure_duplicates, *stretch.stories):
            assert len(each) == 2
            assert each <= ids


def test_exported_trees_say_what_scikit_learn_says() -> None:
    """The file of a fitted model gives its very probabilities."""
    rng = np.random.default_rng(1)
    rows = rng.random((400, N_FEATURES))
    label = (rows[:, 0] * 4).astype(np.int64)
    model = fitting.fit(fitting.make_trees, fitting.Training(rows, label, np.ones(400)))

    classifier = read_classifier(json.loads(json.dumps(fitting.export(model))))

    expected = model.predict_proba(rows[:20])
    found = np.empty(4)
    for row, probabilities in zip(rows, expected, strict=False):
        kernels.fill_probabilities(classifier.trees, row, found)
        np.testing.assert_allclose(found, probabilities, atol=1e-4)


def test_another_classifier_judges_for_a_while() -> None:
    """The shipped classifier judges again when the other has been measured."""
    shipped = load_classifier()
    document = {
        "format": 1,
        "classes": ["duplicate", "related", "template", "different"],
        "features": [],
        "baseline": [0.0, 0.0, 0.0, 9.0],
        "trees": [{"feature": [-1], "threshold": [0.0], "left": [0], "right": [0], "value": [0.0]}]
        * 4,
        "digest": "none",
    }
    with use_classifier(read_classifier(document)):
        assert load_classifier().digest == "none"
    assert load_classifier() is shipped


def item(title: str, text: str) -> synthetic.Item:
    """Return an item."""
    return synthetic.Item(title, text, "Post", dt.datetime(2026, 1, 1, tzinfo=dt.UTC))


ITEMS = [
    item(
        f"Council of {town} votes on the budget of {number}"
        if number % 2
        else f"Ferry {number} is late again, says {town}",
        f"The council of {town} votes on {number + 3} plans. On Monday the mayor of {town} said "
        f"that the {thing} would stay open for the whole winter and that nobody would have to pay "
        f"for it. Others in the hall were not so sure, or "
        f"were rather {start.lower()}{end}ish about the {thing}.",
    )
    for number, (start, (end, thing)) in enumerate(
        itertools.product(
            ("Vel", "Ost", "Tarn", "Mor", "Kest", "Lund", "Har", "Sor"),
            (("den", "pool"), ("rand", "ferry"), ("by", "library"), ("mer", "pool")),
        ),
        start=2020,
    )
    for town in [f"{start}{end}"]
]


def test_a_name_is_replaced_wherever_it_stands() -> None:
    """A filling of a form names another town in headline and text, and is a template."""
    maker = synthetic.Maker(ITEMS, np.random.default_rng(3))

    made = next(filter(None, map(maker.name_replaced, ITEMS)))

    assert made.label == gold.CLASSES["series"]
    first, second = (
        set(f"{each.title} {each.text}".lower().replace(".", "").split())
        for each in (made.first, made.second)
    )
    assert len(first - second) == len(second - first) == 1


@pytest.mark.parametrize("kind", synthetic.KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_is_made(kind: synthetic.Kind) -> None:
    """Each kind makes two items that differ, and the same ones for the same seed."""

    def make() -> list[synthetic.Made | None]:
        maker = synthetic.Maker(ITEMS, np.random.default_rng(3))
        return [kind(maker, each) for each in ITEMS]

    made = [each for each in make() if each is not None]

    assert made
    assert all(each.first != each.second for each in made)
    assert make() == make()


@pytest.mark.usefixtures("at_hand")
def test_quality_is_measured_on_any_feed(tmp_path: Path) -> None:
    """The suite scores whole feeds, bare feeds and classical ways, and writes its files."""
    assert main(["quality", "--quick", "--output", str(tmp_path)]) == 0

    report = json.loads((tmp_path / "quality.json").read_text(encoding="utf-8"))
    assert {"full.all.pooled.f1", "bare.all.macro_f1", "similar_0.5.all.pooled.recall"} <= set(
        report["figures"]
    )
    assert 0 <= report["figures"]["full.syndicated"] <= 1


@pytest.mark.usefixtures("at_hand")
def test_a_classifier_is_fitted_without_a_feed() -> None:
    """A model that has not seen a feed does not depend on its labels."""
    labelled = examples.read_examples(1, lambda _: None)
    made = synthetic.make_examples(1, lambda _: None, n_each=2)
    assert set(labelled.feed.tolist()) == {gold.NATIVE, "romania_pr"}
    assert all(len(rows) == len(labelled) for rows in labelled.rows.values())
    first = fit_classifier.fit_document(labelled, made, "romania_pr")
    labelled.label[labelled.feed == "romania_pr"] = 0
    again = fit_classifier.fit_document(labelled, made, "romania_pr")

    assert first == again
    assert first != fit_classifier.fit_document(labelled, made)


def test_floors_rise_and_never_fall(tmp_path: Path) -> None:
    """A higher score is recorded, a lower one reported."""
    path = tmp_path / "floors.json"
    path.write_text('{"format": 1, "targets": []}', encoding="utf-8")
    report = Report("quality", "", {}, figures={"full.all.macro_f1": 0.8765, "full.x": 1.0})
    quality.raise_floors(report, path)
    assert not quality.below_floors(report, path)
    report.figures["full.all.macro_f1"] = 0.5
    quality.raise_floors(report, path)

    assert quality.below_floors(report, path) == [
        "full.all.macro_f1 is 0.5000, below its floor of 0.876"
    ]
