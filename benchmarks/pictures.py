"""Pictures of reports: bars."""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
from typing import TYPE_CHECKING

from benchmarks.report import number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_MANY = 3  # bars for one label that are drawn closer, and names in a row of the legend


@dataclasses.dataclass(frozen=True, slots=True)
class Bars:
    """Horizontal bars: a group for each label, top to bottom, in it one for each of the series."""

    title: str
    axis: str
    labels: Sequence[str]
    series: Mapping[str, Sequence[float]]

    def save(self, path: Path) -> bool:
        """Write the bars as PNG; return False where matplotlib is not installed."""
        if importlib.util.find_spec("matplotlib") is None:
            return False
        n_series = len(self.series)
        n_lines = max((label.count("\n") + 1 for label in self.labels), default=1)
        width = 0.32 if n_series < _MANY else 0.24
        height = 1.6 + width * len(self.labels) * max(n_series, 0.75 * n_lines)
        # The Figure itself, not pyplot: no display, no global state.
        module = importlib.import_module("matplotlib.figure")
        figure = module.Figure(figsize=(8, height), layout="constrained")
        axes = figure.subplots()
        thickness = 0.8 / n_series
        for k, (name, values) in enumerate(self.series.items()):
            shift = (k - (n_series - 1) / 2) * thickness
            places = [row + shift for row in range(len(self.labels))]
            bars = axes.barh(places, values, height=thickness * 0.92, label=name)
            axes.bar_label(bars, labels=[*map(number, values)], padding=3, fontsize=8)
        axes.set_yticks(range(len(self.labels)), labels=list(self.labels))
        axes.invert_yaxis()
        axes.margins(x=0.12)
        axes.set_xlabel(self.axis)
        axes.set_title(self.title, loc="left", fontsize=11)
        axes.spines[["top", "right"]].set_visible(False)
        if n_series > 1:
            figure.legend(loc="outside lower center", ncols=min(n_series, _MANY), frameon=False)
        figure.savefig(path, dpi=150)
        return True
