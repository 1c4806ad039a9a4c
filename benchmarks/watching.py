"""Memory and disk of a process, measured from outside while it runs."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import datasets, timing

if TYPE_CHECKING:
    from collections.abc import Sequence

_EVERY_S = 0.02
_DISK_EVERY = 10  # looks at the memory for one at the disk, which is slower
_BLOCK_BYTES = 512  # what st_blocks counts, whatever the file system
_MEMORY = ("VmHWM", "VmRSS", "RssAnon", "RssFile")


class WatchedError(RuntimeError):
    """A process failed, or cannot be watched here."""


@dataclasses.dataclass(frozen=True, slots=True)
class Watched:
    """
    What a process took.

    Attributes
    ----------
    peak_bytes : int
        Most memory it held: the greatest of what the system says of the running
        process (``VmHWM``, and ``VmRSS`` as it was polled) and of the ended one
        (``ru_maxrss``). The last begins with what the process held that started
        it, and says something only above this one's peak. Pages of mapped files
        count as long as they are resident.
    anonymous_bytes, mapped_bytes : int
        Most memory of its own, and most of mapped files, as polled; 0 where the
        system does not say.
    disk_bytes : int
        Most room that the files in its folder took at one time, as polled.
    """

    peak_bytes: int
    anonymous_bytes: int
    mapped_bytes: int
    disk_bytes: int


def watch(module: str, arguments: Sequence[str], folder: Path) -> Watched:
    """
    Run a module in a fresh process, and watch it to its end.

    Parameters
    ----------
    module : str
        Its full name.
    arguments : sequence of str
        Its arguments.
    folder : Path
        Where it keeps its files.

    Returns
    -------
    Watched
        Peaks of memory and disk.

    Raises
    ------
    WatchedError
        If it failed, or the system cannot wait for one process and say what it took.
    """
    if not hasattr(os, "wait4"):
        message = "this system does not say how much memory a process took; use Linux or macOS"
        raise WatchedError(message)
    process = subprocess.Popen(  # noqa: S603 - this very interpreter and module
        [sys.executable, "-m", module, *arguments], cwd=datasets.ROOT
    )
    peaks = dict.fromkeys(_MEMORY, 0)
    disk_bytes = n_looks = 0
    try:
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            for name, value in _memory(process.pid).items():
                peaks[name] = max(peaks[name], value)
            if n_looks % _DISK_EVERY == 0:
                disk_bytes = max(disk_bytes, room_of(folder))
            n_looks += 1
            time.sleep(_EVERY_S)
    except BaseException:
        process.kill()
        process.wait()
        raise
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        message = f"{module} failed with exit code {process.returncode}; its words are above"
        raise WatchedError(message)
    after = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    if peaks["VmHWM"] and after <= timing.peak_resident_bytes():
        after = 0
    return Watched(
        peak_bytes=max(peaks["VmHWM"], peaks["VmRSS"], after),
        anonymous_bytes=peaks["RssAnon"],
        mapped_bytes=peaks["RssFile"],
        disk_bytes=disk_bytes,
    )


def room_of(folder: Path) -> int:
    """
    Return the room that the files of a folder take.

    Parameters
    ----------
    folder : Path
        Files may come and go meanwhile.

    Returns
    -------
    int
        Bytes of the blocks they have; holes take none.
    """
    total = 0
    for path in folder.rglob("*"):
        try:
            status = path.stat()
        except FileNotFoundError:
            continue
        total += getattr(status, "st_blocks", -(-status.st_size // _BLOCK_BYTES)) * _BLOCK_BYTES
    return total


def _memory(pid: int) -> dict[str, int]:
    """Return what the system says of a running process, in bytes; nothing where it is silent."""
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return {}
    fields = (line.split() for line in text.splitlines())
    return {
        parts[0][:-1]: int(parts[1]) * 1024
        for parts in fields
        if len(parts) > 1 and parts[0][:-1] in _MEMORY
    }
