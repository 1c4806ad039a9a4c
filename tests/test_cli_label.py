"""Labelling in a terminal, through a pseudo-terminal; and fitting on the command line."""

from __future__ import annotations

import json
import os
import re
import select
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import typer

import dedupe_news as dn
from command_line import runner
from dedupe_news.cli import label
from made_up_news import made_up_news

if TYPE_CHECKING:
    from collections.abc import Callable

    from command_line import Ended

if sys.platform == "win32":
    pytest.skip("Windows has no pseudo-terminals", allow_module_level=True)

import fcntl
import pty
import struct
import termios

MADE = made_up_news(n_stories=6, n_forms=3, n_days=4)
SILENCE_S = 300.0  # kernels may have to be compiled
SOURCE = str(Path(dn.__file__).parent.parent)
ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[a-zA-Z]")


class Terminal:
    """A program in a pseudo-terminal: what it prints, and keys for it."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.printed = ""
        self.process, self._handle = pty.fork()
        if self.process == 0:
            os.chdir(folder)
            program = [sys.executable, "-m", "dedupe_news.cli", *arguments]
            environment = {**os.environ, "PYTHONPATH": SOURCE, "TERM": "xterm", "NO_COLOR": "1"}
            os.execvpe(program[0], program, environment)  # noqa: S606 - our own
        size = struct.pack("HHHH", 50, 120, 0, 0)
        fcntl.ioctl(self._handle, termios.TIOCSWINSZ, size)

    def read_until(self, mark: str) -> str:
        """Return what is printed up to a mark; fails where the program ends before."""
        while mark not in self.printed:
            part = self._read()
            assert part, self.printed
            self.printed += part
        seen, _, self.printed = self.printed.partition(mark)
        return seen

    def press(self, key: str) -> str:
        """Press a key and return the next pair as it is shown."""
        self.write(key)
        return self.read_until(" stop ")

    def end(self) -> tuple[int, str]:
        """Wait for the end; return the exit code and what was printed."""
        while part := self._read():
            self.printed += part
        _, status = os.waitpid(self.process, 0)
        os.close(self._handle)
        return os.waitstatus_to_exitcode(status), self.printed

    def write(self, key: str) -> None:
        """Press a key, once one is awaited: what is typed ahead is dropped."""
        while termios.tcgetattr(self._handle)[3] & termios.ICANON:
            select.select([], [], [], 0.01)
        os.write(self._handle, key.encode())

    def _read(self) -> str:
        ready, _, _ = select.select([self._handle], [], [], SILENCE_S)
        assert ready, self.printed
        try:
            data = os.read(self._handle, 65536)
        except OSError:  # Linux says so where the program has gone
            return ""
        return ESCAPES.sub(b"", data).decode(errors="replace")


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    """Write the made-up feed."""
    rows = [{**row, "published": row["published"].isoformat()} for row in MADE.rows]
    path = tmp_path / "feed.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def labels_in(path: Path) -> list[str]:
    """Return the labels of a file in order."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["label"] for line in lines]


def test_a_session_with_undo_and_stop(feed: Path) -> None:
    """Each key does what the line below the pair says; what is said is in the file at once."""
    path = feed.with_name("feed.labels.jsonl")
    terminal = Terminal(feed.parent, "label", "feed.jsonl")
    first = terminal.read_until(" stop ")
    assert "0 labels: 0 duplicate, 0 same story, 0 template, 0 different" in first
    assert "paper" in first or "office" in first
    assert "2030-01-" in first
    assert re.search(r" d  duplicate +s  same story +t  template +x  different +u  undo", first)

    second = terminal.press("d")
    assert labels_in(path) == ["duplicate"]
    assert "1 label: 1 duplicate" in second
    terminal.press("T")  # capital letters too
    assert labels_in(path) == ["duplicate", "template"]
    again = terminal.press("u")
    assert labels_in(path) == ["duplicate"]
    assert again.split("\n")[2:] == second.split("\n")[2:]
    terminal.press("s")
    terminal.press(" ")
    terminal.press("x")
    terminal.write("q")
    code, end = terminal.end()

    assert code == 0
    assert labels_in(path) == ["duplicate", "related", "different"]
    assert "3 labels in feed.labels.jsonl" in end
    assert "columns and dates: dedupe-news fit feed.jsonl --labels feed.labels.jsonl" in end
    assert not any(row["text"] in path.read_text(encoding="utf-8") for row in MADE.rows)


