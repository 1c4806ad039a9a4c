"""A picture of precision against recall, legible when it is small."""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_F1_LINES = (0.5, 0.7, 0.9)
_LEAST_SHOWN = 0.15


@dataclasses.dataclass(frozen=True, slots=True)
class Curve:
    """
    One way to tell duplicates, at one setting or more.

    Attributes
    ----------
    name : str
        In the legend; the same in every panel.
    recall, precision : sequence of float
        One value a setting, in the order in which to connect them.
    names : sequence of str
        What to write beside each point; empty for nothing.
    """

    name: str
    recall: Sequence[float]
    precision: Sequence[float]
    names: Sequence[str]


@dataclasses.dataclass(frozen=True, slots=True)
class Panel:
    """
    Curves over the same pairs.

    Attributes
    ----------
    title : str
        What the pairs are.
    curves : sequence of Curve
        At most ten.
    """

    title: str
    curves: Sequence[Curve]


def draw_curves(panels: Sequence[Panel], path: Path) -> bool:
    """
    Draw panels side by side, with lines of equal F1.

    Parameters
    ----------
    panels : sequence of Panel
        Left to right.
    path : Path
        The PNG file.

    Returns
    -------
    bool
        False where matplotlib is not installed.
    """
    if importlib.util.find_spec("matplotlib") is None:
        return False
    # The Figure itself, not pyplot: no display, no global state.
    figure = importlib.import_module("matplotlib.figure").Figure(
        figsize=(4.2 * len(panels), 4.6), layout="constrained"
    )
    all_axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axes, panel in zip(all_axes, panels, strict=True):
        for f1 in _F1_LINES:
            recall = np.linspace(f1 / (2 - f1), 1, 50)
            axes.plot(recall, f1 * recall / (2 * recall - f1), color="0.85", linewidth=0.8)
            axes.text(1.005, f1 / (2 - f1), f"F1 {f1}", color="0.6", fontsize=7, va="center")
        for curve in panel.curves:
            is_point = len(curve.recall) == 1
            axes.plot(
                curve.recall,
                curve.precision,
                marker="*" if is_point else "o" if any(curve.names) else "",
                markersize=13 if is_point else 4,
                linewidth=1.2,
                label=curve.name,
            )
            for x, y, name in zip(curve.recall, curve.precision, curve.names, strict=True):
                axes.annotate(name, (x, y), xytext=(4, -9), textcoords="offset points", fontsize=7)
        axes.set_xlim(_LEAST_SHOWN, 1.0)
        axes.set_ylim(_LEAST_SHOWN, 1.01)
        axes.set_xlabel("recall")
        axes.set_title(panel.title, loc="left", fontsize=11)
        axes.spines[["top", "right"]].set_visible(False)
    all_axes[0].set_ylabel("precision")
    handles, labels = all_axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    figure.savefig(path, dpi=150)
    return True
