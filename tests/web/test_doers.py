"""Who did what stands on an issue's course: the account, in whose name, the clock; residents see roles at most, never names."""

import io
import zipfile
from datetime import timedelta
from typing import Any

import handlers  # noqa: F401 - registers the commands
from domain.roles import SYSTEM
from models.tables import issue, issue_event
from services import sight, steps
from tests.web.desk import Desk, token
from tests.web.test_work_pages import office, press

__all__ = ["office"]


def course_on(page: str) -> str:
    """The timeline of an issue's page."""
    return page.split('<ol class="timeline card">')[1].split("</ol>")[0]


def test_a_deed_of_the_console_stands_under_its_account(desk: Desk, office: dict[str, Any]) -> None:
    """On the page, in the story and in the case file; 系统 is the clock alone."""
    client, key = office["client"], office["issues"][1]
    press(client, f"/console/issues/{key}/deed", deed="issue.accept", nonce="n1")
    with desk.db.write() as tx:
        steps.event(tx, key, "late", SYSTEM, now=desk.now + timedelta(hours=1), inner=True)
    course = course_on(client.get(f"/console/issues/{key}").text)
    assert "<b>已受理</b> <span>后台账号 east</span>" in course
    assert course.count("系统") == 1 and "系统</span></li>" in course.split("后台账号 east")[1]
    story = client.get(f"/console/story/issue/{key}").text
    assert "<b>已受理</b> 后台账号 east" in story
    case = client.post(f"/console/issues/{key}.zip", data={"csrf_token": token(client, "/console/password")}).data
    with zipfile.ZipFile(io.BytesIO(case)) as archive:
        told = archive.read("02-经过.csv").decode()
    assert "已受理,后台账号 east" in told and told.count("系统") == 1


def test_in_whose_name_it_was_done_stands_beside_the_account(desk: Desk, office: dict[str, Any]) -> None:
    """An order given in the name of a grid worker names both."""
    client, key = office["client"], office["issues"][1]
    assert "已受理" in press(client, "/console/order", say="受理 I2", person=str(office["zhou"]), nonce="n1").text
    assert "后台账号 east（以周敏的名义）" in course_on(client.get(f"/console/issues/{key}").text)


def test_residents_are_told_what_was_done_and_not_by_whom(desk: Desk, office: dict[str, Any]) -> None:
    """As after a grid worker's deed in chat: neither an account nor 系统 stands in the answer to I2."""
    client, key = office["client"], office["issues"][1]
    press(client, f"/console/issues/{key}/deed", deed="issue.accept", nonce="n1")
    told = press(client, "/console/order", say="I2", person=str(office["zhou"]), nonce="n2").text.split('role="status"')[1].split("</section>")[0]
    assert "已受理" in told and "后台账号" not in told and "系统" not in told and "east" not in told


def test_who_is_not_to_be_named_is_not_named_by_their_deeds(desk: Desk, office: dict[str, Any]) -> None:
    """What the one behind an anonymous issue did stands under 匿名, also what was recorded before; the clock stays the clock."""
    client, key, who = office["client"], office["issues"][0], desk.ids["east"]["person"]
    with desk.db.write() as tx:
        from services.people import as_person  # the speaker as they are

        me = as_person(tx, who)
        sight.hide(tx, me, steps.by_id(tx, key), now=desk.now)
        steps.event(tx, key, "supplement", sight.hidden(me, steps.by_id(tx, key)), now=desk.now, text="又坏了")
        steps.event(tx, key, "overdue", SYSTEM, now=desk.now)
    course = course_on(client.get(f"/console/issues/{key}").text)
    assert course.count("（匿名）") == 2 and course.count("系统") == 1 and "李" not in course
    with desk.db.read() as tx:
        assert not tx.all(issue_event.select().where(issue_event.c.issue_id == key, issue_event.c.actor_id == who))
        assert steps.by_id(tx, key).submitter_id == who and tx.first(issue.select().where(issue.c.id == key)).anonymous
