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
Names = dict[int, str]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its title, what it shows, and how it looks (text | time | chip | words)."""

    title: str
    show: Callable[[Row, Names], Any]
    look: str = "text"


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

    def people(self, rows: list[Row]) -> set[int]:
        """The people the rows speak of."""
        return {v for row in rows for f in self.person_fields if (v := getattr(row, f)) is not None}


def term(group: str, name: str) -> str:
    """A catalogue term, or the word itself when the catalogue has none."""
    return say(f"terms.{group}.{name}") if has(f"terms.{group}.{name}") else name


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
        Column("时间", _field("received_at"), "time"), Column("谁", _who("person_id")),
        Column("在哪", lambda r, n: r.chat_name or ("群" if r.chat_id else "私聊")), Column("听懂成", _field("intent"), "chip"),
        Column("说了", lambda r, n: r.text if r.text is not None else "（未保存）", "words"), Column("回答", _field("reply"), "words"),
        Column("状态", _term("message_state", "state"), "chip")), person_fields=("person_id",), look_back=True),
    Listing("audit", "seq", browse.audits, (
        Column("序号", _field("seq")), Column("时间", _field("at"), "time"), Column("谁", _actor),
        Column("做了", _field("action"), "chip"),
        Column("对象", _field("object")), Column("细节", _field("detail"), "words"), Column("哈希", lambda r, n: r.hash[:12]))),
    Listing("issues", "id", browse.issues, (
        Column("编号", lambda r, n: f"I{r.number}"), Column("时间", _field("created_at"), "time"),
        Column("议题", _field("title"), "words"),
        Column("类别", _term("category", "category")), Column("地点", _field("place")), Column("状态", _term("state", "state"), "chip"),
        Column("附议", _field("behind")), Column("反映人", _who("submitter_id"))), person_fields=("submitter_id",), link="console.issue",
        kinds=("submitted", "accepted", "consulting", "in_progress", "resolved", "closed", "rejected", "merged", "withdrawn"),
        kind_terms="state"),
    Listing("polls", "id", browse.polls, (
        Column("编号", lambda r, n: f"P{r.number}"), Column("发起", _field("opens_at"), "time"), Column("题目", _field("title"), "words"),
        Column("范围", _field("scope_name")), Column("票数", _field("ballots")), Column("截止", _field("closes_at"), "time"),
        Column("状态", _term("poll_state", "state"), "chip")), filters=("since", "until", "kind", "text"),
        kinds=("open", "closed", "void"), kind_terms="poll_state", link="console.poll"),
    Listing("outbox", "id", browse.posts, (
        Column("时间", _field("created_at"), "time"), Column("发往", _field("target")),
        Column("内容", lambda r, n: r.text or "（图片）", "words"),
        Column("状态", _term("outbox_state", "state"), "chip"), Column("次数", _field("attempts")),
        Column("最早", _field("next_at"), "time"),
        Column("送出", _field("sent_at"), "time"), Column("问题", lambda r, n: r.error or ("可能重复" if r.doubtful else ""))),
        filters=("since", "until", "kind", "text"), kinds=("waiting", "sending", "sent", "dead"), kind_terms="outbox_state"),
    Listing("people", "id", browse.people, (
        Column("编号", _field("id")), Column("谁", _who("id")), Column("角色", _term("role", "role"), "chip"),
        Column("来自", _field("created_at"), "time"), Column("同意", _field("consented_at"), "time"),
        Column("退出", _field("left_at"), "time")),
        filters=("person", "kind"), kinds=("resident", "grid_worker", "admin"), kind_terms="role", person_fields=("id",)),
    Listing("homes", "id", browse.homes, (
        Column("房屋", _field("label")), Column("面积（平方米）", lambda r, n: f"{r.area_dm2 / 100:.2f}" if r.area_dm2 is not None else "—"),
        Column("已绑定", _field("bound")), Column("一次性码到", _field("code_until"), "time")), filters=("text",)),
)}


def chosen_filter(listing: Listing, community_id: int | None, now: datetime) -> Filter:
    """The filter that the address asks for; nonsense in it narrows nothing."""
    given = {name: request.args.get(name, "").strip()[:64] for name in listing.filters}
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
                names = browse.labels(tx, listing.people(found))
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
