"""Blocks of texts: parts of them, and several as one."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dedupe_news.blocks import TextBlock, bounds_of


def block_of(lengths: list[int], first: int = 0) -> TextBlock:
    """Make a block in which every value says where it came from."""
    n_tokens, n_texts = sum(lengths), len(lengths)
    n_shingles = sum(max(length - 2, 1) for length in lengths)
    return TextBlock(
        tokens=np.arange(first, first + n_tokens, dtype=np.uint32),
        flags=np.arange(n_tokens, dtype=np.uint8),
        offsets=bounds_of(np.array(lengths, np.int64)),
        cut_off=np.arange(n_texts, dtype=np.uint8),
        sources=np.arange(n_texts, dtype=np.int32) - 1,
        times=np.arange(n_texts, dtype=np.int64) * 7,
        frequency=np.arange(n_shingles).astype(np.uint8),
        spread=np.arange(n_shingles).astype(np.uint8) + np.uint8(1),
    )


def rows(block: TextBlock) -> list[tuple[object, ...]]:
    """Return what the block says of each text."""
    at = block.shingle_offsets
    return [
        (
            block.tokens[block.offsets[i] : block.offsets[i + 1]].tolist(),
            block.flags[block.offsets[i] : block.offsets[i + 1]].tolist(),
            block.cut_off[i],
            block.sources[i],
            block.times[i],
            block.frequency[at[i] : at[i + 1]].tolist(),
            block.spread[at[i] : at[i + 1]].tolist(),
        )
        for i in range(len(block))
    ]


lengths_of_texts = st.lists(st.integers(1, 6), min_size=1, max_size=8)


@given(lengths=lengths_of_texts, data=st.data())
def test_some_texts_are_as_they_were(lengths: list[int], data: st.DataObject) -> None:
    """In the order asked for, some twice, or none."""
    which = data.draw(st.lists(st.integers(0, len(lengths) - 1), max_size=8))
    block = block_of(lengths)

    taken = block.take(np.array(which, np.int64))

    assert rows(taken) == [rows(block)[i] for i in which]


@given(left=lengths_of_texts, right=lengths_of_texts)
def test_blocks_follow_each_other(left: list[int], right: list[int]) -> None:
    """As one block."""
    blocks = [block_of(left), block_of(right, first=100)]

    assert rows(TextBlock.concatenate(blocks)) == rows(blocks[0]) + rows(blocks[1])
