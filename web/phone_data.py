"""The pages on which somebody sees what is stored about them and takes it along: signed in, or by the address they were sent."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

from flask import Blueprint, Response, abort, redirect, request, url_for

from models.base import Database, Tx
from services import audit, mydata, people, retention, reveals, rights
from web.wechat import Visitor, WechatLogin

# as they are typed
WAYS = ("我的电话 13812345678", "更正资料 姓名应为王芳", "解绑 3幢2单元501", "数据申请 要办什么", "退出", "删除我的数据")


class Frame(Protocol):
    """What makes a page for phones."""

    def page(self, template: str, tx: Tx, who: Visitor | None, code: str, **facts: Any) -> str:
        """One page."""

    def away(self, code: str, here: str) -> Any:
        """The way to WeChat, to be recognised."""

    def note(self, key: str, status: int = 200, **facts: Any) -> tuple[str, int]:
        """One sentence."""


class DataPages:
    """The views; each opens its own transaction."""

    def __init__(self, db: Database, login: WechatLogin, frame: Frame, clock: Callable[[], datetime]):
        self.db, self.login, self.frame, self.clock = db, login, frame, clock

    def hang(self, blueprint: Blueprint) -> None:
        """Adds the addresses."""
        blueprint.add_url_rule("/<code>/data", "data", self.mine)
        blueprint.add_url_rule("/<code>/data/<ticket>", "data_by_ticket", self.data)
        blueprint.add_url_rule("/<code>/data/<ticket>.zip", "data_zip", self.data_zip)

    def mine(self, code: str) -> Any:
        """Leads who is signed in to an address that other browsers open too: WeChat's own cannot save a file."""
        with self.db.read() as tx:
            who = self.login.visitor(tx)
        if who is None or who.community != code or who.person_id is None:
            return self.frame.away(code, request.path) or abort(404)
        return redirect(url_for("phone.data_by_ticket", code=code, ticket=mydata.ticket(who.person_id, now=self.clock())))

    def data(self, code: str, ticket: str) -> Any:
        """What is stored, who looked at it, what was asked, and how long it stays."""
        with self.db.read() as tx:
            person_id = mydata.whose(tx, code, ticket, now=self.clock())
            if person_id is None and mydata.forgotten(tx, ticket, now=self.clock()):
                return self.frame.note("privacy.deleted")
            if person_id is None:
                return self.frame.note("rights.page.old", 404)
            who = self.login.visitor(tx)  # who is signed in can do something here; who only has the address, read
            who = who if who is not None and who.person_id == person_id else None
            return self.frame.page(
                "phone/data.html", tx, who, code, here=request.path, it=mydata.summary(tx, person_id), ways=WAYS, ticket=ticket,
                looked=reveals.of_person(tx, person_id), requests=rights.of_person(tx, people.behind(tx, person_id)),
                limits=retention.limits())

    def data_zip(self, code: str, ticket: str) -> Any:
        """All of it as a file; that it was taken is on record."""
        now = self.clock()
        with self.db.write() as tx:
            person_id = mydata.whose(tx, code, ticket, now=now)
            if person_id is None:
                return self.frame.note("rights.page.old", 404)
            me = people.as_person(tx, person_id)
            data = mydata.archive(tx, person_id, now=now)
            rights.on_record(tx, me, person_id=person_id, community_id=me.home_community, kind="copy", now=now)
            audit.note(tx, me, "rights.copy", me.who, now=now)
            audit.seal(tx)
        return Response(data, mimetype="application/zip", headers={
            "Content-Disposition": "attachment; filename=linyi-my-data.zip", "Cache-Control": "no-store"})
