"""WeChat's button in a real browser on the simulated platform: one tap, one permission, one reminder."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import select
from werkzeug.serving import make_server

import web
from bot.channels import Account, build
from bot.channels.http import wire_blueprint
from models.base import Database
from models.tables import permission
from services import pages
from simulator.server import create_app
from simulator.simulation import Simulation
from simulator.world import Person, SimAccount, World
from tests.chat_script import Stage
from tests.web.test_phone_browser import AXE, WIDTHS, check

KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
POLL, NOTICES = pages.path_of("poll", "test", 1), "/m/test/notices"
WECHAT = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36 MicroMessenger/8.0.49"
pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)  # what differs is the browser, not the database


@dataclass
class Square:
    """Our app, the platform, and phones between them."""

    stage: Stage
    sim: Simulation
    base: str
    platform: str
    browser: Any

    def phone(self, path: str = POLL, **more: Any) -> Any:
        """lily opens one of our links in WeChat and is recognised by it."""
        context = self.browser.new_context(user_agent=WECHAT, **({"viewport": {"width": 390, "height": 844}} | more))
        page = context.new_page()
        page.goto(f"{self.platform}/sim/open?person=lily&url={self.base}{path}")
        if page.get_by_role("link", name="登录").count():
            page.get_by_role("link", name="登录").first.click()
        return page

    def permissions(self) -> list[Any]:
        """Every permission: of which notice, and whether it is used up."""
        with self.stage.db.read() as tx:
            return [(row.template, row.used_at is not None) for row in tx.all(select(permission).order_by(permission.c.id))]

    def heard(self) -> None:
        """The platform's events have arrived."""
        assert self.sim.delivery.idle()

    def shown(self) -> list[str]:
        """The notices on lily's phone."""
        return [e["text"] for e in self.sim.feed.after(0, 0) if e["type"] == "post" and e["text"].startswith("服务通知")]


def _serve(app: Flask, servers: list[Any]) -> str:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    servers.append(server)
    return f"http://127.0.0.1:{server.server_port}"


@pytest.fixture
def square(db: Database, redis: Redis, browser: Any) -> Iterator[Square]:
    """A poll of four days, and a 公众号 with a template for reminders whose platform is simulated."""
    stage, servers = Stage(db, redis), []  # type: ignore[var-annotated]
    stage.play("时间 2026-03-02 10:00")
    stage.play("群 翠苑三区: 周敏=网格员, lily@3幢2单元501, 陈老师")
    stage.play("周敏: 发起投票 要不要装电梯 选项 同意 反对 范围 全小区 截止 明晚8点")
    ours = Flask("ours")
    base = _serve(ours, servers)
    theirs = SimAccount("mp", "mp", f"{base}/wire/mp", "tok", KEY, "wx1234567890abcdef", "s3cret",
                        templates={"remind": "tmpl-remind", "result": "tmpl-result"})
    world = World("测试小区", (Person("lily", "lily", "o-lily"),), ())
    simulator = create_app(world, [theirs], clock=lambda: stage.now.timestamp(), carriers=1)
    platform = _serve(simulator, servers)
    account = Account("mp", "mp", "test", platform, "tok", KEY, "", "wx1234567890abcdef", "s3cret", oauth_base=platform,
                      js_base=platform, templates={"remind": "tmpl-remind thing1=title time2=until thing3=note",
                                                   "result": "tmpl-result thing1=title thing3=note"})
    channel: Any = build(account, redis=None, clock=lambda: stage.now)
    stage.channels["mp"] = channel
    csrf = web.init_app(ours, "a secret for tests, thirty-two characters")
    doors = (web.phone_blueprint(db, web.WechatLogin("a secret for tests, thirty-two characters", {"test": channel}, secure=False),
                                 stage.pipeline.hear, clock=lambda: stage.now), wire_blueprint({"mp": channel}, stage.pipeline.hear, clock=lambda: stage.now))
    for door in doors:
        ours.register_blueprint(door)
        csrf.exempt(door)
    yield Square(stage, simulator.extensions["simulation"], base, platform, browser)
    for server in servers:
        server.shutdown()
        server.server_close()
    simulator.extensions["simulation"].close()
    stage.close()


def vote(page: Any) -> None:
    """Two taps."""
    page.get_by_text("反对", exact=True).first.click()
    page.get_by_role("button", name="投票").click()
    page.get_by_text("您现在选的是：反对").wait_for()


