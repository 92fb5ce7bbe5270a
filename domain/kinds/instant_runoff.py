"""Instant runoff: the last goes out, round by round, until one has more than half of the ballots that still count."""

from collections.abc import Callable, Sequence

from domain.kinds.base import Counts, Facts, Rules, places

Pile = list[tuple[Sequence[int], int]]


def tally(counts: Counts, options_count: int, rules: Rules) -> Facts:
    """Rounds and winner; ties for last by the latest round before that differs, then the lot; a tie of the last two stays one.

    The method is the alternative vote of Ware (1871); the way to break ties is the Scottish one (see stv.py).
    """
    ballots = sum(counts.values())
    facts: Facts = {"ballots": ballots, "rounds": [], "winners": [], "tied": []}
    piles: list[Pile] = [[] for _ in range(options_count)]
    for text, times in counts.items():
        ranking = tuple(map(int, text.split(">")))
        piles[ranking[0]].append((ranking, times))
    staying, place, history = set(range(options_count)), places(rules, options_count), list[list[int]]()
    votes = [sum(times for _, times in pile) for pile in piles]
    while ballots:
        history.append(list(votes))
        out: list[int] = []
        facts["rounds"].append({"votes": [votes[i] if i in staying else None for i in range(options_count)],
                                "exhausted": ballots - sum(votes), "out": out})
        first = max(staying, key=lambda i: votes[i])
        if 2 * votes[first] > sum(votes):
            return facts | {"winners": [first]}
        if len(staying) == 2:
            return facts | {"tied": sorted(staying)}
        out.append(min(staying, key=standing(history, place)))
        staying.remove(out[0])
        _pass_on(piles, votes, out[0], staying)
    return facts


def standing(history: Sequence[Sequence[int]], place: Sequence[int]) -> Callable[[int], tuple[list[int], int]]:
    """How options compare: by their votes now, then one round before, and so on back, then by the lot."""
    return lambda option: ([votes[option] for votes in reversed(history)], -place[option])


def next_choice(ranking: Sequence[int], staying: set[int]) -> int | None:
    """The first option of this ranking that is still there; None when there is none."""
    for option in ranking:
        if option in staying:
            return option
    return None


def _pass_on(piles: list[Pile], votes: list[int], loser: int, staying: set[int]) -> None:
    for ranking, times in piles[loser]:
        heir = next_choice(ranking, staying)
        if heir is not None:
            piles[heir].append((ranking, times))
            votes[heir] += times
    piles[loser], votes[loser] = [], 0
