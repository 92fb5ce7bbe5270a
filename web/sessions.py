"""The console's page of sessions: which there were, and the minutes of each as a document."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, g, render_template, request

from domain.errors import Refusal
from models.base import Database
from models.tables import session
from services import browse, minutes_session, paging
from texts.say import say

LISTED = 100
_TYPES = {"pdf": "application/pdf", "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document"}


class SessionPages:
    """The views; each opens its own transaction."""

    def __init__(self, db: Database, clock: Callable[[], datetime]):
        self.db, self.clock = db, clock

    def hang(self, console: Blueprint) -> None:
        """Adds the addresses to the console."""
        console.add_url_rule("/sessions", "sessions", self.listed)
        console.add_url_rule("/sessions/<int:key>/minutes", "session_minutes", self.minutes, methods=["POST"])

    def listed(self) -> Any:
        """The sessions, the newest first."""
        where = g.login.actor.community_id
        with self.db.read() as tx:
            rows = minutes_session.listed(tx, where, most=LISTED)
            places = browse.communities(tx) if where is None else {}
        return render_template("console/sessions.html", rows=rows, places=places)

    def minutes(self, key: int) -> Any:
        """The minutes of a session that is over."""
        kind = "pdf" if "pdf" in request.form else "docx"
        with self.db.read() as tx:
            row = (browse.one(tx, session, key, g.login.actor.community_id) if key <= paging.LARGEST else None) or abort(404)
            try:
                data = minutes_session.written(tx, row, kind)
            except Refusal as no:
                return render_template("console/note.html", text=say(no.key, **no.facts)), 400
        return Response(data, mimetype=_TYPES[kind], headers={"Content-Disposition": f"attachment; filename=S{row.number}.{kind}"})
