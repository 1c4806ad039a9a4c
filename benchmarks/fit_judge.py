"""
Suite ``fit-judge``: refit the judge from labelled pairs, and say what it is worth.

Four logistic regressions (`benchmarks.fitting`) are fitted to all labelled
pairs and written as the package's data; before that, grouped cross-validation
says how they do on pairs they have not seen. With ``--end-to-end`` the whole
feed is clustered once a fold, by a judge that has not seen the fold, and the
fold's pairs are read off: the figures to believe.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import datasets, fitting
from benchmarks.curves import Curve, Panel, draw_curves
from benchmarks.examined import (
    candidates_among_few,
    examine_feed,
    features_among_few,
    positions,
)
from benchmarks.fitting import KINDS, N_FOLDS, SEEDS, THRESHOLDS, Material
from benchmarks.labelled import PAIRS, feed_digest, read_feed, read_pairs
from benchmarks.logistic import assign_folds, rates
from benchmarks.report import Report, Table
from dedupe_news.kernels.features import FEATURES
from dedupe_news.kernels.verdict import FEW_TEXTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pyarrow as pa
    from numpy.typing import NDArray

    from benchmarks.examined import Examined
    from benchmarks.fitting import Kind, Validation
    from benchmarks.labelled import LabelledPairs
    from benchmarks.logistic import Logistic, Rates

SUMMARY = "refit the judge from labelled pairs, with grouped cross-validation"
NEEDS = "the real feed and its labelled pairs, or others by path; matplotlib for the picture"
TAKES = "1 minute; 5 with --end-to-end (2 processors)"

WEIGHTS = datasets.ROOT / "src" / "dedupe_news" / "data" / "judge.json"
"""The judge that the package carries."""

_N_CURVE = 61
_SIZES = {"full": (46, 30, 20, 15, 10, 6), "bare": (37, 15)}


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
        "--weights",
        type=Path,
        default=WEIGHTS,
        help="file to write the judge to (default: the package's own)",
    )
    parser.add_argument(
        "--end-to-end",
        action="store_true",
        help="cluster the whole feed once a fold, and choose thresholds by that",
    )
    parser.add_argument(
        "--threshold",
        action="append",
        default=[],
        type=_named_threshold,
        metavar="MODEL=P",
        help="set a model's threshold by hand; may be repeated",
    )
    parser.add_argument(
        "--quick", action="store_true", help="do not measure what each feature is worth"
    )


def _named_threshold(text: str) -> tuple[str, float]:
    """Return what ``MODEL=P`` says."""
    name, _, value = text.partition("=")
    if name not in KINDS or not 0 < float(value or 0) < 1:
        message = f"{text!r} is not MODEL=P with 0 < P < 1; models are {', '.join(KINDS)}"
        raise argparse.ArgumentTypeError(message)
    return name, float(value)


def add_data_arguments(parser: argparse.ArgumentParser) -> None:
    """
    Declare the options that name labelled data.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Parser of a suite.
    """
    parser.add_argument("--pairs", type=Path, help="labelled pairs, as lines of JSON")
    parser.add_argument("--feed", type=Path, help="the Parquet file they are pairs of")
    parser.add_argument("--jobs", type=int, default=-1, help="threads (default: all processors)")


def run(options: argparse.Namespace) -> Iterator[Report]:
    """
    Fit, validate and write the judge.

    Parameters
    ----------
    options : argparse.Namespace
        As `add_arguments` declares them.

    Yields
    ------
    Report
        One.
    """
    pairs = read_pairs(options.pairs or datasets.shared_file(PAIRS))
    feed = read_feed(options.feed or datasets.shared_file(datasets.TEASERS))
    examined = examine_feed(feed, with_metadata=True, n_jobs=options.jobs)
    material, places = prepare(examined, feed, pairs)
    report = Report(
        name="fit-judge",
        title="The judge: grouped cross-validation of its four models",
        settings={
            "n_pairs": len(pairs),
            "n_duplicates": int(pairs.is_duplicate.sum()),
            "n_groups": len(np.unique(material.groups)),
            "n_unlabelled": len(material.unlabelled),
            "n_unlabelled_cold": len(material.unlabelled_cold),
            "n_folds": N_FOLDS,
            "seeds": list(SEEDS),
            "pairs_digest": pairs.digest,
            "feed_digest": feed_digest(feed),
            "n_documents": feed.num_rows,
        },
    )
    validations = {name: fitting.validate(material, kind) for name, kind in KINDS.items()}
    thresholds = {name: each.choose_threshold(material) for name, each in validations.items()}
    chosen_by = dict.fromkeys(KINDS, "cross-validation of pairs")
    if options.end_to_end:
        curves = {"full": _end_to_end(examined, material, places, KINDS["full"])}
        del examined  # makes room for the next
        bare = examine_feed(feed, with_metadata=False, n_jobs=options.jobs)
        curves["bare"] = _end_to_end(bare, material, texts_of(bare, feed, pairs), KINDS["bare"])
        for name, said in curves.items():
            thresholds[name] = _tabulate_end_to_end(report, material, name, said)
            chosen_by[name] = "whole feed clustered once a fold"
    for name, threshold in options.threshold:
        thresholds[name] = threshold
        chosen_by[name] = "hand"
    _tabulate_models(report, material, validations, thresholds)
    every = np.ones(len(pairs), bool)
    models = {name: material.train(kind, every) for name, kind in KINDS.items()}
    _tabulate_features(report, material, validations, thresholds, models, quick=options.quick)
    provenance = {
        "made": dt.datetime.now(dt.UTC).date().isoformat(),
        "made_by": "python -m benchmarks fit-judge",
        **report.settings,
        "threshold_chosen_by": chosen_by,
        "f1_out_of_fold": {
            name: {
                kind: round(report.figures[f"cv.{name}.{kind}.f1"], 4)
                for kind in ("sample", "feed")
            }
            for name in KINDS
        },
    }
    document = fitting.as_document(models, thresholds, provenance)
    options.weights.parent.mkdir(parents=True, exist_ok=True)
    options.weights.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    report.words.append(f"The judge was written to {options.weights.name}.")
    options.output.mkdir(parents=True, exist_ok=True)
    panels = _panels(material, validations)
    if not draw_curves(panels, options.output / f"{report.name}.png"):
        report.words.append("No picture: matplotlib is not installed.")
    yield report


def texts_of(
    examined: Examined, feed: pa.Table, pairs: LabelledPairs
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """
    Return the texts of labelled pairs.

    Parameters
    ----------
    examined : Examined
        The feed, examined.
    feed : pyarrow.Table
        The feed.
    pairs : LabelledPairs
        Pairs of its ids.

    Returns
    -------
    left, right : ndarray of int64, shape (n_pairs,)
        Texts as `examined` numbers them.

    Raises
    ------
    datasets.DataMissingError
        If a document of a pair is not in the feed, or has no words.
    """
    left, right = (
        np.where(place >= 0, examined.text_of[place], -1)
        for place in (positions(feed, pairs.first), positions(feed, pairs.second))
    )
    n_absent = int(((left < 0) | (right < 0)).sum())
    if n_absent:
        message = f"{n_absent:,} labelled pairs have a document that is not in the feed"
        raise datasets.DataMissingError(message)
    return left, right


def prepare(
    examined: Examined, feed: pa.Table, pairs: LabelledPairs
) -> tuple[Material, tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """
    Gather what the models are fitted to.

    Parameters
    ----------
    examined : Examined
        The feed, examined with sources and times.
    feed : pyarrow.Table
        The feed.
    pairs : LabelledPairs
        Pairs of its ids.

    Returns
    -------
    material : Material
        Features, groups, and unlabelled pairs that touch no labelled text.
    texts : (ndarray of int64, ndarray of int64)
        The texts of each labelled pair.
    """
    left, right = texts_of(examined, feed, pairs)
    names = feed["source"].to_pylist() if "source" in feed.column_names else [""] * feed.num_rows
    first, second = positions(feed, pairs.first), positions(feed, pairs.second)
    sources = [(names[i] or "", names[j] or "") for i, j in zip(first, second, strict=True)]
    documents = list(zip(pairs.first, pairs.second, strict=True))
    warm = examined.features(left, right).astype(np.float64)
    others = examined.examination.left, examined.examination.right
    touched = np.isin(others[0], (left, right)) | np.isin(others[1], (left, right))
    others = others[0][~touched], others[1][~touched]
    candidates = examined.features(*others)
    chosen = fitting.choose_unlabelled(warm, candidates, fitting.N_UNLABELLED, SEEDS[0])
    few = features_among_few(feed, first, second, FEW_TEXTS, examined.n_jobs)
    size = min(FEW_TEXTS, feed.num_rows)
    starts = np.linspace(0, feed.num_rows - size, fitting.N_BATCHES).astype(np.int64)
    cold, *ends = candidates_among_few(feed, sorted(set(starts.tolist())), size, examined.n_jobs)
    of_cold = examined.text_of[ends[0]], examined.text_of[ends[1]]
    untouched = ~(np.isin(of_cold[0], (left, right)) | np.isin(of_cold[1], (left, right)))
    material = Material(
        is_duplicate=pairs.is_duplicate,
        weights=pairs.weights,
        groups=fitting.group_pairs(examined, left, right, documents, sources),
        is_identical=left == right,
        warm=warm,
        cold=few.astype(np.float64),
        unlabelled=candidates[chosen].astype(np.float64),
        unlabelled_cold=cold[untouched].astype(np.float64),
        seen_by_teacher=examined.features(of_cold[0][untouched], of_cold[1][untouched]).astype(
            np.float64
        ),
    )
    return material, (left, right)


def _end_to_end(
    examined: Examined,
    material: Material,
    places: tuple[NDArray[np.int64], NDArray[np.int64]],
    kind: Kind,
) -> NDArray[np.bool_]:
    """Return, for each threshold and pair, whether a clustering without its fold joins it."""
    candidates = examined.features(examined.examination.left, examined.examination.right)
    folds = assign_folds(material.groups, N_FOLDS, SEEDS[0])
    said = np.zeros((len(THRESHOLDS), len(folds)), bool)
    for fold in range(N_FOLDS):
        held_out = folds == fold
        model = material.train(kind, ~held_out)
        for row, threshold in enumerate(THRESHOLDS):
            member = examined.partition(fitting.margins(model, candidates, threshold))
            said[row, held_out] = (member[places[0]] == member[places[1]])[held_out]
    return said


def _tabulate_end_to_end(
    report: Report, material: Material, name: str, said: NDArray[np.bool_]
) -> float:
    """Add the figures of one model, and return the threshold that does best."""
    label = material.is_duplicate
    outcomes = [(rates(label, each), rates(label, each, material.weights)) for each in said]
    best = fitting.best_threshold([(sample.f1 + feed.f1) / 2 for sample, feed in outcomes])
    rows = []
    for threshold, (sample, feed) in zip(THRESHOLDS, outcomes, strict=True):
        row = {"model": name, "threshold": threshold, "sample": sample.f1, "feed": feed.f1}
        report.rows.append({"what": "end to end", **row})
        cells = [f"{value:.3f}" for each in (sample, feed) for value in _three(each)]
        rows.append([f"{threshold:g}{' ←' if threshold == best else ''}", *cells])
        if threshold == best:
            report.figures[f"end_to_end.{name}.sample.f1"] = sample.f1
            report.figures[f"end_to_end.{name}.feed.f1"] = feed.f1
    headings = ("threshold", *_rate_headings("sample"), *_rate_headings("feed"))
    note = "The whole feed clustered once a fold by a judge that has not seen the fold."
    report.tables.append(Table(f"End to end: {name}", headings, rows, note))
    return best


def _tabulate_models(
    report: Report,
    material: Material,
    validations: Mapping[str, Validation],
    thresholds: Mapping[str, float],
) -> None:
    rows = []
    for name, validation in validations.items():
        sample, feed = validation.rates_at(material, thresholds[name])
        nested_sample, nested_feed = validation.nested_rates(material)
        loss = validation.log_loss(material, KINDS[name])
        for kind, each in (("sample", sample), ("feed", feed)):
            for rate, value in zip(("precision", "recall", "f1"), _three(each), strict=True):
                report.figures[f"cv.{name}.{kind}.{rate}"] = value
        report.figures[f"cv.{name}.log_loss"] = loss
        report.figures[f"threshold.{name}"] = thresholds[name]
        report.figures[f"nested.{name}.sample.f1"] = nested_sample.f1
        report.figures[f"nested.{name}.feed.f1"] = nested_feed.f1
        rows.append(
            [
                name,
                f"{min(KINDS[name].size, int(KINDS[name].used.sum()))}",
                f"{thresholds[name]:g}",
                *(f"{value:.3f}" for value in (*_three(sample), *_three(feed))),
                f"{nested_sample.f1:.3f} / {nested_feed.f1:.3f}",
                f"{loss:.3f}",
            ]
        )
    headings = (
        "model",
        "features",
        "threshold",
        *_rate_headings("sample"),
        *_rate_headings("feed"),
        "F1, threshold unseen too",
        "log loss",
    )
    note = (
        f"{N_FOLDS} folds, mean of {len(SEEDS)} divisions; no document, text, pair of sources or "
        "template on both sides. Pairs alone: what clustering adds and loses is not in it."
    )
    report.tables.insert(0, Table("Out of fold", headings, rows, note))


def _tabulate_features(
    report: Report,
    material: Material,
    validations: Mapping[str, Validation],
    thresholds: Mapping[str, float],
    models: Mapping[str, Logistic],
    *,
    quick: bool,
) -> None:
    losses: dict[str, dict[str, float]] = {}
    if not quick:
        for name in ("full", "bare"):
            kind, threshold = KINDS[name], thresholds[name]
            losses[f"{name} shuffled"] = fitting.permutation_losses(material, kind, threshold)
            losses[f"{name} left out"] = fitting.left_out_losses(
                material, kind, threshold, validations[name]
            )
        _tabulate_sizes(report, material)
    standardised = {name: model.weights * model.scale for name, model in models.items()}
    largest = np.abs(np.array(list(standardised.values()))).max(axis=0)
    order = np.argsort(-largest, kind="stable")
    rows = []
    for column in order.tolist():
        feature = FEATURES[column]
        row = {f"weight.{name}": float(each[column]) for name, each in standardised.items()}
        row |= {f"loss.{name}": each.get(feature, 0.0) for name, each in losses.items()}
        report.rows.append({"what": "feature", "feature": feature, **row})
        weights = [
            f"{value:+.2f}" if value else ""
            for value in (each[column] for each in standardised.values())
        ]
        lost = [f"{each[feature]:+.4f}" if feature in each else "" for each in losses.values()]
        rows.append([feature, *weights, *lost])
    headings = ("feature", *KINDS, *losses)
    note = (
        "Weight of each feature times its standard deviation: how much of the logit is its. Then "
        "the F1 on the sample that is lost, out of fold, when its values are shuffled among the "
        "pairs, and when the model is fitted without it; losses below 0.005 are chance."
    )
    report.tables.append(Table("What each feature contributes", headings, rows, note))


def _tabulate_sizes(report: Report, material: Material) -> None:
    rows = []
    for name, sizes in _SIZES.items():
        for size in sizes:
            # The choice of features is made without the fold, as that of weights is.
            validation = fitting.validate(material, KINDS[name], size=size)
            threshold = validation.choose_threshold(material)
            sample, feed = validation.rates_at(material, threshold)
            loss = validation.log_loss(material, KINDS[name])
            row = {"model": name, "size": size, "sample": sample.f1, "feed": feed.f1}
            report.rows.append({"what": "fewer features", **row, "log_loss": loss})
            rows.append([f"{name}, {size}", f"{sample.f1:.3f}", f"{feed.f1:.3f}", f"{loss:.4f}"])
    headings = ("features", "sample: F1", "feed: F1", "log loss")
    note = (
        "Out of fold; of its features the one of the least standardised weight is dropped, again "
        "and again, by the training pairs alone. Each at its own best threshold."
    )
    report.tables.append(Table("Fewer features", headings, rows, note))


def _panels(material: Material, validations: Mapping[str, Validation]) -> list[Panel]:
    panels = []
    for title, weights in (("labelled pairs", None), ("weighted to the feed", material.weights)):
        curves = []
        for name, validation in validations.items():
            probabilities = validation.probabilities.mean(axis=0)
            points = [
                rates(material.is_duplicate, probabilities >= least, weights)
                for least in np.linspace(0.02, 0.98, _N_CURVE)
            ]
            recall, precision = (
                [each.recall for each in points],
                [each.precision for each in points],
            )
            curves.append(Curve(name, recall, precision, [""] * len(points)))
        panels.append(Panel(f"Out of fold, {title}", curves))
    return panels


def _three(each: Rates) -> tuple[float, float, float]:
    return each.precision, each.recall, each.f1


def _rate_headings(kind: str) -> tuple[str, str, str]:
    return f"{kind}: precision", "recall", "F1"
