"""What a notebook shows: objects that ask for their HTML, without knowing who makes it."""

from __future__ import annotations

import importlib
from typing import Any

_package: list[str] = []


def shown_by(package: str) -> None:
    """Name the package that shows things; it is imported once something is shown."""
    _package[:] = [package]


def display() -> Any:
    """Return the package that shows things."""
    return importlib.import_module(_package[0])


class Displayable:
    """Something that a notebook shows as HTML."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        html: str = display().html(self)
        return html
