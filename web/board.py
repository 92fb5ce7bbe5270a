"""The board of what is open, deeds on one or many at once with what came of each, and commands as in chat."""

import secrets
from typing import Any

from flask import Blueprint, abort, g, request
from sqlalchemy import Row

from bot import orders
from domain.errors import Refusal
from domain.lifecycle import Act
from domain.roles import Deed as Rights
from domain.roles import Where
from models.base import Tx
from models.tables import home, issue, poll
from services import board, browse, paging, parties, staff, steps, unit
from services.people import Speaker
from texts.say import say
from texts.words import categories
from web.deeds import ISSUES, POLLS, Deed, Said
from web.desk import Desk, number, numbers, text
from web.door import may, written

MANY = 200  # at once


class BoardPages(Desk):
    """The views; each opens its own transaction."""

    def hang(self, console: Blueprint) -> None:
        """Adds the addresses to the console."""
        console.add_url_rule("/board", "board", self.board)
        console.add_url_rule("/board", "board_deed", self.many, methods=["POST"])
        console.add_url_rule("/issues/<int:key>/deed", "issue_deed", self.issue_deed, methods=["POST"])
        console.add_url_rule("/polls/<int:key>/deed", "poll_deed", self.poll_deed, methods=["POST"])
        console.add_url_rule("/homes/<int:key>", "unit", self.unit)
        console.add_url_rule("/order", "order", self.order, methods=["GET", "POST"])

    def board(self, wrong: str = "", results: list[tuple[str, bool, str]] | None = None) -> Any:
        """Every open issue in its column, and the open polls."""
        where, asked = self.wide(), request.values
        by = "due" if asked.get("by") == "due" else "state"
        words = "".join(c for c in asked.get("q", "") if c.isprintable()).strip()[:40]
        kind, party_id = asked.get("category", "")[:32], number("party_id")
        with self.db.read() as tx:
            found = board.columns(tx, where, by=by, now=self.clock(), category=kind, party_id=party_id, words=words,
                                  private=g.login.actor.may(Rights.PRIVATE))
            return self.page("console/board.html", tx, wrong, columns=found, by=by,
                             polls=board.open_polls(tx, where) if may("polls") else None,
                             results=results, most=board.MOST,
                             called=browse.communities(tx) if isinstance(where, frozenset) else {}, kind=kind, q=words,
                             party_id=party_id, nonce=secrets.token_urlsafe(9), listed=parties.listed(tx, where),
                             categories=list(categories().values()), deeds=[d for d in ISSUES.values() if d.bulk],
                             poll_deeds=[d for d in POLLS.values() if d.bulk])

    def wide(self) -> Where:
        """All of one's own communities where they are on the screen, else the one."""
        where: Where = g.login.where
        return where if isinstance(where, frozenset) else self.where()

    def many(self) -> Any:
        """Does one thing to each of those that were ticked; each stands by itself, and all that can be done is done."""
        about_polls = "poll" in request.form
        deed = (POLLS if about_polls else ISSUES).get(text("deed", 40))
        chosen = numbers("poll" if about_polls else "issue")[:MANY]
        if deed is None or not deed.bulk:
            abort(400)
        if not chosen:
            return self.board(wrong=say("desk.none_chosen")), 400
        where, said, nonce = self.wide(), _said(), text("nonce", 40)

        def work(tx: Tx) -> list[tuple[str, bool, str]]:
            rows = [browse.one(tx, poll if about_polls else issue, key, where) for key in chosen]  # of another community: none
            return [self._one(tx, deed, row, said, f"{nonce}:{deed.name}:{row.id}") for row in rows
                    if row is not None and row.number is not None]
        return self.board(results=written(self.db, work))

    def issue_deed(self, key: int) -> Any:
        """Does one thing to an issue."""
        return self._deed(issue, ISSUES, key)

    def poll_deed(self, key: int) -> Any:
        """Does one thing to a poll."""
        return self._deed(poll, POLLS, key)

    def _deed(self, table: Any, deeds: dict[str, Deed], key: int) -> Any:
        with self.db.read() as tx:
            row = browse.one(tx, table, key, g.login.actor.community_id) if key <= paging.LARGEST else None
        if row is None or row.number is None or (table is issue and row.private and not g.login.actor.may(Rights.PRIVATE)):
            abort(404)
        deed = deeds.get(text("deed", 40)) or abort(400)
        said, nonce = _said(), text("nonce", 40)
        _, good, told = written(self.db, lambda tx: self._one(tx, deed, row, said, f"{nonce}:{deed.name}:{key}"))
        with self.db.read() as tx:
            back = f"console.{'issue' if table is issue else 'poll'}"
            return self.page("console/told.html", tx, good=good, text=told, back=back, row=row), 200 if good else 400

    def _one(self, tx: Tx, deed: Deed, row: Row[Any], said: Said, nonce: str) -> tuple[str, bool, str]:
        """What it is called, whether it was done, and what the chat would have answered."""
        letter = "P" if deed.name.startswith("poll.") else "I"
        actor = g.login.actor
        speaker = Speaker(actor.who, actor.role, row.community_id, None, told=True, consented=True)
        done = orders.give(tx, speaker, deed.name, deed.args(row.number, said), words=deed.line(row.number, said), nonce=nonce,
                           now=self.clock())
        return f"{letter}{row.number} {row.title}", done.good, done.text

    def unit(self, key: int) -> Any:
        """One home: who voted when, and whether it was counted."""
        with self.db.read() as tx:
            row = browse.one(tx, home, key, g.login.actor.community_id) if key <= paging.LARGEST else None
            if row is None:
                abort(404)
            return self.page("console/unit.html", tx, home=row, it=unit.of(tx, key))

    def order(self) -> Any:
        """Any command of the staff, said as in chat, in the name of one of them."""
        where, now, said = self.where(), self.clock(), text("say", 1000) or request.args.get("say", "")[:200]
        told, nonce, actor = None, text("nonce", 40), self.actor()
        if request.method == "POST" and said:
            def work(tx: Tx) -> orders.Told:
                speaker = staff.speaker(tx, actor, community_id=where, person_id=number("person"), now=now)
                return orders.say_words(tx, speaker, said, nonce=f"{nonce}:order", now=now)
            told = self._try(work)
        with self.db.read() as tx:
            topics: dict[str, list[str]] = {}
            for each in orders.known():
                topics.setdefault(each.topic, []).append(each.usage)
            page = self.page("console/order.html", tx, said=said, told_order=told, topics=topics, nonce=secrets.token_urlsafe(9),
                             staff=staff.listed(tx, where), used=staff.used(tx, actor, community_id=where))
        return page, 200 if told is None or told.good else 400

    def _try(self, work: Any) -> orders.Told:
        try:
            done: orders.Told = written(self.db, work)
        except Refusal as no:
            done = orders.Told(False, say(no.key, **no.facts))
        return done


def offered(tx: Tx, actor: Any, row: Row[Any], now: Any) -> list[Deed]:
    """The deeds that fit an issue as it stands, in their order."""
    may: set[Act] = set(steps.may(tx, actor, row, now=now))
    fit = [deed for deed in ISSUES.values() if may & set(deed.acts)]
    return [deed for deed in fit if row.party_id is not None or deed.name != "issue.nudge"]


def _said() -> Said:
    return Said(text("party", 64), text("until", 40), text("words", 500), number("into") or 0)
