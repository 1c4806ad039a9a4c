"""Exceptions: each is one of ours and the fitting builtin."""

from __future__ import annotations

import pickle

import pytest

from dedupe_news import errors


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (errors.ConfigError, ValueError),
        (errors.InputError, ValueError),
        (errors.InputTypeError, TypeError),
        (errors.DuplicateIdError, ValueError),
        (errors.ColumnError, KeyError),
        (errors.UnknownIdError, KeyError),
        (errors.MissingDependencyError, ImportError),
        (errors.WorkFolderError, OSError),
        (errors.WorkFolderFullError, OSError),
    ],
)
def test_errors_are_ours_and_builtin(
    error: type[errors.DedupeNewsError], builtin: type[Exception]
) -> None:
    """Errors are ours and builtin; both `except` clauses catch it."""
    assert issubclass(error, errors.DedupeNewsError)
    assert issubclass(error, builtin)


@pytest.mark.parametrize("error", [errors.ColumnError, errors.UnknownIdError, errors.InputError])
def test_messages_are_shown_as_written(error: type[errors.DedupeNewsError]) -> None:
    """Messages are shown as written; `KeyError` alone would show quotes around them."""
    assert str(error("there is no column 'body'")) == "there is no column 'body'"


def test_errors_without_a_message_are_shown_too() -> None:
    """Errors without a message are shown too; nothing fails while failing."""
    assert not str(errors.ColumnError())


def test_errors_can_be_pickled() -> None:
    """Errors can be pickled; they cross from worker processes."""
    error = pickle.loads(pickle.dumps(errors.ColumnError("gone")))  # noqa: S301 - made here

    assert (type(error), str(error)) == (errors.ColumnError, "gone")
