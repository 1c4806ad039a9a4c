"""Run a suite: ``python -m benchmarks``, from the root of the repository."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.datasets import DataMissingError
from benchmarks.report import RESULTS, publish

if TYPE_CHECKING:
    from types import ModuleType

SUITES = (
    "speed",
    "recall",
    "threshold",
    "quality",
    "fit-classifier",
    "learn",
    "latency",
    "soak",
    "browsing",
)
"""Modules of this package with ``SUMMARY``, ``NEEDS``, ``TAKES``, ``add_arguments``, ``run``."""

COMMANDS = {"all": "every", "page": "page"}
"""Further commands and their modules, alike but that ``run`` returns the exit code."""


def main(arguments: list[str] | None = None) -> int:
    """
    Run the suite named on the command line, or list the suites.

    Parameters
    ----------
    arguments : list of str, optional
        The command line; that of the process by default.

    Returns
    -------
    int
        Exit code: 0 if all is well, 1 if a check of the results failed or,
        with ``--check``, a target was missed, 2 if data is missing.
    """
    options = _parser().parse_args(arguments)
    if options.suite is None:
        sys.stdout.write(listing())
        return 0
    suite = _module(options.suite)
    if options.suite in COMMANDS:
        code: int = suite.run(options)
        return code
    try:
        return publish(suite.run(options), options.output, check=options.check)
    except DataMissingError as error:
        sys.stderr.write(f"{error}\n")
        return 2


def listing() -> str:
    """
    Return the suites for people.

    Returns
    -------
    str
        Name, purpose, needs and time of each, and of the further commands.
    """
    lines = ["usage: python -m benchmarks SUITE [--help] [options]\n"]
    for name in (*SUITES, *COMMANDS):
        suite = _module(name)
        lines.append(f"{name:10s} {suite.SUMMARY}")
        lines.append(f"{'':10s} needs {suite.NEEDS}")
        lines.append(f"{'':10s} takes {suite.TAKES}\n")
    return "\n".join(lines)


def _module(suite: str) -> ModuleType:
    name = COMMANDS.get(suite, suite)
    return importlib.import_module(f"benchmarks.{name.replace('-', '_')}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    suites = parser.add_subparsers(dest="suite", metavar="SUITE")
    for name in SUITES:
        suite = _module(name)
        options = suites.add_parser(name, help=suite.SUMMARY, description=suite.__doc__)
        options.add_argument(
            "--output",
            type=Path,
            default=RESULTS,
            help="folder for the tables, JSON and pictures (default: benchmarks/results)",
        )
        options.add_argument(
            "--check", action="store_true", help="fail if a target in targets.json is missed"
        )
        suite.add_arguments(options)
    for name in COMMANDS:
        command = _module(name)
        options = suites.add_parser(name, help=command.SUMMARY, description=command.__doc__)
        command.add_arguments(options)
    return parser


if __name__ == "__main__":
    sys.exit(main())
