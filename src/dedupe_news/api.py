"""The two functions of notebooks and batch jobs."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from dedupe_news import batch
from dedupe_news._input import python, rules
from dedupe_news._input.reading import numbered_rows, read_documents
from dedupe_news.comparison import Explainer
from dedupe_news.config import Config, settled
from dedupe_news.constraints import read_constraints
from dedupe_news.documents import AUTO, Choices, Document
from dedupe_news.errors import ColumnError, InputTypeError, shown
from dedupe_news.progress import prepare, stages
from dedupe_news.threads import resolve_jobs

if TYPE_CHECKING:
    import datetime as dt
    import os
    from collections.abc import Callable, Hashable, Iterable

    from dedupe_news._input.rules import OnInvalid
    from dedupe_news.columns import Columns
    from dedupe_news.documents import ColumnChoice
    from dedupe_news.records import Comparison
    from dedupe_news.results import Clustering

_KEYS = ("id", "title", "text", "source", "published")


def cluster(
    feed: object,
    *,
    id: ColumnChoice = AUTO,  # noqa: A002 - the settled public name
    title: ColumnChoice = AUTO,
    text: ColumnChoice = AUTO,
    source: ColumnChoice = AUTO,
    published: ColumnChoice = AUTO,
    on_invalid: OnInvalid = "raise",
    timezone: str | dt.tzinfo | None = None,
    date_format: str | None = None,
    must: Iterable[tuple[Hashable, Hashable]] = (),
    cannot: Iterable[tuple[Hashable, Hashable]] = (),
    config: Config | None = None,
    n_jobs: int | None = -1,
    progress: bool = True,
    memory_limit: int | str | None = None,
    work_folder: str | os.PathLike[str] | None = None,
    **settings: Any,
) -> Clustering:
    """
    Find the duplicates, stories and templates of a whole batch.

    Parameters
    ----------
    feed : iterable of str, mapping or Document; array, Series, DataFrame or Arrow data
        The documents. Missing values are empty texts, which match nothing. A
        path-like is a Parquet file, or a folder of such; these, Arrow data sets
        and whatever can be iterated over may be larger than memory.
    id, title, text, source, published : str or sequence, optional
        Names of the columns of a table or keys of mappings; by default those of
        the usual names, such as ``description`` for the text or ``pubDate`` for
        the time, where the input has them; None for no column. Beside a sequence
        of texts: the values themselves, as many as there are texts. Title and
        text are joined by a newline; titles without texts are the texts.
    on_invalid : {"raise", "ignore", "drop"}, default "raise"
        What becomes of a value that cannot be read: an error; a missing value,
        or for an id the number of the item; or the item is left out. A column
        that was found by its name raises nothing: its values count as missing,
        with an `InputWarning`. ``result.skipped`` says what was passed over.
    timezone : str or tzinfo, optional
        The zone of times that say none, such as ``"UTC"`` or ``"Europe/Berlin"``;
        without it they cannot be read.
    date_format : str, optional
        How dates are written: ``"dmy"`` or ``"mdy"`` for the order of day and
        month where that is not plain, or a format of ``datetime.strptime`` such
        as ``"%d/%m/%Y %H:%M"``, which all must have then.
    must, cannot : iterable of (id, id), optional
        Pairs that you are sure of, by id, or by position where documents have
        no ids: those that must be in one cluster, as if their texts were one,
        and those that cannot, whatever their words. With the policy ``"news"``.
    config : Config, optional
        The settings; the defaults where it is left out.
    n_jobs : int, default -1
        Threads: -1 for all processors, 1 for none extra. The result is the same.
    progress : bool, default True
        Whether a run of more than two seconds shows a bar on a terminal or in
        a notebook, and says when kernels are being compiled.
    memory_limit : int or str, optional
        Memory that this process may hold, in bytes or as in "2GB" or "512MiB";
        what is free where it is left out. The text of the feed is then kept on
        disk. A feed that is estimated to need more is refused.
    work_folder : str or path-like, optional
        Folder for the file that holds the text, which is gone when the process
        ends, or when the result is deleted; the system's folder for temporary
        files where it is left out.
    **settings : Any
        Single settings of `Config`, such as ``threshold=0.8``, that take
        precedence over `config`.

    Returns
    -------
    Clustering
        Labels, clusters, stories, templates, whom to keep and the verified pairs. The same input
        and settings give the same partition, in any order and on any machine.

    Raises
    ------
    InputTypeError
        If the feed or a value is of a type that cannot be used.
    InputError
        If a value cannot be used, ids repeat or lengths differ; or pairs of
        `must` and `cannot` are unknown, or contradict one another.
    ColumnError
        If a named column does not exist.
    ConfigError
        If a setting or `n_jobs` is out of range, `must` or `cannot` is given
        with the policy ``"similar"``, or `memory_limit` is too
        little for the feed.
    WorkFolderError
        If `work_folder` cannot be written.
    WorkFolderFullError
        If the disk has not the room for the text; said before the work begins
        where the size of the feed is known.

    Notes
    -----
    MinHash LSH [1]_ proposes pairs, exact Jaccard similarity verifies them:
    every match is true; a pair exactly at the threshold is missed with a
    probability of at most ``1 - config.recall``.

    References
    ----------
    .. [1] A. Z. Broder, "On the resemblance and containment of documents",
       Compression and Complexity of Sequences 1997.

    Examples
    --------
    >>> import dedupe_news as dn
    >>> feed = ["Rain floods the old town", "Sun at last", "rain floods the old town!"]
    >>> result = dn.cluster(feed)
    >>> result.labels
    array([0, 1, 0])
    """
    chosen = settled(config, settings)
    threads = resolve_jobs(n_jobs)
    choices = Choices(id=id, title=title, text=text, source=source, published=published)
    labels = python.row_labels(feed)
    read: Callable[[int], Columns] = partial(_read, feed, choices)
    if memory_limit is not None or work_folder is not None or python.may_be_large(feed):
        # Only now: what is in memory already needs none of it.
        from dedupe_news import outofcore  # noqa: PLC0415

        read = partial(
            outofcore.read_columns, feed, choices, chosen.policy, memory_limit, work_folder
        )
    prepare("cluster", chosen.policy, n_jobs, show=progress)
    with stages(("reading", *batch.stages(chosen)), show=progress) as ended:
        with rules.reading(on_invalid=on_invalid, timezone=timezone, date_format=date_format):
            columns = numbered_rows(read(threads))
        constraints = read_constraints(columns, must, cannot, chosen.policy)
        ended("reading")
        result = batch.cluster_columns(columns, chosen, threads, ended, constraints)
    if labels is not None and columns.rows is not None:
        labels = labels[columns.rows]
    return dataclasses.replace(result, row_labels=labels)


def _read(feed: object, choices: Choices, n_jobs: int) -> Columns:
    return read_documents(feed, **choices, n_jobs=n_jobs)


def compare(
    a: str | Mapping[str, Any] | Document,
    b: str | Mapping[str, Any] | Document,
    *,
    config: Config | None = None,
    **settings: Any,
) -> Comparison:
    """
    Explain how two items are related.

    Parameters
    ----------
    a, b : str, mapping or Document
        The documents; mappings have the keys ``text`` and, if they like,
        ``title``, ``source`` and ``published``.
    config : Config, optional
        The settings; the defaults where it is left out.
    **settings : Any
        Single settings of `Config` that take precedence over `config`.

    Returns
    -------
    Comparison
        Verdict, scores, probabilities, what decided, and the words that differ.
        With the policy ``"news"`` the pair is judged by itself, without the
        statistics of a feed.

    Raises
    ------
    InputTypeError
        If a document is of a type that cannot be used.
    InputError
        If a value cannot be used.
    ConfigError
        If a setting is out of range.

    Examples
    --------
    >>> import dedupe_news as dn
    >>> dn.compare("Rain floods the old town", "Rain floods the new town").jaccard
    0.2
    """
    chosen = settled(config, settings)
    documents = [_one(a), _one(b)]
    prepare("compare", chosen.policy)
    return Explainer(read_documents(documents), chosen)(0, 1)


def _one(document: object) -> Document:
    if isinstance(document, Document):
        return document
    if isinstance(document, str):
        return Document(document)
    if isinstance(document, Mapping):
        unknown = sorted(map(str, set(document) - set(_KEYS)))
        if unknown:
            message = (
                f"a document to compare has the key {unknown[0]!r}; "
                f"its keys may be {', '.join(map(repr, _KEYS))}"
            )
            raise ColumnError(message)
        if "text" not in document:
            message = "a document to compare has no key 'text'; pass {'text': ...} or a str"
            raise ColumnError(message)
        return Document(**document)
    message = (
        f"{shown(document)} of type {type(document).__name__!r} cannot be compared; "
        "pass str, a mapping with the key 'text', or dn.Document"
    )
    raise InputTypeError(message)
