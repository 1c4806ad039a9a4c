"""Values of Python and numpy: lists and arrays, what is missing, where it stands."""

from __future__ import annotations

import contextlib
import contextvars
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from dedupe_news.errors import InputError, InputTypeError

_first: contextvars.ContextVar[int | None] = contextvars.ContextVar("first item", default=None)


def row_labels(feed: object) -> Any:
    """Return what the rows of a feed are called."""
    pandas = sys.modules.get("pandas")  # where it is not loaded, nothing is of it
    is_labelled = pandas is not None and isinstance(feed, (pandas.Series, pandas.DataFrame))
    return feed.index if is_labelled else None  # type: ignore[attr-defined]


def may_be_large(feed: object) -> bool:
    """Return whether a feed may be larger than memory."""
    if isinstance(feed, (str, Mapping)) or hasattr(type(feed), "columns"):
        return False
    return not hasattr(feed, "__len__")


def is_missing(value: object) -> bool:
    """Return whether a value stands for nothing: None, NaN, NaT or pandas' NA."""
    if value is None:
        return True
    if isinstance(value, (float, np.floating)):
        return bool(value != value)  # noqa: PLR0124 - only NaN differs from itself
    if isinstance(value, np.datetime64):
        return bool(np.isnat(value))
    return type(value).__name__ in ("NAType", "NaTType")


@contextlib.contextmanager
def counting_from(first: int) -> Iterator[None]:
    """Let error messages count documents from another number than 0."""
    token = _first.set(first)
    try:
        yield
    finally:
        _first.reset(token)


def numbered(position: int) -> int:
    """Return the position of a document in the whole feed."""
    return (_first.get() or 0) + position


def is_part() -> bool:
    """Return whether a part of a feed is being read."""
    return _first.get() is not None


def as_list(values: Any) -> list[Any]:
    """Return a column that is not Arrow's as a list."""
    if isinstance(values, list):
        return values
    if isinstance(values, np.ndarray) and values.ndim != 1:
        message = (
            f"an array of {values.ndim} dimensions is no column of documents; "
            "pass one of one dimension, such as array[:, 0]"
        )
        raise InputError(message)
    for method in ("to_list", "tolist"):
        if hasattr(values, method):
            return list(getattr(values, method)())
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        message = (
            f"a column of type {type(values).__name__!r} cannot be read; "
            "pass a sequence of values, one a document"
        )
        raise InputTypeError(message)
    return list(values)
