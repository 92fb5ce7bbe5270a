"""The console's pages of the second factor: the code at the door, and setting it up or taking it away."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Blueprint, g, redirect, render_template, request, url_for

from domain import totp
from domain.errors import Refusal
from models.base import Database, Tx
from services import factors, logins, pages
from texts.say import say
from web.door import STEPS, written
from web.words import word


class SecondPages:
    """The views; each opens its own transaction."""

    def __init__(self, db: Database, clock: Callable[[], datetime], policy: str):
        self.db, self.clock, self.policy = db, clock, policy

    def hang(self, console: Blueprint) -> None:
        """Adds the addresses to the console."""
        console.add_url_rule("/login/code", "login_code", self.login_code, methods=["GET", "POST"])
        console.add_url_rule("/second", "second", self.page)
        for name in ("start", "confirm", "codes", "remove"):
            console.add_url_rule(f"/second/{name}", f"second_{name}", getattr(self, name), methods=["POST"])

    def login_code(self) -> Any:
        """The second step of signing in."""
        if g.login.stage != logins.CODE:
            return redirect(url_for("console.overview"))
        if request.method == "GET":
            return render_template("console/code.html", wrong=None)
        return self._with_code(lambda tx: self._next(tx), "console/code.html")

    def page(self, wrong: str | None = None) -> Any:
        """Where the second factor stands, and the QR code of one that waits for its first code."""
        with self.db.read() as tx:
            secret, on = factors.pending(tx, g.login.account_id), factors.proved(tx, g.login.account_id)
            left = factors.left(tx, g.login.account_id) if on else 0
        address = totp.address(secret, issuer=word("brand"), username=g.login.username) if secret else ""
        return render_template("console/second.html", wrong=wrong, on=on, left=left, secret=_spelled(secret or ""),
                               qr=pages.qr_data(address), must=factors.asked_of(g.login.posts, self.policy))

    def start(self) -> Any:
        """Makes a secret and shows it."""
        try:
            written(self.db, lambda tx: factors.start(tx, g.login, now=self.clock()))
        except Refusal as no:
            return self.page(say(no.key, **no.facts)), 400
        return redirect(url_for("console.second"))

    def confirm(self) -> Any:
        """The first code of the app; shows the codes to print."""
        def work(tx: Tx) -> tuple[list[str], str] | None:
            codes = factors.confirm(tx, g.login, request.form.get("code", "")[:32], now=self.clock())
            return (codes, self._next(tx)) if codes is not None else None
        try:
            done = written(self.db, work)
        except Refusal as no:
            return self.page(say(no.key, **no.facts)), 429 if no.key == "account.too_many" else 400
        if done is None:
            return self.page(say("second.wrong")), 401
        codes, g.new_token = done
        return render_template("console/recovery.html", codes=codes)

    def codes(self) -> Any:
        """New codes to print in place of the old ones, for whoever brings a code of the app."""
        def work(tx: Tx) -> list[str] | None:
            right = factors.use(tx, g.login.account_id, request.form.get("code", "")[:32], now=self.clock(), printed=False)
            return factors.new_codes(tx, g.login, now=self.clock()) if right else None
        try:
            codes = written(self.db, work)
        except Refusal as no:
            return self.page(say(no.key, **no.facts)), 429
        return render_template("console/recovery.html", codes=codes) if codes else (self.page(say("second.wrong")), 401)

    def remove(self) -> Any:
        """Takes the second factor away, for whoever brings a code; who must have one sets up another at once."""
        def work(tx: Tx) -> str:
            factors.remove(tx, g.login.actor, g.login.account_id, now=self.clock())
            return self._next(tx)
        return self._with_code(work, None)

    def _next(self, tx: Tx) -> str:
        """The token of the session at its next step."""
        return logins.go_on(tx, g.login, stage=factors.after_code(tx, g.login.account_id, self.policy), now=self.clock())

    def _with_code(self, work: Callable[[Tx], str], template: str | None) -> Any:
        def tried(tx: Tx) -> str:
            right = factors.use(tx, g.login.account_id, request.form.get("code", "")[:32], now=self.clock())
            return work(tx) if right else ""
        try:
            token, status, wrong = written(self.db, tried), 401, say("second.wrong")
        except Refusal as no:
            token, status, wrong = "", 429, say(no.key, **no.facts)
        if not token:
            return render_template(template, wrong=wrong) if template else self.page(wrong), status
        g.new_token = token
        with self.db.read() as tx:
            login = logins.signed_in(tx, token, now=self.clock())
        stage = login.stage if login else logins.OPEN
        home = "console.overview" if template else "console.account"
        return redirect(url_for(STEPS[stage][0] if stage != logins.OPEN else home))


def _spelled(secret: str) -> str:
    """The secret in groups of four, for whoever types it."""
    return " ".join(secret[n:n + 4] for n in range(0, len(secret), 4))
