"""How much memory a run may take, and how it is shared out."""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import os
import re
import sys
from pathlib import Path

from dedupe_news.errors import ConfigError

_UNITS = {
    "": 1,
    "k": 10**3,
    "m": 10**6,
    "g": 10**9,
    "t": 10**12,
    "ki": 2**10,
    "mi": 2**20,
    "gi": 2**30,
    "ti": 2**40,
}
_AMOUNT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]i?)?b?\s*", re.IGNORECASE)

BYTES_A_DOCUMENT = 110
"""Memory that every document takes at the worst moment, however long its text."""

LEAST_WORKING = 96_000_000
"""Memory that a run needs beside that of its documents, in bytes."""

_DISK_A_BYTE = {"similar": 1.3, "news": 4.0}
_DISK_A_DOCUMENT = {"similar": 140, "news": 260}
_MOST_WORKING = 2_000_000_000
_WORKING_SHARE = 0.5


def parse_limit(limit: object) -> int:
    """
    Return a memory limit in bytes.

    Parameters
    ----------
    limit : int, str or None
        Bytes, or a text such as "2GB" (10**9 bytes each) or "512MiB" (2**20);
        None for half of what is free.

    Returns
    -------
    int
        At least 1.

    Raises
    ------
    ConfigError
        If it is no amount of memory.
    """
    if limit is None:
        return resident_memory() + free_memory() // 2
    amount: float | None = None
    if isinstance(limit, str):
        match = _AMOUNT.fullmatch(limit)
        if match:
            amount = float(match[1]) * _UNITS[(match[2] or "").lower()]
    elif isinstance(limit, int) and not isinstance(limit, bool):
        amount = limit
    if amount is None or amount < 1:
        message = (
            f"memory_limit={limit!r} is no amount of memory; pass bytes, or a text such as "
            "'2GB' or '512MiB', or None for half of what is free"
        )
        raise ConfigError(message)
    return int(amount)


def free_memory() -> int:
    """
    Return how much memory this process may still take without swapping.

    Returns
    -------
    int
        Bytes: what the system has available, or what its control group leaves
        where that is less; very much where the system does not tell.
    """
    free = [sys.maxsize]
    for line in _lines("/proc/meminfo"):
        if line.startswith("MemAvailable:"):
            free += [int(line.split()[1]) * 1024]
    for most, used in (
        ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
        (
            "/sys/fs/cgroup/memory/memory.limit_in_bytes",
            "/sys/fs/cgroup/memory/memory.usage_in_bytes",
        ),
    ):
        amounts = [*_lines(most), *_lines(used)]
        if len(amounts) == 2 and all(amount.strip().isdigit() for amount in amounts):  # noqa: PLR2004
            free.append(max(0, int(amounts[0]) - int(amounts[1])))
    if len(free) == 1 and hasattr(os, "sysconf") and "SC_AVPHYS_PAGES" in os.sysconf_names:
        free.append(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    return min(free)


def resident_memory() -> int:
    """
    Return how much memory this process holds.

    Returns
    -------
    int
        Bytes; 0 where the system does not tell.
    """
    for line in _lines("/proc/self/status"):
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


def give_back() -> None:
    """Return memory to the system that the process has freed but still holds."""
    pyarrow = sys.modules.get("pyarrow")
    if pyarrow is not None:
        pyarrow.default_memory_pool().release_unused()
    with contextlib.suppress(OSError, AttributeError):  # another C library than GNU's
        ctypes.CDLL(None).malloc_trim(0)


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return []


@dataclasses.dataclass(frozen=True, slots=True)
class Memory:
    """
    What a run may take.

    Parameters
    ----------
    limit : int
        Bytes that the process may hold.
    held : int
        Bytes that it held before the run.
    """

    limit: int
    held: int


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """
    How the memory of a run is shared out.

    Parameters
    ----------
    working : int
        Bytes for what is worked on at one moment, by all threads together.
    stored : int
        Bytes for what would otherwise be on disk.
    """

    working: int
    stored: int


def plan(limit: int, held: int, n_documents: int) -> Plan:
    """
    Share memory out.

    Parameters
    ----------
    limit : int
        Bytes that the process may hold.
    held : int
        Bytes that it held before the run.
    n_documents : int
        Documents of the feed, or those read so far.

    Returns
    -------
    Plan
        Both at least 0.

    Raises
    ------
    ConfigError
        If that is too little to work with.
    """
    left = limit - held - BYTES_A_DOCUMENT * n_documents
    if left < LEAST_WORKING:
        least = limit + LEAST_WORKING - left
        message = (
            f"memory_limit={limit:,} bytes is too little: the process held {held:,} before, and "
            f"{n_documents:,} documents take {BYTES_A_DOCUMENT} bytes each, however short. "
            f"Allow at least {least:,}, or split the feed and add the parts to a NewsIndex"
        )
        raise ConfigError(message)
    working = max(LEAST_WORKING, min(_MOST_WORKING, int(left * _WORKING_SHARE)))
    return Plan(working, left - working)


def disk_estimate(n_documents: int, n_bytes: int, policy: str) -> int:
    """
    Return about how much a run writes to disk where nothing of it stays in memory.

    Parameters
    ----------
    n_documents, n_bytes : int
        Documents, and bytes of their text.
    policy : {"similar", "news"}
        As in `Config`.

    Returns
    -------
    int
        Bytes that are there at the same time, at most.
    """
    return int(n_bytes * _DISK_A_BYTE[policy] + n_documents * _DISK_A_DOCUMENT[policy])
