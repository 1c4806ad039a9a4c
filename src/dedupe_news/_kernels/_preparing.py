"""All kernels of an operation, compiled before it begins, by two processes where that helps."""

from __future__ import annotations

import contextlib
import functools
import importlib.resources
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dedupe_news._kernels import _jit, _types

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_MANIFEST = "kernels.json"

_lock = threading.Lock()
_prepared: set[str] = set()


@functools.cache
def manifest() -> dict[str, list[tuple[str, _types.Signature]]]:
    """Return which kernels each operation calls, with the types of their arguments, in order."""
    source = importlib.resources.files("dedupe_news").joinpath("data", _MANIFEST)
    rows = json.loads(source.read_text(encoding="utf-8"))
    return {
        operation: [(name, signature) for name, *signature in kernels]
        for operation, kernels in rows.items()
    }


class Task:
    """
    Kernels that have to be compiled before an operation begins.

    Parameters
    ----------
    operation : str
        A key of the manifest.
    """

    def __init__(self, operation: str) -> None:
        self.operation = operation
        self._kernels: list[tuple[Callable[..., object], tuple[Any, ...]]] = []
        for name, signature in manifest().get(operation, ()):
            # A manifest that lags behind the sources costs the time of compiling later, no more.
            with contextlib.suppress(AttributeError, ImportError, ValueError):
                self._kernels.append((_types.named(name), _types.types_of(signature)))

    def is_done(self) -> bool:
        """Return whether there is machine code of every kernel."""
        present = _jit.present()
        return all(_jit.is_compiled(kernel, types, present) for kernel, types in self._kernels)

    def n_left(self) -> int:
        """Return how many functions have to be compiled yet."""
        return _jit.unprepared(kernel for kernel, _ in self._kernels)

    def work(self, *, backwards: bool = False) -> None:
        """Compile what nobody else has compiled, and wait for what somebody does."""
        for kernel, types in reversed(self._kernels) if backwards else self._kernels:
            with contextlib.suppress(_jit.CompilerError, TypeError):
                _jit.compile_for(kernel, types)


def is_prepared(operation: str) -> bool:
    """Return whether all kernels of an operation have machine code, or need none."""
    if operation in _prepared or not _jit.COMPILED:
        return True
    if Task(operation).is_done():
        _prepared.add(operation)
    return operation in _prepared


def prepare(
    operation: str,
    n_processes: int,
    watch: Callable[[Task], contextlib.AbstractContextManager[Any]],
) -> None:
    """
    Compile the kernels of an operation, where that has not been done.

    Parameters
    ----------
    operation : str
        A key of the manifest.
    n_processes : int
        How many may compile; more than two do not help.
    watch : callable
        Returns what shows the progress; called where there is something to do.
    """
    if is_prepared(operation):
        return
    with _lock:
        if is_prepared(operation):
            return
        task = Task(operation)
        try:
            with watch(task), _helper(operation, n_processes):
                task.work()
        except KeyboardInterrupt:
            raise KeyboardInterrupt from None  # not with a page of the compiler's frames
        _prepared.add(operation)


@contextlib.contextmanager
def _helper(operation: str, n_processes: int) -> Iterator[None]:
    """Let another process compile the same kernels, beginning with the last."""
    # Where a program brings its own interpreter, `sys.executable` is that program.
    is_python = Path(sys.executable or "").name.lower().startswith("python")
    if n_processes < 2 or not is_python or getattr(sys, "frozen", False) or _jit.folder() is None:
        yield
        return
    code = (
        f"import sys; sys.path[:] = {sys.path!r}; "
        f"from dedupe_news._kernels import _preparing; "
        f"_preparing.Task({operation!r}).work(backwards=True)"
    )
    flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)
    environment = {**os.environ, "NUMBA_CACHE_DIR": _jit.given_folder()}
    try:
        helper = subprocess.Popen(  # noqa: S603 - our own interpreter and code
            [sys.executable, "-c", code],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            creationflags=flags,
            start_new_session=True,  # Ctrl-C is for this process, which ends the helper
            env=environment,
        )
    except OSError:  # no more processes: the work is done here
        yield
        return
    try:
        yield
    finally:
        helper.terminate()
        helper.wait()
