"""The first-run guide of the console, and the pages of its first steps: the community, its buildings and units."""

import json
import zlib
from base64 import b64decode, b64encode
from io import BytesIO
from typing import Any

from flask import Blueprint, Response, abort, g, redirect, render_template, request, url_for

from domain.errors import Refusal
from models import secret
from models.base import Tx
from services import browse, communities, estate, homes, logins, readiness, register, register_apply
from services.register_sheet import BYTES, ROWS, sheet
from services.register_sheet import written as workbook
from texts.register import UNITS
from texts.say import say
from web.desk import Desk, number, text
from web.door import written

PATH = "/console/setup/homes"
LIMIT = 2 * BYTES  # a table comes back sealed, in the form that confirms it
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class SetupPages(Desk):
    """The views; each opens its own transaction."""

    def hang(self, console: Blueprint) -> None:
        """Adds the addresses to the console."""
        console.before_request(self.first)
        console.add_url_rule("/setup", "setup", self.guide)
        console.add_url_rule("/setup/community", "setup_community", self.community, methods=["POST"])
        console.add_url_rule("/setup/homes", "setup_homes", self.homes)
        console.add_url_rule("/setup/homes", "setup_homes_take", self.take, methods=["POST"])
        console.add_url_rule("/setup/codes", "setup_codes", self.codes, methods=["POST"])
        console.add_url_rule("/setup/units.xlsx", "setup_units", self.template, methods=["POST"])

    def first(self) -> Any:
        """Where there is no community yet, every page of setting up leads to the guide, which begins with one."""
        asked = request.method == "GET" and (request.endpoint or "").startswith("console.setup_") and not self.where()
        return redirect(url_for("console.setup")) if asked else None

    def guide(self, wrong: str = "") -> Any:
        """Every step with where it stands."""
        where = self.where()
        with self.db.read() as tx:
            code = communities.code_of(tx, where)
            accounts = [each.name for each in self.platform.accounts() if each.community == code]
            steps = readiness.steps(tx, where, accounts, now=self.clock())
            return self.page("console/setup.html", tx, wrong, steps=steps, complete=readiness.complete(steps), code=code,
                             name=browse.communities(tx).get(where, ""), may_create=self.whole().community_id is None)

    def community(self) -> Any:
        """Enters a new community, or calls this one something else."""
        if "create" not in request.form:
            where, actor = self.where(), self.actor()
            return self.do(lambda tx: communities.rename(tx, actor, community_id=where, name=text("name"), now=self.clock()),
                           self.guide, "console.setup")
        if self.whole().community_id is not None:
            abort(404)
        try:
            written(self.db, self._create)
        except Refusal as no:
            return self.guide(wrong=say(no.key, **no.facts)), 400
        return redirect(url_for("console.setup", said="added"))

    def _create(self, tx: Tx) -> None:
        """The new community is the one on the screen from then on."""
        new = communities.create(tx, self.whole(), code=text("code"), name=text("name"), now=self.clock())
        logins.go_to(tx, g.login, new, now=self.clock())

    def homes(self, wrong: str = "", **more: Any) -> Any:
        """What there is, a table to send, and a rule to make one by."""
        with self.db.read() as tx:
            facts = {"report": None, "summary": None, "sealed": "", "taken": None, "file": ""} | more
            return self.page("console/setup_homes.html", tx, wrong, buildings=estate.counts(tx, self.where()), **facts)

    def take(self) -> Any:
        """Looks at a table or at a rule; takes in what was looked at, unchanged, when that is confirmed."""
        if not self.where():
            abort(404)
        try:
            return self._confirmed() if "sealed" in request.form else self._looked()
        except Refusal as no:
            return self.homes(wrong=say(no.key, **no.facts)), 400

    def _looked(self) -> Any:
        sent, name = request.files.get("table"), say("setup.by_rule")
        if "first" in request.form:
            asked = [number(each) or 0 for each in ("first", "last", "entrances", "floors", "doors")]
            data = workbook(estate.rows(estate.Plan(*asked)))
        else:
            data = sent.read(BYTES + 1) if sent is not None else b""
            name = sent.filename or "" if sent is not None else ""
        if not data:
            raise Refusal("register.no_file")
        table = register.read(sheet(data, name), bare=True)
        with self.db.read() as tx:
            report = register_apply.look(tx, self.where(), table, create=True)
        slip = json.dumps({"community": self.where(), "name": name[:120]}).encode()
        sealed = b64encode(b"".join(secret.seal_stream([slip, zlib.compress(data)]))).decode()
        return self.homes(report=report, summary=estate.summary(report), sealed=sealed, file=name)

    def _confirmed(self) -> Any:
        try:
            slip, packed = secret.open_stream(BytesIO(b64decode(request.form["sealed"], validate=True)))
        except (secret.Unreadable, ValueError):
            raise Refusal("setup.table_again") from None
        kept = json.loads(slip)
        if kept["community"] != self.where():
            raise Refusal("setup.table_again")
        table, actor = register.read(sheet(zlib.decompress(packed), kept["name"]), bare=True), self.actor()

        def work(tx: Any) -> register_apply.Report:
            report = register_apply.look(tx, self.where(), table, create=True)
            register_apply.take_in(tx, actor, self.where(), report, partly="partly" in request.form, now=self.clock())
            return report
        return self.homes(taken=written(self.db, work))

    def codes(self) -> Any:
        """A one-time code for every home of a building nobody has bound yet, as slips to print; shown this once."""
        actor, key = self.actor(), number("building")
        with self.db.read() as tx:
            name = dict(browse.buildings(tx, self.where())).get(key or 0)
        if name is None:
            return self.homes(wrong=say("setup.codes_which")), 400
        slips = written(self.db, lambda tx: homes.make_codes(tx, actor, building_id=key or 0, now=self.clock()))
        return render_template("console/codes.html", name=name, slips=slips, days=homes.CODE_LIFE.days, community=self.where())

    def template(self) -> Any:
        """An empty table with its headings and lines that show how it is filled in."""
        name = "attachment; filename=units.xlsx"
        return Response(workbook(UNITS), mimetype=XLSX, headers={"Content-Disposition": name})


assert ROWS * 40 < LIMIT  # a rule's largest table fits into the form
