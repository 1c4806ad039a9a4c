"""What a notebook or a terminal shows, without importing what draws it."""

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


class Printable(Displayable):
    """Something that is shown in plain text too."""

    __slots__ = ()

    def __str__(self) -> str:
        """Return it in plain text, an item a line."""
        text: str = display("plain").text(self)
        return text
