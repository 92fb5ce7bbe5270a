"""What the picture of a poll's result shows, for every kind: bars, rounds, places, and for decisions their thresholds.

The facts are plain JSON (they wait in the outbox) and the same facts are said in words for those who do not see pictures.
"""

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

from sqlalchemy import Row

from domain.classes import BY_AREA
from services import chart
from services.standing import Standing
from texts.say import bar, say, share, sqm

ROUNDS = 6  # of a ranked count that are shown; of more the first and the last ones
Rows = list[dict[str, Any]]


def facts(row: Row[Any], tally: Standing) -> dict[str, Any] | None:
    """The picture of a closed poll; None when nothing may be shown."""
    if tally.hidden or row.state != "closed":
        return None
    return {"title": f"P{row.number} {row.title}", "subtitle": say("poll.chart.subtitle", poll=row, tally=tally),
            "rows": rows(row, tally), "footer": say("poll.chart.footer", poll=row)}


def drawn(row: Row[Any], tally: Standing) -> bytes | None:
    """The picture as PNG."""
    found = facts(row, tally)
    return chart.draw(found) if found else None


def words(row: Row[Any], tally: Standing) -> str:
    """The picture in words, every number in it."""
    said = [each["head"] + each.get("also", "") if "head" in each else f"{each['label']}：{each['said']}" + (
        f"（{each['mark_said']}）" if each.get("mark_said") else "") for each in rows(row, tally) if "flow" not in each]
    return "；".join([f"P{row.number} {row.title}", *said]) + "。"


def rows(row: Row[Any], tally: Standing) -> Rows:
    """Headings and bars, see services/chart.py."""
    found = tally.result
    if (class_ := found.get("class")) and "passed" in class_:
        return _decision(row, class_)
    own = {"score": _score, "times": _times, "signup": _signup}.get(row.kind)
    if own is not None:
        return own(row, tally)
    if row.kind == "ranked":
        return _pairs(row, found) if "pairs" in found else _rounds(row, found)
    won = set(found.get("chosen", found["winners"] or found["tied"]))
    return [_bar(f"{i + 1}. {option}", found["marks"][i], tally.ballots, say("picture.votes", n=found["marks"][i],
                 share=share(found["marks"][i], tally.ballots), chosen=i in found.get("chosen", ())), strong=i in won)
            for i, option in enumerate(row.options)]


def _bar(label: str, some: int | Fraction, of: int | Fraction, said: str, *, strong: bool = False, **more: Any) -> dict[str, Any]:
    return {"label": label, "said": said, "part": int(1000 * some / of) if of else 0, "strong": strong} | more


def _decision(row: Row[Any], class_: dict[str, Any]) -> Rows:
    """Who took part against the quorum, then each option against the majority; heads and area where both count."""
    sides = ("heads", "area") if row.poll_class in BY_AREA and class_["all"]["area"] is not None else ("heads",)
    who = {"heads": say("picture.heads" if row.poll_class in BY_AREA or not row.household else "picture.households"),
           "area": say("picture.area")}

    def line(label: str, some: dict[str, int], of: dict[str, int], side: str, part: list[str] | None) -> dict[str, Any]:
        amount = sqm(some[side]) if side == "area" else str(some[side])
        mark = {"mark": int(1000 * Fraction(part[0])), "mark_said": say("picture.mark", bar=bar(part))} if part else {}
        met = part is not None and class_["passed"] is True
        return _bar(say("picture.side", label=label, side=who[side]) if len(sides) > 1 else label, some[side], of[side],
                    f"{amount} · {share(some[side], of[side])}", strong=met, **mark)
    found: Rows = [{"head": say("picture.took_part")}]
    found += [line(say("picture.part"), class_["took_part"], class_["all"], side, row.preset["quorum"]) for side in sides]
    found.append({"head": say("picture.options")})
    for i, (option, some) in enumerate(zip(row.options, class_["options"], strict=True)):
        decides = row.kind != "stance" or i == 0
        found += [line(option, some, class_["took_part"], side, row.preset["pass"] if decides else None) for side in sides]
    return found


def _score(row: Row[Any], tally: Standing) -> Rows:
    found, most = tally.result, tally.ballots * row.rules["high"]
    return [_bar(f"{i + 1}. {option}", found["points"][i], most,
                 say("picture.points", n=found["points"][i], raters=found["raters"][i]),
                 strong=i in (found["winners"] or found["tied"])) for i, option in enumerate(row.options)]


