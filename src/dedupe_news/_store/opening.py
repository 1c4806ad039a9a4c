"""Which log keeps an index: by the look of its location."""

from __future__ import annotations

import importlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from dedupe_news.errors import ConfigError, InputError, InputTypeError, shown

if TYPE_CHECKING:
    from dedupe_news._store.log import EventLog
    from dedupe_news.config import Config

Durability: TypeAlias = Literal["full", "normal"]
"""When what was added to a file is safe."""

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+)://", re.IGNORECASE)


def open_log(
    location: str | os.PathLike[str],
    config: Config | None,
    *,
    durability: Durability,
    read_only: bool,
    timeout: float,
) -> EventLog:
    """Open the log of a location; parameters and errors as of `NewsIndex.open`."""
    if durability not in get_args(Durability):
        allowed = ", ".join(map(repr, get_args(Durability)))
        message = f"durability={shown(durability)} is not known; allowed are {allowed}"
        raise ConfigError(message)
    seconds: object = timeout
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not seconds >= 0:
        message = f"timeout={shown(timeout)} is out of range; pass a number of seconds from 0"
        raise ConfigError(message)
    name = _name_of(location)
    scheme = _SCHEME.match(name)
    if scheme is None:
        if name in {"", ":memory:"}:
            message = f"location={name!r} names no file; NewsIndex() makes an index in memory"
            raise ConfigError(message)
        module = importlib.import_module("dedupe_news._store.sqlite")
        # Absolute from now on, whatever becomes of the working directory.
        path = Path(os.path.abspath(name))  # noqa: PTH100 - links stay as they are
        log: EventLog = module.SQLiteLog(
            path, config, durability=durability, read_only=read_only, timeout=timeout
        )
        return log
    if scheme[1].lower() not in {"redis", "rediss"}:
        message = (
            f"location={name!r} has the scheme {scheme[1]!r}; allowed are redis and rediss, and "
            "paths of files"
        )
        raise ConfigError(message)
    module = importlib.import_module("dedupe_news._store.redis")
    shared: EventLog = module.RedisLog(name, config, read_only=read_only, timeout=timeout)
    return shared


def _name_of(location: object) -> str:
    """Return a location as text, if it can be one."""
    name = os.fspath(location) if isinstance(location, os.PathLike) else location
    if isinstance(name, bytes):
        name = os.fsdecode(name)
    if not isinstance(name, str):
        message = (
            f"location={shown(location)} is of type {type(location).__name__!r}; pass a path, or "
            "an address such as 'redis://localhost/0?prefix=feed'"
        )
        raise InputTypeError(message)
    if "\0" in name:
        message = f"location={shown(name)} holds a NUL character, which no path can; remove it"
        raise InputError(message)
    try:
        os.fsencode(name)
    except UnicodeEncodeError as error:
        message = f"location={shown(name)} holds a lone surrogate, which no path can; remove it"
        raise InputError(message) from error
    return name
