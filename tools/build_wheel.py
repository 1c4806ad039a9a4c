"""
Put machine code of all kernels into a wheel: a hook of hatch, which `make wheel` enables.

Code depends on the versions of Python and numba and on the system, and so does the wheel.
"""

from __future__ import annotations

import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from packaging.tags import sys_tags


class ShippedKernels(BuildHookInterface):
    """Compiles in a process of its own, whose settings of numba are not those of the build."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and say what goes into the wheel; an editable installation has no use for it."""
        if version != "standard":
            return
        root = Path(self.root)
        self._folder = tempfile.TemporaryDirectory()
        subprocess.run(  # noqa: S603 - our own interpreter and program
            [sys.executable, str(root / "tools" / "ship_kernels.py"), self._folder.name], check=True
        )
        build_data["force_include"][self._folder.name] = "dedupe_news/machine_code"
        build_data["pure_python"] = False
        if platform.libc_ver()[0] == "glibc":
            # Code that calls no function of libc by version runs wherever numba does.
            tag = next(sys_tags())
            system = f"manylinux_2_17_{platform.machine()}"
            build_data["tag"] = f"{tag.interpreter}-{tag.abi}-{system}"
        else:
            build_data["infer_tag"] = True

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """Remove what is in the wheel now."""
        if version == "standard":
            self._folder.cleanup()
