"""What the figures depend on: the machine, the versions, the source."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import platform
import subprocess
from pathlib import Path
from typing import Any

import psutil

_PACKAGES = (
    "dedupe_news", "numpy", "numba", "llvmlite", "xxhash", "pyarrow", "scikit-learn", "pyspark",
    "datasketch", "gaoya", "rensa",
)  # fmt: skip


def machine() -> dict[str, Any]:
    """Return processor, memory, system and load; it names no person and no host."""
    return {
        "processor": _processor(),
        "n_processors": n_processors(),
        "memory_bytes": psutil.virtual_memory().total,
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
    """Return the commit of the checkout, with a mark if its source was changed; or nothing."""
    root = Path(__file__).parent.parent
    # Results and their page change while the suites run.
    source = ["src", "benchmarks/*.py", "benchmarks/*.json", "benchmarks/labels"]
    try:
        head, changed = (
            subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)  # noqa: S603 - fixed commands
            for command in (
                ["git", "rev-parse", "--short", "HEAD"],
                ["git", "status", "--porcelain", "--", *source],
            )
        )
    except OSError:
        return ""
    return head.stdout.strip() + (", changed" if changed.stdout.strip() else "")


def n_processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _processor() -> str:
    cpu_info = Path("/proc/cpuinfo")
    if cpu_info.is_file():
        for line in cpu_info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
