"""
The one runner: a probe in a process of its own, warm, measured in turn with others.

A probe is a generator of this package. It takes settings, prepares and warms up until its
first ``yield``, and measures once for each further one; what it yields is the reply. A
process each keeps thread pools, caches and memory apart; taking turns, whatever disturbs the
machine disturbs all of them alike. Run as ``python -m benchmarks.process PROBE SETTINGS``.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from benchmarks import timing
from benchmarks.datasets import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence
    from pathlib import Path

RUN = "run"
"""The request to measure once; what others a probe knows, its docstring says."""

Probe: TypeAlias = "Callable[[dict[str, Any]], Generator[dict[str, Any], str, None]]"


class ProbeError(RuntimeError):
    """A probe's process failed; its last words are on standard error."""


class Process:
    """The caller's end of a probe: ``"module:function"``, its settings and its environment."""

    def __init__(
        self,
        probe: Probe,
        settings: Mapping[str, Any],
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = f"{probe.__module__.removeprefix('benchmarks.')}:{probe.__name__}"
        self._process = subprocess.Popen(  # noqa: S603 - this very interpreter and module
            [sys.executable, "-m", "benchmarks.process", self.name, json.dumps(settings)],
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        """Return the process itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()

    def tell(self, request: str = RUN) -> None:
        """Send a request; `reply` waits for what comes of it."""
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.write(f"{request}\n")
                self._process.stdin.flush()

    def reply(self) -> dict[str, Any]:
        """Return the next reply; the first says that the probe is warm."""
        line = self._process.stdout.readline() if self._process.stdout is not None else ""
        if not line:
            code = self._process.wait()
            message = f"the probe {self.name} ended with exit code {code}; its words are above"
            raise ProbeError(message)
        outcome: dict[str, Any] = json.loads(line)
        return outcome

    def ask(self, request: str = RUN) -> dict[str, Any]:
        """Return the reply to a request."""
        self.tell(request)
        return self.reply()


def measure(
    probe: Probe, *settings: Mapping[str, Any], environment: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    """Return one measurement of a probe with each of some settings, begun together when warm."""
    with contextlib.ExitStack() as stack:
        processes = [stack.enter_context(Process(probe, one, environment)) for one in settings]
        for process in processes:
            process.reply()
        for process in processes:
            process.tell()
        return [process.reply() for process in processes]


@dataclasses.dataclass(slots=True)
class Entry:
    """One of those that take turns, and what came of each of its runs."""

    name: str
    start: Callable[[], Process]
    runs: list[dict[str, Any]] = dataclasses.field(default_factory=list)

    def seconds(self) -> list[float]:
        """Return the seconds of each run."""
        return [run["wall_s"] for run in self.runs]

    def times(self, other: Entry) -> timing.Summary:
        """Return how many times as long as another's this one's runs take, round by round."""
        pairs = zip(self.seconds(), other.seconds(), strict=True)
        return timing.summary([mine / theirs for mine, theirs in pairs])


def take_turns(entries: Sequence[Entry], repetitions: int) -> None:
    """Measure all in turn in fresh processes that warmed up, a different one first each round."""
    for entry in rounds(entries, repetitions):
        with entry.start() as process:
            process.reply()
            entry.runs.append(process.ask())


def rounds(entries: Sequence[Entry], repetitions: int) -> Generator[Entry, None, None]:
    """Yield whose turn it is: everyone once a round."""
    for number in range(repetitions):
        say(f"round {number + 1} of {repetitions}")
        start = number % len(entries)
        yield from (*entries[start:], *entries[:start])


def against(checkout: Path | None) -> dict[str, dict[str, str]]:
    """Return the environments of the versions to measure: this one, and that of a checkout."""
    if checkout is None:
        return {"": {}}
    source = str(checkout.resolve() / "src")
    path = os.environ.get("PYTHONPATH")
    return {"": {}, "before": {"PYTHONPATH": f"{source}{os.pathsep}{path}" if path else source}}


def say(words: str) -> None:
    """Write a line to standard error."""
    sys.stderr.write(f"{words}\n")
    sys.stderr.flush()


def main() -> None:
    """Answer requests with the probe named on the command line until they end."""
    name, settings = sys.argv[1:]
    module, _, function = name.partition(":")
    # Whatever a probe prints must not mix with the replies.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as replies:
        os.dup2(2, 1)
        probe = getattr(importlib.import_module(f"benchmarks.{module}"), function)
        steps = probe(json.loads(settings))
        reply = next(steps)
        with contextlib.suppress(StopIteration):
            while True:
                replies.write(json.dumps(reply) + "\n")
                replies.flush()
                request = sys.stdin.readline()
                if not request:
                    break
                reply = steps.send(request.strip())


if __name__ == "__main__":
    main()
