"""How a result is shown: in a line, in pages, as a plot, as a report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dedupe_news.results.displayable import display
from dedupe_news.results.grouping import Groups
from dedupe_news.results.phrasing import counted, one_line

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from dedupe_news.results.records import Bounded

_SHOWN_CLUSTERS = 8
_SHOWN_CHARACTERS = 100


class Showing(Groups):
    """The part of `dedupe_news.Clustering` that shows it."""

    bounded: Bounded
    seconds: Mapping[str, float]

    def summary(self) -> str:
        """
        Return the figures of the run in one line.

        Returns
        -------
        str
            Items, items kept, duplicates, clusters, stories, templates and time.
        """
        n_duplicates = len(self.labels) - len(self.representatives)
        line = (
            f"{counted(len(self.labels), 'item')}: {len(self.representatives):,} kept, "
            f"{counted(n_duplicates, 'duplicate')} in {counted(len(self.clusters), 'cluster')}, "
            f"{counted(len(self._in_stories), 'story', 'stories')}, "
            f"{counted(self.n_templates, 'template')}; "
            f"{sum(self.seconds.values()):.2f} s"
        )
        if self.bounded:
            line += f"; bounded: {counted(self.bounded.n_large_buckets, 'large bucket')}"
        return line

    def __repr__(self) -> str:
        """Return the summary and the largest clusters, a line each."""
        lines = [f"<Clustering of {self.summary()}>"]
        for cluster in self.clusters[:_SHOWN_CLUSTERS]:
            text = one_line(self.columns.content(self.first_of(cluster)), _SHOWN_CHARACTERS)
            lines.append(f"  {len(cluster):>6,} × {text}")
        hidden = len(self.clusters) - _SHOWN_CLUSTERS
        if hidden > 0:
            lines.append(f"  and {counted(hidden, 'more cluster')}")
        return "\n".join(lines)

    def page(self, number: int = 1, *, size: int = 20) -> Any:
        """
        Return a part of the result for a notebook to show; by itself it shows the first page.

        Parameters
        ----------
        number : int, default 1
            Which page, from 1.
        size : int, default 20
            Most clusters on a page, and most stories and templates.

        Returns
        -------
        dedupe_news.display.page.Page
            Clusters, stories and templates, each the largest first.

        Raises
        ------
        InputError
            If there is no such page, or `size` is below 1.
        """
        return display("page").Page(self, number, size)

    def plot(self, kind: str = "trade-off", ax: Any = None) -> Any:
        """
        Draw what `min_probability` trades, the figures of `trade_off`, with matplotlib.

        Parameters
        ----------
        kind : {"trade-off"}
            What is drawn.
        ax : matplotlib.axes.Axes, optional
            Where to draw; new ones where it is left out.

        Returns
        -------
        matplotlib.axes.Axes
            Where it was drawn.

        Raises
        ------
        ConfigError
            If the policy is "similar", which knows no probabilities.
        InputError
            If `kind` is not known.
        MissingDependencyError
            If matplotlib is not installed.
        """
        return display("plots").draw(self, kind, ax)

    def report(self, path: str | os.PathLike[str], *, title: str | None = None) -> None:
        """
        Write a page for the browser, to review clusters, stories and templates.

        Parameters
        ----------
        path : str or path-like
            The file. One that is there is replaced once the new one is whole.
        title : str, optional
            Its heading.

        Raises
        ------
        InputError
            If the file cannot be written.
        """
        display("report").write(self, path, title)
