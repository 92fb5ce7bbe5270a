"""Condorcet counts: every two options are compared; Schulze's method and Tideman's ranked pairs turn that into an order."""

from collections.abc import Sequence

from domain.kinds.base import Counts, Facts, Rules, places

Pairs = list[list[int]]


def pairs_of(counts: Counts, options_count: int) -> Pairs:
    """How many ballots put i before j, for every two options; who is named comes before who is not."""
    # A row of the table is one large whole number with a lane per option, wide enough for all ballots: so a ballot adds
    # to all options that come after at once.
    lane = sum(counts.values()).bit_length() or 1
    rows, everyone = [0] * options_count, sum(1 << lane * i for i in range(options_count))
    groups = {str(i): _group(str(i), lane) for i in range(options_count)}
    for text, times in counts.items():
        after = everyone
        for part in text.split(">"):
            members, lanes = groups.get(part) or groups.setdefault(part, _group(part, lane))
            after -= lanes
            for i in members:
                rows[i] += after * times
    return [[row >> lane * j & (1 << lane) - 1 for j in range(options_count)] for row in rows]


def schulze(counts: Counts, options_count: int, rules: Rules) -> Facts:
    """Schulze (2011): i is before j when the strongest chain of wins from i to j beats the strongest back; by margins."""
    pairs = pairs_of(counts, options_count)
    return _facts(counts, pairs, schulze_beats(pairs))


def schulze_beats(pairs: Pairs) -> list[list[bool]]:
    """Whether i comes before j by Schulze; a chain is as strong as its weakest win, a win as strong as its margin."""
    every = range(len(pairs))
    chain = [[max(0, pairs[i][j] - pairs[j][i]) for j in every] for i in every]
    for via in every:
        onward = chain[via]
        for start in every:
            row = chain[start]
            arrive = row[via]
            if arrive:
                chain[start] = [max(known, min(arrive, on)) for known, on in zip(row, onward, strict=True)]
    return [[chain[i][j] > chain[j][i] for j in every] for i in every]


def ranked_pairs(counts: Counts, options_count: int, rules: Rules) -> Facts:
    """Tideman (1987): wins are locked in, largest margin first, unless one would close a circle.

    Equal margins: fewer ballots against first, then the winner's place in the lot, then the loser's.
    """
    pairs = pairs_of(counts, options_count)
    return _facts(counts, pairs, ranked_pairs_beats(pairs, places(rules, options_count)))


def ranked_pairs_beats(pairs: Pairs, place: Sequence[int]) -> list[list[bool]]:
    """Whether i's win over j is locked in."""
    every = range(len(pairs))
    wins = [(pairs[j][i] - pairs[i][j], pairs[j][i], place[i], place[j], i, j)
            for i in every for j in every if pairs[i][j] > pairs[j][i]]
    locked = [[False] * len(pairs) for _ in every]
    for *_, winner, loser in sorted(wins):
        if not _leads(locked, loser, winner):
            locked[winner][loser] = True
    return locked


def order_of(beats: Sequence[Sequence[bool]]) -> list[list[int]]:
    """Groups from best to worst: each time all whom nobody still there beats."""
    left, order = set(range(len(beats))), []
    while left:
        order.append([i for i in sorted(left) if not any(beats[j][i] for j in left)])
        left -= set(order[-1])
    return order


def _facts(counts: Counts, pairs: Pairs, beats: Sequence[Sequence[bool]]) -> Facts:
    ballots, order = sum(counts.values()), order_of(beats)
    first = order[0] if ballots else []
    alone = len(first) == 1
    return {"ballots": ballots, "pairs": pairs, "order": order, "winners": first if alone else [], "tied": [] if alone else first}


def _leads(locked: Sequence[Sequence[bool]], start: int, goal: int) -> bool:
    seen, ahead = {start}, [start]
    while ahead:
        at = ahead.pop()
        if at == goal:
            return True
        fresh = [j for j, wins in enumerate(locked[at]) if wins and j not in seen]
        seen.update(fresh)
        ahead += fresh
    return False


def _group(part: str, lane: int) -> tuple[tuple[int, ...], int]:
    members = tuple(map(int, part.split("=")))
    return members, sum(1 << lane * i for i in members)
