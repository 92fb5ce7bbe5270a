"""A foreman with a phone, and a street's admin at a desk: each does a real task by hand in a browser; axe finds nothing serious."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select

import handlers  # noqa: F401 - registers the commands
from domain.roles import SYSTEM, Role
from models.accounts import account_post
from models.tables import issue, photo
from services import accounts, audit
from tests.web.desk import NOW, Desk, fill
from tests.web.gallery import Look, served, window
from tests.web.test_jobs_pages import firm, link
from tests.web.test_setup_browser import AXE

__all__ = ["firm"]
pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)  # what differs is the browser, not the database


def _serious(page: Any) -> list[str]:
    page.add_script_tag(path=str(AXE))
    return [each["id"] for each in page.evaluate("axe.run()")["violations"] if each["impact"] in ("serious", "critical")]


def test_a_foreman_finishes_an_order_on_a_phone(desk: Desk, firm: dict[str, Any], browser: Any, tmp_path: Path) -> None:
    """Opens the list, takes the order on, says how it goes, reports it done with a photo; the list then says that it waits."""
    client, shot = link(desk, firm), tmp_path / "done.jpg"
    into = BytesIO()
    Image.new("RGB", (800, 600), "green").save(into, "JPEG")
    shot.write_bytes(into.getvalue())
    assert desk.app is not None
    with served(desk.app) as base:
        page = window(browser, Look(390), base, client)
        page.goto(f"{base}/console/")
        page.get_by_role("heading", name="派给我们的单子").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390 and _serious(page) == []
        page.get_by_role("link", name="I2 3幢电梯又停了").click()
        page.get_by_role("button", name="接单").click()
        page.get_by_text("已签收").first.wait_for()
        page.locator("summary", has_text="报进展").click()
        page.locator("details[open] textarea").fill("已停梯检查，配件明天到")
        page.locator("details[open] button").click()
        page.get_by_text("联系过反映人").wait_for()
        page.locator("summary", has_text="办完了").click()
        page.locator("details[open] textarea").fill("换了新的主板，电梯恢复运行")
        page.locator("details[open] input[type=file]").set_input_files(str(shot))
        page.locator("details[open] button").click()
        page.get_by_text("待回访").first.wait_for()
        assert page.get_by_role("img").count() == 1 and page.evaluate("document.documentElement.scrollWidth") <= 390
        assert _serious(page) == []
        page.get_by_role("link", name="回到全部单子").click()
        page.get_by_text("待回访").first.wait_for()
    with desk.db.read() as tx:
        assert tx.scalar(select(issue.c.state).where(issue.c.id == firm["issues"][0])) == "resolved"
        assert tx.scalar(select(photo.c.kind).where(photo.c.issue_id == firm["issues"][0])) == "evidence"


def test_an_admin_of_the_street_works_across_communities(desk: Desk, browser: Any) -> None:
    """Sees what waits in each, accepts one of each on one board, and goes into one for its settings and back."""
    fill(desk, "north")
    with desk.db.write() as tx:
        first, second = desk.ids["east"]["place"], desk.ids["north"]["place"]
        key = accounts.create(tx, SYSTEM, username="street", password="a long password", community_id=first, now=NOW, role=Role.STREET_ADMIN)
        tx.add(account_post, account_id=key, community_id=second, role=Role.STREET_ADMIN)
        audit.seal(tx)
    assert desk.app is not None
    with served(desk.app) as base:
        page = window(browser, Look(1280), base, desk.client("street"))
        page.goto(f"{base}/console/")
        page.get_by_role("link", name="全部（我的社区）").wait_for()
        assert page.get_by_role("button", name="进入east").count() == 1 and _serious(page) == []
        page.get_by_role("link", name="看板").first.click()
        for box in page.get_by_label("选中 I1").all():
            box.check()
        page.get_by_label("做什么").first.select_option(label="受理")
        page.get_by_role("button", name="办理", exact=True).first.click()
        page.get_by_text("2 件办成").wait_for()
        assert _serious(page) == []
        page.get_by_role("link", name="设置").first.click()
        page.get_by_text("请选一个").wait_for()
        page.get_by_role("button", name="进入north").click()
        page.wait_for_url("**/console/setup")
        page.locator(".place").click()
        page.get_by_role("button", name="全部（我的社区）").click()
        page.get_by_role("button", name="进入east").wait_for()
    with desk.db.read() as tx:
        states = {row.id: row.state for row in tx.all(select(issue.c.id, issue.c.state))}
    assert [states[desk.ids[name]["issue"]] for name in ("east", "north", "west")] == ["accepted", "accepted", "submitted"]
