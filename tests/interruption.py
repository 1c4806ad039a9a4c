"""Whoever stops the library in the midst of a call."""

from __future__ import annotations

import dis
import functools
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dedupe_news as dn

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, FrameType

ROOT = str(Path(dn.__file__).parent)


@functools.cache
def moments_of(code: CodeType) -> frozenset[int]:
    """Return where Python looks for signals: as a function begins, behind calls, in loops."""
    bytecode = dis.Bytecode(code)
    found, call = set(), -1

    def handler(offset: int) -> int:
        """Return where an exception in an instruction is handled."""
        entries = bytecode.exception_entries  # type: ignore[attr-defined]
        return next((each.target for each in entries if each.start <= offset < each.end), -1)

    for instruction in bytecode:
        # Python raises in the call; what stands behind may be outside of the block already.
        behind_call = call >= 0 and handler(call) == handler(instruction.offset)
        if behind_call or instruction.opname in {"RESUME", "FOR_ITER"}:
            found.add(instruction.offset)
        call = instruction.offset if instruction.opname.startswith("CALL") else -1
    return frozenset(found)


class Interruption:
    """Someone who stops the library at the moment of number `at`, or counts the moments."""

    def __init__(self, at: int = -1, kind: type[BaseException] = KeyboardInterrupt) -> None:
        self.at, self.kind, self.n_moments = at, kind, 0

    def __call__(self, frame: FrameType, event: str, _: object) -> Any:  # noqa: ANN401 - or None
        """Count a moment of the library, as a function to trace with."""
        path = frame.f_code.co_filename  # compiled kernels are not interrupted
        if not path.startswith(ROOT) or "_kernels" in path:
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        if event == "opcode" and frame.f_lasti in moments_of(frame.f_code):
            self.n_moments += 1
            if self.n_moments == self.at:
                sys.settrace(None)
                raise self.kind
        return self

    def during(self, call: Callable[[], object]) -> bool:
        """Make a call; return whether it was interrupted."""
        before = sys.gettrace()
        sys.settrace(self)
        try:
            call()
        except self.kind:
            return True
        finally:
            sys.settrace(before)
        return False
