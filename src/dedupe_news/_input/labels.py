"""Labels of pairs: a file of ids, one pair a line, without any text."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from dedupe_news._machine.paths import file_path, path_name
from dedupe_news.errors import InputError, InputTypeError, shown

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

Verdict: TypeAlias = Literal["duplicate", "related", "template", "different"]
"""What a pair can be labelled; ``"related"`` is the same story in another report."""

VERDICTS: tuple[Verdict, ...] = get_args(Verdict)

_LINE = '{"id1": "a", "id2": "b", "label": "duplicate"}'


@dataclasses.dataclass(frozen=True, slots=True)
class Label:
    """
    What somebody says of a pair.

    Parameters
    ----------
    id1, id2 : hashable
        The ids of the two items, or their positions where items have no ids.
    label : {"duplicate", "related", "template", "different"}
        What they are: ``"related"`` stands for the same story.

    Raises
    ------
    InputError
        If `label` is another.
    """

    id1: Hashable
    id2: Hashable
    label: Verdict

    def __post_init__(self) -> None:
        """Refuse labels that no judge knows."""
        if self.label not in VERDICTS:
            message = (
                f"label={shown(self.label)} is not known; a pair can be "
                f"{', '.join(map(repr, VERDICTS))}. Correct or remove that label"
            )
            raise InputError(message)

    def line(self) -> str:
        """Return the label as a line of the file."""
        return json.dumps(dataclasses.asdict(self)) + "\n"


def read_labels(given: str | os.PathLike[str] | Iterable[Any]) -> list[Label]:
    """Return labels, of each pair the last: from a file, `Label` or ``(id1, id2, label)``."""
    if isinstance(given, str | os.PathLike):
        labels = _read_file(given)
    elif isinstance(given, Iterable):
        labels = map(_read, given)
    else:
        message = (
            f"labels={shown(given)} is of type {type(given).__name__!r}; pass labels or a path"
        )
        raise InputTypeError(message)
    return list({frozenset((label.id1, label.id2)): label for label in labels}.values())


def _read(given: Any) -> Label:
    if isinstance(given, Label):
        return given
    try:
        return Label(*given)
    except TypeError as error:
        message = f"{shown(given)} is no label; pass dn.Label(id1, id2, label) or such a tuple"
        raise InputError(message) from error


def _read_file(given: Any) -> Iterator[Label]:
    path = Path(path_name(given, "labels"))
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, ValueError) as error:
        message = f"cannot read the labels in {str(path)!r}: {error}"
        raise InputError(message) from error
    for number, line in enumerate(lines, start=1):
        try:
            if line.strip():
                row = json.loads(line)
                yield Label(*(_hashable(row[key]) for key in ("id1", "id2", "label")))
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            reason = str(error) if isinstance(error, InputError) else f"write it as {_LINE}"
            message = f"{path}, line {number} is no label: {reason}"
            raise InputError(message) from error


def _hashable(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(map(_hashable, value))
    hash(value)  # an object has none
    return value


class LabelFile:
    """A file of labels that a session adds to; None keeps none."""

    def __init__(self, path: str | os.PathLike[str] | None) -> None:
        self.path = None if path is None else file_path(path, "labels")
        self.labels: list[Label] = []
        if self.path is not None and self.path.exists():
            self.labels = read_labels(self.path)
        self._sizes: list[int] = []

    def append(self, label: Label) -> None:
        """Add a label; it is in the file when this returns."""
        try:
            line = label.line().encode()
        except (TypeError, ValueError) as error:
            message = (
                f"the ids {shown(label.id1)} and {shown(label.id2)} cannot be written to a file of "
                f"labels: {error}. Use ids that are strings or whole numbers"
            )
            raise InputError(message) from error
        if self.path is not None:
            self._sizes.append(_append_line(self.path, line))
        self.labels.append(label)

    def undo(self) -> Label:
        """Take the last label of this session back, out of the file too."""
        if self.path is not None:
            try:
                os.truncate(self.path, self._sizes[-1])
            except OSError as error:
                message = f"cannot take a label out of {str(self.path)!r}: {error}"
                raise InputError(message) from error
            self._sizes.pop()
        return self.labels.pop()


def _append_line(path: Path, line: bytes) -> int:
    """Add a line, whole or not at all; return how long the file was before."""
    size = None
    try:
        with path.open("a+b") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(size - 1, 0))
            file.write(line if file.read(1) in {b"", b"\n"} else b"\n" + line)
    except (OSError, ValueError) as error:
        if size is not None:
            with contextlib.suppress(OSError):
                os.truncate(path, size)
        message = (
            f"cannot write the labels to {str(path)!r}: {getattr(error, 'strerror', None) or error}"
        )
        raise InputError(message) from error
    return size
