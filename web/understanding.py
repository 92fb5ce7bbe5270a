"""The console's pages on understanding: try a sentence and see each step, the community's own words, and corrections."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, g, redirect, render_template, request, url_for

from bot.understand import understand
from domain.errors import Refusal
from models.base import Tx
from models.tables import issue
from services import browse, corrections, dictionary, paging
from texts.say import say
from texts.words import categories
from understanding import trained
from understanding.context import Context, IssueSeen, PollSeen, Quote
from understanding.intents import NAMES
from web import spoken
from web.desk import Desk
from web.door import written
from web.words import term, word

LONGEST = 2000
ROLES = ("resident", "grid_worker")


class UnderstandingPages(Desk):
    """The views; each opens its own transaction."""

    def hang(self, console: Blueprint) -> None:
        """Adds the addresses to the console."""
        console.add_url_rule("/understand", "understand", self.attempt, methods=["GET", "POST"])
        console.add_url_rule("/words", "words", self.words)
        console.add_url_rule("/words/add", "word_add", self.add, methods=["POST"])
        console.add_url_rule("/words/remove", "word_remove", self.remove, methods=["POST"])
        console.add_url_rule("/issues/<int:key>/correct", "correct", self.correct, methods=["POST"])

    def attempt(self) -> Any:
        """What a sentence would be understood as, step by step; nothing is kept."""
        said = {name: request.form.get(name, "")[:LONGEST] for name in ("text", "role", "where", "quote", "title", "options")}
        meaning = None
        if request.method == "POST" and said["text"].strip():
            with self.db.read() as tx:
                known = _situation(said, dictionary.heard(tx, g.login.actor.community_id))
            meaning = understand(said["text"], known, trained.reader())
        return render_template("console/understand.html", said=said, meaning=meaning, roles=ROLES, slots=_slots(meaning))

    def words(self) -> Any:
        """The community's own words."""
        community = self.where()
        with self.db.read() as tx:
            rows = dictionary.listed(tx, community)
        return render_template("console/words.html", rows=rows, kinds=_kinds(), wrong=None)

    def add(self) -> Any:
        """Adds a word."""
        return self._deed(lambda tx, community: dictionary.add(
            tx, g.login.actor, community_id=community, word=request.form.get("word", "").replace("\0", ""),
            kind=request.form.get("kind", ""), now=self.clock()), "console.words")

    def remove(self) -> Any:
        """Takes a word out."""
        return self._deed(lambda tx, community: dictionary.remove(
            tx, g.login.actor, community_id=community, word=request.form.get("word", "").replace("\0", "")[:40],
            now=self.clock()), "console.words")

    def correct(self, key: int) -> Any:
        """Puts category, place or intent of an issue right."""
        with self.db.read() as tx:
            row = browse.one(tx, issue, key, g.login.actor.community_id) if key <= paging.LARGEST else None
            if row is not None:
                spoken.speak(tx, row.community_id)
        if row is None or row.number is None:
            abort(404)
        field, value = request.form.get("field", ""), request.form.get("value", "").replace("\0", "").strip()
        if not _may(field, value):
            abort(400)
        return self._deed(lambda tx, _: corrections.correct(
            tx, g.login.actor, number=row.number, field=field, value=value, now=self.clock(), community_id=row.community_id),
            "console.issue", key=key)

    def _deed(self, work: Callable[[Tx, int], Any], back: str, **where: Any) -> Any:
        community = self.where() if back == "console.words" else 0
        try:
            written(self.db, lambda tx: work(tx, community))
        except Refusal as no:
            return render_template("console/note.html", text=say(no.key, **no.facts)), 400
        return redirect(url_for(back, **where))


def _situation(said: dict[str, str], vocabulary: Any) -> Context:
    """The context that the form describes."""
    options = tuple(filter(None, said["options"].replace("，", " ").replace("、", " ").split()))
    polls = [PollSeen("P1", said["title"] or word("understand.poll"), options)] if len(options) > 1 else []
    quote = Quote("chat", said["quote"]) if said["quote"].strip() else None
    return Context(at_bot=said["where"] == "mention", private=said["where"] == "private",
                   role=said["role"] if said["role"] in ROLES else "resident", quote=quote, open_polls=polls,
                   vocabulary=vocabulary, recent_issue=IssueSeen("I1", "") if said["where"] == "recent" else None)


def _slots(meaning: Any) -> list[tuple[str, str]]:
    """The facts in words."""
    if meaning is None:
        return []
    shown = {"category": lambda v: term("category", v), "urgency": lambda v: term("urgency", v)}
    return [(term("slot", key), shown.get(key, _plain)(value)) for key, value in meaning.slots.items()]


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return word("yes" if value else "no")
    return "、".join(map(_plain, value)) if isinstance(value, list) else term("risk", str(value))


def _kinds() -> list[tuple[str, str]]:
    return [(dictionary.PLACE, word("words.place")), *((c.code, c.name) for c in categories().values())]


def _may(field: str, value: str) -> bool:
    return {"category": value in categories(), "place": 2 <= len(value) <= 40, "intent": value in NAMES}.get(field, False)
