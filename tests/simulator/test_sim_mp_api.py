"""The 公众号's side of the platform: quotas of each kind, notices once for each permission, menu, codes, and their errors."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from wechatpy import parse_message

from simulator import mp_phone
from simulator.simulation import CannotSay, Saying, Simulation
from simulator.world import SimAccount
from tests.simulator.stage import KEY, App, Clock, mp_answer, mp_text

TEMPLATES = {"remind": "tmpl-remind", "result": "tmpl-result"}
MENU = {"button": [{"type": "click", "name": "议题", "key": "ISSUES"},
                   {"name": "更多", "sub_button": [{"type": "view", "name": "网页", "url": "https://linyi.example/"}]}]}
Post = Callable[..., dict[str, Any]]


@pytest.fixture
def accounts(app: App, mode: str) -> list[SimAccount]:
    """A 公众号 with two templates."""
    return [SimAccount("mp", "mp", f"{app.url}/wire/mp", "tok", KEY, "wxapp", "s3cret", mode, templates=TEMPLATES)]


@pytest.fixture
def post(client: FlaskClient) -> Post:
    """One call with a good token; GET without a body."""
    token = client.post("/cgi-bin/stable_token", json={
        "grant_type": "client_credential", "appid": "wxapp", "secret": "s3cret"}).get_json()["access_token"]

    def call(path: str, body: Any = None, query: str = "") -> dict[str, Any]:
        url = f"/cgi-bin/{path}?access_token={token}{query}"
        answer = client.get(url) if body is None else client.post(url, json=body)
        return answer.get_json()
    return call


def does(sim: Simulation, event: str, **more: Any) -> None:
    """王阿姨 does something on her phone, and the app has heard of it."""
    mp_phone.happen(sim, {"person": "王阿姨", "event": event, **more})
    assert sim.delivery.idle()


def words(text: str = "提醒") -> dict[str, Any]:
    return {"touser": "oWang", "msgtype": "text", "text": {"content": text}}


def notice(kind: str = "remind", **fields: str) -> dict[str, Any]:
    return {"touser": "oWang", "template_id": TEMPLATES.get(kind, kind),
            "data": {name: {"value": value} for name, value in (fields or {"thing1": "要不要装电梯"}).items()}}


def codes(post: Post, path: str, body: Any, times: int) -> list[int]:
    return [post(path, body)["errcode"] for _ in range(times)]


@pytest.mark.parametrize("touch", ["subscribe", "scan", "click"])
def test_a_touch_without_words_opens_a_minute_for_three(post: Post, sim: Simulation, clock: Clock, touch: str) -> None:
    post("menu/create", MENU)
    sim.windows["oWang"].last_heard -= 49 * 3600
    assert codes(post, "message/custom/send", words(), 1) == [45015]
    does(sim, touch, **({"key": "ISSUES"} if touch == "click" else {"scene": "join"}))
    assert codes(post, "message/custom/send", words(), 4) == [0, 0, 0, 45047]
    clock.now += 61
    assert codes(post, "message/custom/send", words(), 1) == [45015]


def test_words_open_48_hours_for_five_and_a_touch_adds_three(post: Post, sim: Simulation, clock: Clock) -> None:
    sim.say(Saying("王阿姨", "公众号", "你好"))
    assert codes(post, "message/custom/send", words(), 6) == [0, 0, 0, 0, 0, 45047]
    does(sim, "scan", scene="join")
    assert codes(post, "message/custom/send", words(), 4) == [0, 0, 0, 45047]


def test_a_link_is_shown_with_its_address(post: Post, sim: Simulation) -> None:
    article = {"title": "P5", "description": "要不要装电梯", "url": "https://linyi.example/m/x"}
    assert post("message/custom/send", {"touser": "oWang", "msgtype": "news", "news": {"articles": [article]}})["errcode"] == 0
    assert (sim.feed.after(0)[-1]["text"], sim.feed.after(0)[-1]["url"]) == ("P5\n要不要装电梯", "https://linyi.example/m/x")
    two = {"touser": "oWang", "msgtype": "news", "news": {"articles": [article, article]}}
    assert post("message/custom/send", two)["errcode"] == 45008


def test_one_permission_is_one_notice(post: Post, sim: Simulation, app: App) -> None:
    assert codes(post, "message/subscribe/bizsend", notice(), 1) == [43101]
    does(sim, "allow", templates={"remind": "accept", "result": "reject"})
    popup = parse_message(mp_text(app.seen[-1]))
    assert [(row["TemplateId"], row["SubscribeStatusString"]) for row in popup.subscribes] == [
        ("tmpl-remind", "accept"), ("tmpl-result", "reject")]
    assert codes(post, "message/subscribe/bizsend", notice(), 2) == [0, 43101]
    assert codes(post, "message/subscribe/bizsend", notice("result"), 1) == [43101]
    assert sim.delivery.idle()
    assert parse_message(mp_text(app.seen[-1])).subscribes[0]["ErrorCode"] == "0"
    assert [e["text"] for e in sim.feed.after(0) if e["type"] == "post"] == ["服务通知\n要不要装电梯"]


def test_a_permission_can_be_taken_back(post: Post, sim: Simulation, app: App) -> None:
    does(sim, "allow", templates={"remind": "accept"})
    does(sim, "take_back", templates={"remind": "reject"})
    assert parse_message(mp_text(app.seen[-1])).subscribes == [
        {"TemplateId": "tmpl-remind", "SubscribeStatusString": "reject"}]
    assert codes(post, "message/subscribe/bizsend", notice(), 1) == [43101]


def test_who_blocks_gets_nothing_and_the_app_is_told(post: Post, sim: Simulation, app: App) -> None:
    does(sim, "block")
    assert post("message/custom/send", words())["errcode"] == 48002
    assert post("message/template/send", notice())["errcode"] == 0
    assert sim.delivery.idle()
    assert parse_message(mp_text(app.seen[-1])).status == "failed:user block"
    does(sim, "unblock")
    assert post("message/custom/send", words())["errcode"] == 0


def test_template_messages_go_to_followers_and_once(post: Post, sim: Simulation) -> None:
    body = notice() | {"client_msg_id": "poll-1", "url": "https://linyi.example/"}
    assert post("message/template/send", body)["msgid"] == post("message/template/send", body)["msgid"]
    assert len([e for e in sim.feed.after(0) if e["type"] == "post"]) == 1
    does(sim, "unsubscribe")
    assert post("message/template/send", notice())["errcode"] == 43004


@pytest.mark.parametrize(("body", "code"), [
    (notice("unknown"), 40037), (notice() | {"data": {}}, 47003), (notice(thing1=""), 47003), (notice(thing1="长" * 21), 47003),
    (notice(phrase1="六个字的短语"), 47003), (notice() | {"page": "pages/index"}, 41030), (notice() | {"touser": "oNobody"}, 40003)])
def test_bad_notices_are_refused_and_cost_no_permission(post: Post, sim: Simulation, body: Any, code: int) -> None:
    does(sim, "allow", templates={"remind": "accept"})
    assert post("message/subscribe/bizsend", body)["errcode"] == code
    assert post("message/subscribe/bizsend", notice())["errcode"] == 0


def test_the_menu_is_put_up_shown_and_taken_down(post: Post, client: FlaskClient, sim: Simulation, app: App) -> None:
    assert post("menu/get")["errcode"] == 46003
    assert post("menu/create", MENU)["errcode"] == 0
    assert post("menu/get")["menu"] == client.get("/sim/menu").get_json() == MENU
    app.answer = mp_answer("大家正在说的事")
    does(sim, "click", key="ISSUES")
    assert (parse_message(mp_text(app.seen[-1])).event, parse_message(mp_text(app.seen[-1])).key) == ("click", "ISSUES")
    assert sim.feed.after(0)[-1]["text"] == "大家正在说的事"
    does(sim, "click", key="https://linyi.example/")
    assert parse_message(mp_text(app.seen[-1])).event == "view"
    assert post("menu/delete")["errcode"] == 0
    with pytest.raises(CannotSay):
        does(sim, "click", key="ISSUES")


@pytest.mark.parametrize(("change", "code"), [
    ({"button": []}, 40016), ({"button": [MENU["button"][0]] * 4}, 40016),
    ({"button": [{"type": "click", "name": "六个字的菜单", "key": "A"}]}, 40018),
    ({"button": [{"type": "click", "name": "议题", "key": ""}]}, 40019), ({"button": [{"type": "view", "name": "网页"}]}, 40020),
    ({"button": [{"type": "dance", "name": "议题", "key": "A"}]}, 40017),
    ({"button": [{"name": "多", "sub_button": [MENU["button"][0]] * 6}]}, 40023)])
def test_bad_menus_are_refused(post: Post, change: Any, code: int) -> None:
    assert post("menu/create", change)["errcode"] == code


def code(scene: Any = "poll:P5", action: str = "QR_STR_SCENE", **more: Any) -> dict[str, Any]:
    return {"action_name": action, "action_info": {"scene": {"scene_str": scene}}, **more}


def test_a_code_is_scanned_by_newcomers_and_followers(post: Post, client: FlaskClient, sim: Simulation, app: App,
                                                      clock: Clock) -> None:
    ticket = post("qrcode/create", code(expire_seconds=60))["ticket"]
    assert client.get(f"/cgi-bin/showqrcode?ticket={ticket}").data.startswith(b"\x89PNG")
    does(sim, "unsubscribe")
    does(sim, "scan", ticket=ticket)
    first = parse_message(mp_text(app.seen[-1]))
    assert (first.event, first.scene_id) == ("subscribe_scan", "poll:P5")
    does(sim, "scan", ticket=ticket)
    second = parse_message(mp_text(app.seen[-1]))
    assert (second.event, second.scene_id) == ("scan", "poll:P5")
    clock.now += 61
    assert client.get(f"/cgi-bin/showqrcode?ticket={ticket}").status_code == 404
    with pytest.raises(CannotSay):
        does(sim, "scan", ticket=ticket)


@pytest.mark.parametrize(("body", "errcode"), [
    (code(""), 40053), (code("x" * 64), 0), (code("x" * 65), 40053), (code(5), 40053), (code(action="QR_SCENE"), 40052),
    (code(expire_seconds=2592000), 0), (code(expire_seconds=2592001), 40053), (code(action="QR_LIMIT_STR_SCENE"), 0)])
def test_limits_of_codes(post: Post, body: Any, errcode: int) -> None:
    assert post("qrcode/create", body).get("errcode") == errcode


def test_followers_and_addresses_are_told(post: Post) -> None:
    assert post("user/info", query="&openid=oWang")["subscribe"] == 1
    assert post("user/info", query="&openid=oNobody")["errcode"] == 40003
    assert post("getcallbackip")["ip_list"] == ["127.0.0.1"]


def test_every_call_needs_the_token(client: FlaskClient) -> None:
    for path in ("message/custom/send", "message/template/send", "message/subscribe/bizsend", "menu/create", "qrcode/create"):
        assert client.post(f"/cgi-bin/{path}?access_token=no", json=words()).get_json()["errcode"] == 40001


@pytest.mark.parametrize("change", [{"event": "dance"}, {"event": "click", "key": "NONE"}, {"event": "allow"},
                                    {"event": "allow", "templates": {"remind": "maybe"}}, {"person": "小何"}])
def test_the_phone_refuses_nonsense(client: FlaskClient, change: dict[str, Any]) -> None:
    assert client.post("/sim/event", json={"person": "王阿姨", "to": "公众号", "event": "scan"} | change).status_code == 400
