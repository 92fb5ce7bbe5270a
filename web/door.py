"""The console's door: signing in and out, the session cookie, and the password."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.wrappers import Response
from werkzeug.wrappers import Response as AnyResponse

from domain.errors import Refusal
from models.base import Database, Tx
from services import accounts, audit, wordings
from texts.say import say
from web.words import word

COOKIE = "linyi_console"
OPEN = ("console.login", "console.static")


def written(db: Database, work: Callable[[Tx], Any]) -> Any:
    """Does the work in one transaction, with its audit notes."""
    with db.write() as tx:
        done = work(tx)
        audit.seal(tx)
        return done


class Door:
    """Who comes in, by which cookie, and how often one may try."""

    def __init__(self, db: Database, clock: Callable[[], datetime], secure_cookies: bool):
        self.db, self.clock, self.secure = db, clock, secure_cookies

    def hang(self, console: Blueprint) -> None:
        """Puts the door in front of every page of the console."""
        console.before_request(self.enter)
        console.after_request(self.leave)
        console.add_url_rule("/login", "login", self.login, methods=["GET", "POST"])
        console.add_url_rule("/logout", "logout", self.logout, methods=["POST"])
        console.add_url_rule("/password", "password", self.password, methods=["GET", "POST"])

    def enter(self) -> AnyResponse | None:
        """Lets only signed-in admins past the login page."""
        now, g.login, g.token = self.clock(), None, request.cookies.get(COOKIE, "")
        if request.endpoint in OPEN:
            return None
        if g.token:
            with self.db.read() as tx:
                wordings.refresh(tx, now=now)
                g.login = accounts.signed_in(tx, g.token, now=now)
        if g.login is None:
            return redirect(url_for("console.login"))
        if now - g.login.seen_at > accounts.SEEN_EVERY:
            written(self.db, lambda tx: accounts.touch(tx, g.token, now=now))
        return None

    def leave(self, response: Response) -> Response:
        """Sets or clears the session cookie when a view asked for it."""
        token = g.get("new_token")
        if token:
            response.set_cookie(COOKIE, token, httponly=True, samesite="Lax", secure=self.secure or request.is_secure,
                                path="/console", max_age=int(accounts.ABSOLUTE.total_seconds()))
        elif token == "":
            response.delete_cookie(COOKIE, path="/console")
        return response

    def login(self) -> Any:
        """The login form; the same words whether the name exists or not."""
        if request.method == "GET":
            return render_template("console/login.html", wrong=None)
        username = request.form.get("username", "").replace("\0", "")[:64]
        try:
            tried, right = self._try(username, request.form.get("password", ""))
        except Refusal as no:
            return render_template("console/login.html", wrong=say(no.key, **no.facts)), 429
        if not right:
            return render_template("console/login.html", wrong=say("account.wrong")), 401
        g.new_token = written(self.db, lambda tx: accounts.succeed(tx, tried, now=self.clock()))
        return redirect(url_for("console.overview"))

    def logout(self) -> Any:
        """Ends the session on the server."""
        written(self.db, lambda tx: accounts.sign_out(tx, g.login, g.token, now=self.clock()))
        g.new_token = ""
        return redirect(url_for("console.login"))

    def password(self) -> Any:
        """Changes the password and ends every other session."""
        if request.method == "GET":
            return self._password_page()
        try:
            made = accounts.new_hash(request.form.get("new", "")[:256])
            tried, right = self._try(g.login.username, request.form.get("old", ""))
            if not right:
                raise Refusal("account.wrong_password")
        except Refusal as no:
            return self._password_page(say(no.key, **no.facts)), 429 if no.key == "account.too_many" else 400
        g.new_token = written(self.db, lambda tx: accounts.change_password(
            tx, g.login, tried, password_hash=made, now=self.clock()))
        return render_template("console/note.html", text=say("account.changed"))

    def _password_page(self, wrong: str | None = None) -> str:
        return render_template("console/password.html", wrong=wrong,
                               hint=word("password.new", least=accounts.SHORTEST_PASSWORD), least=accounts.SHORTEST_PASSWORD)

    def _try(self, username: str, password: str) -> tuple[accounts.Try, bool]:
        """Counts the try, then looks at the password; a Refusal after too many."""
        now, address = self.clock(), request.remote_addr or "?"
        with self.db.read() as tx:
            accounts.brake(tx, username=username, address=address, now=now)
        tried = written(self.db, lambda tx: accounts.begin(tx, username=username, address=address, now=now))
        with self.db.read() as tx:
            accounts.judge(tx, tried, now=now)
        right = accounts.fits(tried, password[:256])
        if not right:
            written(self.db, lambda tx: accounts.fail(tx, tried, now=now))
        return tried, right
