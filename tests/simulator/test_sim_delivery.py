"""Callbacks reach the app as the real platform sends them, in good weather and bad."""

import random

import pytest
from flask.testing import FlaskClient
from wechatpy import create_reply, parse_message

from simulator import crypto, mp_phone
from simulator.calls import Log
from simulator.delivery import Delivery, Errand, Pace
from simulator.faults import Faults
from simulator.packets import Heard
from simulator.simulation import BOT_TROUBLE, MP_TROUBLE, CannotSay, Saying, Simulation
from simulator.world import SimAccount
from tests.simulator.stage import KEY, App, Seen, aibot_answer, aibot_json, mp_answer, mp_text


def shown(sim: Simulation, *types: str) -> list[str]:
    return [event["text"] for event in sim.feed.after(0) if event["type"] in types]


def say(sim: Simulation, to: str, text: str, **more: object) -> tuple[str, bool]:
    result = sim.say(Saying("王阿姨", to, text, **more))  # type: ignore[arg-type]
    assert sim.delivery.idle()
    return result


def test_mp_safe_mode_there_and_back(app: App, sim: Simulation) -> None:
    app.answer = mp_answer("记下了")
    heard_id, delivered = say(sim, "公众号", "反映 <灯> & ]]> 坏了")
    message = parse_message(mp_text(app.seen[0]))
    assert (delivered, message.source, message.content, str(message.id)) == (
        True, "oWang", "反映 <灯> & ]]> 坏了", heard_id)
    assert app.seen[0].query["openid"] == "oWang"
    assert shown(sim, "reply") == ["记下了"]


@pytest.mark.parametrize("mode", ["plain"])
def test_mp_plain_mode_there_and_back(app: App, sim: Simulation) -> None:
    app.answer = lambda seen: (200, create_reply("好", parse_message(seen.body)).render().encode())
    say(sim, "公众号", "帮助")
    query = app.seen[0].query
    assert query["signature"] == crypto.sign("tok", query["timestamp"], query["nonce"])
    assert "encrypt_type" not in query
    assert shown(sim, "reply") == ["好"]


@pytest.mark.parametrize("mode", ["compat"])
def test_mp_compat_mode_carries_both_texts(app: App, sim: Simulation) -> None:
    say(sim, "公众号", "帮助")
    assert parse_message(app.seen[0].body).content == "帮助"
    assert parse_message(mp_text(app.seen[0])).content == "帮助"


def test_aibot_group_message_with_quote(app: App, sim: Simulation) -> None:
    app.answer = aibot_answer("附议了")
    heard_id, _ = say(sim, "3幢群", "+1", quote="登记好了：I1")
    heard = aibot_json(app.seen[0])
    assert heard["msgid"] == heard_id
    assert (heard["chattype"], heard["chatid"], heard["from"]) == ("group", "wrB3", {"userid": "wang"})
    assert heard["text"]["content"] == "@小议 +1"
    assert heard["quote"] == {"msgtype": "text", "text": {"content": "登记好了：I1"}}
    assert shown(sim, "reply") == ["附议了"]


def test_aibot_private_message_needs_no_mention(app: App, sim: Simulation) -> None:
    assert say(sim, "小议", "帮助")[1] is True
    heard = aibot_json(app.seen[0])
    assert (heard["chattype"], heard["text"]["content"], "chatid" in heard) == ("single", "帮助", False)


def test_group_message_without_mention_stays_among_neighbours(app: App, sim: Simulation) -> None:
    assert say(sim, "3幢群", "今天真冷", at_bot=False)[1] is False
    assert shown(sim, "message") == ["今天真冷"]
    assert app.seen == []
    assert say(sim, "3幢群", "@小议 帮助", at_bot=False)[1] is True
    assert len(app.seen) == 1


@pytest.mark.parametrize(("person", "to"), [("小何", "3幢群"), ("小何", "公众号"), ("无名", "小议"),
                                            ("王阿姨", "别处")])
def test_nobody_speaks_where_they_are_not(sim: Simulation, person: str, to: str) -> None:
    with pytest.raises(CannotSay):
        sim.say(Saying(person, to, "x"))


@pytest.mark.parametrize("body", [b"success", b""])
def test_silence_shows_nothing_and_is_not_retried(app: App, sim: Simulation, body: bytes) -> None:
    app.answer = lambda seen: (200, body)
    say(sim, "公众号", "嗯")
    assert (len(app.seen), shown(sim, "reply", "notice")) == (1, [])


def test_failure_is_retried_with_the_same_request_until_it_succeeds(app: App, sim: Simulation) -> None:
    app.answer = lambda seen: mp_answer("好了")(seen) if len(app.seen) == 3 else (500, b"")
    say(sim, "公众号", "反映 灯坏了")
    assert len(app.seen) == 3
    assert len({(seen.body, seen.query["nonce"]) for seen in app.seen}) == 1
    assert shown(sim, "reply", "notice") == ["好了"]
    assert [record["status"] for record in sim.deliveries.after(0)] == [500, 500, 200]


@pytest.mark.parametrize(("to", "words"), [("公众号", MP_TROUBLE), ("小议", BOT_TROUBLE)])
def test_after_three_retries_the_person_is_told(app: App, sim: Simulation, to: str, words: str) -> None:
    app.answer = lambda seen: (503, b"")
    say(sim, to, "在吗")
    assert (len(app.seen), shown(sim, "notice")) == (4, [words])


