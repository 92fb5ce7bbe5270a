"""Polls that decide something: by which numbers, and whether they were reached. Owners' votes need the register of owners."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from domain import classes
from domain.classes import Measure, Preset, Verdict
from domain.clock import SHANGHAI
from domain.errors import Refusal
from domain.firmness import firm_class

HEADS = ("household", "resident_adult")  # what can be decided without areas


def preset(name: str, kind: str, now: datetime) -> dict[str, Any] | None:
    """The numbers a poll of this class is frozen with; a Refusal when it cannot be held here."""
    if name == classes.STRAW:
        return None
    if name not in HEADS:
        raise Refusal("decision.no_register")
    if kind not in classes.MARKED:
        raise Refusal("decision.kind")
    found = classes.preset_of(name, now.astimezone(SHANGHAI).date())
    if found is None:
        raise Refusal("decision.no_register")
    return found.plain()


def rule(row: Row[Any]) -> Preset | None:
    """The numbers this poll was opened with; None for an opinion poll."""
    return classes.named(row.poll_class, row.preset["preset"]) if row.preset else None


def verdict(row: Row[Any], result: dict[str, Any], asked: int) -> dict[str, Any] | None:
    """Whether the decision stands, as the result keeps it; None for an opinion poll."""
    by = rule(row)
    if by is None:
        return None
    everybody, took_part, options = _measures(result, asked)
    found = classes.judge(by, everybody, took_part, options, kind=row.kind)
    return classes.facts(by, everybody, took_part, options, found)


def now_needed(row: Row[Any], result: dict[str, Any], asked: int) -> Verdict | None:
    """How an open decision stands: what is still needed."""
    by = rule(row)
    return None if by is None else classes.judge(by, *_measures(result, asked), kind=row.kind)


def _measures(result: dict[str, Any], asked: int) -> tuple[Measure, Measure, list[Measure]]:
    return (Measure(max(asked, result["ballots"])), Measure(result["ballots"]), [Measure(n) for n in result.get("marks", ())])


def firm(row: Row[Any], result: dict[str, Any], asked: int) -> dict[str, Any] | None:
    """How far a yes-or-no decision is from the other outcome; None for anything else."""
    by = rule(row)
    if by is None or row.kind != "stance" or not result["ballots"]:
        return None
    found = firm_class(result["marks"][0], result["ballots"], max(asked, result["ballots"]), by.quorum, by.passes)
    return {"decision": True, **asdict(found)}
