"""The packaged table that folding, spelling and boilerplate are read from."""

from __future__ import annotations

import functools
import importlib.resources
from typing import TYPE_CHECKING, Any

import numpy as np
import xxhash

from dedupe_news._kernels.text import known_names

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news.config import Config

RULES_VERSION = 3
"""Raised whenever the same table folds text to other tokens."""


@functools.cache
def load() -> NDArray[np.uint32]:
    """Return the table, as `dedupe_news._kernels.text.table` describes it."""
    path = importlib.resources.files("dedupe_news") / "data" / "folding.npz"
    with path.open("rb") as file, np.load(file) as stored:
        return read_only(stored["table"].astype(np.uint32, copy=False))


@functools.cache
def spelled() -> dict[int, str]:
    """Return what `data/spelling.toml` makes of words, by its hash."""
    path = importlib.resources.files("dedupe_news") / "data" / "folding.npz"
    with path.open("rb") as file, np.load(file) as stored:
        words = str(stored["spelled"]).split(" ")
    return {xxhash.xxh32_intdigest(word.encode()): word for word in words}


def fingerprint() -> int:
    """Return the checksum of the table and the rules that say how text is folded."""
    table = load().astype("<u4", copy=False).tobytes()
    return xxhash.xxh32_intdigest(table, seed=RULES_VERSION)


def read_only(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array that may not be written: numba compiles once for each kind."""
    flags = array.flags
    if not flags.writeable and flags.c_contiguous:
        return array
    view = np.ascontiguousarray(array).view()
    view.setflags(write=False)
    return view


def rules_of(config: Config) -> int:
    """Return the rules that are on, as kernels take them."""
    return (
        known_names.STRIP_HTML * config.strip_html
        | known_names.STRIP_CUT_OFF_MARKS * config.strip_cut_off_marks
        | known_names.STRIP_DATELINES * config.strip_datelines
        | known_names.STRIP_BYLINES * config.strip_bylines
        | known_names.STRIP_PUBLISHERS * config.strip_publishers
        | known_names.STRIP_LINKS * config.strip_links
        | known_names.STRIP_REPEATED_TITLES * config.strip_repeated_titles
    )
