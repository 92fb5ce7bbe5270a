"""Everything about one issue in one file: its course, what was said as far as staff may see it, photos, polls and their reports.

What is sealed stays sealed: who raised an anonymous issue, and every choice of a poll that is not public.
"""

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, or_, select

from domain.clock import SHANGHAI
from domain.roles import Actor
from models.base import Tx
from models.tables import audit as chain
from models.tables import audit_head, ballot, ballot_log, chat, community, deliberation, message, party, poll, promise, statement
from services import audit, browse, evidence, export, joined, minutes, polls, published, sight, standing
from texts.kinds import spoken
from texts.mask import mask
from texts.say import has, say

MOST_MESSAGES, LOOKED, MOST_ACTS = 500, 20_000, 20_000
_BEFORE = timedelta(minutes=10)  # what was said just before it was registered belongs to it
_WORDS = frozenset({"text", "reply"})  # what people said: their numbers stay hidden, as on the pages
Files = Iterator[tuple[str, bytes]]


def build(tx: Tx, actor: Actor, row: Row[Any], *, now: datetime) -> bytes:
    """The zip, with a list of its files and the fingerprint of each; that it was made is on record."""
    files = {name: data for part in (_facts(tx, row, now), _course(tx, row), _messages(tx, row), _photos(tx, row),
                                     _polls(tx, actor, row, now), _record(tx, row)) for name, data in part}
    prints = {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())}
    manifest = {"issue": f"I{row.number}", "made_at": now.isoformat(), "sha256": prints}
    files["manifest.json"] = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
    audit.note(tx, actor, "issue.export", f"issue:{row.id}", now=now, community_id=row.community_id, files=len(files),
               manifest=hashlib.sha256(files["manifest.json"]).hexdigest())
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, now.astimezone(SHANGHAI).timetuple()[:6]), data, zipfile.ZIP_DEFLATED)
    return held.getvalue()


def _facts(tx: Tx, row: Row[Any], now: datetime) -> Files:
    """What it is about and where it stands, to be read by people."""
    place = tx.scalar(select(community.c.name).where(community.c.id == row.community_id))
    by = sight.raised_by(row)
    who = browse.labels(tx, {by})[by] if by is not None else say("case.anonymous")
    unit = tx.scalar(select(party.c.name).where(party.c.id == row.party_id)) if row.party_id else None
    into = joined.target_of(tx, row.id)
    promised = tx.all(select(promise).where(promise.c.issue_id == row.id).order_by(promise.c.id))
    said = tx.all(select(statement.c.at, statement.c.deed, statement.c.stance, statement.c.text).join_from(
        statement, deliberation, deliberation.c.id == statement.c.deliberation_id).where(deliberation.c.issue_id == row.id)
        .order_by(statement.c.id).limit(2000))
    text = say("case.summary", issue=row, place=place, who=who, party=unit, behind=joined.behind(tx, row.id), into=into,
               promises=promised, now=now)
    yield f"{say('case.file.summary')}.txt", ("\ufeff" + mask(text).replace("\n", "\r\n")).encode()
    if said:
        yield _table(say("case.file.opinions"), ["at", "deed", "stance", "text"], [
            [_at(s.at), s.deed, s.stance or "", s.text] for s in said])


def _course(tx: Tx, row: Row[Any]) -> Files:
    events = browse.timeline(tx, row.id)
    doers = browse.doers(tx, row, events)
    done = [[_at(e.at), say(f"terms.done.{e.act}") if has(f"terms.done.{e.act}") else e.act,
             doers[e.id],
             say(f"terms.state.{e.to_state}") if e.to_state else "", e.text or "", say("case.inner") if e.inner else ""]
            for e in events]
    yield _table(say("case.file.course"), ["at", "act", "who", "state", "text", "inner"], done)


def _messages(tx: Tx, row: Row[Any]) -> Files:
    """The messages that name it, as far as words are kept and shown; of an anonymous issue not who said them."""
    name = re.compile(rf"(?<![A-Za-z0-9])[Ii]\s?{row.number}(?!\d)")
    words = f"%I{row.number}%"
    newest = tx.scalar(select(func.max(message.c.id)).where(message.c.community_id == row.community_id)) or 0
    query = select(message, chat.c.name.label("chat_name")).join_from(message, chat, chat.c.id == message.c.chat_id, isouter=True)
    rows = tx.all(query.where(
        message.c.community_id == row.community_id, message.c.id > newest - LOOKED,
        message.c.received_at >= row.created_at - _BEFORE,
        or_(message.c.text.ilike(words), message.c.reply.ilike(words))).order_by(message.c.id))
    seen = [m for m in rows if not browse.is_secret(m.intent) and (name.search(m.text or "") or name.search(m.reply or ""))]
    called = browse.labels(tx, {m.person_id for m in seen if m.person_id} if not row.anonymous else set())
    gave = {r.object: r.actor for r in tx.all(select(chain.c.object, chain.c.actor).where(
        chain.c.action == "order.give", chain.c.object.in_({f"message:{m.id}" for m in seen})))}  # given in the console
    desks, told = browse.actors(tx, set(gave.values())), []
    for m in seen[:MOST_MESSAGES]:
        by = gave.get(f"message:{m.id}")
        where = m.chat_name or say("case.private" if by is None else "case.console")
        who = called.get(m.person_id) or desks.get(by or "", "")
        told.append([_at(m.received_at), where, who, m.text or say("case.not_kept"), m.reply or ""])
    if told:
        yield _table(say("case.file.messages"), ["at", "where", "who", "text", "reply"], told)


