"""Cards of a bot with a callback address: drawn on the phones, touched once, changed for who touched them."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from simulator import crypto
from simulator.simulation import Saying, Simulation
from tests.simulator.stage import KEY, App, Seen, aibot_json
from tests.simulator.test_sim_browser import address, page  # noqa: F401

VOTE = {"card_type": "vote_interaction", "main_title": {"title": "P5 装电梯", "desc": "每人一票"}, "task_id": "poll-5@1",
        "checkbox": {"question_key": "choice", "mode": 0, "option_list": [
            {"id": "1", "text": "1 同意", "is_checked": False}, {"id": "2", "text": "2 反对", "is_checked": False}]},
        "submit_button": {"text": "投票", "key": "P5"}}


def changed(option: int) -> dict[str, Any]:
    """The card with one option taken and nothing to touch."""
    marks = [o | {"is_checked": n == option} for n, o in enumerate(VOTE["checkbox"]["option_list"])]  # type: ignore[index]
    return VOTE | {"checkbox": VOTE["checkbox"] | {"option_list": marks, "disable": True}}  # type: ignore[operator]


def answering(update: dict[str, Any]) -> Callable[[Seen], tuple[int, bytes]]:
    """Our app: a card to words, the update to a tap."""
    def answer(seen: Seen) -> tuple[int, bytes]:
        packet = aibot_json(seen)
        inner = update if packet["msgtype"] == "event" else {
            "msgtype": "stream_with_template_card", "stream": {"id": "s", "finish": True, "content": "P5 开始了"},
            "template_card": VOTE}
        sealed, nonce = crypto.encrypt(KEY, json.dumps(inner), ""), seen.query["nonce"]
        return 200, json.dumps({"encrypt": sealed, "msgsignature": crypto.sign("tok", "1800000000", nonce, sealed),
                                "timestamp": 1800000000, "nonce": nonce}).encode()
    return answer


UPDATE = {"response_type": "update_template_card", "userids": ["wang"], "template_card": changed(0)}


def test_a_tap_is_told_once_and_changes_the_card_of_who_touched_it(sim: Simulation, client: FlaskClient, app: App) -> None:
    app.answer = answering(UPDATE)
    sim.say(Saying("周敏", "3幢群", "开投票"))
    assert sim.delivery.idle()
    body = {"person": "王阿姨", "chat": "3幢群", "task_id": "poll-5@1", "key": "P5", "selected": {"choice": ["1"]}}
    assert client.post("/sim/tap", json=body).json["delivered"]
    assert sim.delivery.idle()
    assert [(e["type"], e["person"]) for e in sim.feed.after(2)] == [("card", ""), ("card_update", "王阿姨")]
    event = aibot_json(app.seen[-1])["event"]
    assert event == {"eventtype": "template_card_event", "template_card_event": {
        "card_type": "vote_interaction", "event_key": "P5", "task_id": "poll-5@1", "selected_items": {"selected_item": [
            {"question_key": "choice", "option_ids": {"option_id": ["1"]}}]}}}


def test_a_tap_that_fails_is_not_tried_again(sim: Simulation, client: FlaskClient, app: App) -> None:
    app.answer = answering(UPDATE)
    sim.say(Saying("周敏", "3幢群", "开投票"))
    assert sim.delivery.idle()
    app.answer = lambda seen: (500, b"")
    client.post("/sim/tap", json={"person": "王阿姨", "chat": "3幢群", "task_id": "poll-5@1", "key": "P5"})
    assert sim.delivery.idle() and len(app.seen) == 2


@pytest.mark.parametrize("change", [{"task_id": "other"}, {"chat": "大群"}, {"person": "小何"}, {"chat": "小议"}])
def test_only_a_card_that_is_on_the_phone_can_be_touched(
        sim: Simulation, client: FlaskClient, app: App, change: dict[str, str]) -> None:
    app.answer = answering(UPDATE)
    sim.say(Saying("周敏", "3幢群", "开投票"))
    assert sim.delivery.idle()
    body = {"person": "王阿姨", "chat": "3幢群", "task_id": "poll-5@1", "key": "P5"} | change
    assert client.post("/sim/tap", json=body).status_code == 400 and len(app.seen) == 1


def test_cards_are_touched_on_the_phones(page: Any, app: App, sim: Simulation) -> None:  # noqa: F811
    app.answer = answering(UPDATE | {"userids": ["zhou"]})
    phone = page.locator("[data-phone='0']")  # 周敏's
    phone.locator("textarea").fill("开投票")
    phone.locator("textarea").press("Enter")
    card = phone.locator(".card.vote_interaction")
    card.get_by_text("1 同意").click()
    card.get_by_text("投票", exact=True).click()
    page.locator("[data-phone='0'] .card fieldset[disabled]").wait_for()
    assert phone.locator(".card input:checked").get_attribute("value") == "1"
    assert phone.locator(".card button").is_disabled()
    others = page.locator("[data-phone='1'] .card fieldset[disabled]")
    assert others.count() == 0
