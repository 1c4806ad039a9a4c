"""
Suite ``browsing``: what the HTML report weighs, and how soon it opens and answers.

Chromium opens each report from disk, without a window, several times; the
middle one counts.
"""

from __future__ import annotations

import importlib
import importlib.util
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import corpora, datasets
from benchmarks.report import Report, Table

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from dedupe_news import Clustering

SUMMARY = "the HTML report: its size, and seconds to write it, to open it and to search in it"
NEEDS = "nothing; Chromium for all but writing, the real feed where it is there"
TAKES = "2 minutes (2 processors)"
QUICK = {"documents": 1_000}

_OPENED = 3
_QUERIES = ("storm", "police", "new york")
_FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
_SEARCH = """async (queries) => {
  const field = document.getElementById("clusters-search");
  const times = [];
  for (const query of queries) {
    const start = performance.now();
    field.value = query;
    field.dispatchEvent(new Event("input"));
    document.body.offsetHeight;  // laid out, too
    times.push(performance.now() - start);
    await new Promise((resume) => requestAnimationFrame(() => setTimeout(resume)));
  }
  return times;
}"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the suite."""
    parser.add_argument(
        "--documents", type=int, default=1_800_000, help="made-up items (default: 1800000)"
    )


def run(options: argparse.Namespace) -> Iterator[Report]:
    """Write reports, open them and search in them."""
    notes: list[str] = []
    n = options.documents
    results = {f"{n:,} made-up items": _made_up(n)}
    if options.quick or not datasets.has_real_data():
        notes.append("The real feed is left out.")
    else:
        results["the real feed"] = _real()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None or importlib.util.find_spec("playwright") is None:
        notes.append("Chromium or playwright is not on this machine: reports were not opened.")
        chromium = None
    report = Report(
        name="browsing",
        title="The HTML report: size, opening, searching",
        settings={"opened": _OPENED, "queries": list(_QUERIES)},
        notes=notes,
    )
    with tempfile.TemporaryDirectory() as folder:
        for label, result in results.items():
            report.rows.append(_measure(label, result, Path(folder) / "report.html", chromium))
    for row in report.rows:
        for figure in ("megabytes", "write_s", "first_s", "all_s", "search_ms"):
            if row[figure] is not None:
                report.figures[f"{figure}.{row['result']}"] = row[figure]
    report.tables.append(_table(report.rows))
    yield report


def _measure(label: str, result: Clustering, path: Path, chromium: str | None) -> dict[str, Any]:
    # What a result keeps is made before the clock starts, but for what templates say.
    n_clusters = len(result.clusters)
    start = time.perf_counter()
    result.report(path)
    row: dict[str, Any] = {
        "result": label,
        "n_documents": len(result),
        "n_clusters": n_clusters,
        "megabytes": path.stat().st_size / 1e6,
        "write_s": time.perf_counter() - start,
        "first_s": None,
        "all_s": None,
        "search_ms": None,
    }
    if chromium is not None:
        row |= _open(path, chromium)
    return row


def _open(path: Path, chromium: str) -> dict[str, float]:
    """Return seconds until the first cluster is on view, and all are read, and of a search."""
    api = importlib.import_module("playwright.sync_api")
    first, every, searches = [], [], []
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(_FLAGS))
        for _ in range(_OPENED):
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            start = time.perf_counter()
            page.goto(path.as_uri(), wait_until="commit")
            page.wait_for_selector("[role=option]")
            first.append(time.perf_counter() - start)
            page.wait_for_selector("html[data-ready]")
            every.append(time.perf_counter() - start)
            searches += page.evaluate(_SEARCH, list(_QUERIES))
            page.close()
        browser.close()
    return {
        "first_s": statistics.median(first),
        "all_s": statistics.median(every),
        "search_ms": statistics.median(searches),
    }


def _made_up(n_items: int) -> Clustering:
    from dedupe_news import cluster  # noqa: PLC0415 - not while the command line is read

    feed = corpora.made_up_feed(n_items, datasets.SEED)
    published = [f"{moment}Z" for moment in feed.published.astype("datetime64[us]")]
    columns = {"title": feed.title, "text": feed.description, "source": feed.source}
    return cluster({**columns, "published": published}, policy="similar", progress=False)


def _real() -> Clustering:
    from dedupe_news import cluster  # noqa: PLC0415 - as above

    return cluster(datasets.read(datasets.TEASERS), text="description", progress=False)


_COLUMNS = {
    "n_documents": ("documents", ",.0f"),
    "n_clusters": ("clusters", ",.0f"),
    "megabytes": ("MB", ".1f"),
    "write_s": ("written in, s", ".1f"),
    "first_s": ("first cluster on view, s", ".2f"),
    "all_s": ("all read, s", ".2f"),
    "search_ms": ("search, ms", ".0f"),
}


def _table(rows: list[dict[str, Any]]) -> Table:
    cells = [
        [row["result"], *(f"{row[name]:{form}}" if row[name] is not None else "—"
                          for name, (_, form) in _COLUMNS.items())]
        for row in rows
    ]  # fmt: skip
    headings = ("result", *(heading for heading, _ in _COLUMNS.values()))
    note = "Opened from disk; the page answers from the first cluster on."
    return Table("", headings, cells, note)
