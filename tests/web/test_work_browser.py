"""Work that was missing at the desk, by hand in a browser: points, a notice, a session, a round, and many issues at once."""

from typing import Any

import pytest
from sqlalchemy import func, select, update

import handlers  # noqa: F401 - registers the commands
from models.tables import chat, issue_event, outbox, person
from services import audit
from tests.web.desk import Desk
from tests.web.gallery import Look, served, window
from tests.web.test_work_pages import office

__all__ = ["office"]
pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)  # what differs is the browser, not the database


def sees(page: Any, words: str) -> None:
    """Waits until these words stand on the page that the last click has led to."""
    page.locator("main", has_text=words).wait_for(timeout=10_000)


@pytest.fixture
def clean(desk: Desk, office: dict[str, Any]) -> dict[str, Any]:
    """The office with people of plain names, and one resident to be thanked."""
    with desk.db.write() as tx:
        tx.execute(update(person).where(person.c.id == desk.ids["east"]["person"]).values(name="李建国"))
        audit.seal(tx)
    return office


def test_points_are_given_looked_at_and_corrected_on_a_phone(desk: Desk, clean: dict[str, Any], browser: Any) -> None:
    """A deed with its reason, the list by points, one person's lines, and a line taken back; too much is refused with what to do."""
    assert desk.app is not None
    with served(desk.app) as base:
        page = window(browser, Look(390), base, clean["client"])
        page.goto(f"{base}/console/points")
        page.click("summary:has-text('加分')")
        form = page.locator("form", has=page.locator("button[value='points.give']"))
        form.locator("[name=who]").fill("3-2-501")
        form.locator("[name=amount]").fill("200")
        form.locator("[name=done]").fill("周六巡逻两小时")
        form.locator("button").click()
        sees(page, "一次记 1 到 100 分")
        page.go_back()
        page.click("summary:has-text('加分')")
        form.locator("[name=who]").fill("3-2-501")
        form.locator("[name=amount]").fill("8")
        form.locator("[name=done]").fill("周六巡逻两小时")
        form.locator("button").dblclick()
        sees(page, "已记：李建国 +8 分")
        page.click("text=返回")
        sees(page, "本月记了 13 分")
        row = page.locator("tbody tr").first.inner_text()
        assert "李*" in row and "13" in row and "李建国" not in row  # five there were already
        page.click("tbody a.go")
        sees(page, "谁记的")
        line = page.locator("tbody tr", has_text="周六巡逻两小时")
        assert "后台账号 east" in line.inner_text() and line.count() == 1
        line.locator("summary").click()
        line.locator("[name=words]").fill("记错了人")
        line.locator("button").click()
        sees(page, "已更正")
        page.goto(f"{base}/console/ledger?kind=reversal")
        assert "记错了人" in page.inner_text("tbody") and "-8" in page.inner_text("tbody")


def test_a_notice_is_seen_before_it_goes_out_and_goes_out_once(desk: Desk, clean: dict[str, Any], browser: Any) -> None:
    """Written, looked at, called off; written again and sent: it stands in the list and in the outbox once."""
    assert desk.app is not None
    with served(desk.app) as base:
        page = window(browser, Look(1280), base, clean["client"])
        for answer, told in (("不用了", "取消"), ("执行", "已发到")):
            page.goto(f"{base}/console/notices")
            page.fill("section [name=notice]", "周五上午 9 点消防演练")
            page.click("button[value='notice.post']")
            sees(page, "请确认")
            assert "【社区通知】周五上午 9 点消防演练" in page.inner_text("main")
            page.click(f"button:has-text('{answer}')")
            sees(page, told)
        page.click("text=返回")
        sees(page, "发到哪个群")
        assert page.locator("tbody tr", has_text="消防演练").count() == 1
    with desk.db.read() as tx:
        groups = tx.scalar(select(func.count()).select_from(chat).where(chat.c.post_channel.is_not(None)))
        assert tx.scalar(select(func.count()).where(outbox.c.text.like("%消防演练%"), outbox.c.target.like("chat:%"))) == groups == 1


def test_a_session_is_planned_and_a_round_is_opened_from_an_issue(desk: Desk, clean: dict[str, Any], browser: Any) -> None:
    """Too soon is refused; the session's page says who leads it; the round's page adds a statement to begin with."""
    assert desk.app is not None
    with served(desk.app) as base:
        page = window(browser, Look(390), base, clean["client"])
        for when, told in (("明天下午3点", "不超过 60 天"), ("3月9日下午3点", "【请你来协商】")):
            page.goto(f"{base}/console/sessions")
            page.click("summary:has-text('开恳谈会')")
            page.fill("[name=title]", "电动车充电怎么管")
            page.fill("[name=starts]", when)
            page.click("button[value='session.open']")
            sees(page, told)
        page.click("text=返回")
        page.click("tbody a >> nth=0")
        sees(page, "主持 周敏")
        assert "已预告" in page.inner_text("main")
        page.goto(f"{base}/console/issues/{clean['issues'][1]}")
        page.click("button[value='issue.accept']")
        page.click("text=返回")
        page.click("summary:has-text('协商和征言')")
        page.click("summary:has-text('发起征言')")
        form = page.locator("form", has=page.locator("button[value='round.open']"))
        form.locator("[name=title]").fill("车位怎么分")
        form.locator("[name=seeds]").fill("先到先停\n按户轮流")
        form.locator("button").click()
        sees(page, "【征言】I2 车位怎么分")
        page.goto(f"{base}/console/rounds")
        page.click("a:has-text('车位怎么分')")
        page.click("summary:has-text('种子')")
        page.fill("form:has(button[value='round.seed']) [name=seeds]", "访客另停一处")
        page.click("button[value='round.seed']")
        page.click("text=返回")
        page.click("button[value='round.list']")
        sees(page, "3. 访客另停一处（种子）")


def test_many_issues_at_once_with_a_double_click(desk: Desk, clean: dict[str, Any], browser: Any) -> None:
    """Ticked on the board, accepted together by an impatient hand: once each, told line by line, under the account's name."""
    assert desk.app is not None
    with served(desk.app) as base:
        page = window(browser, Look(1280), base, clean["client"])
        page.goto(f"{base}/console/board")
        for key in clean["issues"][1:]:
            page.check(f"[name=issue][value='{key}']")
        page.select_option("select[name=deed] >> nth=0", "issue.accept")
        page.locator(".bulk button").first.dblclick()
        sees(page, "2 件办成。")
        page.goto(f"{base}/console/board")
        for key in clean["issues"]:
            page.check(f"[name=issue][value='{key}']")
        page.select_option("select[name=deed] >> nth=0", "issue.accept")
        page.locator(".bulk button").first.click()
        sees(page, "1 件办成，2 件没有办成")
        assert page.locator("section[role=status] tr").count() == 3
        page.goto(f"{base}/console/issues/{clean['issues'][1]}")
        assert "后台账号 east" in page.inner_text("ol.timeline") and "系统" not in page.inner_text("ol.timeline")
    with desk.db.read() as tx:
        done = tx.all(select(issue_event.c.issue_id).where(issue_event.c.act == "accept").order_by(issue_event.c.issue_id))
        assert [row.issue_id for row in done] == sorted(clean["issues"])
