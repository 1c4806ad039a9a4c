"""Parts of feeds and columns that are in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from dedupe_news.documents import Choices


def length_of(feed: Any) -> int | None:
    """
    Return the number of documents of a feed that `slice_of` can take parts of.

    Parameters
    ----------
    feed : object
        Any feed.

    Returns
    -------
    int or None
        None for what it cannot.
    """
    if isinstance(feed, Mapping):
        lengths = {length_of(values) for values in feed.values()}
        return lengths.pop() if len(lengths) == 1 else None
    home = type(feed).__module__.partition(".")[0]
    is_sliceable = isinstance(feed, (list, tuple, np.ndarray)) or (
        home in ("pandas", "polars", "pyarrow") and hasattr(feed, "__len__")
    )
    return len(feed) if is_sliceable else None


def slice_of(values: Any, start: int, stop: int) -> Any:
    """
    Return a part of a feed or of a column.

    Parameters
    ----------
    values : sequence, array, Series, table, or mapping of these
        The whole.
    start, stop : int
        Bounds of the part.

    Returns
    -------
    object
        Of the same kind; not copied where its library can do without.
    """
    if isinstance(values, Mapping):
        return {name: slice_of(column, start, stop) for name, column in values.items()}
    if hasattr(values, "iloc"):
        return values.iloc[start:stop]
    if type(values).__module__.partition(".")[0] == "pyarrow":
        return values.slice(start, stop - start)
    return values[start:stop]


def slices_of(choices: Choices, start: int, stop: int) -> dict[str, Any]:
    """
    Return the columns of a part of a feed.

    Parameters
    ----------
    choices : mapping
        Those of the whole.
    start, stop : int
        Bounds of the part.

    Returns
    -------
    dict
        Names as they are, of values those of the part.
    """
    return {
        name: choice if choice is None or isinstance(choice, str) else slice_of(choice, start, stop)
        for name, choice in choices.items()
    }