def _photos(tx: Tx, row: Row[Any]) -> Files:
    for n, each in enumerate(evidence.of_issue(tx, row.id), 1):
        data = evidence.picture(tx, each.id)
        if data is not None:
            kind, at = say(f"case.photo.{each.kind}"), f"{each.at.astimezone(SHANGHAI):%Y%m%d-%H%M}"
            yield f"{say('case.file.photos')}/{n:02d}-{kind}-{at}.jpg", data


def _polls(tx: Tx, actor: Actor, row: Row[Any], now: datetime) -> Files:
    """Each poll: how it stands in words, and when it has ended its report and the ballots that were published."""
    for each in tx.all(select(poll).where(poll.c.issue_id == row.id).order_by(poll.c.id)):
        folder, counted = f"P{each.number}", polls.count(tx, each)
        lines = [f"P{each.number} {each.title}", say(f"terms.poll_state.{each.state}"),
                 f"{_at(each.opens_at)} – {_at(each.closed_at or each.closes_at)}",
                 *([] if counted.hidden else counted.lines), *filter(None, (counted.decision, counted.ending, counted.firm))]
        yield f"{folder}/{say('case.file.poll')}.txt", ("\ufeff" + "\r\n".join(lines)).encode()
        if not browse.only_voters(each):
            yield _ballots(tx, each, folder)
        if each.state == "closed" and each.result:
            yield f"{folder}/P{each.number}.docx", minutes.written(tx, actor, each, "docx", now=now)
            if each.root and not each.result.get("few") and not standing.hides(each):
                yield f"{folder}/P{each.number}.zip", published.archive(tx, actor, each, now=now)


def _ballots(tx: Tx, each: Row[Any], folder: str) -> tuple[str, bytes]:
    """Who voted what and when, every change of mind too, and of each voter's last act whether it is counted."""
    acts = tx.all(select(ballot_log).where(ballot_log.c.poll_id == each.id).order_by(ballot_log.c.id).limit(MOST_ACTS))
    cast = {r.voter: r for r in tx.all(select(ballot.c.voter, ballot.c.choice, ballot.c.state).where(ballot.c.poll_id == each.id))}
    names, last = browse.voters(tx, {(a.voter, a.person_id) for a in acts}), {a.voter: a.id for a in acts}
    rows = []
    for act in acts:
        now = cast.get(act.voter)
        state = "void" if each.state == "void" else now.state if now is not None and now.choice else "withdrawn"
        rows.append([_at(act.at), names[act.voter, act.person_id], say(f"terms.ballot.{act.act}"),
                     "、".join(spoken(act.choice, each.kind, each.options)),
                     say(f"unit_page.state.{state}") if last[act.voter] == act.id else say("case.changed")])
    return _table(f"{folder}/{say('case.file.ballots')}", ["at", "who", "act", "choice", "counted"], rows)


def _record(tx: Tx, row: Row[Any]) -> Files:
    """Its lines of the audit chain with the head of the chain, to show that nothing was changed later."""
    ids = [f"issue:{row.id}", *(f"poll:{i}" for i in tx.connection.scalars(select(poll.c.id).where(poll.c.issue_id == row.id)))]
    rows = tx.all(select(chain).where(chain.c.object.in_(ids)).order_by(chain.c.seq).limit(5000))
    hushed = browse.unnamed(tx, rows)
    head = tx.first(select(audit_head.c.seq, audit_head.c.hash).where(audit_head.c.id == 1))
    lines = [[str(r.seq), _at(r.at), say("case.anonymous") if (r.actor, r.object) in hushed else r.actor, r.action, r.object,
              r.detail, r.hash] for r in rows]
    if head is not None:
        lines.append([str(head.seq), "", "", say("case.head"), "", "", head.hash])
    yield _table(say("case.file.record"), ["seq", "at", "who", "act", "object", "detail", "hash"], lines)


def _table(name: str, columns: list[str], rows: list[list[Any]]) -> tuple[str, bytes]:
    """A table that spreadsheets open as text."""
    seen = ([mask(cell) if isinstance(cell, str) and column in _WORDS else cell for column, cell in zip(columns, row, strict=True)]
            for row in rows)
    return f"{name}.csv", "".join(export.lines([say(f"case.column.{c}") for c in columns], seen, cut="…")).encode()


def _at(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"
