"""A feed teaches the judge: label pairs of it, and fit."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe_news._engine import adapting
from dedupe_news._engine.classifier import DUPLICATE, features_of, load_classifier, shipped
from dedupe_news._engine.segment import count
from dedupe_news._input.labels import VERDICTS, read_labels
from dedupe_news._input.reading import read_documents
from dedupe_news._input.rules import BARE, using
from dedupe_news._learning.labelling import Labelling, texts_of_labels
from dedupe_news._machine.threads import resolve_jobs
from dedupe_news.config import settled
from dedupe_news.documents import AUTO, Choices
from dedupe_news.errors import InputError, InputTypeError
from dedupe_news.judges import Judge, read_judge
from dedupe_news.results.phrasing import counted as in_words
from dedupe_news.results.result import Clustering

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from dedupe_news.config import Config
    from dedupe_news.documents import ColumnChoice


@dataclasses.dataclass(frozen=True, slots=True)
class Rates:
    """
    How well duplicates are told, each rate with its standard error.

    Parameters
    ----------
    precision, recall, f1 : float
        In [0, 1]: how many of the pairs called duplicates are; how many of the
        duplicates are called so; the harmonic mean of the two.
    precision_error, recall_error, f1_error : float
        Standard errors, by bootstrap over the pairs.
    """

    precision: float
    recall: float
    f1: float
    precision_error: float
    recall_error: float
    f1_error: float

    def __str__(self) -> str:
        """Return the rates in one line, each with its standard error."""
        return (
            f"precision {self.precision:.3f} ± {self.precision_error:.3f}, "
            f"recall {self.recall:.3f} ± {self.recall_error:.3f}, "
            f"F1 {self.f1:.3f} ± {self.f1_error:.3f}"
        )


@dataclasses.dataclass(frozen=True, slots=True)
class JudgeFit:
    """
    What came of fitting the judge to a feed.

    Parameters
    ----------
    judge : Judge
        The adapted one if it is better on this feed, else that of the package.
    is_better : bool
        Whether the adapted judge tells duplicates better than that of the
        package, by cross-validation.
    shipped, adapted : Rates or None
        Of the judge of the package and of the adapted one, on labelled pairs
        that the latter had not seen; None where there were too few labels.
    gain, gain_error : float
        How much higher the F1 of the adapted judge is, and its standard error,
        of the same pairs; 0 where there were too few labels.
    n_labels, n_duplicates : int
        Labels that were used, and how many of them say duplicate.
    n_unused : int
        Labels of items that are not in the feed, or have the same words, which
        are duplicates without a judge.
    """

    judge: Judge
    is_better: bool
    shipped: Rates | None
    adapted: Rates | None
    gain: float
    gain_error: float
    n_labels: int
    n_duplicates: int
    n_unused: int

    def __str__(self) -> str:
        """Return the rates, and what to do, in a few lines."""
        lines = [f"{in_words(self.n_labels, 'label')}, {self.n_duplicates} of them duplicates"]
        if self.n_unused:
            lines[0] += f"; {self.n_unused} more are of other items, or of the same words"
        if self.shipped is not None and self.adapted is not None:
            lines += [f"  shipped  {self.shipped}", f"  adapted  {self.adapted}"]
        if self.is_better:
            lines.append(
                f"The adapted judge is better on this feed: F1 {self.gain:+.3f} ± "
                f"{self.gain_error:.3f}. Use it: Config(judge=...)"
            )
        elif self.shipped is None:
            lines.append(
                f"Too few to tell: label at least {adapting.LEAST_LABELS} pairs, and of duplicates "
                f"and others at least {adapting.LEAST_OF_KIND} each. The judge of the package stays"
            )
        else:
            lines.append(
                f"The adapted judge is not better on this feed: F1 {self.gain:+.3f} ± "
                f"{self.gain_error:.3f}. The judge of the package stays; more labels may help"
            )
        return "\n".join(lines)

    __repr__ = __str__


def label(
    result: Clustering,
    labels: str | os.PathLike[str] | None = "labels.jsonl",
    *,
    n_jobs: int | None = -1,
) -> Labelling:
    """
    Show the pairs of a feed from which most is learnt, to label them in a notebook.

    Parameters
    ----------
    result : Clustering
        The feed, as `cluster` returned it, by the policy ``"news"``.
    labels : str, path-like or None, default "labels.jsonl"
        The file of labels: ids alone, no text. A call with a file that is there
        goes on with other pairs. None to keep them in memory alone.
    n_jobs : int, default -1
        Threads: -1 for all processors, 1 for none extra.

    Returns
    -------
    Labelling
        A notebook shows it with a key for each label; programs call
        `Labelling.answer`.

    Raises
    ------
    InputTypeError
        If `result` is no result of `cluster`.
    ConfigError
        If the feed was clustered by similarity alone, or `n_jobs` is out of range.
    InputError
        If the file holds something else than labels.

    See Also
    --------
    fit_judge : Fits the judge to the labels.
    """
    if not isinstance(result, Clustering):
        message = (
            f"result is of type {type(result).__name__!r}; pass what dn.cluster(feed) returned"
        )
        raise InputTypeError(message)
    return Labelling(result, labels, resolve_jobs(n_jobs))


def fit_judge(
    feed: object,
    labels: str | os.PathLike[str] | Iterable[Any],
    path: str | os.PathLike[str] | None = None,
    *,
    id: ColumnChoice = AUTO,  # noqa: A002 - the settled public name
    title: ColumnChoice = AUTO,
    text: ColumnChoice = AUTO,
    source: ColumnChoice = AUTO,
    published: ColumnChoice = AUTO,
    config: Config | None = None,
    n_jobs: int | None = -1,
    **settings: Any,
) -> JudgeFit:
    """
    Fit the judge of duplicates to a feed, and say whether that is better.

    Parameters
    ----------
    feed : object
        The feed, as `cluster` takes it, or what `cluster` returned of it.
    labels : str, path-like or iterable
        The file of labels, or labels: `Label`, or ``(id1, id2, label)``.
    path : str or path-like, optional
        File to write the judge to, for ``Config(judge=path)``. Where the
        adapted judge is not better, that of the package is written.
    id, title, text, source, published : str or sequence, optional
        As for `cluster`.
    config : Config, optional
        The settings that the judge is to be used with; the defaults where it
        is left out.
    n_jobs : int, default -1
        Threads: -1 for all processors, 1 for none extra. The result is the same.
    **settings : Any
        Single settings of `Config` that take precedence over `config`.

    Returns
    -------
    JudgeFit
        The judge, and how well it does.

    Raises
    ------
    InputTypeError
        If the feed or a value is of a type that cannot be used.
    InputError
        If the labels cannot be read, or are all of other items; or the file
        cannot be written.
    ColumnError
        If a named column does not exist.
    ConfigError
        If a setting or `n_jobs` is out of range.

    Notes
    -----
    The trees of the package stay, and small ones that correct them on the
    labelled pairs are added behind: with few labels, nothing is forgotten.
    Whether that is better is measured on pairs that were left out in turn, by
    cross-validation in five parts. Pairs that were chosen for labelling are
    harder than those of the whole feed, and so the rates are lower than its.
    """
    threads = resolve_jobs(n_jobs)
    if isinstance(feed, Clustering):
        columns, config = feed.columns, config or feed.config
    else:
        choices = Choices(id=id, title=title, text=text, source=source, published=published)
        with using(speech=BARE):
            columns = read_documents(feed, **choices, n_jobs=threads).numbered()
    chosen = settled(config, settings)
    given = read_labels(labels)
    counted = count(columns, chosen, threads)
    pairs, used = texts_of_labels(counted, columns.ids, given)
    if given and not used:
        message = (
            f"none of the {in_words(len(given), 'label')} is of two items of this feed with "
            "different words. Fit to the feed that was labelled, with the same ids"
        )
        raise InputError(message)
    probabilities = load_classifier().probabilities(counted.segment, pairs, threads)
    examples = adapting.Examples(
        features_of(counted.segment, pairs, threads),
        np.log(np.maximum(probabilities, 1e-12)),
        np.array([VERDICTS.index(label.label) for label in used], np.int64),
    )
    adapted = adapting.adapt(examples, chosen.min_probability)
    document = shipped()
    if adapted.stumps:
        document = adapting.with_stumps(document, adapted.stumps)
    judge = read_judge(document)
    if path is not None:
        judge.write(path)
    measured = adapted.measured
    gain, gain_error = (0.0, 0.0) if measured is None else measured.gain[:, -1].tolist()
    return JudgeFit(
        judge=judge,
        is_better=bool(adapted.stumps),
        shipped=None if measured is None else Rates(*measured.shipped.ravel().tolist()),
        adapted=None if measured is None else Rates(*measured.adapted.ravel().tolist()),
        gain=gain,
        gain_error=gain_error,
        n_labels=len(examples),
        n_duplicates=int(np.count_nonzero(examples.label == DUPLICATE)),
        n_unused=len(given) - len(used),
    )
