"""The one place that configures numba: how kernels are compiled, kept and loaded."""

from __future__ import annotations

import contextlib
import functools
import pickle
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeAlias, TypeVar

import numba
import numpy as np
from llvmlite import binding
from numba.core import serialize, sigutils
from numba.core.caching import NullCache
from numba.core.compiler import CompileResult
from numba.core.errors import NumbaError as CompilerError
from numba.core.registry import CPUDispatcher
from numba.typed import List as TypedList

from dedupe_news._kernels import _compiling, _counting, _interpreting, _machines, _store
from dedupe_news._kernels._types import PACKAGE, to_plain

if TYPE_CHECKING:
    import types
    from collections.abc import Callable, Iterable

__all__ = [
    "COMPILED",
    "CompilerError",
    "Integer",
    "TypedList",
    "compile_for",
    "folder",
    "given_folder",
    "inlined",
    "is_compiled",
    "kernel",
    "misfit",
    "n_compilations",
    "observe",
    "plainly",
    "present",
    "unprepared",
    "used",
]

Integer: TypeAlias = "int | np.int64"
"""A whole number in a kernel: a literal, or an element of an array."""

P = ParamSpec("P")
R = TypeVar("R")

COMPILED: bool = not numba.config.DISABLE_JIT
"""Whether kernels are machine code; False under ``NUMBA_DISABLE_JIT=1``."""

_ANNOTATION = 5  # where the compiler's result has the source with its types, for debugging

_OPTIONS = {"nopython": True, "nogil": True, "no_cfunc_wrapper": True, "_nrt": True}

_observers: list[Callable[[], None]] = []
_compiled: list[str] = []
_used: list[tuple[Any, ...]] = []


@functools.cache
def _code_store() -> _store.CodeStore:
    folder = Path(__file__).parent
    return _store.CodeStore(
        _store.folders(
            numba.config.CACHE_DIR,
            str(folder) if folder.is_dir() else None,  # None in a zip
        ),
        _machines.shipped_folder(),
    )


@functools.cache
def this_machine() -> _machines.Machine:
    """Return what machine code that is made here depends on."""
    return _machines.this_machine((*_OPTIONS, f"compiler={_compiling.VERSION}"))


@functools.cache
def _runnable() -> tuple[_machines.Machine, ...]:
    """Return the machines whose code runs here: this one, and the one that a wheel is for."""
    shipped = _machines.machine_of(_machines.shipped_folder())
    if shipped is None or misfit():
        return (this_machine(),)
    return (shipped, this_machine())


def misfit() -> str:
    """Return what the machine code in the package is for, if it does not run here."""
    shipped = _machines.machine_of(_machines.shipped_folder())
    return "" if shipped is None else _machines.misfit(shipped, this_machine())


def _function_behind(value: object) -> types.FunctionType | None:
    return value.py_func if isinstance(value, _Kernel) else None


class _Cache(NullCache):
    """Machine code of one function, for its dispatcher."""

    def __init__(self, function: types.FunctionType, *, is_part: bool) -> None:
        self._function = function
        self._is_part = is_part
        module = function.__module__.removeprefix(PACKAGE)
        self.name = f"{module}.{function.__qualname__}.{'part' if is_part else 'kernel'}"
        self._claims: list[contextlib.ExitStack] = []

    @functools.cached_property
    def versions(self) -> list[str]:
        """Return names of the function as it is now, for each machine whose code runs here."""
        digest = _store.digest_of(self._function, _function_behind)
        return [_store.name_of(self.name, (digest, machine)) for machine in _runnable()]

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return the machine code for a signature; else claim its compilation."""
        target_context.refresh()
        loaded = self._load(sig, target_context)
        if loaded is None:
            claim = contextlib.ExitStack()
            claim.enter_context(_code_store().locked(self.name))
            self._claims.append(claim)
            # Another process may have been at it.
            loaded = self._load(sig, target_context)
        if loaded is None:
            _compiled.append(self.name)
            for observer in tuple(_observers):
                observer()
        return loaded

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep the machine code for a signature."""
        if data.library.has_dynamic_globals:
            return
        library, *rest = data._reduce()  # noqa: SLF001
        if not self._is_part:
            # Nothing is linked with what Python calls, and bitcode is two thirds of it all.
            name, kind, (code, _) = library
            library = name, kind, (code, _names_alone(data.fndesc))
        rest[_ANNOTATION] = ""
        content = serialize.dumps((library, *rest))
        _code_store().write(self.files_of(sig)[-1], content)

    def release(self) -> None:
        """Let other processes compile the function."""
        while self._claims:
            self._claims.pop().close()

    def files_of(self, sig: Any) -> list[str]:
        """Return names of files with machine code for a signature; the last is of this machine."""
        args, _ = sigutils.normalize_signature(sig)
        part = [str(arg) for arg in args], _is_counted(self._function, args)
        return [f"{version}-{_store.name_of('', part)[1:]}" for version in self.versions]

    def _load(self, sig: Any, target_context: Any) -> Any:
        for name in self.files_of(sig):
            payload = _code_store().read(name)
            if payload is not None:
                # Whatever is wrong with it, it can be made anew.
                with contextlib.suppress(Exception):
                    return CompileResult._rebuild(target_context, *pickle.loads(payload))  # noqa: SLF001, S301
        return None


