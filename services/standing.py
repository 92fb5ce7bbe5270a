"""How a poll stands or ended: its count, in facts, in lines of words, and as bars; nothing while the count is hidden."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, func, select

from domain.classes import BY_AREA, frozen
from domain.kinds import kind
from domain.kinds.signup import Signup
from models.base import Tx
from models.tables import ballot, ballot_log, secret_choice
from services import decisions
from texts.say import say

SECRET_LEAST = 5  # ballots; of fewer a count would tell who chose what
ASIDE = ("asked", "broken", "class", "firm")  # kept with the result, but not part of the count itself
MARKED = ("single", "multiple", "approval", "stance", "budget")


@dataclass(frozen=True, slots=True)
class Standing:
    """A poll's count as somebody may see it."""

    row: Row[Any]
    result: dict[str, Any]
    hidden: bool  # not to be seen, now or (too few secret ballots) ever

    @property
    def ballots(self) -> int:
        """How many ballots count."""
        return int(self.result["ballots"])

    @property
    def marks(self) -> tuple[int, ...]:
        """What the bar of each option shows; nothing for a sign-up."""
        found = self.result
        if "marks" in found:
            return tuple(found["marks"])
        if "points" in found:
            return tuple(found["points"])
        if "rounds" in found:
            return tuple(int(Decimal(v or 0)) for v in _latest(found["rounds"], len(self.row.options)))
        if "pairs" in found:
            return tuple(sum(row) for row in found["pairs"])
        return tuple(found.get("yes", ()))

    def percent(self, option: int) -> int:
        """The share of an option's bar in whole per cent, halves up: of the ballots, or of all there could be."""
        whole = self.ballots
        if "points" in self.result:
            whole *= self.row.rules["high"]
        elif "pairs" in self.result:
            whole *= len(self.row.options) - 1
        return (200 * self.marks[option] + whole) // (2 * whole) if whole else 0

    @property
    def lines(self) -> list[str]:
        """What is said of each option; empty while hidden."""
        return [] if self.hidden or (self.row.kind == "signup" and self.row.state != "open") else _lines(self)

    @property
    def firm(self) -> str:
        """How little would have turned it, in words a resident understands; '' where nothing is known or to be said."""
        found = self.result.get("firm")
        if self.hidden or not found:
            return ""
        if found.get("decision"):
            return say("decision.firm", firm=found, unit=self.row.household and self.row.poll_class not in BY_AREA)
        if found["changed"] is None:
            return ""
        rival = self.row.options[found["rival"]] if found["rival"] is not None else ""
        return say("firm", tied=bool(self.result["tied"]), **found | {"rival": rival})

    @property
    def decision(self) -> str:
        """Whether it passed, and by which numbers; '' for an opinion poll and while it is open."""
        found = self.result.get("class")
        if self.row.result is None or not found or "passed" not in found:
            return ""
        rule = frozen(self.row.poll_class, self.row.preset)
        carried = [o for o, n in zip(self.row.options, found["options"], strict=True) if all(
            rule.passes.met(n[side], found["took_part"][side]) for side in n)] if self.row.kind != "stance" else []
        return say("decision.result", found=found, carried=carried, poll=self.row)

    @property
    def needed(self) -> str:
        """What an open decision still lacks, for those who run it; '' for an opinion poll."""
        found = self.result.get("class")
        if self.row.state != "open" or not found or "passed" not in found:
            return ""
        return say("decision.needed", needed=decisions.needed(self.row, found), found=found, poll=self.row, hidden=self.hidden)

    @property
    def ending(self) -> str:
        """Who or what won, in one sentence; while hidden only why nothing is said."""
        return "" if self.hidden and not self.result.get("few") else _ending(self)


def discreet(row: Row[Any]) -> bool:
    """Whether ballots are for nobody's eyes, or for nobody's before the end: then no log that staff read tells them."""
    return bool(row.anonymous or row.hides)  # a secret poll is both


def hides(row: Row[Any]) -> bool:
    """True while nobody may see how the poll stands: until its end, and for good when it was called off before."""
    return row.state != "closed" and discreet(row)


def of(tx: Tx, row: Row[Any]) -> Standing:
    """The count of a poll: frozen once closed, from the ballots while open."""
    if row.result is not None:
        found = row.result
        if "winners" not in found:  # closed before polls had kinds
            found = found | kind("single").tally({}, 2, {}) | found | _leaders(found["marks"])
        return Standing(row, found, bool(found.get("few")))
    found = counted(tx, row)
    if (decided := decisions.facts(tx, row, found, row.asked or 0)) is not None:
        found["class"] = decided
    return Standing(row, found, hides(row))


def counted(tx: Tx, row: Row[Any]) -> dict[str, Any]:
    """The result facts of the ballots as they are now."""
    if row.kind == "signup":
        return Signup().seat([(r.choice, r.receipt or str(r.id)) for r in in_order(tx, row.id)], row.rules)
    return kind(row.kind).tally(counts(tx, row), len(row.options), row.rules)


