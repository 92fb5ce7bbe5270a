"""A round's findings as plain data: statements by their ids, counts and verdicts; no words and no persons.

Counts of a statement are given only when five people have voted on it, of a group only its size and its verdicts.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from opinions import bridges, matrix, rounds, stats
from opinions.bridges import Grouping

LETTERS = "甲乙丙丁戊"  # what groups of opinion are called
LEAST = 5
CERTAIN = 2.5758  # one-sided, 99.5 %: many statements are compared in groups that need not differ at all
MOST_COMMON, MOST_REJECTED, MOST_TYPICAL = 8, 3, 3
Orders = Mapping[str, Sequence[Hashable]]


def of(votes: matrix.Votes, groups: Mapping[str, Mapping[Any, Hashable]], last: rounds.State | None = None, *,
       orders: Orders | None = None) -> dict[str, Any]:
    """Common ground, what is rejected, what divides with each side's reasons, and all groupings.

    `groups` are those that exist already, by the name of the way of grouping; `orders` say how the groups of one stand in line.
    """
    if not len(votes.values):
        return {"people": 0, "votes": 0, "gate": "few", "clear": 0.0, "counts": {}, "common": [], "rejected": [], "divided": [],
                "groupings": [], "map": None}
    analysis = rounds.analyse(votes, last)
    everybody = stats.count(votes, np.zeros(len(votes.people), int), 1)
    opinion = bridges.found("opinion", analysis, labels=LETTERS)
    groupings = [opinion] if opinion else []
    for name, group_of in groups.items():
        each = bridges.real(name, votes, group_of, smallest=LEAST)
        if each is not None:
            groupings.append(_in_order(each, (orders or {}).get(name)))
    at = votes.statements
    return {
        "people": len(votes.people), "votes": len(votes.values), "gate": analysis.reason, "clear": round(analysis.clear, 3),
        "counts": _counts(votes, everybody),
        "common": [[at[t], round(score, 3)] for t, score in bridges.bridges(everybody, groupings, votes.out)
                   if everybody.seen[0, t] >= LEAST][:MOST_COMMON],
        "rejected": [at[pick.statement] for pick in stats.consensus(everybody, votes.out, agree=False)
                     if everybody.seen[0, pick.statement] >= LEAST][:MOST_REJECTED],
        "divided": [{"id": at[t], "reasons": [[at[r] for r in side] for side in bridges.reasons(votes, t, votes.out)]}
                    for t in bridges.divisive(everybody, votes.out)],
        "groupings": [_grouping(votes, each) for each in groupings], "map": _map(analysis)}


def _in_order(grouping: Grouping, order: Sequence[Hashable] | None) -> Grouping:
    if not order:
        return grouping
    places = sorted(range(len(grouping.groups)), key=lambda g: list(order).index(grouping.groups[g]))
    counts = stats.Counts(*(table[places] for table in (grouping.counts.agrees, grouping.counts.disagrees, grouping.counts.seen)))
    return Grouping(grouping.name, tuple(grouping.groups[g] for g in places), tuple(grouping.sizes[g] for g in places), counts)


def _counts(votes: matrix.Votes, everybody: stats.Counts) -> dict[str, list[int]]:
    """Agrees, disagrees and passes of each statement."""
    return {str(s): [int(a), int(d), int(n - a - d)] for s, a, d, n, gone in zip(
        votes.statements, everybody.agrees[0], everybody.disagrees[0], everybody.seen[0], votes.out, strict=True)
            if n >= LEAST and not gone}


def _grouping(votes: matrix.Votes, each: Grouping) -> dict[str, Any]:
    """Its groups with what sets each apart and what the others accept too, and the verdict of each on each statement."""
    verdicts, also, name = each.verdicts, bridges.shared(each, votes.out), votes.statements
    typical = stats.representative(stats.moderated(each.counts, np.array(each.sizes), votes.out), votes.out)
    return {"name": each.name, "groups": [
        {"label": label, "size": size, "shared": [name[t] for t in also[g]], "typical": _typical(votes, each, typical[g])}
        for g, (label, size) in enumerate(zip(each.groups, each.sizes, strict=True))],
        "verdicts": {str(name[t]): [int(v) for v in verdicts[:, t]] for t in np.flatnonzero(~votes.out)}}


def _typical(votes: matrix.Votes, grouping: Grouping, picks: Iterable[stats.Pick]) -> list[list[Any]]:
    """A group that exists anyway need not stand for anything: of it only what is sure is said."""
    sure = [p for p in picks if grouping.name == "opinion" or (p.test > stats.CRITICAL and p.ratio_test > CERTAIN)]
    return [[votes.statements[p.statement], p.agree] for p in sure][:MOST_TYPICAL]


def _map(analysis: rounds.Analysis) -> list[list[float]] | None:
    """Where people stand and in which group, in the order of the places: nothing says who is who."""
    if not analysis.shown:
        return None
    row = {number: n for n, number in enumerate(analysis.numbers)}
    inside = analysis.group >= 0
    return sorted([round(float(x), 2), round(float(y), 2), row[int(g)]]
                  for (x, y), g in zip(analysis.points[inside], analysis.group[inside], strict=True))
