"""The lists of the console as data: columns, filters, and how a row is shown and exported."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Response, request

from domain.clock import SHANGHAI
from models.base import Database, Tx
from services import browse, export
from services.browse import Filter
from texts.say import clock, has, say

LOOK_BACK = timedelta(days=30)  # a text search without dates looks this far, so that it stays quick with a million rows
Row = Any
Names = dict[Any, str]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, what it shows, and how it looks (text | time | chip | words)."""

    name: str
    show: Callable[[Row, Names], Any]
    look: str = "text"

    @property
    def title(self) -> str:
        """The column's name as people read it."""
        return say(f"console.column.{self.name}")


@dataclass(frozen=True, slots=True)
class Listing:
    """One list: where its rows come from and what is shown of them."""

    name: str
    key: str
    rows: Callable[[Tx, Filter], list[Row]]
    columns: tuple[Column, ...]
    filters: tuple[str, ...] = ("since", "until", "person", "kind", "text")
    kinds: tuple[str, ...] = ()  # what may be chosen; empty means free text
    kind_terms: str = ""
    person_fields: tuple[str, ...] = ()
    link: str = ""  # endpoint of a row's own page
    look_back: bool = False

    @property
    def title(self) -> str:
        """The list's name as people read it."""
        return say(f"console.{self.name}")

    def names(self, tx: Tx, rows: list[Row]) -> Names:
        """How the people and targets that the rows speak of are called."""
        if self.name == "outbox":
            return browse.targets(tx, {row.target for row in rows})
        return browse.labels(tx, {v for row in rows for f in self.person_fields if (v := getattr(row, f)) is not None})


def term(group: str, name: str) -> str:
    """A catalogue term, or the word itself when the catalogue has none."""
    return say(f"terms.{group}.{name}") if has(f"terms.{group}.{name}") else name


def _intent(name: str | None) -> str:
    if not name:
        return ""
    known = [f"terms.{group}.{name}" for group in ("intent", "intent_more") if has(f"terms.{group}.{name}")]
    return say(known[0]) if known else name


def _field(name: str) -> Callable[[Row, Names], Any]:
    return lambda row, names: getattr(row, name)


def _term(group: str, name: str) -> Callable[[Row, Names], Any]:
    return lambda row, names: term(group, getattr(row, name))


def _who(name: str) -> Callable[[Row, Names], Any]:
    return lambda row, names: names.get(getattr(row, name), "—")


def _actor(row: Row, names: Names) -> str:
    kind, _, number = row.actor.partition(":")
    return say(f"console.actor.{kind}", number=number) if has(f"console.actor.{kind}") else row.actor


