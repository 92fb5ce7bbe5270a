"""The console in a real browser: every page by light and by dark, on a phone and on a desk; keyboard; and attacks that stay text."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.web.desk import Desk
from tests.web.gallery import Look, console_pages, served, window
from tests.web.test_phone_browser import AXE

pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)  # what differs is the browser, not the database
SHUTS_OUT = "axe.run().then(r => r.violations.map(v => [v.impact, v.id, v.nodes.slice(0, 3).map(n => n.html)]))"


@pytest.fixture
def console(desk: Desk) -> Iterator[str]:
    """Its address."""
    assert desk.app is not None
    with served(desk.app) as base:
        yield base


@pytest.mark.parametrize("look", (Look(390), Look(1280, "dark")), ids=lambda look: f"{look.width}-{look.scheme}")
def test_every_page_shuts_nobody_out_and_fits(desk: Desk, console: str, browser: Any, look: Look) -> None:
    """axe finds nothing serious by light or dark; nothing is wider than the window; nobody's name runs as a script."""
    if not AXE.is_file():
        pytest.skip("no axe here: make .venv/.peers")
    page = window(browser, look, console, desk.client("east"))
    ran: list[str] = []
    page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
    wrong = []
    for path in ("/console/login", *console_pages(desk), f"/console/issues/{desk.ids['west']['issue']}"):
        page.goto(console + path)
        page.evaluate("document.querySelectorAll('details:not(.menu)').forEach(d => d.open = true)")
        page.add_script_tag(path=str(AXE))
        wrong += [(path, *found) for found in page.evaluate(SHUTS_OUT) if found[0] in ("serious", "critical")]
        if not page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"):
            wrong.append((path, "wider than the window", page.evaluate(
                "[...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > innerWidth && !e.closest('.scroll'))"
                ".slice(0, 3).map(e => e.outerHTML.slice(0, 150))")))
    page.context.close()
    assert not wrong and not ran, "\n".join(map(str, wrong))


def test_by_keyboard_alone(desk: Desk, console: str, browser: Any) -> None:
    """Sign in, jump over the menu, narrow a list, open an issue: no pointer, and always seen where one is."""
    page = window(browser, Look(1280))
    page.goto(f"{console}/console/login")
    page.locator("[name=username]:focus").wait_for()
    page.keyboard.type("east")
    page.keyboard.press("Tab")
    page.keyboard.type("a long password")
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/")
    page.goto(f"{console}/console/issues")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "跳到正文"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left >= 0")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    for _ in range(30):
        page.keyboard.press("Tab")
        assert page.evaluate("(e => getComputedStyle(e).outlineStyle)(document.activeElement)") != "none", page.evaluate(
            "document.activeElement.outerHTML")
        if page.evaluate("document.activeElement.name") == "text":
            break
    page.keyboard.type("电梯")
    page.keyboard.press("Enter")
    page.wait_for_url("**text=*")
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.className") == "go":
            break
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/console/issues/{desk.ids['east']['issue']}")
    page.context.close()


def test_the_menu_on_a_phone_opens_without_script(desk: Desk, console: str, browser: Any) -> None:
    """Closed it takes one line; open it leads everywhere."""
    client = desk.client("east")
    context = browser.new_context(viewport={"width": 390, "height": 800}, java_script_enabled=False, has_touch=True, locale="zh-CN")
    cookie = client.get_cookie("linyi_console", path="/console")
    context.add_cookies([{"name": "linyi_console", "value": cookie.value, "url": f"{console}/console/"}])  # type: ignore[union-attr]
    page = context.new_page()
    page.goto(f"{console}/console/")
    heading = page.get_by_role("heading", level=1)
    assert heading.bounding_box()["y"] < 180
    page.get_by_text("菜单", exact=True).tap()
    page.get_by_role("link", name="议题", exact=True).tap()
    page.wait_for_url("**/console/issues")
    context.close()
