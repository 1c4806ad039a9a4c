"""The command line: ``dedupe-news cluster | query``; see docs/how-to/command-line.md."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING

from dedupe_news.errors import DedupeNewsError, MissingDependencyError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["main"]

REFUSED = 2
"""Exit code where the user can mend the matter."""
INTERRUPTED = 130
"""Exit code after Ctrl-C: 128 and SIGINT."""
PIPE_CLOSED = 141
"""Exit code where nobody reads on: 128 and SIGPIPE."""

_EXTRA = ("rich", "typer")


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        What stands after the program's name; by default what it was given.

    Returns
    -------
    int
        The exit code: 0, or 2 after a line on stderr that says what was wrong,
        130 after Ctrl-C, 141 where the reader of a pipe has gone. An error of
        the program itself is raised.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    _settle_encodings()
    try:
        code = _load()(given or ["--help"])
        sys.stdout.flush()  # now, so that a closed pipe is met here and not at exit
    except BrokenPipeError:
        # Python would complain when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno() if sys.__stdout__ else 1)
        return PIPE_CLOSED
    except KeyboardInterrupt:
        sys.stderr.write("dedupe-news: interrupted\n")
        if arguments is None:
            sys.stderr.flush()
            os._exit(INTERRUPTED)  # at once: to give back kernels and threads takes a while
        return INTERRUPTED
    except DedupeNewsError as error:
        sys.stderr.write(f"dedupe-news: {error}\n")
        return REFUSED
    return code


def _settle_encodings() -> None:
    """Let a pipe get UTF-8, and a terminal whatever of a text it can show."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            encoding = None if stream.isatty() or stream is sys.stderr else "utf-8"
            stream.reconfigure(encoding=encoding, errors="backslashreplace")


def _load() -> Callable[[list[str]], int]:
    """Return the application, which needs packages that the library does not."""
    try:
        from dedupe_news.cli.app import run  # noqa: PLC0415 - needs what the library does not
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in _EXTRA:
            raise
        message = (
            f"the command line needs {package}, which is not installed; "
            "pip install 'dedupe-news[cli]'"
        )
        raise MissingDependencyError(message) from error
    return run
