"""Styles and scripts that are shipped for browsers."""

from __future__ import annotations

import functools
import importlib.resources


@functools.cache
def read(name: str, folder: str = "static") -> str:
    """Return a file of a folder of this package."""
    path = importlib.resources.files("dedupe_news.display") / folder / name
    return path.read_text(encoding="utf-8")
