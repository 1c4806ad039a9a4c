"""
What a suite writes: a Markdown table, JSON with machine and versions, a picture.

`benchmarks/README.md` documents the JSON; `FORMAT` is its version.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import importlib.metadata
import importlib.util
import json
import math
import os
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import memory

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

FORMAT = 2
"""Version of the JSON that `Report.as_dict` describes."""

TARGETS = Path(__file__).with_name("targets.json")
RESULTS = Path(__file__).with_name("results")

_MANY = 3
"""Bars for one label that are drawn closer, and names in a row of the legend."""

_VERSIONED = (
    "dedupe_news",
    "numpy",
    "numba",
    "llvmlite",
    "xxhash",
    "pyarrow",
    "datasketch",
    "gaoya",
    "rensa",
)


@dataclasses.dataclass(frozen=True, slots=True)
class Table:
    """
    Rows under headings.

    Attributes
    ----------
    title : str
        Heading of the table.
    headings : sequence of str
        One a column; the first column names the row.
    rows : sequence of sequence of str
        Cells, formatted.
    note : str
        What a reader must know to read it.
    """

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""

    def markdown(self) -> str:
        """
        Return the table as Markdown.

        Returns
        -------
        str
            Title, note and a pipe table; numbers to the right.
        """
        rule = ["---", *["---:"] * (len(self.headings) - 1)]
        lines = [self.headings, rule, *self.rows]
        table = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
        note = f"{self.note}\n\n" if self.note else ""
        return f"### {self.title}\n\n{note}{table}\n"


@dataclasses.dataclass(frozen=True, slots=True)
class Bars:
    """
    A picture: horizontal bars, grouped.

    Attributes
    ----------
    title, axis : str
        Title, and the label of the axis with its unit.
    labels : sequence of str
        One a group of bars, top to bottom.
    series : mapping of str to sequence of float
        One bar a label, by the name in the legend.
    line : float, optional
        A value to mark across all bars.
    """

    title: str
    axis: str
    labels: Sequence[str]
    series: Mapping[str, Sequence[float]]
    line: float | None = None


@dataclasses.dataclass(slots=True)
class Report:
    """
    The outcome of one part of a suite.

    Attributes
    ----------
    name : str
        Name of its files, and of its targets in ``targets.json``.
    title : str
        One line for people.
    settings : dict
        What was measured: corpus, threshold, repetitions.
    tables : list of Table
        For people.
    rows : list of dict
        The same for programs, unrounded.
    figures : dict of str to float
        Single numbers by name, for targets.
    failures : list of str
        Result checks that failed, in words.
    words : list of str
        What was skipped or bounded, in words.
    bars : Bars, optional
        The picture.
    """

    name: str
    title: str
    settings: dict[str, Any]
    tables: list[Table] = dataclasses.field(default_factory=list)
    rows: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    figures: dict[str, float] = dataclasses.field(default_factory=dict)
    failures: list[str] = dataclasses.field(default_factory=list)
    words: list[str] = dataclasses.field(default_factory=list)
    bars: Bars | None = None

    def as_dict(self, targets: Sequence[Target]) -> dict[str, Any]:
        """
        Return the report as JSON-ready values.

        Parameters
        ----------
        targets : sequence of Target
            Targets to hold it against.

        Returns
        -------
        dict
            As ``benchmarks/README.md`` documents.
        """
        return {
            "format": FORMAT,
            "name": self.name,
            "title": self.title,
            "made": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            "machine": machine(),
            "versions": versions(),
            "source": source_digest(),
            "settings": self.settings,
            "tables": [dataclasses.asdict(table) for table in self.tables],
            "rows": self.rows,
            "figures": self.figures,
            "targets": [target.outcome(self.figures) for target in targets],
            "failures": self.failures,
            "words": self.words,
        }


@dataclasses.dataclass(frozen=True, slots=True)
class Target:
    """
    A bound on one figure of one report.

    Attributes
    ----------
    report, figure : str
        Which figure.
    least, most : float, optional
        Inclusive bounds.
    """

    report: str
    figure: str
    least: float | None = None
    most: float | None = None

    def met(self, figures: Mapping[str, float]) -> bool | None:
        """
        Return whether the figure is within its bounds.

        Parameters
        ----------
        figures : mapping of str to float
            Figures of the report.

        Returns
        -------
        bool or None
            None where the figure was not measured.
        """
        if self.figure not in figures:
            return None
        value = figures[self.figure]
        return not (
            (self.least is not None and value < self.least)
            or (self.most is not None and value > self.most)
        )

    def outcome(self, figures: Mapping[str, float]) -> dict[str, Any]:
        """
        Return bounds, value and verdict as JSON-ready values.

        Parameters
        ----------
        figures : mapping of str to float
            Figures of the report.

        Returns
        -------
        dict
            ``figure``, ``least``, ``most``, ``value``, ``met``.
        """
        return {
            "figure": self.figure,
            "least": self.least,
            "most": self.most,
            "value": figures.get(self.figure),
            "met": self.met(figures),
        }

    def bounds(self) -> str:
        """
        Return the bounds for people.

        Returns
        -------
        str
            Such as ``"≥ 8"``.
        """
        low = [] if self.least is None else [f"≥ {number(self.least)}"]
        high = [] if self.most is None else [f"≤ {number(self.most)}"]
        return ", ".join(low + high)


def read_targets(report: str, path: Path = TARGETS) -> list[Target]:
    """
    Return the recorded targets of one report.

    Parameters
    ----------
    report : str
        Its name.
    path : Path, optional
        The file of targets.

    Returns
    -------
    list of Target
        In the order of the file.
    """
    recorded = json.loads(path.read_text(encoding="utf-8"))["targets"]
    return [Target(**target) for target in recorded if target["report"] == report]


def publish(reports: Iterable[Report], folder: Path, *, check: bool) -> int:
    """
    Write reports, print their tables, and return the exit code of the suite.

    Parameters
    ----------
    reports : iterable of Report
        Published one by one as they come.
    folder : Path
        Where the files go; made if it is not there.
    check : bool
        Whether a missed target fails the suite.

    Returns
    -------
    int
        0 if all is well; 1 if a result check failed, or a target was missed
        and `check` is set.
    """
    code = 0
    folder.mkdir(parents=True, exist_ok=True)
    source = source_digest()
    for report in reports:
        if source_digest() != source:
            report.failures.append("the source changed while it was measured: run again")
        targets = read_targets(report.name)
        missed = [target for target in targets if target.met(report.figures) is False]
        if report.failures or (check and missed):
            code = 1
        if report.bars is not None and not draw(report.bars, folder / f"{report.name}.png"):
            report.words.append("No picture: matplotlib is not installed.")
        content = report.as_dict(targets)
        text = markdown(report, targets, content)
        (folder / f"{report.name}.md").write_text(text, encoding="utf-8")
        as_json = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
        (folder / f"{report.name}.json").write_text(as_json, encoding="utf-8")
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    return code


def markdown(report: Report, targets: Sequence[Target], content: Mapping[str, Any]) -> str:
    """
    Return a report as Markdown.

    Parameters
    ----------
    report : Report
        What was measured.
    targets : sequence of Target
        Its targets.
    content : mapping
        Its `Report.as_dict`.

    Returns
    -------
    str
        Tables, targets, failed checks, what was skipped, machine and versions.
    """
    parts = [f"## {report.title}\n", *[table.markdown() for table in report.tables]]
    if targets:
        verdicts = {True: "met", False: "**missed**", None: "not measured"}
        rows = [
            (target.figure, target.bounds(), number(value), verdicts[target.met(report.figures)])
            for target in targets
            for value in [report.figures.get(target.figure)]
        ]
        parts.append(Table("Targets", ("figure", "target", "measured", ""), rows).markdown())
    if report.failures:
        parts.append("### Failed checks\n\n" + "\n".join(f"- {f}" for f in report.failures) + "\n")
    if report.words:
        parts.append("\n".join(f"- {word}" for word in report.words) + "\n")
    box = content["machine"]
    installed = ", ".join(f"{name} {version}" for name, version in content["versions"].items())
    parts.append(
        f"{content['made']}; {box['processor']}, {box['n_processors']} processors, "
        f"{box['memory_bytes'] / 2**30:.0f} GiB answering within {box['memory_ns']} ns, "
        f"{box['system']}, "
        f"load {box['load']}; {installed}.\n"
    )
    return "\n".join(parts)


def number(value: float | None) -> str:
    """
    Return a number with three significant figures, thousands parted; never rounded up to 1.

    Parameters
    ----------
    value : float or None
        A figure.

    Returns
    -------
    str
        A dash for None.
    """
    if value is None:
        return "—"
    if float(value).is_integer() or abs(value) >= 1000:  # noqa: PLR2004 - no decimals there
        return f"{value:,.0f}"
    if 0.9 < value < 1:  # noqa: PLR2004 - a recall: what is missing from 1 matters
        return f"{math.floor(value * 1e5) / 1e5:g}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"  # noqa: PLR2004 - likewise


def source_digest() -> str:
    """
    Return a digest of the source of the library and of the suites.

    Returns
    -------
    str
        Processes that start at different times are of one version while it
        stays the same.
    """
    digest = hashlib.sha256()
    library = importlib.util.find_spec("dedupe_news")
    folders = [Path(__file__).parent]
    if library is not None and library.submodule_search_locations:
        folders += map(Path, library.submodule_search_locations)
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def machine() -> dict[str, Any]:
    """
    Return what the figures depend on: processor, memory and its latency, system, load.

    Returns
    -------
    dict
        Names no person and no host.
    """
    has_load = hasattr(os, "getloadavg")
    return {
        "processor": _processor(),
        "n_processors": _n_processors(),
        "memory_bytes": _memory_bytes(),
        "memory_ns": round(memory.latency_ns()),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "load": round(os.getloadavg()[0], 2) if has_load else None,
    }


def versions() -> dict[str, str]:
    """
    Return the versions of Python and of the packages that matter.

    Returns
    -------
    dict of str to str
        Those installed.
    """
    found = {"python": platform.python_version()}
    for name in _VERSIONED:
        if importlib.util.find_spec(name) is None:
            continue
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "checkout"
    return found


def draw(bars: Bars, path: Path) -> bool:
    """
    Draw a picture.

    Parameters
    ----------
    bars : Bars
        What to draw.
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
    n_series = len(bars.series)
    n_lines = max((label.count("\n") + 1 for label in bars.labels), default=1)
    height = 1.6 + (0.32 if n_series < _MANY else 0.24) * len(bars.labels) * max(
        n_series, 0.75 * n_lines
    )
    figure = importlib.import_module("matplotlib.figure").Figure(
        figsize=(8, height), layout="constrained"
    )
    axes = figure.subplots()
    thickness = 0.8 / n_series
    for k, (name, values) in enumerate(bars.series.items()):
        places = [row + (k - (n_series - 1) / 2) * thickness for row in range(len(bars.labels))]
        drawn = axes.barh(places, values, height=thickness * 0.92, label=name)
        axes.bar_label(
            drawn,
            labels=[number(value) for value in values],
            padding=3,
            fontsize=8,
            # Legible across the marked line.
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
        )
    axes.set_yticks(range(len(bars.labels)), labels=list(bars.labels))
    axes.invert_yaxis()
    if bars.line is not None:
        axes.axvline(bars.line, color="black", linewidth=0.8, linestyle="--")
    axes.margins(x=0.12)
    axes.set_xlabel(bars.axis)
    axes.set_title(bars.title, loc="left", fontsize=11)
    axes.spines[["top", "right"]].set_visible(False)
    if n_series > 1:
        figure.legend(loc="outside lower center", ncols=min(n_series, _MANY), frameon=False)
    figure.savefig(path, dpi=150)
    return True


def _processor() -> str:
    cpu_info = Path("/proc/cpuinfo")
    if cpu_info.is_file():
        for line in cpu_info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _n_processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _memory_bytes() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 0
