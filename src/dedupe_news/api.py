"""The functions of notebooks and batch jobs: cluster, compare, deduplicate."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dedupe_news._engine import batch
from dedupe_news._engine.comparison import Explainer
from dedupe_news._input import native, rules, sizes
from dedupe_news._input.constraints import read_constraints
from dedupe_news._input.reading import read_documents
from dedupe_news._machine.progress import ready, stages
from dedupe_news._machine.space import MEMORY
from dedupe_news._machine.threads import resolve_jobs
from dedupe_news.config import Config, settled
from dedupe_news.documents import AUTO, Choices, Document
from dedupe_news.errors import ColumnError, ConfigError, InputTypeError, shown

if TYPE_CHECKING:
    import datetime as dt
    import os
    from collections.abc import Hashable, Iterable

    from dedupe_news._input.columns import Columns
    from dedupe_news._input.rules import OnInvalid
    from dedupe_news._machine.space import Space
    from dedupe_news.documents import ColumnChoice
    from dedupe_news.results.keeping import Keep
    from dedupe_news.results.records import Comparison
    from dedupe_news.results.result import Clustering

_KEYS = tuple(field.name for field in dataclasses.fields(Document))


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
        The items. Missing values are empty texts, which match nothing. A path-like
        is a Parquet file, or a folder of such; these, Arrow data sets and whatever
        can be iterated over may be larger than memory.
    id, title, text, source, published : str or sequence, optional
        Names of columns or keys; by default those of the usual names, such as
        ``description`` for the text or ``pubDate`` for the time; None for no
        column. Beside a sequence of texts: the values themselves. Titles without
        texts are the texts.
    on_invalid : {"raise", "ignore", "drop"}, default "raise"
        What becomes of a value that cannot be read: an error; a missing value, or
        for an id the number of the item; or the item is left out. In a column
        that was found by its name it counts as missing, with an `InputWarning`.
        ``result.skipped`` says what was passed over.
    timezone : str or tzinfo, optional
        The zone of times that say none, such as ``"UTC"`` or ``"Europe/Berlin"``;
        without it they cannot be read.
    date_format : str, optional
        ``"dmy"`` or ``"mdy"``, the order of day and month where that is not plain;
        or a format of ``datetime.strptime``, which all dates must have.
    must, cannot : iterable of (id, id), optional
        Pairs, by id or by position, that must be in one cluster, as if their texts
        were one, and that cannot, whatever their words. With the policy ``"news"``.
    config : Config, optional
        The settings; the defaults where it is left out.
    n_jobs : int, default -1
        Threads: -1 for all processors, 1 for none extra. The result is the same.
    progress : bool, default True
        Whether a run of more than two seconds shows a bar, and says when kernels
        are being compiled.
    memory_limit : int or str, optional
        Memory that this process may hold, in bytes or as in "2GB" or "512MiB"; by
        default what is free. A feed that needs more is worked on in files that are
        mapped into memory, with the same result.
    work_folder : str or path-like, optional
        Folder for such files, from which a run that was killed goes on when it is
        called with the same feed and settings again. By default they are temporary.
    **settings : Any
        Settings of `Config`, such as ``threshold=0.8``, instead of those of `config`.

    Returns
    -------
    Clustering
        Labels, clusters, stories, templates, whom to keep and the verified pairs.
        The same input and settings give the same, in any order and on any machine.

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
        If a setting or `n_jobs` is out of range, `must` or `cannot` is given with
        the policy ``"similar"``, or `memory_limit` is too little.
    WorkFolderError
        If `work_folder` cannot be written, or the same run is at work in it; a
        `WorkFolderFullError` if the disk is full.

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
    row_labels = native.row_labels(feed)
    with (
        ready("cluster", chosen.policy, n_jobs, n_bytes=lambda: sizes.n_bytes(feed), show=progress),
        stages(("reading", *batch.STAGES), show=progress) as ended,
        contextlib.ExitStack() as opened,
    ):
        with rules.reading(on_invalid=on_invalid, timezone=timezone, date_format=date_format):
            columns, space = opened.enter_context(
                _opened(feed, choices, chosen, memory_limit, work_folder, threads)
            )
        columns = columns.numbered()
        constraints = read_constraints(columns, must, cannot, chosen.policy)
        if constraints and work_folder is not None:
            message = (
                "must and cannot are not kept with the stages in a work_folder; leave "
                "work_folder out, or give the pairs to no run that goes on"
            )
            raise ConfigError(message)
        ended("reading")
        result = batch.cluster_columns(columns, chosen, threads, ended, constraints, space)
    if row_labels is not None and columns.rows is not None:
        row_labels = row_labels[columns.rows]
    return dataclasses.replace(result, row_labels=row_labels)


def _opened(
    feed: object,
    choices: Choices,
    config: Config,
    memory_limit: int | str | None,
    work_folder: str | os.PathLike[str] | None,
    n_jobs: int,
) -> contextlib.AbstractContextManager[tuple[Columns, Space]]:
    """Open a feed: its items, and where the arrays of their batch lie."""
    if memory_limit is None and work_folder is None and not sizes.may_be_large(feed):
        return contextlib.nullcontext((read_documents(feed, **choices, n_jobs=n_jobs), MEMORY))
    # Only now: what is in memory already needs none of it.
    from dedupe_news._engine import outofcore  # noqa: PLC0415

    return outofcore.opened(feed, choices, config, memory_limit, work_folder, n_jobs)


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
        The items; mappings have the key ``text``, and may have those of the other
        fields of a `Document`.
    config : Config, optional
        The settings; the defaults where it is left out.
    **settings : Any
        Settings of `Config` instead of those of `config`.

    Returns
    -------
    Comparison
        Verdict, scores, probabilities, what decided, and the words that differ.
        With the policy ``"news"`` the pair is judged by itself, without the
        statistics of a feed.

    Raises
    ------
    InputTypeError
        If an item is of a type that cannot be used.
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
    with (
        ready("compare", chosen.policy, n_bytes=lambda: sizes.n_bytes(documents)),
        rules.using(speech=rules.BARE),
    ):
        return Explainer(read_documents(documents), chosen)(0, 1)


def _one(item: object) -> Document:
    """Return one of the two items to compare."""
    if isinstance(item, Document):
        return item
    if isinstance(item, str):
        return Document(item)
    if not isinstance(item, Mapping):
        message = (
            f"{shown(item)} of type {type(item).__name__!r} cannot be compared; "
            "pass str, a mapping with the key 'text', or dn.Document"
        )
        raise InputTypeError(message)
    unknown = sorted(map(str, set(item) - set(_KEYS)))
    if unknown:
        message = (
            f"an item to compare has the key {shown(unknown[0])}; "
            f"its keys may be {', '.join(map(repr, _KEYS))}"
        )
        raise ColumnError(message)
    if "text" not in item:
        message = "an item to compare has no key 'text'; pass {'text': ...} or a str"
        raise ColumnError(message)
    return Document(**item)


def deduplicate(
    feed: Any,  # noqa: ANN401 - of many types, of which one comes back
    *,
    keep: Keep = "preferred",
    **options: Any,
) -> Any:  # noqa: ANN401
    """
    Return a feed without its duplicates, in the type that it came in.

    Parameters
    ----------
    feed : iterable of str, mapping or Document; array, Series, DataFrame or Arrow data
        The items, as for `cluster`.
    keep : {"preferred", "earliest", "latest", "longest"}, str or callable
        Which item of each cluster is kept: the representative, which
        ``Config.prefer`` chooses; by time of publication, or by characters; the
        one with the largest value in a column, or of a callable, which is called
        with an item as it came in (of a table, a dict of the columns). Of equal
        ones, the representative is kept, else the first.
    **options : Any
        All that `cluster` takes: where the columns are, such as
        ``text="body"``, and settings, such as ``min_probability=0.8``.

    Returns
    -------
    object
        The items that are kept, in their order: a DataFrame of pandas with index
        and types, of polars or of another library that narwhals knows, an Arrow
        table, an array or Series, a dict of columns; else a list.

    Raises
    ------
    InputTypeError
        If the feed is of a type that cannot be used; a path has no rows to give
        back.
    InputError
        If a value cannot be used, or `keep` asks for times that the feed does
        not have.
    ColumnError
        If a named column does not exist.
    ConfigError
        If a setting is out of range.

    See Also
    --------
    cluster : Says which items are removed, for which, and why.

    Examples
    --------
    >>> import dedupe_news as dn
    >>> dn.deduplicate(["Rain floods the old town", "Sun at last", "rain floods the old town!"])
    ['Rain floods the old town', 'Sun at last']
    """
    rows = native.settled(feed)
    result = cluster(rows, **options).keeping(keep, rows)
    return native.take(rows, result.kept.positions)
