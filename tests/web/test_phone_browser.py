"""The pages for phones in a real browser: readable at any size, usable by keyboard alone, without script, small."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from werkzeug.serving import make_server

from tests.channels.test_peers import PEERS
from tests.web.street import furnish, phone_views, with_a_report
from tests.web.town import ISSUE, POLL, Town

AXE = PEERS / "node_modules" / "axe-core" / "axe.min.js"
pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)  # what differs is the browser, not the database
WIDTHS = ((390, ""), (1440, ""), (320, "html { font-size: 200% !important }"))


@dataclass
class Street:
    """The town behind a real address."""

    town: Town
    base: str
    browser: Any

    def phone(self, who: str | None, **more: Any) -> Any:
        """A page of a browser that is recognised as this resident."""
        context = self.browser.new_context(locale="zh-CN", **({"viewport": {"width": 390, "height": 844}} | more))
        if who:
            cookie = self.town.phone(who).get_cookie("linyi_phone", path="/m")
            assert cookie is not None
            context.add_cookies([{"name": "linyi_phone", "value": cookie.value, "domain": "127.0.0.1", "path": "/m"}])
        return context.new_page()


@pytest.fixture
def street(town: Town, browser: Any) -> Iterator[Street]:
    """A poll of every kind and an issue in every state that looks different."""
    furnish(town)
    server = make_server("127.0.0.1", 0, town.app, threaded=False)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Street(town, f"http://127.0.0.1:{server.server_port}", browser)
    server.shutdown()
    thread.join()


@pytest.mark.parametrize(("width", "style"), WIDTHS)
def test_every_page_fits_and_has_nothing_that_shuts_somebody_out(street: Street, width: int, style: str) -> None:
    """No serious finding of axe, and nothing wider than the screen, with letters twice as large and by dark too."""
    if not AXE.is_file():
        pytest.skip("no axe here: make .venv/.peers")
    with_a_report(street.town)
    scheme: Any = "dark" if width == 320 else "light"
    for who, path in phone_views(street.town):
        page = street.phone(who, viewport={"width": width, "height": 700}, bypass_csp=True, color_scheme=scheme)
        page.goto(street.base + path)
        check(page, path, style, axe=width != 1440)  # what axe looks at is the same page at 390
        page.context.close()


def test_the_bots_question_on_a_page(street: Street) -> None:
    """A newcomer's first comment is followed by a question with buttons, which is as readable."""
    if not AXE.is_file():
        pytest.skip("no axe here: make .venv/.peers")
    page = street.phone("小赵", bypass_csp=True)
    page.goto(street.base + ISSUE)
    page.fill("textarea", "昨天又停了")
    page.get_by_role("button", name="提交补充").click()
    page.get_by_role("button", name="同意").wait_for()
    check(page, "question", "")
    page.context.close()


def check(page: Any, path: str, style: str, *, axe: bool = True) -> None:
    """Runs axe in the page and measures it."""
    if style:
        page.add_style_tag(content=style)
    if axe:
        page.add_script_tag(path=str(AXE))
        found = page.evaluate("axe.run().then(r => r.violations.map(v => [v.impact, v.id, v.nodes[0].html]))")
        assert [v for v in found if v[0] in ("serious", "critical")] == [], path
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{path} is wider than the screen"
    small = page.evaluate("""[...document.querySelectorAll('button, .button, .choice, nav:not(.side) a, .things a')]
        .filter(e => e.getBoundingClientRect().height > 0 && e.getBoundingClientRect().height < 43.5).map(e => e.outerHTML)""")
    assert small == [], path


def test_a_ballot_by_keyboard_alone(street: Street) -> None:
    """Tab to the options, Space on one, Tab to the button, Enter."""
    page = street.phone("陈老师")
    page.goto(street.base + POLL)
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == "option":
            break
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("您现在选的是：同意").wait_for()
    page.context.close()


def test_a_ballot_in_two_taps_without_script_and_few_bytes(street: Street) -> None:
    """One tap on an option, one on the button; at most two requests and 30 kB for the page."""
    page = street.phone("陈老师", java_script_enabled=False, has_touch=True)
    sizes: list[int] = []
    page.on("response", lambda answer: sizes.append(len(answer.body())))
    page.goto(street.base + POLL)
    page.wait_for_load_state("networkidle")
    assert len(sizes) <= 2 and sum(sizes) < 30_000
    page.get_by_text("反对", exact=True).first.tap()
    page.get_by_role("button", name="投票").tap()
    page.get_by_text("您现在选的是：反对").wait_for()
    page.context.close()
