"""The page and the controls behind it."""

import html
import json
import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from simulator.simulation import Simulation
from simulator.world import load_world
from tests.simulator.stage import ROOT, App


def test_page_names_everybody_and_runs_no_inline_script(client: FlaskClient) -> None:
    answer = client.get("/")
    page = answer.get_data(as_text=True)
    for words in ("自动演示一天", "重复投递", "迟到 6 秒", "乱序", "拒收", "http://console/", "测试小区"):
        assert words in page
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert re.findall(r"<script(?![^>]* src=)|<style| on[a-z]+=|style=", page) == []


def test_every_asset_of_the_page_is_served_from_here(client: FlaskClient) -> None:
    page = client.get("/").get_data(as_text=True)
    assets = re.findall(r'(?:src|href)="(/[^"]+)"', page)
    assert len(assets) >= 3
    for asset in assets:
        body = client.get(asset).get_data(as_text=True)
        assert "http://" not in body and "https://" not in body
        for module in re.findall(r'from "\./([a-z]+\.js)"', body):
            assert client.get(f"/static/{module}").status_code == 200


def test_page_data_tells_who_has_which_chat(client: FlaskClient) -> None:
    page = client.get("/").get_data(as_text=True)
    data = re.search(r'data-page="([^"]*)"', page)
    assert data
    told = json.loads(html.unescape(data[1]))
    chats = {person["name"]: person["chats"] for person in told["people"]}
    both = ["3幢群", "小议", "公众号"]
    assert chats == {"王阿姨": both, "周敏": both, "小何": ["小议"]}


def test_say_and_events(client: FlaskClient, app: App, sim: Simulation) -> None:
    saying = {"person": "王阿姨", "to": "3幢群", "text": "帮助", "times": 2}
    said = client.post("/sim/say", json=saying).get_json()
    assert said["delivered"] is True
    assert sim.delivery.idle()
    assert len(app.seen) == 2
    news = client.get("/sim/events?after=0&wait=0").get_json()
    assert [(event["type"], event["id"]) for event in news["events"]] == [("message", said["id"])]
    assert client.get(f"/sim/events?after={news['last']}").get_json() == {"events": [], "last": news["last"]}
    assert len(client.get("/sim/deliveries?after=1").get_json()["deliveries"]) == 1


@pytest.mark.parametrize("change", [{"person": "无名"}, {"to": "别处"}, {"text": None}, {"text": " "},
                                    {"times": 99}, {"delay_s": "soon"}, {"delay_s": float("nan")}])
def test_say_refuses_nonsense(client: FlaskClient, app: App, change: dict[str, Any]) -> None:
    body = {"person": "王阿姨", "to": "小议", "text": "x"}
    assert client.post("/sim/say", json=body | change).status_code == 400
    assert client.post("/sim/say", json=[body]).status_code == 400
    assert app.seen == []


def test_a_page_of_an_older_run_learns_that_the_platform_is_new(client: FlaskClient) -> None:
    assert client.get("/sim/events?after=999&wait=0").get_json() == {"events": [], "last": 0}


def test_unknown_day_button_is_refused(client: FlaskClient) -> None:
    assert client.post("/sim/day", json={"action": "rewind"}).status_code == 400
    assert client.get("/sim/day").get_json()["running"] is False
    assert client.get("/healthz").status_code == 200


def test_demo_world_loads_and_everybody_can_be_reached() -> None:
    world = load_world(ROOT / "demo" / "community.yaml")
    assert len({person.openid for person in world.people}) == len(world.people) >= 12
    names = {group.name for group in world.groups}
    assert all(set(person.groups) <= names for person in world.people)
    assert all(world.group_of_key(group.webhook_key) == group for group in world.groups if group.road == "aibot")


def test_simulator_knows_nothing_of_our_side() -> None:
    for file in (ROOT / "simulator").glob("*.py"):
        ours = "bot|handlers|services|models|domain|texts|scheduler|web"
        imports = re.findall(rf"^\s*(?:from|import) ({ours})\b",
                             file.read_text("utf-8"), re.M)
        assert imports == [], file.name
