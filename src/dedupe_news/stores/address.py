"""Where an index on a server is, and what it says of itself."""

from __future__ import annotations

import json
import urllib.parse
from typing import NoReturn

from dedupe_news._text import fingerprint
from dedupe_news.config import Config, from_settings
from dedupe_news.errors import ConfigError, StoreDamagedError, StoreFormatError
from dedupe_news.stores import wire
from dedupe_news.stores.schema import check_settings


def split_url(url: str) -> tuple[str, str, str]:
    """
    Return the parts of an index's address.

    Parameters
    ----------
    url : str
        As for `dedupe_news.NewsIndex.open`.

    Returns
    -------
    address : str
        Without our prefix, as redis-py takes it.
    prefix : str
        What keys begin with, in braces.
    name : str
        For messages: without a password.

    Raises
    ------
    ConfigError
        If it cannot be understood.
    """
    split = urllib.parse.urlsplit(url)
    query = urllib.parse.parse_qs(split.query, keep_blank_values=True)
    prefix = query.pop("prefix", ["dedupe_news"])[-1]
    if not prefix or set("{}") & set(prefix):
        message = (
            f"the prefix {prefix!r} of {split.hostname!r} cannot begin the keys of an index; give "
            "one without braces, such as ?prefix=feed"
        )
        raise ConfigError(message)
    address = split._replace(query=urllib.parse.urlencode(query, doseq=True)).geturl()
    try:
        port = f":{split.port}" if split.port else ""
    except ValueError as error:
        message = f"the address of the Redis server cannot be understood: {error}"
        raise ConfigError(message) from error
    name = f"{split.scheme}://{split.hostname or ''}{port}{split.path}?prefix={prefix}"
    return address, f"{{{prefix}}}", name


def settings_of(identity: dict[bytes, bytes], name: str, wanted: Config | None) -> Config:
    """
    Return the settings of an index.

    Parameters
    ----------
    identity : dict
        What the index says of itself.
    name : str
        The index, for messages.
    wanted : Config or None
        What was asked for; None for whichever.

    Returns
    -------
    Config
        Those that it was made with.

    Raises
    ------
    StoreFormatError
        If they are others, or the index is of another version.
    """
    version = int(identity[b"format"])
    if version > wire.FORMAT_VERSION:
        message = (
            f"{name!r} has format version {version}, but this version of dedupe_news knows up to "
            f"{wire.FORMAT_VERSION}. Upgrade dedupe_news"
        )
        raise StoreFormatError(message)
    if int(identity[b"folding"]) != fingerprint():
        message = (
            f"{name!r} was made by version {identity[b'library'].decode()} of dedupe_news, which "
            "folds text otherwise than this one, so that the two would disagree. Use one version "
            "for all workers, and export the index to another prefix"
        )
        raise StoreFormatError(message)
    try:
        stored = from_settings(json.loads(identity[b"config"]))
    except ConfigError as error:
        message = f"the settings of {name!r} are not known here: {error}. Upgrade dedupe_news"
        raise StoreFormatError(message) from error
    check_settings(name, stored, wanted)
    return stored


def refuse_loss(name: str, fault: str) -> NoReturn:
    """
    Say that a server has lost something.

    Parameters
    ----------
    name : str
        The index.
    fault : str
        What is wrong.

    Raises
    ------
    StoreDamagedError
        Always.
    """
    message = (
        f"{name!r} has lost documents: {fault}. It may have been restarted without persistence. "
        "Open the index again to go on with what is there, and add again what is missing"
    )
    raise StoreDamagedError(message)
