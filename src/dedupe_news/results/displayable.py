"""What a notebook shows: objects that ask for their HTML, without importing what makes it."""

from __future__ import annotations

import importlib
from typing import Any


def display(module: str) -> Any:
    """Return a module of the package that shows things; it stands above results."""
    return importlib.import_module(f"dedupe_news.display.{module}")


class Displayable:
    """Something that a notebook shows as HTML."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        html: str = display("notebook").html(self)
        return html
