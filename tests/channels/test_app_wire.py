"""企业微信自建应用 on the wire: the published example, whose app it is, and what a touch is answered with."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.message import Reply, WireError, WireRequest
from domain.card import Button, Card, Option
from tests.channels import kit
from tests.channels.test_wire_contract import heard, inner_of
from tests.channels.test_wire_vectors import WECOM, WECOM_ECHO, WECOM_TEXT

OFFICIAL = replace(kit.APP, token=WECOM[0], aes_key=WECOM[1], app_id=WECOM[2])
VOTE = Card("poll-12", "P5 要不要装电梯 ]]>", "已记下：同意。截止前可改", says="P5", submit="改投", url="https://linyi.test/p/5",
            options=(Option("1", "1 同意", True), Option("2", "2 反对")))


def at(stamp: int) -> datetime:
    return datetime.fromtimestamp(stamp, UTC)


def test_the_published_callbacks_are_read() -> None:
    """Both examples of the documentation, by the whole channel."""
    channel = kit.build(OFFICIAL, redis=None, clock=lambda: at(1409659589))
    query = {"msg_signature": ["5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3"], "timestamp": ["1409659589"],
             "nonce": ["263014780"], "echostr": [WECOM_ECHO]}
    assert channel.handshake(WireRequest("GET", query, b"")).body == b"1616140317555161061"
    lost = query | {"echostr": [WECOM_ECHO.replace("+", " ")]}
    assert channel.handshake(WireRequest("GET", lost, b"")).body == b"1616140317555161061"
    query = {"msg_signature": ["477715d11cdb4164915debcba66cb864d751f3e6"], "timestamp": ["1409659813"], "nonce": ["1372623149"]}
    body = f"<xml><ToUserName>{WECOM[2]}</ToUserName><AgentID>218</AgentID><Encrypt>{WECOM_TEXT}</Encrypt></xml>"
    message = channel.parse(WireRequest("POST", query, body.encode()), now=at(1409659813))
    assert message is not None
    assert (message.sender, message.text, message.external_id) == ("mycreate", "hello", "4561255354251345929")


@pytest.mark.parametrize("change", [
    ("<AgentID>218</AgentID>", "<AgentID>219</AgentID>"), ("<AgentID>218</AgentID>", ""),
    ("</MsgType>", "</MsgType><AgentID>218</AgentID>"), ("4561255354251345929", "0"), ("Content>", "Contents>")])
def test_a_message_for_another_app_or_of_no_app_is_refused(change: tuple[str, str]) -> None:
    """Every app of a company is called with the same kind of envelope."""
    inner = inner_of("wecom_app.text.xml").replace(*change)
    with pytest.raises(WireError):
        kit.channel(kit.APP).parse(kit.callback(kit.APP, inner), now=kit.NOW)


def test_an_envelope_for_another_company_is_refused() -> None:
    """The receiver inside the envelope is the CorpID."""
    request = kit.callback(replace(kit.APP, app_id="wwother"), inner_of("wecom_app.text.xml"))
    with pytest.raises(WireError):
        kit.channel(kit.APP).parse(request, now=kit.NOW)


@pytest.mark.parametrize("change", [
    ("P5]]></EventKey>", "P6]]></EventKey>"), ("0123456789abcdef", "0123456789abcdee"), ("canary-response-code", "another-code"),
    ("1793422800", "1793422799"), ("LiShu", "LiShi")])
def test_taps_of_one_second_are_told_apart(change: tuple[str, str]) -> None:
    """A tap has no MsgId; the code of each touch is its own."""
    channel, inner = kit.channel(kit.APP), inner_of("wecom_app.tap_one.xml")
    found = [channel.parse(kit.callback(kit.APP, text), now=kit.NOW) for text in (inner, inner.replace(*change))]
    assert found[0] is not None and found[1] is not None and found[0].external_id != found[1].external_id


@pytest.mark.parametrize("change", [
    ("<EventKey><![CDATA[P5]]></EventKey>", ""), ("TaskId>", "TaskIx>"), ("poll-12@", "p" * 120),
    ("<OptionId>", "<OptionId><![CDATA[9]]></OptionId>" * 21 + "<OptionId>")])
def test_a_tap_that_the_platform_would_not_write_is_refused(change: tuple[str, str]) -> None:
    """A key, a card, and no more choices than a card has."""
    inner = inner_of("wecom_app.tap_one.xml").replace(*change)
    with pytest.raises(WireError):
        kit.channel(kit.APP).parse(kit.callback(kit.APP, inner), now=kit.NOW)


def test_a_tap_says_which_card_and_brings_its_code() -> None:
    """What the pipeline needs to change the card later."""
    message = heard("wecom_app.tap_several.xml")[2]
    assert message.tap is not None
    assert (message.tap.about, message.tap.task_id, message.tap.code) == (
        "poll-12", "poll-12@0123456789abcdef", "canary-response-code")


def test_a_touched_vote_is_answered_with_its_card() -> None:
    """The choice is marked, the card keeps its name, and nobody's words break out."""
    channel, request, message = heard("wecom_app.tap_one.xml")
    root = kit.card_of(kit.APP, channel.respond(request, message, Reply("记下了", VOTE)))
    assert (root.findtext("MsgType"), root.findtext("ToUserName"), root.findtext("FromUserName")) == (
        "update_template_card", "LiShu", kit.APP.app_id)
    card = root.find("TemplateCard")
    assert card is not None and card.findtext("TaskId") == "poll-12@0123456789abcdef"
    assert card.findtext("MainTitle/Title") == VOTE.title and card.findtext("MainTitle/Desc") == VOTE.text
    assert [(o.findtext("Id"), o.findtext("Text"), o.findtext("IsChecked")) for o in card.iterfind("CheckBox/OptionList")] == [
        ("1", "1 同意", "true"), ("2", "2 反对", "false")]
    assert (card.findtext("CheckBox/Disable"), card.findtext("CheckBox/Mode")) == ("false", "0")
    assert (card.findtext("SubmitButton/Text"), card.findtext("SubmitButton/Key")) == ("改投", "P5")
    assert card.findtext("CardAction/Url") == VOTE.url and card.find("ReplaceText") is None


