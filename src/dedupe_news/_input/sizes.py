"""How much text a feed has, as far as that is told at a glance."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from dedupe_news._input.python import may_be_large
from dedupe_news.documents import Document

_FEW = 200
"""Items of a feed that is looked through."""

_DEEPEST = 8  # of values within values


def n_bytes(feed: Any) -> int | None:
    """Return the bytes of text in a feed of few items, None where it may have many."""
    if isinstance(feed, (str, bytes)) or may_be_large(feed):
        return None
    if not isinstance(feed, Mapping) and (not hasattr(feed, "__len__") or len(feed) > _FEW):
        return None
    if hasattr(type(feed), "columns"):
        import narwhals as nw  # noqa: PLC0415 - with tables alone

        try:
            feed = nw.from_native(feed, eager_only=True).to_dict(as_series=False)
        except TypeError:  # no table of those that are read: the reader says so
            return None
    return _n_bytes(feed)


def _n_bytes(value: Any, depth: int = _DEEPEST) -> int:
    if isinstance(value, str):
        return len(value.encode(errors="replace"))
    if isinstance(value, Document):
        value = [getattr(value, field.name) for field in dataclasses.fields(value)]
    if isinstance(value, Mapping):
        value = list(value.values())
    if depth and (isinstance(value, (list, tuple)) or hasattr(value, "tolist")):
        return sum(_n_bytes(each, depth - 1) for each in value) if hasattr(value, "__iter__") else 0
    return 0
