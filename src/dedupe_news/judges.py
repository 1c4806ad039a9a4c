"""The judge of a feed: weights in a file, named by their digest."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dedupe_news._machine.paths import file_path, path_name
from dedupe_news.errors import ConfigError, InputError, shown

_REMEDY = "Pass the name of a file that dn.fit_judge wrote, or None for the judge of the package"


@dataclasses.dataclass(frozen=True, slots=True)
class Judge:
    """
    What tells duplicates, same story and templates apart: weights and their digest.

    `fit_judge` makes one, and ``Config(judge=...)`` takes it, or the name of the
    file that it was written to. Two judges are equal if their digests are.

    Parameters
    ----------
    digest : str
        Names the weights.
    weights : str
        The content of the file, JSON.
    """

    digest: str
    weights: str = dataclasses.field(repr=False, compare=False)

    def document(self) -> dict[str, Any]:
        """
        Return the content of the file.

        Returns
        -------
        dict
            JSON-ready; `read_judge` reads it.
        """
        content: dict[str, Any] = json.loads(self.weights)
        return content

    def write(self, path: str | os.PathLike[str]) -> None:
        """
        Write the file that ``Config(judge=path)`` reads.

        Parameters
        ----------
        path : str or path-like
            Its name. One that is there is replaced once the new one is whole.

        Raises
        ------
        InputError
            If it cannot be written.
        """
        target = file_path(path, "path")
        part = target.with_name(f"{target.name}.part")
        try:
            part.write_text(self.weights, encoding="utf-8")
            part.replace(target)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            message = f"cannot write the judge to {str(target)!r}: {reason}"
            raise InputError(message) from error


def digest_of(document: Mapping[str, Any]) -> str:
    """Return the digest of the content of a file of weights."""
    content = {name: value for name, value in document.items() if name != "digest"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def read_judge(given: object) -> Judge:
    """Return the judge that a setting names."""
    if isinstance(given, Judge):
        return given
    document: object = given
    label = "judge"
    if isinstance(given, str | os.PathLike):
        try:
            name = path_name(given, "judge")
        except InputError as error:
            message = f"{error}. {_REMEDY}"
            raise ConfigError(message) from None
        label = f"judge={name!r}"
        try:
            content = Path(name).read_bytes()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            message = f"{label} cannot be read: {reason}. {_REMEDY}"
            raise ConfigError(message) from error
        try:
            document = json.loads(content.decode())
        except (ValueError, RecursionError) as error:
            message = f"{label} is no JSON in UTF-8. {_REMEDY}"
            raise ConfigError(message) from error
    elif not isinstance(given, Mapping):
        message = f"judge is of type {type(given).__name__!r}. {_REMEDY}"
        raise ConfigError(message)
    if not isinstance(document, Mapping) or not {"digest", "trees"} <= set(document):
        message = f"{label} holds no judge: it has no 'trees' with their 'digest'. {_REMEDY}"
        raise ConfigError(message)
    try:
        digest = digest_of(document)
    except (TypeError, ValueError, RecursionError) as error:
        message = f"{label} holds what JSON cannot. {_REMEDY}"
        raise ConfigError(message) from error
    if document["digest"] != digest:
        message = (
            f"{label} is damaged: its content has the digest {digest!r}, but it says "
            f"{shown(document['digest'])}. Fit it again: dn.fit_judge(feed, labels, path)"
        )
        raise ConfigError(message)
    return Judge(digest, json.dumps(dict(document)))
