"""How far a community is set up: the steps of the first-run guide, each counted from what is really there."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from domain.roles import Actor, Role
from models.base import Tx
from models.tables import chat, community, home, identity, party, person, poll
from services import audit, directory, roster, settings

TESTED = "tested:"  # under this and an account's name stands how its last test ended


NAMES = ("community", "homes", "groups", "staff", "parties", "accounts", "try")
FIRST = ("homes", "groups", "staff", "parties")  # without these nothing can be asked of anybody


@dataclass(frozen=True, slots=True)
class Step:
    """One step: done, still to do, or usable with something missing; and the facts its sentence is made of."""

    name: str
    state: str  # done | part | todo
    facts: dict[str, Any] = field(default_factory=dict)


def steps(tx: Tx, community_id: int, accounts: Iterable[str], *, now: datetime) -> list[Step]:
    """The steps in the order in which they are best taken; `accounts` are the names of the community's channels."""
    if not community_id:
        return [Step(name, "todo") for name in NAMES]
    name = tx.scalar(select(community.c.name).where(community.c.id == community_id))
    return [Step("community", "done", {"name": name}), _homes(tx, community_id), _groups(tx, community_id),
            _staff(tx, community_id), _parties(tx, community_id, now), _accounts(tx, community_id, list(accounts)),
            _tried(tx, community_id)]


def complete(found: list[Step]) -> bool:
    """True when nothing is left to do."""
    return all(step.state == "done" for step in found)


def tested(tx: Tx, actor: Actor, *, community_id: int, account: str, good: bool, menu: bool = False, now: datetime) -> None:
    """Keeps how the test of an account ended, and whether its menu was put up before."""
    found = {"good": good, "at": now.isoformat()}
    settings.remember(tx, community_id=community_id, name=f"{TESTED}{account}", value=found, now=now)
    audit.note(tx, actor, "channel.test", f"community:{community_id}", now=now, community_id=community_id, account=account,
               good=good, **({"menu": True} if menu else {}))


def _count(tx: Tx, *what: Any) -> int:
    return int(tx.scalar(select(func.count()).where(*what)))


def _homes(tx: Tx, community_id: int) -> Step:
    homes = _count(tx, home.c.community_id == community_id)
    bare = _count(tx, home.c.community_id == community_id, home.c.area_dm2.is_(None), home.c.counts)
    return Step("homes", "done" if homes else "todo", {"homes": homes, "without_area": bare})


def _groups(tx: Tx, community_id: int) -> Step:
    groups = _count(tx, chat.c.community_id == community_id)
    mute = _count(tx, chat.c.community_id == community_id, chat.c.post_address.is_(None))
    return Step("groups", "todo" if not groups else "part" if mute else "done", {"groups": groups, "mute": mute})


def _staff(tx: Tx, community_id: int) -> Step:
    mine = (person.c.community_id == community_id, person.c.role != Role.RESIDENT, person.c.left_at.is_(None),
            person.c.joined_into.is_(None))
    staff = _count(tx, *mine)
    reached = int(tx.scalar(select(func.count(identity.c.person_id.distinct())).join_from(
        identity, person, identity.c.person_id == person.c.id).where(*mine)))
    return Step("staff", "todo" if not staff else "done" if reached else "part", {"staff": staff, "reached": reached})


def _parties(tx: Tx, community_id: int, now: datetime) -> Step:
    parties = _count(tx, party.c.community_id == community_id, party.c.closed_at.is_(None))
    open_kinds, on_duty = directory.uncovered(tx, community_id), roster.on_duty(tx, community_id, now=now)
    state = "todo" if not parties else "part" if open_kinds or not on_duty else "done"
    return Step("parties", state, {"parties": parties, "uncovered": len(open_kinds), "on_duty": len(on_duty)})


def _accounts(tx: Tx, community_id: int, accounts: list[str]) -> Step:
    tests = [settings.get(tx, community_id, f"{TESTED}{name}") for name in accounts]
    good = sum(bool(test and test["good"]) for test in tests)
    state = "todo" if not accounts or not any(tests) else "done" if good == len(accounts) else "part"
    return Step("accounts", state, {"accounts": len(accounts), "good": good, "untested": sum(test is None for test in tests)})


def _tried(tx: Tx, community_id: int) -> Step:
    polls = _count(tx, poll.c.community_id == community_id)
    return Step("try", "done" if polls else "todo", {"polls": polls})
