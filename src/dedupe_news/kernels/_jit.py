"""The one place that configures numba."""

from __future__ import annotations

import functools
import pathlib
import pickle
import time
from typing import TYPE_CHECKING, Any, ParamSpec, TypeAlias, TypeVar

import numba
import numpy as np
from numba.typed import List as TypedList

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["COMPILED", "Integer", "TypedList", "inlined", "kernel", "n_compilations"]

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
        _discard_outdated(compiled)
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
        _discard_outdated(compiled)
        return compiled
    return function


def _newest_source(folder: pathlib.Path) -> float:
    ages = [each.stat().st_mtime for each in folder.glob("*.py")]
    # Sources from the future would be newer than whatever is compiled from them.
    return max((age for age in ages if age <= time.time()), default=0.0)


_NEWEST_SOURCE = _newest_source(pathlib.Path(__file__).parent)


def _discard_outdated(dispatcher: object) -> None:
    """
    Remove a kernel's cached code that was made from other sources than today's.

    numba looks at the age of the kernel's own module alone, not of those that
    it calls into. It also pickles the types of arguments into the index, named
    tuples of ours among them, and reads that before it looks at any age: after
    an update in place a kernel could not even be compiled anew.
    """
    index: Any = getattr(getattr(dispatcher, "_cache", None), "_cache_file", None)
    path = pathlib.Path(getattr(index, "_index_path", ""))
    try:
        is_outdated = path.stat().st_mtime < _NEWEST_SOURCE
        index._load_index()  # noqa: SLF001 - numba offers no public way
    except (AttributeError, ImportError, EOFError, pickle.UnpicklingError):
        is_outdated = True
    except OSError:
        return  # there is none
    if is_outdated and path.is_file():
        path.unlink(missing_ok=True)


def n_compilations() -> int:
    """
    Return how many kernels this process had to compile, or is compiling.

    Returns
    -------
    int
        0 where the machine code of all kernels used came from the disk.
    """
    return sum(sum(dispatcher.stats.cache_misses.values()) for dispatcher in _dispatchers)