def _names_alone(description: Any) -> bytes:
    """Return bitcode that says which functions there are, as the compiler looks them up."""
    names = (description.llvm_func_name, description.llvm_cpython_wrapper_name)
    assembly = "".join(f'define void @"{name}"() {{ ret void }}\n' for name in names)
    bitcode: bytes = binding.parse_assembly(assembly).as_bitcode()
    return bitcode


def _holds_list(numba_type: Any) -> bool:
    """Return whether an argument is a list, or a tuple with lists: elements are counted."""
    if isinstance(numba_type, numba.types.BaseTuple):
        return any(map(_holds_list, numba_type))
    return isinstance(numba_type, numba.types.ListType)


def _is_counted(function: types.FunctionType, args: Iterable[Any]) -> bool:
    """Return whether a function counts references for arguments of some types."""
    called = (kernel.py_func for kernel in _called_by(function))
    return _counting.counts(function, called) or any(map(_holds_list, args))


_NEEDS_COUNTS = "NRT required but not enabled"


class _Function(CPUDispatcher):
    """
    A function that is compiled for the types that it is called with.

    One that makes no arrays counts no references either: arrays in tuples would
    be counted at each use, which takes longer than most uses.
    """

    def __init__(self, function: Any, options: dict[str, bool], *, is_part: bool = True) -> None:
        super().__init__(
            function, targetoptions=_OPTIONS | options, pipeline_class=_compiling.Steps
        )
        self._is_part = is_part
        self._cache = self.cache = _Cache(function, is_part=is_part)

    def compile(self, sig: Any) -> Any:
        """Return the machine code for a signature."""
        return _compiling.uninterrupted(functools.partial(self._compile, sig))

    def _compile(self, sig: Any) -> Any:
        args, _ = sigutils.normalize_signature(sig)
        counted = _is_counted(self.py_func, args)
        with _compiling.quickly(as_part=self._is_part):
            self.targetoptions["_nrt"] = counted
            try:
                return super().compile(sig)
            except CompilerError as error:
                if counted or _NEEDS_COUNTS not in str(error):
                    raise
                self.targetoptions["_nrt"] = True  # rows are copied, or the like
                _compiled.remove(self.cache.name)
                self.cache.release()
                return super().compile(sig)
            finally:
                self.cache.release()

    def get_call_template(self, args: Any, kws: Any) -> Any:
        """Return how it is called from a kernel: `f(x, 7)` is no other function than `f(x, n)`."""
        return super().get_call_template([numba.types.unliteral(arg) for arg in args], kws)


