"""The REST endpoints keep the real limits and speak the real error codes."""

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from simulator import crypto, mp_phone
from simulator.calls import Log
from simulator.simulation import Saying, Simulation
from tests.simulator.stage import KEY, App, Clock

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


def text(content: Any) -> dict[str, Any]:
    return {"msgtype": "text", "text": {"content": content}}


def picture(data: bytes, md5: str = "") -> dict[str, Any]:
    return {"msgtype": "image", "image": {"base64": base64.b64encode(data).decode(),
                                          "md5": md5 or hashlib.md5(data).hexdigest()}}


@pytest.fixture
def send(client: FlaskClient) -> Callable[..., int]:
    token = client.post("/cgi-bin/stable_token", json={
        "grant_type": "client_credential", "appid": "wxapp", "secret": "s3cret"}).get_json()["access_token"]

    def send(touser: str = "oWang", **body: Any) -> int:
        url = f"/cgi-bin/message/custom/send?access_token={token}"
        return client.post(url, json={"touser": touser, **(body or text("提醒"))}).get_json()["errcode"]
    return send


def webhook(client: FlaskClient, body: Any, key: str = "key-b3") -> int:
    answer = client.post(f"/cgi-bin/webhook/send?key={key}", json=body)
    assert answer.status_code == 200
    return answer.get_json()["errcode"]


def test_webhook_post_appears_in_its_group_alone(client: FlaskClient, sim: Simulation) -> None:
    assert webhook(client, text("结果出来了")) == 0
    (event,) = sim.feed.after(0)
    assert (event["type"], event["chat"], event["text"], event["sender"]) == (
        "post", "3幢群", "结果出来了", "社区播报")


@pytest.mark.parametrize(("body", "code"), [
    (text(""), 44004), (text("  "), 44004), (text(None), 44004), ({"msgtype": "text"}, 44004),
    ({"msgtype": "poem", "poem": {}}, 40008), ({}, 40008), ([], 40008),
    (text("a" * 2048), 0), (text("议" * 682 + "ab"), 0), (text("议" * 683), 45002),
    (picture(PNG), 0), (picture(PNG, "0" * 32), 301019), (picture(b"GIF89a"), 40008),
    (picture(PNG + b"\0" * 2 * 1024 * 1024), 40009), ({"msgtype": "image", "image": {"base64": "?"}}, 44004)])
def test_webhook_limits(client: FlaskClient, body: Any, code: int) -> None:
    assert webhook(client, body) == code


def test_webhook_with_a_wrong_key_or_broken_json(client: FlaskClient) -> None:
    assert webhook(client, text("x"), key="nobody") == 93000
    broken = client.post("/cgi-bin/webhook/send?key=key-b3", data="{").get_json()
    assert "wrong json format" in broken["errmsg"]


def test_webhook_takes_twenty_a_minute_sliding_and_for_each_group(client: FlaskClient, clock: Clock) -> None:
    for number in range(20):
        clock.now += 1 if number else 0
        assert webhook(client, text("x")) == 0
    clock.now += 40
    assert webhook(client, text("x")) == 45009
    assert webhook(client, text("x"), key="key-all") == 0
    clock.now += 1
    assert (webhook(client, text("x")), webhook(client, text("x"))) == (0, 45009)


def test_picture_can_be_fetched(client: FlaskClient, sim: Simulation) -> None:
    webhook(client, picture(PNG))
    (event,) = sim.feed.after(0)
    assert event["type"] == "picture"
    assert client.get(event["image"]).data == PNG
    assert client.get("/sim/pictures/99.png").status_code == 404


def test_customer_message_appears_with_one_person(send: Any, sim: Simulation) -> None:
    assert send() == 0
    (event,) = sim.feed.after(0)
    assert (event["type"], event["chat"]) == ("post", "公众号")
    assert (event["person"], event["text"]) == ("王阿姨", "提醒")


def test_customer_message_limits(send: Any) -> None:
    assert send(touser="oNobody") == 40003
    assert send(**text("")) == 44004
    assert send(**text("议" * 683)) == 45002
    assert send(msgtype="poem") == 40008


def test_five_messages_until_the_person_writes_again(send: Any, sim: Simulation) -> None:
    assert [send() for _ in range(6)] == [0, 0, 0, 0, 0, 45047]
    assert send(touser="oZhou") == 0
    sim.say(Saying("王阿姨", "公众号", "你好"))
    assert send() == 0


def test_silence_of_48_hours_closes_the_window(send: Any, clock: Clock, client: FlaskClient,
                                               sim: Simulation) -> None:
    sim.windows["oWang"].last_heard = clock.now - 48 * 3600
    assert send() == 0
    clock.now += 1
    assert send() == 45015


