"""Run a suite: ``python -m benchmarks``, from the root of the repository."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.datasets import DataMissingError
from benchmarks.every import DATA_MISSING, SUITES
from benchmarks.publish import QUICK_RESULTS, RESULTS, keep_from_git, publish

if TYPE_CHECKING:
    from types import ModuleType

COMMANDS = {
    "all": "every",
    "report": "page",
    "self-check": "self_check",
    "fit-classifier": "fit_classifier",
}
"""Further commands and their modules, alike but that ``run`` returns the exit code."""


def main(arguments: list[str] | None = None) -> int:
    """
    Run the suite that the command line names, or list the suites; return the exit code.

    It is 0 if all is well, 1 if a check of the answers failed or, with ``--check``, a target
    was missed, 3 if data is missing.
    """
    parser, suites = _parsers()
    options = parser.parse_args(arguments)
    if options.suite is None:
        sys.stdout.write(listing())
        return 0
    module = _module(options.suite)
    try:
        if options.suite in COMMANDS:
            code: int = module.run(options)
            return code
        if options.quick:
            suites[options.suite].set_defaults(output=QUICK_RESULTS, **module.QUICK)
            options = parser.parse_args(arguments)
            keep_from_git(options.output)
        return publish(module.run(options), options.output, check=options.check)
    except DataMissingError as error:
        sys.stderr.write(f"{error}\n")
        return DATA_MISSING


def listing() -> str:
    """Return name, purpose, needs and time of each suite and command."""
    lines = ["usage: python -m benchmarks SUITE [--help] [--quick] [options]\n"]
    for name in (*SUITES, *COMMANDS):
        module = _module(name)
        lines.append(f"{name:14s} {module.SUMMARY}")
        lines.append(f"{'':14s} needs {module.NEEDS}")
        lines.append(f"{'':14s} takes {module.TAKES}\n")
    return "\n".join(lines)


def _module(suite: str) -> ModuleType:
    name = COMMANDS.get(suite, suite.replace("-", "_"))
    return importlib.import_module(f"benchmarks.{name}")


def _parsers() -> tuple[argparse.ArgumentParser, dict[str, argparse.ArgumentParser]]:
    """Return the parser of the command line, and those of the suites by name."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(dest="suite", metavar="SUITE")
    suites = {}
    for name in (*SUITES, *COMMANDS):
        module = _module(name)
        options = commands.add_parser(name, help=module.SUMMARY, description=module.__doc__)
        if name in SUITES:
            suites[name] = options
            options.add_argument(
                "--output", type=Path, default=RESULTS, help="folder for JSON and pictures"
            )
            options.add_argument(
                "--check", action="store_true", help="fail if a target in targets.json is missed"
            )
            options.add_argument(
                "--quick", action="store_true", help="in small: shows that it works, no more"
            )
        module.add_arguments(options)
    return parser, suites


if __name__ == "__main__":
    sys.exit(main())
