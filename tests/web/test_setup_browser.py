"""The whole job by hand in a browser: from nothing to 600 units, a poll, who voted when and was it counted, and a case to take away."""

import io
import threading
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from openpyxl import Workbook
from sqlalchemy import select
from werkzeug.serving import make_server

import handlers  # noqa: F401 - registers the commands
import web
from domain.roles import SYSTEM, Role
from models.base import Database
from models.tables import community, home, person, poll, residence
from services import accounts, audit, ballots, issues
from services.people import Speaker
from tests.channels.test_peers import PEERS
from web.desk import Platform, Seen

AXE = PEERS / "node_modules" / "axe-core" / "axe.min.js"
NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
PASSWORD = "a long password"
pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)  # what differs is the browser, not the database
PAGES = ("setup", "setup/homes", "setup/groups", "setup/staff", "setup/parties", "setup/duty", "setup/accounts", "setup/rules",
         "setup/courses", "setup/courses?name=红茶议事会", "setup/wordings", "setup/wordings?key=issue.signed.notice", "board", "board?by=due",
         "order", "polls/new", "issues/1", "polls/1")


@pytest.fixture
def address(db: Database) -> Iterator[str]:
    """An empty console with one account, behind a real address."""
    app = Flask(__name__)
    web.init_app(app, "k" * 32)
    platform = Platform(lambda: [Seen("robot", "wecom_webhook", "guihua")], lambda name: [(True, "连得上")])
    app.register_blueprint(web.console_blueprint(db, clock=lambda: NOW, secure_cookies=False, platform=platform))
    with db.write() as tx:
        accounts.create(tx, SYSTEM, username="boss", password=PASSWORD, community_id=None, now=NOW)
        audit.seal(tx)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/console/"
    server.shutdown()
    thread.join()


def test_a_stranger_sets_up_600_units_and_answers_for_a_vote(address: str, db: Database, browser: Any, tmp_path: Path) -> None:
    """On a phone's width throughout: the guide, a spreadsheet, staff, a group, a poll, a unit's vote, the case as a file."""
    page = browser.new_page(viewport={"width": 390, "height": 844}, locale="zh-CN")
    problems: list[str] = []
    page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
    page.goto(address)
    page.fill("[name=username]", "boss")
    page.fill("[name=password]", PASSWORD)
    page.click("button.primary")
    page.locator("details.menu > summary").click()
    page.get_by_role("link", name="设置", exact=True).click()
    _prepare(page, tmp_path)
    _poll(page)
    _life(db)
    page.goto(f"{address}board")
    page.get_by_label("选中 I1").check()
    page.get_by_label("做什么").first.select_option(label="受理")
    page.get_by_role("button", name="办", exact=True).first.click()
    page.get_by_text("1 件办成").wait_for()
    page.get_by_role("link", name="P1 要不要装充电桩").click()
    page.get_by_text("结束投票", exact=True).or_(page.locator("summary", has_text="结束")).first.click()
    page.locator("details[open] [name=words]").fill("各家都已表态")
    page.locator("details[open] button.primary").click()
    page.get_by_text("已结束").first.wait_for()
    page.goto(f"{address}homes?text=3幢1单元501")
    page.get_by_role("link", name="3幢1单元501").click()
    page.get_by_text("已计入").wait_for()
    assert page.get_by_text("装在东门").first.is_visible() and page.get_by_text("10:00").first.is_visible()
    page.goto(f"{address}issues/1")
    with page.expect_download() as got:
        page.get_by_role("button", name="导出整件事").click()
    names = zipfile.ZipFile(io.BytesIO(Path(got.value.path()).read_bytes())).namelist()
    assert {"01-概况.txt", "02-经过.csv", "manifest.json"} <= set(names)
    assert problems == []
    _readable(page, address)
    page.close()


