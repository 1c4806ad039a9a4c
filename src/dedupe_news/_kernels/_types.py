"""Types of kernels' arguments as plain values, to be written down and read again."""

from __future__ import annotations

import importlib
from typing import Any, TypeAlias

import numba

PACKAGE = "dedupe_news._kernels."

Signature: TypeAlias = "list[Any]"
"""Types of a kernel's arguments as plain values, such as ``["int64", "uint8[1C]"]``."""


def to_plain(numba_type: Any) -> Any:
    """Return a type as a plain value: ``"int64"``, ``"uint8[1C]"``, or a list for named tuples."""
    if isinstance(numba_type, numba.types.Array):
        is_fixed = "" if numba_type.mutable else "r"
        return f"{numba_type.dtype}[{numba_type.ndim}{numba_type.layout}{is_fixed}]"
    if isinstance(numba_type, numba.types.BaseNamedTuple):
        made_of = numba_type.instance_class
        module = made_of.__module__.removeprefix(PACKAGE)
        return [f"{module}.{made_of.__name__}", *map(to_plain, numba_type)]
    if isinstance(numba_type, numba.types.ListType):
        return ["list", to_plain(numba_type.dtype)]
    if isinstance(numba_type, numba.types.BaseTuple):
        return ["tuple", *map(to_plain, numba_type)]
    if not isinstance(numba_type, numba.types.Number | numba.types.Boolean | numba.types.NoneType):
        message = f"{numba_type} is no type of an argument that can be noted"
        raise TypeError(message)
    return str(numba_type)


def from_plain(plain: Any) -> Any:
    """Return the type that `to_plain` wrote."""
    if isinstance(plain, list):
        parts = [from_plain(part) for part in plain[1:]]
        if plain[0] == "list":
            return numba.types.ListType(parts[0])
        made_of = None if plain[0] == "tuple" else named(plain[0])
        return numba.types.BaseTuple.from_types(parts, made_of)
    dtype, bracket, rest = plain.partition("[")
    scalar = getattr(numba.types, dtype)
    if not bracket:
        return scalar
    return numba.types.Array(scalar, int(rest[0]), rest[1], readonly="r" in rest)


def named(name: str) -> Any:
    """Return what stands in a module of kernels under a name such as ``"sorting.radix_sort"``."""
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(PACKAGE + module), attribute)


def types_of(signature: Signature) -> tuple[Any, ...]:
    """Return the types of a kernel's arguments as numba has them."""
    return tuple(map(from_plain, signature))
