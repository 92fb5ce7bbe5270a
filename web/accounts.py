"""The console's pages of accounts: one's own with its sessions and communities, and for admins everybody's."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Blueprint, abort, g, redirect, render_template, request, url_for

from domain.errors import Refusal
from domain.roles import ACCOUNT_ROLES, Deed, Role
from models.base import Database, Tx
from services import accounts, browse, factors, logins, paging, posts
from texts.say import say
from web.door import onward_or_home, written
from web.words import word

DEEDS = {"unlock": posts.unlock, "disable": posts.disable, "enable": posts.enable, "second": posts.drop_second,
         "sessions": posts.end_sessions}


class AccountPages:
    """The views; each opens its own transaction."""

    def __init__(self, db: Database, clock: Callable[[], datetime]):
        self.db, self.clock = db, clock

    def hang(self, console: Blueprint) -> None:
        """Adds the addresses to the console."""
        console.add_url_rule("/account", "account", self.own)
        console.add_url_rule("/account/sessions/<int:key>/end", "session_end", self.session_end, methods=["POST"])
        console.add_url_rule("/account/sessions/end", "sessions_end", self.sessions_end, methods=["POST"])
        console.add_url_rule("/communities", "communities", self.communities)
        console.add_url_rule("/switch", "switch", self.switch, methods=["POST"])
        console.add_url_rule("/accounts", "accounts", self.listed)
        console.add_url_rule("/accounts/new", "account_new", self.new, methods=["POST"])
        console.add_url_rule("/accounts/<int:key>", "account_of", self.one)
        console.add_url_rule("/accounts/<int:key>/give", "account_give", self.give, methods=["POST"])
        console.add_url_rule("/accounts/<int:key>/take", "account_take", self.take, methods=["POST"])
        deeds = ", ".join(("password", *DEEDS))
        console.add_url_rule(f"/accounts/<int:key>/do/<any({deeds}):deed>", "account_deed", self.deed, methods=["POST"])

    # --- one's own ----------------------------------------------------------------------------------------------
    def own(self) -> Any:
        """Who I am here, where else I am signed in, and the ways to password and second factor."""
        with self.db.read() as tx:
            return render_template(
                "console/account.html", sessions=logins.listed(tx, g.login.account_id, now=self.clock()), here=g.login.session_id,
                second=factors.proved(tx, g.login.account_id), left=factors.left(tx, g.login.account_id),
                posts=g.login.posts, names=browse.communities(tx))

    def session_end(self, key: int) -> Any:
        """Ends one of my sessions."""
        mine = written(self.db, lambda tx: logins.end(tx, g.login.actor, g.login.account_id, now=self.clock(), one=key)) \
            if key <= paging.LARGEST else 0
        return redirect(url_for("console.account")) if mine else abort(404)

    def sessions_end(self) -> Any:
        """Ends all my sessions but this."""
        written(self.db, lambda tx: logins.end(tx, g.login.actor, g.login.account_id, now=self.clock(), but=g.login.session_id))
        return redirect(url_for("console.account"))

    def communities(self) -> Any:
        """The communities I can go to, each with what waits there."""
        with self.db.read() as tx:
            found = [(key, name, role, browse.overview(tx, key)) for key, name, role in logins.places(tx, g.login)]
        everywhere = any(p.community_id is None for p in g.login.posts)
        return render_template("console/communities.html", found=found, everywhere=everywhere, here=g.login.actor.community_id)

    def switch(self) -> Any:
        """Goes to another of my communities."""
        where = _number("community")
        try:
            written(self.db, lambda tx: logins.go_to(tx, g.login, where if where is not None else -1, now=self.clock()))
        except Refusal:
            abort(404)
        return redirect(onward_or_home(request.form.get("next", "")))

    # --- everybody's --------------------------------------------------------------------------------------------
    def listed(self, told: str = "", wrong: str = "") -> Any:
        """The accounts of this community, and the form for a new one."""
        with self.db.read() as tx:
            return render_template("console/accounts.html", rows=posts.listed(tx, g.login.actor, now=self.clock()),
                                   told=told, wrong=wrong, **self._choices(tx))

    def new(self) -> Any:
        """A new account; its first password is shown once."""
        password, username = posts.new_password(), request.form.get("username", "").replace("\0", "").strip()
        try:
            written(self.db, lambda tx: posts.create(tx, g.login.actor, username=username, password=password, role=_role(),
                                                     community_id=self._place(), now=self.clock()))
        except Refusal as no:
            return self.listed(wrong=say(no.key, **no.facts)), 400
        return self.listed(told=word("accounts.made", name=username, password=password))

    def one(self, key: int, told: str = "", wrong: str = "") -> Any:
        """One account: what it is where, how it comes in, and its sessions."""
        with self.db.read() as tx:
            it = posts.one(tx, g.login.actor, key, now=self.clock()) if key <= paging.LARGEST else None
            if it is None:
                abort(404)
            tend, move = posts.may_tend(g.login.actor, it), posts.may_move(g.login.actor, it)
            place = g.login.actor.community_id
            here = [p for p in it.posts if place is None or p.community_id == place]
            return render_template("console/account_of.html", it=it, told=told, wrong=wrong, tend=tend, move=move, here=here,
                                   sessions=logins.listed(tx, key, now=self.clock()) if tend else [], names=browse.communities(tx),
                                   **self._choices(tx))

    def give(self, key: int) -> Any:
        """Makes the account something in a community."""
        role, place = _role(), self._place()
        return self._change(key, lambda tx: posts.give(tx, g.login.actor, key, role=role, community_id=place, now=self.clock()))

    def take(self, key: int) -> Any:
        """Ends what the account is in a community."""
        return self._change(key, lambda tx: posts.take(tx, g.login.actor, key, community_id=self._place(), now=self.clock()))

    def deed(self, key: int, deed: str) -> Any:
        """Unlocks, disables, enables, signs out, takes the second factor away, or sets a new password, which is shown once."""
        if deed != "password":
            return self._change(key, lambda tx: DEEDS[deed](tx, g.login.actor, key, now=self.clock()))
        self._seen(key)
        password = posts.new_password()
        made = accounts.new_hash(password)
        return self._change(key, lambda tx: posts.reset_password(tx, g.login.actor, key, password_hash=made, now=self.clock()),
                            told=word("accounts.new_password", password=password))

    # --- shared -------------------------------------------------------------------------------------------------
    def _change(self, key: int, work: Callable[[Tx], Any], told: str = "") -> Any:
        self._seen(key)
        try:
            written(self.db, work)
        except Refusal as no:
            return self.one(key, wrong=say(no.key, **no.facts)), 400
        with self.db.read() as tx:
            still = posts.one(tx, g.login.actor, key, now=self.clock())
        if still is None:  # it has nothing to do with this community any more
            return redirect(url_for("console.accounts"))
        return self.one(key, told=told) if told else redirect(url_for("console.account_of", key=key))

    def _seen(self, key: int) -> None:
        """404 when the account has nothing to do with this community."""
        with self.db.read() as tx:
            if key > paging.LARGEST or posts.one(tx, g.login.actor, key, now=self.clock()) is None:
                abort(404)

    def _place(self) -> int | None:
        """The community the form means: one's own, or the one that was chosen where all can be seen."""
        own: int | None = g.login.actor.community_id
        return own if own is not None else _number("community") or None

    def _choices(self, tx: Tx) -> dict[str, Any]:
        everywhere = g.login.actor.community_id is None
        return {"roles": posts.grantable(g.login.actor), "places": browse.communities(tx) if everywhere else {}, "rights": table()}


def table() -> list[tuple[Role, list[Deed]]]:
    """Who may what, to be shown beside the choice of a role."""
    return [(role, [deed for deed in Deed if role.may(deed)]) for role in ACCOUNT_ROLES]


def _role() -> Role:
    said = request.form.get("role", "")
    return Role(said) if said in ACCOUNT_ROLES else abort(400)


def _number(name: str) -> int | None:
    said = request.form.get(name, "")
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 19 else None
