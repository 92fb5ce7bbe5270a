"""What admins look at: the lists of the console and of the terminal, and how people and places are called there."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, String, and_, case, cast, func, literal, literal_column, or_, select

from domain.roles import Role, Where
from models.base import Tx
from models.rights import data_request
from models.rounds import opinion_round
from models.tables import (
    account,
    audit,
    audit_head,
    ballot,
    ballot_log,
    bind_code,
    building,
    chat,
    community,
    forward,
    group_task,
    heartbeat,
    home,
    identity,
    issue,
    issue_event,
    message,
    outbox,
    person,
    poll,
    residence,
    session,
)
from services import finding, joined, paging, standing
from services.paging import Filter, Page, gather, long, newest_of, plain, short, sought, within
from services.sight import HUSHED, NOBODY, anonymous_ids
from texts import mask, places
from texts.say import clock, say

# answers for one pair of eyes: choices that are not public, one-time codes, who has not voted, what is thought of a statement
SECRET_INTENTS = ("vote.secret", "vote.receipt", "vote.which", "vote.which?", "bind.code", "poll.missing", "party.add", "join.code",
                  "join.ask", "join.ask?", "jielong", "jielong?", "round.vote", "round.ask",
                  "round.ask?", "round.done", HUSHED, f"{HUSHED}?", "rights.data",
                  "rights.phone", "rights.phone?", "rights.correct", "rights.correct?", "rights.ask", "rights.ask?")
_UNNAMED = (HUSHED, f"{HUSHED}?")  # and of these not even who spoke
_THINGS = {"issues": issue, "issue": issue, "polls": poll, "poll": poll, "outbox": outbox, "post": outbox, "forwards": forward,
           "people": person, "homes": home, "home": home, "message": message, "rounds": opinion_round, "requests": data_request,
           "sessions": session}
FEW = 20  # persons whose messages are looked up one by one
DOUBT = "doubt"  # of `how`: understood, but not surely
UNKEPT_INTENTS = ("vote.receipt",)  # of these not even a sealed answer is kept: a receipt beside a person would join them


def is_secret(intent: str | None) -> bool:
    """True for messages whose answer was for one pair of eyes."""
    return intent in SECRET_INTENTS


def messages(tx: Tx, chosen: Filter, *, how: str = "") -> Page:
    """The message log; words stand there only where they were kept, and never tell a choice that is not public.

    `how` narrows it to what one step of the route understood, or to what was understood in doubt.
    """
    secret = message.c.intent.in_(SECRET_INTENTS)
    text, reply = (case((secret, None), else_=c).label(c.name) for c in (message.c.text, message.c.reply))
    columns = [c for c in message.c if c.name not in ("text", "reply", "payload", "person_id")]
    unnamed = func.coalesce(message.c.intent, "").in_(_UNNAMED)
    who = case((unnamed, None), else_=message.c.person_id).label("person_id")
    query = select(*columns, who, text, reply, chat.c.name.label("chat_name")).join_from(
        message, chat, message.c.chat_id == chat.c.id, isouter=True)
    wanted = finding.needles(chosen.text)
    for part in chosen.text.split():
        query = query.where(holds(text, part) | holds(reply, part))
    if chosen.kind:
        query = query.where(named(message.c.intent, chosen.kind) | (message.c.intent == f"{chosen.kind}?"))
        wanted.append(finding.marked(f"intent:{chosen.kind}"))
    if how:
        query = query.where(message.c.how == how if how != DOUBT else (message.c.how.is_not(None)) & (
            func.coalesce(message.c.sure, 0) < finding.UNSURE))
        wanted.append(finding.marked(f"how:{how}"))
    where = {"community": message.c.community_id, "at": message.c.received_at, "key": message.c.id}
    if chosen.person:
        who_said = people_called(tx, chosen)
        query = query.where(~unnamed)
        if len(who_said) > FEW:
            return long(tx, query.where(message.c.person_id.in_(who_said)), chosen, **where, words=True)
        return newest_of(tx, query, [message.c.person_id == i for i in who_said], chosen, **where)
    if wanted:
        return sought(tx, query, chosen, finding.MESSAGES, community=message.c.community_id, wanted=wanted)
    return long(tx, query, chosen, **where, words=False)


def audits(tx: Tx, chosen: Filter, *, within: tuple[str, ...] = ()) -> Page:
    """The audit chain by actor, action (whole, its family, or its end: `.reveal`) and object; `within` some actions only."""
    query = select(audit)
    wanted = []
    if within:
        query = query.where(or_(*[named(audit.c.action, each) for each in within]))
        wanted.append(finding.marked(*(f"did:{each}" for each in within)))
    if chosen.person:
        called = people_called(tx, chosen)
        users = tx.all(select(account.c.id).where(account.c.username == chosen.person))
        actors_called = [*(f"person:{i}" for i in called), *(f"account:{row.id}" for row in users), chosen.person]
        query = query.where(audit.c.actor.in_(actors_called), audit.c.object.not_in(
            select(literal("issue:").concat(cast(issue.c.id, String))).where(issue.c.anonymous, or_(
                issue.c.submitter_id.in_(called), literal("person:").concat(cast(issue.c.submitter_id, String)) == chosen.person))))
        wanted.append(finding.marked(*(f"by:{who}" for who in actors_called)))
    if chosen.kind:
        query = query.where(named(audit.c.action, chosen.kind))
        wanted.append(finding.marked(f"did:{chosen.kind}"))
    where = {"community": audit.c.community_id, "at": audit.c.at, "key": audit.c.seq}
    if chosen.text:
        return newest_of(tx, query, [audit.c.object.in_(_objects(tx, chosen))], chosen, **where)
    if wanted:
        return sought(tx, query, chosen, finding.AUDIT, community=audit.c.community_id, wanted=wanted)
    return long(tx, query, chosen, **where, words=False)


def _objects(tx: Tx, chosen: Filter) -> list[str]:
    """The things of the audit log that are called this: I12 and P3 as people say it, anything else as it is kept."""
    kind, table = {"I": ("issue", issue), "P": ("poll", poll)}.get(chosen.text[:1].upper(), ("", None))
    if table is None or not chosen.text[1:].isdecimal() or int(chosen.text[1:]) > paging.LARGEST:
        return [chosen.text]
    where = [] if chosen.community_id is None else [table.c.community_id == chosen.community_id]
    return [f"{kind}:{row.id}" for row in tx.all(select(table.c.id).where(table.c.number == int(chosen.text[1:]), *where))]


def issues(tx: Tx, chosen: Filter) -> Page:
    """Issues with a number, and how many stand behind each."""
    who = case((issue.c.anonymous, None), else_=issue.c.submitter_id).label("submitter_id")
    query = select(*[c for c in issue.c if c.name != "submitter_id"], who, joined.behind_column().label("behind")).where(
        issue.c.number.is_not(None))
    if not chosen.private:
        query = query.where(~issue.c.private)
    if chosen.person:
        query = query.where(issue.c.submitter_id.in_(people_called(tx, chosen)), ~issue.c.anonymous)
    if chosen.kind:
        query = query.where((issue.c.state == chosen.kind) | (issue.c.category == chosen.kind))
    if chosen.text:
        query = query.where(holds(issue.c.title, chosen.text) | holds(issue.c.text, chosen.text))
    return short(tx, query, chosen, community=issue.c.community_id, at=issue.c.created_at, key=issue.c.id)


CAST = select(func.count()).where(ballot.c.poll_id == poll.c.id, ballot.c.choice != "").scalar_subquery()  # ballots of a poll


def polls(tx: Tx, chosen: Filter) -> Page:
    """Polls, with how many ballots they have."""
    query = select(poll, CAST.label("ballots"))
    if chosen.kind:
        query = query.where(poll.c.state == chosen.kind)
    if chosen.text:
        query = query.where(holds(poll.c.title, chosen.text))
    return short(tx, query, chosen, community=poll.c.community_id, at=poll.c.opens_at, key=poll.c.id)


def posts(tx: Tx, chosen: Filter) -> Page:
    """The outbox. Addresses are credentials; an answer to a message stands in the message log, under its rules."""
    text = case((outbox.c.key.like("message:%"), None), else_=outbox.c.text).label("text")
    target = case((unnamed_post(), None), else_=outbox.c.target).label("target")
    query = select(*[c for c in outbox.c if c.name not in ("address", "text", "facts", "target")], target, text)
    if chosen.kind:
        query = query.where(outbox.c.state == chosen.kind)
    if chosen.text:
        query = query.where(holds(text, chosen.text) | holds(outbox.c.key, chosen.text))
    return long(tx, query, chosen, community=outbox.c.community_id, at=outbox.c.created_at, key=outbox.c.id,
                words=bool(chosen.text))


def unnamed_post() -> ColumnElement[bool]:
    """Posts whose target is not shown: who is not to be named, and answers, whose message says who, if anybody may know."""
    return or_(outbox.c.key.like("%:anonymous:%"), outbox.c.key.like("message:%"))


def people(tx: Tx, chosen: Filter) -> Page:
    """The people who are known."""
    query = select(person).where(person.c.erased_at.is_(None))
    if chosen.person:
        query = query.where(person.c.id.in_(people_called(tx, chosen)))
    if chosen.kind:
        query = query.where(person.c.role == chosen.kind)
    return short(tx, query, chosen, community=person.c.community_id, at=person.c.created_at, key=person.c.id)


def homes(tx: Tx, chosen: Filter) -> Page:
    """Homes with how many people are bound and whether a code is out."""
    bound = select(func.count()).where(residence.c.home_id == home.c.id, residence.c.until.is_(None)).scalar_subquery()
    code = select(func.max(bind_code.c.expires_at)).where(
        bind_code.c.home_id == home.c.id, bind_code.c.used_at.is_(None)).scalar_subquery()
    query = select(home, bound.label("bound"), code.label("code_until"))
    if chosen.text:
        said = places.home(chosen.text)  # 3-2-501 and 3栋501 mean what they mean in chat
        query = query.where(holds(home.c.label, chosen.text) if said is None else home.c.label == said.label if said.entrance
                            else and_(home.c.room == said.room, home.c.label.startswith(f"{said.building}幢", autoescape=True)))
    return short(tx, query, chosen, community=home.c.community_id, at=None, key=home.c.id)


def ballots(tx: Tx, poll_row: Row[Any], chosen: Filter) -> Page:
    """Who voted: every act with its choice in a named poll; in one that is not public, or not yet, only who took part."""
    table, key = (ballot, ballot.c.person_id) if only_voters(poll_row) else (ballot_log, ballot_log.c.id)
    if only_voters(poll_row):
        query = select(ballot.c.person_id).distinct().where(ballot.c.choice != "", ballot.c.person_id.is_not(None))
    else:
        query = select(ballot_log.c.id, ballot_log.c.person_id, ballot_log.c.voter, ballot_log.c.act, ballot_log.c.choice,
                       ballot_log.c.at)
    return short(tx, query.where(table.c.poll_id == poll_row.id), Filter(before=chosen.before, limit=chosen.limit),
                 community=poll.c.community_id, at=None, key=key)


def only_voters(poll_row: Row[Any]) -> bool:
    """Whether no choices are shown, only who took part."""
    return bool(poll_row.anonymous) or standing.hides(poll_row)


def timeline(tx: Tx, issue_id: int, *, inner: bool = True) -> list[Row[Any]]:
    """Everything that happened to an issue, oldest first; with what only staff may see, or without."""
    query = select(issue_event).where(issue_event.c.issue_id == issue_id)
    return tx.all((query if inner else query.where(~issue_event.c.inner)).order_by(issue_event.c.id).limit(500))


def one(tx: Tx, table: Any, key: int, where: Where) -> Row[Any] | None:
    """One row, if it belongs there."""
    return tx.first(select(table).where(table.c.id == key, within(table.c.community_id, where)))


def has_place(kind: str) -> bool:
    """True when things of this kind belong to a community."""
    return kind == "ballot" or kind in _THINGS


def place_of(tx: Tx, kind: str, key: int) -> int | None:
    """The community that a thing belongs to; `kind` is the word by which its pages are called."""
    query = select(poll.c.community_id).join_from(ballot_log, poll).where(ballot_log.c.id == key) if kind == "ballot" else select(
        _THINGS[kind].c.community_id).where(_THINGS[kind].c.id == key)
    found: int | None = tx.scalar(query)
    return found


def polls_about(tx: Tx, issue_id: int) -> list[Row[Any]]:
    """The polls that were opened from an issue."""
    return tx.all(select(poll).where(poll.c.issue_id == issue_id).order_by(poll.c.id))


def overview(tx: Tx, community_id: Where) -> dict[str, Any]:
    """The figures of the first page."""
    def how_many(table: Any, *conditions: Any) -> int:
        mine = within(table.c.community_id, community_id)
        return int(tx.scalar(select(func.count()).select_from(table).where(mine, *conditions)))

    return {
        "open_issues": how_many(issue, issue.c.state.in_(["submitted", "accepted", "consulting", "in_progress", "resolved"])),
        "new_issues": how_many(issue, issue.c.state == "submitted"),
        "open_polls": how_many(poll, poll.c.state == "open"),
        "people": how_many(person, person.c.erased_at.is_(None), person.c.joined_into.is_(None)),
        "waiting": how_many(outbox, outbox.c.state.in_(["waiting", "sending"])),
        "dead": how_many(outbox, outbox.c.state == "dead"),
        "forwards": how_many(forward, forward.c.state == "waiting"),
        "tasks": how_many(group_task, group_task.c.state == "waiting"),
        "parked": tx.scalar(select(func.count()).select_from(message).where(
            message.c.state == literal_column("'parked'"))),  # as the partial index spells it; whose they are is not known yet
        "chain": tx.first(select(audit_head.c.seq, audit_head.c.hash).where(audit_head.c.id == 1)),
        "heartbeat": tx.scalar(select(heartbeat.c.at).where(heartbeat.c.name == "scheduler")),
    }


def labels(tx: Tx, ids: set[int]) -> dict[int, str]:
    """How admins see people: home and name as far as known, else the number. Of a resident's name one sees the beginning."""
    if not ids:
        return {}
    found = {row.id: shown(row.name, row.role) for row in tx.all(
        select(person.c.id, person.c.name, person.c.role).where(person.c.id.in_(ids)))}
    where = addresses(tx, ids)
    return {i: " ".join(x for x in (where.get(i), found.get(i)) if x) or say("console.actor.person", number=i) for i in ids}


