"""Refused pairs that the texts around them overrule."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dedupe_news as dn
from dedupe_news._engine.assignment import agreed
from dedupe_news._engine.packing import pack_distinct
from printings import printings

N_TEXTS = 9
AGREED = "most texts that are duplicates of either are duplicates of both"

verdicts = st.dictionaries(
    st.tuples(st.integers(0, N_TEXTS - 1), st.integers(0, N_TEXTS - 1)).filter(
        lambda pair: pair[0] < pair[1]
    ),
    st.booleans(),
    max_size=30,
)


def plainly_agreed(judged: dict[tuple[int, int], bool]) -> set[tuple[int, int]]:
    """Return the refused pairs that three in five of the texts that match either one match too."""

    def verdict(a: int, b: int) -> bool | None:
        return judged.get((min(a, b), max(a, b)))

    def share(a: int, b: int) -> tuple[int, int]:
        around = [other for other in range(N_TEXTS) if other != a and verdict(a, other)]
        said = [verdict(other, b) for other in around if other != b]
        return said.count(True), len(said) - said.count(None)

    found = set()
    for (a, b), is_match in judged.items():
        if is_match:
            continue
        counts = share(a, b), share(b, a)
        if all(common >= 4 and common >= 0.6 * compared for common, compared in counts):
            found.add((a, b))
    return found


@given(judged=verdicts)
def test_agreement_is_as_defined(judged: dict[tuple[int, int], bool]) -> None:
    """Exactly those refused pairs agree of which most neighbours match both."""
    rows = np.array(sorted(judged), np.int64).reshape(-1, 2)
    are_matches = np.array([judged[pair] for pair in sorted(judged)], bool)

    pairs = agreed(pack_distinct(rows), are_matches, rows[~are_matches])

    assert {tuple(pair) for pair in pairs.tolist()} == plainly_agreed(judged)


def test_one_refusal_among_friends_is_overruled() -> None:
    """Six texts of which all pairs match but one are of one story."""
    judged = {(a, b): (a, b) != (0, 1) for a in range(6) for b in range(a + 1, 6)}
    rows = np.array(sorted(judged), np.int64)

    pairs = agreed(pack_distinct(rows), (rows != [0, 1]).any(axis=1), np.array([[0, 1]]))

    assert pairs.tolist() == [[0, 1]]


def test_an_explanation_gives_the_verdict_by_agreement() -> None:
    """What the printings around a pair overrule is explained as the clustering has it, and why."""
    items = printings(20, headlines="own", seed=1)
    settings = dn.Config(min_probability=0.9)  # at which some pairs are refused, of any weights
    result = dn.cluster(items, config=settings, n_jobs=1, progress=False)
    representative = int(result.representatives[0])
    overruled = [
        (member, comparison)
        for member in range(20)
        for comparison in [result.explain(representative, member)]
        if AGREED in comparison.why
    ]

    assert len(result.representatives) == 1
    assert [member for member, _ in overruled]
    for member, comparison in overruled:
        assert comparison.verdict == "duplicate"
        assert comparison.relation == result.membership.relation[member]
        assert comparison.probability == result.membership.probability[member]
        assert sum(comparison.probabilities.values()) == pytest.approx(1)
        assert result.explain(member, representative).verdict == "duplicate"
        alone = dn.compare(items[representative], items[member], config=settings)
        assert alone.verdict != "duplicate"
    why = {row.position: row.why for row in result.removed}
    assert all(AGREED in why[member] for member, _ in overruled)


def test_what_the_judge_says_itself_needs_no_agreement() -> None:
    """At a probability that the pair reaches, no explanation speaks of the texts around it."""
    items = printings(20, headlines="own", seed=1)
    result = dn.cluster(items, n_jobs=1, progress=False).at(min_probability=0.1)

    assert not any(AGREED in row.why for row in result.removed)
    assert all(
        result.explain(row.item, row.duplicate_of).verdict == "duplicate" for row in result.removed
    )
