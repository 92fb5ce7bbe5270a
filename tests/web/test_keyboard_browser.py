"""The main work of the console with the keyboard alone: nothing traps the focus, and one always sees where it is."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.web.desk import Desk
from tests.web.gallery import Look, served, window
from tests.web.test_work_pages import office  # noqa: F401 - the fixture

pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)  # what differs is the browser, not the database
NAMED = """(e => [e.getAttribute('aria-label'), e.labels && e.labels.length ? e.labels[0].textContent : '', e.textContent]
    .map(t => (t || '').trim()).find(t => t) || '')(document.activeElement)"""
SEEN = """(e => { const s = getComputedStyle(e), r = e.getBoundingClientRect();
    return s.outlineStyle !== 'none' && r.width > 0 && r.right > 0 })(document.activeElement)"""


class Keys:
    """Somebody without a mouse."""

    def __init__(self, page: Any):
        self.page = page

    def go_to(self, name: str, *, tag: str = "", most: int = 160) -> None:
        """Tabs until what has the focus is called this; on the way the focus is always seen."""
        for _ in range(most):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("document.activeElement === document.body"):  # round the browser's own buttons, and in again
                continue
            assert self.page.evaluate(SEEN), self.page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
            at = self.page.evaluate("document.activeElement.tagName.toLowerCase()")
            if self.page.evaluate(NAMED).startswith(name) and tag in ("", at):
                return
        raise AssertionError(f"{name} is not reached on {self.page.url}")

    def press(self, name: str, *, tag: str = "") -> None:
        """Goes there and presses Enter; a link has led somewhere when this ends."""
        self.go_to(name, tag=tag)
        if tag != "a":
            return self.page.keyboard.press("Enter")
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def fill(self, name: str, words: str) -> None:
        """Goes to a field and writes."""
        self.go_to(name)
        self.page.keyboard.type(words)


@pytest.fixture
def keys(desk: Desk, office: dict[str, Any], browser: Any) -> Iterator[Keys]:  # noqa: F811 - the fixture
    """At the door, signed in by typing."""
    assert desk.app is not None
    with served(desk.app) as base:
        page = window(browser, Look(1280))
        page.goto(f"{base}/console/login")
        page.locator("[name=username]:focus").wait_for()
        page.keyboard.type("east")
        page.keyboard.press("Tab")
        page.keyboard.type("a long password")
        page.keyboard.press("Enter")
        page.wait_for_url("**/console/")
        yield Keys(page)
        page.context.close()


def test_an_issue_is_found_accepted_and_sent_out(keys: Keys) -> None:
    """Through the menu to the list, by words to the issue; accept; open the form of sending out, choose, send."""
    page = keys.page
    keys.press("议题", tag="a")
    page.wait_for_url("**/console/issues")
    keys.fill("文字", "停车难2")
    page.keyboard.press("Enter")
    page.wait_for_url("**text=*")
    keys.press("I2", tag="a")
    page.wait_for_url("**/console/issues/*")
    keys.press("受理", tag="button")
    page.get_by_role("status").get_by_text("I2").wait_for()
    keys.press("返回", tag="a")
    keys.press("派单", tag="summary")
    keys.go_to("单位", tag="select")
    page.keyboard.press("ArrowDown")
    keys.press("派单", tag="button")
    page.get_by_role("status").get_by_text("绿城物业").wait_for()


def test_a_poll_is_made_and_looked_at(keys: Keys) -> None:
    """From the board to the form; what residents will see comes before it is sent."""
    page = keys.page
    keys.press("看板", tag="a")
    keys.press("发起投票", tag="a")
    keys.fill("题目", "楼下要不要装晾衣架")
    keys.fill("选项", "要")
    page.keyboard.press("Enter")
    page.keyboard.type("不要")
    keys.press("看看样子", tag="button")
    page.locator("#preview").wait_for()
    keys.press("发布", tag="button")
    page.get_by_text("楼下要不要装晾衣架").first.wait_for()
    page.wait_for_url("**/console/polls/*")


def test_a_list_is_taken_away(keys: Keys) -> None:
    """The button of the file is reached and pressed; the page stays, and can be used again."""
    keys.press("议题", tag="a")
    keys.go_to("导出 CSV", tag="button")
    with keys.page.expect_download() as taken:
        keys.page.keyboard.press("Enter")
    assert taken.value.suggested_filename == "linyi-issues.csv"


def test_escape_closes_what_was_opened_and_the_focus_returns(keys: Keys) -> None:
    """The menu of a phone and a form that was unfolded."""
    page = keys.page
    keys.press("议题", tag="a")
    keys.press("I1", tag="a")
    keys.press("派单", tag="summary")
    keys.go_to("单位", tag="select")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY" and page.locator(".handle details[open]").count() == 0
    page.set_viewport_size({"width": 390, "height": 800})
    page.locator("details.menu > summary").focus()
    page.keyboard.press("Enter")
    keys.go_to("看板", tag="a")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.textContent") == "菜单" and page.locator("details.menu[open]").count() == 0


def test_a_form_is_sent_once_however_often_it_is_pressed(keys: Keys) -> None:
    """A second press while the first is on its way does nothing, and the page says that it is being worked on."""
    page = keys.page
    keys.press("看板", tag="a")
    page.wait_for_url("**/console/board")
    page.evaluate("window.sent = 0; addEventListener('submit', e => { sent += !e.defaultPrevented; e.preventDefault(); })")
    page.locator(".pick input").first.check()
    for _ in range(2):
        page.locator(".bulk button").first.click()
    page.get_by_text("正在处理").wait_for()
    assert page.evaluate("sent") == 1


def test_what_cannot_be_taken_back_is_asked_about(keys: Keys, desk: Desk) -> None:
    """A new code for a home: no leaves everything as it was, yes makes it."""
    page = keys.page
    page.goto(page.url.replace("/console/", "/console/homes"))
    asked: list[str] = []
    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    keys.press("发一次性码", tag="button")
    assert "3幢2单元501" in asked[0] and page.url.endswith("/console/homes")
    page.once("dialog", lambda dialog: dialog.accept())
    page.keyboard.press("Enter")
    page.wait_for_url("**/code")
