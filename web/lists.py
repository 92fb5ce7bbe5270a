"""The lists of the console as data: which columns each has, how it may be narrowed, and where its rows come from."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from domain import points
from domain.points import Kind
from models.base import Tx
from services import browse, by_hand, groupwide, journal, point_lists
from services.paging import Filter, Page
from texts.kinds import spoken
from texts.say import has, say
from web.deeds import ISSUES, PLACE, POLLS, Deed
from web.listing import Column, Listing, Names, Row, Show
from web.words import reason as told_reason
from web.words import term, word


def _field(name: str) -> Show:
    return lambda row, names: getattr(row, name)


def _term(group: str, name: str) -> Show:
    return lambda row, names: term(group, getattr(row, name))


def _who(name: str) -> Show:
    return lambda row, names: names.get(getattr(row, name))


def _people(*fields: str) -> Callable[[Tx, list[Row]], Names]:
    return lambda tx, rows: dict(browse.labels(tx, {v for r in rows for f in fields if (v := getattr(r, f)) is not None}))


def _intent(row: Row, names: Names) -> str:
    name = (row.intent or "").removesuffix("?")  # a question mark: the answer was a question
    name = name.removeprefix("spoken.")  # in ordinary words
    known = [f"terms.{group}.{name}" for group in ("intent", "intent_more", "spoken") if has(f"terms.{group}.{name}")]
    return say(known[0]) if known else name


def _said(row: Row, names: Names) -> str:
    if browse.is_secret(row.intent):
        return word("cell.secret")
    return word("cell.not_kept") if row.text is None else row.text


def _answered(row: Row, names: Names) -> str | None:
    return word("cell.secret") if browse.is_secret(row.intent) else row.reply


def _actor(row: Row, names: Names) -> str:
    kind, _, number = row.actor.partition(":")
    if kind == "anonymous" or (row.actor, row.object) in names:
        return word("cell.anonymous")
    name = names.get(row.actor)
    if kind == "account":
        return word("cell.account", name=name or f"#{number}")
    return name or (word("cell.system") if kind == "system" else row.actor)


def _many(name: str, deeds: dict[str, Deed], *fields: str) -> dict[str, Any]:
    """What can be done to many rows of a list at once."""
    return {"name": name, "deeds": [deed for deed in deeds.values() if deed.bulk], "fields": fields}


_BULK = {"issue": _many("issue", ISSUES, "party", "until", "words", "into"), "poll": _many("poll", POLLS, "until", "words")}


def _maker(row: Row, names: Names) -> str:
    """Who entered a line: somebody of the staff, an account, or nobody, because a matter was done."""
    kind, _, number = row.made_by.partition(":")
    name = names.get(row.made_by) or (word("cell.system") if kind == "system" else row.made_by)
    return word("cell.account", name=name) if kind == "account" else name


def _points_facts(tx: Tx, where: int, now: datetime) -> dict[str, Any]:
    return {"sums": point_lists.sums(tx, where, now=now), "give": PLACE["points.give"], "redeem": PLACE["points.redeem"],
            "rules": {"worth": {kind.value: worth for kind, worth in points.WORTH.items()}, "a_day": points.SUPPORT_A_DAY}}


def _sure(row: Row, names: Names) -> str | None:
    return None if row.sure is None else f"{row.sure // 10}%"


def _answered_by(row: Row, names: Names) -> str | None:
    """What the platform said, in its own words."""
    reason, code = told_reason(row.reason or ""), "" if row.code is None else str(row.code)
    return " ".join(filter(None, (reason, "" if code in reason else code, row.platform_id))) or None


def _tried_post(row: Row, names: Names) -> str:
    return word("cell.gone") if row.post_id is None else _post(row, names)


def _did(row: Row, names: Names) -> str:
    """What was done; a step of an issue is called what its course calls it."""
    family, _, act = row.action.partition(".")
    known = (f"terms.deed.{row.action}", f"terms.done.{act}" if family == "issue" else "", f"terms.deed_more.{family}")
    return next((say(key) for key in known if key and has(key)), row.action)


def _object(row: Row, names: Names) -> str:
    """What a deed was done to: by its number as people know it, else by the number it is kept under."""
    kind, _, number = row.object.partition(":")
    called = names.get(row.object)
    if kind in ("issue", "poll") and called:
        return f"{term('deed_family', kind)} {called}"
    return f"{term('deed_family', kind)} {called or '#' + number}" if has(f"terms.deed_family.{kind}") and number else row.object


def _detail(row: Row, names: Names) -> str | None:
    """The facts kept with a deed, each with its name; what has none keeps the name it is kept under."""
    try:
        facts = dict(sorted(json.loads(row.detail).items(), key=lambda fact: fact[0] != "before"))
    except (ValueError, AttributeError):  # somebody has changed the row: it is shown as it is
        return str(row.detail)
    if row.action.startswith("outbox."):  # the key under which a message is sent once says nothing to people
        facts.pop("key", None)
    told = [f"{term('fact', name)} {_fact(value)}" for name, value in facts.items() if value not in (None, "", [], {})]
    return "；".join(told) or None


def _fact(value: Any) -> str:
    if isinstance(value, bool):
        return word("yes" if value else "no")
    if isinstance(value, list):
        return "、".join(_fact(each) for each in value)
    said = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return next((say(f"terms.{group}.{said}") for group in ("state", "role", "deed") if has(f"terms.{group}.{said}")), said)


def _of_deeds(tx: Tx, rows: list[Row]) -> Names:
    """Actors and objects of deeds, without who raised what is anonymous."""
    accounts = {row.object for row in rows if row.object.startswith("account:") and row.object[8:].isdigit()}
    return {**browse.actors(tx, {row.actor for row in rows} | accounts), **browse.numbers(tx, {row.object for row in rows}),
            **dict.fromkeys(browse.unnamed(tx, rows))}


# families of deeds, as their names begin
DEEDS = ("issue", "poll", "ballot", "paper", "talk", "round", "session", "promise", "person", "home", "owner", "register", "rights",
         "account", "party", "duty", "chat", "channel", "outbox", "photo", "notice", "export", "setting", "wording", "word",
         "course", "calendar", "community", "retention", "backup", "key")
_DEEDS = (
    Column("seq", _field("seq")),
    Column("time", _field("at"), "time"),
    Column("who", _actor),
    Column("did", _did, "chip"),
    Column("object", _object),
)


def _choice(row: Row, names: Names) -> str:
    return "、".join(spoken(row.choice, names["kind"], names["options"]))


def _post(row: Row, names: Names) -> str:
    return word("cell.reply") if row.text is None else row.text or word("cell.picture")


def _carrier(row: Row, names: Names) -> str | None:
    if row.state == "waiting":
        return names.get(row.keeper_id) or word("cell.staff")
    return names.get(row.done_by)


LISTS = {listing.name: listing for listing in (
    Listing("messages", "id", browse.messages, (
        Column("time", _field("received_at"), "time"),
        Column("who", _who("person_id")),
        Column("where", lambda r, n: r.chat_name or word("cell.group" if r.chat_id else "cell.private")),
        Column("understood", _intent, "chip"),
        Column("said", _said, "words"),
        Column("answer", _answered, "words"),
        Column("state", _term("message_state", "state"), "chip"),
    ), called=_people("person_id"), story="message",
        kinds=("issue", "poll", "vote", "bind", "consent", "privacy", "help", "event")),
    Listing("readings", "id", journal.readings, (
        Column("time", _field("received_at"), "time"),
        Column("who", _who("person_id")),
        Column("said", _said, "words"),
        Column("understood", _intent, "chip"),
        Column("how", lambda r, n: term("how", r.how) if r.how else None),
        Column("sure", _sure),
    ), called=_people("person_id"), story="message", kind_terms="how",
        kinds=("doubt", "meant", "hint", "command", "answer", "ear", "danger", "touch", "event", "usage")),
    Listing("deliveries", "id", journal.deliveries, (
        Column("time", _field("at"), "time"),
        Column("to", _who("target")),
        Column("content", _tried_post, "words"),
        Column("account", _field("channel")),
        Column("attempt", _field("attempt")),
        Column("result", _term("delivery", "result"), "chip"),
        Column("platform", _answered_by, "words"),
        Column("took", lambda r, n: word("cell.took", ms=r.took_ms)),
    ), called=lambda tx, rows: dict(browse.targets(tx, {row.target for row in rows if row.target})), story="post",
        story_key="post_id", filters=("since", "until", "kind", "text"), kinds=("sent", "again", "dead"), kind_terms="delivery"),
    Listing("sweeps", "id", journal.sweeps, (
        Column("time", _field("at"), "time"),
        Column("sweep", _term("sweep", "name")),
        Column("done", _field("done")),
        Column("took", lambda r, n: word("cell.took", ms=r.took_ms)),
        Column("problem", _field("error")),
    ), filters=("since", "until", "kind"), kinds=("failed", *journal.SWEEPS), kind_terms="sweep"),
    Listing("logins", "seq", journal.logins, _DEEDS, called=_of_deeds,
            filters=("since", "until", "kind", "person"), kind_terms="deed",
            kinds=("account.login", "account.login_failed", "account.logout", "account.password", "account.create")),
    Listing("reveals", "seq", journal.reveals, (*_DEEDS, Column("detail", _detail, "words")),
            called=_of_deeds, filters=("since", "until", "person")),
    Listing("audit", "seq", browse.audits, (
        Column("seq", _field("seq")),
        Column("time", _field("at"), "time"),
        Column("who", _actor),
        Column("did", _did, "chip"),
        Column("object", _object),
        Column("detail", _detail, "words"),
        Column("hash", lambda r, n: r.hash[:12], "code"),
        Column("did_as_kept", _field("action"), files_only=True),
        Column("object_as_kept", _field("object"), files_only=True),
        Column("detail_as_kept", _field("detail"), "words", files_only=True),
    ), called=_of_deeds, kinds=DEEDS, kind_terms="deed_family"),
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
        facts=lambda tx, where, now: {"bulk": _BULK["issue"]},
        kinds=("submitted", "accepted", "consulting", "in_progress", "resolved", "closed", "rejected", "merged", "withdrawn")),
    Listing("polls", "id", browse.polls, (
        Column("number", lambda r, n: f"P{r.number}"),
        Column("opened", _field("opens_at"), "time"),
        Column("title", _field("title"), "words"),
        Column("scope", _field("scope_name")),
        Column("ballots", _field("ballots")),
        Column("closes", _field("closes_at"), "time"),
        Column("state", _term("poll_state", "state"), "chip"),
    ), filters=("since", "until", "kind", "text"), kinds=("notice", "open", "closed", "void"), kind_terms="poll_state",
        link="console.poll", facts=lambda tx, where, now: {"bulk": _BULK["poll"]}),
    Listing("outbox", "id", browse.posts, (
        Column("time", _field("created_at"), "time"),
        Column("to", _who("target")),
        Column("content", _post, "words"),
        Column("state", _term("outbox_state", "state"), "chip"),
        Column("attempts", _field("attempts")),
        Column("not_before", lambda r, n: r.next_at if r.state == "waiting" else None, "time"),
        Column("sent", _field("sent_at"), "time"),
        Column("problem", lambda r, n: told_reason(r.error or "") or (word("cell.doubtful") if r.doubtful else "")),
    ), called=lambda tx, rows: dict(browse.targets(tx, {row.target for row in rows if row.target})), deeds=True, story="post",
        filters=("since", "until", "kind", "text"), kinds=("waiting", "sending", "sent", "dead", "merged"),
        kind_terms="outbox_state"),
    Listing("forwards", "id", by_hand.forwards, (
        Column("number", lambda r, n: f"F{r.id}"),
        Column("time", _field("created_at"), "time"),
        Column("to_group", _field("group")),
        Column("content", _field("text"), "words"),
        Column("carrier", _carrier),
        Column("state", _term("forward_state", "state"), "chip"),
        Column("told", _field("told_at"), "time"),
        Column("reminders", _field("reminders")),
        Column("ended", _field("done_at"), "time"),
    ), called=by_hand.carriers, deeds=True,
        filters=("since", "until", "kind", "text"), kinds=("waiting", "done", "dropped"), kind_terms="forward_state"),
    Listing("tasks", "id", by_hand.tasks, (
        Column("time", _field("created_at"), "time"),
        Column("to_group", _field("group")),
        Column("content", _field("text"), "words"),
        Column("owner", _who("id")),
        Column("state", _term("group_task_state", "state"), "chip"),
        Column("reminders", _field("reminders")),
        Column("sent", _field("sent_at"), "time"),
    ), called=by_hand.owners,
        filters=("since", "until", "kind", "text"), kinds=("waiting", "sent", "refused", "dead"), kind_terms="group_task_state"),
    Listing("promises", "id", by_hand.promises, (
        Column("number", lambda r, n: f"I{r.number}"),
        Column("time", _field("made_at"), "time"),
        Column("promiser", _field("owner")),
        Column("content", _field("text"), "words"),
        Column("due", _field("due_at"), "time"),
        Column("state", _term("promise_state", "state"), "chip"),
        Column("answer", _field("result"), "words"),
        Column("judged", lambda r, n: n.get(r.id)),
    ), called=by_hand.judged, filters=("since", "until", "kind", "text"), kinds=("open", "asked", "kept", "broken"),
        kind_terms="promise_state", link="console.issue", link_key="issue_id"),
    Listing("notices", "id", groupwide.posted, (
        Column("time", _field("created_at"), "time"),
        Column("to_group", _field("group")),
        Column("content", _field("text"), "words"),
        Column("state", _term("outbox_state", "state"), "chip"),
        Column("sent", _field("sent_at"), "time"),
    ), filters=("since", "until", "kind", "text"), kinds=("waiting", "sent", "dead"), kind_terms="outbox_state", story="post",
        template="console/notices.html", facts=lambda tx, where, now: {"deed": PLACE["notice.post"]}),
    Listing("points", "id", point_lists.standings, (
        Column("who", _who("id")),
        Column("balance", _field("balance")),
        Column("gained", _field("gained")),
        Column("spent", _field("spent")),
        Column("lines", _field("lines")),
        Column("last", _field("last"), "time"),
    ), filters=("person",), called=point_lists.named, template="console/points.html", facts=_points_facts),
    Listing("ledger", "id", point_lists.lines, (
        Column("line", lambda r, n: f"#{r.id}"),
        Column("time", _field("at"), "time"),
        Column("who", _who("person_id")),
        Column("amount", _field("amount")),
        Column("kind", _term("points_kind", "kind"), "chip"),
        Column("reason", _field("reason"), "words"),
        Column("issue", lambda r, n: None if r.issue is None else f"I{r.issue}"),
        Column("by", _maker),
        Column("reversed", lambda r, n: None if r.reversed_by is None else f"#{r.reversed_by}"),
    ), called=point_lists.named, kinds=tuple(map(str, Kind)), kind_terms="points_kind", deeds=True, template="console/ledger.html",
        facts=lambda tx, where, now: {"deed": PLACE["points.reverse"]}),
    Listing("people", "id", browse.people, (
        Column("number", _field("id")),
        Column("name", lambda r, n: browse.shown(r.name, r.role)),
        Column("homes", _who("id")),
        Column("role", _term("role", "role"), "chip"),
        Column("since", _field("created_at"), "time"),
        Column("consented", _field("consented_at"), "time"),
        Column("left", _field("left_at"), "time"),
        Column("joined", lambda r, n: None if r.joined_into is None else f"#{r.joined_into}"),
    ), filters=("person", "kind"), kinds=("resident", "grid_worker", "admin"), kind_terms="role", deeds=True,
        link="console.person_data",
        called=lambda tx, rows: dict(browse.addresses(tx, {row.id for row in rows}))),
    Listing("homes", "id", browse.homes, (
        Column("home", _field("label")),
        Column("area", lambda r, n: None if r.area_dm2 is None else f"{r.area_dm2 // 100}.{r.area_dm2 % 100:02d} ㎡"),
        Column("bound", lambda r, n: word("cell.people", count=r.bound)),
        Column("code_until", _field("code_until"), "time"),
    ), filters=("text",), deeds=True, link="console.unit"),
)}


def _given_later(tx: Tx, chosen: Filter) -> Page:
    raise LookupError("the rows of one poll are given by Listing.over")


BALLOTS = Listing("ballots", "id", _given_later, (
    Column("time", _field("at"), "time"),
    Column("who", lambda r, n: n[r.voter, r.person_id]),
    Column("act", _term("ballot", "act")),
    Column("choice", _choice),
), filters=(), story="ballot", called=lambda tx, rows: dict(browse.voters(tx, {(row.voter, row.person_id) for row in rows})))
VOTERS = Listing("voters", "person_id", _given_later, (Column("who", _who("person_id")),),
                 filters=(), called=_people("person_id"))
