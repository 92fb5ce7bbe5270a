"""The single lines of a story (services/story.py): what was said, done, voted and posted, and what platforms answered."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, func, or_, select, tuple_

from models.base import Tx
from models.logs import delivery
from models.tables import audit, ballot, ballot_log, chat, forward, message, outbox, poll
from services import browse, finding
from services.paging import Filter, begins, gather, sought, span
from services.sight import HUSHED
from texts.kinds import spoken

BALLOTS = POSTS = RECORDS = 200  # lines of a kind that one story shows
_UNNAMED = (HUSHED, f"{HUSHED}?")
_INSTANT = timedelta(microseconds=1)
_SOON, _LATER = timedelta(hours=1), timedelta(days=60)  # around a poll, for its announcement, publication, objections and exports


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: when, what kind of line, and what it says; `of` is the thing whose own story its time leads to."""

    at: datetime
    kind: str  # said | event | record | poll | ballot | home | post | tried | hand
    name: str = ""  # the act, action, result …: a term of the catalogue
    who: str = ""  # as admins call them; '' is nobody that is known or to be named
    text: str = ""
    answer: str = ""
    of: tuple[str, int] | None = None
    here: bool = False  # where the reader came in
    note: str = ""  # a word of console_logs.yaml about it
    label: str = ""  # I5, P2


@dataclass(slots=True)
class Found:
    """The lines of a story as they are gathered, and whether some were left out."""

    entries: list[Entry] = field(default_factory=list)
    cut: bool = False

    def add(self, entries: Iterable[Entry]) -> None:
        """Takes these lines in."""
        self.entries += entries


# --- what was said ------------------------------------------------------------------------------------------------
def said(tx: Tx, rows: list[Row[Any]], here: int | None = None) -> list[Entry]:
    """Messages with their answers; nothing of what was for one pair of eyes, nobody where somebody could be found out."""
    names = browse.labels(tx, {r.person_id for r in rows if r.person_id and r.intent not in _UNNAMED})
    chats = {r.chat_id for r in rows if r.chat_id}
    groups = {r.id: r.name for r in tx.all(select(chat.c.id, chat.c.name).where(chat.c.id.in_(chats)))}
    found = []
    for row in rows:
        secret = browse.is_secret(row.intent)
        who = "" if row.intent in _UNNAMED else names.get(row.person_id, "")
        found.append(Entry(row.received_at, "said", (row.intent or "").removesuffix("?"), who, "" if secret else row.text or "",
                           "" if secret else row.reply or "", ("message", row.id), row.id == here,
                           "secret" if secret else "" if row.text is not None or row.kind != "text" else "not_kept",
                           groups.get(row.chat_id, "")))
    return found


def messages_behind(tx: Tx, deeds: list[Row[Any]]) -> list[Row[Any]]:
    """The messages that led to these deeds: same person, same moment, that is the same transaction; never a hushed one."""
    unnamed = browse.unnamed(tx, deeds)
    pairs = {(int(r.actor[7:]), r.at) for r in deeds if r.actor.startswith("person:") and (r.actor, r.object) not in unnamed}
    if not pairs:
        return []
    moments = [at for _, at in pairs]
    top, bottom = span(tx, Filter(since=min(moments), until=max(moments) + _INSTANT), message.c.id, message.c.received_at)
    return tx.all(select(message).where(
        message.c.id < top, message.c.id >= bottom, message.c.person_id.in_({who for who, _ in pairs}),
        tuple_(message.c.person_id, message.c.received_at).in_(pairs),
        func.coalesce(message.c.intent, "").not_in(_UNNAMED)).order_by(message.c.id).limit(RECORDS))


def deeds_of_message(tx: Tx, row: Row[Any]) -> list[Row[Any]]:
    """What the audit log says was done by this message: the same person at the same moment."""
    if row.person_id is None or row.intent in _UNNAMED:
        return []
    who = f"person:{row.person_id}"
    query = select(audit).where(audit.c.actor == who, audit.c.at == row.received_at)
    found = gather(lambda tx, chosen: sought(tx, query, chosen, finding.AUDIT, community=audit.c.community_id,
                                             wanted=[finding.marked(f"by:{who}")]),
                   tx, Filter(since=row.received_at, until=row.received_at + _INSTANT, limit=50))
    hidden = browse.unnamed(tx, found)
    return [deed for deed in reversed(found) if (deed.actor, deed.object) not in hidden]


