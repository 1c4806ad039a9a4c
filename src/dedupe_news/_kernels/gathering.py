"""Columns of values of many lengths: joining, gathering."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

from dedupe_news._kernels._jit import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._kernels._jit import Integer

T = TypeVar("T", bound=np.generic)

_NEWLINE = np.uint8(10)


@kernel
def join_lines(
    titles: NDArray[np.uint8],
    title_offsets: NDArray[np.int64],
    texts: NDArray[np.uint8],
    text_offsets: NDArray[np.int64],
    start: Integer,
    stop: Integer,
    offsets: NDArray[np.int64],
    joined: NDArray[np.uint8],
) -> None:
    """Write title, newline and text of each document; no newline where there is no room for it."""
    for i in range(start, stop):
        at = offsets[i]
        for byte in range(title_offsets[i], title_offsets[i + 1]):
            joined[at] = titles[byte]
            at += 1
        if offsets[i + 1] - at > text_offsets[i + 1] - text_offsets[i]:
            joined[at] = _NEWLINE
            at += 1
        for byte in range(text_offsets[i], text_offsets[i + 1]):
            joined[at] = texts[byte]
            at += 1


@kernel
def gather_runs(
    values: NDArray[T],
    starts: NDArray[np.int64],
    offsets: NDArray[np.int64],
    gathered: NDArray[T],
) -> None:
    """
    Copy runs of tokens or bytes together, one after another.

    Run ``i`` begins at ``starts[i]`` and goes to ``gathered[offsets[i]:offsets[i + 1]]``.
    """
    for i in range(starts.shape[0]):
        # Of slices, the compiler knows that no place lies before their first: it copies many at
        # once, in a tenth of the time.
        run = gathered[offsets[i] : offsets[i + 1]]
        source = values[starts[i] : starts[i] + run.shape[0]]
        for at in range(run.shape[0]):
            run[at] = source[at]
