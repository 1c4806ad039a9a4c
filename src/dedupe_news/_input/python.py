"""Values of Python and numpy: what is missing, what may be large, what rows are called."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np


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