def talk_around(tx: Tx, row: Row[Any], each_way: int = 3) -> list[Row[Any]]:
    """What this person said before and after in the same chat, a few messages each way."""
    if row.person_id is None or row.intent in _UNNAMED:
        return []
    same = select(message).where(message.c.person_id == row.person_id, message.c.chat_id.is_not_distinct_from(row.chat_id),
                                 func.coalesce(message.c.intent, "").not_in(_UNNAMED))
    return (tx.all(same.where(message.c.id < row.id).order_by(message.c.id.desc()).limit(each_way))
            + tx.all(same.where(message.c.id > row.id).order_by(message.c.id).limit(each_way)))


# --- what was done ------------------------------------------------------------------------------------------------
def deeds_on(tx: Tx, issue_id: int) -> list[Row[Any]]:
    """What the audit log says was done with an issue."""
    return tx.all(select(audit).where(audit.c.object == f"issue:{issue_id}").order_by(audit.c.seq.desc()).limit(RECORDS))[::-1]


def deeds_on_poll(tx: Tx, row: Row[Any]) -> list[Row[Any]]:
    """What was done with a poll, ballots left out: not by the object, which a hundred thousand ballots have too."""
    families = ("poll", "export")
    query = select(audit).where(audit.c.object == f"poll:{row.id}", or_(*[browse.named(audit.c.action, f) for f in families]))
    since = min(row.opens_at, row.noticed_at or row.opens_at) - _SOON
    found = gather(lambda tx, chosen: sought(tx, query, chosen, finding.AUDIT, community=audit.c.community_id,
                                             wanted=[finding.marked(*(f"did:{f}" for f in families))]),
                   tx, Filter(since=since, until=(row.closed_at or row.closes_at) + _LATER, limit=RECORDS))
    return found[::-1]


def records(tx: Tx, deeds: list[Row[Any]], known: set[datetime], label: str, of: tuple[str, int] | None) -> list[Entry]:
    """Deeds as lines, except at moments that another line already tells of."""
    hidden = browse.unnamed(tx, deeds)
    named = browse.actors(tx, {d.actor for d in deeds})
    return [Entry(d.at, "record", d.action, "" if (d.actor, d.object) in hidden else named.get(d.actor, ""), label=label, of=of)
            for d in deeds if d.at not in known]


def events(tx: Tx, row: Row[Any]) -> list[Entry]:
    """The course of an issue."""
    found = browse.timeline(tx, row.id)
    doers = browse.doers(tx, row, found)
    return [Entry(e.at, "event", e.act, doers[e.id], e.text or "",
                  of=("issue", row.id), label=f"I{row.number}") for e in found]


# --- what was voted -----------------------------------------------------------------------------------------------
def course_of(row: Row[Any]) -> list[Entry]:
    """A poll's own moments."""
    label, of = f"P{row.number}", ("poll", row.id)
    found = [Entry(row.noticed_at, "poll", "noticed", text=row.title, of=of, label=label)] if row.noticed_at else []
    found.append(Entry(row.opens_at, "poll", "opened", text=row.title, of=of, label=label))
    if row.closed_at is not None:
        found.append(Entry(row.closed_at, "poll", "closed", text=row.reason or "", of=of, label=label))
    elif row.state in ("notice", "open"):
        found.append(Entry(row.closes_at, "poll", "closes", of=of, label=label))
    return found


def ballots_of(tx: Tx, row: Row[Any], *only: ColumnElement[bool], here: int | None = None,
               called: dict[tuple[str, int | None], str] | None = None) -> list[Entry]:
    """The ballots of a poll that names its voters, each with its choice and whether it counts; of others nothing at all.

    `called` keeps what voters are called from one poll to the next.
    """
    if browse.only_voters(row):
        return []
    acts = select(ballot_log).where(ballot_log.c.poll_id == row.id, *only)
    log = tx.all(acts.order_by(ballot_log.c.id.desc()).limit(BALLOTS))[::-1]
    voters = {r.voter for r in log}
    now = {r.voter: r for r in tx.all(select(ballot.c.voter, ballot.c.choice, ballot.c.state).where(
        ballot.c.poll_id == row.id, ballot.c.voter.in_(voters)))}
    last = {r.voter: r.id for r in tx.all(select(ballot_log.c.voter, func.max(ballot_log.c.id).label("id")).where(
        ballot_log.c.poll_id == row.id, ballot_log.c.voter.in_(voters)).group_by(ballot_log.c.voter))}
    names = {} if called is None else called
    if unknown := {(r.voter, r.person_id) for r in log} - names.keys():
        names |= browse.voters(tx, unknown)
    return [Entry(r.at, "ballot", r.act, names[r.voter, r.person_id], "、".join(spoken(r.choice, row.kind, row.options)),
                  of=("ballot", r.id), here=r.id == here, note=_worth(row, now.get(r.voter), r.id == last[r.voter]),
                  label=f"P{row.number}") for r in log]


