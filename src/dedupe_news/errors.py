"""Every exception of the library: each is a `DedupeNewsError` and the fitting builtin."""

from __future__ import annotations


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
        """
        Return the message as written; `KeyError` would show its ``repr``.

        Returns
        -------
        str
            The message.
        """
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
    """There is no room left on the disk, or in the server's memory."""


class StoreReadOnlyError(StoreError, PermissionError):
    """A change was asked of an index that was opened for reading."""


class StoreUnavailableError(StoreError, ConnectionError):
    """The server of a shared index does not answer within the timeout."""


class WorkFolderError(DedupeNewsError, OSError):
    """The work folder of a run cannot be used."""


class WorkFolderFullError(WorkFolderError):
    """There is no room on the disk for what a run has to put there."""


class MissingDependencyError(DedupeNewsError, ImportError):
    """An optional package is needed and not installed; the message says which extra brings it."""