def counts(tx: Tx, row: Row[Any]) -> Counter[str]:
    """How often each ballot was cast; held ones are not counted."""
    if row.secret:
        query = select(secret_choice.c.choice, func.count().label("times")).where(
            secret_choice.c.poll_id == row.id, secret_choice.c.choice != "").group_by(secret_choice.c.choice)
    else:
        query = select(ballot.c.choice, func.count().label("times")).where(
            ballot.c.poll_id == row.id, ballot.c.choice != "", ballot.c.state == "counted").group_by(ballot.c.choice)
    return Counter({same.choice: same.times for same in tx.all(query)})


def in_order(tx: Tx, poll_id: int) -> Sequence[Row[Any]]:
    """The ballots in the order in which they were cast; one that was taken back and cast again stands where it came again."""
    came = select(func.max(ballot_log.c.id)).where(
        ballot_log.c.poll_id == poll_id, ballot_log.c.voter == ballot.c.voter, ballot_log.c.act.in_(("cast", "jielong"))
    ).scalar_subquery()
    return tx.all(select(ballot, came.label("came")).where(
        ballot.c.poll_id == poll_id, ballot.c.choice != "", ballot.c.state == "counted").order_by(came))


def _leaders(marks: Sequence[int]) -> dict[str, Any]:
    top = max(marks, default=0)
    best = [i for i, n in enumerate(marks) if n == top and n]
    return {"winners": best, "tied": []} if len(best) == 1 else {"winners": [], "tied": best}


def _latest(rounds: list[dict[str, Any]], options: int) -> list[Any]:
    """What each option had when it was last counted."""
    return [next((r["votes"][i] for r in reversed(rounds) if r["votes"][i] is not None), 0) for i in range(options)]


def _lines(it: Standing) -> list[str]:
    row, found = it.row, it.result
    if row.kind == "signup":
        return [say("standing.signup", taken=found["taken"], places=row.rules["places"], waiting=len(found["waiting"]))]
    return [_line(it, i, option) for i, option in enumerate(row.options)]


def _line(it: Standing, i: int, option: str) -> str:
    row, found = it.row, it.result
    if row.kind == "budget":
        return say("standing.budget", option=option, price=row.rules["costs"][i], n=found["marks"][i],
                   chosen=row.state != "open" and i in found["chosen"])
    if row.kind == "score":
        mean = f"{Decimal(found['points'][i]) / max(1, it.ballots):.2f}".rstrip("0").rstrip(".")
        return say("standing.score", option=option, points=found["points"][i], raters=found["raters"][i], ballots=it.ballots,
                   mean=mean)
    if row.kind == "times":
        return say("standing.times", option=option, yes=found["yes"][i], maybe=found["maybe"][i])
    if row.kind == "ranked":
        return _ranked_line(it, i, option)
    if row.poll_class in BY_AREA:
        return say("standing.owners", option=option, some=found["class"]["options"][i], of=found["class"]["took_part"])
    return say("standing.marks", option=option, n=found["marks"][i], percent=it.percent(i))


def _ranked_line(it: Standing, i: int, option: str) -> str:
    found = it.result
    if "pairs" in found:
        place = next((n for n, group in enumerate(found["order"], 1) if i in group), 1)
        won = sum(found["pairs"][i][j] > found["pairs"][j][i] for j in range(len(it.row.options)))
        return say("standing.pairs", option=option, place=place, won=won)
    rounds = found["rounds"]
    if it.row.state == "open" or not rounds:
        return say("standing.first", option=option, n=str(rounds[0]["votes"][i]).split(".")[0] if rounds else 0)
    last = rounds[-1]["votes"][i]
    if "quota" in found:
        votes = str(_latest(rounds, len(it.row.options))[i]).rstrip("0").rstrip(".")
        return say("standing.stv", option=option, elected=i in found["winners"], last=last, votes=votes or "0")
    out = next((n for n, r in enumerate(rounds, 1) if i in r["out"]), len(rounds))
    return say("standing.irv", option=option, last=last, out=out)


def _ending(it: Standing) -> str:
    row, found = it.row, it.result
    if found.get("few"):
        return say("secret_few", least=SECRET_LEAST)
    if not it.ballots:
        return say("ending.none")
    if row.kind == "signup":
        return say("ending.signup", places=row.rules["places"], taken=found["taken"], waiting=len(found["waiting"]))
    if row.kind == "budget":
        names = [row.options[i] for i in found["chosen"]]
        return say("ending.budget", names=names, spent=found["spent"], left=found["left"]) if names else say("ending.budget_none")
    names = [row.options[i] for i in found["winners"] or found["tied"]]
    if "quota" in found:
        return say("ending.stv", names=names, quota=found["quota"].split(".")[0])
    ranked = row.kind == "ranked"
    if found["winners"]:
        own = {"ranked": "ending.ranked", "score": "ending.score", "times": "ending.times"}
        return say(own.get(row.kind, "ending.one"), names=names)
    return say("ending.tied_ranked" if ranked else "ending.tied", names=names)
