"""The pages of the logs in a real browser: a question is answered by typing and following links, at a desk and on a phone."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from werkzeug.serving import make_server

from tests.web.estate import PASSWORD, Estate
from tests.web.test_phone_browser import AXE, check

pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)  # what differs is the browser, not the database
PAGES = ("search?q=3-2-501", "search?q=李叔", "search?q=没有的话", "story/message/1", "story/poll/1", "story/ballot/1", "story/home/{home}", "live",
         "messages", "readings", "deliveries", "sweeps", "logins", "reveals", "audit")


@dataclass
class Office:
    """The estate's console behind a real address."""

    estate: Estate
    base: str
    browser: Any

    def admin(self, **more: Any) -> Any:
        """A page of somebody who has signed in by the form."""
        page = self.browser.new_context(locale="zh-CN", **more).new_page()
        page.goto(f"{self.base}/console/login")
        page.get_by_label("账号").fill("admin")
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_role("button", name="登录").click()
        page.wait_for_url("**/console/")
        return page


@pytest.fixture
def office(estate: Estate, browser: Any) -> Iterator[Office]:
    """After the polls are over."""
    estate.close_polls()
    server = make_server("127.0.0.1", 0, estate.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Office(estate, f"http://127.0.0.1:{server.server_port}", browser)
    server.shutdown()
    thread.join()


def test_what_one_unit_voted_when_and_what_came_of_it(office: Office) -> None:
    """By keyboard into the box, from the home to a ballot, from the ballot to the post in the group and the platform's answer."""
    page = office.admin(viewport={"width": 390, "height": 844})
    problems: list[str] = []
    page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
    page.locator("details.menu summary").click()
    page.locator("details.menu").get_by_role("link", name="查找", exact=True).click()
    page.locator("input[name=q]:focus").wait_for()  # the box has the focus by itself
    page.keyboard.type("3-2-501")
    page.keyboard.press("Enter")
    home = page.locator("main").get_by_role("listitem").filter(has_text="3幢2单元501")
    home.get_by_role("link", name="来龙去脉").click()
    vote = page.locator("main").get_by_role("listitem").filter(has_text="改票")
    assert "换新" in vote.inner_text() and "已计票" in vote.inner_text() and "3 月 2 日（周一）10:00" in vote.inner_text()
    assert page.locator("main").get_by_role("listitem").filter(has_text="投过票，不公开选了什么").count() == 2
    vote.get_by_role("link").click()
    here = page.locator("[aria-current=true]")
    assert "改票" in here.inner_text()
    said = page.locator("main").get_by_role("listitem").filter(has_text="改成换新")
    assert said.count() == 1
    post = page.locator("main").get_by_role("listitem").filter(has_text="【意向征集结果】P1").first
    post.get_by_role("link").click()
    assert page.locator("main").get_by_role("listitem").filter(has_text="已送出").count() >= 1
    assert problems == []
    page.context.close()


def test_new_lines_come_in_by_themselves(office: Office) -> None:
    """Within a few seconds, in front, once; paused, nothing moves."""
    page = office.admin()
    page.goto(f"{office.base}/console/live")
    first = page.locator("#live li").first
    office.estate.stage.play("李叔: 反映 5幢门口路灯晚上不亮")
    page.locator("#live li", has_text="路灯晚上不亮").wait_for(timeout=15_000)
    assert "路灯" in first.inner_text() or "issue.register" in first.inner_text()
    with page.expect_response("**/live/rows"):
        pass
    assert page.locator("#live li", has_text="反映 5幢门口路灯晚上不亮").count() == 1
    page.get_by_role("button", name="暂停").click()
    assert page.get_by_role("button", name="继续").get_attribute("aria-pressed") == "true"
    page.context.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_every_page_of_the_logs_fits(office: Office, width: int) -> None:
    """Nothing wider than the screen, no target too small for a thumb; and no serious finding of axe where it is installed."""
    page = office.admin(viewport={"width": width, "height": 844}, bypass_csp=True)
    home = office.estate.ids("home")[0]
    for path in PAGES:
        page.goto(f"{office.base}/console/{path.format(home=home)}")
        check(page, path, "", axe=AXE.is_file())
    page.context.close()
