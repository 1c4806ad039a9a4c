"""The one place that configures numba."""

from __future__ import annotations

import functools
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
        return compiled
    return function


def n_compilations() -> int:
    """
    Return how many kernels this process had to compile, or is compiling.

    Returns
    -------
    int
        0 where the machine code of all kernels used came from the disk.
    """
    return sum(sum(dispatcher.stats.cache_misses.values()) for dispatcher in _dispatchers)