def shown(name: str | None, role: str) -> str | None:
    """A name as the console shows it unasked: whole for those who work here, of residents only the beginning."""
    return mask.name(name) if name and role == Role.RESIDENT else name


def addresses(tx: Tx, ids: set[int]) -> dict[int, str]:
    """The homes people are bound to."""
    where: dict[int, list[str]] = {}
    for row in tx.all(select(residence.c.person_id, home.c.label).join_from(residence, home).where(
            residence.c.person_id.in_(ids), residence.c.until.is_(None)).order_by(home.c.id)):
        where.setdefault(row.person_id, []).append(row.label)
    return {i: "、".join(labels_of) for i, labels_of in where.items()}


def unnamed(tx: Tx, rows: list[Row[Any]]) -> set[tuple[str, str]]:
    """Which lines of the audit log would say who raised an anonymous issue: (actor, object)."""
    ids = {int(row.object[6:]) for row in rows if row.object.startswith("issue:") and row.object[6:].isdigit()}
    return {(f"person:{who}", f"issue:{i}") for i, who in anonymous_ids(tx, ids).items()}


def actors(tx: Tx, found: set[str]) -> dict[str, str]:
    """Persons and accounts of the audit log, as admins call them."""
    persons = {int(who[7:]) for who in found if who.startswith("person:")}
    accounts = {int(who[8:]) for who in found if who.startswith("account:")}
    called = labels(tx, persons)
    users = tx.all(select(account.c.id, account.c.username).where(account.c.id.in_(accounts)))
    return {f"person:{i}": called[i] for i in persons} | {f"account:{row.id}": row.username for row in users}