def test_one_tap_after_voting_is_one_permission_and_one_reminder_beyond_the_window(square: Square) -> None:
    page = square.phone()
    vote(page)
    assert not page.locator("dialog").count() and square.permissions() == []
    page.get_by_role("button", name="下次快截止时提醒我一次").click()
    page.get_by_role("button", name="允许", exact=True).click()
    page.get_by_text("谢谢。小议会通知您一次").wait_for()
    square.heard()
    assert square.permissions() == [("remind", False)]
    page.reload()
    page.get_by_text("您现在选的是：反对").wait_for()
    assert page.locator("#asking").count() == 0
    page.context.close()

    stage = square.stage
    stage.play("时间 2026-03-06 09:00")  # lily was heard on 2 March: beyond 48 hours
    stage.play("周敏: 发起投票 要不要装道闸 选项 要 不要 范围 全小区 截止 明晚8点")
    stage.play("时间 2026-03-06 21:00")
    stage.play("时间 2026-03-07 09:00")
    assert [text for text in square.shown() if "P2" in text] == square.shown() and len(square.shown()) == 1
    assert square.permissions() == [("remind", True)] and square.sim.mp.allowed["o-lily", "tmpl-remind"] == 0
    stage.play("周敏: 发起投票 换不换门禁 选项 换 不换 范围 全小区 截止 明晚8点")
    stage.play("时间 2026-03-08 09:00")
    assert len(square.shown()) == 1 and square.permissions() == [("remind", True)]


@pytest.mark.parametrize("how", ["取消", "Escape"])
def test_who_refuses_has_allowed_nothing(square: Square, how: str) -> None:
    page = square.phone(NOTICES)
    page.get_by_role("button", name="允许发一次提醒").click()
    page.get_by_role("button", name="取消").wait_for()
    page.keyboard.press("Escape") if how == "Escape" else page.get_by_role("button", name="取消").click()
    page.get_by_text("好的，不发提醒。").wait_for()
    square.heard()
    assert square.permissions() == []
    page.context.close()


def test_what_is_ticked_in_the_popup_is_allowed(square: Square) -> None:
    page = square.phone(NOTICES)
    page.get_by_role("button", name="允许发一次提醒").click()
    page.get_by_label("remind").uncheck()
    page.get_by_role("button", name="允许", exact=True).click()
    page.get_by_text("谢谢。小议会通知您一次").wait_for()
    square.heard()
    assert square.permissions() == [("result", False)]
    page.context.close()


@pytest.mark.parametrize("trouble", ["ticket", "signature", "outside", "script", "client"])
def test_where_wechat_does_not_allow_it_the_page_is_as_it_was(square: Square, trouble: str) -> None:
    """No ticket, a signature that is wrong, a browser that is not WeChat's, no script, or a WeChat that is too old."""
    page = square.phone(java_script_enabled=trouble != "script")
    vote(page)
    if trouble != "script":
        page.get_by_role("button", name="下次快截止时提醒我一次").wait_for()
    if trouble == "ticket":
        square.sim.faults.change({"ticket": {"errcode": 48001, "times": 9}})
        square.stage.channels["mp"]._tickets._held = None
    if trouble == "signature":
        wrong = square.stage.channels["mp"].js_config(f"{square.base}/m/")
        page.route("**/sign?*", lambda route: route.fulfill(json=wrong))
    if trouble == "outside":
        page.context.clear_cookies(name="sim_holder")
    if trouble == "client":
        page.add_init_script("addEventListener('load', () => document.dispatchEvent(new Event('WeixinOpenTagsError')))")
    page.reload()
    page.wait_for_load_state("networkidle")
    page.get_by_text("您现在选的是：反对").wait_for()
    assert page.locator("#asking").count() == 1 and not page.locator("#asking").is_visible()
    page.get_by_text("同意", exact=True).first.click()
    page.get_by_role("button", name="改成选中的").click()
    page.get_by_text("您现在选的是：同意").wait_for()
    page.context.close()


def test_the_browser_refuses_nothing_that_the_button_needs(square: Square) -> None:
    """Its policy lets in the script and the style inside the button, as written."""
    page = square.phone(NOTICES)
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add("/".join(request.url.split("/")[:3])))
    page.reload()
    button = page.get_by_role("button", name="允许发一次提醒")
    button.wait_for()
    assert refused == [] and hosts == {square.base, square.platform}
    assert button.evaluate("b => getComputedStyle(b).minHeight") == "54px"
    page.context.close()


@pytest.mark.parametrize(("width", "style"), WIDTHS)
def test_the_page_with_the_button_shuts_nobody_out(square: Square, width: int, style: str) -> None:
    if not AXE.is_file():
        pytest.skip("no axe here: make .venv/.peers")
    page = square.phone(NOTICES, viewport={"width": width, "height": 700}, bypass_csp=True)
    button = page.get_by_role("button", name="允许发一次提醒")
    button.wait_for()
    check(page, NOTICES, style)
    box = button.bounding_box()
    assert box["height"] >= 44 and box["x"] >= 0 and box["x"] + box["width"] <= width
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.localName") == "wx-open-subscribe":
            break
    page.keyboard.press("Enter")
    page.get_by_role("button", name="允许", exact=True).wait_for()
    page.context.close()
