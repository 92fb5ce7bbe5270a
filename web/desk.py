"""What pages of the console share in which a community is set up or worked for: where, who, and what came of a form."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from flask import g, redirect, render_template, request, url_for

from domain.errors import Refusal
from domain.roles import Actor
from models.base import Database, Tx
from services import browse, paging
from texts.say import has, say
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


class Desk:
    """A page's base: which community it is about, and the road of every form."""

    def __init__(self, db: Database, clock: Callable[[], datetime], platform: Platform | None = None):
        self.db, self.clock, self.platform = db, clock, platform or Platform()

    def where(self) -> int:
        """The account's community; who sees all of them says which in the address, else it is the first. 0: there is none."""
        own: int | None = g.login.actor.community_id
        if own is not None:
            return own
        if "place" not in g:  # once in a request
            with self.db.read() as tx:
                known = browse.communities(tx)
            asked = number("community")
            g.place = asked if asked in known else min(known, default=0)
        return int(g.place)

    def actor(self) -> Actor:
        """The account as it acts in this community."""
        return replace(g.login.actor, community_id=self.where() or None)

    def page(self, template: str, tx: Tx, wrong: str = "", **facts: Any) -> str:
        """The page, with what was said of the last form at its top."""
        everywhere = g.login.actor.community_id is None
        told = request.args.get("said", "")
        return render_template(
            template, here={"community": self.where()} if everywhere else {}, wrong=wrong,
            places=sorted(browse.communities(tx).items()) if everywhere else [], place=self.where(),
            told=say(f"setup.said.{told}") if told in SAID and not wrong else "", **facts)

    def do(self, work: Callable[[Tx], Any], again: Callable[..., Any], back: str,
           said: str = "saved", **where: Any) -> Any:
        """Does what a form asks in one transaction and goes on to `back`; a refusal shows the page again, with what to do."""
        try:
            written(self.db, work)
        except Refusal as no:
            return again(wrong=say(no.key, **no.facts)), 400
        kept: dict[str, Any] = {"community": self.where()} if g.login.actor.community_id is None else {}
        return redirect(url_for(back, said=said, **kept, **where))


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