def test_the_next_session_goes_on_with_other_pairs(feed: Path) -> None:
    """What was labelled is not asked again; Ctrl-C stops as q does."""
    path = feed.with_name("my.jsonl")
    for n_before in (0, 3):
        terminal = Terminal(feed.parent, "label", "feed.jsonl", "--labels", "my.jsonl", "--quiet")
        shown = terminal.read_until(" stop ")
        assert f"{n_before} labels" in shown
        for _ in range(3):
            terminal.press("x")
        terminal.write("\x03")
        assert terminal.end()[0] == 0

    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert len({frozenset((row["id1"], row["id2"])) for row in rows}) == 6


def test_other_keys_mean_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """An arrow, a letter that is no key; of what was typed at once the first counts."""
    keys = iter(["\x1b[A", "z", "", "Xd"])
    monkeypatch.setattr(typer, "getchar", lambda: next(keys))

    assert label._read_key() == "x"  # noqa: SLF001 - what a terminal cannot time
    assert list(keys) == []


@pytest.fixture
def run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., Ended]:
    """Return a function that runs the command line in this process."""
    return runner(capsys, monkeypatch, tmp_path)


def test_fit_writes_a_judge_that_cluster_takes(run: Callable[..., Ended], feed: Path) -> None:
    """A feed where each issue of a form replaces the one before."""
    ids = [row["id"] for row in MADE.rows]
    said = [
        dn.Label(ids[i], ids[j], "duplicate" if MADE.what[i] == MADE.what[j] else "different")
        for i in range(len(ids))
        for j in range(i + 1, len(ids), 2)
    ]
    feed.with_name("feed.labels.jsonl").write_text("".join(each.line() for each in said))

    fitted = run("fit", "feed.jsonl", "--output", "judge.json", "--n-jobs", "1")

    assert (fitted.code, fitted.err.splitlines()[-1]) == (
        0,
        "dedupe-news: wrote judge.json; use it with --judge judge.json",
    )
    assert "The adapted judge is better on this feed" in fitted.out
    plain = run("cluster", "feed.jsonl", "--n-jobs", "1").rows
    adapted = run("cluster", "feed.jsonl", "--judge", "judge.json", "--n-jobs", "1").rows
    assert len({row["cluster"] for row in adapted}) < len({row["cluster"] for row in plain})
    compared = run("compare", "a b c d e", "a b c d f", "--judge", "judge.json")
    assert compared.code == 0
    assert run("index", "add", "news.db", "feed.jsonl", "--judge", "judge.json", "-q").code == 0
    assert "judge" in run("index", "stats", "news.db").out


def test_what_cannot_be_done_is_one_line(run: Callable[..., Ended], feed: Path) -> None:
    """Without a terminal nobody can be asked; without labels nothing can be fitted."""
    for arguments, reason in (
        (("label", "feed.jsonl"), "its output is no terminal"),
        (("fit", "feed.jsonl", "--output", "a.json"), "cannot read the labels in"),
        (("fit", "-", "--output", "a.json"), "name the file of labels with --labels FILE"),
        (("cluster", "feed.jsonl", "--judge", "none.json"), "cannot be read: No such file"),
    ):
        ended = run(*arguments)
        assert (ended.code, ended.out) == (2, "")
        assert reason in ended.err.splitlines()[-1]
    assert feed.exists()
