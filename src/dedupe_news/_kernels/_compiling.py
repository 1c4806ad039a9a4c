"""
How numba compiles our functions, in under two thirds of the time that it takes by itself.

Of that, a quarter went into finding the types of the same operations again and again, a tenth into
machine code of functions that are machine code once more within each kernel that calls them, and
less into steps for what no kernel holds, such as closures.
"""

from __future__ import annotations

import contextlib
import contextvars
import gc
import logging
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

from llvmlite.binding import newpassmanagers
from numba import types
from numba.core import compiler, typed_passes, untyped_passes
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler_lock import global_compiler_lock
from numba.core.compiler_machinery import PassManager
from numba.core.registry import cpu_target
from numba.core.targetconfig import ConfigStack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

R = TypeVar("R")

VERSION = 2
"""Raised with every change here that changes machine code."""

_PASSES = (
    untyped_passes.TranslateByteCode,
    untyped_passes.FixupArgs,
    untyped_passes.IRProcessing,
    untyped_passes.RewriteSemanticConstants,
    untyped_passes.DeadBranchPrune,
    untyped_passes.GenericRewrites,
    untyped_passes.ReconstructSSA,
    typed_passes.NopythonTypeInference,
    typed_passes.PreLowerStripPhis,
    typed_passes.IRLegalization,
    typed_passes.AnnotateTypes,
    typed_passes.NativeLowering,
    typed_passes.NoPythonBackend,
)


class _Order(PassManager):
    """The order of steps, of which each leaves behind what the next one needs."""

    _ENFORCING = False  # else all is looked through again after each step


class Steps(compiler.CompilerBase):
    """
    The steps of numba that kernels need.

    Kernels hold no closures, unroll no loops, compute with no arrays as one, and call nothing of
    numba's that is to be inlined before its types are known.
    """

    def define_pipelines(self) -> list[Any]:
        """Return the steps."""
        steps = _Order("kernel")
        for step in _PASSES:
            steps.add_pass(step, step.__name__)
        steps.finalize()
        return [steps]


_COUNTING = "NRT_incref"


class _NowhereToRun:
    """What a part has instead of a place for machine code."""

    def set_env(self, name: str, environment: object) -> None:
        """Do nothing: a part needs no environment."""


class _Once(JITCodeLibrary):
    """The code of a kernel, with what it calls, optimised once: numba does so three times."""

    def add_llvm_module(self, module: Any) -> None:
        """Take code as it is."""
        self._final_module.link_in(module)

    def _optimize_final_module(self) -> None:
        if any(function.name == _COUNTING for function in self._final_module.functions):
            super()._optimize_final_module()  # its first round is for counts of references
            return
        builder = self._codegen._pass_builder()
        builder.getModulePassManager().run(self._final_module, builder)


class _Part(_Once):
    """The code of a function that kernels call: it becomes machine code within theirs."""

    def _optimize_final_module(self) -> None:
        # Only made small, which is a tenth of the work of optimising it: the kernel does that.
        builder = self._codegen._pass_builder()
        passes = newpassmanagers.create_new_module_pass_manager()
        passes.add_sroa_pass()
        passes.add_simplify_cfg_pass()
        passes.add_instruction_combine_pass()
        passes.run(self._final_module, builder)

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._finalized = True

    @property
    def codegen(self) -> Any:
        """Return where the environment is set."""
        return _NowhereToRun()

    def get_pointer_to_function(self, name: str) -> int:  # noqa: ARG002 - numba's signature
        """Return that there is no machine code."""
        self._ensure_finalized()
        return 0

    def serialize_using_object_code(self) -> Any:
        """Return the code for the disk."""
        return self.serialize_using_bitcode()


_signatures: dict[tuple[Any, ...], tuple[Any, Any]] = {}
_PLAIN = (types.Number, types.Boolean, types.Array)


def _remembered_type(function: Any, context: Any, args: Any, kws: Any) -> Any:
    """Return the types that an operation takes and returns, looked for once only."""
    flags = ConfigStack.top_or_none()
    plain = tuple(map(types.unliteral, args))
    is_operator = getattr(function.typing_key, "__module__", None) == "_operator"
    if is_operator and all(isinstance(arg, _PLAIN) for arg in plain):
        args = plain  # 1 is added as any other number
    key = (id(function), tuple(args), tuple(kws.items()), flags is not None and flags.nrt)
    if key not in _signatures:
        # What is named by its place in memory is kept there.
        _signatures[key] = function, types.BaseFunction.get_call_type(function, context, args, kws)
    return _signatures[key][1]


@contextlib.contextmanager
def quickly(*, as_part: bool) -> Iterator[None]:
    """Have a function compiled, or loaded, as part of others or by itself."""
    with global_compiler_lock, _undisturbed():  # what is set is seen by all threads
        codegen = cpu_target.target_context.codegen()
        before = codegen._library_class
        outermost = "get_call_type" not in vars(types.Function)
        try:
            codegen._library_class = _Part if as_part else _Once
            if outermost:
                types.Function.get_call_type = _remembered_type
            yield
        finally:
            codegen._library_class = before
            if outermost:
                del types.Function.get_call_type


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Compile without collecting garbage, and without a log of every step."""
    collects = gc.isenabled()
    # Half a million lines for who logs all at DEBUG. A level that the user has set stays.
    loggers = [logging.getLogger(name) for name in ("numba", "filelock")]
    loud = [logger for logger in loggers if logger.level == logging.NOTSET]
    try:
        gc.disable()  # the compiler makes a million objects and drops few: a tenth of its time
        for logger in loud:
            logger.setLevel(logging.INFO)
        yield
    finally:
        for logger in loud:
            logger.setLevel(logging.NOTSET)
        if collects:
            gc.enable()


def uninterrupted(call: Callable[[], R]) -> R:
    """Return what a call of the compiler returns, which is made in a thread."""
    # Ctrl-C, which comes to the main thread, would end generators that numba needs from then on.
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or global_compiler_lock.is_locked():  # the latter by this thread
        return call()
    future: Future[R] = Future()

    def settle() -> None:
        try:
            future.set_result(call())
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            future.set_exception(error)

    threading.Thread(target=contextvars.copy_context().run, args=(settle,)).start()
    return future.result()
