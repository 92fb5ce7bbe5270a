"""A sample of paper ballots to be looked at again: how many, with which risk, and which ones, drawn by nobody's hand.

The risk is the chance that a sample shows none of `wrong` wrongly entered ballots among `papers`: hypergeometric,
C(papers - wrong, size) / C(papers, size). Which ones is decided by the root that was published at closing, which nobody
could know when the ballots were entered.
"""

from fractions import Fraction
from hashlib import sha256
from math import comb

RISK = Fraction(1, 20)


def risk(papers: int, wrong: int, size: int) -> Fraction:
    """The chance that a sample of this size misses every one of the wrong ballots."""
    return Fraction(comb(papers - wrong, size), comb(papers, size)) if wrong <= papers else Fraction(0)


def size(papers: int, wrong: int, most: Fraction = RISK) -> int:
    """The smallest sample that misses all of `wrong` wrong ballots with at most this chance."""
    if not papers or wrong > papers:
        return 0
    low, high = 0, papers
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if risk(papers, wrong, middle) <= most else (middle + 1, high)
    return low


def drawn(root: str, papers: list[int], count: int) -> list[int]:
    """The papers to look at: those whose number together with the root has the smallest hashes."""
    return sorted(sorted(papers, key=lambda paper: sha256(f"{root}:{paper}".encode()).digest())[:count])
