"""
The page of results: ``docs/benchmarks.md``, from the JSON that the suites wrote.

Only what stands between two marks of the page is written; the words around it are for people
to edit. Equal results give an equal page.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.datasets import ROOT
from benchmarks.publish import RESULTS, read_reports
from benchmarks.report import VERDICTS, Table, markdown, number, read_targets, targets_table

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence

SUMMARY = "the page of results anew, from what was measured"
NEEDS = "results in benchmarks/results"
TAKES = "a moment"

PAGE = ROOT / "docs" / "benchmarks.md"
BEGIN = "<!-- benchmarks: begin; written by `python -m benchmarks report` -->"
END = "<!-- benchmarks: end -->"
NO_FIGURES = "No figures yet: `python -m benchmarks all` measures them.\n"

_PICTURES = Path("pictures") / "benchmarks"
_GIB = 2**30

# Chapters of the page: the question, and the beginnings of the names of its reports.
_CHAPTERS = {
    "Is it right?": ("quality", "learn"),
    "Does it find all pairs?": ("recall", "threshold"),
    "How fast is a batch?": ("speed-real", "speed-made-up", "speed-"),
    "How fast is an index?": ("latency-",),
    "How much does it hold?": ("scale-", "spark-", "soak-", "browsing"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``report``."""
    parser.add_argument(
        "--output", type=Path, default=RESULTS, help="folder that the suites wrote to"
    )


def run(options: argparse.Namespace) -> int:
    """Write the page, and return 0."""
    write(options.output, page_of(options.output))
    return 0


def page_of(results: Path) -> Path:
    """Return the documentation's page for the results that stay, else one beside them."""
    return PAGE if results.resolve() == RESULTS else results / "benchmarks.md"


def write(results: Path, page: Path) -> None:
    """Write results between the marks of a page, made if it is not there, and their pictures."""
    text = page.read_text(encoding="utf-8") if page.is_file() else ""
    if BEGIN not in text or END not in text:
        text = f"# Benchmarks\n\n{BEGIN}\n{END}\n"
    before, _, rest = text.partition(BEGIN)
    body = render(results)
    content = f"{before}{BEGIN}\n{body}{END}{rest.partition(END)[2]}"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(content, encoding="utf-8", newline="\n")
    pictures = page.parent / _PICTURES
    shutil.rmtree(pictures, ignore_errors=True)
    for picture in sorted(results.glob("*.png")):
        if f"]({_PICTURES.as_posix()}/{picture.name})" in body:
            pictures.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(picture, pictures / picture.name)


def render(results: Path) -> str:
    """Return what goes between the marks: a glance, the reports by chapter, targets, machine."""
    reports = read_reports(results)
    if not reports:
        return NO_FIGURES
    parts = [_glance(reports)]
    for question, beginnings in _CHAPTERS.items():
        members = [
            report
            for beginning in beginnings
            for report in reports
            if next(filter(report["name"].startswith, beginnings), None) == beginning
        ]
        if members:
            parts.append(f"## {question}\n")
            parts += [_section(report, results) for report in members]
    parts.append(_targets(reports))
    parts.append(_provenance(reports))
    return "\n".join(part for part in parts if part)


def _section(report: dict[str, Any], results: Path) -> str:
    name = f"{report['name']}.png"
    picture = f"{_PICTURES.as_posix()}/{name}" if (results / name).is_file() else None
    # A level deeper: the questions are the chapters.
    return markdown(report, picture).replace("### ", "#### ").replace("## ", "### ", 1)


def _glance(reports: Sequence[dict[str, Any]]) -> str:
    """Return what matters most, each figure with its target."""
    by_name = {report["name"]: report["figures"] for report in reports}
    rows: list[tuple[str, str, str]] = []
    asked = set()
    for target in read_targets():
        figures = by_name.get(target.report, {})
        if not target.words or target.figure not in figures:
            continue
        if target.question not in asked:
            asked.add(target.question)
            rows.append((f"**{target.question}**", "", ""))
        is_missed = target.met(figures) is False
        figure = figures[target.figure]
        value = f"{figure:.3f}" if target.figure.endswith("f1") else number(figure) + target.unit
        bounds = target.bounds() + (f", {VERDICTS[False]}" if is_missed else "")
        rows.append((target.words, value, bounds))
    headings = ("", "measured", "target")
    return f"## At a glance\n\n{Table('', headings, rows).markdown()}" if rows else ""


def _targets(reports: Sequence[dict[str, Any]]) -> str:
    table = targets_table(reports)
    if not table.rows:
        return ""
    n_met = sum(row[-1] == VERDICTS[True] for row in table.rows)
    lines = "".join(f"    {line}\n" for line in table.pipes().splitlines())
    return (
        f"## Targets\n\nBounds that the figures are held against, from `benchmarks/targets.json`: "
        f'{n_met} of {len(table.rows)} are met.\n\n??? note "All of them"\n\n{lines}'
    )


def _provenance(reports: Sequence[dict[str, Any]]) -> str:
    """Return machine, versions and dates, once for all reports that agree in them."""

    def distinct(values: Iterable[str]) -> list[str]:
        return list(dict.fromkeys(values))

    machines = [report["machine"] for report in reports]
    boxes = distinct(
        f"{box['processor']}, {box['n_processors']} processors, "
        f"{box['memory_bytes'] / _GIB:.0f} GiB, {box['system']}"
        for box in machines
    )
    versions = distinct(
        ", ".join(f"{name} {version}" for name, version in report["versions"].items())
        for report in reports
    )
    days = distinct(sorted(report["made"][:10] for report in reports))
    loads = [box["load"] for box in machines if box["load"] is not None]
    commits = distinct(report["commit"] or "unknown" for report in reports)
    lines = [
        *boxes,
        *versions,
        f"Measured {' to '.join((days[0], days[-1])[: len(days)])}, commit {'; '.join(commits)}",
        *(
            [f"Load over the last minute, as each ended: {min(loads):g} to {max(loads):g}"]
            if loads
            else []
        ),
    ]
    n_sources = len({report["source"] for report in reports})
    if n_sources > 1:
        lines.append(
            f"The figures are of {n_sources} states of the source: `python -m benchmarks all` "
            "makes all of them anew."
        )
    return "## Machine, versions, dates\n\n" + "".join(f"- {line}\n" for line in lines)
