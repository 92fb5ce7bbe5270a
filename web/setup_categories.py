"""Kinds of matters of a community: its own ones, other names, other words, given up and brought back; and a sentence to try."""

import re
from typing import Any

from flask import Blueprint, abort, request

from services import dictionary, own_categories
from services.own_categories import Wanted
from texts.categories import OTHER, readable, rows
from texts.say import say, term
from texts.words import found
from understanding import slots, trained
from understanding.context import Context
from understanding.features import Heard
from web.desk import Desk, text

_BETWEEN = re.compile(r"[、，,;；\s]+")
_LONGEST = 300  # characters of a sentence to try
_FIELD = 2000


class CategoryPages(Desk):
    """The views; each opens its own transaction."""

    def hang(self, console: Blueprint) -> None:
        """Adds the addresses to the console."""
        console.add_url_rule("/setup/categories", "setup_categories", self.categories)
        console.add_url_rule("/setup/categories", "setup_categories_put", self.category, methods=["POST"])

    def categories(self, wrong: str = "") -> Any:
        """Every kind with its words and who gets it; one of them to change; and where a sentence would go."""
        where, code, tried = self.where(), request.values.get("code", "")[:32], text("try", _LONGEST)
        with self.db.read() as tx:
            kinds = sorted(own_categories.listed(tx, where), key=lambda each: each.own.like is None)  # their own first
            one = next((each for each in kinds if each.it.code == code), None)
            vocabulary = dictionary.heard(tx, where)
            return self.page("console/setup_categories.html", tx, wrong, kinds=kinds, one=one, ours=rows(), readable=readable,
                             new="new" in request.values, tried=tried, verdict=_verdict(tried, vocabulary) if tried else None,
                             said=request.form)

    def category(self) -> Any:
        """Tries a sentence, adds a kind, changes one, gives it up or brings it back."""
        where, actor, now, deed, code = self.where(), self.actor(), self.clock(), text("deed", 16), text("code", 32)
        if deed == "try":
            return self.categories()
        what: dict[str, Any] = {"community_id": where, "now": now}
        deeds: dict[str, Any] = {
            "add": (lambda tx: own_categories.create(tx, actor, wanted=_wanted(None), **what), "added"),
            "change": (lambda tx: own_categories.change(tx, actor, code=code, wanted=_wanted(code), **what), "saved"),
            "retire": (lambda tx: own_categories.retire(tx, actor, code=code, **what), "done"),
            "restore": (lambda tx: own_categories.restore(tx, actor, code=code, **what), "done")}
        if deed not in deeds:
            abort(400)
        work, said = deeds[deed]
        return self.do(work, self.categories, "console.setup_categories", said)


def _wanted(code: str | None) -> Wanted:
    """What the form says; words of ours without a tick do not count."""
    ours = rows().get(code or "", {"sure": (), "words": ()})
    kept = request.form.getlist("counts")
    off = [word for n, word in enumerate((*ours["sure"], *ours["words"])) if str(n) not in kept]
    return Wanted(text("name", 40), _split("sure"), _split("hints"), text("like", 32) or None, tuple(off))


def _split(name: str) -> tuple[str, ...]:
    said = request.form.get(name, "")[:_FIELD].replace("\0", "")
    return tuple(filter(None, _BETWEEN.split(said)))


def _verdict(tried: str, vocabulary: Any) -> dict[str, Any]:
    """Which category a sentence would get as a report, and why."""
    context = Context(private=True, vocabulary=vocabulary)
    meaning = trained.reader().read(tried, context, intent="register_issue")
    code, heard = str(meaning.slots["category"]), Heard(tried, context)
    about, own = slots.topic(heard, lambda _: None)
    pieces = found(code, heard.words)
    why = ("danger" if meaning.slots.get("hotline") else "own" if own and about == code else "words" if pieces
           else "nothing" if code == OTHER else "learned")
    return {"name": term("category", code), "why": say(f"category.desk.why.{why}", words=own if why == "own" else pieces),
            "report": trained.reader().read(tried, context).intent == "register_issue"}