def _times(row: Row[Any], tally: Standing) -> Rows:
    found, all_ = tally.result, tally.ballots
    return [_bar(f"{i + 1}. {option}", found["yes"][i], all_, say("picture.times", yes=found["yes"][i], maybe=found["maybe"][i]),
                 strong=i in (found["winners"] or found["tied"]),
                 more=1000 * (found["yes"][i] + found["maybe"][i]) // all_ if all_ else 0) for i, option in enumerate(row.options)]


def _signup(row: Row[Any], tally: Standing) -> Rows:
    found, places = tally.result, row.rules["places"]
    return [_bar(say("picture.places", places=places), found["taken"], places,
                 say("picture.signup", taken=found["taken"], waiting=len(found["waiting"])), strong=True)]


def _pairs(row: Row[Any], found: dict[str, Any]) -> Rows:
    """From the first place to the last, with how many others each beats."""
    pairs, all_ = found["pairs"], range(len(row.options))
    beats = {i: sum(pairs[i][j] > pairs[j][i] for j in all_) for i in all_}
    placed = [(place, i) for place, group in enumerate(found["order"], 1) for i in group]
    return [_bar(say("picture.place", place=place, option=row.options[i]), beats[i], len(row.options) - 1,
                 say("picture.beats", n=beats[i]), strong=place == 1) for place, i in placed]


def _rounds(row: Row[Any], found: dict[str, Any]) -> Rows:
    """How votes moved, who goes out and is elected in each round, what all have at first and at last; the quota as a mark."""
    shown = list(enumerate(found["rounds"], 1))
    if len(shown) > ROUNDS:
        shown = [shown[0], *shown[1 - ROUNDS:]]
    quota = Decimal(found["quota"]) if "quota" in found else None
    held = [[Decimal(v or 0) for v in each["votes"]] + [Decimal(each.get("exhausted") or 0)] for _, each in shown]
    of = sum(held[0], Decimal(0)) if held else Decimal(0)
    moved = [_moved(*pair) for pair in pairwise(held)]
    said: Rows = [_flow(held, moved, found["winners"])] if moved else []
    for place, (number, each) in enumerate(shown):
        fates = {i: "elected" if i in each.get("elected", ()) else "out" for i in [*each.get("elected", ()), *each["out"]]}
        said.append({"head": say("picture.round", n=number, fates=[(row.options[i], fate) for i, fate in fates.items()]),
                     "also": say("picture.moved", moved=_movers(row, moved[place - 1])) if place else ""})
        if 0 < place < len(shown) - 1:  # what lies between is in the bands
            continue
        first = next((i for i, v in enumerate(each["votes"]) if v is not None), None)
        for i, n in enumerate(held[place][:-1]):
            if each["votes"][i] is None:
                continue
            fate = fates.get(i, "")
            won = number == len(found["rounds"]) and i in found["winners"]
            more = _quota(quota, of) if quota is not None and of and i == first else {}
            said.append(_bar(f"{i + 1}. {row.options[i]}", Fraction(n), Fraction(of),
                             say("picture.in_round", n=_plain(n), fate=fate), strong=fate == "elected" or won, **more))
    return said


def _moved(above: list[Decimal], below: list[Decimal]) -> list[tuple[int, int, Decimal]]:
    """From whom to whom how many votes went between two rounds. When several gave votes at once, nobody knows whose went where:
    each receiver got some of all in proportion."""
    gave = {i: a - b for i, (a, b) in enumerate(zip(above, below, strict=True)) if a > b}
    got = {i: b - a for i, (a, b) in enumerate(zip(above, below, strict=True)) if b > a}
    of = sum(gave.values())
    return [(i, j, took * some / of) for i, some in gave.items() for j, took in got.items()]


def _movers(row: Row[Any], moved: list[tuple[int, int, Decimal]]) -> list[dict[str, Any]]:
    """Who got how many votes from the last round, in words; None is nobody."""
    got: dict[int, Decimal] = {}
    for _, target, n in moved:
        got[target] = got.get(target, Decimal(0)) + n
    return [{"option": None if i == len(row.options) else row.options[i], "n": _plain(n)} for i, n in sorted(got.items())]


def _flow(held: list[list[Decimal]], moved: list[list[tuple[int, int, Decimal]]], winners: list[int]) -> dict[str, Any]:
    """The bars and bands of services/chart_flow.py."""
    of = max(sum(each) for each in held) or Decimal(1)

    def part(n: Decimal) -> int:
        return int(1000 * n / of)
    stays = [[(i, i, min(pair)) for i, pair in enumerate(zip(*two, strict=True)) if min(pair)] for two in pairwise(held)]
    return {"flow": {"steps": [[part(n) for n in each] for each in held], "strong": winners,
                     "moves": [[[i, j, part(n)] for i, j, n in [*a, *b]] for a, b in zip(stays, moved, strict=True)]}}


def _quota(quota: Decimal, of: Decimal) -> dict[str, Any]:
    return {"mark": min(1000, int(1000 * quota / of)), "mark_said": say("picture.quota", quota=int(quota))}


def _plain(n: Decimal) -> str:
    """Votes with two decimals at most, and no empty ones."""
    said = f"{round(n, 2):f}"
    return said.rstrip("0").rstrip(".") if "." in said else said
