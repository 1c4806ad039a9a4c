"""How long memory takes to answer: what look-ups in a large index mostly wait for."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._kernels._jit import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

_N_LINES = 1 << 20
"""Of 64 bytes: more than any cache holds."""

_VALUES_A_LINE = 8
_N_STEPS = 1 << 18


def latency_ns() -> float:
    """
    Measure how long a read takes whose place the read before it tells.

    Returns
    -------
    float
        Nanoseconds, mean of 262,144 reads all over 64 MB. Interpreted, the
        interpreter's own time is in it.
    """
    following = random_cycle()
    at = walk(following, np.int64(0), 1)
    start = time.perf_counter()
    walk(following, at, _N_STEPS)
    return (time.perf_counter() - start) / _N_STEPS * 1e9


def random_cycle() -> NDArray[np.int64]:
    """
    Return a way through memory that nobody can foresee.

    Returns
    -------
    ndarray of int64, shape (8388608,)
        At the first place of every 64 bytes the next such place, all in one cycle.
    """
    following = np.zeros(_N_LINES * _VALUES_A_LINE, np.int64)
    order = np.random.default_rng(0).permutation(_N_LINES) * _VALUES_A_LINE
    following[order] = np.roll(order, -1)
    return following


@kernel
def walk(following: NDArray[np.int64], at: np.int64, n_steps: int) -> np.int64:
    """
    Go from place to place.

    Parameters
    ----------
    following : ndarray of int64, shape (n,)
        Where each place leads.
    at : int64
        Where to begin.
    n_steps : int
        How many reads.

    Returns
    -------
    int64
        Where they end.
    """
    for _ in range(n_steps):
        at = following[at]
    return at
