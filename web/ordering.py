"""Commands given in the console: one deed of a page, any command in words, and the answer to what one of them asks first."""

import secrets
from datetime import datetime
from typing import Any

from flask import Blueprint, abort, current_app, g, request
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import Row

from bot import orders
from bot.context import Dialog
from domain.errors import Refusal
from domain.lifecycle import Act
from domain.roles import Actor, Where
from domain.roles import Deed as Rights
from models.base import Tx
from models.rounds import opinion_round
from models.tables import issue, poll, session
from services import browse, courses, paging, parties, rounds, staff, steps
from services.people import Speaker
from texts.say import say
from web.deeds import ADOPTED, FIELDS, HOW, ISSUES, LISTS, NUMBERS, PLACE, POLLS, ROUNDS, SESSIONS, Deed, Said, fits
from web.desk import Desk, number, text
from web.door import written

ASKED_FOR = 3600  # seconds in which a question of an order can be answered
PAGES = {"issue": (issue, ISSUES), "poll": (poll, POLLS), "round": (opinion_round, ROUNDS), "session": (session, SESSIONS)}
Choices = dict[str, list[str]]


class OrderPages(Desk):
    """The views; each opens its own transaction."""

    def hang(self, console: Blueprint) -> None:
        """Adds the addresses to the console."""
        for kind in PAGES:
            console.add_url_rule(f"/{kind}s/<int:key>/deed", f"{kind}_deed", self._view(kind), methods=["POST"])
        console.add_url_rule("/place/deed", "place_deed", self.of_place, methods=["POST"])
        console.add_url_rule("/order", "order", self.order, methods=["GET", "POST"])
        console.add_url_rule("/order/answer", "order_answer", self.answer, methods=["POST"])

    def _view(self, kind: str) -> Any:
        return lambda key: self._of_one(kind, key)

    def _of_one(self, kind: str, key: int) -> Any:
        """Does one thing to an issue, a poll, a round or a session."""
        table, deeds = PAGES[kind]
        with self.db.read() as tx:
            row = browse.one(tx, table, key, g.login.actor.community_id) if key <= paging.LARGEST else None
            if row is None or row.number is None or (kind == "issue" and row.private and not g.login.actor.may(Rights.PRIVATE)):
                abort(404)
            of = rounds.number_of(tx, row) if kind == "round" else row.number  # a round is called by its issue
        deed = deeds.get(text("deed", 40)) or abort(400)
        nonce = f"{text('nonce', 40)}:{deed.name}:{key}"
        return self._done(lambda tx: carry_out(tx, g.login.actor, deed, row.community_id, of, said(), nonce=nonce, now=self.clock(),
                                               person_id=number("person")), row.community_id, f"console.{kind}", key)

    def of_place(self) -> Any:
        """Does one thing that is about the whole community."""
        deed, where = PLACE.get(text("deed", 40)) or abort(400), self.where()
        nonce = f"{text('nonce', 40)}:{deed.name}"
        return self._done(lambda tx: carry_out(tx, self.actor(), deed, where, 0, said(), nonce=nonce, now=self.clock(),
                                               person_id=number("person")), where, f"console.{deed.page}", None)

    def order(self) -> Any:
        """Any command of the staff, said as in chat, in the name of one of them."""
        where, now, asked = self.where(), self.clock(), text("say", 1000) or request.args.get("say", "")[:200]
        told, question, nonce, actor = None, "", text("nonce", 40), self.actor()
        if request.method == "POST" and asked:
            def work(tx: Tx) -> orders.Told:
                speaker = staff.speaker(tx, actor, community_id=where, person_id=number("person"), now=now)
                return orders.say_words(tx, speaker, asked, nonce=f"{nonce}:order", now=now)
            told = self._try(work)
            question = _sealed(told, where, number("person"), "console.order", None)
        with self.db.read() as tx:
            topics: dict[str, list[str]] = {}
            for each in orders.known():
                topics.setdefault(each.topic, []).append(each.usage)
            page = self.page("console/order.html", tx, said=asked, told_order=told, topics=topics, nonce=secrets.token_urlsafe(9),
                             question=question, staff=staff.listed(tx, where), used=staff.used(tx, actor, community_id=where))
        return page, 200 if told is None or told.good else 400

    def answer(self) -> Any:
        """Answers what an order has asked before it is carried out."""
        try:
            kept = _sealer().loads(request.form.get("question", ""), max_age=ASKED_FOR)
        except BadData:
            kept = {}
        own = g.login.actor.community_id
        if kept.get("who") != g.login.actor.who or own not in (None, kept["where"]):
            with self.db.read() as tx:
                return self._told(tx, orders.Told(False, say("orders.too_late")), "", "console.board", None), 400
        asked, where, person_id = Dialog(kept["then"], kept["by"], kept["data"]), kept["where"], kept["person"]
        nonce, words = f"{text('nonce', 40)}:answer", text("say", 1000)

        def work(tx: Tx) -> orders.Told:
            who = _speaker(tx, g.login.actor, where, person_id, self.clock(), named=person_id is not None)
            return orders.answer(tx, who, asked, words, nonce=nonce, now=self.clock())
        return self._done(work, where, kept["back"], kept["key"], person_id)

    def _done(self, work: Any, where: int, back: str, key: int | None, person_id: int | None = None) -> Any:
        """Carries it out and shows what came of it, with the answers to choose from when it asks first."""
        told = self._try(work)
        with self.db.read() as tx:
            question = _sealed(told, where, person_id or number("person"), back, key)
            return self._told(tx, told, question, back, key), 200 if told.good else 400

    def _told(self, tx: Tx, told: orders.Told, question: str, back: str, key: int | None) -> str:
        return self.page("console/told.html", tx, good=told.good, text=told.text, back=back, back_to={"key": key} if key else {},
                         question=question, buttons=told.buttons, nonce=secrets.token_urlsafe(9))

    def _try(self, work: Any) -> orders.Told:
        try:
            done: orders.Told = written(self.db, work)
        except Refusal as no:
            done = orders.Told(False, say(no.key, **no.facts))
        return done


