"""The console's addresses: who may come in, and what each page does."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from flask.wrappers import Response
from werkzeug.wrappers import Response as AnyResponse

from domain.errors import Refusal
from models.base import Database, Tx
from models.tables import home, issue, outbox, person, poll
from services import accounts, audit, browse, homes, people, polls
from services import outbox as posting
from texts.mask import mask
from texts.say import clock as show_clock
from texts.say import has, say
from web.lists import LISTS, Listing, chosen_filter, csv_response, next_address

COOKIE = "linyi_console"
View = Callable[..., Any]


def console_blueprint(db: Database, *, clock: Callable[[], datetime], secure_cookies: bool) -> Blueprint:
    """All pages of the console over one database."""
    console = Blueprint("console", __name__, url_prefix="/console", template_folder="templates",
                        static_folder="static", static_url_path="/static")
    pages = _Pages(db, clock, secure_cookies)
    console.app_template_filter("clock")(show_clock)
    console.app_template_filter("mask")(mask)
    console.app_template_global("say")(say)
    console.app_template_global("term")(lambda group, name: say(f"terms.{group}.{name}") if has(f"terms.{group}.{name}") else name)
    console.before_request(pages.enter)
    console.after_request(pages.leave)
    console.add_url_rule("/login", "login", pages.login, methods=["GET", "POST"])
    console.add_url_rule("/logout", "logout", pages.logout, methods=["POST"])
    console.add_url_rule("/password", "password", pages.password, methods=["GET", "POST"])
    console.add_url_rule("/", "overview", pages.overview)
    console.add_url_rule("/audit/verify", "verify", pages.verify, methods=["POST"])
    for listing in LISTS.values():
        console.add_url_rule(f"/{listing.name}", listing.name, pages.list_view(listing))
        console.add_url_rule(f"/{listing.name}.csv", f"{listing.name}_csv", pages.csv_view(listing))
    console.add_url_rule("/issues/<int:key>", "issue", pages.issue)
    console.add_url_rule("/polls/<int:key>", "poll", pages.poll)
    console.add_url_rule("/outbox/<int:key>/retry", "retry", pages.retry, methods=["POST"])
    console.add_url_rule("/people/<int:key>/role", "role", pages.role, methods=["POST"])
    console.add_url_rule("/homes/<int:key>/code", "code", pages.code, methods=["POST"])
    return console


def _refused(view: View) -> View:
    """A refusal becomes a page that says what to do, not an error."""
    @wraps(view)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return view(*args, **kwargs)
        except Refusal as no:
            return render_template("console/note.html", text=say(no.key, **no.facts)), 400
    return call


class _Pages:
    """The views; each opens one transaction."""

    def __init__(self, db: Database, clock: Callable[[], datetime], secure_cookies: bool):
        self.db, self.clock, self.secure = db, clock, secure_cookies

    # --- coming in and going out ------------------------------------------------------------------------------
    def enter(self) -> AnyResponse | None:
        """Lets only signed-in accounts past the login page."""
        g.login, g.token = None, request.cookies.get(COOKIE, "")
        if request.endpoint in ("console.login", "console.static"):
            return None
        now = self.clock()
        with self.db.read() as tx:
            g.login = accounts.signed_in(tx, g.token, now=now) if g.token else None
            stale = g.login is not None and accounts.needs_touch(tx, g.token, now=now)
        if g.login is None:
            return redirect(url_for("console.login"))
        if stale:
            with self.db.write() as tx:
                accounts.touch(tx, g.token, now=now)
        return None

    def leave(self, response: Response) -> Response:
        """Sets or clears the session cookie when a view asked for it."""
        token = g.get("new_token")
        if token:
            secure = self.secure or request.is_secure
            response.set_cookie(COOKIE, token, httponly=True, samesite="Lax", secure=secure, path="/console",
                                max_age=int(accounts.ABSOLUTE.total_seconds()))
        elif token == "":
            response.delete_cookie(COOKIE, path="/console")
        return response

    def login(self) -> Any:
        """The login form; the same words whether the name exists or not."""
        if request.method == "GET":
            return render_template("console/login.html", wrong=None)
        username, password = (request.form.get(name, "").replace("\0", "")[:256] for name in ("username", "password"))
        try:
            token = self._write(lambda tx: accounts.sign_in(
                tx, username=username[:64], password=password,
                address=request.remote_addr or "?", now=self.clock()))
        except Refusal as no:
            return render_template("console/login.html", wrong=say(no.key, **no.facts)), 429
        if token is None:
            return render_template("console/login.html", wrong=say("account.wrong")), 401
        g.new_token = token
        return redirect(url_for("console.overview"))

    def logout(self) -> Any:
        """Ends the session on the server."""
        self._write(lambda tx: accounts.sign_out(tx, g.token, now=self.clock()))
        g.new_token = ""
        return redirect(url_for("console.login"))

    def password(self) -> Any:
        """Changes the password and ends every other session."""
        if request.method == "GET":
            return render_template("console/password.html", wrong=None)
        old, new = request.form.get("old", ""), request.form.get("new", "")
        try:
            g.new_token = self._write(lambda tx: accounts.change_password(tx, g.login, old=old, new=new, now=self.clock()))
        except Refusal as no:
            return render_template("console/password.html", wrong=say(no.key, **no.facts)), 400
        return render_template("console/note.html", text=say("account.changed"))

    # --- pages ------------------------------------------------------------------------------------------------
    def overview(self) -> Any:
        """Figures, and whether everything runs."""
        with self.db.read() as tx:
            figures = browse.overview(tx, self._where())
        beat = figures["heartbeat"]
        return render_template("console/overview.html", figures=figures,
                               silent_s=None if beat is None else int((self.clock() - beat).total_seconds()))

    def verify(self) -> Any:
        """Walks the whole audit chain."""
        with self.db.read() as tx:
            verdict = audit.verify(tx)
        return render_template("console/verify.html", verdict=verdict)

    def list_view(self, listing: Listing) -> View:
        """One page of a list."""
        def view() -> Any:
            chosen = chosen_filter(listing, self._where(), self.clock())
            with self.db.read() as tx:
                rows = listing.rows(tx, chosen)
                names = listing.names(tx, rows)
            return render_template("console/list.html", listing=listing, rows=rows, names=names, chosen=request.args,
                                   older=next_address(listing, rows, chosen))
        return view

    def csv_view(self, listing: Listing) -> View:
        """The same list as a file; that it was taken is noted."""
        def view() -> Any:
            chosen = chosen_filter(listing, self._where(), self.clock())
            self._write(lambda tx: audit.note(tx, g.login.actor, "export.csv", f"list:{listing.name}", now=self.clock()))
            return csv_response(self.db, listing, chosen)
        return view

    def issue(self, key: int) -> Any:
        """One issue with its timeline."""
        with self.db.read() as tx:
            row = self._own(tx, issue, key)
            events = browse.timeline(tx, key)
            names = browse.labels(tx, {row.submitter_id, *(e.actor_id for e in events if e.actor_id)})
        return render_template("console/issue.html", issue=row, events=events, names=names)

    def poll(self, key: int) -> Any:
        """One poll with its count and its ballots, as far as its secrecy allows."""
        before = request.args.get("before", type=int)
        with self.db.read() as tx:
            row = self._own(tx, poll, key)
            counted = polls.count(tx, row)
            cast = browse.ballots(tx, row, browse.Filter(before=before, limit=1000 if row.anonymous else browse.PAGE))
            names = browse.labels(tx, {b.person_id for b in cast})
        older = url_for("console.poll", key=key, before=cast[-1].id) if not row.anonymous and len(cast) == browse.PAGE else None
        return render_template("console/poll.html", poll=row, tally=counted, ballots=cast, names=names, older=older)

    # --- deeds ------------------------------------------------------------------------------------------------
    @_refused
    def retry(self, key: int) -> Any:
        """Gives a dead post another round."""
        with self.db.read() as tx:
            self._own(tx, outbox, key)
        self._write(lambda tx: posting.retry(tx, g.login.actor, outbox_id=key, now=self.clock()))
        return redirect(url_for("console.outbox", kind="waiting"))

    @_refused
    def role(self, key: int) -> Any:
        """Gives a person a role."""
        with self.db.read() as tx:
            self._own(tx, person, key)
        wanted = request.form.get("role", "")
        if not has(f"terms.role.{wanted}"):
            abort(400)
        self._write(lambda tx: people.set_role(tx, g.login.actor, person_id=key, role=wanted, now=self.clock()))
        return redirect(url_for("console.people"))

    @_refused
    def code(self, key: int) -> Any:
        """Makes a one-time code for a home and shows it once."""
        with self.db.read() as tx:
            row = self._own(tx, home, key)
        code = self._write(lambda tx: homes.make_code(tx, g.login.actor, home_id=key, now=self.clock()))
        return render_template("console/note.html", text=say("bind.code_made", label=row.label, code=code,
                                                             days=homes.CODE_LIFE.days))

    # --- shared -----------------------------------------------------------------------------------------------
    def _where(self) -> int | None:
        community_id: int | None = g.login.actor.community_id
        return community_id

    def _own(self, tx: Tx, table: Any, key: int) -> Any:
        """The row, or 404 when it is not of this account's community."""
        row = browse.one(tx, table, key, self._where())
        if row is None:
            abort(404)
        return row

    def _write(self, work: Callable[[Tx], Any]) -> Any:
        with self.db.write() as tx:
            try:
                done = work(tx)
            finally:
                audit.seal(tx)
            return done
