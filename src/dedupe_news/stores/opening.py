"""Which store keeps an index: by the look of its location."""

from __future__ import annotations

import importlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from dedupe_news.errors import ConfigError, InputTypeError

if TYPE_CHECKING:
    from dedupe_news.config import Config
    from dedupe_news.stores.protocol import Store

Durability: TypeAlias = Literal["full", "normal"]
"""When what was added to a file is safe."""

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+)://", re.IGNORECASE)


def open_store(
    location: str | os.PathLike[str],
    config: Config | None,
    *,
    durability: Durability,
    read_only: bool,
    timeout: float,
) -> Store:
    """
    Open the store of a location.

    Parameters
    ----------
    location : str or path
        A file, or an address.
    config : Config or None
        The settings, or None for those of the index.
    durability : {"full", "normal"}
        As for `dedupe_news.NewsIndex.open`.
    read_only : bool
        Likewise.
    timeout : float
        Likewise.

    Returns
    -------
    Store
        Open.

    Raises
    ------
    ConfigError
        If an argument is out of range.
    InputTypeError
        If the location is neither text nor path.
    """
    if durability not in get_args(Durability):
        allowed = ", ".join(map(repr, get_args(Durability)))
        message = f"durability={durability!r} is not known; allowed are {allowed}"
        raise ConfigError(message)
    seconds: object = timeout
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not seconds >= 0:
        message = f"timeout={timeout!r} is out of range; pass a number of seconds from 0"
        raise ConfigError(message)
    if not isinstance(location, (str, os.PathLike)):
        message = (
            f"location={location!r} is of type {type(location).__name__!r}; pass a path, or an "
            "address such as 'redis://localhost/0?prefix=feed'"
        )
        raise InputTypeError(message)
    name = os.fspath(location)
    scheme = _SCHEME.match(name)
    if scheme is None:
        if name in {"", ":memory:"}:
            message = f"location={name!r} names no file; NewsIndex() makes an index in memory"
            raise ConfigError(message)
        module = importlib.import_module("dedupe_news.stores.sqlite")
        store: Store = module.SQLiteStore(
            Path(name), config, durability=durability, read_only=read_only, timeout=timeout
        )
        return store
    if scheme[1].lower() not in {"redis", "rediss"}:
        message = (
            f"location={name!r} has the scheme {scheme[1]!r}; allowed are redis and rediss, and "
            "paths of files"
        )
        raise ConfigError(message)
    module = importlib.import_module("dedupe_news.stores.redis")
    shared: Store = module.RedisStore(name, config, read_only=read_only, timeout=timeout)
    return shared
