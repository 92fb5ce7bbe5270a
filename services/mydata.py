"""What is stored about somebody, in short for chat and page, and whole as a file they can take with them."""

import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any

from sqlalchemy import select

from domain.clock import SHANGHAI
from domain.export import zipped
from models.base import Tx
from models.secret import fingerprint
from models.tables import community, issue, person, photo, poll
from services import holdings, pages, people
from services.holdings import Held
from texts.kinds import spoken
from texts.mask import phone as masked_phone
from texts.say import has, say

LINK_LIFE = timedelta(minutes=30)
_POINTERS = ("home_id", "issue_id", "poll_id", "chat_id", "party_id")
_NOT_FOR_STAFF = ("opinion_vote",)  # whose copy passes through other hands
Table = tuple[str, list[str], list[list[str]]]  # title, headings, rows


@dataclass(frozen=True, slots=True)
class Summary:
    """In short."""

    name: str | None
    phone: str | None  # masked
    homes: list[str]
    accounts: int
    consented_at: datetime | None
    renews: bool  # they agreed to an older privacy notice, and not yet to this one
    kept: list[tuple[str, int]]  # what, and how many
# how what is kept as a word of ours is said: in a copy people read no codes
_TERMS = {
    "issue.state": "terms.state", "issue.category": "terms.category", "issue.rating": "terms.rating",
    "issue_event.act": "terms.done", "ballot_log.act": "terms.ballot", "statement.stance": "terms.stance",
    "data_request.kind": "rights.kinds", "data_request.state": "rights.states", "reveal.why": "rights.why",
    "opinion_vote.value": "terms.opinion", "person_trait.tenure": "terms.tenure", "person_trait.age_band": "terms.age",
    "photo.kind": "case.photo", "outbox.state": "terms.outbox_state",
} | {f"{kind}.{column}": f"rights.term.{kind}" for kind, column in (
    ("owner", "kind"), ("photo", "state"), ("opinion", "state"), ("claim", "state"), ("point", "kind"), ("reminder", "how"))}


def summary(tx: Tx, person_id: int) -> Summary:
    """What is stored about the person and everybody who was joined into them."""
    mine = people.behind(tx, person_id)
    row = tx.execute(select(person.c.name, person.c.phone, person.c.consented_at, person.c.consent_version).where(
        person.c.id == person_id)).one()
    counts = holdings.count(tx, mine)
    kept = [(say(f"rights.kind.{name}"), n) for name, n in counts.items() if name not in ("identity", "residence")]
    homes = [label for _, _, label in people.homes_of(tx, person_id)]
    number = masked_phone(row.phone) if row.phone else None
    return Summary(row.name, number, homes, people.accounts(tx, person_id), row.consented_at,
                   0 < row.consent_version < people.NOTICE_VERSION, kept)


def archive(tx: Tx, person_id: int, *, now: datetime, for_staff: bool = False) -> bytes:
    """A zip: data.json for programs, 我的数据.html to read, and the photos.

    What goes through the staff's hands leaves out what they may not see: choices that are not public, anonymous issues.
    """
    mine = people.behind(tx, person_id)
    tables = list(_tables(tx, mine, for_staff))
    head = _head(tx, person_id, now)
    data = {"format": "linyi-person-1", "about": dict(head), "kept": [
        {"kind": title, "rows": [dict(zip(names, row, strict=True)) for row in rows]} for title, names, rows in tables]}
    files = {"data.json": json.dumps(data, ensure_ascii=False, indent=1).encode(), "我的数据.html": _page(head, tables).encode()}
    hidden = select(issue.c.id).where(issue.c.anonymous) if for_staff else None
    wanted = [photo.c.person_id.in_(mine), photo.c.data.is_not(None)]
    for row in tx.all(select(photo.c.id, photo.c.data).where(*wanted, *(
            [photo.c.issue_id.is_(None) | photo.c.issue_id.not_in(hidden)] if hidden is not None else []))):
        files[f"photos/{row.id}.jpg"] = row.data
    return zipped(files)


def _head(tx: Tx, person_id: int, now: datetime) -> list[tuple[str, str]]:
    row = tx.execute(select(person, community.c.name.label("community")).join_from(
        person, community, person.c.community_id == community.c.id).where(person.c.id == person_id)).one()
    found = {"community": row.community, "name": row.name, "phone": row.phone, "role": say(f"terms.role.{row.role}"),
             "consented": _moment(row.consented_at), "left": _moment(row.left_at), "since": _moment(row.created_at),
             "made": _moment(now)}
    return [(say(f"rights.head.{name}"), str(value)) for name, value in found.items() if value]


def _tables(tx: Tx, persons: list[int], for_staff: bool) -> Iterator[Table]:
    for held in holdings.collect(tx, persons):
        if for_staff and held.kind in _NOT_FOR_STAFF:
            continue
        yield _table(tx, held, for_staff)
    pushed = holdings.sent(tx, persons)
    if pushed:
        yield (say("rights.kind.outbox"), [say("rights.column.created_at"), say("rights.column.text")],
               [[_moment(r.created_at) or "", r.text] for r in pushed])


