"""What results need in order to be shown, without knowing how."""

from __future__ import annotations

from typing import Any


def display() -> Any:  # noqa: ANN401 - a module, of which this layer knows nothing
    """
    Return the package that shows things, imported when it is first asked for.

    Returns
    -------
    module
        `dedupe_news.display`.
    """
    # The one import that goes up: notebooks ask the object itself for its HTML.
    import dedupe_news.display  # noqa: PLC0415

    return dedupe_news.display


class Displayable:
    """Something that a notebook shows as HTML."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        html: str = display().html(self)
        return html
