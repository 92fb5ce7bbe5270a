"""The lists of the console as data: columns, filters, and how a row is shown and exported."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Response, request

from domain.clock import SHANGHAI
from models.base import Database, Tx
from services import browse, export, paging
from services.paging import Filter, Page
from texts.say import has, say
from web.words import has_word, term, visible, word

LOOK_BACK = timedelta(days=30)  # a search by words without dates looks this far, so that it stays quick with a million rows
CHUNK = 1000  # rows of a file that are read in one transaction
Row = Any
Names = dict[Any, str]
Show = Callable[[Row, Names], Any]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, what it shows, and how it looks (text | time | chip | words)."""

    name: str
    show: Show
    look: str = "text"

    @property
    def title(self) -> str:
        """The column's name as people read it."""
        return word(f"column.{self.name}")

    def cell(self, row: Row, names: Names) -> Any:
        """What stands in the cell: a moment, or text in which nothing is hidden."""
        value = self.show(row, names)
        return visible(value) if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class Listing:
    """One list: where its rows come from and what is shown of them."""

    name: str
    key: str
    rows: Callable[[Tx, Filter], Page]
    columns: tuple[Column, ...]
    filters: tuple[str, ...] = ("since", "until", "person", "kind", "text")
    kinds: tuple[str, ...] = ()  # what may be chosen; empty means free text
    kind_terms: str = ""
    called: Callable[[Tx, list[Row]], Names] = lambda tx, rows: {}
    link: str = ""  # endpoint of a row's own page
    look_back: bool = False
    deeds: bool = False  # the template has buttons for each row

    @property
    def title(self) -> str:
        """The list's name as people read it."""
        return word(f"nav.{self.name}")

    def label(self, name: str) -> str:
        """What a filter is called in this list."""
        key = f"label.{self.name}_{name}"
        return word(key if has_word(key) else f"filter.{name}")

    def hint(self, name: str) -> str:
        """An example of what to write into a filter."""
        found = [k for k in (f"hint.{self.name}_{name}", f"hint.{name}") if has_word(k)]
        return word(found[0]) if found else ""

    def kind(self, name: str) -> str:
        """A choice of the kind filter in words."""
        key = f"kind.{self.name}.{name}"
        return word(key) if has_word(key) else term(self.kind_terms, name)

    def shown(self, chosen: Filter) -> tuple[Column, ...]:
        """The columns; who sees every community also sees which."""
        return self.columns if chosen.community_id is not None else (*self.columns, _PLACE)

    def names(self, tx: Tx, rows: list[Row]) -> Names:
        """How what the rows speak of is called."""
        found = self.called(tx, rows)
        if rows and hasattr(rows[0], "community_id"):
            found |= {f"community:{i}": name for i, name in browse.communities(tx).items()}
        return found

    def over(self, rows: Callable[[Tx, Filter], Page], *, options: list[str]) -> "Listing":
        """The same list over other rows, with the options their choices stand for."""
        called = self.called
        return replace(self, rows=rows, called=lambda tx, found: {**called(tx, found), "options": options})


def _field(name: str) -> Show:
    return lambda row, names: getattr(row, name)


def _term(group: str, name: str) -> Show:
    return lambda row, names: term(group, getattr(row, name))


def _who(name: str) -> Show:
    return lambda row, names: names.get(getattr(row, name), word("cell.nobody"))


def _people(*fields: str) -> Callable[[Tx, list[Row]], Names]:
    return lambda tx, rows: dict(browse.labels(tx, {v for r in rows for f in fields if (v := getattr(r, f)) is not None}))


def _intent(row: Row, names: Names) -> str:
    known = [f"terms.{group}.{row.intent}" for group in ("intent", "intent_more") if has(f"terms.{group}.{row.intent}")]
    return say(known[0]) if known else row.intent or ""


def _said(row: Row, names: Names) -> str:
    if row.intent in browse.SECRET_INTENTS:
        return word("cell.secret")
    return word("cell.not_kept") if row.text is None else row.text


def _answered(row: Row, names: Names) -> str | None:
    return word("cell.secret") if row.intent in browse.SECRET_INTENTS else row.reply


def _actor(row: Row, names: Names) -> str:
    kind, _, number = row.actor.partition(":")
    name = names.get(row.actor)
    if kind == "account":
        return word("cell.account", name=name or f"#{number}")
    return name or (word("cell.system") if kind == "system" else row.actor)


def _choice(row: Row, names: Names) -> str:
    return "、".join(names["options"][int(i)] for i in row.choice.split(",")) if row.choice else word("cell.nobody")


def _post(row: Row, names: Names) -> str:
    return word("cell.reply") if row.text is None else row.text or word("cell.picture")


