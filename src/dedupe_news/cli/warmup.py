"""The command ``warmup``."""

from __future__ import annotations

from dedupe_news._machine.progress import prepare_all
from dedupe_news.cli.commands import command
from dedupe_news.cli.notes import say
from dedupe_news.errors import ConfigError


@command(
    "warmup",
    """
    dedupe-news warmup
    RUN pip install 'dedupe-news[cli]' && dedupe-news warmup
    NUMBA_CACHE_DIR=/var/cache/kernels dedupe-news warmup
    """,
)
def _warmup(*, quiet: bool = False) -> None:
    """
    Compile all kernels now, so that no later run has to.

    They are kept beside the package where that can be written, as in the image of
    a container, else in the user's cache; in NUMBA_CACHE_DIR where that is set.
    """
    folder, n_compiled = prepare_all(show=not quiet)
    if folder is None:
        message = (
            "cannot keep compiled kernels: no folder for them can be written; "
            "set NUMBA_CACHE_DIR to one that can"
        )
        raise ConfigError(message)
    what = f"compiled {n_compiled} kernels" if n_compiled else "all kernels were compiled before"
    say(f"{what}; they are in {folder}")