@pytest.mark.parametrize("body", [b'{"a":1}', b"<xml>", b"\xff",
                                  b"<xml><Content>plain in safe mode</Content></xml>"])
def test_unreadable_answer_is_trouble_at_once(app: App, sim: Simulation, body: bytes) -> None:
    app.answer = lambda seen: (200, body)
    say(sim, "公众号", "在吗")
    assert (len(app.seen), shown(sim, "notice", "reply")) == (1, [MP_TROUBLE])


@pytest.mark.parametrize("change", [{"nonce": "other"}, {"timestamp": "1800000000"},
                                    {"msgsignature": "0" * 40}])
def test_aibot_answer_must_be_signed_for_this_callback(app: App, sim: Simulation,
                                                       change: dict[str, object]) -> None:
    app.answer = aibot_answer("x", **change)
    say(sim, "小议", "在吗")
    assert shown(sim, "reply", "notice") == [BOT_TROUBLE]


def test_too_long_an_answer_is_cut_between_characters(app: App, sim: Simulation) -> None:
    app.answer = mp_answer("议" * 700)
    say(sim, "公众号", "帮助")
    assert shown(sim, "reply") == ["议" * 682]


def test_an_answer_after_the_cut_is_too_late(app: App) -> None:
    def slow(seen: Seen) -> tuple[int, bytes]:
        app.release.wait(5)
        return 200, b"success"

    app.answer = slow
    ends: list[tuple[str | None, bool]] = []
    log = Log()
    delivery = Delivery(Faults(), log, pace=Pace(cut_s=0.15, retries=3, retry_wait_s=0), carriers=1)
    account = SimAccount("wecom_aibot", "aibot", app.url, "tok", KEY)
    heard = Heard("m1", 1, "wang", "在吗")
    delivery.submit(Errand(account, heard, lambda words, failed: ends.append((words, failed))))
    assert delivery.idle()
    assert {aibot_json(seen)["msgid"] for seen in app.seen} == {"m1"}
    assert ([record["attempt"] for record in log.after(0)], ends) == ([1, 2, 3, 4], [(None, True)])
    delivery.close()


def test_delivered_twice_with_the_same_id_and_shown_once(app: App, sim: Simulation) -> None:
    sim.faults.change({"deliver_twice": True})
    app.answer = mp_answer("记下了")
    say(sim, "公众号", "反映 灯坏了")
    ids = {str(parse_message(mp_text(seen)).id) for seen in app.seen}
    assert (len(app.seen), len(ids), shown(sim, "reply")) == (2, 1, ["记下了"])
    assert app.seen[0].query["nonce"] != app.seen[1].query["nonce"]


def test_cut_after_accept_throws_the_answer_away_and_retries(app: App, sim: Simulation) -> None:
    sim.faults.change({"cut_after_accept": 2})
    app.answer = mp_answer("记下了")
    say(sim, "公众号", "反映 灯坏了")
    assert (len(app.seen), shown(sim, "reply")) == (3, ["记下了"])
    assert sim.faults.flag("cut_after_accept") == 0


def test_out_of_order_holds_a_hand_and_shuffles_it(app: App, accounts: list[SimAccount]) -> None:
    sim_faults = Faults()
    sim_faults.change({"shuffle": True})
    delivery = Delivery(sim_faults, Log(), pace=Pace(hold_s=3600), carriers=1, rng=random.Random(3))
    for number in range(5):
        heard = Heard(f"m{number}", 1, "wang", "x")
        delivery.submit(Errand(accounts[1], heard, lambda words, failed: None))
    assert not delivery.idle(0), "the fifth message still waits for company"
    delivery.release_held()
    assert delivery.idle()
    order = [aibot_json(seen)["msgid"] for seen in app.seen]
    assert sorted(order[:4]) == ["m0", "m1", "m2", "m3"] != order[:4]
    assert order[4] == "m4"
    delivery.close()


def test_late_message_is_not_sent_before_its_time(app: App, sim: Simulation) -> None:
    sim.faults.change({"late_s": 3600})
    sim.say(Saying("王阿姨", "小议", "在吗"))
    assert not sim.delivery.idle(0)
    assert app.seen == []


def test_events_reach_the_app(app: App, sim: Simulation) -> None:
    mp_phone.happen(sim, {"person": "王阿姨", "event": "subscribe"})
    sim.happen("王阿姨", "小议", "enter_chat")
    assert sim.delivery.idle()
    by_path = {seen.path: seen for seen in app.seen}
    assert parse_message(mp_text(by_path["/wire/mp"])).event == "subscribe"
    assert aibot_json(by_path["/wire/aibot"])["event"] == {"eventtype": "enter_chat", "enter_chat": {}}
    with pytest.raises(CannotSay):
        sim.happen("王阿姨", "3幢群", "enter_chat")


def test_address_check_wants_the_secret_echoed(app: App, client: FlaskClient) -> None:
    app.answer = lambda seen: (200, seen.query["echostr"].encode())
    assert client.post("/sim/verify", json={}).get_json() == {"mp": True, "aibot": False}
