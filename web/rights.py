"""The console's pages of residents' rights: what was asked and until when, and what can be done for one person."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, g, redirect, render_template, request, url_for
from sqlalchemy import select

from domain.errors import Refusal
from models.base import Database, Tx
from models.rights import data_request
from models.tables import person
from services import audit, browse, erasure, homes, mydata, paging, people, reveals, rights
from texts import mask
from texts.say import say
from web.door import written

PROOFS = ("face", "known", "call", "written")
_SURE = "删除"  # what must be typed before anything is deleted
_MOST = 300


class RightsPages:
    """The views; each opens its own transaction."""

    def __init__(self, db: Database, clock: Callable[[], datetime]):
        self.db, self.clock = db, clock

    def hang(self, console: Blueprint) -> None:
        """Adds the addresses to the console."""
        console.add_url_rule("/requests", "requests", self.listed)
        console.add_url_rule("/requests/<int:key>", "request", self.one)
        console.add_url_rule("/requests/<int:key>/end", "request_end", self.end, methods=["POST"])
        console.add_url_rule("/requests/find", "request_find", self.find, methods=["POST"])
        console.add_url_rule("/people/<int:key>/data", "person_data", self.person)
        for name, deed in (("reveal", self.reveal), ("ask", self.ask), ("correct", self.correct), ("copy", self.copy),
                           ("erase", self.erase)):
            console.add_url_rule(f"/people/<int:key>/{name}", f"person_{name}", deed, methods=["POST"])

    # --- requests ---------------------------------------------------------------------------------------------
    def listed(self) -> Any:
        """What waits, the most urgent first, and what ended lately."""
        with self.db.read() as tx:
            rows = rights.open_ones(tx, self._where(), ended=30)
            names = browse.labels(tx, {r.person_id for r in rows})
        return render_template("console/requests.html", rows=rows, names=names, now=self.clock(),
                               erased=request.args.get("said") == "erased")

    def one(self, key: int) -> Any:
        """One request: what is wanted, until when, and what can be done."""
        with self.db.read() as tx:
            row = self._own(tx, data_request, key)
            names = browse.labels(tx, {row.person_id})
            alive = tx.scalar(select(person.c.erased_at).where(person.c.id == row.person_id)) is None
        return render_template("console/request.html", it=row, who=names[row.person_id], now=self.clock(), alive=alive)

    def end(self, key: int) -> Any:
        """Done, or refused with a reason; who asked is told."""
        with self.db.read() as tx:
            row = self._own(tx, data_request, key)
        words = _said("words")
        deed = rights.refuse if "refuse" in request.form else rights.finish
        named = {"reason" if deed is rights.refuse else "answer": words}
        return self._done(lambda tx: deed(tx, g.login.actor, row, now=self.clock(), **named), url_for("console.request", key=key))

    def find(self) -> Any:
        """Who gave this number; it is looked up by its keyed hash, and never in an address that is logged."""
        number = "".join(c for c in _said("phone") if c.isdigit())
        with self.db.read() as tx:
            found = rights.called_at(tx, number, self._where())
        if len(found) == 1:
            return redirect(url_for("console.person_data", key=found[0]))
        return render_template("console/note.html", text=say("rights.console.found_none"))

    # --- one person -------------------------------------------------------------------------------------------
    def person(self, key: int, known: reveals.Known | None = None) -> Any:
        """What is stored of a person, masked, and every right they have, with a button for it."""
        with self.db.read() as tx:
            row = self._own(tx, person, key)
            if row.erased_at is not None or row.joined_into is not None:
                abort(404)
            it = mydata.summary(tx, key)
            looked = reveals.of_person(tx, key)
            asked = rights.of_person(tx, people.behind(tx, key))
            return render_template(
                "console/person.html", key=key, it=it, known=known, name=mask.name(it.name) if it.name else None,
                bound=people.homes_of(tx, key), looked=looked, names=browse.actors(tx, {r.actor for r in looked}),
                requests=asked, erasing=any(r.kind == "delete" and r.state == "open" for r in asked), whys=reveals.WHYS,
                kinds=rights.KINDS, proofs=PROOFS, role=row.role, now=self.clock())

    def reveal(self, key: int) -> Any:
        """Shows name and phone this once, for a reason; it is on record, and the person can see it."""
        self._person(key)
        try:
            known = written(self.db, lambda tx: reveals.look(
                tx, g.login.actor, person_id=key, why=_said("why"), note=_said("note"), now=self.clock()))
        except Refusal as no:
            return _refused(no)
        return self.person(key, known)

    def ask(self, key: int) -> Any:
        """Enters a request for somebody who asked on paper or at the desk."""
        self._person(key)
        return self._done(lambda tx: rights.ask(tx, g.login.actor, person_id=key, kind=_said("kind"), text=_said("text"),
                                                now=self.clock()), self._back(key))

    def correct(self, key: int) -> Any:
        """Puts name, phone or home right."""
        self._person(key)
        actor, now = g.login.actor, self.clock()

        def work(tx: Tx) -> None:
            if "name" in request.form:
                rights.set_name(tx, actor, person_id=key, name=_said("name"), now=now)
            elif "phone" in request.form:
                number = "".join(c for c in _said("phone") if c.isdigit())
                if number and not 7 <= len(number) <= 13:
                    raise Refusal("rights.phone_unreadable")
                rights.set_phone(tx, actor, person_id=key, number=number, now=now)
            else:
                homes.unbind(tx, actor, person_id=key, home_id=request.form.get("home", 0, type=int), now=now)
        return self._done(work, self._back(key))

    def copy(self, key: int) -> Any:
        """A copy to hand over; that it was made is on record."""
        row, now = self._person(key), self.clock()

        def work(tx: Tx) -> bytes:
            data = mydata.archive(tx, key, now=now, for_staff=True)
            rights.on_record(tx, g.login.actor, person_id=key, community_id=row.community_id, kind="copy", now=now)
            audit.note(tx, g.login.actor, "rights.copy", f"person:{key}", now=now, community_id=row.community_id)
            return data
        return Response(written(self.db, work), mimetype="application/zip", headers={
            "Content-Disposition": f"attachment; filename=person-{key}.zip"})

    def erase(self, key: int) -> Any:
        """Forgets the person, when the word was typed and it is said how they were recognised."""
        self._person(key)
        if _said("sure") != _SURE or _said("proof") not in PROOFS:
            return _refused(Refusal("rights.confirm_wrong"))

        def work(tx: Tx) -> None:
            audit.note(tx, g.login.actor, "rights.proof", f"person:{key}", now=self.clock(), proof=_said("proof"))
            erasure.erase(tx, people.as_person(tx, key), now=self.clock(), by=g.login.actor)
        return self._done(work, url_for("console.requests", said="erased"))

    # --- shared -----------------------------------------------------------------------------------------------
    def _where(self) -> int | None:
        community_id: int | None = g.login.actor.community_id
        return community_id

    def _own(self, tx: Tx, table: Any, key: int) -> Any:
        row = browse.one(tx, table, key, self._where()) if key <= paging.LARGEST else None
        return row if row is not None else abort(404)

    def _person(self, key: int) -> Any:
        with self.db.read() as tx:
            row = self._own(tx, person, key)
        return row if row.erased_at is None and row.joined_into is None else abort(404)

    def _back(self, key: int) -> str:
        return url_for("console.person_data", key=key)

    def _done(self, work: Callable[[Tx], Any], then: str) -> Any:
        try:
            written(self.db, work)
        except Refusal as no:
            return _refused(no)
        return redirect(then)


def _said(name: str) -> str:
    return request.form.get(name, "").replace("\0", "").strip()[:_MOST]


def _refused(no: Refusal) -> tuple[str, int]:
    return render_template("console/note.html", text=say(no.key, **no.facts)), 400
