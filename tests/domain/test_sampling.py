"""The sample of paper ballots: its risk against counting every sample, its size the smallest, its choice nobody's."""

from fractions import Fraction
from itertools import combinations

import pytest

from domain.sampling import RISK, drawn, risk, size


@pytest.mark.parametrize("papers", range(1, 9))
def test_the_risk_is_that_of_all_samples_counted_out(papers: int) -> None:
    for wrong in range(papers + 1):
        for count in range(papers + 1):
            every = list(combinations(range(papers), count))
            missed = sum(not set(range(wrong)) & set(each) for each in every)
            assert risk(papers, wrong, count) == Fraction(missed, len(every))


@pytest.mark.parametrize(("papers", "wrong"), [(p, w) for p in (1, 5, 20, 100, 1000) for w in (1, 2, 7, 50) if w <= p])
def test_the_sample_is_the_smallest_that_is_enough(papers: int, wrong: int) -> None:
    found = size(papers, wrong)
    assert risk(papers, wrong, found) <= RISK and (found == 0 or risk(papers, wrong, found - 1) > RISK)


def test_what_cannot_turn_the_result_needs_no_sample() -> None:
    assert size(3, 4) == 0 and size(0, 1) == 0


def test_the_root_draws_the_papers_and_another_root_others() -> None:
    papers = list(range(1, 101))
    assert drawn("a" * 64, papers, 10) == drawn("a" * 64, papers[::-1], 10)
    assert drawn("a" * 64, papers, 10) != drawn("b" * 64, papers, 10) and len(drawn("a" * 64, papers, 10)) == 10
