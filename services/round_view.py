"""The report of a round as people read it: what was found, with the words of the statements as they are kept now.

Every quotation is the text of a statement or its beginning; nothing else ever stands in quotation marks.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, func, select

from domain.errors import Refusal
from models.base import Tx
from models.round_reports import round_report
from models.rounds import opinion, opinion_round, opinion_vote
from models.tables import community, issue
from services import pages, rounds
from texts.mask import public
from texts.say import say

QUOTED = 34  # characters of a statement in a line; the page shows the whole
LEAST = 5  # people of whom votes are shown
ACCEPTS, SPLIT, REJECTS, SILENT = 1, 0, -1, 2  # as opinions/bridges.py gives them


@dataclass(frozen=True, slots=True)
class Report:
    """A closed round with what was found."""

    round: Row[Any]
    issue: Row[Any]
    found: dict[str, Any]
    statements: dict[int, Row[Any]]
    kept: Row[Any]

    def text(self, key: int) -> str:
        """The words of a statement as neighbours may read them."""
        row = self.statements.get(key)
        return public(row.text) if row is not None else ""

    def quote(self, key: int, most: int = QUOTED) -> str:
        """A statement in quotation marks, its beginning where it is long."""
        text = self.text(key)
        return f"“{text if len(text) <= most else text[: most - 1] + '…'}”"

    def counts(self, key: int) -> list[int] | None:
        """Agrees, disagrees and passes; None while few have voted on it."""
        return self.found["counts"].get(str(key))

    @property
    def common(self) -> list[int]:
        """What all accept, surest first; only statements that are still shown."""
        return [key for key, _ in self.found["common"] if self.stands(key)]

    @property
    def rejected(self) -> list[int]:
        """What people on the whole reject."""
        return [key for key in self.found["rejected"] if self.stands(key)]

    @property
    def divided(self) -> list[tuple[int, list[list[list[Any]]]]]:
        """What divides, with each side's reasons: (statement, [agreeing themes, disagreeing themes])."""
        return [(each["id"], each["reasons"]) for each in self.found["divided"] if self.stands(each["id"])]

    @property
    def groupings(self) -> list[dict[str, Any]]:
        """The ways in which people were parted; groups of opinion first when they are clear."""
        return list(self.found["groupings"])

    @property
    def opinion(self) -> dict[str, Any] | None:
        """The groups of opinion, when they may be shown."""
        return next((each for each in self.groupings if each["name"] == "opinion"), None)

    def accepted_by(self, key: int) -> list[str]:
        """The ways of grouping in which every group that was heard accepts the statement: buildings, floors …"""
        return [each["name"] for each in self.groupings
                if (heard := [v for v in each["verdicts"].get(str(key), ()) if v != SILENT]) and all(v == ACCEPTS for v in heard)]

    def typical(self, group: dict[str, Any]) -> tuple[int, bool] | None:
        """The statement a group is named by, and whether it agrees with it."""
        return next(((key, agree) for key, agree in group["typical"] if self.stands(key)), None)

    def stands(self, key: int) -> bool:
        """Whether the statement may still be shown: it can be hidden after the round, too."""
        row = self.statements.get(key)
        return row is not None and row.state != "hidden"


def label(grouping: str, name: str) -> str:
    """What a group is called: 甲组, 3幢, 业主, 底楼."""
    if grouping == "opinion":
        return say("findings.letter", letter=name)
    return say(f"findings.group.{name}") if grouping == "floor" else name


def url_of(tx: Tx, round_: Row[Any]) -> str:
    """The page with everything; '' when no pages are served."""
    return pages.url_of(tx, "report", round_.community_id, round_.number)


def numbered(tx: Tx, code: str, number: int) -> Row[Any] | None:
    """The round of this number with its matter's (`issue_number`), as pages know it; none of a private matter."""
    return tx.first(select(opinion_round, issue.c.number.label("issue_number")).join_from(opinion_round, issue).join(
        community, community.c.id == opinion_round.c.community_id).where(
        community.c.code == code, opinion_round.c.number == number, ~issue.c.private))