class _Kernel(_Function):
    """
    A function with two forms of machine code, of which each is made where it is needed.

    What Python calls needs a wrapper that unpacks objects, which takes the
    compiler as long as a small function; what other kernels call needs none.
    """

    def __init__(self, function: Any, *, forceinline: bool) -> None:
        super().__init__(function, {}, is_part=False)
        options = {"no_cpython_wrapper": True, "forceinline": forceinline}
        self.inner = _Function(function, options)

    def compile(self, sig: Any) -> Any:
        """Return the machine code for a signature, and note that it was needed."""
        entry_point = super().compile(sig)
        module = self.py_func.__module__.removeprefix(PACKAGE)
        args, _ = sigutils.normalize_signature(sig)
        with contextlib.suppress(TypeError):
            _used.append((f"{module}.{self.py_func.__name__}", *map(to_plain, args)))
        return entry_point

    def _compile_for_args(self, *args: Any, **kwargs: Any) -> Any:
        """Return what runs a call for which this process has no machine code yet."""
        if _interpreting.is_on():
            types_ = tuple(map(self.typeof_pyval, args))
            if not any(map(_code_store().has, self.cache.files_of(types_))):
                return _interpreting.instead_of(self.py_func)
        return super()._compile_for_args(*args, **kwargs)

    def get_call_template(self, args: Any, kws: Any) -> Any:
        """Return how it is called from a kernel."""
        return self.inner.get_call_template(args, kws)

    def get_overload(self, sig: Any) -> Any:
        """Return what is called from a kernel."""
        return self.inner.get_overload(sig)


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """
    Compile `function` on first use and keep the machine code on disk.

    A kernel works on arrays alone, releases the GIL, and raises nothing: its
    caller has validated everything. Integer arithmetic wraps, as in C.
    """
    if COMPILED:
        compiled: Callable[P, R] = _Kernel(function, forceinline=False)
        return compiled

    @functools.wraps(function)
    def interpreted(*args: P.args, **kwargs: P.kwargs) -> R:
        # The interpreter warns where machine code wraps silently.
        with np.errstate(over="ignore"):
            return function(*args, **kwargs)

    return interpreted


def plainly(function: Callable[P, R]) -> Callable[P, R]:
    """
    Return a kernel as plain Python: for what returns named tuples to Python.

    numba makes them by calling their class, and crashes if an interrupt ends that.
    """
    if not isinstance(function, _Kernel):
        return function
    plain: Callable[P, R] = _interpreting.interpreted(function.py_func)
    return plain


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """Compile `function` as part of the kernels that call it."""
    if COMPILED:
        compiled: Callable[P, R] = _Kernel(function, forceinline=True)
        return compiled
    return function


def _called_by(function: types.FunctionType) -> list[_Kernel]:
    """Return the kernels that a function names."""
    called = []
    for name in function.__code__.co_names:
        value = function.__globals__.get(name)
        if isinstance(value, _Kernel):
            called.append(value)
    return called


def unprepared(kernels: Iterable[Callable[..., object]]) -> int:
    """
    Return how many functions have no machine code yet: these kernels, and what they call.

    Approximate: a function of which there is machine code for other types
    counts as prepared.
    """
    present = {name.rpartition("-")[0] for name in _code_store().names()}
    waiting: list[_Function] = [kernel for kernel in kernels if isinstance(kernel, _Kernel)]
    cold: set[_Function] = set()
    while waiting:
        function = waiting.pop()
        is_there = function.overloads or not present.isdisjoint(function.cache.versions)
        # What has machine code needs none of what it calls.
        if not is_there and function not in cold:
            cold.add(function)
            waiting.extend(called.inner for called in _called_by(function.py_func))
    return len(cold)


def observe(observer: Callable[[], None]) -> None:
    """Have a function called whenever this process begins to compile one of ours."""
    _observers.append(observer)


def n_compilations() -> int:
    """Return how many functions this process had to compile, or is compiling."""
    return len(_compiled)


def used() -> list[list[Any]]:
    """Return the kernels that Python has called, each with the types of its arguments, in order."""
    rows = [list(row) for row in _used]
    # Threads that need the same kernel note it each.
    return [row for place, row in enumerate(rows) if row not in rows[:place]]


def present() -> set[str]:
    """Return the names of all machine code on disk."""
    return _code_store().names()


def is_compiled(
    function: Callable[..., object], types_: tuple[Any, ...], on_disk: set[str]
) -> bool:
    """Return whether there is machine code of a kernel, in this process or on disk."""
    if not isinstance(function, _Kernel):
        return True
    return types_ in function.overloads or not on_disk.isdisjoint(function.cache.files_of(types_))


def folder() -> Path | None:
    """Return the folder where machine code is kept, None where none can be written."""
    return _code_store().writable_folder()


def given_folder() -> str:
    """Return the folder that the user has named for machine code, or nothing."""
    return str(numba.config.CACHE_DIR)


def compile_for(function: Callable[..., object], types_: tuple[Any, ...]) -> None:
    """Compile a kernel, or load its machine code."""
    if isinstance(function, _Kernel):
        function.compile(types_)
