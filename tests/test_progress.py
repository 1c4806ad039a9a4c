"""Signs of life on long runs."""

from __future__ import annotations

import functools
import io
import subprocess
import sys
import threading
from typing import Any

import pytest
import tqdm.auto
import tqdm.std

import dedupe_news as dn
from dedupe_news import progress
from dedupe_news.kernels import _jit
from dedupe_news.progress import stages

NAMES = ("first", "second")


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Return True."""
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Let standard error be a terminal, and let bars appear at once and be plain."""
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(progress, "_BAR_AFTER_S", 0)

    bar: Any = functools.partial(tqdm.std.tqdm, file=stream, mininterval=0, miniters=1)
    monkeypatch.setattr(tqdm.auto, "tqdm", bar)
    return stream


def test_bar_names_the_stage_that_runs(terminal: Terminal) -> None:
    """The following one as soon as one ends; the last stays."""
    with stages(NAMES, show=True) as ended:
        ended("first")
        ended("second")

    shown = terminal.getvalue()
    assert shown.index("second: ") < shown.index("2/2")
    assert "1/2" in shown


def test_bar_is_cleared_at_the_end(terminal: Terminal) -> None:
    """Nothing of it stays on the line."""
    with stages(NAMES, show=True) as ended:
        ended("first")

    assert terminal.getvalue().endswith("\r")


def test_no_bar_when_not_wanted(terminal: Terminal) -> None:
    """`progress=False` is silent even on a terminal."""
    with stages(NAMES, show=False) as ended:
        ended("first")

    assert not terminal.getvalue()


def test_no_bar_in_a_pipe(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """However long it takes."""
    monkeypatch.setattr(progress, "_BAR_AFTER_S", 0)

    with stages(NAMES, show=True) as ended:
        ended("first")

    assert capsys.readouterr() == ("", "")


def test_bar_is_closed_when_a_stage_fails(terminal: Terminal) -> None:
    """The error message starts on a clean line."""

    def fail() -> None:
        with stages(NAMES, show=True) as ended:
            ended("first")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert terminal.getvalue().endswith("\r")


@pytest.mark.parametrize(("n_compilations", "said"), [(0, False), (3, True)])
def test_compilation_is_announced(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    n_compilations: int,
    *,
    said: bool,
) -> None:
    """A first run that takes its time says why; any other says nothing."""
    monkeypatch.setattr(_jit, "n_compilations", lambda: n_compilations)

    class Impatient:
        """A timer that does not wait."""

        def __init__(self, _delay: float, function: object) -> None:
            self.start = function

        def cancel(self) -> None:
            """Do nothing."""

    monkeypatch.setattr(threading, "Timer", Impatient)
    with stages(NAMES, show=True):
        pass

    assert ("compiling its kernels" in capsys.readouterr().err) == said


def test_clustering_announces_every_stage_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bar reaches its end."""
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
        "shingling",
        "minhash",
        "banding",
        "verification",
        "clustering",
        "clustering",
        "0",
    ]


def test_notebooks_without_widgets_are_not_warned() -> None:
    """They have the plain bar, and their authors cannot mend tqdm's import."""
    code = """
import sys, types
kernel = types.SimpleNamespace(config={"IPKernelApp": {}})
sys.modules["IPython"] = types.SimpleNamespace(get_ipython=lambda: kernel)
sys.modules["ipywidgets"] = None
from dedupe_news import progress
with progress.stages(("one", "two"), show=True) as ended:
    ended("one")
"""

    done = subprocess.run(  # noqa: S603 - our own interpreter and code
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
