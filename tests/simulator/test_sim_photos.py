"""Phones send pictures: told to the app as each platform tells them, and served where the app fetches them."""

import base64
from io import BytesIO
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from flask.testing import FlaskClient
from PIL import Image
from wechatpy import parse_message

from simulator.photos import MEDIA_LIFE_S, SAMPLES, STORE_LIFE_S, sample
from simulator.simulation import Saying, Simulation
from simulator.world import SimAccount
from tests.simulator.stage import KEY, App, Clock, aibot_json, mp_text


def token(client: FlaskClient) -> str:
    return str(client.post("/cgi-bin/stable_token", json={"grant_type": "client_credential", "appid": "wxapp",
                                                          "secret": "s3cret"}).json["access_token"])


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_what_a_camera_writes(name: str) -> None:
    with Image.open(BytesIO(sample(name))) as found:
        notes = found.getexif()
        assert notes[0x010F] == "LINYI" and notes.get_ifd(0x8825)[2] == (29.0, 52.0, 6.4) and found.info["comment"]


def test_a_picture_to_the_official_account_is_fetched_by_its_id(sim: Simulation, app: App, client: FlaskClient, clock: Clock) -> None:
    assert client.post("/sim/say", json={"person": "王阿姨", "to": "公众号", "picture": "修好了", "text": "x"}).json["delivered"]
    assert sim.delivery.idle()
    heard: Any = parse_message(mp_text(app.seen[-1]))
    assert heard.type == "image" and heard.media_id
    where = f"/cgi-bin/media/get?access_token={token(client)}&media_id="
    assert client.get(where + heard.media_id).data == sample("修好了")
    assert client.get(where + "other").json["errcode"] == 40007
    assert client.get(f"/cgi-bin/media/get?access_token=no&media_id={heard.media_id}").json["errcode"] == 40001
    clock.now += MEDIA_LIFE_S + 1
    assert client.get(f"/cgi-bin/media/get?access_token={token(client)}&media_id={heard.media_id}").json["errcode"] == 40007
    shown = sim.feed.after(0)[0]
    assert shown["type"] == "message" and client.get(shown["image"]).data == sample("修好了")


def opened(data: bytes, key: str) -> bytes:
    raw = base64.b64decode(key + "=")
    opener = Cipher(algorithms.AES(raw), modes.CBC(raw[:16])).decryptor()
    plain = opener.update(data) + opener.finalize()
    return plain[:-plain[-1]]


def test_a_picture_to_the_bot_lies_encrypted_in_the_store_for_five_minutes(
        sim: Simulation, app: App, client: FlaskClient, clock: Clock) -> None:
    sim.say(Saying("王阿姨", "小议", "", picture="路灯不亮"))
    assert sim.delivery.idle()
    packet = aibot_json(app.seen[-1])
    assert packet["msgtype"] == "image" and set(packet["image"]) == {"url"}
    path = packet["image"]["url"].removeprefix("http://sim")
    sealed = client.get(path).data
    assert b"Exif" not in sealed and opened(sealed, KEY) == sample("路灯不亮")
    clock.now += STORE_LIFE_S + 1
    assert client.get(path).status_code == 403


def test_in_a_group_a_picture_goes_beside_the_mention(sim: Simulation, app: App) -> None:
    sim.say(Saying("王阿姨", "3幢群", "反映 路灯不亮", picture="路灯不亮"))
    assert sim.delivery.idle()
    items = aibot_json(app.seen[-1])["mixed"]["msg_item"]
    assert [i["msgtype"] for i in items] == ["text", "image"] and items[0]["text"]["content"] == "@小议 反映 路灯不亮"


def test_a_bot_with_its_own_connection_gets_a_key_for_each_picture(sim: Simulation) -> None:
    line = SimAccount("wecom_aibot_ws", "line", app_id="aib2", app_secret="s")
    first, second = (sim.gallery.lay_out(line, sample("修好了"), sim.base_url) for _ in range(2))
    assert first["aeskey"] != second["aeskey"]
    name = first["url"].rpartition("/")[2].partition("?")[0]
    assert opened(sim.gallery.store[name][0], first["aeskey"]) == sample("修好了")


def test_no_picture_but_the_samples_can_be_sent(client: FlaskClient) -> None:
    assert client.post("/sim/say", json={"person": "王阿姨", "to": "公众号", "picture": "../etc"}).status_code == 400
    assert client.get("/sim/samples/nobody.jpg").status_code == 404
