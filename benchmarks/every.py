"""
All suites in turn: ``python -m benchmarks all``.

Each runs in a process of its own, so that none sees the memory, the caches or the end of
another: where one fails, the others still run, and the page of results is written from what
there is. Peers and data that are not there are skipped with a word.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import page
from benchmarks.datasets import ROOT
from benchmarks.process import say
from benchmarks.publish import QUICK_RESULTS, RESULTS, keep_from_git

if TYPE_CHECKING:
    import argparse

SUMMARY = "every suite, and the page of results"
NEEDS = "an idle machine; the real feed where it is there, and the peers that are installed"
TAKES = "45 minutes; 4 with --quick, in small (2 processors)"

SUITES = (
    "speed",
    "latency",
    "recall",
    "quality",
    "scale",
    "spark",
    "soak",
    "browsing",
)
"""Modules with ``SUMMARY``, ``NEEDS``, ``TAKES``, ``QUICK``, ``add_arguments`` and ``run``."""

MORE = {"quality": ("--peers", "--leave-one-out")}
"""What a whole run adds to the options of a suite."""

DATA_MISSING = 3
"""Exit code of a suite without its data; 2 is that of a wrong command line."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``all``."""
    parser.add_argument(
        "--quick", action="store_true", help="in small: shows that all works, measures little"
    )
    parser.add_argument("--output", type=Path, help="folder for what is written")
    parser.add_argument(
        "--check", action="store_true", help="fail if a target in targets.json is missed"
    )
    parser.add_argument("--suites", nargs="+", choices=SUITES, help="these alone, in this order")


def run(options: argparse.Namespace) -> int:
    """Run every suite, write the page, and return 1 if a suite failed, else 0."""
    output = (options.output or (QUICK_RESULTS if options.quick else RESULTS)).resolve()
    if options.quick:
        keep_from_git(output)
    if options.suites is None:
        # The page is of this run alone.
        for old in (*output.glob("*.json"), *output.glob("*.png")):
            old.unlink()
    outcomes, code = [], 0
    for suite in options.suites or SUITES:
        arguments = ["--quick"] if options.quick else list(MORE.get(suite, ()))
        arguments += ["--check"] if options.check else []
        command = ["-m", "benchmarks", suite, *arguments, "--output", str(output)]
        say(f"=== python {' '.join(command)}")
        began = time.perf_counter()
        done = subprocess.run([sys.executable, *command], cwd=ROOT, check=False)  # noqa: S603 - ourselves
        spent = f"{time.perf_counter() - began:.0f} s"
        if done.returncode == DATA_MISSING:
            outcomes.append(f"{suite}: skipped, its data is not on this machine")
        elif done.returncode:
            code = 1
            outcomes.append(f"{suite}: failed with exit code {done.returncode}, {spent}")
        else:
            outcomes.append(f"{suite}: measured, {spent}")
        # After each: what was measured is seen, whatever comes.
        page.write(output, page.page_of(output))
    say("\n".join(["", *outcomes, f"wrote {page.page_of(output)}"]))
    return code
