"""
All suites in turn: ``python -m benchmarks all``.

Each runs in a process of its own, so that none sees the memory, the caches or
the end of another: where one fails, the others still run, and the page of
results is written from what there is. Peers and data that are not there are
skipped with a word.
"""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import page
from benchmarks.datasets import ROOT
from benchmarks.report import RESULTS

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

SUMMARY = "every suite, and the page of results"
NEEDS = "an idle machine; the real feed where it is there, and the peers that are installed"
TAKES = "under 5 minutes with --quick, in small; two hours and a half for all (2 processors)"

QUICK_RESULTS = RESULTS / "quick"
"""Figures made in a hurry: git ignores them, and they replace none of the others."""

_SMALL = "20000"
_DATA_MISSING = 2


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """
    One run of one suite.

    Attributes
    ----------
    suite : str
        Its name on the command line.
    arguments : tuple of str
        Its options.
    """

    suite: str
    arguments: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the step as it would be typed."""
        return " ".join((self.suite, *self.arguments))


def steps(suites: Sequence[str], *, quick: bool) -> list[Step]:
    """
    Return what to run.

    Parameters
    ----------
    suites : sequence of str
        Names of all suites.
    quick : bool
        In small: a made-up feed of 20,000, few repetitions, no classifier fitted.

    Returns
    -------
    list of Step
        In the order of `suites`. One that is not named here runs as it is by
        default, and not at all where it has to be quick.
    """
    if quick:
        planned: dict[str, list[tuple[str, ...]]] = {
            "speed": [
                (
                    *("--part", "all", "--documents", _SMALL, "--repetitions", "3"),
                    *("--peer-documents", "5000", "--index-queries", "2000", "--no-cold"),
                )
            ],
            "recall": [("--documents", _SMALL)],
            "threshold": [("--pairs", "2000")],
            "quality": [("--part", "pairs", "--quick"), ("--part", "teasers")],
        }
        return [Step(suite, each) for suite in suites for each in planned.get(suite, [])]
    options = {
        "speed": ("--part", "all"),
        "quality": ("--part", "all", "--peers", "--leave-one-out"),
        "fit-classifier": ("--ablate",),
    }
    return [Step(suite, options.get(suite, ())) for suite in suites]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """
    Declare the options of ``all``.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Its parser.
    """
    parser.add_argument(
        "--quick",
        action="store_true",
        help="in small, into benchmarks/results/quick: shows that all works, measures little",
    )
    parser.add_argument("--output", type=Path, help="folder for what is written")
    parser.add_argument(
        "--check", action="store_true", help="fail if a target in targets.json is missed"
    )


def run(options: argparse.Namespace) -> int:
    """
    Run every suite, and write the page.

    Parameters
    ----------
    options : argparse.Namespace
        As `add_arguments` declares them.

    Returns
    -------
    int
        Exit code: 0 if all is well or was skipped for want of data, else 1.
    """
    from benchmarks.__main__ import SUITES  # noqa: PLC0415 - which imports this module by name

    output: Path = options.output or (QUICK_RESULTS if options.quick else RESULTS)
    output = output.resolve()
    for folder in (output / "local", *([output] if options.quick else [])):
        keep_from_git(folder)
    outcomes = []
    for step in steps(SUITES, quick=options.quick):
        outcomes.append(_outcome(step, output, check=options.check))
        # After each: what was measured is seen, whatever comes.
        page.write(output, page.page_of(output))
    say("\n".join(["", *(outcome for outcome, _ in outcomes)]))
    say(f"wrote {page.page_of(output)}")
    return int(any(failed for _, failed in outcomes))


def keep_from_git(folder: Path) -> None:
    """
    Make a folder whose files stay on the machine.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".gitignore").write_text("*\n", encoding="utf-8")


def say(words: str) -> None:
    """
    Write to standard error.

    Parameters
    ----------
    words : str
        A line or more.
    """
    sys.stderr.write(f"{words}\n")
    sys.stderr.flush()


def _outcome(step: Step, output: Path, *, check: bool) -> tuple[str, bool]:
    """Run a step; return what became of it, and whether it failed."""
    say(f"=== python -m benchmarks {step}")
    clock = time.perf_counter()
    code = _launch([step.suite, *step.arguments, "--output", str(output)], check=check)
    spent_s = time.perf_counter() - clock
    if code == _DATA_MISSING:
        return f"{step}: skipped, its data is not on this machine", False
    verdict = "done" if code == 0 else f"failed with exit code {code}"
    return f"{step}: {verdict}, {spent_s:.0f} s", code != 0


def _launch(arguments: Sequence[str], *, check: bool) -> int:
    command = [sys.executable, "-m", "benchmarks", *arguments, *(["--check"] if check else [])]
    return subprocess.run(command, cwd=ROOT, check=False).returncode  # noqa: S603 - ourselves
