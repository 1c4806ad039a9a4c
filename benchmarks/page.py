"""
The page of results: ``docs/benchmarks.md``, from the JSON that the suites wrote.

Only what stands between two marks of the page is written; the words around it
are for people to edit. Equal results give an equal page.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.datasets import ROOT
from benchmarks.report import FORMAT, RESULTS, Table, Target, number

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence

SUMMARY = "the page of results anew, from what was measured"
NEEDS = "results in benchmarks/results"
TAKES = "a moment"

PAGE = ROOT / "docs" / "benchmarks.md"
BEGIN = "<!-- benchmarks: begin; written by the benchmark suite -->"
END = "<!-- benchmarks: end -->"
NO_FIGURES = "No figures yet.\n"

_PICTURES = Path("pictures") / "benchmarks"
_GIB = 2**30

# Reports by the beginnings of their names, the first that fits; others come last.
_SECTIONS = (
    "speed-real",
    "speed-made-up",
    "threshold",
    "recall",
    "quality",
    "fit-classifier",
    "learn",
    "quality-",
    "speed-whole-feed",
    "speed-parquet",
    "speed-batch",
    "speed-index",
    "speed-start",
    "speed-",
    "latency-",
    "soak-",
    "browsing",
)

# What to look at first: words, report, figure, how to write it.
_GLANCE = (
    ("texts to clusters, 100,000 English teasers", "speed-real-100000", "documents_per_s.ours"),
    ("the same, times as fast as gaoya", "speed-real-100000", "times.gaoya-128"),
    ("the same, times as fast as rensa", "speed-real-100000", "times.rensa-128"),
    ("the same, times as fast as datasketch", "speed-real-100000", "times.datasketch-128"),
    ("the same, recall of all pairs at 0.7 or above", "speed-real-100000", "recall.ours"),
    ("the same, precision", "speed-real-100000", "precision.ours"),
    ("pairs at 0.7 to 0.8, share found", "threshold", "found.dedupe_news.0.7"),
    ("the same by datasketch, with its defaults", "threshold", "found.datasketch.0.7"),
    ("duplicates, pairs of feeds unseen: F1", "quality", "unseen.all.pooled.f1"),
    ("the same, mean of the feeds", "quality", "unseen.all.macro_f1"),
    ("duplicates, as shipped: F1", "quality", "full.all.pooled.f1"),
    ("the same, mean of the feeds", "quality", "full.all.macro_f1"),
    ("exact Jaccard similarity at 0.5 on these pairs: F1", "quality", "similar_0.5.all.pooled.f1"),
    ("the same, mean of the feeds", "quality", "similar_0.5.all.macro_f1"),
    ("every duplicate of four stretches: F1", "quality", "full.duplicates.all.f1"),
    ('a feed of 417,359 from Parquet, `"similar"`: seconds', "speed-whole-feed", "seconds"),
    ("the same by default: seconds", "speed-whole-feed-news", "seconds"),
    ("index of a million, add: µs, median", "speed-index-1000000", "add_us.median"),
    ("the same, query: µs, median", "speed-index-1000000", "query_us.median"),
    ("the same, bytes a document", "speed-index-1000000", "bytes_per_document"),
    ("a million in a file, add: µs, median", "latency-sqlite-news-1000000", "add_us.median"),
    ("the same, query: µs, median", "latency-sqlite-news-1000000", "query_us.median"),
)
_UNITS = {"documents_per_s": " documents/s", "times": "×"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """
    Declare the options of ``page``.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Its parser.
    """
    parser.add_argument(
        "--output",
        type=Path,
        default=RESULTS,
        help="folder that the suites wrote to (default: benchmarks/results)",
    )


def run(options: argparse.Namespace) -> int:
    """
    Write the page.

    Parameters
    ----------
    options : argparse.Namespace
        As `add_arguments` declares them.

    Returns
    -------
    int
        Exit code 0.
    """
    write(options.output, page_of(options.output))
    return 0


def page_of(results: Path) -> Path:
    """
    Return the page that shows results.

    Parameters
    ----------
    results : Path
        Folder that the suites wrote to.

    Returns
    -------
    Path
        The documentation's page for the results that are kept, else one beside them.
    """
    return PAGE if results.resolve() == RESULTS else results / "benchmarks.md"


def write(results: Path, page: Path) -> None:
    """
    Write results into a page, and their pictures beside it.

    Parameters
    ----------
    results : Path
        Folder that the suites wrote to.
    page : Path
        Made where it is not there; else only what is between the marks changes.
    """
    before, _, rest = _text_of(page).partition(BEGIN)
    after = rest.partition(END)[2]
    body = render(results)
    page.parent.mkdir(parents=True, exist_ok=True)
    content = f"{before}{BEGIN}\n{body}{END}{after}"
    page.write_text(content, encoding="utf-8", newline="\n")
    pictures = page.parent / _PICTURES
    shutil.rmtree(pictures, ignore_errors=True)
    for picture in sorted(results.glob("*.png")):
        if f"]({_PICTURES.as_posix()}/{picture.name})" in body:
            pictures.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(picture, pictures / picture.name)


def _text_of(page: Path) -> str:
    if page.is_file():
        text = page.read_text(encoding="utf-8")
        if BEGIN in text and END in text:
            return text
    return f"# Benchmarks\n\n{BEGIN}\n{END}\n"


def render(results: Path) -> str:
    """
    Return what goes between the marks.

    Parameters
    ----------
    results : Path
        Folder that the suites wrote to.

    Returns
    -------
    str
        Markdown: a glance, targets, every report with its picture, how to repeat it.
    """
    reports, left_out = read_reports(results)
    if not reports:
        return NO_FIGURES
    parts = [_glance(reports), _targets(reports), *(_section(each, results) for each in reports)]
    if left_out:
        words = "".join(
            f"- `{name}` is of another format than {FORMAT}, and left out: run its suite again.\n"
            for name in left_out
        )
        parts.append(f"## Left out\n\n{words}")
    parts.append(_provenance(reports))
    return "\n".join(part for part in parts if part)


def read_reports(results: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """
    Return the reports of a folder.

    Parameters
    ----------
    results : Path
        Folder that the suites wrote to.

    Returns
    -------
    tuple of list of dict and list of str
        Reports as `benchmarks/README.md` documents them, in the order of the
        page; names of the files of other formats.
    """
    reports, left_out = [], []
    for path in sorted(results.glob("*.json")):
        report = json.loads(path.read_text(encoding="utf-8"))
        if report.get("format") == FORMAT:
            reports.append(report)
        else:
            left_out.append(path.name)
    return sorted(reports, key=lambda report: (_place(report["name"]), report["name"])), left_out


def _place(name: str) -> int:
    for place, beginning in enumerate(_SECTIONS):
        if name == beginning or (beginning != "quality" and name.startswith(beginning)):
            return place
    return len(_SECTIONS)


def _glance(reports: Sequence[dict[str, Any]]) -> str:
    figures = {report["name"]: report["figures"] for report in reports}
    rows = [
        (words, _figure(figure, figures[name][figure]))
        for words, name, figure in _GLANCE
        if figure in figures.get(name, {})
    ]
    return (
        Table("", ("", "measured"), rows).markdown().replace("### ", "## At a glance", 1)
        if (rows)
        else ""
    )


def _figure(name: str, value: float) -> str:
    if name.endswith(".f1"):
        return f"{value:.3f}"
    return number(value) + _UNITS.get(name.partition(".")[0], "")


def _targets(reports: Sequence[dict[str, Any]]) -> str:
    verdicts = {True: "met", False: "**missed**", None: "not measured"}
    rows = [
        (
            f"{report['name']}: {target['figure']}",
            Target(report["name"], target["figure"], target["least"], target["most"]).bounds(),
            number(target["value"]),
            verdicts[target["met"]],
        )
        for report in reports
        for target in report["targets"]
    ]
    if not rows:
        return ""
    n_met = sum(row[-1] == "met" for row in rows)
    table = Table("", ("figure", "target", "measured", ""), rows).markdown().partition("\n\n")[2]
    return (
        f"## Targets\n\nBounds that the figures are held against, from `benchmarks/targets.json`: "
        f"{n_met} of {len(rows)} are met.\n\n"
        f'??? note "All of them"\n\n{_indented(table)}'
    )


def _section(report: dict[str, Any], results: Path) -> str:
    parts = [f"## {report['title']}\n"]
    if (results / f"{report['name']}.png").is_file():
        parts.append(f"![{report['title']}]({_PICTURES.as_posix()}/{report['name']}.png)\n")
    parts += [Table(**table).markdown() for table in report["tables"]]
    for kind, heading in (("failures", "### Failed checks\n\n"), ("words", "")):
        if report[kind]:
            parts.append(heading + "".join(f"- {word}\n" for word in report[kind]))
    parts.append(f"`{report['name']}`, {report['made'][:10]}.\n")
    return "\n".join(parts)


def _provenance(reports: Sequence[dict[str, Any]]) -> str:
    """Return machine, versions and dates, once for all reports that agree in them."""
    machines = _distinct(_machine(report["machine"]) for report in reports)
    versions = _distinct(
        ", ".join(f"{name} {version}" for name, version in report["versions"].items())
        for report in reports
    )
    days = sorted(report["made"][:10] for report in reports)
    loads = [load for report in reports if (load := report["machine"]["load"]) is not None]
    latencies = [each for report in reports if (each := report["machine"].get("memory_ns"))]
    sources = _distinct(report["source"] for report in reports)
    lines = [
        "## Machine, versions, dates\n",
        *(f"- {machine}" for machine in machines),
        *(f"- {each}" for each in versions),
        f"- Measured {days[0]}" + (f" to {days[-1]}" if days[-1] != days[0] else ""),
    ]
    if loads:
        lines.append(
            f"- Load over the last minute, as each ended: {min(loads):g} to {max(loads):g}"
        )
    if latencies:
        lines.append(
            f"- Memory answered within {min(latencies)} to {max(latencies)} ns, as each ended"
        )
    if len(sources) > 1:
        lines.append(
            f"- The figures are of {len(sources)} states of the source: "
            "`python -m benchmarks all` makes all of them anew."
        )
    return "\n".join(lines) + "\n"


def _machine(box: dict[str, Any]) -> str:
    return (
        f"{box['processor']}, {box['n_processors']} processors, "
        f"{box['memory_bytes'] / _GIB:.0f} GiB, {box['system']}"
    )


def _distinct(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _indented(text: str) -> str:
    return "".join(f"    {line}\n" if line else "\n" for line in text.splitlines())
