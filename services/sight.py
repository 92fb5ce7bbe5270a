"""Who may see what: lines of the logs by role, private tickets, and who raised an issue when that shall not be known."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update

from domain.errors import Refusal
from domain.roles import Actor, Deed, Role
from models.base import Tx
from models.rights import reveal as seen
from models.tables import issue, issue_event, message
from services import audit, parties

HUSHED = "issue.anonymous"  # the intent of messages by which somebody could be found out: no list shows who or what
NOBODY = "anonymous"  # who acts on an issue as the one whose name is kept back
_OWN_ACTS = ("submit", "supplement", "withdraw", "confirm", "dispute", "reopen", "propose")
_WHY = 4  # characters of a reason to look
# what the lines are that logs, searches and stories are made of, and the deed that each needs
LINES = {**dict.fromkeys(("messages", "said", "outbox", "post", "deliveries", "tried", "hand", "record"), Deed.TALK),
         **dict.fromkeys(("polls", "poll", "ballot"), Deed.VOTES), **dict.fromkeys(("issues", "event"), Deed.MATTERS),
         "home": Deed.PEOPLE, "audit": Deed.AUDIT}
_WORK = ("issue", "poll", "ballot", "promise", "photo", "paper", "talk", "round", "session", "forward", "outbox", "notice", "order")
_NEVER = ("reveal", "export")  # of these families too: who looked at what is hidden, and who took what away


def reads(actor: Actor, kind: str, name: str = "") -> bool:
    """True when somebody may read lines of this kind; of what the record holds, without AUDIT only what was done with the work."""
    family, _, end = name.rpartition(".")
    kept = end in _NEVER or (kind == "record" and family.partition(".")[0] not in _WORK)
    return actor.may(Deed.AUDIT if kept else LINES[kind])


def may_see(tx: Tx, actor: Actor, row: Row[Any], *, now: datetime) -> bool:
    """True unless it is a private ticket of other people: only who raised it, who has to do it, and staff see that."""
    if not row.private or actor.role.covers(Role.GRID_WORKER):
        return True
    if actor.person_id is not None and actor.person_id == row.submitter_id:
        return True
    return row.party_id is not None and parties.acts_for(tx, actor, row.party_id, now=now)


def check(tx: Tx, actor: Actor, row: Row[Any], *, now: datetime, aloud: bool = False) -> Row[Any]:
    """The issue for somebody who may see it; others learn not even that it exists, and it is not spoken of aloud in a group."""
    if not may_see(tx, actor, row, now=now):
        raise Refusal("issue.unknown", number=row.number)
    if row.private and aloud:
        raise Refusal("ask_privately")
    return row


def hidden(actor: Actor, row: Row[Any]) -> Actor:
    """The actor as records may name them: who raised an anonymous issue acts on it as nobody."""
    own = row.anonymous and actor.person_id is not None and actor.person_id == row.submitter_id
    return replace(actor, who=NOBODY, person_id=None) if own else actor


def raised_by(row: Row[Any]) -> int | None:
    """Who raised the issue, for whoever deals with it; None when that is not to be known."""
    return None if row.anonymous else int(row.submitter_id)


def hide(tx: Tx, actor: Actor, row: Row[Any], *, now: datetime) -> None:
    """Keeps back from now on who raised the issue, also in what was recorded before."""
    if actor.person_id != row.submitter_id:
        raise Refusal("issue.not_own", number=row.number)
    tx.execute(update(issue).where(issue.c.id == row.id).values(anonymous=True, changed_at=now))
    tx.execute(update(issue_event).where(issue_event.c.issue_id == row.id, issue_event.c.actor_id == row.submitter_id)
               .values(actor_id=None, made_by=NOBODY))
    tx.execute(update(message).where(
        message.c.person_id == row.submitter_id, message.c.received_at >= row.created_at,
        message.c.reply.contains(f"I{row.number}")).values(intent=HUSHED))
    audit.note(tx, replace(actor, who=NOBODY), "issue.hide", f"issue:{row.id}", now=now)


def reveal(tx: Tx, actor: Actor, row: Row[Any], *, reason: str, now: datetime) -> int:
    """Who raised an anonymous issue, for an admin with a reason; that they looked, and why, stays on record."""
    if not actor.role.covers(Role.ADMIN):
        raise Refusal("role.too_low")
    if len(reason.strip()) < _WHY:
        raise Refusal("anonymous.reason")
    tx.add(issue_event, issue_id=row.id, at=now, act="reveal", actor_id=actor.person_id, made_by=actor.beside_person,
           text=reason.strip(), inner=True)
    tx.add(seen, community_id=row.community_id, person_id=row.submitter_id, actor=actor.who, why="other", note=reason.strip(),
           at=now)  # whoever it is about can see that somebody looked
    audit.note(tx, actor, "issue.reveal", f"issue:{row.id}", now=now, community_id=row.community_id,
               why=audit.digest(reason.strip()))
    return int(row.submitter_id)


def forget(tx: Tx, row: Row[Any]) -> None:
    """Removes what the one behind an anonymous issue said on it later: no name leads there any more."""
    if row.anonymous:
        tx.execute(update(issue_event).where(issue_event.c.issue_id == row.id, issue_event.c.actor_id.is_(None),
                                             issue_event.c.act.in_(_OWN_ACTS)).values(text=None))


def anonymous_ids(tx: Tx, ids: set[int]) -> dict[int, int]:
    """Which of these issues are anonymous, and who raised them: to hide it in lists."""
    return {row.id: row.submitter_id for row in tx.all(select(issue.c.id, issue.c.submitter_id).where(
        issue.c.id.in_(ids), issue.c.anonymous))} if ids else {}
