"""Rows of a feed as they came in: of the table, list or column that the user has."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from dedupe_news._input import arrow
from dedupe_news._input.tables import table_of, unwrapped
from dedupe_news.errors import ColumnError, InputTypeError, shown

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def row_labels(feed: object) -> Any:
    """Return what the rows of a feed are called."""
    pandas = sys.modules.get("pandas")  # where it is not loaded, nothing is of it
    is_labelled = pandas is not None and isinstance(feed, (pandas.Series, pandas.DataFrame))
    return feed.index if is_labelled else None  # type: ignore[attr-defined]


def settled(feed: Any) -> Any:
    """Return a feed that can be read twice: what can be iterated over once is made a list."""
    if isinstance(feed, os.PathLike) or hasattr(feed, "to_table"):
        message = (
            f"a feed of type {type(feed).__name__!r} has no rows in memory to give back. Read it "
            "into a table first, as pyarrow.parquet.read_table(path) does; dn.cluster(...) says of "
            "larger ones which items to keep"
        )
        raise InputTypeError(message)
    if isinstance(feed, Mapping):
        items = unwrapped(feed)
        return feed if items is None else items
    feed = arrow.opened(feed)
    # A text is refused by whoever reads it.
    is_settled = arrow.is_held(feed) or isinstance(feed, (str, bytes, bytearray, list, tuple))
    return list(feed) if isinstance(feed, Iterable) and not is_settled else feed


def take(feed: Any, positions: NDArray[np.int64]) -> Any:  # noqa: PLR0911 - one a kind
    """Return some rows of a settled feed, in its own type."""
    if isinstance(feed, Mapping):
        return {name: take(values, positions) for name, values in feed.items()}
    if isinstance(feed, (list, tuple)):
        return [feed[at] for at in positions.tolist()]
    if hasattr(feed, "iloc"):  # pandas: with its index
        return feed.iloc[positions]
    if arrow.is_arrow(feed):
        pyarrow = arrow.require_pyarrow("give back Arrow data")
        return feed.take(pyarrow.array(positions))
    if not hasattr(type(feed), "columns"):
        return feed[positions]
    import narwhals as nw  # noqa: PLC0415 - not needed for lists

    frame = nw.from_native(feed)
    if not isinstance(frame, nw.LazyFrame):
        return frame[positions.tolist()].to_native()
    native = frame.collect()[positions.tolist()].to_native()
    return native.lazy() if hasattr(native, "lazy") else native


def row_getter(feed: Any) -> Callable[[int], Any]:
    """Return what gives one row: a mapping for tables, else the item itself."""
    table = table_of(feed)
    if table is not None:
        columns = {name: arrow.as_list(table.columns[name]) for name in table.names}
        return lambda at: {name: values[at] for name, values in columns.items()}
    rows = feed.iloc if hasattr(feed, "iloc") else feed
    return lambda at: rows[at]


def value_getter(feed: Any, column: str) -> Callable[[int], Any]:
    """Return what gives the value of a column; `ColumnError` where there is none."""
    table = table_of(feed)
    if table is not None:
        names = table.names
        if column in names:
            values = arrow.as_list(table.columns[column])
            return lambda at: values[at]
    else:
        rows = list(feed)
        names = list({name: None for row in rows if isinstance(row, Mapping) for name in row})
        if column in names:
            return lambda at: rows[at].get(column)
        if rows and hasattr(rows[0], column) and not isinstance(rows[0], str):
            return lambda at: getattr(rows[at], column)
    known = f"the columns are {', '.join(map(repr, names))}" if names else "the feed has none"
    message = (
        f"keep={shown(column)} is neither a rule nor a column; rules are 'preferred', 'earliest', "
        f"'latest' and 'longest', and {known}. A function of an item can be given, too"
    )
    raise ColumnError(message)