def numbers(tx: Tx, found: set[str]) -> dict[str, str]:
    """Issues and polls that deeds were done to, by the numbers people know them by."""
    called: dict[str, str] = {}
    for kind, table, letter in (("issue", issue, "I"), ("poll", poll, "P")):
        ids = {int(each[len(kind) + 1:]) for each in found if each.startswith(f"{kind}:") and each[len(kind) + 1:].isdecimal()}
        called |= {f"{kind}:{row.id}": f"{letter}{row.number}" for row in tx.all(
            select(table.c.id, table.c.number).where(table.c.id.in_(ids), table.c.number.is_not(None)))} if ids else {}
    return called


def doers(tx: Tx, row: Row[Any], events: list[Row[Any]], *, named: bool = True) -> dict[int, str]:
    """Who did each line of an issue's course, as staff see it; `named` False: not which resident. Never who is to stay unknown."""
    kept_back = row.submitter_id if row.anonymous else None
    people = {e.actor_id for e in events} - {None, kept_back}
    called = labels(tx, people) if named else dict.fromkeys(people, say("doer.someone"))
    accounts = actors(tx, {e.made_by for e in events if e.made_by})
    return {e.id: _doer(e, kept_back, called.get(e.actor_id, ""), accounts.get(e.made_by or "", "")) for e in events}