def listed(tx: Tx, community_id: int | None, *, most: int) -> list[Row[Any]]:
    """The rounds of a community (or of all), the newest first, with their matter's number and how many voted and said something."""
    votes = select(func.count(func.distinct(opinion_vote.c.person_id))).where(
        opinion_vote.c.round_id == opinion_round.c.id).scalar_subquery()
    said = select(func.count()).where(opinion.c.round_id == opinion_round.c.id, opinion.c.state == "shown").scalar_subquery()
    query = select(opinion_round, issue.c.number.label("issue_number"), votes.label("people"), said.label("statements")).join_from(
        opinion_round, issue).order_by(opinion_round.c.id.desc()).limit(most)
    return tx.all(query if community_id is None else query.where(opinion_round.c.community_id == community_id))


def of(tx: Tx, round_: Row[Any]) -> Report | None:
    """The report of a round; None while it is not made."""
    kept = tx.first(select(round_report).where(round_report.c.round_id == round_.id, round_report.c.made_at.is_not(None)))
    if kept is None or kept.found is None:
        return None
    about = tx.execute(select(issue).where(issue.c.id == round_.issue_id)).one()
    rows = tx.all(select(opinion).where(opinion.c.round_id == round_.id))
    return Report(round_, about, kept.found, {row.id: row for row in rows}, kept)


def ready(tx: Tx, community_id: int | None, number: int) -> Report:
    """The report on the newest round about this issue, or a Refusal that says when there will be one."""
    round_ = rounds.of_issue(tx, community_id, number)
    found = of(tx, round_)
    if found is None:
        raise Refusal("findings.not_yet", number=number, open=round_.state == "open", until=round_.closes_at)
    return found


def lines(report: Report) -> list[str]:
    """The report in five lines at most."""
    return [line for line in (_who(report), _common(report), _bridge(report), _divided(report), _groups(report)) if line]


def _who(report: Report) -> str:
    return say("findings.line.who", people=report.found["people"], statements=len(report.found["shown"]),
               votes=report.found["votes"])


def _common(report: Report) -> str:
    if not report.common:
        return say("findings.line.no_common", people=report.found["people"], least=LEAST)
    shown = [(report.quote(key), *(report.counts(key) or (0, 0, 0))) for key in report.common[:2]]
    return say("findings.line.common", shown=shown, more=len(report.common) - len(shown))


def _bridge(report: Report) -> str:
    """Across which groups that exist already the common ground stands: the statements named before, or the first that does."""
    across = {key: [name for name in report.accepted_by(key) if name != "opinion"] for key in report.common}
    named = [across[key] for key in report.common[:2]]
    if named and all(each == named[0] for each in named) and named[0]:
        return _stands(named[0], number=len(named))
    for key, names in across.items():
        if names:
            return _stands(names, quote=report.quote(key))
    return ""


def _stands(names: list[str], *, quote: str = "", number: int = 1) -> str:
    return say("findings.line.bridge", quote=quote, number=number, across=[say(f"findings.across.{name}") for name in names])


def _divided(report: Report) -> str:
    if not report.divided:
        return ""
    key = report.divided[0][0]
    agrees, disagrees, _ = report.counts(key) or (0, 0, 0)
    return say("findings.line.divided", quote=report.quote(key), agrees=agrees, disagrees=disagrees)


def _groups(report: Report) -> str:
    """Each group of opinion by its most typical statement, or why none are shown."""
    if report.opinion is None:
        return say(f"findings.gate.{report.found['gate'] or 'unclear'}")
    named = []
    for group in report.opinion["groups"]:
        typical = report.typical(group)
        named.append((label("opinion", group["label"]), group["size"], report.quote(typical[0], 20) if typical else "",
                      typical[1] if typical else True))
    return say("findings.line.groups", groups=named)
