"""On a phone's width a procedure of three phases is written, put in order, kept, and a deliberation goes by it."""

from typing import Any

import pytest
from sqlalchemy import select

from domain.roles import Role
from models.base import Database
from models.tables import community, deliberation, issue, person
from services import audit, courses, issues
from services import deliberation as talks
from services.people import Speaker
from tests.web.test_setup_browser import AXE, NOW, PASSWORD, address  # noqa: F401 - the fixture
from texts.plans import read_plan

pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)  # what differs is the browser, not the database


def test_a_procedure_is_written_on_a_phone_and_used(address: str, db: Database, browser: Any) -> None:  # noqa: F811
    """No YAML is seen; a mistake is found at its field; the buttons work without script."""
    with db.write() as tx:
        where = tx.add(community, code="guihua", name="桂花苑", last_issue=0, last_poll=0)
        who, _ = (tx.add(person, community_id=where, name=name, role=role, told_version=1, consent_version=1, created_at=NOW)
                  for name, role in (("李叔", "resident"), ("周敏", "grid_worker")))
        speaker = Speaker(f"person:{who}", Role.RESIDENT, where, who, told=True, consented=True)
        issues.register(tx, speaker, issues.Report("东门没有充电桩", "东门没有充电桩", "parking", "东门"), chat_id=None, now=NOW)
        audit.seal(tx)
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN", java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    page.fill("[name=username]", "boss")
    page.fill("[name=password]", PASSWORD)
    page.click("button.primary")
    page.goto(f"{address}setup/courses")
    page.get_by_role("link", name="写一套新的").click()
    page.get_by_label("名称", exact=True).nth(0).fill("院坝会")
    step = page.locator("section[id^=step]")
    step.nth(0).get_by_label("名称", exact=True).fill("摆一摆")
    page.get_by_role("button", name="在第 2 个环节后面加一个").click()
    assert page.url.endswith("#step-3") and page.get_by_text("在这里。还没有保存。").is_visible()
    step.nth(2).get_by_label("名称", exact=True).fill("开会")
    step.nth(2).get_by_label("怎么结束").select_option(label="开会通过才结束")
    assert step.nth(2).locator("[name='3.到会']").is_visible() and not step.nth(2).get_by_label("时长", exact=True).is_visible()
    step.nth(2).locator("[name='3.到会']").select_option("三分之二以上")
    page.get_by_role("button", name="看看样子").last.click()
    assert "协商的最后一个环节要写“怎么定”" in page.locator("#fault").inner_text()
    page.get_by_role("button", name="把第 3 个环节上移").click()
    step.nth(0).get_by_label("时长", exact=True).fill("三")
    page.get_by_role("button", name="保存").click()
    assert "请填数字" in step.nth(0).locator("#fault").inner_text() and page.locator("[aria-invalid]").input_value() == "三"
    step.nth(0).get_by_label("时长", exact=True).fill("3")
    step.nth(0).get_by_label("单位").select_option("工作日")
    page.get_by_role("button", name="看看样子").last.click()
    page.locator("summary", has_text="群里会听到").click()
    assert page.get_by_text("进入“摆一摆”，到 3 月 5 日（周四）24:00").is_visible()
    assert page.locator("[role=status] .course .chip").all_inner_texts() == ["摆一摆", "开会", "定结果"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="保存").click()
    page.get_by_text("协商 I12 按 院坝会").wait_for()
    page.get_by_text("已保存").wait_for()
    _accessible(page, browser)
    context.close()
    _used(db)


def _used(db: Database) -> None:
    """The grid worker begins a deliberation by it: its first phase, with its days."""
    with db.write() as tx:
        row = tx.first(select(person).where(person.c.role == "grid_worker"))
        assert row is not None
        where, boss = row.community_id, row.id
        staff = Speaker(f"person:{boss}", Role.GRID_WORKER, where, boss, told=True, consented=True)
        words = read_plan("按 院坝会", NOW)
        course = courses.called(tx, where, words.course)
        assert course is not None and [p.name for p in course.phases] == ["摆一摆", "开会", "定结果"]
        row, held = talks.announce(tx, staff, talks.Plan(course, []), number=1, now=NOW)
        talks.begin(tx, held.id, row, held.starts_at)
        phase = talks.phase_of(tx.execute(select(deliberation)).one())
        assert phase is not None and (phase.name, phase.span and phase.span.workdays) == ("摆一摆", 3)
        assert tx.scalar(select(issue.c.state)) == "consulting"
        audit.seal(tx)


def _accessible(page: Any, browser: Any) -> None:
    """The form as it now stands fits a desk too, and axe finds nothing serious in it at either width."""
    for width in (390, 1280):
        context = browser.new_context(viewport={"width": width, "height": 900}, bypass_csp=True)
        context.add_cookies(page.context.cookies())
        other = context.new_page()
        other.goto(page.url)
        assert other.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        if AXE.is_file():
            other.add_script_tag(path=str(AXE))
            found = other.evaluate("axe.run().then(r => r.violations.map(v => [v.impact, v.id, v.nodes[0].html]))")
            assert [v for v in found if v[0] in ("serious", "critical")] == []
        context.close()
