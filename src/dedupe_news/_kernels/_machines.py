"""Which machine code this process can run: its own, and what the package brought along."""

from __future__ import annotations

import importlib.resources
import json
import platform
import sys
from typing import TYPE_CHECKING, NamedTuple

import llvmlite
import numba
from numba.core.codegen import get_host_cpu_features
from numba.core.registry import cpu_target

if TYPE_CHECKING:
    from collections.abc import Iterable
    from importlib.resources.abc import Traversable

RECORD = "machine.json"
"""The file beside shipped machine code that says what it was made for."""

_EQUAL = ("python", "system", "numba", "llvmlite", "options")


class Machine(NamedTuple):
    """What machine code depends on beside its source. NumPy is none of it: numba asks its C API."""

    python: str
    system: str
    numba: str
    llvmlite: str
    options: str
    triple: str
    processor: str
    features: str


def this_machine(options: Iterable[str]) -> Machine:
    """Return what this process compiles for."""
    settings = [f"opt={numba.config.OPT}", f"boundscheck={numba.config.BOUNDSCHECK}"]
    return Machine(
        # A build of Python without the GIL has other structures under the same tag.
        f"{sys.implementation.cache_tag}{getattr(sys, 'abiflags', '')}",
        f"{sys.platform} {platform.machine()}",
        numba.__version__,
        llvmlite.__version__,
        " ".join((*settings, *sorted(options))),
        *cpu_target.target_context.codegen().magic_tuple(),
    )


def shipped_folder() -> Traversable:
    """Return where machine code is that a wheel brought along; most installations have none."""
    return importlib.resources.files("dedupe_news").joinpath("machine_code")


def machine_of(folder: Traversable) -> Machine | None:
    """Return what the machine code in a folder was made for, None where there is none."""
    try:
        return Machine(**json.loads(folder.joinpath(RECORD).read_text(encoding="utf-8")))
    except (OSError, KeyError, TypeError, ValueError):
        return None


def misfit(shipped: Machine, here: Machine) -> str:
    """Return why machine code does not run here, nothing if it does."""
    for field in _EQUAL:
        made_for, present = getattr(shipped, field), getattr(here, field)
        if made_for != present:
            return f"{field} {made_for}, not {present}"
    # A feature is written +avx2 where it is present, -avx2 where it is not.
    needed = {feature for feature in shipped.features.split(",") if feature.startswith("+")}
    missing = needed.difference(get_host_cpu_features().split(","))
    return f"processors with {', '.join(sorted(missing)).replace('+', '')}" if missing else ""
