"""The console's pages of sessions: which there are, one with its questions, and the minutes of each as a document."""

from typing import Any

from flask import Blueprint, Response, abort, g, render_template, request

from domain.errors import Refusal
from models.base import Tx
from models.tables import session
from services import browse, electorate, minutes_session, paging, questions, sessions, steps
from texts.say import say
from web.deeds import PLACE, SESSIONS
from web.desk import Desk
from web.ordering import desk_of, open_to

LISTED = 100
_TYPES = {"pdf": "application/pdf", "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document"}


class SessionPages(Desk):
    """The views; each opens its own transaction."""

    def hang(self, console: Blueprint) -> None:
        """Adds the addresses to the console."""
        console.add_url_rule("/sessions", "sessions", self.listed)
        console.add_url_rule("/sessions/<int:key>", "session", self.one)
        console.add_url_rule("/sessions/<int:key>/minutes", "session_minutes", self.minutes, methods=["POST"])

    def listed(self) -> Any:
        """The sessions, the newest first."""
        with self.db.read() as tx:
            rows = minutes_session.listed(tx, g.login.actor.community_id, most=LISTED)
            return self.page("console/sessions.html", tx, rows=rows, deed=PLACE["session.open"],
                             **desk_of(tx, g.login.actor, self.where()))

    def one(self, key: int) -> Any:
        """One session: who leads it, who comes, what is asked, and what can be done."""
        with self.db.read() as tx:
            row = self._own(tx, key)
            about = steps.by_id(tx, row.issue_id) if row.issue_id is not None else None
            return self.page(
                "console/session.html", tx, row=row, about=about, host=electorate.named(tx, row.host_id),
                asked=questions.listed(tx, row.id), came=sessions.persons(tx, row.id),
                coming=sessions.persons(tx, row.id, said=True),
                deeds=open_to(g.login.actor, SESSIONS, row.state), **desk_of(tx, g.login.actor, row.community_id))

    def minutes(self, key: int) -> Any:
        """The minutes of a session that is over."""
        kind = "pdf" if "pdf" in request.form else "docx"
        with self.db.read() as tx:
            row = self._own(tx, key)
            try:
                data = minutes_session.written(tx, row, kind)
            except Refusal as no:
                return render_template("console/note.html", text=say(no.key, **no.facts)), 400
        return Response(data, mimetype=_TYPES[kind], headers={"Content-Disposition": f"attachment; filename=S{row.number}.{kind}"})

    def _own(self, tx: Tx, key: int) -> Any:
        """The row, or 404 when it is not of this account's community."""
        return (browse.one(tx, session, key, g.login.actor.community_id) if key <= paging.LARGEST else None) or abort(404)