def _worth(row: Row[Any], now: Row[Any] | None, newest: bool) -> str:
    """What a ballot is worth: whether it was counted."""
    if row.state == "void":
        return "ended_void"
    if not newest or now is None or not now.choice:
        return "replaced"
    if now.state != "counted":
        return "held"
    return "counted" if row.state == "closed" else "counts"


def took_part(tx: Tx, poll_id: int) -> int:
    """How many have a ballot."""
    return int(tx.scalar(select(func.count()).select_from(ballot).where(ballot.c.poll_id == poll_id, ballot.c.choice != "")))


# --- what was sent ------------------------------------------------------------------------------------------------
def posts(tx: Tx, prefix: str, but: int | None = None) -> list[Row[Any]]:
    """What was posted to groups about an issue or poll (`issue:5:`), without private messages."""
    return tx.all(select(outbox).where(
        begins(tx, outbox.c.key, prefix), begins(tx, outbox.c.target, "chat:"), outbox.c.kind != "chart",
        outbox.c.id != (but or 0)).order_by(outbox.c.id).limit(POSTS))


def private_posts(tx: Tx, prefix: str) -> int:
    """How many private messages went out about it."""
    return int(tx.scalar(select(func.count()).select_from(outbox).where(
        begins(tx, outbox.c.key, prefix), ~begins(tx, outbox.c.target, "chat:"))))


def sent(tx: Tx, rows: list[Row[Any]], here: int | None = None) -> list[Entry]:
    """Posts, and what the platform answered to each try."""
    targets = {r.id: r.target for r in rows if ":anonymous:" not in r.key and not r.key.startswith("message:")}
    names = browse.targets(tx, {t for t in targets.values() if t.partition(":")[0] in ("chat", "identity")})
    found = [Entry(r.created_at, "post", r.state, names.get(targets.get(r.id, ""), ""),
                   "" if r.key.startswith("message:") else r.text, of=("post", r.id), here=r.id == here) for r in rows]
    tries = select(delivery).where(delivery.c.outbox_id.in_([r.id for r in rows]))
    for each in tx.all(tries.order_by(delivery.c.id).limit(2 * POSTS)):
        found.append(Entry(each.at, "tried", each.result, names.get(targets.get(each.outbox_id, ""), ""),
                           " ".join(filter(None, (each.reason, each.platform_id))), of=("post", each.outbox_id)))
    return found


def by_hand(tx: Tx, prefix: str) -> list[Entry]:
    """What people were asked to carry into groups, and whether they have."""
    rows = tx.all(select(forward, chat.c.name.label("group")).join_from(forward, chat, forward.c.chat_id == chat.c.id).where(
        begins(tx, forward.c.key, prefix)).order_by(forward.c.id).limit(POSTS))
    names = browse.labels(tx, {r.done_by for r in rows if r.done_by is not None})
    found = [Entry(r.created_at, "hand", "hand", r.group, r.text, label=f"F{r.id}") for r in rows]
    found += [Entry(r.done_at, "hand", "carried", names.get(r.done_by, ""), r.group, label=f"F{r.id}")
              for r in rows if r.done_at is not None and r.state == "done"]
    return found


def polls_in(tx: Tx, community_id: int) -> list[Row[Any]]:
    """Every poll of a community, the newest first."""
    return tx.all(select(poll).where(poll.c.community_id == community_id).order_by(poll.c.id.desc()).limit(RECORDS))


def voted_in(tx: Tx, polls: list[int], voters: list[str]) -> dict[int, list[str]]:
    """In which of these polls which of these have voted."""
    found: dict[int, list[str]] = {}
    for row in tx.all(select(ballot.c.poll_id, ballot.c.voter).where(ballot.c.poll_id.in_(polls), ballot.c.voter.in_(voters))):
        found.setdefault(row.poll_id, []).append(row.voter)
    return found