def test_a_touched_card_of_a_closed_poll_goes_grey() -> None:
    """Nothing can be touched, and the button says why."""
    channel, request, message = heard("wecom_app.tap_one.xml")
    root = kit.card_of(kit.APP, channel.respond(request, message, Reply("已截止", replace(VOTE, closed="已结束"))))
    assert root.findtext("TemplateCard/CheckBox/Disable") == "true" and root.findtext("TemplateCard/ReplaceText") == "已结束"


def test_touched_buttons_that_are_over_are_replaced_by_words() -> None:
    """A closed card without options has only its buttons to lose."""
    channel, request, message = heard("wecom_app.tap_button.xml")
    over = Card("issue-7", "I7 电梯坏了", closed="已办结")
    root = kit.card_of(kit.APP, channel.respond(request, message, Reply("办结了", over)))
    assert (root.findtext("MsgType"), root.findtext("Button/ReplaceName")) == ("update_button", "已办结")


@pytest.mark.parametrize("card", [None, replace(VOTE, about="poll-13"), Card("issue-7", "I7", buttons=(Button("I7", "看进展"),))])
@pytest.mark.parametrize("name", ["tap_one", "tap_button"])
def test_words_that_the_touched_card_cannot_show_are_said(card: Card | None, name: str) -> None:
    """A button's answer, or one about something else, comes as text."""
    channel, request, message = heard(f"wecom_app.{name}.xml")
    assert kit.words_of(kit.APP, channel.respond(request, message, Reply("进展：已派单", card))) == "进展：已派单"


def test_typed_words_are_answered_with_words_even_beside_a_card() -> None:
    """A passive answer cannot bring a new card."""
    channel, request, message = heard("wecom_app.text.xml")
    assert kit.words_of(kit.APP, channel.respond(request, message, Reply("投票开始", VOTE))) == "投票开始"
