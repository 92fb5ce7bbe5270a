"""The console's page of figures: shares, what each was counted from, where and when it gathers, and all of it as a workbook."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, g, render_template, request
from sqlalchemy import func, select

from domain.errors import Refusal
from domain.figures import Figure
from domain.roles import Deed
from models.base import Database, Tx
from services import audit, browse, figures, figures_sheet, heat
from services.figures import GROUPS, Asked
from texts.say import say
from web import spoken
from web.door import written

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LISTED = 500
_WHICH = {"", "silent", "excused", *Figure, *(f"{f}.met" for f in Figure)}


class FigurePages:
    """The views; each opens its own transaction."""

    def __init__(self, db: Database, clock: Callable[[], datetime]):
        self.db, self.clock = db, clock

    def hang(self, console: Blueprint) -> None:
        """Adds the addresses to the console."""
        console.add_url_rule("/figures", "figures", self.page)
        console.add_url_rule("/figures/issues", "figure_issues", self.issues)
        console.add_url_rule("/figures.xlsx", "figures_xlsx", self.workbook, methods=["POST"])

    def page(self) -> Any:
        """All figures of what is asked for, divided in every way."""
        now = self.clock()
        with self.db.read() as tx:
            asked = self._asked(tx)
            tables = {by: figures.table(tx, asked, by, now) for by in (*self._communities(), *GROUPS)}
            return render_template(
                "console/figures.html", asked=asked, whole=figures.sheet(tx, asked, now), tables=tables, link=_link,
                figures=list(Figure), choices=figures.choices(tx, asked.community_id), kept=_link(asked),
                weeks=heat.weeks(tx, asked, now), buildings=heat.buildings(tx, asked))

    def issues(self) -> Any:
        """Exactly the issues a number was counted from."""
        which, now = request.args.get("which", ""), self.clock()
        if which not in _WHICH:
            abort(404)
        with self.db.read() as tx:
            asked = self._asked(tx)
            chosen = figures.listed(asked, which, now)
            if not g.login.actor.may(Deed.PRIVATE):
                chosen = chosen.where(~figures.i.private)
            count = tx.scalar(select(func.count()).select_from(chosen.subquery()))
            rows = tx.all(chosen.order_by(figures.i.id.desc()).limit(LISTED))
        return render_template("console/figure_issues.html", rows=rows, count=count, which=which, kept=_link(asked), listed=LISTED)

    def workbook(self) -> Any:
        """What is on the screen as a file; that it was taken is noted."""
        def work(tx: Tx) -> bytes:
            asked = self._asked(tx)
            place = asked.community_id if isinstance(asked.community_id, int) else None
            audit.note(tx, g.login.actor, "export.xlsx", "figures", now=self.clock(), community_id=place, asked=_link(asked))
            return figures_sheet.workbook(tx, asked, self.clock())
        name = "attachment; filename=figures.xlsx"
        return Response(written(self.db, work), mimetype=_XLSX, headers={"Content-Disposition": name})

    def _communities(self) -> tuple[str, ...]:
        return () if isinstance(g.login.where, int) else ("community",)

    def _asked(self, tx: Tx) -> Asked:
        """What is asked for, within what the account may see; what is no such thing is 404."""
        own, said = g.login.where, {n: request.values.get(n, "")[:40] for n in ("month", "category", "building")}
        numbers = {n: request.values.get(n, "") for n in ("party_id", "community_id")}
        if any(value and not (value.isascii() and value.isdecimal() and len(value) < 10) for value in numbers.values()):
            abort(404)
        where = own if isinstance(own, int) or not numbers["community_id"] else int(numbers["community_id"])
        if isinstance(where, int) and where not in (own if isinstance(own, frozenset) else browse.communities(tx)):
            abort(404)
        try:
            if said["month"]:
                figures.span(said["month"])
        except Refusal as no:
            abort(Response(render_template("console/note.html", text=say(no.key, **no.facts)), 400))
        spoken.speak(tx, where)
        party = int(numbers["party_id"]) if numbers["party_id"] else None
        return Asked(where, said["month"], said["category"], party, said["building"])


def _link(asked: Asked) -> dict[str, str]:
    """What is asked for as parts of an address."""
    return {name: str(value) for name in Asked.__dataclass_fields__ if (value := getattr(asked, name)) not in (None, "")
            and not isinstance(value, frozenset)}