LISTS = {listing.name: listing for listing in (
    Listing("messages", "id", browse.messages, (
        Column("time", _field("received_at"), "time"),
        Column("who", _who("person_id")),
        Column("where", lambda r, n: r.chat_name or say("console.group" if r.chat_id else "console.private")),
        Column("understood", lambda r, n: _intent(r.intent), "chip"),
        Column("said", lambda r, n: r.text if r.text is not None else say("console.not_kept"), "words"),
        Column("answer", _field("reply"), "words"),
        Column("state", _term("message_state", "state"), "chip"),
    ), person_fields=("person_id",), look_back=True),
    Listing("audit", "seq", browse.audits, (
        Column("seq", _field("seq")),
        Column("time", _field("at"), "time"),
        Column("who", _actor),
        Column("did", _field("action"), "chip"),
        Column("object", _field("object")),
        Column("detail", _field("detail"), "words"),
        Column("hash", lambda r, n: r.hash[:12]),
    )),
    Listing("issues", "id", browse.issues, (
        Column("number", lambda r, n: f"I{r.number}"),
        Column("time", _field("created_at"), "time"),
        Column("issue", _field("title"), "words"),
        Column("category", _term("category", "category")),
        Column("place", _field("place")),
        Column("state", _term("state", "state"), "chip"),
        Column("behind", _field("behind")),
        Column("submitter", _who("submitter_id")),
    ), person_fields=("submitter_id",), link="console.issue", kind_terms="state",
        kinds=("submitted", "accepted", "consulting", "in_progress", "resolved", "closed", "rejected", "merged", "withdrawn")),
    Listing("polls", "id", browse.polls, (
        Column("number", lambda r, n: f"P{r.number}"),
        Column("opened", _field("opens_at"), "time"),
        Column("title", _field("title"), "words"),
        Column("scope", _field("scope_name")),
        Column("ballots", _field("ballots")),
        Column("closes", _field("closes_at"), "time"),
        Column("state", _term("poll_state", "state"), "chip"),
    ), filters=("since", "until", "kind", "text"), kinds=("open", "closed", "void"), kind_terms="poll_state",
        link="console.poll"),
    Listing("outbox", "id", browse.posts, (
        Column("time", _field("created_at"), "time"),
        Column("to", _who("target")),
        Column("content", lambda r, n: r.text or say("console.picture"), "words"),
        Column("state", _term("outbox_state", "state"), "chip"),
        Column("attempts", _field("attempts")),
        Column("not_before", _field("next_at"), "time"),
        Column("sent", _field("sent_at"), "time"),
        Column("problem", lambda r, n: r.error or (say("console.doubtful") if r.doubtful else "")),
    ), filters=("since", "until", "kind", "text"), kinds=("waiting", "sending", "sent", "dead"), kind_terms="outbox_state"),
    Listing("people", "id", browse.people, (
        Column("number", _field("id")),
        Column("who", _who("id")),
        Column("role", _term("role", "role"), "chip"),
        Column("since", _field("created_at"), "time"),
        Column("consented", _field("consented_at"), "time"),
        Column("left", _field("left_at"), "time"),
    ), filters=("person", "kind"), kinds=("resident", "grid_worker", "admin"), kind_terms="role", person_fields=("id",)),
    Listing("homes", "id", browse.homes, (
        Column("home", _field("label")),
        Column("area", lambda r, n: f"{r.area_dm2 // 100}.{r.area_dm2 % 100:02d}" if r.area_dm2 is not None else "—"),
        Column("bound", _field("bound")),
        Column("code_until", _field("code_until"), "time"),
    ), filters=("text",)),
)}


def chosen_filter(listing: Listing, community_id: int | None, now: datetime) -> Filter:
    """The filter that the address asks for; nonsense in it narrows nothing."""
    given = {name: request.args.get(name, "").replace("\0", "").strip()[:64] for name in listing.filters}
    since = _day(given.get("since", ""))
    until = _day(given.get("until", ""))
    if since is None and listing.look_back and (given.get("text") or given.get("person")):
        since = now - LOOK_BACK
    before = request.args.get("before", type=int)
    return Filter(community_id, since, until + timedelta(days=1) if until else None, given.get("person", ""),
                  given.get("kind", ""), given.get("text", ""), before)


def next_address(listing: Listing, rows: list[Row], chosen: Filter) -> str | None:
    """The address of the next, older page; None on the last one."""
    if len(rows) < chosen.limit:
        return None
    kept = {k: v for k, v in request.args.items() if k in listing.filters and v}
    return f"?{urlencode(kept | {'before': getattr(rows[-1], listing.key)})}"


def csv_response(db: Database, listing: Listing, chosen: Filter) -> Response:
    """The filtered list as a file, read in pieces by key."""
    def rows() -> Iterator[list[object]]:
        part = replace(chosen, limit=1000)
        while True:
            with db.read() as tx:
                found = listing.rows(tx, part)
                names = listing.names(tx, found)
            yield from ([_cell(c, row, names) for c in listing.columns] for row in found)
            if len(found) < part.limit:
                return
            part = replace(part, before=getattr(found[-1], listing.key))

    return Response(export.lines([c.title for c in listing.columns], rows()), mimetype="text/csv",
                    headers={"Content-Disposition": f"attachment; filename=linyi-{listing.name}.csv"})


def _cell(column: Column, row: Row, names: Names) -> object:
    value = column.show(row, names)
    return clock(value) if isinstance(value, datetime) else value


def _day(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=SHANGHAI).astimezone(UTC)
    except ValueError:
        return None
