"""A feed without its duplicates, in the type that it came in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dedupe_news import native
from dedupe_news.api import cluster

if TYPE_CHECKING:
    from dedupe_news.selection import Keep


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
        Which item of each cluster of duplicates is kept. "preferred", the
        default: the representative, which every other item of the cluster
        matches; ``Config.prefer`` says how it is chosen. "earliest" and
        "latest": by time of publication; "longest": by characters. The name of
        a column: the item with the largest value there. A callable: the item
        for which it gives the largest value; it is called with an item as it
        came in, a dict of the columns for a row of a table. Where several are
        equal, the representative is kept if it is one of them, else the first.
    **options : Any
        All that `cluster` takes: where the columns are, such as
        ``text="body"``, and settings, such as ``min_probability=0.8``.

    Returns
    -------
    object
        The items that are kept, in their order: a DataFrame of pandas with its
        index and types, one of polars or of another library that narwhals
        knows, an Arrow table, an array or Series, a dict of columns; a list for
        lists and for whatever can be iterated over.

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
    result = cluster(rows, **options)
    kept = result.keeping(keep, rows).kept.positions
    # Where items were left out, positions of the result are not those of the feed.
    left = result.columns.rows
    return native.take(rows, kept if left is None else left[kept])
