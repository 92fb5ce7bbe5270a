"""Who does what in a community: parties with their members, which of them gets which matter, and who is on duty when."""

from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, abort, request
from sqlalchemy import Row

from domain.errors import Refusal
from domain.workdays import end_of
from models.base import Tx
from services import browse, directory, parties, roster, staff, who
from texts.parties import KINDS
from texts.words import categories
from web.deeds import PLACE
from web.desk import Desk, number, text
from web.ordering import desk_of

Deed = Callable[[Tx, Row[Any], datetime], Any]


class PartyPages(Desk):
    """The views; each opens its own transaction."""

    def hang(self, console: Blueprint) -> None:
        """Adds the addresses to the console."""
        console.add_url_rule("/setup/parties", "setup_parties", self.parties)
        console.add_url_rule("/setup/parties", "setup_party", self.party, methods=["POST"])
        console.add_url_rule("/setup/duty", "setup_duty", self.duty)
        console.add_url_rule("/setup/duty", "setup_duty_put", self.duty_put, methods=["POST"])

    # --- parties --------------------------------------------------------------------------------------------------
    def parties(self, wrong: str = "") -> Any:
        """Every party with its people and its matters, and which matters nobody gets."""
        where, now = self.where(), self.clock()
        with self.db.read() as tx:
            listed = parties.listed(tx, where)
            every = {row.id: parties.members(tx, row.id, now=now) for row in listed}
            names = browse.labels(tx, {i for members in every.values() for i in members})
            found = [(row, [(i, names[i]) for i in every[row.id]], directory.of_party(tx, row.id)) for row in listed]
            gets: dict[str, list[tuple[str, str | None]]] = defaultdict(list)
            for row, _, given in found:
                for code, block in given:
                    gets[code].append((row.name, block))
            return self.page("console/setup_parties.html", tx, wrong, parties=found, gets=gets, kinds=KINDS,
                             categories=list(categories().values()), buildings=browse.buildings(tx, where),
                             code_deed=PLACE["party.add"], **desk_of(tx, self.actor(), where))

    def party(self) -> Any:
        """Enters a party, or changes one: its members, its matters, or that it is there at all."""
        where, actor, now, deed = self.where(), self.actor(), self.clock(), text("deed", 16)
        if deed == "create":
            kind = text("kind", 16)
            if kind not in KINDS:
                abort(400)
            return self.do(lambda tx: parties.create(tx, actor, name=_named(), kind=kind, now=now), self.parties,
                           "console.setup_parties", "added")
        codes, block = [c for c in request.form.getlist("category") if c in categories()], number("building")
        deeds: dict[str, Deed] = {
            "close": lambda tx, row, at: parties.close(tx, actor, row, now=at),
            "join": lambda tx, row, at: parties.add_member(
                tx, actor, row, person_id=who.find(tx, where, text("person", 60)), leads="leads" in request.form, now=at),
            "leave": lambda tx, row, at: parties.remove_member(tx, actor, row, person_id=number("person") or 0, now=at),
            "give": lambda tx, row, at: directory.give(tx, actor, row, codes=_some(codes, row),
                                                       building_id=_own(tx, where, block), now=at),
            "take": lambda tx, row, at: directory.take(tx, actor, row, codes=_some(codes, row), now=at)}
        if deed not in deeds:
            abort(400)

        def work(tx: Tx) -> None:
            row = next((row for row in parties.listed(tx, where) if row.id == number("key")), None)
            if row is None:
                raise Refusal("setup.not_here")
            deeds[deed](tx, row, now)
        return self.do(work, self.parties, "console.setup_parties")

    # --- duty -----------------------------------------------------------------------------------------------------
    def duty(self, wrong: str = "") -> Any:
        """Who is on duty now and in the next weeks, and who stands in for whom."""
        where, now = self.where(), self.clock()
        with self.db.read() as tx:
            rows = roster.listed(tx, where, now=now, until=roster.LONGEST)
            away = roster.standing(tx, where, now=now)
            named = {i: who.name_of(tx, i) for r in rows for i in (r.person_id,)} | {
                i: who.name_of(tx, i) for r in away for i in (r.person_id, r.for_id)}
            present = [who.name_of(tx, i) for i in roster.on_duty(tx, where, now=now)]
            return self.page("console/setup_duty.html", tx, wrong, rows=rows, away=away, named=named, present=present,
                             staff=staff.listed(tx, where))

    def duty_put(self) -> Any:
        """Puts somebody on the roster, takes them off, or lets them stand in."""
        where, actor, now, deed = self.where(), self.actor(), self.clock(), text("deed", 16)

        def work(tx: Tx) -> None:
            person_id = _person(tx, where, "person")
            if deed == "relieve":
                roster.relieve(tx, actor, person_id=person_id, now=now)
                return
            starts, ends = _day("since") - timedelta(days=1), _day("until")
            span = {"starts_at": end_of(starts), "ends_at": end_of(ends), "now": now}
            if deed == "stand":
                roster.stand(tx, actor, person_id=person_id, for_id=_person(tx, where, "away"), **span)
            else:
                roster.put(tx, actor, person_id=person_id, **span)
        return self.do(work, self.duty, "console.setup_duty", "removed" if deed == "relieve" else "added")


def _named() -> str:
    name = text("name", parties.LONGEST)
    if len(name) < 2:
        raise Refusal("setup.name", most=parties.LONGEST)
    return name


def _some(codes: list[str], row: Row[Any]) -> list[str]:
    """At least one kind of matter."""
    if not codes:
        raise Refusal("party.which", name=row.name)
    return codes


def _own(tx: Tx, community_id: int, building_id: int | None) -> int | None:
    """The building, if it stands here; None is the whole community."""
    if building_id is not None and building_id not in dict(browse.buildings(tx, community_id)):
        raise Refusal("setup.not_here")
    return building_id


def _person(tx: Tx, community_id: int, name: str) -> int:
    """Somebody of this community, by number."""
    return who.find(tx, community_id, f"#{number(name) or 0}")


def _day(name: str) -> date:
    try:
        return date.fromisoformat(text(name, 10))
    except ValueError:
        raise Refusal("roster.when") from None
