"""Polls that decide something: by which numbers, whether they were reached, and what is still needed."""

import random
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from domain import classes
from domain.classes import BY_AREA, STRAW, Measure, Preset, Verdict, frozen
from domain.clock import SHANGHAI
from domain.errors import Refusal
from domain.firmness import firm_class, firm_owners
from domain.needed import Needed, still_needed
from models.base import Tx
from services import owner_votes

own: Sequence[Preset] = ()  # an installation's numbers, before the built-in ones
recognised_by = ""  # the authority that has recognised this channel for votes of owners


def configure(presets: Sequence[Preset], recognised: str) -> None:
    """What config.yaml says of decisions."""
    global own, recognised_by
    own, recognised_by = tuple(presets), recognised


def preset(name: str, kind: str, now: datetime) -> dict[str, Any] | None:
    """The numbers a poll of this class is frozen with; a Refusal when it cannot be held."""
    if name == STRAW:
        return None
    if kind not in classes.MARKED:
        raise Refusal("decision.kind")
    found = classes.preset_of(name, now.astimezone(SHANGHAI).date(), own)
    if found is None:
        raise Refusal("decision.no_numbers")
    return found.plain()


def freeze(tx: Tx, row: Row[Any], *, entrance: str | None, chance: random.Random) -> None:
    """Writes down the homes and owners that a vote of owners asks."""
    if row.poll_class in BY_AREA:
        owner_votes.freeze(tx, row.id, row.community_id, building_id=row.scope_id if row.scope == "building" else None,
                           entrance=entrance, chance=chance)


def facts(tx: Tx, row: Row[Any], result: dict[str, Any], asked: int) -> dict[str, Any] | None:
    """How a decision stands by its class, as the result keeps it; None for an opinion poll."""
    if not row.preset:
        return None
    rule = frozen(row.poll_class, row.preset)
    if row.poll_class not in BY_AREA:
        everybody, took_part = Measure(max(asked, result["ballots"])), Measure(result["ballots"])
        options = [Measure(n) for n in result.get("marks", ())]
        found = classes.judge(rule, everybody, took_part, options, kind=row.kind)
        return classes.facts(rule, everybody, took_part, options, found)
    return _of_owners(tx, row, rule)


def _of_owners(tx: Tx, row: Row[Any], rule: Preset) -> dict[str, Any]:
    asked, votes = owner_votes.sums(tx, row.id), owner_votes.weights(tx, row.id)
    options, took_part = votes.options(len(row.options), _marked), votes.took_part
    found = classes.judge(rule, asked.everybody, took_part, options, kind=row.kind)
    blocked = ["missing_area"] if asked.missing_area else []
    if votes.held_ballots and _hangs_on(rule, asked.everybody, took_part, options, votes.held, row.kind, found):
        blocked.append("conflict")
    found = classes.judge(rule, asked.everybody, took_part, options, kind=row.kind, blocked=blocked)
    said = classes.facts(rule, asked.everybody, took_part, options, found, held=votes.held_ballots)
    if asked.missing_area:
        said["all"] = said["all"] | {"area": None}
    return said


def _hangs_on(rule: Preset, everybody: Measure, took_part: Measure, options: Sequence[Measure], held: Measure, kind: str,
              found: Verdict) -> bool:
    """Whether the votes that are held could turn the outcome, all for it or all against it."""
    with_them = Measure(took_part.heads + held.heads, took_part.area + held.area)
    agreed = [Measure(o.heads + held.heads, o.area + held.area) for o in options]
    return any(classes.judge(rule, everybody, with_them, some, kind=kind).passed != found.passed for some in (options, agreed))


def _marked(choice: str) -> frozenset[int]:
    return frozenset(int(option) for option in choice.split(","))


def needed(row: Row[Any], found: dict[str, Any]) -> dict[str, Needed]:
    """What an open decision still needs, by measure; of several options the one that is nearest."""
    best = found["options"][0] if row.kind == "stance" else max(found["options"], key=lambda o: (o["heads"], o.get("area", 0)))
    known = found["all"] if found["all"].get("area", 0) is not None else found["all"] | {"area": 0}
    return still_needed(frozen(row.poll_class, row.preset), *(Measure(**each) for each in (known, found["took_part"], best)))


def firm(tx: Tx, row: Row[Any], result: dict[str, Any], found: dict[str, Any] | None) -> dict[str, Any] | None:
    """How far a yes-or-no decision is from the other outcome; None for anything else, and where nothing is certain."""
    if found is None or row.kind != "stance" or not result["ballots"] or found["blocked"]:
        return None
    rule = frozen(row.poll_class, row.preset)
    if row.poll_class not in BY_AREA:
        margin = firm_class(result["marks"][0], result["ballots"], found["all"]["heads"], rule.quorum, rule.passes)
    else:
        margin = firm_owners(*owner_votes.apart(tx, row.id, _marked), rule.quorum, rule.passes)
    return {"decision": True, **asdict(margin)}
