"""Everything of a round's result, for pages: statements with their counts and verdicts, groups, reasons of both sides."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select

from models.base import Tx
from models.tables import poll
from services import round_picture, round_view
from services.round_view import ACCEPTS, REJECTS, SILENT, SPLIT, Report, label
from texts.say import say

_VERDICTS = {ACCEPTS: "accepts", SPLIT: "split", REJECTS: "rejects", SILENT: "silent"}
LISTED = 10  # polls about the matter


@dataclass(frozen=True, slots=True)
class Said:
    """One statement as it is shown."""

    key: int
    number: int
    text: str
    origin: str  # when and how it was said
    counts: list[int] | None  # agrees, disagrees, passes; None while few have voted
    voices: int  # how many said the same
    across: list[str]  # the ways of grouping in which all groups accept it
    message_id: int | None

    @property
    def bar(self) -> tuple[float, float, float]:
        """The parts of its bar in per cent: agrees, passes, disagrees."""
        agrees, disagrees, passes = self.counts or (0, 0, 0)
        whole = max(1, agrees + disagrees + passes)
        return (round(100 * agrees / whole, 1), round(100 * passes / whole, 1), round(100 * disagrees / whole, 1))


@dataclass(frozen=True, slots=True)
class Group:
    """A group with what it stands for and what the others accept too."""

    name: str
    size: int
    typical: list[tuple[Said, bool]]
    shared: list[Said]


@dataclass(frozen=True, slots=True)
class Grouping:
    """One way to part the people, with the verdict of each group on the statements that matter."""

    name: str
    groups: list[Group]
    table: list[tuple[Said, list[str]]]


@dataclass(frozen=True, slots=True)
class Divided:
    """A statement that divides, with what each side says for itself, by theme."""

    said: Said
    agreeing: list[tuple[str, list[Said]]]
    disagreeing: list[tuple[str, list[Said]]]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The whole page."""

    report: Report
    lines: list[str]
    picture: str  # what it shows, in words
    common: list[Said]
    rejected: list[Said]
    divided: list[Divided]
    groupings: list[Grouping]
    themes: list[tuple[str, list[Said]]]
    gate: str  # why no groups of opinion are shown; '' when they are
    polls: list[Row[Any]]


def of(tx: Tx, report: Report) -> Sheet:
    """The page of a report."""
    known = {key: _said(report, key) for key in report.found["shown"] if report.stands(key)}
    common, divided = report.common, report.divided
    matter = list(dict.fromkeys([*common, *(key for key, _ in divided), *report.rejected]))
    return Sheet(
        report, round_view.lines(report), round_picture.words(report) if round_picture.worth_seeing(report) else "",
        _all(known, common), _all(known, report.rejected),
        [Divided(known[key], _themes(known, sides[0]), _themes(known, sides[1])) for key, sides in divided if key in known],
        [_grouping(report, known, each, matter) for each in report.groupings], _themes(known, report.found["themes"]),
        "" if report.opinion else say(f"findings.gate.{report.found['gate'] or 'unclear'}"),
        tx.all(select(poll).where(poll.c.issue_id == report.issue.id, poll.c.opens_at >= report.kept.made_at)
               .order_by(poll.c.id).limit(LISTED)))


def _said(report: Report, key: int) -> Said:
    row = report.statements[key]
    return Said(key, row.number, report.text(key), say("findings.origin", at=row.at, source=row.source), report.counts(key),
                report.found["voices"].get(str(key), 0), [say(f"findings.across.{name}") for name in report.accepted_by(key)],
                row.message_id)


def _all(known: dict[int, Said], keys: Iterable[int]) -> list[Said]:
    return [known[key] for key in keys if key in known]


def _themes(known: dict[int, Said], themes: list[list[Any]]) -> list[tuple[str, list[Said]]]:
    found = [(word, _all(known, keys)) for word, keys in themes]
    return [(word, said) for word, said in found if said]


def _grouping(report: Report, known: dict[int, Said], each: dict[str, Any], matter: list[int]) -> Grouping:
    name = each["name"]
    groups = [Group(label(name, g["label"]), g["size"], [(known[key], agree) for key, agree in g["typical"] if key in known],
                    _all(known, g["shared"])) for g in each["groups"]]
    table = [(known[key], [_VERDICTS[v] for v in each["verdicts"].get(str(key), [])]) for key in matter if key in known]
    return Grouping(name, groups, table)
