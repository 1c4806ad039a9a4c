"""How much text a feed has, as far as that is told at a glance."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from dedupe_news._input.arrow import as_list
from dedupe_news._input.tables import table_of
from dedupe_news.documents import Document

_FEW = 200
"""Items of a feed that is looked through."""

_DEEPEST = 8  # of values within values


def may_be_large(feed: object) -> bool:
    """Return whether a feed may be larger than memory."""
    if isinstance(feed, (str, Mapping)) or hasattr(type(feed), "columns"):
        return False
    return not hasattr(feed, "__len__")


def n_bytes(feed: Any) -> int | None:
    """Return the bytes of text in a feed of few items, None where it may have many."""
    if isinstance(feed, Mapping):
        return _n_bytes(feed)
    if isinstance(feed, (str, bytes)) or not hasattr(feed, "__len__") or len(feed) > _FEW:
        return None
    table = table_of(feed)
    return _n_bytes(feed if table is None else [as_list(table.columns[x]) for x in table.names])


def _n_bytes(value: Any, depth: int = _DEEPEST) -> int:
    if isinstance(value, str):
        return len(value.encode(errors="replace"))
    if isinstance(value, Document):
        value = [getattr(value, field.name) for field in dataclasses.fields(value)]
    if isinstance(value, Mapping):
        value = list(value.values())
    if depth and (isinstance(value, (list, tuple)) or hasattr(value, "tolist")):
        return sum(_n_bytes(part, depth - 1) for part in value) if hasattr(value, "__iter__") else 0
    return 0
