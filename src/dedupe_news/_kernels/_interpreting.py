"""
Small work before there is machine code: kernels as plain Python.

Compiling takes half a minute, once after installation; a page of items takes the interpreter a
tenth of a second. So little work is interpreted where there is no machine code of a kernel yet,
until the process has interpreted as much as compiling would cost.
"""

from __future__ import annotations

import contextlib
import contextvars
import functools
import sys
import types
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MOST_BYTES = 20_000
"""Bytes of text that are interpreted at once: about a second."""

_namespaces: dict[str, dict[str, Any]] = {}


class Allowance:
    """Bytes of text that may be interpreted yet."""

    def __init__(self, n_bytes: int) -> None:
        self.n_bytes = n_bytes


_OF_PROCESS = Allowance(60_000)  # a few seconds


class _Work:
    """Little work, and whether any of it was interpreted."""

    was_interpreted = False


_work: contextvars.ContextVar[_Work | None] = contextvars.ContextVar("interpreting", default=None)


@contextlib.contextmanager
def small(n_bytes: int | None, allowance: Allowance = _OF_PROCESS) -> Iterator[bool]:
    """Let kernels without machine code be interpreted within, if the work is little."""
    if is_on() and n_bytes is not None and n_bytes <= MOST_BYTES:  # a part of little work
        yield True
        return
    if n_bytes is None or n_bytes > min(MOST_BYTES, allowance.n_bytes):
        n_bytes, work = 0, None  # though it be within little work: what others did to an index
    else:
        work = _Work()
    token = _work.set(work)
    try:
        yield work is not None
    finally:
        _work.reset(token)
        if work is not None and work.was_interpreted:
            allowance.n_bytes -= n_bytes


def is_on() -> bool:
    """Return whether kernels without machine code are interpreted here."""
    return _work.get() is not None


def instead_of(function: types.FunctionType) -> Callable[..., Any]:
    """Return what is called instead of machine code that there is not."""
    if work := _work.get():
        work.was_interpreted = True
    return interpreted(function)


@functools.cache
def interpreted(function: types.FunctionType) -> Callable[..., Any]:
    """Return a kernel's function in which the kernels that it calls are plain Python too."""
    plain = _plain(function)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as the kernel takes and returns
        # The interpreter warns where machine code wraps silently.
        with np.errstate(over="ignore"):
            return plain(*args, **kwargs)

    return call


def _plain(function: types.FunctionType) -> types.FunctionType:
    return types.FunctionType(
        function.__code__,
        _namespace(function.__module__),
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )


def _namespace(module: str) -> dict[str, Any]:
    """Return the names of a module, with its kernels as plain functions."""
    if module not in _namespaces:
        # Entered before it is full: the kernels of a module call one another.
        names = _namespaces[module] = dict(vars(sys.modules[module]))
        for name, value in tuple(names.items()):
            if isinstance(function := getattr(value, "py_func", None), types.FunctionType):
                names[name] = _plain(function)
        # numba compiles what its own list does.
        names.update({"TypedList": list} if "TypedList" in names else {})
    return _namespaces[module]
