"""The one place that configures numba."""

from __future__ import annotations

import functools
import pathlib
import pickle
from typing import TYPE_CHECKING, Any, ParamSpec, TypeAlias, TypeVar

import numba
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

_dispatchers: list[Any] = []

Integer: TypeAlias = "int | np.int64"
"""A whole number in a kernel: a literal, or an element of an array."""

P = ParamSpec("P")
R = TypeVar("R")

COMPILED: bool = not numba.config.DISABLE_JIT
"""Whether kernels are machine code; False under ``NUMBA_DISABLE_JIT=1``."""


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """
    Compile `function` on first use and keep the machine code on disk.

    A kernel works on arrays alone, releases the GIL, and raises nothing: its
    caller has validated everything. Integer arithmetic wraps, as in C.

    Parameters
    ----------
    function : callable
        Pure array code in the subset of Python that numba compiles.

    Returns
    -------
    callable
        The compiled kernel, of the same signature for the type checker.
    """
    if COMPILED:
        compiled: Callable[P, R] = numba.njit(cache=True, nogil=True, fastmath=False)(function)
        _discard_unreadable(compiled)
        _dispatchers.append(compiled)
        return compiled

    @functools.wraps(function)
    def interpreted(*args: P.args, **kwargs: P.kwargs) -> R:
        # The interpreter warns where machine code wraps silently.
        with np.errstate(over="ignore"):
            return function(*args, **kwargs)

    return interpreted


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """
    Compile `function` for use inside kernels; LLVM inlines it where that pays.

    Parameters
    ----------
    function : callable
        As for `kernel`.

    Returns
    -------
    callable
        The compiled function.
    """
    if COMPILED:
        compiled: Callable[P, R] = numba.njit(
            cache=True, nogil=True, fastmath=False, forceinline=True
        )(function)
        _discard_unreadable(compiled)
        return compiled
    return function


def _discard_unreadable(dispatcher: object) -> None:
    """
    Remove a kernel's cached code where its index names a class that is gone.

    numba pickles the types of arguments into the index, named tuples of ours
    among them, and reads it before it looks at the age of the source: after
    an update in place a kernel could not even be compiled anew.
    """
    index: Any = getattr(getattr(dispatcher, "_cache", None), "_cache_file", None)
    try:
        index._load_index()  # noqa: SLF001 - numba offers no public way
    except (AttributeError, ImportError, EOFError, pickle.UnpicklingError):
        path = getattr(index, "_index_path", None)
        if path is not None:
            pathlib.Path(path).unlink(missing_ok=True)


def n_compilations() -> int:
    """
    Return how many kernels this process had to compile, or is compiling.

    Returns
    -------
    int
        0 where the machine code of all kernels used came from the disk.
    """
    return sum(sum(dispatcher.stats.cache_misses.values()) for dispatcher in _dispatchers)