def _doer(event: Row[Any], kept_back: int | None, person: str, account: str) -> str:
    if event.made_by == NOBODY or (event.actor_id is not None and event.actor_id == kept_back):
        return say("doer.anonymous")
    if account:
        return say("doer.in_name", name=account, person=person) if person else say("doer.account", name=account)
    return person or say("doer.system" if event.made_by == "system" else "doer.unknown")


def voters(tx: Tx, found: set[tuple[str, int | None]]) -> dict[tuple[str, int | None], str]:
    """Who a vote belongs to and who cast it: a household by its home and the person, a person by name; on paper nobody."""
    people = labels(tx, {person_id for _, person_id in found if person_id is not None})
    ids = {int(voter[5:]) for voter, _ in found if voter.startswith("home:")}
    flats = {f"home:{row.id}": row.label for row in tx.all(select(home.c.id, home.c.label).where(home.c.id.in_(ids)))}
    return {(voter, who): _with_home(say("paper.label") if who is None else people[who], flats.get(voter))
            for voter, who in found}


def _with_home(name: str, label: str | None) -> str:
    return name if label is None or label in name else f"{label} {name}"


def name_of(tx: Tx, code: str) -> str:
    """The name of the community with this code; '' when there is none."""
    return str(tx.scalar(select(community.c.name).where(community.c.code == code)) or "")


