"""The report of a closed poll as a document: what was put to whom, how it was counted, what came out, and what to sign.

One plain model (headings, paragraphs, tables, pictures) that is written as docx or PDF. The public version holds no personal
data; the internal one names those who took part, and their choice where the poll was open.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from domain.classes import BY_AREA
from domain.errors import Refusal
from domain.roles import Actor, Role
from models.base import Tx
from models.tables import ballot, community, home
from services import anchors, audit, electorate, minutes_docx, minutes_pdf, pages, pictures, procedure, standing
from services.minutes_model import Document, Heading, Paragraph, Picture, Table
from texts.kinds import spoken
from texts.mask import mask
from texts.say import dated, poll_rules, say, share, sqm, unit

FORMATS = {"docx": minutes_docx.written, "pdf": minutes_pdf.written}
QR_MM, CHART_MM = 32, 105


@dataclass(frozen=True, slots=True)
class _Facts:
    """What every part of the document speaks of."""

    row: Row[Any]
    tally: standing.Standing
    place: str
    url: str
    anchor: anchors.Head | None


def written(tx: Tx, actor: Actor, row: Row[Any], kind: str, *, internal: bool = False, now: datetime) -> bytes:
    """The document of a closed poll, the same bytes each time; the internal one is for admins, and on record."""
    if row.state != "closed" or not row.result:
        raise Refusal("minutes.not_closed", number=row.number)
    if internal:
        if not actor.role.covers(Role.ADMIN):
            raise Refusal("role.too_low")
        audit.note(tx, actor, "poll.minutes", f"poll:{row.id}", now=now, community_id=row.community_id)
    return FORMATS[kind](document(tx, row, internal=internal))


def document(tx: Tx, row: Row[Any], *, internal: bool) -> Document:
    """The document's content."""
    place = tx.scalar(select(community.c.name).where(community.c.id == row.community_id))
    url = pages.url_of(tx, "poll", row.community_id, row.number)
    it = _Facts(row, standing.of(tx, row), place, url, anchors.of_poll(tx, row.id))
    people = _people(tx, row) if internal else []
    parts = [*_notice(it), *_result(it), *_objections(tx, row), *people, *_signatures(), *_proof(it)]
    title = say("minutes.title", poll=row, place=place)
    return Document(title, say("minutes.internal" if internal else "minutes.public"), row.closed_at, parts)


def _notice(it: _Facts) -> list[Any]:
    row = it.row
    secrecy = "secret" if row.secret else "staff" if row.anonymous else "named"
    facts = [
        (say("minutes.word.number"), f"P{row.number}"), (say("minutes.word.kind"), say(f"terms.poll_class.{row.poll_class}")),
        (say("minutes.word.scope"), row.scope_name), (say("minutes.word.one_vote"), say("poll.one_vote", poll=row)),
        *([(say("minutes.word.noticed"), dated(row.noticed_at))] if row.noticed_at else []),
        (say("minutes.word.open"), say("minutes.from_to", since=row.opens_at, until=row.closed_at)),
        (say("minutes.word.secrecy"), say(f"minutes.secrecy.{secrecy}"))]
    return [Heading(say("minutes.head.notice")), Paragraph(row.title), *([Paragraph(row.text)] if row.text else []),
            *[Paragraph(f"{i}. {option}") for i, option in enumerate(row.options, 1)], Table((), facts),
            *[Paragraph(line) for line in poll_rules(row)], Paragraph(say("poll.nature", poll=row))]


def _result(it: _Facts) -> list[Any]:
    row, tally = it.row, it.tally
    found = [Heading(say("minutes.head.turnout")), Paragraph(say("minutes.turnout", poll=row, tally=tally, unit=unit(row)))]
    found.append(Heading(say("minutes.head.result")))
    if tally.hidden:
        return [*found, Paragraph(tally.ending)]
    class_ = row.result.get("class") or {}
    if row.poll_class in BY_AREA:
        took = class_["took_part"]
        found.append(Table(
            (say("minutes.word.option"), say("minutes.word.heads"), say("minutes.word.share"), say("minutes.word.area"),
             say("minutes.word.share")),
            [(option, str(some["heads"]), share(some["heads"], took["heads"]), sqm(some["area"]), share(some["area"], took["area"]))
             for option, some in zip(row.options, class_["options"], strict=True)]))
    else:
        found += [Paragraph(line) for line in tally.lines]
    found.append(Paragraph(tally.decision or tally.ending, strong=True))
    found += [Paragraph(tally.firm)] if tally.firm else []
    found += [Paragraph(say("minutes.early", reason=row.reason))] if row.reason else []
    picture = pictures.drawn(row, tally)
    return found + ([Picture(picture, CHART_MM, pictures.words(row, tally))] if picture else [])


def _objections(tx: Tx, row: Row[Any]) -> list[Any]:
    found = procedure.objections(tx, row.id)
    if not found:
        return [Heading(say("minutes.head.objections")), Paragraph(say("minutes.no_objections"))]
    return [Heading(say("minutes.head.objections")), Table(
        (say("minutes.word.number"), say("minutes.word.objection"), say("minutes.word.answer")),
        [(str(o.number), mask(o.text), mask(o.answer) if o.answer else say("minutes.unanswered")) for o in found])]


def _people(tx: Tx, row: Row[Any]) -> list[Any]:
    """Who took part; with the choice only where the poll was open."""
    columns = (ballot.c.person_id, ballot.c.choice, ballot.c.state, home.c.label)
    cast = tx.all(select(*columns).join_from(ballot, home, isouter=True).where(ballot.c.poll_id == row.id, ballot.c.choice != ""))
    names = {person_id: electorate.named(tx, person_id) for person_id in {r.person_id for r in cast if r.person_id is not None}}
    rows = []
    for each in cast:
        who = names.get(each.person_id, say("paper.label"))
        who = who if each.label is None or each.label in who else f"{each.label} {who}"
        said = "、".join(spoken(each.choice, row.kind, row.options)) if not (row.anonymous or row.secret) else ""
        rows.append((who, said if each.state == "counted" else say("vote.is_held")))
    rows.sort()
    return [Heading(say("minutes.head.people")), Table((say("minutes.word.who"), say("minutes.word.choice")), rows)]


def _signatures() -> list[Any]:
    lines = [(say(f"minutes.sign.{who}"), "＿＿＿＿＿＿＿＿", say("minutes.sign.date"))
             for who in ("convener", "watcher", "counter", "writer")]
    return [Heading(say("minutes.head.signatures")), Table((), lines)]


def _proof(it: _Facts) -> list[Any]:
    row = it.row
    if not row.root or it.tally.hidden:
        return []
    prints = [(say("page.root"), row.root), (say("page.log_head"), row.log_head or "")]
    prints += [(say("page.anchor", seq=it.anchor.seq), it.anchor.hash)] if it.anchor is not None else []
    found: list[Any] = [Heading(say("minutes.head.proof")), Paragraph(say("minutes.proof")), Table((), prints)]
    return found + ([Picture(pages.qr_png(it.url), QR_MM, it.url), Paragraph(it.url)] if it.url else [])
