"""Signs of life on long runs: a bar, and a word while kernels compile."""

from __future__ import annotations

import contextlib
import sys
import threading
import warnings
from typing import TYPE_CHECKING, Any, Protocol

from dedupe_news.kernels import _jit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_BAR_AFTER_S = 2.0
_NOTICE_AFTER_S = 1.0
_SHARE_AND_TIME = "{desc}: {percentage:3.0f}%|{bar}| {elapsed} < {remaining}"
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


class Advance(Protocol):
    """Is told of documents that a step of a run has done."""

    def __call__(self, step: str, n_documents: float, *, final: bool = False) -> None:
        """
        Count documents.

        Parameters
        ----------
        step : str
            The step.
        n_documents : float
            How many more it has done; with `final`, how many there are in all.
        final : bool, default False
            Whether the step is over, and all are counted.
        """


@contextlib.contextmanager
def amounts(
    weights: Mapping[str, float], n_documents: int | None, *, show: bool
) -> Iterator[Advance]:
    """
    Show a bar over the documents of a long run, with the time it may still take.

    Parameters
    ----------
    weights : mapping of str to float
        The steps, in order, and about how long a document takes in each.
    n_documents : int, optional
        How many there are; None where that is known only at the end of the
        first step.
    show : bool
        False for no sign of life at all.

    Yields
    ------
    Advance
        To be told of what was done; from any thread.
    """
    if not show:
        yield lambda _step, _n_documents, *, final=False: None  # noqa: ARG005 - told, not asked
        return
    per_document = sum(weights.values())
    total = None if n_documents is None else n_documents * per_document
    lock = threading.Lock()
    done = dict.fromkeys(weights, 0.0)
    with _bar(total, next(iter(weights)), _SHARE_AND_TIME) as bar:

        def advance(step: str, n_documents: float, *, final: bool = False) -> None:
            with lock:
                done[step] = n_documents if final else done[step] + n_documents
                if final:  # of the first step: now it is known how many there are
                    bar.total = n_documents * per_document
                bar.set_description(step, refresh=False)
                bar.update(sum(weights[name] * n for name, n in done.items()) - bar.n)

        yield advance


@contextlib.contextmanager
def _bar(total: float | None, description: str, form: str | None = None) -> Iterator[Any]:
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
        bar_format=form,
    )
    try:
        yield bar
    finally:
        notice.cancel()
        bar.close()


def _say_compiling() -> None:
    if _jit.n_compilations() > 0:
        sys.stderr.write(_NOTICE)
