"""What a 公众号 sends besides answers: customer-service messages and notices, and what each refusal means."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.channels import build, mp_notices
from bot.message import Link, Outgoing, WireError
from tests.channels import kit
from tests.channels.posting import OK, SEND_PATH, Clock, failure, fresh_tokens, mp

PAYLOADS = Path(__file__).parents[1] / "payloads"
FREE, ASKED = "/cgi-bin/message/template/send", "/cgi-bin/message/subscribe/bizsend"
FACTS = {"template": "remind", "title": "P5 要不要装电梯", "note": "您还没有投票", "until": "2026年3月2日 20:00",
         "url": "https://linyi.example/m/c/P5"}
NOTICE = Outgoing("oA", "notice", text="P5 要不要装电梯", facts=FACTS, key="poll:5:remind:clock:person:7")
REMIND = kit.TEMPLATES["remind"].split()[0]


def test_a_notice_fills_the_fields_of_its_template(platform: Any, clock: Clock) -> None:
    fresh_tokens(platform)
    platform.rules[ASKED] = lambda query, body: OK
    mp(platform, clock).send(NOTICE)
    ((_, query, body),) = platform.to(ASKED)
    assert query["access_token"] == ["canary-token-1"]
    assert {k: body[k] for k in ("touser", "template_id", "page", "data")} == {
        "touser": "oA", "template_id": REMIND, "page": FACTS["url"],
        "data": {"thing1": {"value": FACTS["title"]}, "time2": {"value": FACTS["until"]}, "thing3": {"value": FACTS["note"]}}}


def test_a_template_message_names_itself_so_that_it_goes_once(platform: Any, clock: Clock) -> None:
    fresh_tokens(platform)
    platform.rules[FREE] = lambda query, body: OK | {"msgid": 200163836}
    account = replace(kit.MP, api_base=platform.base, templates={"remind": f"template:{REMIND} thing1=title"})
    channel = build(account, redis=None, clock=clock)
    assert channel.capabilities.templates == {"remind": False}
    assert [channel.send(NOTICE).id for _ in range(2)] == ["200163836"] * 2
    first, second = (body for _, _, body in platform.to(FREE))
    assert first["client_msg_id"] == second["client_msg_id"] and first["url"] == FACTS["url"]


@pytest.mark.parametrize("code", [40001, 40014, 42001])
def test_a_notice_is_tried_once_more_with_a_new_token(platform: Any, clock: Clock, code: int) -> None:
    fresh_tokens(platform)
    platform.rules[ASKED] = lambda query, body: OK if query["access_token"] == ["canary-token-2"] else {"errcode": code}
    mp(platform, clock).send(NOTICE)
    assert len(platform.to(ASKED)) == 2
    platform.rules[ASKED] = lambda query, body: {"errcode": code}
    error = failure(mp(platform, clock), NOTICE)
    assert (error.retryable, error.wait_s) == (True, 60) and len(platform.to(ASKED)) == 4


def test_a_card_goes_out_in_words_and_a_link_as_an_article(platform: Any, clock: Clock) -> None:
    fresh_tokens(platform)
    channel = mp(platform, clock)
    channel.send(Outgoing("oA", "card", text="P5 要不要装电梯\n1 同意"))
    channel.send(Outgoing("oA", "link", text="x", link=Link("https://l.example/m", "标题" * 40, "说明" * 80, "https://l.example/p.png")))
    (_, _, card), (_, _, link) = platform.to(SEND_PATH)
    assert (card["msgtype"], card["text"]["content"]) == ("text", "P5 要不要装电梯\n1 同意")
    (article,) = link["news"]["articles"]
    assert (article["url"], article["picurl"]) == ("https://l.example/m", "https://l.example/p.png")
    assert len(article["title"]) <= 64 and len(article["description"]) <= 120


@pytest.mark.parametrize("post", [
    Outgoing("oA", "text", " \x0b"), Outgoing("oA", "text", "投" * 683), Outgoing("oA", "notice", facts={"template": "none"}),
    Outgoing("oA", "notice", facts={"template": "remind", "title": "x"}), Outgoing("oA", "notice"), Outgoing("oA", "image"),
    Outgoing("oA", "link")])
def test_what_the_platform_would_refuse_is_not_sent(platform: Any, clock: Clock, post: Outgoing) -> None:
    fresh_tokens(platform)
    assert not failure(mp(platform, clock), post).retryable
    assert not platform.calls


@pytest.mark.parametrize(("field", "value", "fits"), [
    ("thing1", "二" * 20, "二" * 20), ("thing12", "二" * 21, "二" * 19 + "…"), ("phrase3", "已经办结了吗", "已经办结…"),
    ("character_string2", "x" * 40, "x" * 31 + "…"), ("thing1", " 一\n 二\x0b ", "一 二")])
def test_values_fit_their_fields(field: str, value: str, fits: str) -> None:
    assert mp_notices.fit(field, value) == fits


@pytest.mark.parametrize("setting", ["", "ID", "ID thing1", "ID thing1=name", "I/D thing1=title", "ID 一=title"])
def test_a_template_that_cannot_be_read_is_named(setting: str) -> None:
    with pytest.raises(ValueError, match="templates.remind"):
        kit.channel(kit.MP, templates={"remind": setting})


def test_two_popups_in_one_second_are_two_permissions() -> None:
    channel = kit.channel(kit.MP)
    text = (PAYLOADS / "mp.notices_allowed.xml").read_text("utf-8")
    first = channel.parse(kit.callback(kit.MP, text), now=kit.NOW)
    other = text.replace(REMIND, kit.TEMPLATES["result"].split()[0], 1)
    second = channel.parse(kit.callback(kit.MP, other), now=kit.NOW)
    assert first is not None and second is not None and first.external_id != second.external_id


def test_a_list_without_end_is_refused() -> None:
    row = "<List><TemplateId>x</TemplateId><SubscribeStatusString>accept</SubscribeStatusString></List>"
    end = "</SubscribeMsgPopupEvent>"
    text = (PAYLOADS / "mp.notices_allowed.xml").read_text("utf-8").replace(end, row * 50 + end)
    with pytest.raises(WireError):
        kit.channel(kit.MP).parse(kit.callback(kit.MP, text), now=kit.NOW)
