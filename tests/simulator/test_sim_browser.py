"""The page in a real browser: people type, answers arrive by themselves, switches switch."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import make_server

from simulator.simulation import Simulation
from tests.simulator.stage import App, aibot_answer, aibot_json, mp_text


@pytest.fixture
def address(server: Flask) -> Iterator[str]:
    """The simulator on a loopback port."""
    listener = make_server("127.0.0.1", 0, server, threaded=True)
    thread = threading.Thread(target=listener.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.server_port}/"
    server.extensions["simulation"].close()
    listener.shutdown()
    thread.join(5)


@pytest.fixture(params=[(1440, 900), (390, 844)], ids=["desktop", "phone"])
def page(browser: Any, address: str, request: pytest.FixtureRequest) -> Iterator[Any]:
    """The page, ready, watched for errors."""
    width, height = request.param
    page = browser.new_page(viewport={"width": width, "height": height})
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
    page.goto(address)
    page.wait_for_selector("body[data-ready=yes]")
    yield page
    assert problems == []
    page.close()


def test_typing_quoting_and_leaving_the_mention_out(page: Any, app: App, sim: Simulation) -> None:
    app.answer = lambda seen: aibot_answer("听到了：" + aibot_json(seen)["text"]["content"])(seen)
    phone = page.locator("[data-phone='0']")
    phone.locator("textarea").fill("帮助")
    phone.locator("textarea").press("Enter")
    reply = phone.locator(".message.reply")
    reply.locator(".bubble").wait_for()
    assert reply.locator(".bubble").inner_text() == "听到了：@小议 帮助"
    reply.hover()
    reply.locator(".quote-button").click()
    phone.locator(".mention label").click()
    phone.locator("textarea").fill("谢谢")
    phone.locator(".send").click()
    phone.locator(".message.mine").nth(1).wait_for()
    assert sim.delivery.idle()
    assert len(app.seen) == 1
    assert [event.get("quote") for event in sim.feed.after(0)][-1] == "听到了：@小议 帮助"


def test_text_of_others_is_never_markup(page: Any, sim: Simulation) -> None:
    sim.feed.add("post", chat="3幢群", text="<img src=x onerror=alert(1)>", sender="社区播报")
    bubble = page.locator("[data-phone='0'] .message.post .bubble")
    bubble.wait_for()
    assert bubble.inner_text() == "<img src=x onerror=alert(1)>"


def test_changing_person_and_chat_shows_what_is_unread(page: Any, sim: Simulation) -> None:
    sim.feed.add("post", chat="公众号", person="王阿姨", text="您还没有投票")
    phone = page.locator("[data-phone='0']")
    phone.locator(".switcher .badge").wait_for()
    phone.locator(".owner").click()
    phone.locator(".people .row", has_text="王阿姨").click()
    phone.locator(".chat .back").click()
    row = phone.locator(".chats .row", has_text="公众号")
    assert row.locator(".badge").inner_text() == "1"
    row.click()
    assert phone.locator(".message .bubble").inner_text() == "您还没有投票"
    assert phone.locator(".switcher .badge").is_hidden()


def test_a_switch_changes_the_weather(page: Any, sim: Simulation) -> None:
    if page.locator("#panel-open").is_visible():
        page.locator("#panel-open").click()
    with page.expect_response("**/sim/faults"):
        page.locator(".switch", has_text="重复投递").click()
    assert sim.faults.flag("deliver_twice") is True


def test_the_menu_under_the_mp_chat(page: Any, app: App, sim: Simulation) -> None:
    """It is drawn when it is put up, and a touch is an event on the wire."""
    phone = page.locator("[data-phone='0']")
    phone.locator(".chat .back").click()
    phone.locator(".chats .row", has_text="公众号").click()
    assert not phone.locator(".menu").is_visible()
    sim.mp.menu = {"button": [{"type": "click", "name": "议题", "key": "ISSUES"}]}
    sim.feed.add("menu", chat="公众号")
    phone.locator(".menu button", has_text="议题").click()
    phone.locator(".notice", has_text="点了菜单“议题”").wait_for()
    assert sim.delivery.idle()
    assert "ISSUES" in mp_text(app.seen[-1])
    phone.locator(".chat .back").click()
    phone.locator(".chats .row", has_text="企业微信智能机器人").click()
    assert not phone.locator(".menu").is_visible()
