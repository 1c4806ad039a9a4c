"""Clocks, repetition and memory of a process: every figure of a suite comes from here."""

from __future__ import annotations

import dataclasses
import gc
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

_STATUS = Path("/proc/self/status")
_FORGET = Path("/proc/self/clear_refs")


@dataclasses.dataclass(frozen=True, slots=True)
class Timed:
    """The value of one call, and its seconds on the wall and on all processors together."""

    value: Any
    wall_s: float
    cpu_s: float


@dataclasses.dataclass(frozen=True, slots=True)
class Summary:
    """Median, range and number of repeated measurements."""

    median: float
    least: float
    most: float
    n: int

    def as_dict(self) -> dict[str, float | int]:
        """Return the fields by name."""
        return dataclasses.asdict(self)


def timed(call: Callable[[], Any]) -> Timed:
    """Call once on the clock, the garbage collector resting."""
    gc.collect()
    gc.disable()
    try:
        cpu, wall = time.process_time(), time.perf_counter()
        value = call()
        wall_s, cpu_s = time.perf_counter() - wall, time.process_time() - cpu
    finally:
        gc.enable()
    return Timed(value, wall_s, cpu_s)


def single_calls(
    items: Iterable[Any], call: Callable[[int, Any], Any]
) -> tuple[list[float], list[Any]]:
    """Return microseconds and answers of single calls, the collector at work as in real use."""
    spent, answers = [], []
    clock = time.perf_counter_ns
    for position, item in enumerate(items):
        started = clock()
        answer = call(position, item)
        spent.append((clock() - started) / 1e3)
        answers.append(answer)
    return spent, answers


def summary(values: Sequence[float]) -> Summary:
    """Return median and range of repeated measurements."""
    return Summary(statistics.median(values), min(values), max(values), len(values))


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the least value that `percent` of all values do not exceed."""
    ranked = sorted(values)
    rank = -int(-len(ranked) * percent // 100)
    return ranked[max(0, rank - 1)]


def latencies(name: str, spent_us: Sequence[float]) -> dict[str, float]:
    """Return the figures of single calls: their median and what 99 in 100 stay below."""
    return {f"{name}.median": percentile(spent_us, 50), f"{name}.p99": percentile(spent_us, 99)}


def resident_bytes() -> int:
    """Return the memory that this process holds now; its peak where the system tells no more."""
    return _status("VmRSS") or peak_resident_bytes()


def peak_resident_bytes() -> int:
    """Return the most memory that this process held; 0 where the system does not say."""
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return _status("VmHWM") or (peak if sys.platform == "darwin" else peak * 1024)


def forget_peak() -> None:
    """Have the system count the peak of memory from now on, where it can."""
    if _FORGET.exists():
        _FORGET.write_text("5", encoding="ascii")


def _status(field: str) -> int:
    if not _STATUS.is_file():
        return 0
    for line in _STATUS.read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    return 0
