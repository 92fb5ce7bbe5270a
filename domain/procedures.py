"""A procedure of deliberation as data: its phases in order, what may be done in each, how long it takes and how it ends."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

from domain.classes import Bar
from domain.timers import Span


class Deed(StrEnum):
    """What residents may do in a phase."""

    PROPOSE = "propose"
    SPEAK = "speak"
    STANCE = "stance"
    ASK = "ask"
    VOTE = "vote"
    RATE = "rate"
    GATHER = "gather"  # short statements that neighbours answer one by one: a round is open as long as this phase


class Ending(StrEnum):
    """How a matter is decided."""

    VOTE = "vote"
    CONSENSUS = "consensus"
    ASSEMBLY = "assembly"  # it goes to the residents' assembly


class Part(StrEnum):
    """Which part of the whole a phase belongs to: talking, carrying out, judging what came of it."""

    TALK = "talk"
    WORK = "work"
    RATE = "rate"


@dataclass(frozen=True, slots=True)
class MeetingRule:
    """What a meeting needs to decide: how many of those who belong to it must come, and how many must agree, of whom."""

    quorum: Bar
    agree: Bar
    of_all: bool  # agreement is counted of all who belong to it, not only of those who came


@dataclass(frozen=True, slots=True)
class Meeting:
    """A meeting as it was held."""

    members: int
    present: int
    agreed: int

    def possible(self) -> bool:
        """True when the numbers can be those of a meeting."""
        return 0 <= self.agreed <= self.present <= self.members and self.members > 0

    def quorate(self, rule: MeetingRule) -> bool:
        """True when enough came."""
        return rule.quorum.met(self.present, self.members)

    def passes(self, rule: MeetingRule) -> bool:
        """True when enough came and enough of them agreed."""
        return self.quorate(rule) and rule.agree.met(self.agreed, self.members if rule.of_all else self.present)


@dataclass(frozen=True, slots=True)
class Phase:
    """One step of a procedure; without a span or a meeting the host ends it."""

    name: str
    may: tuple[Deed, ...] = ()
    span: Span | None = None
    meeting: MeetingRule | None = None
    ends: tuple[Ending, ...] = ()  # of the one phase that decides
    part: Part = Part.TALK
    begins: str = ""  # said when it begins; '' is the usual sentence
    over: str = ""


@dataclass(frozen=True, slots=True)
class Course:
    """A whole procedure."""

    name: str
    phases: tuple[Phase, ...]
    host: str = ""  # what its host is called
    words: tuple[str, ...] = ()  # other names

    def talks(self) -> tuple[Phase, ...]:
        """The phases before the matter is carried out."""
        return tuple(p for p in self.phases if p.part is Part.TALK)

    def plain(self) -> dict[str, Any]:
        """As JSON: a course that has begun keeps its rules, whatever becomes of the file."""
        return {"name": self.name, "host": self.host, "phases": [_plain(p) for p in self.phases]}


def _plain(phase: Phase) -> dict[str, Any]:
    rule = phase.meeting
    return {
        "name": phase.name, "may": list(phase.may), "span": asdict(phase.span) if phase.span else None, "ends": list(phase.ends),
        "part": phase.part, "begins": phase.begins, "over": phase.over,
        "meeting": [rule.quorum.plain(), rule.agree.plain(), rule.of_all] if rule else None}


def course(plain: dict[str, Any]) -> Course:
    """The course that was written down."""
    return Course(plain["name"], tuple(map(_phase, plain["phases"])), plain["host"])


def _phase(plain: dict[str, Any]) -> Phase:
    rule = plain["meeting"]
    return Phase(
        plain["name"], tuple(map(Deed, plain["may"])), Span(**plain["span"]) if plain["span"] else None,
        MeetingRule(_bar(rule[0]), _bar(rule[1]), rule[2]) if rule else None, tuple(map(Ending, plain["ends"])),
        Part(plain["part"]), plain["begins"], plain["over"])


def _bar(plain: list[str]) -> Bar:
    return Bar(Fraction(plain[0]), plain[1])


ASSEMBLY = MeetingRule(Bar(Fraction(1, 2), "more_than"), Bar(Fraction(1, 2), "more_than"), of_all=False)
"""居民会议: more than half come, more than half of those agree (居民委员会组织法 1989 第9-10条; that of 2026 is to be checked)."""
