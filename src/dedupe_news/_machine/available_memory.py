"""How much memory this process holds, and may still take."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

GROUPS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    (
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes",
    ),
)
"""Files of a container on Linux: its limit, and what it uses."""


def resident_memory() -> int:
    """Return how much memory this process holds, in bytes."""
    import psutil  # noqa: PLC0415 - a batch in memory need not wait for it

    return int(psutil.Process().memory_info().rss)


def free_memory(groups: Sequence[tuple[str, str]] = GROUPS) -> int:
    """Return how much memory this process may still take without swapping, in bytes."""
    import psutil  # noqa: PLC0415 - as above

    free = [int(psutil.virtual_memory().available)]
    for most, used in groups:
        amounts = [*_lines(most), *_lines(used)]
        if len(amounts) == 2 and all(amount.strip().isdigit() for amount in amounts):  # noqa: PLR2004
            free.append(max(0, int(amounts[0]) - int(amounts[1])))
    return min(free)


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