def _table(tx: Tx, held: Held, for_staff: bool) -> Table:
    rows = held.rows
    if held.kind == "issue" and for_staff:
        open_ones = set(tx.connection.scalars(select(issue.c.number).where(~issue.c.anonymous, issue.c.number.is_not(None))))
        rows = [r for r in rows if r.number in open_ones]
    names = {c: holdings.called(tx, c, {v for r in rows if (v := getattr(r, c)) is not None})
             for c in held.columns if c in _POINTERS}
    polls = _polls(tx, rows) if held.kind == "ballot" else {}
    body = [[_cell(held.kind, c, getattr(r, c), names, polls.get(getattr(r, "poll_id", 0)), for_staff) for c in held.columns]
            for r in rows]
    return say(f"rights.kind.{held.kind}"), [say(f"rights.column.{c}") for c in held.columns], body


def _polls(tx: Tx, rows: list[Any]) -> dict[int, Any]:
    ids = {r.poll_id for r in rows}
    return {p.id: p for p in tx.all(select(poll.c.id, poll.c.kind, poll.c.options, poll.c.secret, poll.c.anonymous)
                                    .where(poll.c.id.in_(ids)))}


def _cell(kind: str, column: str, value: Any, names: dict[str, dict[int, str]], about: Any, for_staff: bool) -> str:
    if about is not None and column in ("choice", "receipt"):
        if about.secret or (for_staff and about.anonymous):
            return say("rights.secret")
        return "、".join(spoken(value, about.kind, about.options)) if column == "choice" and value else str(value or "")
    if value is None:
        return ""
    if column in names:
        return names[column].get(value, "")
    if isinstance(value, datetime):
        return _moment(value) or ""
    words = f"{_TERMS.get(f'{kind}.{column}', '-')}.{value}"
    return say(words) if has(words) else str(value)


def _moment(at: datetime | None) -> str | None:
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if at is not None else None


def _page(head: list[tuple[str, str]], tables: list[Table]) -> str:
    """A page that reads without any program of ours, and on which nothing runs."""
    facts = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in head)
    parts = []
    for title, names, rows in tables:
        top = "".join(f"<th>{escape(name)}</th>" for name in names)
        body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
        parts.append(f"<h2>{escape(title)}（{len(rows)}）</h2><div><table><tr>{top}</tr>{body}</table></div>")
    title, about = (escape(say(f"rights.file.{what}")) for what in ("title", "about"))
    return _FRAME.format(title=title, about=about, facts=facts, body="".join(parts))


_FRAME = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title><style>
body {{ font-family: sans-serif; line-height: 1.6; max-width: 60rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere; }}
div {{ overflow-x: auto; }} table {{ border-collapse: collapse; }} td, th {{ border: 1px solid #999; padding: .3rem .5rem;
text-align: left; vertical-align: top; white-space: pre-line; }} dt {{ font-weight: bold; }}
</style></head><body><h1>{title}</h1><p>{about}</p><dl>{facts}</dl>{body}</body></html>
"""


# --- the way to the page ------------------------------------------------------------------------------------------
def link(tx: Tx, person_id: int, *, now: datetime) -> str:
    """The address of the person's own data, which opens without signing in and only for half an hour; '' without pages."""
    if not pages.base():
        return ""
    code = tx.scalar(select(community.c.code).join(person, person.c.community_id == community.c.id).where(person.c.id == person_id))
    return f"{pages.base()}/m/{code}/data/{ticket(person_id, now=now)}"


def ticket(person_id: int, *, now: datetime) -> str:
    """The end of such an address."""
    until = int((now + LINK_LIFE).timestamp())
    return f"{person_id}-{until}-{_seal(person_id, until)}"


def whose(tx: Tx, code: str, said: str, *, now: datetime) -> int | None:
    """The person such an address was given to; None when it is not ours, too old, or they are gone."""
    person_id = _given(said, now)
    found = tx.scalar(select(person.c.id).join(community, person.c.community_id == community.c.id).where(
        person.c.id == person_id, community.c.code == code, person.c.erased_at.is_(None), person.c.joined_into.is_(None)))
    return int(found) if found is not None else None


def forgotten(tx: Tx, said: str, *, now: datetime) -> bool:
    """True when such an address was given to somebody who has been forgotten since."""
    return tx.first(select(person.c.id).where(person.c.id == _given(said, now), person.c.erased_at.is_not(None))) is not None


def _given(said: str, now: datetime) -> int | None:
    parts = said.split("-")
    if len(parts) != 3 or not all(p.isascii() and p.isdigit() and len(p) < 16 for p in parts[:2]):
        return None
    person_id, until = int(parts[0]), int(parts[1])
    genuine = hmac.compare_digest(_seal(person_id, until).encode(), parts[2].encode("utf-8", "replace"))
    return person_id if genuine and datetime.fromtimestamp(until, UTC) >= now else None


def _seal(person_id: int, until: int) -> str:
    return fingerprint("my data", str(person_id), str(until))[:32]
