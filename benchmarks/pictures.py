"""Pictures of reports: bars, curves of precision against recall."""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.report import number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from benchmarks.report import Figures, Picture

_MANY = 3  # bars for one label that are drawn closer, and names in a row of the legend
_F1_LINES = (0.5, 0.7, 0.9)
_LEAST_SHOWN = 0.15


def save(picture: Picture, path: Path) -> bool:
    """Write a picture as PNG; return False where matplotlib is not installed."""
    if importlib.util.find_spec("matplotlib") is None:
        return False
    # The Figure itself, not pyplot: no display, no global state.
    module = importlib.import_module("matplotlib.figure")
    figure = picture.draw(lambda *size: module.Figure(figsize=size, layout="constrained"))
    figure.savefig(path, dpi=150)
    return True


@dataclasses.dataclass(frozen=True, slots=True)
class Bars:
    """Horizontal bars: a group for each label, top to bottom, in it one for each of the series."""

    title: str
    axis: str
    labels: Sequence[str]
    series: Mapping[str, Sequence[float]]
    line: float | None = None

    def draw(self, new: Figures) -> Any:  # noqa: ANN401 - matplotlib is optional
        """Return a figure with the bars."""
        n_series = len(self.series)
        n_lines = max((label.count("\n") + 1 for label in self.labels), default=1)
        width = 0.32 if n_series < _MANY else 0.24
        figure = new(8, 1.6 + width * len(self.labels) * max(n_series, 0.75 * n_lines))
        axes = figure.subplots()
        thickness = 0.8 / n_series
        for k, (name, values) in enumerate(self.series.items()):
            shift = (k - (n_series - 1) / 2) * thickness
            places = [row + shift for row in range(len(self.labels))]
            bars = axes.barh(places, values, height=thickness * 0.92, label=name)
            # Legible across the marked line.
            box = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
            axes.bar_label(bars, labels=[*map(number, values)], padding=3, fontsize=8, bbox=box)
        axes.set_yticks(range(len(self.labels)), labels=list(self.labels))
        axes.invert_yaxis()
        if self.line is not None:
            axes.axvline(self.line, color="black", linewidth=0.8, linestyle="--")
        axes.margins(x=0.12)
        axes.set_xlabel(self.axis)
        axes.set_title(self.title, loc="left", fontsize=11)
        axes.spines[["top", "right"]].set_visible(False)
        if n_series > 1:
            figure.legend(loc="outside lower center", ncols=min(n_series, _MANY), frameon=False)
        return figure


@dataclasses.dataclass(frozen=True, slots=True)
class Curve:
    """Recall and precision of one way at each of its settings, in the order to connect them."""

    name: str
    recall: Sequence[float]
    precision: Sequence[float]
    settings: Sequence[str]


@dataclasses.dataclass(frozen=True, slots=True)
class Curves:
    """Panels of precision against recall, side by side, with lines of equal F1."""

    panels: Mapping[str, Sequence[Curve]]

    def draw(self, new: Figures) -> Any:  # noqa: ANN401 - matplotlib is optional
        """Return a figure with the panels."""
        figure = new(4.2 * len(self.panels), 4.6)
        all_axes = figure.subplots(1, len(self.panels), sharey=True, squeeze=False)[0]
        for axes, (title, curves) in zip(all_axes, self.panels.items(), strict=True):
            for f1 in _F1_LINES:
                recall = np.linspace(f1 / (2 - f1), 1, 50)
                axes.plot(recall, f1 * recall / (2 * recall - f1), color="0.85", linewidth=0.8)
                axes.text(1.005, f1 / (2 - f1), f"F1 {f1}", color="0.6", fontsize=7, va="center")
            for curve in curves:
                is_point = len(curve.recall) == 1
                axes.plot(
                    curve.recall, curve.precision, label=curve.name, linewidth=1.2,
                    marker="*" if is_point else "o", markersize=13 if is_point else 4,
                )  # fmt: skip
                for x, y, name in zip(curve.recall, curve.precision, curve.settings, strict=True):
                    axes.annotate(
                        name, (x, y), xytext=(4, -9), textcoords="offset points", fontsize=7
                    )
            axes.set_xlim(_LEAST_SHOWN, 1.0)
            axes.set_ylim(_LEAST_SHOWN, 1.01)
            axes.set_xlabel("recall")
            axes.set_title(title, loc="left", fontsize=11)
            axes.spines[["top", "right"]].set_visible(False)
        all_axes[0].set_ylabel("precision")
        handles, labels = all_axes[0].get_legend_handles_labels()
        figure.legend(
            handles, labels, loc="outside lower center", ncols=2, frameon=False, fontsize=9
        )
        return figure
