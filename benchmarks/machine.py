"""What the figures depend on: the machine, the versions, the source."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import platform
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe_news._kernels._jit import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PACKAGES = (
    "dedupe_news", "numpy", "numba", "llvmlite", "xxhash", "pyarrow", "scikit-learn", "pyspark",
    "datasketch", "gaoya", "rensa",
)  # fmt: skip
_N_LINES = 1 << 20  # of 64 bytes: more than any cache holds
_VALUES_A_LINE = 8
_N_STEPS = 1 << 18


def machine() -> dict[str, Any]:
    """Return processor, memory and its latency, system and load; it names no person and no host."""
    return {
        "processor": _processor(),
        "n_processors": n_processors(),
        "memory_bytes": _memory_bytes(),
        "memory_ns": round(latency_ns()),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
    }


def versions() -> dict[str, str]:
    """Return the versions of Python and of the installed packages that matter."""
    installed = {name: version_of(name) for name in _PACKAGES}
    present = {name: version for name, version in installed.items() if version is not None}
    return {"python": platform.python_version(), **present}


def version_of(package: str) -> str | None:
    """Return the version of a package, ``"checkout"`` where it is only on the path, or None."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "checkout" if importlib.util.find_spec(package.replace("-", "_")) else None


def source_digest() -> str:
    """Return a digest of the source of the library and of the suites."""
    digest = hashlib.sha256()
    library = importlib.util.find_spec("dedupe_news")
    folders = [Path(__file__).parent]
    if library is not None and library.submodule_search_locations:
        folders += map(Path, library.submodule_search_locations)
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def commit() -> str:
    """Return the commit of the checkout, with a mark if files were changed; empty without git."""
    command = ["git", "describe", "--always", "--dirty=, changed", "--exclude=*"]
    try:
        outcome = subprocess.run(  # noqa: S603 - a fixed command
            command, cwd=Path(__file__).parent, capture_output=True, text=True, check=False
        )
    except OSError:
        return ""
    return outcome.stdout.strip()


def n_processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def latency_ns() -> float:
    """
    Return nanoseconds of a read whose place the read before it tells, all over 64 MB.

    A look-up in a large index mostly waits for such reads. Interpreted, the interpreter's
    own time is in it.
    """
    following = random_cycle()
    at = walk(following, np.int64(0), 1)
    start = time.perf_counter()
    walk(following, at, _N_STEPS)
    return (time.perf_counter() - start) / _N_STEPS * 1e9


def random_cycle() -> NDArray[np.int64]:
    """Return at the first place of every 64 bytes the next such place, all in one random cycle."""
    following = np.zeros(_N_LINES * _VALUES_A_LINE, np.int64)
    order = np.random.default_rng(0).permutation(_N_LINES) * _VALUES_A_LINE
    following[order] = np.roll(order, -1)
    return following


@kernel
def walk(following: NDArray[np.int64], at: np.int64, n_steps: int) -> np.int64:
    """Return where `n_steps` reads from `at` on end."""
    for _ in range(n_steps):
        at = following[at]
    return at


def _processor() -> str:
    cpu_info = Path("/proc/cpuinfo")
    if cpu_info.is_file():
        for line in cpu_info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _memory_bytes() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 0
