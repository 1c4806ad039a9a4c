"""The picture of a result, drawn with matplotlib: what the probability of duplicates trades."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from dedupe_news.errors import InputError, InputTypeError, optional, shown

if TYPE_CHECKING:
    from dedupe_news.results.result import Clustering

# Told apart by people who confuse red and green, and in grey: they differ in lightness.
_REMOVED, _CLUSTERS, _PRECISION = "#1f4e79", "#5fa8b8", "#a3563f"
_QUIET = "#6b6e75"


def draw(result: Clustering, kind: str, ax: Any) -> Any:
    """Draw the trade-off; `ax` is None for new axes."""
    if kind != "trade-off":
        message = f"kind={shown(kind)} is not known; allowed is 'trade-off'"
        raise InputError(message)
    curve = result.trade_off()
    message = "plots are drawn with {0}, which is not installed; pip install 'dedupe-news[plot]'"
    pyplot = optional("matplotlib.pyplot", message)
    if ax is not None and not hasattr(ax, "twinx"):
        message = f"ax={shown(ax)} is of type {type(ax).__name__!r}; pass axes of matplotlib"
        raise InputTypeError(message)
    if ax is None:
        _, ax = pyplot.subplots(figsize=(6.8, 3.8), layout="constrained")
    least = curve["min_probability"]
    ax.plot(least, curve["n_removed"], color=_REMOVED, linewidth=2, label="items removed")
    ax.plot(least, curve["n_clusters"], color=_CLUSTERS, linewidth=2, label="clusters")
    ax.set_ylim(bottom=0)
    ax.set_xlim(0, 1)
    ax.set_xlabel("min_probability")
    ax.set_ylabel("items, clusters")
    ax.yaxis.set_major_formatter(
        importlib.import_module("matplotlib.ticker").StrMethodFormatter("{x:,.0f}")
    )
    right = ax.twinx()
    precision = [float("nan") if value is None else 100 * value for value in curve["precision"]]
    right.plot(least, precision, color=_PRECISION, linewidth=2, linestyle=(0, (4, 2)),
               label="expected precision")  # fmt: skip
    right.set_ylim(0, 102)
    right.set_ylabel("of those removed, duplicates (%)", color=_PRECISION)
    used = result.config.min_probability
    ax.axvline(used, color=_QUIET, linewidth=1.2, linestyle=":", label=f"this result, {used:g}")
    handles = [*ax.get_lines(), *right.get_lines()]
    ax.legend(handles, [line.get_label() for line in handles], frameon=False, fontsize="small",
              loc="lower left")  # fmt: skip
    ax.set_title("What min_probability trades", fontsize="medium", loc="left")
    for axes in (ax, right):
        axes.spines[["top"]].set_visible(False)
        axes.tick_params(color=_QUIET)
    return ax
