"""The command line, run in this process."""

from __future__ import annotations

import dataclasses
import io
import json
import sys
from typing import TYPE_CHECKING, Any

from dedupe_news import cli

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest


@dataclasses.dataclass(frozen=True)
class Ended:
    """How a run of the command line ended."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The JSON Lines on stdout."""
        return [json.loads(line) for line in self.out.splitlines()]


def runner(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, folder: Path
) -> Callable[..., Ended]:
    """Return a function that runs the command line in a folder."""
    monkeypatch.chdir(folder)

    def call(*arguments: str, stdin: bytes = b"", on_terminal: bool = False) -> Ended:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        monkeypatch.setattr(sys.stdout, "isatty", lambda: on_terminal)
        code = cli.main(arguments)
        out, err = capsys.readouterr()
        return Ended(code, out, err)

    return call
