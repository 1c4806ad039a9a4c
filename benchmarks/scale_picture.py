"""The picture of suite ``scale``: time and memory by size."""

from __future__ import annotations

import importlib
import importlib.util
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.report import Report

_MILLION, _GB = 1e6, 1e9


def draw(report: Report, path: Path) -> bool:
    """
    Draw seconds and peak memory over the number of documents.

    Parameters
    ----------
    report : Report
        With its rows and figures.
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
        figsize=(8, 4.2), layout="constrained"
    )
    time_axes, memory_axes = figure.subplots(1, 2)
    growing = [row for row in report.rows if not row["mark"]]
    sizes = [row["n"] / _MILLION for row in growing]
    limit = report.settings["memory_limit"]
    tight = report.settings["tight_limit"]
    series = (
        ("", f"within {limit}", "o-"),
        ("unlimited", "unlimited", "s"),
        ("tight", f"within {tight}", "^"),
        ("kept", f"within {tight}, work folder", "v"),
    )
    for mark, label, style in series:
        rows = [row for row in report.rows if row["mark"] == mark]
        at = [row["n"] / _MILLION for row in rows]
        time_axes.plot(at, _figures(report, "seconds", rows), style, label=label)
        memory = [value / _GB for value in _figures(report, "peak_bytes", rows)]
        memory_axes.plot(at, memory, style)
    first = report.figures[f"seconds_a_million.{growing[0]['n']}"]
    time_axes.plot(
        [0, sizes[-1]], [0, first * sizes[-1]], color="0.6", linestyle=":", label="in proportion"
    )
    for axes, name in ((time_axes, "seconds"), (memory_axes, "peak resident memory, GB")):
        axes.set_xlim(left=0)
        axes.set_ylim(bottom=0)
        axes.set_xlabel("documents, millions")
        axes.set_ylabel(name)
        axes.spines[["top", "right"]].set_visible(False)
    figure.suptitle(
        f"Parquet to clusters, policy {report.settings['policy']!r}", x=0.02, ha="left", fontsize=11
    )
    figure.legend(loc="outside lower center", ncols=5, fontsize=9, frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)
    return True


def _figures(report: Report, name: str, rows: Sequence[dict[str, Any]]) -> list[float]:
    keys = [f"{row['n']}.{row['mark']}" if row["mark"] else str(row["n"]) for row in rows]
    return [report.figures[f"{name}.{key}"] for key in keys]
