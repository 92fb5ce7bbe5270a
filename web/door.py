"""The console's door: signing in and out, the session cookie, the password, and what each account may open."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, abort, g, make_response, redirect, render_template, request, url_for
from flask.wrappers import Response
from werkzeug.wrappers import Response as AnyResponse

from domain.errors import Refusal
from models.base import Database, Tx
from services import accounts, audit, browse, factors, logins, paging
from texts.say import say
from web import permits, spoken
from web.words import word

COOKIE = "linyi_console"
OPEN = tuple(f"console.{name}" for name in permits.OPEN)
# what can be done before a session is open: the page of its step first
STEPS = {logins.CODE: ("console.login_code", "console.logout"), logins.CHANGE: ("console.password", "console.logout"),
         logins.ENROL: ("console.second", "console.second_start", "console.second_confirm", "console.logout")}
BY_ITSELF = ("console.live_rows",)  # asked for by a page and not by a person: it does not keep a session alive
_AGENTS = (("MicroMessenger", "微信"), ("wxwork", "企业微信"), ("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"),
           ("Safari/", "Safari"))
_SYSTEMS = (("Windows", "Windows"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Mac OS", "macOS"),
            ("Linux", "Linux"))


def written(db: Database, work: Callable[[Tx], Any]) -> Any:
    """Does the work in one transaction, with its audit notes."""
    with db.write() as tx:
        done = work(tx)
        audit.seal(tx)
        return done


class Door:
    """Who comes in, by which cookie, and how often one may try."""

    def __init__(self, db: Database, clock: Callable[[], datetime], secure_cookies: bool, second_factor: str = factors.OPTIONAL):
        self.db, self.clock, self.secure, self.policy = db, clock, secure_cookies, second_factor

    def hang(self, console: Blueprint) -> None:
        """Puts the door in front of every page of the console."""
        console.before_request(self.enter)
        console.after_request(self.leave)
        console.teardown_request(spoken.silence)
        console.app_context_processor(lambda: {"may": may})
        console.add_url_rule("/login", "login", self.login, methods=["GET", "POST"])
        console.add_url_rule("/logout", "logout", self.logout, methods=["POST"])
        console.add_url_rule("/password", "password", self.password, methods=["GET", "POST"])

    def enter(self) -> AnyResponse | None:
        """Lets nobody past the login page who is not signed in, and nobody to what their role has nothing to do with."""
        now, g.login, g.token = self.clock(), None, request.cookies.get(COOKIE, "")
        if request.endpoint in OPEN:
            return None
        if g.token:
            with self.db.read() as tx:
                g.login = logins.signed_in(tx, g.token, now=now)
                asked = request.args.get("community") or request.form.get("at") or ""
                if g.login is not None and asked.isascii() and asked.isdecimal() and len(asked) < 10:
                    g.login = logins.at(tx, g.login, int(asked), linked=True)
                spoken.speak(tx, g.login.where if g.login is not None else None)
        if g.login is None:
            return self._outside()
        if g.login.stage != logins.OPEN and request.endpoint not in STEPS[g.login.stage]:
            return redirect(url_for(STEPS[g.login.stage][0]))
        elsewhere = self._one_of_several() if g.login.where == g.login.across else None
        if elsewhere is not None:
            return elsewhere
        if not may(request.endpoint or ""):
            abort(404)
        if now - g.login.seen_at > logins.SEEN_EVERY and request.endpoint not in BY_ITSELF:
            written(self.db, lambda tx: logins.touch(tx, g.login, now=now))
        return None

    def _one_of_several(self) -> AnyResponse | None:
        """All of one's own communities are on the screen: a page about one shows that of its thing, else one is to be chosen."""
        if permits.across(request.endpoint or ""):
            return None
        part, *rest = request.path.removeprefix("/console/").split("/")
        kind, key = rest[0] if part == "story" and rest else part, (request.view_args or {}).get("key")
        if key is None or not browse.has_place(kind):
            return redirect(url_for("console.communities", next=request.full_path.rstrip("?") if request.method == "GET" else None))
        with self.db.read() as tx:
            place = browse.place_of(tx, kind, key) if key <= paging.LARGEST else None
            if place is None or place not in g.login.across:
                return abort(404)
            g.login = logins.at(tx, g.login, place)
            spoken.speak(tx, place)
        return None

    def _outside(self) -> AnyResponse:
        """For a stranger nothing exists: a thing's address is not found, and offers to sign in."""
        if request.view_args and request.method == "GET":
            return make_response(self._page(wrong=None, onward=request.full_path.rstrip("?")), 404)
        return abort(404) if request.view_args else redirect(url_for("console.login"))

    def leave(self, response: Response) -> Response:
        """Sets or clears the session cookie when a view asked for it."""
        token = g.get("new_token")
        if token:
            response.set_cookie(COOKIE, token, httponly=True, samesite="Lax", secure=self.secure or request.is_secure,
                                path="/console", max_age=int(logins.ABSOLUTE.total_seconds()))
        elif token == "":
            response.delete_cookie(COOKIE, path="/console")
        return response

    def login(self) -> Any:
        """The login form; the same words whether the name exists or not."""
        if request.method == "GET":
            return self._page(wrong=None)
        username, onward = request.form.get("username", "").replace("\0", "")[:64], request.form.get("next", "")
        try:
            tried, right = self._try(username, request.form.get("password", ""))
        except Refusal as no:
            return self._page(wrong=say(no.key, **no.facts), onward=onward), 429
        if not right:
            return self._page(wrong=say("account.wrong"), onward=onward), 401
        g.new_token, stage = written(self.db, lambda tx: self._begin(tx, tried))
        return redirect(onward_or_home(onward) if stage == logins.OPEN else url_for(STEPS[stage][0]))

    def _begin(self, tx: Tx, tried: accounts.Try) -> tuple[str, str]:
        assert tried.account_id is not None
        stage = factors.first_stage(tx, tried.account_id, self.policy)
        return logins.begin(tx, tried, stage=stage, address=request.remote_addr or "", agent=_agent(), now=self.clock()), stage

    def _page(self, *, wrong: str | None, onward: str = "") -> str:
        return render_template("console/login.html", wrong=wrong, onward=onward)

    def logout(self) -> Any:
        """Ends the session on the server."""
        written(self.db, lambda tx: logins.sign_out(tx, g.login, now=self.clock()))
        g.new_token = ""
        return redirect(url_for("console.login"))

    def password(self) -> Any:
        """Changes the password and ends every other session."""
        if request.method == "GET":
            return self._password_page()
        try:
            if request.form.get("new", "") == request.form.get("old", ""):
                raise Refusal("account.same_password")
            made = accounts.new_hash(request.form.get("new", "")[:256])
            tried, right = self._try(g.login.username, request.form.get("old", ""))
            if not right:
                raise Refusal("account.wrong_password")
        except Refusal as no:
            return self._password_page(say(no.key, **no.facts)), 429 if no.key == "account.too_many" else 400
        g.new_token = written(self.db, lambda tx: logins.change_password(
            tx, g.login, tried, password_hash=made, now=self.clock()))
        return render_template("console/note.html", text=say("account.changed"))

    def _password_page(self, wrong: str | None = None) -> str:
        return render_template("console/password.html", wrong=wrong, must=g.login.stage == logins.CHANGE,
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


def may(endpoint: str) -> bool:
    """True when whoever is signed in may open this address; templates ask it before they show a way there."""
    return g.get("login") is not None and permits.may(g.login.actor, endpoint)


def onward_or_home(address: str) -> str:
    """The page of the console somebody was on their way to; nothing else, and never another host."""
    try:
        parts = urlsplit(address if address.isprintable() and "\\" not in address else "")
    except ValueError:
        return url_for("console.overview")
    inside = not parts.scheme and not parts.netloc and re.fullmatch(r"/console/[\w./-]*", parts.path, re.ASCII)
    return address if inside and "//" not in parts.path and ".." not in parts.path else url_for("console.overview")


def _agent() -> str:
    """Browser and system by name, so that somebody knows their own sessions again; no more is kept."""
    said = request.user_agent.string
    names = [next((name for mark, name in known if mark in said), "") for known in (_AGENTS, _SYSTEMS)]
    return " · ".join(filter(None, names))
