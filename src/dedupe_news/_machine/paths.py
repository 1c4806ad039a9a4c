"""Paths that users give."""

from __future__ import annotations

import os
from pathlib import Path

from dedupe_news.errors import InputError, InputTypeError, shown

_MOST_BYTES = 4096  # of a path on Linux; names are shorter everywhere


def path_name(given: object, argument: str) -> str:
    """Return what a path is as text, if it can be one at all."""
    name = os.fspath(given) if isinstance(given, os.PathLike) else given
    if isinstance(name, bytes):
        name = os.fsdecode(name)
    if not isinstance(name, str):
        kind = type(given).__name__
        message = f"{argument}={shown(given)} is of type {kind!r}; pass a path"
        raise InputTypeError(message)
    fault = ""
    if "\0" in name:
        fault = "holds a NUL character, which no path can; remove it"
    else:
        try:
            if len(os.fsencode(name)) > _MOST_BYTES:
                fault = f"is longer than the {_MOST_BYTES:,} bytes that a path can have; shorten it"
        except UnicodeEncodeError:
            fault = "holds a lone surrogate, which no path can; remove it"
    if fault:
        message = f"{argument}={shown(name)} {fault}"
        raise InputError(message)
    return name


def file_path(given: object, argument: str) -> Path:
    """Return the path of a file that is to be written."""
    path = Path(path_name(given, argument))
    if not path.name:
        message = f"{argument}={shown(str(path))} names a folder; name a file in it"
        raise InputError(message)
    return path
