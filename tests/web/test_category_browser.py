"""An admin gives a community a category of its own by hand, at both widths, and sees a resident's words go there."""

import os
from typing import Any

import pytest
from sqlalchemy import select

from domain.roles import SYSTEM
from models.tables import issue
from services import accounts, audit, issues, voices
from services.issues import Report
from tests.services.test_similar import resident
from tests.web.desk import NOW, Desk
from tests.web.gallery import Look, served, window
from tests.web.test_phone_browser import AXE, check
from understanding import trained
from understanding.context import Context

PICTURES = os.environ.get("LINYI_PICTURES", "")
pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)  # what differs is the browser, not the database


def report(desk: Desk, text: str) -> Any:
    """A resident of the east says this, and it is registered as it was understood."""
    with desk.db.write() as tx:
        where = desk.ids["east"]["place"]
        with voices.speaking(tx, where):
            kind = str(trained.reader().read(text, Context(private=True), intent="register_issue").slots["category"])
            return issues.register(tx, resident(tx, where), Report(text, text, kind, None), chat_id=None, now=NOW)


def good(page: Any, name: str) -> None:
    """Nothing sticks out, is too small to touch or serious for a screen reader; a picture where somebody wants to look."""
    check(page, name, "", axe=AXE.is_file())
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)


@pytest.mark.parametrize("width", [390, 1280])
def test_an_admin_adds_a_category_and_words_go_there(desk: Desk, browser: Any, width: int) -> None:
    """Wrong first, then right; tried, changed, given up and brought back; the list of issues calls it by its name."""
    assert desk.app is not None
    with served(desk.app) as base:
        page = window(browser, Look(width), base, desk.client("east"))
        page.goto(f"{base}/console/setup/categories")
        good(page, f"categories-{width}")
        page.get_by_role("link", name="加一个类别").click()
        page.get_by_label("名称").fill("停车")
        page.get_by_label("像哪一类").select_option(label="噪音")
        page.get_by_label("一看就是它的词").fill("无人机、航拍")
        page.get_by_role("button", name="加一个类别").click()
        assert "已经有“停车”这个类别" in page.get_by_role("alert").inner_text()
        good(page, f"categories-wrong-{width}")
        page.get_by_label("名称").fill("无人机")
        page.get_by_role("button", name="加一个类别").click()
        page.get_by_role("row", name="无人机").get_by_text("自己的").wait_for()
        page.get_by_label("试一句").fill("楼顶有人放无人机，天天在飞，太吓人了")
        page.get_by_role("button", name="看看归哪一类").click()
        assert "会归到“无人机”。 因为话里有本社区自己的词：无人机" in page.locator("main").get_by_role("status").inner_text()
        good(page, f"categories-tried-{width}")
        row = report(desk, "楼顶有人放无人机，天天在飞")
        page.goto(f"{base}/console/issues/{row.id}")
        assert "无人机" in page.locator("p.facts").first.inner_text()
        page.goto(f"{base}/console/figures")
        assert page.get_by_text("无人机").count() > 0
        page.goto(f"{base}/console/setup/categories?code=noise")
        page.get_by_label("名称").fill("噪声扰民")
        page.get_by_label("广场舞").uncheck()
        good(page, f"category-noise-{width}")
        page.get_by_role("button", name="保存").click()
        page.get_by_role("row", name="噪声扰民").get_by_text("改过").wait_for()
        page.get_by_role("link", name="改 无人机").click()
        page.get_by_role("button", name="停用这一类").click()
        page.get_by_role("row", name="无人机").get_by_text("停用了").wait_for()
        assert report(desk, "无人机又来了").category != row.category
        page.get_by_role("link", name="改 无人机").click()
        good(page, f"category-retired-{width}")
        page.get_by_role("button", name="恢复").click()
        page.get_by_role("row", name="无人机").get_by_text("自己的").wait_for()
        with desk.db.read() as tx:
            assert tx.scalar(select(issue.c.category).where(issue.c.id == row.id)) == row.category == report(desk, "无人机还在飞").category
        page.context.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_who_sees_all_chooses_one_community_where_one_is_needed(desk: Desk, browser: Any, width: int) -> None:
    """The page says so and has the switch; afterwards the head says which, on every page; a link with a community leads there."""
    assert desk.app is not None
    with desk.db.write() as tx:
        accounts.create(tx, SYSTEM, username="boss", password="a long password", community_id=None, now=NOW)
        audit.seal(tx)
    with served(desk.app) as base:
        page = window(browser, Look(width), base, desk.client("boss"))
        page.goto(f"{base}/console/setup/rules")
        assert "一次只管一个" in page.inner_text("main")
        good(page, f"choose-{width}")
        page.get_by_role("button", name="west").click()
        page.locator("header .place", has_text="west").wait_for()
        page.get_by_label("日期", exact=True).fill("2026-03-04")
        page.get_by_label("为什么", exact=True).fill("社区搬家")
        page.get_by_role("button", name="加入").click()
        page.get_by_text("2026-03-04 社区搬家").wait_for()
        good(page, f"rules-{width}")
        page.goto(f"{base}/console/setup/rules?community={desk.ids['east']['place']}")
        assert page.locator("header .place").inner_text() == "east" and page.get_by_text("2026-03-04").count() == 0
        page.get_by_label("从", exact=True).fill("22:30")
        page.get_by_role("button", name="保存").click()
        page.get_by_text("已保存").wait_for()
        assert page.locator("header .place").inner_text() == "east" and page.get_by_label("从", exact=True).input_value() == "22:30"
        page.goto(f"{base}/console/setup/wordings?key=issue.signed.notice")
        assert page.locator("header .place").inner_text() == "west" and "只在west用" in page.inner_text("main")
        good(page, f"wordings-{width}")
        page.context.close()
