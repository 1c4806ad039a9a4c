"""The hash family of MinHash: its coefficients, drawn as datasketch 2.0 draws them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@lru_cache(maxsize=16)
def coefficients(num_perm: int, seed: int) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """
    Return the odd multipliers and the increments of the scheme ``affine32``, read-only.

    The increments depend on `num_perm`, so 64 permutations are no prefix of 128.
    """
    # The legacy generator, because its stream is frozen for ever.
    random = np.random.RandomState(seed)
    multipliers = (2 * random.randint(0, 2**31, num_perm, dtype=np.uint64) + 1).astype(np.uint32)
    increments = random.randint(0, 2**32, num_perm, dtype=np.uint64).astype(np.uint32)
    multipliers.flags.writeable = False
    increments.flags.writeable = False
    return multipliers, increments
