"""Signs of life on long runs."""

from __future__ import annotations

import contextlib
import functools
import io
import subprocess
import sys
import threading
import types
from typing import TYPE_CHECKING, Any

import pytest
import tqdm.auto
import tqdm.std

import dedupe_news as dn
from dedupe_news._kernels import _jit, _preparing
from dedupe_news._machine import progress
from dedupe_news._machine.progress import stages

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = ("first", "second")


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Return True."""
        return True


def at_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Let standard error be a terminal, and let bars be plain and show every step."""
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)

    bar: Any = functools.partial(tqdm.std.tqdm, mininterval=0, miniters=1)
    monkeypatch.setattr(tqdm.auto, "tqdm", bar)
    return stream


def test_bar_names_the_stage_that_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The following one as soon as one ends; the last stays."""
    terminal = at_terminal(monkeypatch)

    with stages(NAMES, show=True, after_s=0) as ended:
        ended("first")
        ended("second")

    shown = terminal.getvalue()
    assert shown.index("second: ") < shown.index("2/2")
    assert "1/2" in shown


def test_bar_is_cleared_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of it stays on the line."""
    terminal = at_terminal(monkeypatch)

    with stages(NAMES, show=True, after_s=0) as ended:
        ended("first")

    assert terminal.getvalue().endswith("\r")


def test_no_bar_when_not_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    """`progress=False` is silent even on a terminal."""
    terminal = at_terminal(monkeypatch)

    with stages(NAMES, show=False, after_s=0) as ended:
        ended("first")

    assert not terminal.getvalue()


def test_no_bar_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    """However long it takes."""
    with stages(NAMES, show=True, after_s=0) as ended:
        ended("first")

    assert capsys.readouterr() == ("", "")


def test_bar_is_closed_when_a_stage_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bar is closed when a stage fails; the error message starts on a clean line."""
    terminal = at_terminal(monkeypatch)

    def fail() -> None:
        with stages(NAMES, show=True, after_s=0) as ended:
            ended("first")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert terminal.getvalue().endswith("\r")


class Task:
    """Kernels of which one is compiled at each look."""

    def __init__(self, n_left: int = 3) -> None:
        self.left = n_left
        self.looks = 0
        self.seen = threading.Event()

    def n_left(self) -> int:
        """Return one less than before."""
        self.looks += 1
        if self.looks > 2:
            self.seen.set()
        self.left = max(0, self.left - 1)
        return self.left + 1


def prepared(monkeypatch: pytest.MonkeyPatch, task: Task, *, show: bool) -> None:
    """Prepare an operation, until the bar has looked twice."""

    def prepare(_operation: str, _n_processes: int, watch: Callable[[Any], Any]) -> None:
        with watch(task):
            task.seen.wait(10 if show else 0)

    monkeypatch.setattr(_preparing, "prepare", prepare)
    progress.prepare("cluster", "news", show=show, look_every_s=0.001)


def test_compiling_is_said_and_a_bar_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """At once on a terminal: how many, why, and how many are left."""
    terminal = at_terminal(monkeypatch)

    prepared(monkeypatch, Task(), show=True)

    said, _, shown = terminal.getvalue().partition("\n")
    assert said.startswith("dedupe_news: compiling 3 kernels for this machine, once after")
    assert "dedupe-news warmup" in said
    assert "0/3" in shown
    assert "1/3" in shown
    assert shown.endswith("\r")


def test_compiling_is_a_line_in_a_pipe(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Compiling is a line in a pipe, without a bar."""
    task = Task()
    task.seen.set()
    prepared(monkeypatch, task, show=True)

    assert capsys.readouterr().err.count("\n") == 1


def test_compiling_is_in_the_log_even_without_progress(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """`progress=False` keeps the screen clean."""
    caplog.set_level("INFO", "dedupe_news")

    prepared(monkeypatch, Task(), show=False)

    assert capsys.readouterr() == ("", "")
    assert "compiling 3 kernels" in caplog.text


def test_what_is_in_the_log_is_not_said_again(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A program that shows its log at level INFO is told there alone."""
    caplog.set_level("INFO", "dedupe_news")
    task = Task()
    task.seen.set()

    prepared(monkeypatch, task, show=True)
    progress._Notice()()  # noqa: SLF001

    assert capsys.readouterr().err == ""
    assert caplog.text.count("compiling 3 kernels") == 1
    assert caplog.text.count("compiling kernels for this machine") == 1


def test_a_notebook_is_looked_at_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Though its standard error is no terminal; IPython on a terminal is none."""
    shell = types.SimpleNamespace(config={"IPKernelApp": {}})
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setattr(sys, "stderr", io.StringIO())

    assert progress._shows_bars()  # noqa: SLF001
    shell.config = {}
    assert not progress._shows_bars()  # noqa: SLF001


def test_unprepared_kernels_are_announced_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever calls what no operation has prepared is told, and but once."""
    notice = progress._Notice()  # noqa: SLF001
    notice()
    notice()

    assert capsys.readouterr().err.count("compiling kernels for this machine") == 1
    assert progress._notice in _jit._observers  # noqa: SLF001
    monkeypatch.setattr(sys, "stderr", None)  # a program without a console
    progress._Notice()()  # noqa: SLF001


def test_nothing_is_said_within_silence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is said within silence."""
    task = Task()
    task.seen.set()
    with progress.silence():
        prepared(monkeypatch, task, show=True)
        progress._Notice()()  # noqa: SLF001
        assert capsys.readouterr() == ("", "")

    progress._Notice()()  # noqa: SLF001
    assert "compiling kernels" in capsys.readouterr().err


def test_ctrl_c_while_compiling_comes_without_the_compilers_frames(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A page of them tells nobody anything."""

    def interrupt(_self: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(_preparing.Task, "is_done", lambda _self: False)
    monkeypatch.setattr(_preparing.Task, "work", interrupt)
    monkeypatch.setattr(_jit, "COMPILED", True)
    with pytest.raises(KeyboardInterrupt) as raised:
        _preparing.prepare("nothing", 1, lambda _task: contextlib.nullcontext())

    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


def test_clustering_announces_every_stage_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clustering announces every stage in order; the bar reaches its end."""
    seen = []

    class Recorder:
        """Stands for the bar."""

        def __init__(self, *, total: int, **_: Any) -> None:
            self.total = total

        def set_description(self, name: str, **_: Any) -> None:
            """Record the stage that begins."""
            seen.append(name)

        def update(self) -> None:
            """Count down."""
            self.total -= 1

        def close(self) -> None:
            """Record how many stages are left."""
            seen.append(str(self.total))

    monkeypatch.setattr(tqdm.auto, "tqdm", Recorder)
    dn.cluster(["ka lo mi"] * 2, policy="similar", progress=True, n_jobs=1)

    assert seen == [
        "text",
        "candidates",
        "verdicts",
        "assignment",
        "assignment",
        "0",
    ]


def test_notebooks_without_widgets_are_not_warned() -> None:
    """Notebooks without widgets are not warned."""
    code = """
import sys, types
kernel = types.SimpleNamespace(config={"IPKernelApp": {}})
sys.modules["IPython"] = types.SimpleNamespace(get_ipython=lambda: kernel)
sys.modules["ipywidgets"] = None
from dedupe_news._machine import progress
with progress.stages(("one", "two"), show=True) as ended:
    ended("one")
"""

    done = subprocess.run(  # noqa: S603 - our own interpreter and code
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
