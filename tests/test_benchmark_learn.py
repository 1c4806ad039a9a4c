"""Suite ``learn``: labelling is simulated honestly, on a made-up feed."""

from __future__ import annotations

import dataclasses

import numpy as np

from benchmarks import learn
from benchmarks.report import Report
from dedupe_news._engine import adapting

N_PAIRS = 90


def made_feed(*, agrees: bool) -> learn.Feed:
    """Return a feed of which one feature decides; the judge knows, or says nothing to the point."""
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(N_PAIRS, 4))
    label = np.where(rows[:, 2] > 0, 0, 3)
    said = label if agrees else rng.permutation(label)
    scores = np.log(np.where(np.eye(4)[said] == 1, 0.7, 0.1))
    return learn.Feed(adapting.Examples(rows, scores, label), np.arange(2 * N_PAIRS).reshape(-1, 2))


def test_labels_teach_what_the_judge_does_not_know() -> None:
    """Each pair is judged by a fit that has not seen it, and much better than before."""
    feed = made_feed(agrees=False)
    before = learn._rates(feed, feed.said())  # noqa: SLF001 - the heart of the suite

    for way in (learn.CHOSEN, learn.DRAWN):
        after = learn._simulate(feed, 40, way, 0)  # noqa: SLF001 - as above
        assert after["f1"] > before["f1"] + 0.2
        assert after == learn._simulate(feed, 40, way, 0)  # noqa: SLF001 - as above


def test_a_judge_that_is_right_stays_right() -> None:
    """What it says is not made worse."""
    feed = made_feed(agrees=True)

    found = learn._simulate(feed, 30, learn.CHOSEN, 0)  # noqa: SLF001 - as above

    assert found == {"precision": 1.0, "recall": 1.0, "f1": 1.0}


def test_rises_are_counted_from_no_label() -> None:
    """In the mean and where least, of the feeds that have duplicates enough; all are shown."""
    feeds = {"one": made_feed(agrees=True), "two": made_feed(agrees=False)}
    few = made_feed(agrees=True)
    label = np.full(N_PAIRS, 3)
    label[:2] = 0
    feeds["few"] = few._replace(examples=dataclasses.replace(few.examples, label=label))
    report = Report(name="learn", title="Title", settings={})
    for number, name in enumerate(feeds):
        for rate in ("precision", "recall", "f1"):
            report.figures[f"{name}.0.{rate}"] = 0.5
            for n_labels in learn.N_LABELS:
                for way in (learn.CHOSEN, learn.DRAWN):
                    report.figures[f"{name}.{n_labels}.{way}.{rate}"] = 0.6 + number / 10

    learn._summarise(report, feeds)  # noqa: SLF001 - as above
    learn._tabulate(report, feeds)  # noqa: SLF001 - as above

    assert round(report.figures["mean.60.chosen.rise"], 6) == 0.15
    assert round(report.figures["least.60.chosen.rise"], 6) == 0.1
    rows = report.tables[0].rows
    assert [row[0] for row in rows[:3]] == ["one", "two", "few"]
    assert rows[0][5] == "0.60 / 0.60 / 0.60 (+0.100)"
