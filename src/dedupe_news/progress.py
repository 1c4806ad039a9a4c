"""Signs of life on long runs: a bar, and a word while kernels compile."""

from __future__ import annotations

import contextlib
import sys
import threading
import warnings
from typing import TYPE_CHECKING, Any

from dedupe_news.kernels import _jit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_BAR_AFTER_S = 2.0
_NOTICE_AFTER_S = 1.0
_NOTICE = (
    "dedupe_news: compiling its kernels for this machine; this happens once after "
    "installation and takes up to a minute\n"
)


@contextlib.contextmanager
def stages(names: Sequence[str], *, show: bool) -> Iterator[Callable[[str], None]]:
    """
    Show a bar over the stages of a run that takes more than two seconds.

    Parameters
    ----------
    names : sequence of str
        The stages, in order.
    show : bool
        False for no sign of life at all.

    Yields
    ------
    callable
        To be called with each stage's name as it ends.
    """
    if not show:
        yield lambda _stage: None
        return
    with _bar(len(names), names[0]) as bar:

        def ended(stage: str) -> None:
            following = names.index(stage) + 1
            bar.set_description(names[min(following, len(names) - 1)], refresh=False)
            bar.update()

        yield ended


@contextlib.contextmanager
def _bar(total: int, description: str) -> Iterator[Any]:
    # tqdm costs 30 ms to import; runs without a bar need not pay.
    with warnings.catch_warnings():
        # Without ipywidgets a notebook has the plain bar: nothing to warn its author of.
        warnings.simplefilter("ignore")
        from tqdm.auto import tqdm  # noqa: PLC0415

    notice = threading.Timer(_NOTICE_AFTER_S, _say_compiling)
    notice.daemon = True
    notice.start()
    # disable=None: a bar on a terminal or in a notebook, never in a pipe.
    bar = tqdm(
        total=total,
        desc=description,
        delay=_BAR_AFTER_S,
        disable=None,
        leave=False,
    )
    try:
        yield bar
    finally:
        notice.cancel()
        bar.close()


def _say_compiling() -> None:
    if _jit.n_compilations() > 0:
        sys.stderr.write(_NOTICE)