def buildings(tx: Tx, community_id: int) -> list[tuple[int, str]]:
    """The buildings of a community, 2幢 before 10幢."""
    found = tx.all(select(building.c.id, building.c.name).where(building.c.community_id == community_id))
    return sorted(((row.id, row.name) for row in found), key=lambda b: (len(b[1]), b[1]))


def communities(tx: Tx) -> dict[int, str]:
    """The name of every community."""
    return {row.id: row.name for row in tx.all(select(community.c.id, community.c.name))}


def targets(tx: Tx, found: set[str]) -> dict[str, str]:
    """Where posts go, in words: the group's name, or the person behind an identity."""
    ids = {t: int(t.partition(":")[2]) for t in found}
    chats = {t: i for t, i in ids.items() if t.startswith("chat:")}
    persons = {t: i for t, i in ids.items() if t.startswith("identity:")}
    groups = {row.id: row.name for row in tx.all(select(chat.c.id, chat.c.name).where(chat.c.id.in_(chats.values())))}
    owner = {row.id: row.person_id for row in tx.all(
        select(identity.c.id, identity.c.person_id).where(identity.c.id.in_(persons.values())))}
    called = labels(tx, set(owner.values()))
    return ({t: groups.get(i) or t for t, i in chats.items()}
            | {t: called.get(owner.get(i, 0), t) for t, i in persons.items()})


def people_called(tx: Tx, chosen: Filter) -> list[int]:
    """People by number, name or home; names are sealed, so they are compared here and not in the database."""
    said = chosen.person.strip().removeprefix("居民")
    wanted = said.removeprefix("#")
    query = select(person.c.id, person.c.name)
    if said.startswith("#") and wanted.isascii() and wanted.isdecimal() and len(wanted) < 19:  # a number is that one alone
        found = tx.first(query.where(person.c.id == int(wanted), person.c.community_id == func.coalesce(
            chosen.community_id, person.c.community_id)))
        return [] if found is None else [found.id]
    flat = places.home(wanted)
    label = flat.label if flat is not None else plain(wanted) if wanted[:1].isdigit() and "幢" in wanted else f"%{plain(wanted)}"
    where = select(residence.c.person_id).distinct().join_from(residence, home).where(  # 3幢 is not 13幢, 3-2-501 is one home
        home.c.label == label if flat is not None else home.c.label.like(f"{label}%", escape="\\"))
    query = query.where(within(person.c.community_id, chosen.community_id))
    where = where.where(within(home.c.community_id, chosen.community_id))
    called = [row.id for row in tx.all(query) if (row.name and wanted in row.name) or str(row.id) == wanted]
    return list(dict.fromkeys([*called, *tx.connection.scalars(where)]))


def log_lines(tx: Tx, *, community_id: int | None, since: datetime, person: str, kind: str, text: str, limit: int) -> list[str]:
    """The message log as lines for a terminal, the newest last."""
    rows = gather(messages, tx, Filter(community_id, since, None, person, kind, text, limit=limit))
    names = labels(tx, {row.person_id for row in rows if row.person_id})
    return [_line(row, names) for row in reversed(rows)]


def _line(row: Row[Any], names: dict[int, str]) -> str:
    where = row.chat_name or say("console.group" if row.chat_id else "console.private")
    return (f"{clock(row.received_at)} [{_printable(where)}] {_printable(names.get(row.person_id, '—'))} {row.intent or '—'}"
            f"：{_printable(row.text or say('console.not_kept'))} → {_printable(row.reply or '—')}")


def named(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """The action or intent of this name, or of this family (`ballot`), or with this end (`.reveal`)."""
    if name.startswith("."):
        return column.like(f"%{plain(name)}", escape="\\")
    return or_(column == name, column.like(f"{plain(name)}.%", escape="\\"))


def holds(column: ColumnElement[Any], words: str) -> ColumnElement[bool]:
    """The column has these words somewhere, in which % and _ mean themselves."""
    return column.ilike(f"%{plain(words)}%", escape="\\")


def _printable(words: str) -> str:
    """One line for a terminal: control characters shown, not obeyed."""
    return "".join(c if c.isprintable() else " " for c in words)