_PLACE = Column("community", lambda r, n: n.get(f"community:{r.community_id}", word("cell.nobody")))
LISTS = {listing.name: listing for listing in (
    Listing("messages", "id", browse.messages, (
        Column("time", _field("received_at"), "time"),
        Column("who", _who("person_id")),
        Column("where", lambda r, n: r.chat_name or word("cell.group" if r.chat_id else "cell.private")),
        Column("understood", _intent, "chip"),
        Column("said", _said, "words"),
        Column("answer", _answered, "words"),
        Column("state", _term("message_state", "state"), "chip"),
    ), called=_people("person_id"), look_back=True,
        kinds=("issue", "poll", "vote", "bind", "consent", "privacy", "help", "event")),
    Listing("audit", "seq", browse.audits, (
        Column("seq", _field("seq")),
        Column("time", _field("at"), "time"),
        Column("who", _actor),
        Column("did", _field("action"), "chip"),
        Column("object", _field("object")),
        Column("detail", _field("detail"), "words"),
        Column("hash", lambda r, n: r.hash[:12], "code"),
    ), called=lambda tx, rows: dict(browse.actors(tx, {row.actor for row in rows}))),
    Listing("issues", "id", browse.issues, (
        Column("number", lambda r, n: f"I{r.number}"),
        Column("time", _field("created_at"), "time"),
        Column("issue", _field("title"), "words"),
        Column("category", _term("category", "category")),
        Column("place", _field("place")),
        Column("state", _term("state", "state"), "chip"),
        Column("behind", _field("behind")),
        Column("submitter", _who("submitter_id")),
    ), called=_people("submitter_id"), link="console.issue", kind_terms="state",
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
        Column("content", _post, "words"),
        Column("state", _term("outbox_state", "state"), "chip"),
        Column("attempts", _field("attempts")),
        Column("not_before", _field("next_at"), "time"),
        Column("sent", _field("sent_at"), "time"),
        Column("problem", lambda r, n: r.error or (word("cell.doubtful") if r.doubtful else ""), "words"),
    ), called=lambda tx, rows: dict(browse.targets(tx, {row.target for row in rows})), deeds=True,
        filters=("since", "until", "kind", "text"), kinds=("waiting", "sending", "sent", "dead"), kind_terms="outbox_state"),
    Listing("people", "id", browse.people, (
        Column("number", _field("id")),
        Column("name", _field("name")),
        Column("homes", _who("id")),
        Column("role", _term("role", "role"), "chip"),
        Column("since", _field("created_at"), "time"),
        Column("consented", _field("consented_at"), "time"),
        Column("left", _field("left_at"), "time"),
    ), filters=("person", "kind"), kinds=("resident", "grid_worker", "admin"), kind_terms="role", deeds=True,
        called=lambda tx, rows: dict(browse.addresses(tx, {row.id for row in rows}))),
    Listing("homes", "id", browse.homes, (
        Column("home", _field("label")),
        Column("area", lambda r, n: f"{r.area_dm2 // 100}.{r.area_dm2 % 100:02d}" if r.area_dm2 is not None else word("cell.nobody")),
        Column("bound", _field("bound")),
        Column("code_until", _field("code_until"), "time"),
    ), filters=("text",), deeds=True),
)}
BALLOTS = Listing("ballots", "id", browse.ballots, (  # type: ignore[arg-type] - given its rows by `over`
    Column("time", _field("at"), "time"),
    Column("who", _who("voter")),
    Column("act", _term("ballot", "act")),
    Column("choice", _choice),
), filters=(), called=lambda tx, rows: dict(browse.voters(tx, {row.voter: row.person_id for row in rows})))
VOTERS = Listing("voters", "person_id", browse.ballots, (Column("who", _who("person_id")),),  # type: ignore[arg-type]
                 filters=(), called=_people("person_id"))


def asked_filter(listing: Listing, community_id: int | None, now: datetime) -> Filter:
    """The filter that the address asks for; nonsense in it narrows nothing."""
    given = {name: request.args.get(name, "").replace("\0", "").strip()[:64] for name in listing.filters}
    since, until = _day(given.get("since", "")), _day(given.get("until", ""))
    if since is None and listing.look_back and (given.get("text") or given.get("person") or given.get("kind")):
        since = now - LOOK_BACK
    return Filter(community_id, since, until + timedelta(days=1) if until else None, given.get("person", ""),
                  given.get("kind", ""), given.get("text", ""), key_asked())


def key_asked() -> int | None:
    """The key that the address says the page ends before."""
    before = request.args.get("before", type=int)
    return before if before is not None and 0 <= before <= paging.LARGEST else None


def next_address(listing: Listing, page: Page) -> str | None:
    """The address of the next, older page; None on the last one."""
    if page.before is None:
        return None
    return f"?{urlencode(kept_filter(listing) | {'before': page.before})}"


def kept_filter(listing: Listing) -> dict[str, str]:
    """The filters of the present address that say something."""
    return {k: v for k, v in request.args.items() if k in listing.filters and v}


def csv_response(db: Database, listing: Listing, chosen: Filter) -> Response:
    """The filtered list as a file, read in pieces by key."""
    columns = listing.shown(chosen) if listing.filters else listing.columns

    def rows() -> Iterator[list[object]]:
        part: Filter | None = replace(chosen, limit=CHUNK)
        while part is not None:
            with db.read() as tx:
                page = listing.rows(tx, part)
                names = listing.names(tx, page.rows)
            yield from ([_plain(c.cell(row, names)) for c in columns] for row in page.rows)
            part = replace(part, before=page.before) if page.before is not None else None

    file = export.lines([c.title for c in columns], rows(), cut=word("export.cut", most=export.MOST_ROWS))
    return Response(file, mimetype="text/csv", headers={"Content-Disposition": f"attachment; filename=linyi-{listing.name}.csv"})


def _plain(value: Any) -> object:
    return value.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S") if isinstance(value, datetime) else value


def _day(text: str) -> datetime | None:
    """The beginning of a day in Shanghai; None for what is no day of our time."""
    try:
        found = datetime.strptime(text, "%Y-%m-%d")
    except ValueError:
        return None
    return found.replace(tzinfo=SHANGHAI).astimezone(UTC) if 2000 <= found.year < 2200 else None