def test_who_does_not_follow_cannot_be_written_to(send: Any, sim: Simulation) -> None:
    mp_phone.happen(sim, {"person": "王阿姨", "event": "unsubscribe"})
    assert send() == 45015
    assert sim.say(Saying("王阿姨", "公众号", "在吗"))[1] is False
    mp_phone.happen(sim, {"person": "王阿姨", "event": "subscribe"})
    assert send() == 0


def late_url(app: App, sim: Simulation) -> str:
    sim.say(Saying("王阿姨", "3幢群", "反映 灯坏了"))
    assert sim.delivery.idle()
    heard = json.loads(crypto.decrypt(KEY, json.loads(app.seen[-1].body)["encrypt"], ""))
    assert heard["response_url"].startswith("http://sim/cgi-bin/aibot/response?response_code=")
    return heard["response_url"].removeprefix("http://sim")


def markdown(content: str) -> dict[str, Any]:
    return {"msgtype": "markdown", "markdown": {"content": content}}


def test_late_reply_is_taken_once_and_quotes_its_question(app: App, client: FlaskClient,
                                                          sim: Simulation) -> None:
    url = late_url(app, sim)
    assert client.post(url, json=markdown("登记为 I1")).get_json()["errcode"] == 0
    assert client.post(url, json=markdown("登记为 I1")).get_json()["errcode"] == 40058
    question, reply = sim.feed.after(0)
    assert (reply["type"], reply["reply_to"]) == ("reply", question["id"])
    assert reply["quote"] == "王阿姨：@小议 反映 灯坏了"


def test_late_reply_limits(app: App, client: FlaskClient, sim: Simulation, clock: Clock) -> None:
    url = late_url(app, sim)
    assert client.post(url, json=text("x")).get_json()["errcode"] == 40008
    assert client.post(url, json=markdown("")).get_json()["errcode"] == 44004
    assert client.post(url, json=markdown("a" * 20481)).get_json()["errcode"] == 45002
    clock.now += 3601
    assert client.post(url, json=markdown("a" * 20480)).get_json()["errcode"] == 40058
    guess = "/cgi-bin/aibot/response?response_code=guess"
    assert client.post(guess, json=markdown("x")).get_json()["errcode"] == 40058


def test_counted_faults_hit_and_run_out(client: FlaskClient, sim: Simulation) -> None:
    client.post("/sim/faults", json={"webhook": {"errcode": 45009, "times": 2}})
    assert [webhook(client, text("x")) for _ in range(3)] == [45009, 45009, 0]
    assert len(sim.feed.after(0)) == 1


def test_a_lost_answer_has_done_its_work(client: FlaskClient, sim: Simulation) -> None:
    client.post("/sim/faults", json={"webhook": {"lost": True, "times": 1}})
    assert client.post("/cgi-bin/webhook/send?key=key-b3", json=text("x")).status_code == 502
    assert [event["text"] for event in sim.feed.after(0)] == ["x"]
    assert [(call["errcode"], call["lost"]) for call in sim.calls.after(0)] == [(0, True)]


def test_refusing_platform(client: FlaskClient, sim: Simulation) -> None:
    client.post("/sim/faults", json={"refuse": True})
    assert webhook(client, text("x")) == -1
    client.post("/sim/faults", json={"refuse": "http"})
    assert client.post("/cgi-bin/webhook/send?key=key-b3", json=text("x")).status_code == 500
    client.post("/sim/faults", json={"refuse": False})
    assert webhook(client, text("x")) == 0
    assert client.post("/sim/faults", json={"weather": 1}).status_code == 400


def test_ground_truth_is_complete_and_outlives_the_process(tmp_path: Path, clock: Clock) -> None:
    log = Log(tmp_path / "calls.jsonl", clock)
    log.add(path="/a", errcode=0)
    log.add(path="/b", errcode=45009)
    lines = [json.loads(line) for line in (tmp_path / "calls.jsonl").read_text("utf-8").splitlines()]
    assert lines == log.after(0)
    assert [line["n"] for line in lines] == [1, 2]


def test_calls_tell_group_answer_and_body_without_the_picture(client: FlaskClient) -> None:
    webhook(client, picture(PNG))
    (call,) = client.get("/sim/calls?after=0").get_json()["calls"]
    assert (call["path"], call["group"], call["errcode"]) == ("/cgi-bin/webhook/send", "3幢群", 0)
    assert call["body"]["image"]["md5"] == hashlib.md5(PNG).hexdigest()
    assert "base64" not in call["body"]["image"]
