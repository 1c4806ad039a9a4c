"""The file of labels: its form, what is refused, and taking back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedupe_news import InputError, Label
from dedupe_news._input.labels import VERDICTS, LabelFile, read_labels

GOLDEN = """\
{"id1": "a", "id2": "b", "label": "duplicate"}
{"id1": 3, "id2": 4, "label": "related"}
{"id1": "\\u0928", "id2": "\\ud83d", "label": "template"}
{"id1": ["x", 1], "id2": "c", "label": "different"}
"""
LABELS = [
    Label("a", "b", "duplicate"),
    Label(3, 4, "related"),
    Label("न", "\ud83d", "template"),
    Label(("x", 1), "c", "different"),
]


def test_file_is_ids_and_labels_one_pair_a_line(tmp_path: Path) -> None:
    """The form of the file is settled: what an earlier version wrote is read, and written alike."""
    path = tmp_path / "labels.jsonl"
    file = LabelFile(path)
    for label in LABELS:
        file.append(label)

    assert path.read_text(encoding="utf-8") == GOLDEN
    assert read_labels(path) == LABELS


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("def"), st.sampled_from(VERDICTS)))
)
def test_of_a_pair_the_last_label_counts(given_: list[tuple[str, str, str]]) -> None:
    """Whichever way round its ids stand."""
    turned = [(b, a, label) if label == "related" else (a, b, label) for a, b, label in given_]

    found = {frozenset((label.id1, label.id2)): label.label for label in read_labels(turned)}

    assert found == {frozenset((a, b)): label for a, b, label in given_}


def test_undo_takes_the_last_line_back(tmp_path: Path) -> None:
    """What was in the file before stays to the byte, without its last line end too."""
    path = tmp_path / "labels.jsonl"
    path.write_text('{"id1": 1, "id2": 2, "label": "different"}', encoding="utf-8")
    file = LabelFile(path)
    file.append(LABELS[0])
    file.append(LABELS[1])

    assert file.undo() == LABELS[1]

    assert read_labels(path) == [Label(1, 2, "different"), LABELS[0]]
    assert file.undo() == LABELS[0]
    assert path.read_text(encoding="utf-8") == '{"id1": 1, "id2": 2, "label": "different"}'


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("duplicate a b", "write it as"),
        ('{"id1": "a", "label": "duplicate"}', "write it as"),
        ('["a", "b", "duplicate"]', "write it as"),
        ('{"id1": "a", "id2": "b", "label": "dup"}', "label='dup' is not known; a pair can be"),
        ('{"id1": {}, "id2": "b", "label": "related"}', "write it as"),
    ],
)
def test_lines_that_are_no_labels_are_refused(tmp_path: Path, line: str, reason: str) -> None:
    """The message names the line and says how one looks."""
    path = tmp_path / "labels.jsonl"
    path.write_text(f"\n{GOLDEN}{line}\n", encoding="utf-8")

    with pytest.raises(InputError, match=rf"labels.jsonl, line 6 is no label: {reason}"):
        read_labels(path)


def test_what_cannot_be_read_or_written_is_refused(tmp_path: Path) -> None:
    """Missing files, folders, ids that JSON has not, and things that are no label."""
    with pytest.raises(InputError, match="cannot read the labels in"):
        read_labels(tmp_path / "none.jsonl")
    with pytest.raises(InputError, match="cannot write the labels to"):
        LabelFile(tmp_path / "no" / "folder.jsonl").append(LABELS[0])
    with pytest.raises(InputError, match="cannot be written to a file of labels"):
        LabelFile(tmp_path / "labels.jsonl").append(Label(b"a", "b", "related"))
    gone = LabelFile(tmp_path / "gone.jsonl")
    gone.append(LABELS[0])
    (tmp_path / "gone.jsonl").unlink()
    with pytest.raises(InputError, match="cannot take a label out of"):
        gone.undo()
    assert gone.labels == LABELS[:1]
    with pytest.raises(InputError, match=r"7 is no label; pass dn.Label\(id1, id2, label\)"):
        read_labels([7])
    deep = "[" * 9_999 + "]" * 9_999
    (tmp_path / "deep.jsonl").write_text(f'{{"id1": {deep}, "id2": 2, "label": "related"}}')
    with pytest.raises(InputError, match="line 1 is no label: write it as"):
        read_labels(tmp_path / "deep.jsonl")
    with pytest.raises(InputError, match=r"labels=.* holds a NUL character, which no"):
        read_labels("zero\0byte.jsonl")
    with pytest.raises(InputError, match=r"labels=.* holds a NUL character, which no path can"):
        LabelFile("zero\0byte.jsonl")
    with pytest.raises(InputError, match=r"a whole number of 16,\d+ bits.*cannot be written"):
        LabelFile(tmp_path / "labels.jsonl").append(Label(10**5_000, "b", "related"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's full disk")
def test_a_full_disk_leaves_no_half_line(tmp_path: Path) -> None:
    """What was in the file stays readable, and the label counts as not given."""
    file = LabelFile(tmp_path / "labels.jsonl")
    file.append(LABELS[0])
    file.path = Path("/dev/full")
    with pytest.raises(InputError, match="cannot write the labels to '/dev/full': No space left"):
        file.append(LABELS[1])
    assert file.labels == LABELS[:1]


def test_labels_can_stay_in_memory() -> None:
    """Without a file nothing is written."""
    file = LabelFile(None)
    file.append(LABELS[0])

    assert json.loads(LABELS[0].line())["id1"] == "a"
    assert file.undo() == LABELS[0]
    assert file.labels == []
