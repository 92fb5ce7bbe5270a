"""The pages of a party's own account, on a phone first: the orders given to it, and what its members do with them in chat."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, abort, g, request, url_for
from sqlalchemy import Row

from bot import orders
from bot.router import Args
from domain.errors import Refusal
from domain.lifecycle import OPEN, Act
from domain.roles import Actor
from domain.states import State
from domain.timers import LIVES, Timer
from models.base import Tx
from services import browse, evidence, jobs, paging, photos, steps
from services.people import Speaker
from texts.mask import public
from texts.say import say
from web.desk import Desk, text
from web.door import written
from web.photo import photo_response

PATH = "/console/jobs/"
LIMIT = (evidence.MOST + 1) * photos.BYTES  # bytes of a form with photos
PHOTO = "photo"  # the deed that is no command: in chat a photo is sent, not ordered


@dataclass(frozen=True, slots=True)
class Way:
    """A command that members of a party give in chat: its fields in the order in which they are said, and how it is typed."""

    name: str
    fields: tuple[str, ...]
    typed: str
    acts: tuple[Act, ...] = ()  # open when one of them is


WAYS = {way.name: way for way in (
    Way("issue.sign", (), "签收", (Act.TAKE_ON,)),
    Way("issue.contact", ("words",), "联系", (Act.TAKE_ON, Act.CONTACT)),
    Way("issue.resolve", ("words", "photo"), "办结", (Act.TAKE_ON, Act.RESOLVE)),
    Way(PHOTO, ("photo",), "", (Act.TAKE_ON, Act.CONTACT)),
    Way("issue.extend", ("until", "words"), "延期", (Act.TAKE_ON, Act.RESOLVE)),  # EXTEND itself is the staff's: a party asks
    Way("promise.make", ("party", "until", "words"), "承诺"),
    Way("promise.report", ("words",), "兑现"),
    Way("issue.whistle", ("words",), "吹哨"),
    Way("issue.return", ("words",), "退单", (Act.RETURN,)),
)}


class JobPages(Desk):
    """The views; each opens its own transaction."""

    def hang(self, console: Blueprint) -> None:
        """Adds the addresses to the console."""
        console.add_url_rule("/jobs", "jobs", self.jobs)
        console.add_url_rule("/jobs/<int:key>", "job", self.job)
        console.add_url_rule("/jobs/<int:key>", "job_deed", self.deed, methods=["POST"])
        console.add_url_rule("/jobs/<int:key>/photos/<int:one>.jpg", "job_photo", self.photo)

    def jobs(self, told: str = "") -> Any:
        """What is to be done and until when, what was promised, and what is done."""
        actor, now = g.login.actor, self.clock()
        with self.db.read() as tx:
            columns = [c for c in jobs.waiting(tx, actor, now=now) if c.cards]
            return self.page("console/jobs.html", tx, columns=columns, done=jobs.done(tx, actor), promised=jobs.promised(tx, actor),
                             unseen=jobs.unseen(tx, actor), names=jobs.names(tx, actor), answer=told, now=now)

    def job(self, key: int, told: str = "", good: bool = True) -> Any:
        """One order: what it is about, where, until when, its photos and course, and what can be done."""
        actor, now = g.login.actor, self.clock()
        with self.db.read() as tx:
            row = self._row(tx, key)
            names = jobs.names(tx, actor)
            owner = {each.id: each.name for each in names}
            course = [(e, public(e.text or ""), owner.get(e.party_id, "")) for e in browse.timeline(tx, key, inner=False)]
            return self.page("console/job.html", tx, issue=row, said=public(row.text or ""), title=public(row.title), course=course,
                             names=names, photos=evidence.public(tx, key), promised=jobs.promised(tx, actor, key),
                             photo_at=lambda p: url_for("console.job_photo", key=key, one=p.id), answer=told, good=good, now=now,
                             ways=offered(tx, actor, row, now), nonce=secrets.token_urlsafe(9))

    def deed(self, key: int) -> Any:
        """Does what a member says in chat; photos that come along are put to the issue first."""
        with self.db.read() as tx:
            row = self._row(tx, key)
        way = WAYS.get(text("deed", 40)) or abort(400)
        try:
            good, told = written(self.db, lambda tx: self._done(tx, row, way))
        except Refusal as no:
            good, told = False, say(no.key, **no.facts)
        with self.db.read() as tx:
            still = jobs.one(tx, g.login.actor, key)
        page = self.job(key, told, good) if still is not None else self.jobs(told)  # what was sent back is not theirs any more
        return page, 200 if good else 400

    def photo(self, key: int, one: int) -> Any:
        """One photo of an order."""
        with self.db.read() as tx:
            self._row(tx, key)
            data = evidence.picture(tx, one) if one in {p.id for p in evidence.public(tx, key)} else None
        return photo_response(data) if data is not None else abort(404)

    def _done(self, tx: Tx, row: Row[Any], way: Way) -> tuple[bool, str]:
        actor, now = g.login.actor, self.clock()
        count = evidence.hand_in(tx, actor, row, pictures(), now=now) if PHOTO in way.fields else 0
        if way.name == PHOTO:
            return bool(count), say("jobs.photos" if count else "jobs.no_photo", count=count)
        rest = " ".join(filter(None, (text(name, 500) for name in way.fields if name != PHOTO)))
        speaker = Speaker(actor.who, actor.role, row.community_id, None, actor.parties, told=True, consented=True)
        done = orders.give(tx, speaker, way.name, Args(issue=row.number, rest=rest), now=now,
                           words=f"{way.typed} I{row.number} {rest}".strip(), nonce=f"{text('nonce', 40)}:{way.name}:{row.id}")
        return done.good, done.text

    def _row(self, tx: Tx, key: int) -> Row[Any]:
        """The order, or 404 when it is none of this account's parties."""
        row = jobs.one(tx, g.login.actor, key) if key <= paging.LARGEST else None
        return row if row is not None else abort(404)


def offered(tx: Tx, actor: Actor, row: Row[Any], now: datetime) -> list[Way]:
    """What can be done with an order as it stands."""
    may = set(steps.may(tx, actor, row, now=now))
    own = row.party_id in actor.parties
    others = {"promise.make": row.state in [*OPEN, State.CLOSED],
              "promise.report": any(it.state == "open" for it in jobs.promised(tx, actor, row.id)),
              "issue.whistle": own and State(row.state) in LIVES[Timer.WHISTLE]}
    return [way for way in WAYS.values() if others.get(way.name, False) or (own and may & set(way.acts))]


def pictures() -> list[bytes]:
    """The photos of the form, written anew; a Refusal when one is none."""
    sent = [each.read(photos.BYTES + 1) for each in request.files.getlist(PHOTO)[: evidence.MOST]]
    return [photos.clean(data, about="photo") for data in sent if data]
