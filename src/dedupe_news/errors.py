"""Every exception of the library, and how their messages show values."""

from __future__ import annotations

import importlib
import reprlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType

_SHOWN = 40
_MOST_NAMES = 12
_LONG_NUMBER = 10_000  # bits: Python refuses to write out numbers somewhat longer

_short = reprlib.Repr()
_short.maxlevel = 3
_short.maxother = _short.maxlong = _short.maxstring = _SHOWN


def shown(value: object) -> str:
    """Return a value as an error message shows it."""
    if isinstance(value, int) and value.bit_length() > _LONG_NUMBER:
        return f"a whole number of {value.bit_length():,} bits"
    try:
        text = repr(value[: _SHOWN + 1]) if isinstance(value, (str, bytes)) else _short.repr(value)
    except Exception:  # noqa: BLE001 - whatever a foreign object does when it is shown
        return f"<{type(value).__name__}>"
    text = " ".join(text.split()) if "\n" in text else text
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def listed(names: Iterable[object]) -> str:
    """Return names as an error message lists them."""
    names = list(names)
    if not names:
        return "none at all"
    first = ", ".join(map(shown, names[:_MOST_NAMES]))
    n_others = len(names) - _MOST_NAMES
    return f"{first} and {n_others:,} others" if n_others > 0 else first


class DedupeNewsError(Exception):
    """Base of all errors this library raises on purpose."""


class ConfigError(DedupeNewsError, ValueError):
    """A setting is outside what is allowed, or settings contradict each other."""


class InputError(DedupeNewsError, ValueError):
    """A document, column or argument holds a value that cannot be used."""


class InputTypeError(DedupeNewsError, TypeError):
    """A document, column or argument is of a type that cannot be used."""


class DuplicateIdError(InputError):
    """Two documents of one batch share an id."""


class ColumnError(DedupeNewsError, KeyError):
    """A named column is not in the table."""

    def __str__(self) -> str:
        """Return the message as written; `KeyError` would show its ``repr``."""
        return str(self.args[0]) if self.args else ""


class UnknownIdError(DedupeNewsError, KeyError):
    """An id is not in the index."""

    __str__ = ColumnError.__str__


class StoreError(DedupeNewsError, OSError):
    """A durable index cannot do what was asked; base of the errors of stores."""


class StoreBusyError(StoreError, TimeoutError):
    """Another process holds the index longer than the timeout allows."""


class StoreClosedError(StoreError, ValueError):
    """The index was closed."""


class StoreDamagedError(StoreError, ValueError):
    """What was read is not what was written."""


class StoreFormatError(StoreError, ValueError):
    """An index was made with other settings, or by another version, or is none."""


class StoreFullError(StoreError):
    """The disk, or the server's memory, is full."""


class StoreReadOnlyError(StoreError, PermissionError):
    """A change was asked of an index that was opened for reading."""


class StoreUnavailableError(StoreError, ConnectionError):
    """The server of a shared index does not answer within the timeout."""


class WorkFolderError(DedupeNewsError, OSError):
    """The work folder of a run cannot be used."""


class WorkFolderFullError(WorkFolderError):
    """The disk is too small for the files of a run."""


class InputWarning(UserWarning):
    """A column that was found by its name holds values that cannot be used."""


class MissingDependencyError(DedupeNewsError, ImportError):
    """An optional package is needed and not installed; the message says which extra brings it."""


def optional(name: str, message: str) -> ModuleType:
    """Return an optional package; the message says what needs it, and how to install it."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingDependencyError(message.format(error.name or name)) from error
