"""The JS-SDK as the simulator plays it: whom it trusts, what the popup asks, and what our app hears of it."""

import hashlib
import json
import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from wechatpy.client.api import WeChatJSAPI

from simulator.simulation import Simulation
from simulator.world import SimAccount
from tests.simulator.stage import KEY, App, Clock

TEMPLATES = {"remind": "tmpl-remind", "result": "tmpl-result"}


@pytest.fixture
def accounts(app: App) -> list[SimAccount]:
    """A 公众号 with two templates."""
    return [SimAccount("mp", "mp", f"{app.url}/wire/mp", "tok", KEY, "wxapp", "s3cret", "plain", templates=TEMPLATES)]


@pytest.fixture
def ticket(client: FlaskClient) -> str:
    """A good ticket."""
    return str(asked(client)["ticket"])


def asked(client: FlaskClient, **more: str) -> dict[str, Any]:
    token = client.post("/cgi-bin/stable_token", json={
        "grant_type": "client_credential", "appid": "wxapp", "secret": "s3cret"}).get_json()["access_token"]
    answer: dict[str, Any] = client.get("/cgi-bin/ticket/getticket", query_string={
        "access_token": token, "type": "jsapi"} | more).get_json()
    return answer


def hold(client: FlaskClient, openid: str = "oWang") -> None:
    client.set_cookie("sim_holder", openid)


def told(client: FlaskClient, what: str, **query: str) -> dict[str, Any]:
    """What a script of the page is told."""
    answer = client.get(f"/sim/js/{what}.js", query_string={"call": "__wx1"} | query)
    assert answer.mimetype == "text/javascript"
    found: dict[str, Any] = json.loads(re.fullmatch(r"__wx1\((.*)\);", answer.text)[1])  # type: ignore[index]
    return found


def config(client: FlaskClient, app: App, ticket: str, **changes: str) -> dict[str, Any]:
    url = f"{app.url}/m/test/notices?told=x"
    right = WeChatJSAPI(None).get_jsapi_signature("n0nce", ticket, "1800000000", url)
    return told(client, "config", **({"appid": "wxapp", "noncestr": "n0nce", "timestamp": "1800000000", "url": url,
                                      "signature": right} | changes))


def test_the_ticket_is_the_same_until_its_end(client: FlaskClient, clock: Clock, ticket: str) -> None:
    clock.now += 7000
    assert asked(client) == {"errcode": 0, "errmsg": "ok", "ticket": ticket, "expires_in": 200}
    clock.now += 200
    assert asked(client)["ticket"] != ticket


@pytest.mark.parametrize(("more", "code"), [({"access_token": "bad"}, 40001), ({"type": "wx_card"}, 40097)])
def test_a_wrong_call_is_refused(client: FlaskClient, more: dict[str, str], code: int) -> None:
    assert asked(client, **more)["errcode"] == code


def test_a_right_signature_is_trusted(client: FlaskClient, app: App, ticket: str) -> None:
    hold(client)
    assert config(client, app, ticket) == {"errMsg": "config:ok"}


@pytest.mark.parametrize(("changes", "says"), [
    ({"noncestr": "other"}, "invalid signature"), ({"timestamp": "1800000001"}, "invalid signature"), ({"signature": ""}, "invalid signature"),
    ({"signature": hashlib.sha1(b"").hexdigest()}, "invalid signature"), ({"appid": "wx2"}, "invalid appid"),
    ({"url": "http://elsewhere.example/m/"}, "invalid url domain")])
def test_a_wrong_signature_is_not(client: FlaskClient, app: App, ticket: str, changes: dict[str, str], says: str) -> None:
    hold(client)
    assert config(client, app, ticket, **changes) == {"errMsg": f"config:{says}"}


def test_a_signature_ends_with_its_ticket_and_another_page_has_another(client: FlaskClient, app: App, clock: Clock, ticket: str) -> None:
    hold(client)
    assert config(client, app, ticket, url=f"{app.url}/m/test/me")["errMsg"] == "config:invalid signature"
    clock.now += 7200
    assert config(client, app, ticket)["errMsg"] == "config:invalid signature"


def test_outside_wechat_nothing_is_said(client: FlaskClient, app: App, ticket: str) -> None:
    assert config(client, app, ticket) == {"silent": True}


@pytest.mark.parametrize(("template", "code"), [("", 10001), ("a,b,c,d", 20003), ("tmpl-remind,other", 20001)])
def test_a_popup_that_cannot_open_says_why(client: FlaskClient, template: str, code: int) -> None:
    hold(client)
    assert told(client, "popup", template=template)["errCode"] == code


def test_the_answer_goes_to_the_page_and_to_the_app(client: FlaskClient, sim: Simulation, app: App) -> None:
    hold(client)
    both = ",".join(TEMPLATES.values())
    assert told(client, "popup", template=both)["ask"] == [{"id": i, "name": n} for n, i in TEMPLATES.items()]
    answer = told(client, "answer", template=both, accept="tmpl-remind")
    assert {i: json.loads(s)["status"] for i, s in json.loads(answer["subscribeDetails"]).items()} == {
        "tmpl-remind": "accept", "tmpl-result": "reject"}
    assert sim.delivery.idle()
    (heard,) = [seen.body.decode() for seen in app.seen if b"subscribe_msg_popup_event" in seen.body]
    assert heard.count("<PopupScene>1</PopupScene>") == 2 and heard.index("accept") < heard.index("reject")
    assert sim.mp.allowed["oWang", "tmpl-remind"] == 1 and not sim.mp.allowed["oWang", "tmpl-result"]


def test_who_does_not_follow_cannot_allow(client: FlaskClient, sim: Simulation) -> None:
    hold(client)
    sim.windows["oWang"].follows = False
    assert told(client, "answer", template="tmpl-remind", accept="tmpl-remind")["errCode"] == 10003
    assert not sim.mp.allowed


@pytest.mark.parametrize("call", ["", "alert", "__wx1;alert"])
def test_only_the_scripts_own_function_is_called(client: FlaskClient, call: str) -> None:
    assert client.get("/sim/js/popup.js", query_string={"call": call}).status_code == 400


def test_the_script_is_where_the_real_one_is(client: FlaskClient) -> None:
    answer = client.get("/open/js/jweixin-1.6.0.js")
    assert answer.status_code == 200 and "javascript" in answer.mimetype and "wx-open-subscribe" in answer.text