def _prepare(page: Any, tmp_path: Path) -> None:
    """The guide from the top: the community, its homes, staff, a group that is posted to, the test of the account."""
    page.get_by_label("社区名称").fill("桂花苑")
    page.get_by_label("代码").fill("guihua")
    page.get_by_role("button", name="新建", exact=True).click()
    page.get_by_role("link", name="导入房屋").click()
    book, path = Workbook(), tmp_path / "桂花.xlsx"
    book.worksheets[0].append(["楼栋", "单元", "房号", "面积"])
    for row in ([f"{b}", f"{e}", f"{f}0{d}", 88.42] for b in range(1, 11) for e in (1, 2) for f in range(1, 16) for d in (1, 2)):
        book.worksheets[0].append(row)
    book.save(path)
    page.get_by_label("选文件").set_input_files(path)
    page.get_by_role("button", name="先看看结果").first.click()
    page.get_by_role("button", name="导入 600 户").click()
    page.get_by_text("已导入 600 户").wait_for()
    page.get_by_label("开办向导").get_by_role("link", name="工作人员").click()
    page.get_by_label("姓名").fill("周敏")
    page.get_by_role("button", name="加入").click()
    page.get_by_text("已加入").wait_for()
    page.get_by_label("开办向导").get_by_role("link", name="群", exact=True).click()
    form = page.locator("form", has=page.get_by_role("button", name="加入"))
    form.get_by_label("群名").fill("桂花业主群")
    form.get_by_label("怎么发").select_option("robot")
    form.get_by_label("发送地址").fill("key-1")
    form.get_by_role("button", name="加入").click()
    page.get_by_text("发送：群机器人（robot）").wait_for()
    page.get_by_label("开办向导").get_by_role("link", name="账号").click()
    page.get_by_role("button", name="测试连接").click()
    page.get_by_text("连得上").wait_for()


def _poll(page: Any) -> None:
    """Looked at as card, text and page; then it goes out."""
    page.get_by_label("开办向导").get_by_role("link", name="向导").click()
    page.get_by_role("link", name="发起投票").click()
    page.get_by_label("题目").fill("要不要装充电桩")
    page.get_by_label("选项").fill("装在东门\n装在西门\n不装")
    page.get_by_label("每户一票").check()
    page.get_by_role("button", name="看看样子").click()
    page.get_by_text("预览：还没有发出去").wait_for()
    page.get_by_text("会发到 1 个群：桂花业主群").wait_for()
    assert page.locator(".wxcard, .bubble, .phonepage").count() == 4
    page.get_by_role("button", name="发布").first.click()
    page.get_by_role("heading", name="P1 要不要装充电桩").wait_for()


def _life(db: Database) -> None:
    """Somebody of 3幢1单元501 votes, and reports something."""
    with db.write() as tx:
        where = tx.scalar(select(community.c.id))
        flat = tx.scalar(select(home.c.id).where(home.c.label == "3幢1单元501"))
        who = tx.add(person, community_id=where, name="李叔", role="resident", told_version=1, consent_version=1, created_at=NOW)
        tx.add(residence, person_id=who, home_id=flat, since=NOW)
        speaker = Speaker(f"person:{who}", Role.RESIDENT, where, who, told=True, consented=True)
        ballots.cast(tx, speaker, poll_id=tx.scalar(select(poll.c.id)), choice="0", sent_at=NOW, message_id=None, now=NOW)
        issues.register(tx, speaker, issues.Report("东门没有充电桩", "东门没有充电桩", "parking", "东门"), chat_id=None, now=NOW)
        audit.seal(tx)


def _readable(page: Any, address: str) -> None:
    """Each page fits a phone and a desk, and shuts nobody out."""
    cookies = page.context.cookies()
    for width in (390, 1280):
        context = page.context.browser.new_context(viewport={"width": width, "height": 800}, bypass_csp=True)
        context.add_cookies(cookies)
        other = context.new_page()
        for path in PAGES:
            other.goto(address + path)
            assert other.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{path} is wider than {width}"
            if width == 390 and AXE.is_file():
                other.add_script_tag(path=str(AXE))
                found = other.evaluate("axe.run().then(r => r.violations.map(v => [v.impact, v.id, v.nodes[0].html]))")
                assert [v for v in found if v[0] in ("serious", "critical")] == [], path
        context.close()
