"""
Suite ``fit-classifier``: fits the classifier of the policy ``news``, and judges it on feeds unseen.

It is fitted to all labelled pairs, each counted within its whole feed, with less and
less known of it; and to pairs made of the feeds' texts. Figures are of pairs whose feed
the model has not seen; of the native feed, from which most labels are, a fifth of the
pairs is left out at a time. Beside the trees that the package ships: the same without
made pairs, and multinomial logistic regression, with what each loses and its standard
error, by bootstrap over the pairs.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import examples, gold, synthetic
from benchmarks.process import say
from benchmarks.report import Report, Table
from dedupe_news._engine.classifier import read_classifier

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from benchmarks.examples import Examples
    from benchmarks.synthetic import MadeExamples

SUMMARY = "the classifier fitted to the labelled pairs, and judged on feeds unseen"
NEEDS = "the real feeds and their labelled pairs; scikit-learn"
TAKES = "4 minutes, 7 with --ablate (2 processors)"
QUICK = {"made": 2}

VARIANTS = ("full", "no_metadata", "neither")
"""What is known of the pairs that models are judged on."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the suite."""
    parser.add_argument("--jobs", type=int, default=2, help="threads (default: 2)")
    parser.add_argument(
        "--made", type=int, default=synthetic.N_EACH, help="made pairs of each kind in a batch"
    )
    parser.add_argument(
        "--write", type=Path, metavar="FILE", help="where the classifier goes (default: nowhere)"
    )
    parser.add_argument("--without", choices=tuple(gold.FEEDS), help="fit to no pair of this feed")
    parser.add_argument(
        "--ablate", action="store_true", help="say what each feature is worth on feeds unseen"
    )


def run(options: argparse.Namespace) -> Iterator[Report]:
    """Fit, write and judge."""
    labelled = examples.read_examples(options.jobs, say)
    made = synthetic.make_examples(options.jobs, say, n_each=options.made)
    report = Report(
        name="fit-classifier" if options.without is None else f"fit-classifier-{options.without}",
        title="The classifier: pairs of feeds unseen",
        settings={
            "n_pairs": len(labelled),
            "n_identical": int(labelled.is_identical.sum()),
            "n_made_rows": len(made.label),
            "labels_digest": gold.labels_digest(),
        },
    )
    if options.write is not None:
        document = fit_document(labelled, made, options.without)
        options.write.write_text(json.dumps(document), encoding="utf-8")
        report.notes.append(f"The classifier {document['digest']} was written.")
    if options.without is None:
        _judge(report, labelled, made)
        if options.ablate:
            _ablate(report, labelled, made)
    yield report


def fit_document(
    labelled: Examples, made: MadeExamples, without: str | None = None
) -> dict[str, object]:
    """Return the file of a classifier that has seen no pair of the feed `without`."""
    from benchmarks import fitting  # noqa: PLC0415 - scikit-learn is optional

    chosen = labelled.feed != (without or "")
    data = fitting.training(labelled, chosen, made, without)
    document = fitting.export(fitting.fit(fitting.make_trees, data))
    read_classifier(document)
    return document


def _judge(report: Report, labelled: Examples, made: MadeExamples) -> None:
    """Judge the models on pairs of feeds unseen."""
    from benchmarks import fitting  # noqa: PLC0415 - as above

    models = {
        "trees": (fitting.make_trees, made),
        "labelled pairs alone": (fitting.make_trees, None),
        "regression": (fitting.make_regression, made),
    }
    found = {}
    for name, (make, more) in models.items():
        say(f"judging: {name}")
        found[name] = fitting.left_out(make, labelled, more, VARIANTS)
    rows = []
    for name, by_variant in found.items():
        for variant, probabilities in by_variant.items():
            scores = gold.score(labelled.pairs, fitting.duplicates(probabilities).tolist())
            scores["three.f1"] = fitting.f1_of_classes(labelled.label, probabilities)
            scores["calibration"] = fitting.calibration_error(labelled.label, probabilities)
            better, error = fitting.difference(
                labelled.label, found["trees"][variant], probabilities
            )
            scores |= {"behind": better, "behind_se": error}
            key = f"{name.replace(' ', '_')}.{variant}"
            report.figures |= {f"{key}.{figure}": value for figure, value in scores.items()}
            report.rows.append({"who": name, "known": variant, **scores})
            rows.append([f"{name}, {variant.replace('_', ' ')}", *_cells(scores)])
    headings = ("", *_COLUMNS.values(), "behind the trees: F1", "standard error")
    note = (
        "Every pair was judged by a model that saw none of its feed (of the native feed, none of "
        "its fifth). *Three verdicts*: mean F1 of duplicate, related and template. *Calibration*: "
        "mean gap between probability and share of duplicates. *Neither*: no sources, no times, "
        "and too few texts to count words."
    )
    report.tables.append(Table("Pairs of feeds unseen", headings, rows, note))


_COLUMNS = {
    "pooled.precision": "precision",
    "pooled.recall": "recall",
    "pooled.f1": "F1",
    "macro_f1": "mean F1 of the feeds",
    "three.f1": "F1, three verdicts",
    "calibration": "calibration",
}


def _cells(scores: dict[str, float]) -> list[str]:
    names = (*_COLUMNS, "behind", "behind_se")
    return [f"{scores[name]:.3f}" for name in names]


def _ablate(report: Report, labelled: Examples, made: MadeExamples) -> None:
    """Add what each feature is worth."""
    from benchmarks import fitting  # noqa: PLC0415 - as above

    say("permuting features")
    rows = []
    for name, gain in fitting.importances(labelled, made):
        rows.append([f"`{name}`", f"{gain:+.4f}"])
        report.figures[f"worth.{name}"] = gain
    note = "What the log loss of a pair of a feed unseen gains when the feature is permuted."
    report.tables.append(Table("Features", ("", "log loss"), rows, note))
