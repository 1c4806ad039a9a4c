"""
Compile all kernels for the common processors, for a wheel: ``python tools/ship_kernels.py FOLDER``.

The folder becomes ``machine_code`` in the package. The kernels are those of ``data/kernels.json``,
as `dedupe-news warmup` compiles them, in the form that Python calls, for this version of Python,
of numba and this system. tools/build_wheel.py calls this; nobody else needs to.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
import tempfile
from pathlib import Path

# Processors with AVX2, as nearly all servers have.
X86_64_V3 = (
    *("avx", "avx2", "bmi", "bmi2", "cx16", "f16c", "fma", "lzcnt", "movbe", "popcnt"),
    *("sse3", "sse4.1", "sse4.2", "ssse3", "xsave"),
)


def common_processor() -> tuple[str, str]:
    """Return the processor that code is made for, and the features that it has to have."""
    if platform.machine().lower() in {"amd64", "x86_64"}:
        return "x86-64-v3", ",".join(f"+{feature}" for feature in X86_64_V3)
    return "generic", ""


def settings() -> dict[str, str]:
    """Return the environment in which numba compiles for the common processors."""
    name, features = common_processor()
    return {
        "NUMBA_CPU_NAME": name,
        "NUMBA_CPU_FEATURES": features,
        "NUMBA_DISABLE_INTEL_SVML": "1",  # a library that the user may not have
        "NUMBA_DISABLE_JIT": "0",
    }


def collect(cache: Path, target: Path) -> int:
    """Copy machine code from a cache, and write what it was made for; return how many files."""
    from dedupe_news._kernels import _jit, _machines  # noqa: PLC0415 - numba reads its settings

    target.mkdir(parents=True, exist_ok=True)
    machine = json.dumps(_jit.this_machine()._asdict(), indent=1)
    (target / _machines.RECORD).write_text(machine + "\n", encoding="utf-8", newline="\n")
    # What kernels call is part of their code already.
    files = sorted(cache.rglob("*.kernel-*.nbc"))
    for path in files:
        shutil.copyfile(path, target / path.name)
    return len(files)


def main(target: Path) -> None:
    """Compile all kernels, and write their machine code into a folder."""
    # These sources, whatever is installed: an environment for builds leaves out what is.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))
    with tempfile.TemporaryDirectory() as cache:
        os.environ.update(settings(), NUMBA_CACHE_DIR=cache)
        from dedupe_news._machine.progress import prepare_all  # noqa: PLC0415 - as above

        prepare_all()
        n_files = collect(Path(cache), target)
    if not n_files:
        message = "no kernel was compiled"
        raise SystemExit(message)
    print(f"{n_files} kernels for {common_processor()[0]}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
