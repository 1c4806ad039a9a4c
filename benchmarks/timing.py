"""Clocks, repetition and memory of a process; every figure of a suite comes from here."""

from __future__ import annotations

import dataclasses
import gc
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_STATUS = Path("/proc/self/status")


@dataclasses.dataclass(frozen=True, slots=True)
class Timed:
    """
    One timed call.

    Attributes
    ----------
    value : Any
        What the call returned.
    wall_s, cpu_s : float
        Seconds on the wall and on all processors together.
    """

    value: Any
    wall_s: float
    cpu_s: float


@dataclasses.dataclass(frozen=True, slots=True)
class Summary:
    """
    Repeated measurements of one thing.

    Attributes
    ----------
    median, least, most : float
        Of all repetitions.
    n : int
        Repetitions.
    """

    median: float
    least: float
    most: float
    n: int

    def as_dict(self) -> dict[str, float | int]:
        """Return the fields by name."""
        return dataclasses.asdict(self)


def timed(call: Callable[[], Any]) -> Timed:
    """
    Call once on the clock, the garbage collector resting.

    Parameters
    ----------
    call : callable
        Takes nothing.

    Returns
    -------
    Timed
        Result and seconds.
    """
    gc.collect()
    gc.disable()
    try:
        cpu, wall = time.process_time(), time.perf_counter()
        value = call()
        wall_s, cpu_s = time.perf_counter() - wall, time.process_time() - cpu
    finally:
        gc.enable()
    return Timed(value, wall_s, cpu_s)


def summary(values: Sequence[float]) -> Summary:
    """
    Return median and range of repeated measurements.

    Parameters
    ----------
    values : sequence of float
        At least one.

    Returns
    -------
    Summary
        In the unit of `values`.
    """
    return Summary(statistics.median(values), min(values), max(values), len(values))


def percentile(values: Sequence[float], percent: float) -> float:
    """
    Return a percentile by the nearest rank.

    Parameters
    ----------
    values : sequence of float
        At least one.
    percent : float
        In (0, 100].

    Returns
    -------
    float
        The least value that `percent` of all values do not exceed.
    """
    ranked = sorted(values)
    rank = -int(-len(ranked) * percent // 100)
    return ranked[max(0, rank - 1)]


def resident_bytes() -> int:
    """
    Return the memory this process holds now.

    Returns
    -------
    int
        Resident set size in bytes; its peak where the system tells no more.
    """
    return _status("VmRSS") or peak_resident_bytes()


def peak_resident_bytes() -> int:
    """
    Return the most memory this process ever held.

    Returns
    -------
    int
        Peak resident set size in bytes; 0 where the system does not say.
    """
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return _status("VmHWM") or (peak if sys.platform == "darwin" else peak * 1024)


def _status(field: str) -> int:
    if not _STATUS.is_file():
        return 0
    for line in _STATUS.read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    return 0
