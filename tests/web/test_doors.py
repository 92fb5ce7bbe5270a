"""The list to knock at doors with, and the slip that proves that a home was reached."""

import re

from sqlalchemy import select

from models.tables import poll, poll_unit
from services import pages, procedure
from tests.web.desk import Desk
from tests.web.town import Town


def _vote(town: Town) -> tuple[str, int]:
    """A vote of owners: the address of its page, and a home of it."""
    town.stage.play("名册 1幢1单元101 88.42 老王")
    said = "".join(town.stage.play("周敏(私聊): 发起投票 换物业 业主表决 范围 1幢 截止 明晚8点"))
    number = int(re.findall(r"P(\d+) 已开始", said)[0])
    with town.stage.db.read() as tx:
        row = tx.execute(select(poll).where(poll.c.number == number)).one()
        home_id = tx.scalar(select(poll_unit.c.home_id).where(poll_unit.c.label == "1幢1单元101"))
        return pages.door_url(pages.path_of("poll", "test", number), row.id, home_id), home_id


def test_a_slip_that_is_opened_is_the_proof(town: Town) -> None:
    """Once, and only with our mark."""
    url, home_id = _vote(town)
    phone = town.phone("李叔")
    wrong = url[:-1] + ("0" if url[-1] != "0" else "1")
    for tried, found in ((wrong, {}), (url.replace(f"u={home_id}", "u=x"), {}), (url, {home_id: "scan"}), (url, {home_id: "scan"})):
        assert phone.get(tried).status_code == 200
        with town.stage.db.read() as tx:
            assert procedure.reached(tx, tx.execute(select(poll).order_by(poll.c.id.desc())).first()) == found, tried


def test_the_list_is_of_this_community(desk: Desk) -> None:
    assert desk.client("east").get(f"/console/polls/{desk.ids['east']['poll1']}/doors").status_code == 200
    assert desk.client("east").get(f"/console/polls/{desk.ids['west']['poll1']}/doors").status_code == 404
