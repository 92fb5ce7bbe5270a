"""What admins decide on an issue's page: warning level, whose affair it is, and a look at who raised it when that is kept back."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, g, redirect, render_template, request, url_for

from domain.errors import Refusal
from domain.roles import Deed
from domain.triage import Track
from domain.warning import Level
from models.base import Database, Tx
from models.tables import issue
from services import browse, casefile, corrections, electorate, paging, sight, triage, warning
from texts.say import say
from web import spoken
from web.door import written
from web.ordering import desk_of, offered

_MOST = 200  # characters of a reason
TRACKS = (*map(str, Track), triage.PRIVATE)


def inside(tx: Tx, row: Any, now: datetime) -> dict[str, Any]:
    """What the page shows of this beside the issue itself, and what can be done to it now."""
    changes = warning.history(tx, row.id)
    by = browse.actors(tx, {each.made_by for each in changes})
    return {"warnings": changes, "warned_by": by, "levels": list(map(str, Level)), "tracks": TRACKS,
            "deeds": offered(tx, g.login.actor, row, now) if row.number else [], **desk_of(tx, g.login.actor, row.community_id)}


class IssueDesk:
    """The deeds; each opens its own transaction."""

    def __init__(self, db: Database, clock: Callable[[], datetime]):
        self.db, self.clock = db, clock

    def hang(self, console: Blueprint) -> None:
        """Adds the addresses to the console."""
        for name in ("level", "track", "reveal"):
            console.add_url_rule(f"/issues/<int:key>/{name}", f"issue_{name}", getattr(self, name), methods=["POST"])
        console.add_url_rule("/issues/<int:key>.zip", "issue_zip", self.case, methods=["POST"])

    def level(self, key: int) -> Any:
        """Sets the warning level, or leaves it to the score."""
        said = request.form.get("level", "")
        if said not in (*map(str, Level), "auto"):
            self._row(key)
            abort(400)
        wanted = None if said == "auto" else Level(said)
        return self._deed(key, lambda tx, row: warning.decide(
            tx, g.login.actor, row, level=wanted, reason=_reason(), now=self.clock()))

    def track(self, key: int) -> Any:
        """Says whose affair it is first."""
        said = request.form.get("track", "")
        if said not in TRACKS:
            self._row(key)
            abort(400)
        return self._deed(key, lambda tx, row: corrections.correct(
            tx, g.login.actor, number=row.number, field="track", value=said, reason=_reason(), now=self.clock(),
            community_id=row.community_id))

    def reveal(self, key: int) -> Any:
        """Shows once who raised an anonymous issue; that it was looked at stays on record."""
        row = self._row(key)
        if not row.anonymous:
            return redirect(url_for("console.issue", key=key))
        try:
            who = written(self.db, lambda tx: sight.reveal(tx, g.login.actor, row, reason=_reason(), now=self.clock()))
        except Refusal as no:
            return _refused(no)
        with self.db.read() as tx:
            name = electorate.named(tx, who)
        return render_template("console/note.html", text=say("anonymous.revealed", number=row.number, name=name))

    def case(self, key: int) -> Any:
        """Everything about the issue in one file; that it was taken is noted."""
        row = self._row(key)
        data = written(self.db, lambda tx: casefile.build(tx, g.login.actor, row, now=self.clock()))
        name = f"attachment; filename=I{row.number}.zip"
        return Response(data, mimetype="application/zip", headers={"Content-Disposition": name})

    def _deed(self, key: int, work: Callable[[Tx, Any], Any]) -> Any:
        row = self._row(key)
        try:
            written(self.db, lambda tx: work(tx, row))
        except Refusal as no:
            return _refused(no)
        return redirect(url_for("console.issue", key=key))

    def _row(self, key: int) -> Any:
        """The issue, or 404 when it is not of this account's community."""
        with self.db.read() as tx:
            row = browse.one(tx, issue, key, g.login.actor.community_id) if key <= paging.LARGEST else None
            if row is not None:
                spoken.speak(tx, row.community_id)
        hidden = row is not None and row.private and not g.login.actor.may(Deed.PRIVATE)
        return row if row is not None and row.number is not None and not hidden else abort(404)


def _reason() -> str:
    return request.form.get("reason", "").replace("\0", "").strip()[:_MOST]


def _refused(no: Refusal) -> tuple[str, int]:
    return render_template("console/note.html", text=say(no.key, **no.facts)), 400
