"""How results are shown: as HTML in notebooks, as plain text, as plots, as a page to browse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dedupe_news.display import plain
from dedupe_news.display.notebook import html
from dedupe_news.display.page import Page

if TYPE_CHECKING:
    import os

    from dedupe_news.labelling import Labelling
    from dedupe_news.results import Clustering

__all__ = ["Page", "html", "label_bundle", "plain", "plot", "write_report"]


def plot(result: Clustering, kind: str, ax: Any, **options: Any) -> Any:  # noqa: ANN401
    """
    Draw a picture of a result; see ``Clustering.plot``.

    Parameters
    ----------
    result : Clustering
        The result.
    kind : str
        Which picture.
    ax : matplotlib.axes.Axes or None
        Where to draw; new ones for None.
    **options : Any
        Those of the picture.

    Returns
    -------
    matplotlib.axes.Axes
        Where it was drawn.
    """
    from dedupe_news.display import plots  # noqa: PLC0415 - for those who draw

    return plots.draw(result, kind, ax, options)


def label_bundle(session: Labelling) -> dict[str, Any]:
    """
    Return a labelling session for a notebook; see `dedupe_news.label`.

    Parameters
    ----------
    session : Labelling
        The session.

    Returns
    -------
    dict
        By type of content.
    """
    from dedupe_news.display import widget  # noqa: PLC0415 - for those who label

    return widget.bundle(session)


def write_report(result: Clustering, path: str | os.PathLike[str], title: str | None) -> None:
    """
    Write the page to browse a result; see ``Clustering.report``.

    Parameters
    ----------
    result : Clustering
        The result.
    path : str or path-like
        The file.
    title : str or None
        Its heading.
    """
    from dedupe_news.display import report  # noqa: PLC0415 - for those who want one

    report.write(result, path, title)
