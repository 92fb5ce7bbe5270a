"""The console's page of the owners' register: where it stands, a table looked at, and taken in."""

from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import Any

from flask import Blueprint, Response, g, render_template, request

from domain.errors import Refusal
from models.base import Database
from services import register, register_apply
from services.register_sheet import BYTES, sheet
from services.register_sheet import written as workbook
from texts.register import EXAMPLE, told
from texts.say import say
from web.door import written

PATH = "/console/register"
LIMIT = BYTES + 64 * 1024  # the form around the file
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class RegisterPages:
    """The views; each opens its own transaction."""

    def __init__(self, db: Database, clock: Callable[[], datetime], community: Callable[[], int]):
        self.db, self.clock, self.community = db, clock, community

    def hang(self, console: Blueprint) -> None:
        """Adds the addresses to the console."""
        console.add_url_rule("/register", "register", self.page)
        console.add_url_rule("/register", "register_take", self.take, methods=["POST"])
        console.add_url_rule("/register/template.xlsx", "register_template", self.template)

    def page(self, **more: Any) -> Any:
        """Homes, heads and area, and what is missing."""
        with self.db.read() as tx:
            it = register_apply.status(tx, self.community())
        return render_template("console/register.html", it=it, **({"lines": None, "report": None, "mark": "", "done": ""} | more))

    def take(self) -> Any:
        """Looks at the table that was sent; takes it in when it is the very one that was looked at."""
        try:
            return self._take()
        except Refusal as no:
            return self.page(done=say(no.key, **no.facts)), 400

    def _take(self) -> Any:
        sent = request.files.get("table")
        data = sent.read(BYTES + 1) if sent is not None else b""
        if sent is None or not data:
            raise Refusal("register.no_file")
        create, partly, seen = "create" in request.form, "partly" in request.form, request.form.get("seen", "")
        mark = sha256(data + bytes([create])).hexdigest()
        table, where = register.read(sheet(data, sent.filename or "")), self.community()
        if seen and seen != mark:
            raise Refusal("register.changed")
        if not seen:
            with self.db.read() as tx:
                report = register_apply.look(tx, where, table, create=create)
            return self.page(lines=told(report.findings), report=report, mark=mark)

        def work(tx: Any) -> register_apply.Report:
            report = register_apply.look(tx, where, table, create=create)
            register_apply.take_in(tx, g.login.actor, where, report, partly=partly, now=self.clock())
            return report
        return self.page(done=say("register.done", homes=written(self.db, work).homes))

    def template(self) -> Any:
        """An empty table with its headings and two lines that show how it is filled in."""
        name = "attachment; filename=register.xlsx"
        return Response(workbook(EXAMPLE), mimetype=_XLSX, headers={"Content-Disposition": name})
