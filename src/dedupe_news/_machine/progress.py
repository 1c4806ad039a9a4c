"""Signs of life on long runs: a bar over the stages, and another while kernels compile."""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
import warnings
from typing import TYPE_CHECKING, Any

from dedupe_news._kernels import _interpreting, _jit, _preparing
from dedupe_news._machine.threads import resolve_jobs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

_logger = logging.getLogger("dedupe_news")


def _compiling(what: str) -> str:
    """Return the sentence that something is compiled, and why."""
    misfit = _jit.misfit()
    why = f"; those in the package are for {misfit}" if misfit else ""
    return (
        f"compiling {what} for this machine, once after installation{why}; "
        "dedupe-news warmup does it beforehand"
    )


class _Voice:
    """Whether anything may be said: of the process, as kernels compile in any thread."""

    is_silent = False


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Say nothing within, not even that kernels compile."""
    was_silent, _Voice.is_silent = _Voice.is_silent, True
    try:
        yield
    finally:
        _Voice.is_silent = was_silent


def is_silent() -> bool:
    """Return whether nothing may be said."""
    return _Voice.is_silent


@contextlib.contextmanager
def ready(
    operation: str,
    policy: str,
    n_jobs: int | None = -1,
    *,
    n_bytes: Callable[[], int | None],
    show: bool = True,
) -> Iterator[None]:
    """
    Compile what an operation needs, where that has not been done, and show how far it is.

    Work on so few bytes of text that the interpreter is done sooner is interpreted instead.
    `n_bytes` says how many there are, None for many.
    """
    if not _preparing.is_prepared(f"{operation}-{policy}"):
        with _interpreting.small(n_bytes()) as is_small:
            if is_small:
                yield
                return
    prepare(operation, policy, n_jobs, show=show)
    yield


def prepare(
    operation: str,
    policy: str,
    n_jobs: int | None = -1,
    *,
    show: bool = True,
    look_every_s: float = 0.2,
) -> None:
    """Compile what an operation needs, where that has not been done, and show how far it is."""

    @contextlib.contextmanager
    def watch(task: _preparing.Task) -> Iterator[None]:
        with _watching(), _compiling_bar(task, look_every_s, show=show):
            yield

    _preparing.prepare(f"{operation}-{policy}", resolve_jobs(n_jobs), watch)


def prepare_all(*, show: bool = True) -> tuple[Path | None, int]:
    """
    Compile the kernels of all operations.

    Returns the folder that keeps them, None where there is none, and how many were compiled.
    """
    n_compiled = 0
    for operation in _preparing.manifest():
        n_compiled += _preparing.Task(operation).n_left()
        name, _, policy = operation.partition("-")
        prepare(name, policy, show=show)
    return _jit.folder(), n_compiled


@contextlib.contextmanager
def _compiling_bar(task: _preparing.Task, look_every_s: float, *, show: bool) -> Iterator[None]:
    total = task.n_left()
    _announce(_compiling(f"{total} kernels"), show=show)
    if not (show and _shows_bars()):
        yield
        return
    ended = threading.Event()
    with _tqdm(total=total, desc="kernels", unit="kernel") as bar:
        bar.refresh()

        def look() -> None:
            while not ended.wait(look_every_s):
                bar.n = total - task.n_left()
                bar.refresh()

        watcher = threading.Thread(target=look, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            ended.set()
            watcher.join()


def _shows_bars() -> bool:
    """Return whether somebody looks on: at a terminal, or at a notebook."""
    if _Voice.is_silent:
        return False
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    in_notebook = "IPKernelApp" in getattr(shell, "config", ())
    return in_notebook or (sys.stderr is not None and sys.stderr.isatty())


def _announce(message: str, *, show: bool = True) -> None:
    """Tell the log, and the screen unless the log may be shown there too."""
    _logger.info(message)
    # A program without a console has no stderr.
    is_shown = show and not _Voice.is_silent and sys.stderr is not None
    if is_shown and not _logger.isEnabledFor(logging.INFO):
        sys.stderr.write(f"dedupe_news: {message}\n")


class _Notice:
    """Says that something is compiled that no operation has prepared, once a process."""

    def __init__(self) -> None:
        self.is_due = True

    def __call__(self) -> None:
        if self.is_due:
            self.is_due = False
            _announce(_compiling("kernels"))


_notice = _Notice()
_jit.observe(_notice)


@contextlib.contextmanager
def _watching() -> Iterator[None]:
    """Leave it to a bar to say that kernels compile."""
    was_due, _notice.is_due = _notice.is_due, False
    try:
        yield
    finally:
        _notice.is_due = was_due


@contextlib.contextmanager
def stages(
    names: Sequence[str], *, show: bool, after_s: float = 2.0
) -> Iterator[Callable[[str], None]]:
    """
    Show a bar over the stages of a run that takes more than `after_s`.

    Yield what is to be called with the name of each stage as it ends.
    """
    if not show:
        yield lambda _stage: None
        return
    # A bar on a terminal or in a notebook, never in a pipe.
    disable = not _shows_bars()
    with _tqdm(total=len(names), desc=names[0], delay=after_s, disable=disable) as bar:

        def ended(stage: str) -> None:
            following = names.index(stage) + 1
            bar.set_description(names[min(following, len(names) - 1)], refresh=False)
            bar.update()

        yield ended


@contextlib.contextmanager
def _tqdm(**options: Any) -> Iterator[Any]:
    # tqdm costs 30 ms to import; runs without a bar need not pay.
    with warnings.catch_warnings():
        # Without ipywidgets a notebook has the plain bar: nothing to warn its author of.
        warnings.simplefilter("ignore")
        from tqdm.auto import tqdm  # noqa: PLC0415

    bar = tqdm(leave=False, **options)
    try:
        yield bar
    finally:
        bar.close()
