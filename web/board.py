"""The board of what is open with deeds on many at once and what came of each, and what one home has voted."""

from typing import Any

from flask import Blueprint, abort, g, render_template, request
from sqlalchemy import Row

from domain.roles import Deed as Rights
from domain.roles import Where
from models.base import Tx
from models.tables import home, issue, poll
from services import board, browse, bulletins, paging, parties, unit, voices
from texts.say import say
from texts.words import categories
from web.deeds import ISSUES, PLACE, POLLS, Deed, Said
from web.desk import Desk, number, numbers, text
from web.door import may, onward_or_home, written
from web.ordering import carry_out, desk_of, said

MANY = 200  # at once


class BoardPages(Desk):
    """The views; each opens its own transaction."""

    def hang(self, console: Blueprint) -> None:
        """Adds the addresses to the console."""
        console.add_url_rule("/board", "board", self.board)
        console.add_url_rule("/board", "board_deed", self.many, methods=["POST"])
        console.add_url_rule("/homes/<int:key>", "unit", self.unit)

    def board(self, wrong: str = "", results: list[tuple[str, bool, str]] | None = None) -> Any:
        """Every open issue in its column, and the open polls."""
        where, asked = self.wide(), request.values
        one = where if isinstance(where, int) else 0  # what is about one community needs one
        by = "due" if asked.get("by") == "due" else "state"
        words = "".join(c for c in asked.get("q", "") if c.isprintable()).strip()[:40]
        kind, party_id = asked.get("category", "")[:32], number("party_id")
        with self.db.read() as tx:
            found = board.columns(tx, where, by=by, now=self.clock(), category=kind, party_id=party_id, words=words,
                                  private=g.login.actor.may(Rights.PRIVATE))
            return self.page("console/board.html", tx, wrong, columns=found, by=by,
                             polls=board.open_polls(tx, where) if may("polls") else None,
                             today=bulletins.today(tx, one, now=self.clock()) if may("order") and one else "",
                             week=bulletins.this_week(tx, one, now=self.clock()) if may("order") and one else "",
                             results=results, most=board.MOST, kind=kind, q=words, party_id=party_id,
                             called=browse.communities(tx) if not one else {},
                             listed=parties.listed(tx, where), **desk_of(tx, self.actor(), where),
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
            return self._came(wrong=say("desk.none_chosen")), 400
        where, asked, nonce = self.wide(), said(), text("nonce", 40)

        def work(tx: Tx) -> list[tuple[str, bool, str]]:
            rows = [browse.one(tx, poll if about_polls else issue, key, where) for key in chosen]  # of another community: none
            return [self._one(tx, deed, row, asked, f"{nonce}:{deed.name}:{row.id}") for row in rows
                    if row is not None and row.number is not None]
        return self._came(results=written(self.db, work))

    def _came(self, **what: Any) -> Any:
        """What came of it: on the board, or before going back to the list on which they were ticked."""
        back = request.form.get("back", "")
        return render_template("console/done.html", back=onward_or_home(back), **what) if back else self.board(**what)

    def _one(self, tx: Tx, deed: Deed, row: Row[Any], asked: Said, nonce: str) -> tuple[str, bool, str]:
        """What it is called, whether it was done, and what the chat would have answered."""
        with voices.speaking(tx, row.community_id):
            done = carry_out(tx, g.login.actor, deed, row.community_id, row.number, asked, nonce=nonce, now=self.clock())
        return f"{'P' if deed.name in POLLS else 'I'}{row.number} {row.title}", done.good, done.text

    def unit(self, key: int) -> Any:
        """One home: who voted when, and whether it was counted."""
        with self.db.read() as tx:
            row = browse.one(tx, home, key, g.login.actor.community_id) if key <= paging.LARGEST else None
            if row is None:
                abort(404)
            return self.page("console/unit.html", tx, home=row, it=unit.of(tx, key), code_deed=PLACE["owner.code"],
                             **desk_of(tx, self.actor(), row.community_id))
