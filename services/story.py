"""The whole chain before and after one thing, in order: from a message, an issue, a ballot, a poll, a post or a home.

The thing belongs to a matter: the issue it raised or moved, the polls opened from that. The story is the matter's course with
what was said, voted, posted and answered by platforms; where the reader came in is marked. Who chose what in a poll that does not
name its voters is in no story, nor who raised an anonymous issue: those lines are never read for anybody.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Row, select

from domain.roles import Actor
from models.base import Tx
from models.tables import ballot, ballot_log, home, issue, message, outbox, poll, residence
from services import browse, sight
from services import story_parts as parts
from services.story_parts import Entry, Found

KINDS = ("message", "issue", "poll", "ballot", "post", "home")
LONGEST = 600
Counts = list[tuple[str, str, int]]
_TABLES = {"message": message, "issue": issue, "poll": poll, "post": outbox, "home": home}
_ABOUT = re.compile(r"(issue|poll|message):([0-9]{1,18})(?::|$)")


@dataclass(slots=True)
class Matter:
    """What a story is about: issues and polls, by id."""

    issues: dict[int, Row[Any]] = field(default_factory=dict)
    polls: dict[int, Row[Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Story:
    """A chain in order; `counts` says what is told only as a number: (word of console_logs.yaml, label, number)."""

    kind: str
    title: str
    entries: list[Entry]
    cut: bool = False
    counts: tuple[tuple[str, str, int], ...] = ()


def of(tx: Tx, actor: Actor, kind: str, key: int) -> Story | None:
    """The story from this thing, as far as the actor may read it.

    None when it is not there, of another community, or a ballot of a poll that names nobody.
    """
    if kind == "ballot":
        found = _from_ballot(tx, key, actor.community_id)
    else:
        row = browse.one(tx, _TABLES[kind], key, actor.community_id)
        found = _TELL[kind](tx, row) if row is not None else None
    return found and replace(found, entries=[e for e in found.entries if sight.reads(actor, e.kind, e.name)])


# --- from where it begins -----------------------------------------------------------------------------------------
def _from_message(tx: Tx, row: Row[Any]) -> Story:
    deeds = parts.deeds_of_message(tx, row)
    matter = _matter(tx, [deed.object for deed in deeds], row.community_id)
    found, counts = _told(tx, matter)
    found.add(parts.said(tx, [row, *parts.talk_around(tx, row)], here=row.id))
    answers = [f"message:{row.id}:{what}" for what in ("reply", "notice")]
    found.add(parts.sent(tx, tx.all(select(outbox).where(outbox.c.key.in_(answers)))))
    for deed in deeds:
        told = {e.at for e in found.entries if e.kind in ("event", "record", "ballot") and e.label == _label(matter, deed.object)}
        found.add(parts.records(tx, [deed], told, _label(matter, deed.object), _thing(deed.object)))
    return _story("message", f"M{row.id}", found, counts)


def _from_issue(tx: Tx, row: Row[Any]) -> Story:
    found, counts = _told(tx, _matter(tx, [f"issue:{row.id}"], row.community_id))
    return _story("issue", f"I{row.number} {row.title}" if row.number else row.title, found, counts)


def _from_poll(tx: Tx, row: Row[Any]) -> Story:
    found, counts = _told(tx, _matter(tx, [f"poll:{row.id}"], row.community_id))
    return _story("poll", f"P{row.number} {row.title}", found, counts)


def _from_ballot(tx: Tx, key: int, community_id: int | None) -> Story | None:
    log = tx.first(select(ballot_log).where(ballot_log.c.id == key))
    row = browse.one(tx, poll, log.poll_id, community_id) if log is not None else None
    if log is None or row is None or browse.only_voters(row):
        return None
    matter = _matter(tx, [f"poll:{row.id}"], row.community_id)
    found, counts = _told(tx, matter, but_ballots=row.id)
    found.add(parts.ballots_of(tx, row, ballot_log.c.voter == log.voter, here=key))
    acts = select(ballot_log.c.message_id).where(ballot_log.c.poll_id == row.id, ballot_log.c.voter == log.voter)
    ids = [i for i in tx.connection.scalars(acts) if i is not None]
    _say(tx, found, tx.all(select(message).where(message.c.id.in_(ids))))
    return _story("ballot", f"P{row.number} {row.title}", found, counts)


def _from_post(tx: Tx, row: Row[Any]) -> Story:
    about = [f"{kind}:{key}" for kind, key in _ABOUT.findall(row.key)]
    asked = row.message_id or next((int(a[8:]) for a in about if a.startswith("message:")), None)
    came_from = tx.first(select(message).where(message.c.id == asked)) if asked else None
    if came_from is not None:
        about += [deed.object for deed in parts.deeds_of_message(tx, came_from)]
    found, counts = _told(tx, _matter(tx, about, row.community_id), but_post=row.id)
    into = tx.all(select(outbox).where(outbox.c.id == row.merged_into)) if row.merged_into else []
    found.add(parts.sent(tx, [row, *into], here=row.id))
    _say(tx, found, [came_from] if came_from is not None else [])
    return _story("post", row.key if not about else "", found, counts)


def _from_home(tx: Tx, row: Row[Any]) -> Story:
    """What was voted for a home or by who lived there at the time; of polls that name no voters only that somebody took part."""
    lived = tx.all(select(residence).where(residence.c.home_id == row.id).order_by(residence.c.since))
    names = browse.labels(tx, {r.person_id for r in lived})
    found = Found([Entry(r.since, "home", "moved_in", names[r.person_id]) for r in lived])
    found.add(Entry(r.until, "home", "moved_out", names[r.person_id]) for r in lived if r.until is not None)
    voters = {f"home:{row.id}": None} | {f"person:{r.person_id}": r for r in lived}
    polls = parts.polls_in(tx, row.community_id)
    voted = parts.voted_in(tx, [each.id for each in polls], list(voters))
    called: dict[tuple[str, int | None], str] = {}
    for each in polls:
        mine = [v for v in voted.get(each.id, ()) if (since := voters[v]) is None or _lived(since, each)]
        if mine and browse.only_voters(each):
            if tx.first(select(ballot.c.id).where(ballot.c.poll_id == each.id, ballot.c.voter.in_(mine), ballot.c.choice != "")):
                found.entries.append(Entry(each.opens_at, "poll", "opened", text=each.title, of=("poll", each.id),
                                           note="not_public", label=f"P{each.number}"))
        elif mine:
            found.add(replace(line, answer=each.title) for line in parts.ballots_of(
                tx, each, ballot_log.c.voter.in_(mine), called=called))
    return _story("home", row.label, found, [])


def _lived(row: Row[Any], each: Row[Any]) -> bool:
    return (row.until is None or row.until > each.opens_at) and row.since <= (each.closed_at or each.closes_at)


_TELL: dict[str, Callable[[Tx, Any], Story]] = {
    "message": _from_message, "issue": _from_issue, "poll": _from_poll, "post": _from_post, "home": _from_home}


# --- the matter ---------------------------------------------------------------------------------------------------
def _matter(tx: Tx, objects: list[str], community_id: int | None) -> Matter:
    """The issues and polls these objects name, the issue a poll came from, and every poll from these issues."""
    ids: dict[str, set[int]] = {"issue": set(), "poll": set()}
    for name in objects:
        match = _ABOUT.fullmatch(name)
        if match is not None and match[1] in ids:
            ids[match[1]].add(int(match[2]))
    polls = tx.all(select(poll).where(poll.c.id.in_(ids["poll"]), poll.c.community_id == community_id))
    ids["issue"] |= {row.issue_id for row in polls if row.issue_id is not None}
    issues = tx.all(select(issue).where(issue.c.id.in_(ids["issue"]), issue.c.community_id == community_id))
    known = [row.id for row in polls]
    polls += tx.all(select(poll).where(poll.c.issue_id.in_([row.id for row in issues]), poll.c.id.not_in(known)))
    return Matter({row.id: row for row in issues}, {row.id: row for row in polls})


def _told(tx: Tx, matter: Matter, *, but_ballots: int | None = None, but_post: int | None = None) -> tuple[Found, Counts]:
    """Everything of a matter: events, deeds, the words that led to them, ballots that are public, posts and their fate."""
    found, counts = Found(), []
    for issue_id, row in matter.issues.items():
        label = f"I{row.number}" if row.number else ""
        events = parts.events(tx, row)
        deeds = parts.deeds_on(tx, issue_id)
        found.add(events)
        found.add(parts.records(tx, deeds, {e.at for e in events}, label, ("issue", issue_id)))
        _say(tx, found, parts.messages_behind(tx, deeds))
        counts += _sent(tx, found, f"issue:{issue_id}:", label, but_post)
    for poll_id, row in matter.polls.items():
        label = f"P{row.number}"
        course, deeds = parts.course_of(row), parts.deeds_on_poll(tx, row)
        found.add(course)
        found.add(parts.records(tx, deeds, {e.at for e in course}, label, ("poll", poll_id)))
        _say(tx, found, parts.messages_behind(tx, deeds))
        if browse.only_voters(row):
            counts.append(("people", label, parts.took_part(tx, poll_id)))
        elif poll_id != but_ballots:
            votes = parts.ballots_of(tx, row)
            found.cut = found.cut or len(votes) == parts.BALLOTS
            found.add(votes)
        counts += _sent(tx, found, f"poll:{poll_id}:", label, but_post)
    return found, counts


def _sent(tx: Tx, found: Found, prefix: str, label: str, but_post: int | None) -> Counts:
    found.add(parts.sent(tx, parts.posts(tx, prefix, but_post)))
    found.add(parts.by_hand(tx, prefix))
    private = parts.private_posts(tx, prefix)
    return [("private_posts", label, private)] if private else []


def _say(tx: Tx, found: Found, rows: list[Row[Any]]) -> None:
    """Adds messages that are not there yet."""
    known = {e.of for e in found.entries}
    found.add(parts.said(tx, [row for row in rows if ("message", row.id) not in known]))


def _story(kind: str, title: str, found: Found, counts: Counts) -> Story:
    unique: dict[Any, Entry] = {}
    for entry in found.entries:  # a line that is marked wins over the same line unmarked
        key = (entry.at, entry.kind, entry.name, entry.who, entry.text, entry.of)
        if key not in unique or entry.here:
            unique[key] = entry
    lines = sorted(unique.values(), key=lambda e: (e.at, _ORDER[e.kind]))
    at = next((n for n, e in enumerate(lines) if e.here), len(lines))
    start = max(0, min(at - LONGEST // 2, len(lines) - LONGEST))
    return Story(kind, title, lines[start: start + LONGEST], found.cut or len(lines) > LONGEST, tuple(counts))


_ORDER = {"home": 0, "said": 1, "event": 2, "record": 3, "poll": 4, "ballot": 5, "post": 6, "hand": 7, "tried": 8}


def _thing(name: str) -> tuple[str, int] | None:
    match = _ABOUT.fullmatch(name)
    return (match[1], int(match[2])) if match is not None else None


def _label(matter: Matter, name: str) -> str:
    thing = _thing(name)
    if thing is None:
        return ""
    row = (matter.issues if thing[0] == "issue" else matter.polls).get(thing[1])
    return f"{'I' if thing[0] == 'issue' else 'P'}{row.number}" if row is not None and row.number else ""


__all__ = ["KINDS", "Entry", "Story", "of"]