def carry_out(tx: Tx, actor: Actor, deed: Deed, community_id: int, of: int, asked: Said, *, nonce: str, now: datetime,
              person_id: int | None = None) -> orders.Told:
    """Gives the command this deed is; `of` is the number of what it is about."""
    speaker = _speaker(tx, actor, community_id, person_id, now, named=deed.named)
    return orders.give(tx, speaker, deed.name, deed.args(of, asked), words=deed.line(of, asked), nonce=nonce, now=now)


def _speaker(tx: Tx, actor: Actor, community_id: int, person_id: int | None, now: datetime, *, named: bool) -> Speaker:
    if named:
        return staff.speaker(tx, actor, community_id=community_id, person_id=person_id, now=now)
    return Speaker(actor.who, actor.role, community_id, None, told=True, consented=True)


def said() -> Said:
    """The fields of deeds as the form says them; what is no number where one belongs says nothing."""
    found = {name: text(name, most) for name, most in {**FIELDS, **LISTS}.items()}
    found |= {name: given if (given := text(name, most)).isascii() and given.isdecimal() else "" for name, most in NUMBERS.items()}
    lines = request.form.get("seeds", "").replace("\0", "")[:FIELDS["seeds"]].splitlines()
    return found | {"seeds": "\n".join(filter(None, (" ".join(line.split()) for line in lines)))}


def choices(tx: Tx, where: Where) -> Choices:
    """What can be chosen in fields that are no free words; of several communities, what deeds on many at once need."""
    one = _one(where)
    return {"party": list(dict.fromkeys(row.name for row in parties.listed(tx, where))), "adopted": list(ADOPTED), "how": list(HOW),
            "course": [course.name for course in courses.known(tx, one)],
            "scope": [name for _, name in browse.buildings(tx, one)]}


def offered(tx: Tx, actor: Actor, row: Row[Any], now: datetime) -> list[Deed]:
    """The deeds that fit an issue as it stands, in their order."""
    may: set[Act] = set(steps.may(tx, actor, row, now=now))
    fit = [deed for deed in ISSUES.values() if (may & set(deed.acts) if deed.acts else fits(deed, row.state))]
    fit = [deed for deed in fit if not (row.private and deed.group == "talk") and orders.allowed(actor.role, deed.name)]
    return [deed for deed in fit if row.party_id is not None or deed.name != "issue.nudge"]


def open_to(actor: Actor, deeds: dict[str, Deed], state: str = "") -> list[Deed]:
    """Those deeds that somebody of this role may do in this state."""
    return [deed for deed in deeds.values() if fits(deed, state) and orders.allowed(actor.role, deed.name)]


def desk_of(tx: Tx, actor: Actor, where: Where) -> dict[str, Any]:
    """What every page with deeds needs: what can be chosen, in whose name, and a nonce that makes a form count once."""
    one = _one(where)
    return {"choices": choices(tx, where), "numbers": NUMBERS, "lengths": {**FIELDS, **LISTS}, "staff": staff.listed(tx, one),
            "used": staff.used(tx, actor, community_id=one), "nonce": secrets.token_urlsafe(9)}


def _one(where: Where) -> int:
    return where if isinstance(where, int) else 0  # no community: nothing is found by it


def _sealed(told: orders.Told, where: int, person_id: int | None, back: str, key: int | None) -> str:
    """The question as the form keeps it meanwhile: nobody can change it, and nobody else can answer it."""
    asked = told.question
    return "" if asked is None else _sealer().dumps({
        "then": asked.then, "by": asked.by, "data": asked.data, "who": g.login.actor.who, "where": where, "person": person_id,
        "back": back, "key": key})


def _sealer() -> URLSafeTimedSerializer:
    assert current_app.secret_key is not None
    return URLSafeTimedSerializer(current_app.secret_key, salt="linyi-order")
