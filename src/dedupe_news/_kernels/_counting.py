"""Which kernels have to count references: those that make arrays, or may be handed new ones."""

from __future__ import annotations

import dis
import functools
import itertools
import re
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import types
    from collections.abc import Iterable

_WORDS = re.compile(r"[\w.]+")
_SCALARS = frozenset(
    ("None", "bool", "float", "int", "Integer", "tuple", "np.int64", "np.uint32", "np.uint64")
)


def counts(function: types.FunctionType, called: Iterable[types.FunctionType]) -> bool:
    """
    Return whether a kernel has to count references to arrays, by its names and annotations.

    One that returns an array counts even where it has made none: its caller
    gives back a reference that somebody has to have taken.
    """
    return _makes_arrays(function) or any(map(_returns_arrays, (function, *called)))


def _makes_arrays(function: types.FunctionType) -> bool:
    """
    Return whether a kernel makes lists, or names what of numpy may make arrays; any function may.

    Operators do too, which the compiler notices. It would not notice a function
    of numpy that another kernel, one that counts, has had compiled.
    """
    names = function.__code__.co_names
    modules = (getattr(function.__globals__.get(name), "__module__", None) for name in names)
    if any(str(module).startswith("numba.typed") for module in modules):
        return True
    if _functions_of(np).isdisjoint(names) and _functions_of(np.ndarray).isdisjoint(names):
        return False  # most are none, and need not be read
    for before, at in itertools.pairwise(dis.get_instructions(function)):
        if at.opname == "LOAD_GLOBAL":
            if function.__globals__.get(at.argval) is not vars(np).get(at.argval):
                continue  # of the same name
            owner: object = np
        elif at.opname in {"LOAD_ATTR", "LOAD_METHOD"}:
            owner = np if before.argval == "np" else np.ndarray
        else:
            continue
        if at.argval in _functions_of(owner):
            return True
    return False


@functools.cache
def _functions_of(owner: object) -> frozenset[str]:
    """Return the names of functions of numpy that are of more than single numbers, or methods."""
    return frozenset(
        name
        for name, value in vars(owner).items()
        if callable(value) and not isinstance(value, type | np.ufunc)
    )


def _returns_arrays(function: types.FunctionType) -> bool:
    """Return whether a kernel returns arrays, alone or in tuples; unknown types are arrays."""
    annotation = function.__annotations__.get("return", "unknown")
    return not all(
        _is_scalar(word, function.__globals__) for word in _WORDS.findall(str(annotation))
    )


def _is_scalar(word: str, names: dict[str, Any]) -> bool:
    """Return whether a word of an annotation means numbers, or a tuple with names of numbers."""
    fields = getattr(names.get(word), "__annotations__", {}).values()
    kinds = {getattr(field, "__forward_arg__", str(field)) for field in fields}
    return word in _SCALARS or bool(kinds and _SCALARS.issuperset(kinds))
