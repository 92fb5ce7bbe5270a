"""What pages of the console share in which a community is set up or worked for: where, who, and what came of a form."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from flask import g, redirect, render_template, request, url_for

from domain.errors import Refusal
from domain.roles import Actor
from models.base import Database, Tx
from services import browse, logins, paging
from texts.say import has, say
from web import spoken
from web.door import written

SAID = ("saved", "added", "removed", "done")  # what a page may be told by its address to say at its top


@dataclass(frozen=True, slots=True)
class Seen:
    """An account of config.yaml as far as the console shows it: no secret, only whether there is one."""

    name: str
    kind: str
    community: str  # its code
    callback: str = ""  # the address to enter on the platform; '' where none is needed
    lacks: tuple[str, ...] = ()  # environment variables that are not set


@dataclass(frozen=True, slots=True)
class Platform:
    """What the installation says of its accounts, and how one is tried against its platform."""

    accounts: Callable[[], list[Seen]] = field(default=list)
    examine: Callable[[str], list[tuple[bool, str]]] = field(default=lambda name: [])
    menu: Callable[[str], tuple[bool, str]] = field(default=lambda name: (False, ""))  # puts up the menu of a 公众号


class Choose(Exception):
    """All communities are on the screen, and this page is about one of them."""


def choose(db: Database) -> Any:
    """The page that stands in for one that is about one community: which shall it be?"""
    with db.read() as tx:
        found = [(key, name) for key, name, _ in logins.places(tx, g.login)]
    return render_template("console/choose.html", found=found, onward=request.full_path.rstrip("?")
                           if request.method == "GET" else url_for("console.overview")), 200 if request.method == "GET" else 400


class Desk:
    """A page's base: which community it is about, and the road of every form."""

    def __init__(self, db: Database, clock: Callable[[], datetime], platform: Platform | None = None):
        self.db, self.clock, self.platform = db, clock, platform or Platform()

    def where(self) -> int:
        """The community on the screen, or the only one there is; Choose when all of several are. 0: there is none."""
        own: int | None = g.login.actor.community_id
        if own is not None:
            return own
        if "place" not in g:  # once in a request
            with self.db.read() as tx:
                known = browse.communities(tx)
                if len(known) > 1:
                    raise Choose
                g.place = min(known, default=0)
                spoken.speak(tx, g.place or None)
        return int(g.place)

    def actor(self) -> Actor:
        """The account as it acts in this community."""
        return replace(g.login.actor, community_id=self.where() or None)

    def whole(self) -> Actor:
        """The account as it acts for all communities, if it may; else as it acts here."""
        all_over = logins.acting(g.login.account_id, g.login.posts, None)
        return all_over if all_over.community_id is None else g.login.actor

    def page(self, template: str, tx: Tx, wrong: str = "", **facts: Any) -> str:
        """The page, with what was said of the last form at its top."""
        told = request.args.get("said", "")
        return render_template(template, here=self.here(), wrong=wrong,
                               told=say(f"setup.said.{told}") if told in SAID and not wrong else "", **facts)

    def here(self) -> dict[str, Any]:
        """What the links of a page carry that a link with a community led to."""
        return {"community": g.login.actor.community_id} if g.login.linked else {}

    def do(self, work: Callable[[Tx], Any], again: Callable[..., Any], back: str,
           said: str = "saved", **where: Any) -> Any:
        """Does what a form asks in one transaction and goes on to `back`; a refusal shows the page again, with what to do."""
        try:
            written(self.db, work)
        except Refusal as no:
            return again(wrong=say(no.key, **no.facts)), 400
        return redirect(url_for(back, said=said, **self.here(), **where))


def text(name: str, most: int = 200) -> str:
    """A field of the form: one line without control characters."""
    return line(request.form.get(name, ""))[:most]


def line(words: str) -> str:
    """The same words on one line, without control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in words).split())


def number(name: str) -> int | None:
    """A number of the form or the address that may be an id; None for anything else."""
    said = request.values.get(name, "")
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 19 and int(said) <= paging.LARGEST else None


def numbers(name: str) -> list[int]:
    """Every such number of a field that may be given many times, each once, in order: two who do much at once never cross."""
    found = [int(said) for said in request.form.getlist(name)[:500] if said.isascii() and said.isdecimal() and len(said) < 19]
    return sorted(set(found))


def worded(key: str, name: str) -> str:
    """The sentence of this key and name, or the name itself."""
    return say(f"{key}.{name}") if has(f"{key}.{name}") else name
