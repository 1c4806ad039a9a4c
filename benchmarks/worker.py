"""
One contestant in a process of its own, driven line by line over pipes.

A process each keeps the contestants' thread pools, caches and memory apart,
and lets the caller run them in turn: whatever disturbs the machine disturbs
all of them. Run as ``python -m benchmarks.worker CONTESTANT CORPUS``; see
`Worker` for the other end.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TextIO

import numpy as np

from benchmarks import datasets, timing
from benchmarks.peers import CONTESTANTS

if TYPE_CHECKING:
    from types import TracebackType

    from benchmarks.datasets import Corpus
    from benchmarks.peers import Contestant


def texts_file(corpus: Corpus, n: int, folder: Path) -> Path:
    """
    Write the first texts of a corpus where another process can read them.

    Parameters
    ----------
    corpus : Corpus
        The texts.
    n : int
        How many.
    folder : Path
        Where the file goes; a file that is there already is taken.

    Returns
    -------
    Path
        A JSON list of strings.
    """
    file = folder / f"{corpus.name}-{n}.json"
    if not file.exists():
        file.write_text(json.dumps(corpus.texts[:n]), encoding="utf-8")
    return file


class WorkerError(RuntimeError):
    """A contestant's process failed; the message has its last words."""


class Worker:
    """
    The caller's end of a contestant's process.

    Parameters
    ----------
    contestant : Contestant
        Who is to run.
    corpus : Path
        JSON file of the texts.
    """

    def __init__(self, contestant: Contestant, corpus: Path) -> None:
        self.contestant = contestant
        self._process = subprocess.Popen(  # noqa: S603 - this very interpreter and module
            [sys.executable, "-m", "benchmarks.worker", contestant.name, str(corpus)],
            cwd=datasets.ROOT,
            env={**os.environ, **dict(contestant.environment)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        """Return the worker itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the process."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def run(self) -> dict[str, Any]:
        """
        Run once on fresh copies of the texts.

        Returns
        -------
        dict
            ``wall_s``, ``cpu_s``, ``peak_bytes``, ``rest_bytes``, ``details``.

        Raises
        ------
        WorkerError
            If the process died.
        """
        return self._ask("run")

    def save_keys(self, path: Path) -> None:
        """
        Write the pairs of the last run as a numpy file.

        Parameters
        ----------
        path : Path
            File to write.

        Raises
        ------
        WorkerError
            If the process died.
        """
        self._ask(f"keys {path}")

    def _ask(self, request: str) -> dict[str, Any]:
        if self._process.stdin is None or self._process.stdout is None:
            message = f"the process of {self.contestant.name} has no pipes"
            raise WorkerError(message)
        line = ""
        try:
            self._process.stdin.write(request + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            pass
        if not line:
            message = (
                f"{self.contestant.label} failed with exit code {self._process.wait()}; "
                "its message is above"
            )
            raise WorkerError(message)
        reply: dict[str, Any] = json.loads(line)
        return reply


def serve(contestant: Contestant, corpus: Path, requests: TextIO, replies: TextIO) -> None:
    """
    Answer requests until they end.

    Parameters
    ----------
    contestant : Contestant
        Who runs.
    corpus : Path
        JSON file of the texts.
    requests, replies : text stream
        ``run`` or ``keys PATH`` a line; a JSON object a line.
    """
    answer: Any = None
    n_documents = 0
    for request in requests:
        word, _, argument = request.strip().partition(" ")
        reply: dict[str, Any] = {}
        if word == "run":
            # Let go before the texts are read again: the peak is of one run.
            answer = None
            # Fresh texts each time: a str keeps its UTF-8 once somebody asked for it.
            texts: list[str] = json.loads(corpus.read_text(encoding="utf-8"))
            n_documents = len(texts)
            rest = timing.resident_bytes()
            outcome = timing.timed(lambda texts=texts: contestant.run(texts))  # type: ignore[misc]
            answer = outcome.value
            reply = {
                "wall_s": outcome.wall_s,
                "cpu_s": outcome.cpu_s,
                "rest_bytes": rest,
                "peak_bytes": timing.peak_resident_bytes(),
                "details": dict(getattr(answer, "seconds", {})),
            }
        elif word == "keys":
            np.save(Path(argument), contestant.keys(answer, n_documents))
        replies.write(json.dumps(reply) + "\n")
        replies.flush()


def main() -> None:
    """Serve the contestant named on the command line."""
    name, corpus = sys.argv[1:]
    # Whatever a contestant prints must not mix with the replies.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as replies:
        os.dup2(2, 1)
        serve(CONTESTANTS[name], Path(corpus), sys.stdin, replies)


if __name__ == "__main__":
    main()
