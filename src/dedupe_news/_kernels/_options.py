"""The compiler's options, compared fast: numba compares them at every operation of a kernel."""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING, Any

from numba.core.targetconfig import TargetConfig

if TYPE_CHECKING:
    from collections.abc import Iterator


@functools.cache
def _defaults_of(kind: type[Any]) -> dict[str, Any]:
    return {name: option.default for name, option in kind.options.items()}


def _values(options: Any) -> dict[str, Any]:
    return _defaults_of(type(options)) | options._values  # noqa: SLF001 - its only store


@functools.cache
def _hash_of(kind: type[Any]) -> int:
    # As numba's: of the names, which are those of the class.
    return hash(tuple(sorted(_defaults_of(kind))))


def _hash(options: Any) -> int:
    return _hash_of(type(options))


@contextlib.contextmanager
def compared_fast() -> Iterator[None]:
    """Compare options by one merged dictionary, not by twenty properties: a seventh of the time."""
    if not hasattr(TargetConfig, "_values") or not hasattr(TargetConfig, "values"):
        yield  # another numba
        return
    usual = TargetConfig.values, TargetConfig.__hash__
    TargetConfig.values, TargetConfig.__hash__ = _values, _hash
    try:
        yield
    finally:
        TargetConfig.values, TargetConfig.__hash__ = usual
