"""
Part ``learn`` of suite ``quality``: what a few labels of a feed teach the judge.

For each feed the judge is fitted to the labelled pairs of all others. Then labelling is
simulated: of two thirds of the feed's own labelled pairs some are chosen as
``dedupe-news label`` chooses them, the judge is adapted as ``dn.fit_judge`` adapts it,
and judges the other third; each third in turn, for several draws. Beside it: as many
labels drawn at random. Where ``fit_judge`` keeps the judge of the package, so does the
simulation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from benchmarks import gold, synthetic
from benchmarks.pictures import Bars
from benchmarks.process import say
from benchmarks.report import Report, Table
from dedupe_news._engine import adapting, questions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.examples import Examples

N_LABELS = (30, 60, 120)
N_FOLDS = 3
N_DRAWS = 3
"""Draws of the pairs that are labelled."""

LEAST_DUPLICATES = 10
"""Feeds with fewer labelled duplicates are shown, but not in the mean."""

CHOSEN, DRAWN = "chosen", "drawn"
_MIN_PROBABILITY = 0.5
_RATES = ("precision", "recall", "f1")


class Feed(NamedTuple):
    """The labelled pairs of a feed, as a judge sees them that has seen none of it."""

    examples: adapting.Examples
    items: NDArray[np.int64]

    def said(self) -> NDArray[np.bool_]:
        """Return which pairs that judge calls duplicates."""
        return _duplicates(self.examples.scores)


def measure(n_jobs: int, *, quick: bool) -> Report:
    """Fit judges, simulate labelling, and tabulate."""
    from benchmarks import fitting  # noqa: PLC0415 - scikit-learn is optional

    labelled, _, models = fitting.unseen(n_jobs, synthetic.N_QUICK if quick else synthetic.N_EACH)
    feeds = {
        name: _feed(labelled, (labelled.feed == name) & ~labelled.is_identical, model)
        for name, model in models.items()
    }
    n_draws = 1 if quick else N_DRAWS
    report = Report(
        name="learn",
        title="Learning a feed: pairs that the judge has not seen",
        settings={
            "n_labels": list(N_LABELS),
            "n_draws": n_draws,
            "n_folds": N_FOLDS,
            "labels_digest": gold.labels_digest(),
        },
    )
    for name, feed in feeds.items():
        say(f"labelling {name}")
        before = _rates(feed, feed.said())
        report.figures |= {f"{name}.0.{rate}": value for rate, value in before.items()}
        for n_labels in N_LABELS:
            for way in (CHOSEN, DRAWN):
                draws = [_simulate(feed, n_labels, way, draw) for draw in range(n_draws)]
                for rate in _RATES:
                    key = f"{name}.{n_labels}.{way}.{rate}"
                    report.figures[key] = float(np.mean([rates[rate] for rates in draws]))
    _summarise(report, feeds)
    _tabulate(report, feeds)
    return report


def _feed(labelled: Examples, chosen: NDArray[np.bool_], model: Any) -> Feed:  # noqa: ANN401 - scikit-learn ships no types
    rows = labelled.rows["full"][chosen]
    pairs = [labelled.pairs[at] for at in np.flatnonzero(chosen)]
    ids = np.array([[pair.first, pair.second] for pair in pairs])
    items = np.unique(ids, return_inverse=True)[1].reshape(-1, 2)
    scores = np.log(np.maximum(model.predict_proba(rows), 1e-12))
    return Feed(adapting.Examples(rows, scores, labelled.label[chosen]), items)


def _simulate(feed: Feed, n_labels: int, way: str, draw: int) -> dict[str, float]:
    """Return the rates of pairs of which each was judged after labels of others."""
    rng = np.random.default_rng([draw, n_labels])
    fold = rng.permutation(len(feed.items)) % N_FOLDS
    said = np.zeros(len(feed.items), bool)
    for number in range(N_FOLDS):
        pool, tested = np.flatnonzero(fold != number), fold == number
        own = pool[_choose(feed, pool, n_labels)] if way == CHOSEN else rng.permutation(pool)
        learnt = feed.examples.take(np.isin(np.arange(len(fold)), own[:n_labels]))
        stumps = adapting.adapt(learnt, _MIN_PROBABILITY).stumps
        unseen = feed.examples.take(tested)
        said[tested] = _duplicates(adapting.corrected(unseen.rows, unseen.scores, stumps))
    return _rates(feed, said)


def _choose(feed: Feed, pool: NDArray[np.int64], n_labels: int) -> NDArray[np.int64]:
    """Return the places in a pool of the pairs that would be shown."""
    of_pool = feed.examples.rows[pool], np.exp(feed.examples.scores[pool]), feed.items[pool]
    return questions.choose(questions.Pairs(*of_pool), _MIN_PROBABILITY, n_labels)


def _duplicates(scores: NDArray[np.float64]) -> NDArray[np.bool_]:
    called: NDArray[np.bool_] = adapting.softmax(scores)[:, gold.DUPLICATE] >= _MIN_PROBABILITY
    return called


def _rates(feed: Feed, said: NDArray[np.bool_]) -> dict[str, float]:
    is_duplicate = feed.examples.label == gold.DUPLICATE
    pairs = zip(is_duplicate.tolist(), said.tolist(), strict=True)
    return gold.rates([(*pair, 1.0) for pair in pairs])


def _n_duplicates(feed: Feed) -> int:
    return int(np.count_nonzero(feed.examples.label == gold.DUPLICATE))


def _summarise(report: Report, feeds: dict[str, Feed]) -> None:
    """Add how much F1 rises: in the mean of the feeds, and where least."""
    counted = [name for name, feed in feeds.items() if _n_duplicates(feed) >= LEAST_DUPLICATES]
    for n_labels in N_LABELS:
        for way in (CHOSEN, DRAWN):
            rises = [
                report.figures[f"{name}.{n_labels}.{way}.f1"] - report.figures[f"{name}.0.f1"]
                for name in counted
            ]
            report.figures[f"mean.{n_labels}.{way}.rise"] = float(np.mean(rises))
            report.figures[f"least.{n_labels}.{way}.rise"] = min(rises)


def _tabulate(report: Report, feeds: dict[str, Feed]) -> None:
    figures = report.figures
    rows = []
    for name, feed in feeds.items():
        cells = [name, f"{len(feed.items):,}", f"{_n_duplicates(feed):,}"]
        cells.append(" / ".join(f"{figures[f'{name}.0.{rate}']:.2f}" for rate in _RATES))
        for n_labels in N_LABELS:
            key = f"{name}.{n_labels}.{CHOSEN}"
            rates = " / ".join(f"{figures[f'{key}.{rate}']:.2f}" for rate in _RATES)
            rise = figures[f"{key}.f1"] - figures[f"{name}.0.f1"]
            cells.append(f"{rates} ({rise:+.3f})".replace("-", "−"))
        rows.append(cells)
    for words, key in (("mean", "mean"), ("least", "least")):
        for way in (CHOSEN, DRAWN):
            rises = [f"{figures[f'{key}.{n}.{way}.rise']:+.3f}".replace("-", "−") for n in N_LABELS]
            rows.append([f"{words} rise of F1, labels {way}", "", "", "", *rises])
    note = (
        "Precision / recall / F1 of duplicates among pairs that were not labelled in the "
        "simulation, and in brackets how much F1 rises; texts that are the same word for word are "
        "left out, as no judge is asked. *Chosen*: the pairs that `dedupe-news label` would show; "
        f"*drawn*: at random. The mean is of the feeds with {LEAST_DUPLICATES} duplicates or "
        "more. Where two thirds of a feed's pairs are fewer than that, all of them are labelled."
    )
    headings = ("", "pairs", "duplicates", "no label", *(f"{n} labels" for n in N_LABELS))
    report.tables.append(Table("Learning a feed", headings, rows, note))
    report.picture = Bars(
        report.title,
        "F1 of duplicates",
        list(feeds),
        {
            "no label": [figures[f"{name}.0.f1"] for name in feeds],
            **{
                f"{n} labels": [figures[f"{name}.{n}.{CHOSEN}.f1"] for name in feeds]
                for n in N_LABELS
            },
        },
    )
