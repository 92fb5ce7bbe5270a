"""The console's page for ballots on paper: a first and a second reading of the photo, and the sample to look at again."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, g, redirect, render_template, request, url_for

from domain.errors import Refusal
from models.base import Database
from models.tables import poll
from services import browse, paging, paper, photos, standing
from texts.kinds import spoken
from texts.say import say
from web.door import written

PATH = "/paper"
_DONE = ("entered", "counted", "held", "differs", "dropped")
LIMIT = photos.BYTES + 64 * 1024


class PaperPages:
    """The views; each opens its own transaction."""

    def __init__(self, db: Database, clock: Callable[[], datetime]):
        self.db, self.clock = db, clock

    def hang(self, console: Blueprint) -> None:
        """Adds the addresses to the console."""
        at = f"/polls/<int:key>{PATH}"
        console.add_url_rule(at, "paper", self.page)
        console.add_url_rule(at, "paper_enter", self.enter, methods=["POST"])
        console.add_url_rule(f"{at}/<int:one>.jpg", "paper_photo", self.photo)
        console.add_url_rule(f"{at}/<int:one>", "paper_confirm", self.confirm, methods=["POST"])

    def page(self, key: int, told: str = "") -> Any:
        """What has been entered, and the forms."""
        row, done = self._poll(key), request.args.get("done", "")
        with self.db.read() as tx:
            rows = paper.listed(tx, key)
            names = browse.actors(tx, {who for each in rows for who in (each.entered_by, each.confirmed_by) if who})
            return render_template("console/paper.html", poll=row, rows=rows, names=names, me=g.login.actor.who,
                                   done=told or (say(f"paper.{done}") if done in _DONE else ""), sample=paper.sample(tx, row),
                                   said={each.id: spoken(each.choice, row.kind, row.options) for each in rows},
                                   hidden=standing.hides(row))

    def enter(self, key: int) -> Any:
        """The first reading."""
        sent = request.files.get("photo")
        data = sent.read(photos.BYTES + 1) if sent is not None else b""

        def work(tx: Any, row: Any) -> str:
            paper.enter(tx, g.login.actor, row, where=_text("home"), words=_text("choice"), proxy=_text("proxy"), photo=data,
                        how=paper.PHONE if _text("how") == paper.PHONE else paper.PAPER, now=self.clock())
            return "entered"
        return self._deed(key, work)

    def confirm(self, key: int, one: int) -> Any:
        """The second reading, or putting it aside."""
        def work(tx: Any, row: Any) -> str:
            if "drop" in request.form:
                paper.drop(tx, g.login.actor, row, one, reason=_text("reason"), now=self.clock())
                return "dropped"
            return paper.confirm(tx, g.login.actor, row, one, words=_text("choice"), now=self.clock())
        return self._deed(key, work)

    def photo(self, key: int, one: int) -> Any:
        """The picture of one paper."""
        self._poll(key)
        with self.db.read() as tx:
            data = paper.photo(tx, key, one)
        return Response(data, mimetype="image/jpeg") if data else abort(404)

    def _deed(self, key: int, work: Callable[[Any, Any], str]) -> Any:
        row = self._poll(key)
        try:
            done = written(self.db, lambda tx: work(tx, row))
        except Refusal as no:
            return self.page(key, say(no.key, **no.facts)), 400
        return redirect(url_for("console.paper", key=key, done=done))

    def _poll(self, key: int) -> Any:
        """The poll, or 404 when it is not of this account's community."""
        with self.db.read() as tx:
            row = browse.one(tx, poll, key, g.login.actor.community_id) if key <= paging.LARGEST else None
        return row if row is not None else abort(404)


def _text(name: str) -> str:
    return request.form.get(name, "").replace("\0", "").strip()[:100]
