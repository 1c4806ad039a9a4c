"""How results are shown: as HTML in notebooks, as plain text, as plots, as a page to review."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dedupe_news.display import plain
from dedupe_news.display.notebook import html
from dedupe_news.display.page import Page

if TYPE_CHECKING:
    import os

    from dedupe_news._learning.labelling import Labelling
    from dedupe_news.results.result import Clustering

__all__ = ["Page", "html", "label_bundle", "plain", "plot", "write_report"]


def plot(result: Clustering, kind: str, ax: Any) -> Any:  # noqa: ANN401 - of matplotlib
    """
    Draw a picture of a result; see ``Clustering.plot``.

    Parameters
    ----------
    result : Clustering
        The result.
    kind : str
        What is drawn.
    ax : matplotlib.axes.Axes or None
        Where; None for a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        With the picture.
    """
    from dedupe_news.display import plots  # noqa: PLC0415 - for those who draw

    return plots.draw(result, kind, ax)


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
    Write the page to review a result; see ``Clustering.report``.

    Parameters
    ----------
    result : Clustering
        The result.
    path : str or path
        The file, replaced if it exists.
    title : str or None
        Of the page; None for a usual one.
    """
    from dedupe_news.display import report  # noqa: PLC0415 - for those who want one

    report.write(result, path, title)
