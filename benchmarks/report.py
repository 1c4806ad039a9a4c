"""What a suite hands in: tables for people, figures for programs and targets, a picture."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from benchmarks.pictures import Bars

FORMAT = 3
"""Version of the JSON that `benchmarks/README.md` documents."""

TARGETS = Path(__file__).with_name("targets.json")
VERDICTS = {True: "met", False: "**missed**", None: "not measured"}


@dataclasses.dataclass(frozen=True, slots=True)
class Table:
    """Rows of formatted cells under headings; the first column names the row."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""

    def markdown(self) -> str:
        """Return title, note and a pipe table, numbers to the right."""
        title = f"### {self.title}\n\n" if self.title else ""
        note = f"{self.note}\n\n" if self.note else ""
        return f"{title}{note}{self.pipes()}\n"

    def pipes(self) -> str:
        """Return the table alone."""
        rule = ["---", *["---:"] * (len(self.headings) - 1)]
        return "\n".join(f"| {' | '.join(row)} |" for row in (self.headings, rule, *self.rows))


@dataclasses.dataclass(slots=True)
class Report:
    """
    The outcome of a part of a suite.

    `name` is that of its files and of its targets, `figures` are single numbers by name,
    `rows` the measurements unrounded, `failures` checks of the answers that failed, and
    `notes` what was skipped or bounded.
    """

    name: str
    title: str
    settings: dict[str, Any]
    tables: list[Table] = dataclasses.field(default_factory=list)
    rows: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    figures: dict[str, float] = dataclasses.field(default_factory=dict)
    failures: list[str] = dataclasses.field(default_factory=list)
    notes: list[str] = dataclasses.field(default_factory=list)
    picture: Bars | None = None

    def tabulate_figures(self, title: str, note: str, units: Mapping[str, str]) -> None:
        """Add a table of single figures: those that `units` names, in its words."""
        rows = [
            [words, number(self.figures[name])]
            for name, words in units.items()
            if name in self.figures
        ]
        self.tables.append(Table(title, ("", "value"), rows, note))

    def as_dict(self) -> dict[str, Any]:
        """Return what goes into the file, but for machine, versions and time."""
        return {
            "format": FORMAT,
            "name": self.name,
            "title": self.title,
            "settings": self.settings,
            "tables": [dataclasses.asdict(table) for table in self.tables],
            "rows": self.rows,
            "figures": self.figures,
            "targets": [
                target.outcome(self.figures)
                for target in read_targets(self.name)
                if target.bounds()
            ],
            "failures": self.failures,
            "notes": self.notes,
        }


@dataclasses.dataclass(frozen=True, slots=True)
class Target:
    """
    One figure of one report, with inclusive bounds.

    `words`, with a unit, are those of the page's glance, under a question; none if it is not
    shown there.
    """

    report: str
    figure: str
    least: float | None = None
    most: float | None = None
    question: str = ""
    words: str = ""
    unit: str = ""

    def bounds(self) -> str:
        """Return the bounds for people."""
        low = [] if self.least is None else [f"≥ {number(self.least)}"]
        high = [] if self.most is None else [f"≤ {number(self.most)}"]
        return ", ".join(low + high)

    def met(self, figures: Mapping[str, float]) -> bool | None:
        """Return whether the figure is within its bounds; None where it was not measured."""
        if self.figure not in figures:
            return None
        value = figures[self.figure]
        too_low = self.least is not None and value < self.least
        return not (too_low or (self.most is not None and value > self.most))

    def outcome(self, figures: Mapping[str, float]) -> dict[str, Any]:
        """Return figure, bounds for people, value and verdict."""
        return {
            "figure": self.figure,
            "bounds": self.bounds(),
            "value": figures.get(self.figure),
            "met": self.met(figures),
        }


def read_targets(report: str | None = None, path: Path = TARGETS) -> list[Target]:
    """Return the recorded targets of a report, or of all."""
    recorded = json.loads(path.read_text(encoding="utf-8"))["targets"]
    return [Target(**target) for target in recorded if report in {None, target["report"]}]


def markdown(report: Mapping[str, Any], picture: str | None = None) -> str:
    """Return the file of a report for people: picture, tables, failed checks, notes."""
    parts = [f"## {report['title']}\n"]
    if picture is not None:
        parts.append(f"![{report['title']}]({picture})\n")
    parts += [Table(**table).markdown() for table in report["tables"]]
    for heading, lines in (("### Failed checks\n\n", report["failures"]), ("", report["notes"])):
        if lines:
            parts.append(heading + "".join(f"- {line}\n" for line in lines))
    parts.append(f"`{report['name']}`, {report['made'][:10]}.\n")
    return "\n".join(parts)


def targets_table(reports: Iterable[Mapping[str, Any]]) -> Table:
    """Return the targets of reports, with what was measured."""
    rows = [
        (f"{report['name']}: {each['figure']}", each["bounds"], number(each["value"]),
         VERDICTS[each["met"]])
        for report in reports
        for each in report["targets"]
    ]  # fmt: skip
    return Table("", ("figure", "target", "measured", ""), rows)


def number(value: float | None) -> str:
    """Return three significant figures, thousands parted, never rounded up to 1; or a dash."""
    if value is None:
        return "—"
    if float(value).is_integer() or abs(value) >= 1000:  # noqa: PLR2004 - no decimals there
        return f"{value:,.0f}"
    if 0.9 < value < 1:  # noqa: PLR2004 - a recall: what is missing from 1 matters
        return f"{math.floor(value * 1e5) / 1e5:g}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"  # noqa: PLR2004 - likewise
